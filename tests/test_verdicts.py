"""Verdicts as mathematics: correct gradients never fail, changed entries always do, kinks take their conventions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli import adjudication
from dlcli.comparison import FAIL, INCONCLUSIVE, KINK, PASS, Comparison, Evidence, Judgement, judge
from dlcli.engines import complex_step
from dlcli.engines.evaluation import forward
from dlcli.engines.reverse import backprop
from dlcli.engines.rounding import rounding_effect
from dlcli.engines.symbolic import engine
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.solving import check, solve
from tests.conftest import relative_difference
from tests.oracle.networks import random_network

SMOOTH = ("sigmoid", "tanh", "gelu", "silu", "softplus", "softsign", "log_sigmoid", "mish", "softmax", "sin")
KINKED = ("relu", "leaky_relu", "elu", "selu", "hard_sigmoid", "hard_tanh")


def graph_of(folder: Path, text: str) -> Graph:
    path = folder / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    return check(path).graph


def judged(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> tuple[Comparison, dict[str, tuple[Evidence, Judgement]]]:
    """The comparison, and the evidence and judgement that stood last for each quantity."""
    seen: dict[str, tuple[Evidence, Judgement]] = {}

    def spy(evidence: Evidence) -> Judgement:
        judgement = judge(evidence)
        seen[evidence.name] = (evidence, judgement)
        return judgement

    monkeypatch.setattr(adjudication, "judge", spy)
    fused = fuse(graph)
    values = forward(fused)
    rounding = rounding_effect(fused, values)
    return adjudication.compare(fused, values, engine.symbolic(graph, fused)[0], rounding), seen


def network(activation: str, loss: str, seed: int, scale: float = 1.0, unit: str = "1") -> str:
    """A 4-5-3 network on 6 samples; `scale` multiplies the inputs and divides the first weights."""
    rng = np.random.default_rng([seed, len(activation)])

    def numbers(*shape: int, by: float = 1.0) -> Any:
        return (by * rng.normal(size=shape)).tolist()

    classes = rng.integers(0, 3, size=6).tolist()
    return (
        f"inputs: {{x: {numbers(6, 4, by=scale)}}}\ntargets: {{t: {numbers(6, 3)}, y: {classes}}}\nnetwork:\n"
        f"  - dense: {{name: h, weights: {numbers(5, 4, by=1 / scale)}, bias: {numbers(5)},"
        f" activation: {activation}}}\n"
        f"  - dense: {{name: o, weights: {numbers(3, 5)}, bias: {numbers(3)}}}\n"
        f"loss: {unit}*{loss}\n"
    )


@pytest.mark.parametrize("activation", SMOOTH + KINKED)
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e5])
@pytest.mark.parametrize("unit", ["1e-12", "1e12"])
def test_correct_network_passes_in_any_unit_of_its_data_and_its_loss(
    activation: str, scale: float, unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = network(activation, "softmax_cross_entropy(o, y)", 1, scale, unit)
    assert judged(graph_of(tmp_path, text), monkeypatch)[0].verdict == "pass"


def missed(seen: dict[str, tuple[Evidence, Judgement]], error: float) -> Sequence[str]:
    """The entries that a relative error in them alone does not turn into a FAIL, vacuous and coarse ones apart."""
    found = []
    for name, (evidence, judgement) in seen.items():
        for entry in np.argwhere((judgement.verdicts == PASS) & ~judgement.vacuous & ~judgement.coarse):
            place = tuple(entry)
            wrong = np.array(evidence.backprop)
            wrong[place] *= 1 + error
            if judge(replace(evidence, backprop=wrong)).verdicts[place] != FAIL:
                found.append(f"{name}{place}")
    return found


@pytest.mark.parametrize("seed", range(7000, 7020))
def test_one_part_in_a_million_in_one_entry_fails(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison, seen = judged(graph_of(tmp_path, random_network(seed).yaml_text), monkeypatch)
    assert comparison.verdict == "pass"
    assert missed(seen, 1e-6) == []


@pytest.mark.parametrize("seed", range(7020, 7035))
def test_error_bar_of_the_differences_covers_their_error(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against 50 digits; the bar is no wider than 1e-6 of the tensor's largest slope."""
    _, seen = judged(graph_of(tmp_path, random_network(seed).yaml_text), monkeypatch)
    for evidence, _ in seen.values():
        assert evidence.differences is not None
        assert evidence.symbolic is not None
        error = np.abs(evidence.differences.central - evidence.symbolic)
        bar = evidence.differences.central_error
        assert np.all(error <= bar)
        assert np.all(bar <= 1e-6 * np.max(np.abs(evidence.symbolic)))


# loss in z, z, slopes that are accepted, slopes that are not
SUBGRADIENTS: list[tuple[str, float, list[float], list[float]]] = [
    ("relu(z)", 0, [0, 0.5, 1], [-0.01, 1.01, 2]),
    ("leaky_relu(z)", 0, [0.01, 0.5, 1], [0, 1.01]),
    ("elu(z, alpha=2)", 0, [2, 1.5, 1], [0, 2.1]),
    ("abs(z)", 0, [0, 1, -1], [1.1, -1.1]),
    ("clip(z, -1, 1)", 1, [1, 0.2, 0], [-0.1, 1.1]),
    ("maximum(z, 2*z)", 0, [1, 2], [0.9, 2.1]),
    ("hinge(z, 1)", 1, [0, -1], [0.1, -1.1]),
    ("mae(z, 3)", 3, [0, 1, -1], [1.1]),
    ("relu(z) - relu(-z)", 0, [0, 1], [0.5, -0.1, 1.1]),
    ("z*abs(z) + relu(z)", 0, [0, 1], [-0.1, 1.1]),
]


@pytest.mark.parametrize(("loss", "z", "right", "wrong"), SUBGRADIENTS, ids=[row[0] for row in SUBGRADIENTS])
def test_at_a_kink_only_subgradients_and_the_convention_are_accepted(
    loss: str, z: float, right: list[float], wrong: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"inputs: {{z: {z}}}\nnetwork: ['f = {loss}']\nloss: f\n"
    evidence, judgement = judged(graph_of(tmp_path, text), monkeypatch)[1]["z"]
    assert judgement.verdicts == KINK
    assert [int(judge(replace(evidence, backprop=np.asarray(float(a)))).verdicts) for a in right] == [KINK] * len(right)
    assert [int(judge(replace(evidence, backprop=np.asarray(float(a)))).verdicts) for a in wrong] == [FAIL] * len(wrong)


JUMPS = ("sign(z)", "heaviside(z) + z", "heaviside(-z) + z", "where(z > 0, z + 1, z)", "where(z >= 0, 3*z + 1e-6, z)")


@pytest.mark.parametrize("loss", JUMPS)
def test_a_jump_of_the_loss_is_inconclusive(loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"inputs: {{z: 0}}\nnetwork: ['f = {loss}']\nloss: f\n"
    assert judged(graph_of(tmp_path, text), monkeypatch)[1]["z"][1].verdicts == INCONCLUSIVE


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9])
def test_a_kink_further_out_is_a_pass(distance: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"inputs: {{x: 1}}\nweights: {{w: 1, b: {distance - 1!r}}}\nnetwork: ['f = relu(x*w + b)']\nloss: f\n"
    comparison, _ = judged(graph_of(tmp_path, text), monkeypatch)
    assert comparison.verdict == "pass"
    for tensor in comparison.tensors:
        (note,) = tensor.notes
        found = re.fullmatch(PAST_A_KINK, note)
        assert found is not None
        assert distance <= float(found[1]) <= 5 * distance  # steps fall by 4


PAST_A_KINK = (
    r"the larger steps of 1 entry cross a kink further out, the nearest within (\S+); those steps were dropped"
)

# losses of h = tanh(x W_h^T + b_h) (4, 5) and o = h W_o^T + b_o (4, 2)
LOSSES = (
    "softmax_cross_entropy(o, y)",
    "multiclass_hinge(o, y)",
    "mse(o, t) + 0.1*l1(W_h) + 0.3*l2(W_o)",
    "mse(o, t)*l2(W_h)",
    "sum((o - mean(o, axis=0))**3)",
    "sum(((o - mean(o, axis=0))/std(o, axis=0))**3)",
    "sum((o @ o.T)**2)",
    "sum(softmax(o, axis=0)*o)",
    "sum(prod(h, axis=0))",
    "sum(squared_error(o, t, reduction='none')*h[:, 0])",
    "sum(concat([o, h], axis=1)**3)",
    "sum(take(o, [0, 0, 2])**2)",
    "sum(reshape(o, [2, 4]) @ reshape(o, [4, 2]))",
    "mse(o, t)/sum(h**2)",
)


@pytest.mark.parametrize("loss", LOSSES)
def test_complex_step_by_units_and_formulas_in_float64_give_the_same_gradient(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ways of large networks, on a small one."""
    monkeypatch.setattr(complex_step, "EVERY_ENTRY", 0)
    monkeypatch.setattr(engine, "LARGEST_BY_DIGITS", 0)
    rng = np.random.default_rng(5)
    graph = graph_of(
        tmp_path,
        f"inputs: {{x: {rng.normal(size=(4, 3)).tolist()}}}\n"
        f"targets: {{y: [0, 1, 1, 0], t: {rng.normal(size=(4, 2)).tolist()}}}\n"
        "wrt: [W_h, b_h, W_o, x, h, o]\nnetwork:\n"
        f"  - dense: {{name: h, weights: {rng.normal(size=(5, 3)).tolist()}, bias: [1, -0.5, 0.2, 0.1, 0.3],"
        f" activation: tanh}}\n"
        f"  - dense: {{name: o, weights: {rng.normal(size=(2, 5)).tolist()}}}\n"
        f'loss: "{loss}"\n',
    )
    fused = fuse(graph)
    values = forward(fused)
    swept = backprop(fused, values).gradients
    stepped, formulas = complex_step.complex_step(fused, values), engine.symbolic(graph, fused)[0]
    assert "per unit" in stepped.methods.values()
    for name, gradient in swept.items():
        assert relative_difference(stepped.gradients[name], gradient) < 1e-12
        assert relative_difference(formulas.gradients[name], gradient) < 1e-12
        assert formulas.methods[name] == "float64 formulas"


# loss of z (4 samples of 3 in rows, or in columns), where the samples are, whether it has a stable form
PAIRS = [
    ("cross_entropy(softmax(z), y)", "rows", True),
    ("cross_entropy(softmax(z), y)", "columns", True),
    ("cross_entropy(softmax(z, axis=0), y)", "rows", False),
    ("cross_entropy(softmax(z, axis=0), y)", "columns", True),
    ("cross_entropy(softmax(z, axis=1), y)", "columns", False),
    ("cross_entropy(softmax(z, temperature=1), y)", "rows", True),
    ("cross_entropy(softmax(z, temperature=2), y)", "rows", False),
    ("cross_entropy(softmax(z.T, axis=0).T, y)", "rows", True),
    ("cross_entropy(softmax(z), y, reduction='sum')", "columns", True),
    ("-mean(pick(log(softmax(z)), y))", "rows", True),
    ("-sum(log(softmax(z, axis=0))*z)", "rows", True),
    ("bce(reshape(sigmoid(z), [12]), p)", "rows", True),
    ("mean(log(sigmoid(z.T)))", "columns", True),
]


@pytest.mark.parametrize(("loss", "samples", "fuses"), PAIRS)
@pytest.mark.parametrize("users", [1, 2])
def test_fused_forms_keep_the_value_and_the_gradient(
    loss: str, samples: str, fuses: bool, users: int, tmp_path: Path
) -> None:
    inner = next(part for part in INNER if part in loss)
    text = (
        f"weights: {{z: {np.random.default_rng(3).normal(size=(4, 3) if samples == 'rows' else (3, 4)).tolist()}}}\n"
        f"samples: {samples}\ntargets: {{y: [0, 1, 2, 1], p: {np.linspace(0, 1, 12).tolist()}}}\n"
        f'network: ["s = {inner}"]\nloss: "{loss if users == 1 else loss.replace(inner, "s") + " + sum(s**3)"}"\n'
    )
    plain = graph_of(tmp_path, text)
    fused = fuse(plain)
    assert (fused is not plain) == fuses
    before, after = forward(plain), forward(fused)
    assert plain.loss is not None
    assert after[plain.loss] == pytest.approx(float(before[plain.loss]), rel=1e-13)
    assert relative_difference(backprop(fused, after).gradients["z"], backprop(plain, before).gradients["z"]) < 1e-12


INNER = (
    "softmax(z)", "softmax(z, axis=0)", "softmax(z, axis=1)", "softmax(z, temperature=1)",
    "softmax(z, temperature=2)", "softmax(z.T, axis=0)", "sigmoid(z)", "sigmoid(z.T)",
)  # fmt: skip


# loss in z, z, the verdict of each was inconclusive or fail
NO_FALSE_ALARM = (
    ("sum(softplus(z))", [0.0, 1.0]),
    ("sum(z**3)", [0.0]),
    ("sum(softmax(z)**2)", [120, 0, -1]),
    ("sum(tanh(z))", [100, 1]),
    ("sum(gelu(z))", [-30.1, 2]),
    ("sum(sigmoid(z))", [700, 0]),
)


@pytest.mark.parametrize(("loss", "z"), NO_FALSE_ALARM, ids=[row[0] for row in NO_FALSE_ALARM])
def test_right_gradient_where_digits_are_lost_is_no_false_alarm(loss: str, z: list[float], tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text(f'weights: {{z: {z}}}\nloss: "{loss}"\n', encoding="utf-8")
    assert solve(path).verdict == "pass"


def test_infinite_slope_times_zero_is_no_fail(tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text("weights: {z: 0}\nloss: sqrt(z**2)\n", encoding="utf-8")
    assert solve(path).verdict == "inconclusive"


def test_finite_gradient_where_the_slope_is_infinite_fails() -> None:
    a = np.array([3.0])
    evidence = Evidence("w", a, np.array([np.inf]), None, None, np.abs(a), np.zeros(1), 1.0, infinite=True)
    assert judge(evidence).verdicts.tolist() == [FAIL]


def test_slopes_that_cancel_are_no_jump(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        path = tmp_path / "homework.yaml"
        path.write_text(
            f"inputs: {{x: {rng.normal(size=(6, 4)).tolist()}}}\ntargets: {{t: {rng.normal(size=(6, 3)).tolist()}}}\n"
            f"network: [dense: {{weights: {rng.normal(size=(3, 4)).tolist()}}}]\nloss: mae\n",
            encoding="utf-8",
        )
        assert solve(path).verdict == "pass"


def test_gradient_of_a_nearly_perfect_fit_with_kinks_is_no_false_alarm(tmp_path: Path) -> None:
    """s = a + b is t to the last digit: s - t is rounding alone, on either side of each kink."""
    path = tmp_path / "homework.yaml"
    a, b = [0.1, 0.7, 1.1, 0.3], [0.2, 0.1, 2.2, 0.6]
    t = [round(x + y, 1) for x, y in zip(a, b, strict=True)]
    text = f"weights: {{a: {a}, b: {b}}}\ntargets: {{t: {t}}}\nnetwork: [s = a + b]\n"
    path.write_text(text + 'loss: "sum((s - t)**2) + 1e-20*sum(relu(s - t))"\n', encoding="utf-8")
    assert solve(path).verdict != "fail"


def test_cancelled_loss_is_no_false_alarm(tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text('weights: {z: [30, 0, -5]}\nnetwork: [p = softmax(z)]\nloss: "-log(p[0])"\n', encoding="utf-8")
    assert solve(path).verdict != "fail"
