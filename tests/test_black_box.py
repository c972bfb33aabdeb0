"""Differences of callables: right gradients never fail, changed entries never pass, traps of other checkers fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dlcli import check_gradients
from dlcli.comparison import VERDICTS
from dlcli.engines.black_box import suffix
from dlcli.engines.black_box_lines import first_sizes
from dlcli.engines.black_box_noise import noise_of
from tests.black_box_edges import networks, notebook, temperature
from tests.black_box_networks import Network, attention, deep_relu, recurrent, two_layers

NETWORKS = networks()
ROUNDING_ALONE = ("perfect fit", "0.1 + 0.2 - 0.3", "logit gap")  # slopes that no difference in float64 can see
PLANTED = 1e-5  # the relative error that is planted


def rest_of(network: Network, name: str) -> Callable[[Any], float]:
    """The loss as a function of one of the weights."""
    return lambda value: network.loss({**network.point, name: value})


def check(network: Network) -> Any:
    return check_gradients(network.loss, network.gradient, network.point)


@pytest.mark.parametrize("network", NETWORKS, ids=[network.name for network in NETWORKS])
def test_right_gradient_passes_and_never_fails(network: Network) -> None:
    found = check(network)
    if network.name.startswith(ROUNDING_ALONE):
        assert found.verdict == "inconclusive" or not found.comparison.exercised
    else:
        assert found.verdict == ("kink" if network.kinks else "pass")


@pytest.mark.parametrize("network", NETWORKS, ids=[network.name for network in NETWORKS])
def test_right_gradient_of_other_numbers_never_fails(network: Network) -> None:
    place = NETWORKS.index(network)
    assert [check(networks(seed)[place]).comparison.count("fail") for seed in (1000, 2000)] == [0, 0]


SMALL = [n for n in NETWORKS if sum(np.size(v) for v in n.point.values()) <= 50]


@pytest.mark.parametrize("network", SMALL, ids=[network.name for network in SMALL])
def test_an_error_of_1e_5_fails_in_every_entry_that_passes_without_it(network: Network) -> None:
    """Each entry alone, as a function of one number. What is undecided without the error never passes with it."""
    failed = decided = 0
    for name, gradient in network.gradient(network.point).items():
        for entry in np.ndindex(np.shape(gradient)):
            loss, value = along_entry(network, name, entry), float(np.asarray(network.point[name])[entry])
            slope = float(np.asarray(gradient)[entry])
            right, wrong = (check_gradients(loss, s, value) for s in (slope, slope * (1 + PLANTED)))
            if right.verdict == "pass" and right.comparison.exercised:
                decided += 1
                failed += wrong.verdict == "fail"
            else:
                assert wrong.verdict != "pass" or not wrong.comparison.exercised
    assert failed == decided
    assert decided > 0 or network.name.startswith(ROUNDING_ALONE)


def along_entry(network: Network, name: str, entry: tuple[int, ...]) -> Callable[[float], float]:
    """The loss as a function of one entry of one of the weights."""

    def loss(value: float) -> float:
        array = np.array(network.point[name], dtype=float)
        array[entry] = value
        return network.loss({**network.point, name: array if array.ndim else value})

    return loss


def test_error_of_a_largest_entry_fails_in_a_deep_network() -> None:
    network = deep_relu(10)
    right = network.gradient(network.point)
    for name, gradient in right.items():
        wrong = np.array(gradient)
        entry = np.unravel_index(np.abs(wrong).argmax(), wrong.shape)
        wrong[entry] *= 1 + PLANTED
        found = check_gradients(rest_of(network, name), wrong, network.point[name])
        assert np.argwhere(found.tensors[0].verdicts == VERDICTS.index("fail")).tolist() == [list(entry)]


@pytest.mark.parametrize("unit", [1e-12, 1e-7, 1e12])
@pytest.mark.parametrize("make", [attention, recurrent])
def test_verdicts_do_not_depend_on_the_unit_of_the_loss(make: Callable[[int], Network], unit: float) -> None:
    network = make(5)
    wrong = {name: np.array(value) for name, value in network.gradient(network.point).items()}
    first = next(iter(wrong))
    wrong[first][0, 0] *= 1 + PLANTED
    scaled = {name: unit * value for name, value in wrong.items()}
    plain = check_gradients(network.loss, wrong, network.point)
    other = check_gradients(lambda w: unit * network.loss(w), scaled, network.point)
    assert plain.verdict == other.verdict == "fail"
    for one, two in zip(plain.tensors, other.tensors, strict=True):
        assert np.array_equal(one.verdicts, two.verdicts)


def test_sign_flip_among_a_thousand_entries_fails() -> None:
    x = np.linspace(-2, 2, 1000)
    assert check_gradients(lambda v: np.sin(v).sum(), lambda v: np.cos(v), x).verdict == "pass"
    flipped = check_gradients(lambda v: np.sin(v).sum(), lambda v: -np.cos(v), x)
    assert flipped.comparison.count("fail") == 1000


def test_gradient_of_zeros_for_a_hundred_thousand_entries_fails() -> None:
    x = np.linspace(-2, 2, 100_000)
    found = check_gradients(lambda v: np.sin(v).sum(), np.zeros_like, x)
    assert found.verdict == "fail"
    assert found.comparison.count("fail") == 65  # 64 entries looked at one by one, and the random direction


def test_one_wrong_entry_of_a_hundred_thousand_is_seen_along_the_direction() -> None:
    x = np.linspace(-2, 2, 100_000)
    wrong = np.cos(x)
    wrong[12_345] *= 2
    found = check_gradients(lambda v: np.sin(v).sum(), wrong, x)
    assert [VERDICTS[t.verdicts.max()] for t in found.tensors] == ["inconclusive", "fail"]


@pytest.mark.parametrize("scale", [1e-6, 1e-7])
def test_sign_flip_of_a_tiny_output_fails(scale: float) -> None:
    x = np.linspace(-1, 1, 5)
    found = check_gradients(lambda v: scale * np.sin(v).sum(), lambda v: -scale * np.cos(v), x)
    assert found.comparison.count("fail") == 5


def test_sign_flip_at_a_tiny_argument_fails() -> None:
    x = 1e-6 * np.array([1.0, -2.0, 3.0])
    found = check_gradients(lambda v: (v**2).sum(), lambda v: -2 * v, x)
    assert found.comparison.count("fail") == 3
    assert check_gradients(lambda v: (v**2).sum(), lambda v: 2 * v, x).verdict == "pass"


def test_right_notebook_network_that_the_usual_threshold_refuses_passes() -> None:
    network, h = notebook(1), 1e-7
    right = network.gradient(network.point)
    names = list(right)
    found = []
    for name in names:
        for entry in np.ndindex(right[name].shape):
            step = np.zeros(right[name].shape)
            step[entry] = h
            value = network.point[name]
            loss = rest_of(network, name)
            found.append((loss(value + step) - loss(value - step)) / (2 * h))
    flat = np.concatenate([right[name].ravel() for name in names])
    numbers = np.array(found)
    usual = np.linalg.norm(flat - numbers) / (np.linalg.norm(flat) + np.linalg.norm(numbers))
    assert 1e-7 < usual < 1.3e-7
    assert check(network).verdict == "pass"


def test_noise_in_the_loss_is_inconclusive() -> None:
    def loss(v: Any) -> float:
        return float((v**2).sum() + 1e-6 * np.sin(1e15 * v).sum())

    assert check_gradients(loss, lambda v: 2 * v, np.array([0.3, -1.2, 2.5])).verdict == "inconclusive"


@pytest.mark.parametrize("x", [[2.0, 0.4], [-1.0, 3.0]])
def test_jump_at_the_point_is_inconclusive(x: list[float]) -> None:
    found = check_gradients(lambda v: (np.floor(v) + v**2).sum(), lambda v: 2 * v, np.array(x))
    assert found.verdict == "inconclusive"
    assert "f jumps here" in found.tensors[0].reasons[0,]


@pytest.mark.parametrize("grains", [1e2, 1e4])
@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_staircase_is_inconclusive_for_the_slope_of_a_step_and_for_the_slope_of_the_stairs(
    grains: float, slope: float
) -> None:
    x = np.array([0.3123456789, 1.2987654321])
    found = check_gradients(lambda v: (np.floor(grains * v) / grains).sum(), np.full(2, slope), x)
    assert found.verdict == "inconclusive"


# loss in z, z, slopes between both sides, slopes that are not
KINKS: list[tuple[Callable[[Any], Any], float, list[float], list[float]]] = [
    (lambda z: np.maximum(z, 0), 0.0, [0, 0.5, 1], [-0.01, 1.01]),
    (abs, 0.0, [-1, 0, 1], [1.1, -1.1]),
    (lambda z: np.clip(z, -1, 1), 1.0, [0, 0.2, 1], [-0.1, 1.1]),
    (lambda z: z * abs(z) + np.maximum(z, 0), 0.0, [0, 1], [-0.1, 1.1]),
    (lambda z: np.maximum(0, 1 - z) + z**2, 1.0, [1, 2], [0.9, 2.1]),
]


@pytest.mark.parametrize(("loss", "z", "right", "wrong"), KINKS)
def test_at_a_kink_only_slopes_between_both_sides_are_accepted(
    loss: Callable[[Any], Any], z: float, right: list[float], wrong: list[float]
) -> None:
    assert {check_gradients(loss, float(a), z).verdict for a in right} == {"kink"}
    assert {check_gradients(loss, float(a), z).verdict for a in wrong} == {"fail"}


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-6])
def test_kink_further_out_is_a_pass_with_a_note(distance: float) -> None:
    found = check_gradients(lambda z: np.maximum(z - 1 + distance, 0), 1.0, 1.0)
    assert found.verdict == "pass"
    assert (distance == 1e-1) != any("kink further out" in note for note in found.tensors[0].notes)
    assert check_gradients(lambda z: np.maximum(z - 1 + distance, 0), 0.5, 1.0).verdict == "fail"


@pytest.mark.parametrize("distance", [1e-3, 1e-5])
def test_flat_floor_between_two_kinks_has_slope_0(distance: float) -> None:
    """Both one-sided slopes of the larger steps are those of the walls, and agree with each other."""

    def loss(z: float) -> float:
        return z - 1 - min(max(z - 1, -distance), distance)

    assert check_gradients(loss, 0.0, 1.0).verdict == "pass"
    assert check_gradients(loss, 1.0, 1.0).verdict == "fail"


@pytest.mark.parametrize("seed", [6301, 26701])
def test_logarithm_of_a_probability_that_rounding_reaches_never_fails(seed: int) -> None:
    """1 - p has a few digits only, and its steps are wider than those between which noise is looked for."""
    assert check(notebook(seed)).comparison.count("fail") == 0


def test_kinks_between_the_first_rungs_that_make_them_converge_by_chance_do_not_fail() -> None:
    assert check(deep_relu(6810)).comparison.count("fail") == 0


def test_float32_passes_coarsely() -> None:
    x = np.linspace(-2, 2, 6)
    for point in (x, x.astype(np.float32)):
        found = check_gradients(lambda v: np.sin(np.float32(v)).sum(), np.cos, point)
        assert found.verdict == "pass"
        assert found.tensors[0].coarse.all()
    assert check_gradients(lambda v: np.sin(np.float32(v)).sum(), lambda v: 1.01 * np.cos(v), x).verdict == "fail"


def test_biases_of_1e_12_get_steps_of_their_scale() -> None:
    network = two_layers("tanh", 4)
    point = {**network.point, "b2": np.full(3, 1e-12)}
    assert check(replace(network, point=point)).verdict == "pass"


def test_low_temperature_needs_steps_far_below_the_size_of_the_logits() -> None:
    network = temperature(1e-6, 3)
    wrong = {"z": 1.001 * network.gradient(network.point)["z"]}
    assert check(network).verdict == "pass"
    assert check_gradients(network.loss, wrong, network.point).comparison.count("fail") == 4


def test_first_step_is_a_tenth_of_the_number_or_of_the_root_mean_square() -> None:
    assert first_sizes(np.array([3.0, -4.0, 0.0, 0.0])) == pytest.approx([0.3, 0.4, 0.25, 0.25])
    assert first_sizes(np.zeros(2)).tolist() == [1, 1]
    assert first_sizes(np.array([1e-300, 1e300]))[0] == pytest.approx(1e299 / np.sqrt(2))


def test_noise_is_found_where_neighbours_are_equal() -> None:
    def rounded(offset: float) -> float:
        return float(np.round(1 + offset / 3, 7))

    assert 1e-8 < noise_of(rounded, 1.0, 2.2e-16) < 1e-6
    assert noise_of(lambda offset: np.exp(offset), 1.0, 2.2e-16) < 1e-14


def test_suffix_drops_rungs_that_disagree_with_later_ones() -> None:
    quotients = np.array([[1.0, 1.0 + 1e-9, 1.0, 0.9, 0.0, 0.0, 0.0], [1.16, 1.01, 1.0006, 1.00004, 1.0, 1.0, 1.0]])
    kept = suffix(quotients, np.full(quotients.shape, 1e-12))
    assert kept.tolist() == [[False] * 3 + [True] * 4, [True] * 7]
