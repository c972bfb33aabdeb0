"""Problems without numbers: at every random point the gradients are the lectures' formulas, put in by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcli
from dlcli.solving import check
from tests.conftest import Run
from tests.test_problems import FILES, PROBLEMS

Numbers = Mapping[str, Any]


def logistic(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax_slopes(at: Numbers) -> dict[str, Any]:
    """x_j (y_k - t_k) for t = (0, 1, 0)."""
    raised = np.exp(at["W"] @ at["x"] + at["b"])
    error = raised / raised.sum() - np.array([0, 1, 0])
    return {"W": np.outer(error, at["x"]), "b": error, "a": error}


def linear_slopes(at: Numbers) -> dict[str, Any]:
    """-2 sum_i delta_i x_ij."""
    return {"w": [-2 * sum((at["y"] - at["X"] @ at["w"]) * column) for column in at["X"].T]}


def logistic_slopes(at: Numbers) -> dict[str, Any]:
    """-2 sum_i delta_i p_i (1 - p_i) x_ij."""
    p = logistic(at["X"] @ at["w"])
    by_d = -2 * (at["y"] - p) * p * (1 - p)
    return {"w": [sum(by_d * column) for column in at["X"].T], "d": by_d}


SLOPES: dict[str, Callable[[Numbers], dict[str, Any]]] = {
    "derivations/sigmoid-slope.yaml": lambda at: {"x": logistic(at["x"]) * (1 - logistic(at["x"])), "u": 1},
    "derivations/softmax-gradient.yaml": softmax_slopes,
    "derivations/squared-loss-sigmoid.yaml": logistic_slopes,
    "derivations/squared-loss-update.yaml": linear_slopes,
    "derivations/tanh-from-sigmoid.yaml": lambda at: {
        "x": 2 / np.cosh(at["x"]) ** 2, "u": 1 / np.cosh(at["x"]) ** 2, "v": 1 / np.cosh(at["x"]) ** 2,
    },
}  # fmt: skip
# values that a file computes by the lecture's formula, and what of the solution they must be
CLAIMS: dict[str, tuple[str, Callable[[dlcli.Solution], Any]]] = {
    "derivations/sigmoid-slope.yaml": ("slope", lambda solution: gradients(solution)["x"]),
    "derivations/softmax-gradient.yaml": ("claim", lambda solution: gradients(solution)["W"]),
    "derivations/squared-loss-sigmoid.yaml": ("claim", lambda solution: solution.step and solution.step.weights["w"]),
    "derivations/squared-loss-update.yaml": ("claim", lambda solution: solution.step and solution.step.weights["w"]),
    "derivations/tanh-from-sigmoid.yaml": ("difference", lambda solution: 0),
}


def gradients(solution: dlcli.Solution) -> dict[str, Any]:
    return {tensor.name: tensor.backprop for tensor in solution.comparison.tensors}


def at_each_point(path: Path) -> list[tuple[Numbers, dlcli.Solution]]:
    """The numbers of each random point, and the solution there."""
    first = check(path)
    return [
        ({name: point.graph.values[point.graph.names[name]] for name in first.spec.symbols}, solution)
        for point in (first, *first.others)
        for solution in [dlcli.solving.solve_checked(point)]
    ]


def test_every_derivation_has_its_formula() -> None:
    assert set(SLOPES) == set(CLAIMS) == {file for file in FILES if file.startswith("derivations/")}


@pytest.mark.parametrize("file", sorted(SLOPES))
def test_gradients_are_the_lecture_s_formula_at_every_point(file: str) -> None:
    points = at_each_point(PROBLEMS / file)
    assert len(points) == 3
    for numbers, solution in points:
        assert solution.comparison.verdict == "pass"
        expected = SLOPES[file](numbers)
        assert gradients(solution).keys() == expected.keys()
        for name, slope in gradients(solution).items():
            np.testing.assert_allclose(slope, expected[name], rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("file", sorted(CLAIMS))
def test_claim_of_the_file_holds_at_every_point(file: str) -> None:
    name, found = CLAIMS[file]
    for _, solution in at_each_point(PROBLEMS / file):
        np.testing.assert_allclose(solution.values[name], found(solution), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("file", sorted(SLOPES))
def test_points_are_printed(file: str, run: Run) -> None:
    printed = run("solve", str(PROBLEMS / file)).stdout
    assert printed.count("PASS\n") >= 3
    for point in dlcli.solve(PROBLEMS / file).points:
        number = np.ravel(next(iter(point.numbers.values())))[0]
        assert f"{number:g}" in printed


def test_formulas_of_the_derivations_are_those_of_a_hand_derivation() -> None:
    def formula(file: str, name: str) -> str | None:
        tensors = dlcli.solve(PROBLEMS / f"derivations/{file}.yaml").comparison.tensors
        return {tensor.name: tensor.formula for tensor in tensors}[name]

    assert formula("sigmoid-slope", "x") == "delta_a*sigmoid'(x)"
    assert formula("softmax-gradient", "W") == "outer(delta_a, x)"
    assert formula("squared-loss-update", "w") == "X.T @ delta_s"
    assert dlcli.solve(PROBLEMS / "derivations/squared-loss-update.yaml").deltas == {"s": "-(2*(y - s))"}
    assert dlcli.solve(PROBLEMS / "derivations/squared-loss-sigmoid.yaml").expanded["w"] == (
        "X.T @ -(2*(y - sigmoid(X @ w))*sigmoid'(X @ w))"
    )
