"""The slope at a kink is the one that the conventions declare, and the check calls such a point a kink."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Run

Solved = Callable[[str], dict[str, Any]]

# loss in x (and y), x, gradient, verdicts
AT_A_KINK: list[tuple[str, Any, Any, Any]] = [
    ("relu(x)", 0, 0, "kink"),
    ("relu(x[0]) + relu(x[1]) + relu(x[2])", [-1, 0, 1], [0, 0, 1], ["pass", "kink", "pass"]),
    ("leaky_relu(x)", 0, 0.01, "kink"),
    ("leaky_relu(x, slope=0.1)", 0, 0.1, "kink"),
    ("abs(x)", 0, 0, "kink"),
    ("norm(x)", [0, 0], [0, 0], ["kink", "kink"]),
    ("std(x)", [3, 3], [0, 0], ["kink", "kink"]),
    ("clip(x, -1, 1)", 1, 1, "kink"),
    ("clip(x, -1, 1)", -1, 1, "kink"),
    ("maximum(x[0], x[1])", [2, 2], [1, 0], ["kink", "kink"]),
    ("minimum(x[0], x[1])", [2, 2], [1, 0], ["kink", "kink"]),
    ("max(x[0], x[1])", [2, 2], [1, 0], ["kink", "kink"]),
    ("max(x)", [1, 2, 2], [0, 1, 0], ["pass", "kink", "kink"]),
    ("min(x)", [2, 1, 1], [0, 1, 0], ["pass", "kink", "kink"]),
    ("l1(x)", [0, -2], [0, -1], ["kink", "pass"]),
    ("mae(x, 3)", 3, 0, "kink"),
    ("hinge(x, 1)", 1, 0, "kink"),
    ("hinge(x, -1)", -1, 0, "kink"),
    ("multiclass_hinge(x, 0)", [2, 1, 5], [-1, 0, 1], ["kink", "kink", "pass"]),
    ("relu(x) - relu(-x)", 0, 0, "kink"),
]


def homework(loss: str, x: Any) -> str:
    return f"inputs: {{x: {x}}}\nnetwork: ['f = {loss}']\nloss: f\n"


@pytest.mark.parametrize(
    ("loss", "x", "slope", "verdicts"), [pytest.param(*row, id=f"{row[0]} at {row[1]}") for row in AT_A_KINK]
)
def test_slope_at_a_kink_is_the_declared_one(solved: Solved, loss: str, x: Any, slope: Any, verdicts: Any) -> None:
    found = solved(homework(loss, x))
    gradient = found["gradients"]["x"]
    assert gradient["backprop"] == slope
    assert gradient["symbolic"] == slope
    assert gradient.get("verdicts", gradient["verdict"]) == verdicts
    assert found["verdict"] == "kink"


def test_kinks_are_accepted_by_the_exit_code(run: Run) -> None:
    assert run("solve", "-", input=homework("abs(x)", 0)).exit_code == 0


@pytest.mark.parametrize(("x", "slope"), [(1e-3, 1), (-1e-3, 0)])
def test_a_point_beside_a_kink_is_none(solved: Solved, x: float, slope: float) -> None:
    found = solved(homework("relu(x)", x))
    assert (found["gradients"]["x"]["backprop"], found["verdict"]) == (slope, "pass")


def test_sign_at_0_has_slope_0_and_is_never_a_fail(run: Run) -> None:
    found = json.loads(run("solve", "-", "--format", "json", input=homework("sign(x)", 0)).stdout)
    assert found["gradients"]["x"]["backprop"] == 0
    assert found["verdict"] in ("kink", "inconclusive")


def test_sqrt_at_0_has_the_infinite_slope_it_declares(run: Run) -> None:
    found = json.loads(run("solve", "-", "--format", "json", input=homework("sqrt(x)", 0)).stdout)
    assert found["gradients"]["x"]["backprop"] == "inf"
    assert found["verdict"] != "fail"


def test_huber_is_smooth_where_its_two_pieces_meet(solved: Solved) -> None:
    found = solved(homework("huber(x, 0)", 1))
    assert found["gradients"]["x"]["backprop"] == 1
    assert found["verdict"] in ("pass", "kink")


def test_maximum_of_a_quantity_with_itself_gives_the_whole_slope_once(solved: Solved) -> None:
    assert solved(homework("maximum(3*x, 3*x)", 2))["gradients"]["x"]["backprop"] == 3
