"""Homework with quantities that have no numbers: formulas, checked at random points that are printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dlcli

NEURON = """\
inputs: [x, t]
weights: {w: , b: }
network:
  - z = w*x + b
  - y = sigmoid(z)
loss: half_squared_error(y, t)
"""
SOFTMAX = """\
inputs: {x: {shape: [3]}}
weights: {W: {shape: [2, 3]}}
targets: {y: [0, 1]}
network: [a = W @ x]
loss: softmax_cross_entropy(a, y)
"""


def solve(tmp_path: Path, text: str) -> dlcli.Solution:
    path = tmp_path / "symbols.yaml"
    path.write_text(text, encoding="utf-8")
    return dlcli.solve(path)


def test_update_rule_with_the_sigmoid_is_derived_and_holds_at_three_points(tmp_path: Path) -> None:
    solution = solve(tmp_path, NEURON)
    assert solution.verdict == "pass"
    assert [point.verdict for point in solution.points] == ["pass"] * 3
    assert solution.expanded["w"] == "(sigmoid(w*x + b) - t)*sigmoid'(w*x + b)*x"
    for tensor, factor in zip(solution.comparison.tensors, ("x", None), strict=True):
        at = {name: float(value) for name, value in solution.points[0].numbers.items()}
        y = 1 / (1 + np.exp(-at["w"] * at["x"] - at["b"]))
        slope = (y - at["t"]) * y * (1 - y) * (at["x"] if factor else 1)
        assert float(tensor.backprop) == pytest.approx(slope, rel=1e-12)


def test_points_differ_and_are_the_same_on_every_run(tmp_path: Path) -> None:
    first, second = solve(tmp_path, NEURON).points, solve(tmp_path, NEURON).points
    numbers = [float(point.numbers["x"]) for point in first]
    assert numbers == [float(point.numbers["x"]) for point in second]
    assert len(set(numbers)) == 3


def test_softmax_with_cross_entropy_has_the_slope_of_the_slides(tmp_path: Path) -> None:
    """dL/dw_kj = x_j (y_k - t_k)."""
    solution = solve(tmp_path, SOFTMAX)
    numbers = solution.points[0].numbers
    a = numbers["W"] @ numbers["x"]
    y = np.exp(a) / np.exp(a).sum()
    expected = np.outer(y - np.array([0.0, 1.0]), numbers["x"])
    np.testing.assert_allclose(solution.comparison.tensors[0].backprop, expected, rtol=1e-12)


def test_identity_of_tanh_and_sigmoid_is_zero_at_every_point(tmp_path: Path) -> None:
    solution = solve(tmp_path, "inputs: [x]\nnetwork: [d = tanh(x) - (2*sigmoid(2*x) - 1)]\nloss: d\n")
    assert abs(solution.loss or 0) < 1e-15
    assert solution.verdict == "pass"


def test_points_stay_inside_the_domain(tmp_path: Path) -> None:
    solution = solve(tmp_path, "inputs: [p]\nnetwork: [q = log(p) + sqrt(1.2 - p)]\nloss: q\n")
    assert all(0 < float(point.numbers["p"]) < 1.2 for point in solution.points)


def test_domain_that_no_point_meets_is_told(tmp_path: Path) -> None:
    with pytest.raises(dlcli.HomeworkError, match="E310: log is undefined here"):
        solve(tmp_path, "inputs: [p]\nnetwork: [q = log(-p*p)]\nloss: q\n")


def test_report_prints_the_points(tmp_path: Path, run) -> None:
    path = tmp_path / "symbols.yaml"
    path.write_text(NEURON, encoding="utf-8")
    printed = run("solve", str(path)).stdout
    assert "Random points (the numbers below are those of the first)\n  x = " in printed
    assert printed.count("PASS\n") >= 3
    assert printed.endswith("agree by 4 ways, at 3 random points; all exercised.\n")
    document = run("solve", str(path), "--format", "json").stdout
    assert document.count('"verdict": "pass"') >= 4
