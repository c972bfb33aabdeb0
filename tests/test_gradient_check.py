"""The interface for Python functions: structures of x, what is refused and why, the report."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import dlcli
from dlcli import assert_gradients, check_gradients
from dlcli.errors import UsageError


class Pair(NamedTuple):
    w: Any
    b: Any


def cubes(values: Any) -> float:
    return sum(float(np.sum(np.asarray(v) ** 3)) for v in values)


# x, its loss, its gradient, the names of its arrays
STRUCTURES: list[tuple[Any, Callable[[Any], Any], Callable[[Any], Any], list[str]]] = [
    (2.0, lambda x: x**3, lambda x: 3 * x**2, ["x"]),
    (3, lambda x: x**3, lambda x: 3 * x**2, ["x"]),
    (np.array(2.0), lambda x: x**3, lambda x: 3 * x**2, ["x"]),
    (np.array([[1, 2], [3, 4]]), lambda x: (x**3).sum(), lambda x: 3 * x**2, ["x"]),
    ([1.0, -2.0], cubes, lambda x: [3 * v**2 for v in x], ["x[0]", "x[1]"]),
    ([1.0, -2.0], cubes, lambda x: 3 * np.array(x) ** 2, ["x[0]", "x[1]"]),
    ((np.ones(2), 0.5), cubes, lambda x: [3 * v**2 for v in x], ["x[0]", "x[1]"]),
    (Pair(np.ones(2), 0.5), lambda x: cubes([x.w, x.b]), lambda x: (3 * x.w**2, 3 * x.b**2), ["x[0]", "x[1]"]),
    (
        {"W": np.ones((2, 1)), "b": 0.5},
        lambda x: cubes(x.values()),
        lambda x: {"b": 3 * x["b"] ** 2, "W": 3 * x["W"] ** 2, "A": "more is ignored"},
        ["W", "b"],
    ),
    (
        {"layers": [{"W": np.ones(2)}, {"W": np.zeros(1)}]},
        lambda x: cubes(layer["W"] for layer in x["layers"]),
        lambda x: {"layers": [{"W": 3 * layer["W"] ** 2} for layer in x["layers"]]},
        ["layers[0].W", "layers[1].W"],
    ),
]


@pytest.mark.parametrize(("x", "f", "grad", "names"), STRUCTURES, ids=lambda value: type(value).__name__)
def test_gradient_has_the_structure_of_x(x: Any, f: Any, grad: Any, names: list[str]) -> None:
    found = check_gradients(f, grad, x)
    assert found.verdict == "pass"
    assert [tensor.name for tensor in found.tensors] == names
    assert check_gradients(f, grad(x), x).verdict == "pass"


def test_names_of_the_arrays_can_be_given() -> None:
    found = check_gradients(cubes, lambda x: [3 * v**2 for v in x], [np.ones(2), 2.0], names=["weights", "bias"])
    assert [tensor.name for tensor in found.tensors] == ["weights", "bias"]
    assert "weights[1]" in str(found)


def one(_: Any) -> float:
    return 1.0


def square(x: Any) -> Any:
    return np.sum(np.asarray(x) ** 2)


REFUSED: list[tuple[Any, Any, Any, str]] = [
    (
        one,
        {"W": np.ones(2)},
        {"W": np.ones(2), "b": 1.0},
        r"E503: the gradient lacks 'b': it has 'W', x has 'W', 'b'",
    ),
    (one, {"dW": np.ones(2)}, {"W": np.ones(2)}, r"E503: the gradient lacks 'W': it has 'dW', x has 'W'"),
    (
        one,
        {"W": np.ones((2, 1))},
        {"W": np.ones(2)},
        r"E503: the gradient of W has shape \(2, 1\), but W has shape \(2,\)",
    ),
    (one, np.ones(3), np.ones((3, 1)), r"E503: the gradient of x has shape \(3,\), but x has shape \(3, 1\)"),
    (one, 1.0, {"W": np.ones(2)}, r"E503: the gradient is a number, but x is a dict with 'W'"),
    (one, {"W": 1.0}, np.ones(2), r"E503: the gradient is a dict with 'W', but x is an array of shape \(2,\)"),
    (one, [1.0], [1.0, 2.0], r"E503: the gradient is a list of 1, but x is a list of 2"),
    (one, {"l": [1.0]}, {"l": [1.0, 2.0]}, r"E503: the gradient of l is a list of 1, but l is a list of 2"),
    (one, lambda x: None, np.ones(2), r"E503: the gradient of x is None"),
    (
        one,
        lambda x: x + 1j,
        np.ones(2),
        r"E503: the gradient of x must hold real numbers, but it is complex numbers",
    ),
    (square, ["a"], [1.0], r"E503: the gradient of x\[0\] must hold real numbers"),
    (square, 1.0, None, r"E501: x is None"),
    (square, 1.0, True, r"E501: x must hold real numbers, but it is truth values"),
    (square, 1.0, "text", r"E501: x must hold real numbers"),
    (square, [1.0, 1.0], [1.0, np.nan], r"E501: x\[1\] holds numbers that are not finite"),
    (lambda x: x, np.ones(2), np.ones(2), r"E502: f returned an array of shape \(2,\)"),
    (lambda x: x[None], np.ones(1), np.ones(1), r"E502: f returned an array of shape \(1, 1\)"),
    (lambda x: None, np.ones(2), np.ones(2), r"E502: f returned None"),
    (lambda x: 1j, np.ones(2), np.ones(2), r"E502: f returned a complex number"),
    (lambda x: [1.0], np.ones(2), np.ones(2), r"E502: f returned list"),
    (lambda x: "3", np.ones(2), np.ones(2), r"E502: f returned str"),
]


@pytest.mark.parametrize(("f", "grad", "x", "message"), REFUSED)
def test_what_cannot_be_used_is_named(f: Any, grad: Any, x: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_gradients(f, grad, x)


def test_misspelt_name_of_a_gradient_gets_advice() -> None:
    with pytest.raises(UsageError) as caught:
        check_gradients(one, {"W_1": 1.0}, {"W1": 1.0})
    assert caught.value.diagnostics[0].help == "did you mean 'W_1'?"


@pytest.mark.parametrize("names", ["W", ["W"], ["W", "W"], ["a", "b", "c"]])
def test_names_that_do_not_fit_are_refused(names: Any) -> None:
    with pytest.raises(UsageError, match=r"E501: names gives .*, but x holds 2 arrays"):
        check_gradients(cubes, [1.0, 2.0], [1.0, 2.0], names=names)


@pytest.mark.parametrize("x", [[], {}, np.zeros((0, 3)), [np.zeros(0)], {"W": np.zeros(0)}])
def test_nothing_to_differentiate_by_is_never_a_pass(x: Any) -> None:
    found = check_gradients(lambda _: 1.0, x, x)
    assert found.verdict == "inconclusive"
    assert not found.passed
    assert "there is nothing to differentiate by" in str(found)


def test_empty_array_among_others_is_inconclusive() -> None:
    found = check_gradients(lambda x: float(x[0].sum()), [np.ones(2), np.zeros(0)], [np.ones(2), np.zeros(0)])
    assert [tensor.verdict for tensor in found.tensors] == ["pass", "inconclusive"]
    assert found.verdict == "inconclusive"
    assert "an array holds no number" in str(found)


def test_function_that_is_not_deterministic_is_inconclusive_and_says_so() -> None:
    rng = np.random.default_rng(0)
    found = check_gradients(lambda x: square(x) + 1e-9 * rng.normal(), lambda x: 2 * x, np.ones(3))
    assert found.verdict == "inconclusive"
    assert "f is not deterministic: two evaluations at the same point gave" in str(found)
    assert found.evaluations == 2


def test_function_that_drifts_during_the_check_is_not_deterministic() -> None:
    calls: list[int] = []

    def loss(x: Any) -> float:
        calls.append(1)
        return float(square(x)) + (len(calls) > 20)

    found = check_gradients(loss, lambda x: 2 * x, np.ones(3))
    assert found.verdict == "inconclusive"
    assert "f is not deterministic" in str(found)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_loss_that_is_not_finite_is_inconclusive(value: float) -> None:
    found = check_gradients(lambda x: value, lambda x: x, np.ones(2))
    assert found.verdict == "inconclusive"
    assert f"f is {value} here, so it has no slope" in str(found)


def test_exception_at_the_point_is_passed_on() -> None:
    with pytest.raises(ZeroDivisionError):
        check_gradients(lambda x: 1 / 0, 1.0, 1.0)


def test_exception_in_grad_is_passed_on() -> None:
    with pytest.raises(KeyError, match="W9"):
        check_gradients(one, lambda x: x["W9"], {"W": 1.0})


def test_exception_beside_the_point_takes_away_that_step_alone() -> None:
    found = check_gradients(math.sqrt, lambda x: 0.5 / math.sqrt(x), 1e-3)
    assert found.verdict == "pass"
    edge = check_gradients(lambda x: math.log(x - 0.99), lambda x: 1 / (x - 0.99), 1.0)
    assert edge.verdict == "pass"
    assert re.search(r"f failed at \d+ of \d+ points \(ValueError: .*\); those steps were dropped", edge.notes[-1])


def test_function_defined_on_one_side_only_is_inconclusive() -> None:
    assert check_gradients(math.sqrt, lambda x: 0.0, 0.0).verdict == "inconclusive"


def test_warnings_beside_the_point_are_silent() -> None:
    assert check_gradients(lambda x: np.log(x).sum(), lambda x: 1 / x, np.array([1e-3, 5.0])).verdict == "pass"


@pytest.mark.parametrize("gradient", [np.nan, np.inf, -np.inf])
def test_gradient_that_is_not_finite_fails(gradient: float) -> None:
    found = check_gradients(square, np.array([2.0, gradient]), np.ones(2))
    assert found.tensors[0].verdicts.tolist() == [0, 3]
    assert "not finite" in str(found)


def test_function_that_changes_x_in_place_is_said_and_does_no_harm() -> None:
    x = {"W": np.array([1.0, 2.0]), "b": np.array([3.0])}

    def loss(p: Any) -> float:
        p["W"] -= 1
        return float((p["W"] ** 3).sum() + p["b"][0])

    def gradient(p: Any) -> Any:
        p["b"][:] = 0
        return {"W": 3 * (p["W"] - 1) ** 2, "b": np.ones(1)}

    found = check_gradients(loss, gradient, x)
    assert found.verdict == "pass"
    assert found.notes == (
        "f changes W in place; each call was given a copy",
        "grad changes b in place; each call was given a copy",
    )
    assert x["W"].tolist() == [1, 2]


def test_backward_pass_may_use_what_the_forward_pass_of_the_same_point_left() -> None:
    cache: dict[str, Any] = {}

    def forward(x: Any) -> float:
        cache["x"] = x
        return float((x**3).sum())

    assert check_gradients(forward, lambda x: 3 * cache["x"] ** 2, np.array([1.0, -2.0])).verdict == "pass"


def test_array_that_is_its_own_gradient_is_compared_as_it_was() -> None:
    assert check_gradients(lambda x: 0.5 * float(square(x)), lambda x: x, np.ones(2)).verdict == "pass"


def test_large_arrays_are_sampled_unless_full() -> None:
    x = {"W": np.linspace(-1, 1, 2500), "b": np.array([0.5, -0.5])}
    arguments = lambda p: np.sin(p["W"]).sum() + np.sin(p["b"]).sum(), lambda p: {k: np.cos(v) for k, v in p.items()}, x
    sampled = check_gradients(*arguments)
    assert [tensor.name for tensor in sampled.tensors] == ["W", "W, random direction", "b"]
    looked = int(sampled.tensors[0].looked["finite_difference"].sum())
    assert 56 <= looked <= 64
    assert f"W: ladder, {looked} of 2,500 entries; the others along one random direction" in str(sampled)
    assert sampled.verdict == "pass"
    whole = check_gradients(*arguments, full=True)
    assert [tensor.name for tensor in whole.tensors] == ["W", "b"]
    assert whole.tensors[0].looked == {}
    assert whole.verdict == "pass"
    assert whole.evaluations > 8 * 2500 > sampled.evaluations


def test_evaluations_are_counted() -> None:
    calls: list[int] = []

    def loss(x: Any) -> float:
        calls.append(1)
        return float(np.sin(x).sum())

    found = check_gradients(loss, np.cos, np.linspace(0.5, 1, 10))
    assert found.evaluations == len(calls)
    assert found.evaluations <= 10 * 8 + 30


def test_assertion_carries_the_table() -> None:
    assert_gradients(square, lambda x: 2 * x, np.ones(2))
    with pytest.raises(AssertionError) as caught:
        assert_gradients(square, lambda x: np.array([2.0, -2.0]), np.ones(2), names="w")
    assert str(caught.value) == TABLE


def test_assertion_fails_where_nothing_was_decided() -> None:
    with pytest.raises(AssertionError, match="INCONCLUSIVE: there is nothing"):
        assert_gradients(square, [], [])


def test_kink_passes_the_assertion() -> None:
    assert_gradients(abs, 0.3, 0.0)


def test_no_line_of_the_report_is_wider_than_110_columns() -> None:
    rng = np.random.default_rng(1)
    x = {"a very long name of a layer of a network " * 2 + str(k): rng.normal(size=(7, 9)) for k in range(9)}
    found = check_gradients(
        lambda p: sum(np.sin(v).sum() for v in p.values()), {k: -np.cos(v) for k, v in x.items()}, x
    )
    lines = str(found).splitlines()
    assert found.verdict == "fail"
    assert max(map(len, lines)) <= 110
    assert len(lines) < 200
    assert str(found).isascii()


def test_interface_is_in_the_package() -> None:
    assert dlcli.GradientCheck is type(check_gradients(square, 2.0, 1.0))


TABLE = """
  entry   grad   finite difference +-   rel. error   verdict
  ----------------------------------------------------------
  w[0]     2     2 +- 2.9e-13           0            PASS
  w[1]    -2     2 +- 2.9e-13           1            FAIL
  w[1]: grad is -1 times the difference
FAIL: grad is wrong at 1 of 2 entries; f = 2, 148 evaluations of f."""
