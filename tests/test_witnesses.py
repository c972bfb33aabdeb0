"""The four witnesses against each other: each planted mistake is caught, and the report names who is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli.engines.evaluation import forward
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Elementwise, Operation
from dlcli.solution import Solution
from dlcli.solving import Checked, check, solve, solve_checked

NETWORK = """\
inputs: {x: [0.5, -1.2, 0.8]}
targets: {t: [0.3, -0.4]}
network:
  - dense: {name: h, weights: [[0.2, -0.4, 0.1], [0.7, 0.3, -0.6]], bias: [0.1, -0.2], activation: tanh}
  - dense: {name: o, weights: [[0.5, -0.3], [0.4, 0.9]], bias: [0.05, 0.02]}
loss: half_squared_error
"""


def solve_with(tmp_path: Path, text: str, change: Callable[[Operation], Operation], name: str) -> Solution:
    """The solution of a homework in which one operation is replaced by a changed one."""
    path = tmp_path / "network.yaml"
    path.write_text(text, encoding="utf-8")
    checked = check(path)
    nodes = tuple(
        replace(node, operation=change(node.operation)) if node.operation and node.operation.name == name else node
        for node in checked.graph.nodes
    )
    graph: Graph = replace(checked.graph, nodes=nodes)
    return solve_checked(Checked(checked.spec, graph, (), tuple(forward(fuse(graph))), checked.lowered))


def test_right_network_passes_by_four_witnesses(tmp_path: Path) -> None:
    solution = solve_with(tmp_path, NETWORK, lambda operation: operation, "tanh")
    assert solution.verdict == "pass"
    assert solution.comparison.disputed == ()
    for tensor in solution.comparison.tensors:
        for witness in (tensor.symbolic, tensor.complex_step, tensor.finite_difference):
            assert witness is not None
            np.testing.assert_allclose(witness, tensor.backprop, rtol=1e-9, atol=1e-13)


def test_planted_wrong_vjp_fails_and_backprop_is_named(tmp_path: Path) -> None:
    def wrong(tanh: Operation) -> Operation:
        return replace(tanh, vjp=(lambda g, y, x: 1.0005 * tanh.vjp[0](g, y, x),))

    solution = solve_with(tmp_path, NETWORK, wrong, "tanh")
    assert solution.verdict == "fail"
    wrong_tensors = {t.name: t for t in solution.comparison.tensors if t.verdict == "fail"}
    assert set(wrong_tensors) == {"W_h", "b_h"}
    for tensor in wrong_tensors.values():
        assert set(tensor.reasons.values()) == {"backprop is the odd one out: the other witnesses agree"}


def test_planted_wrong_definition_is_inconclusive_and_symbolic_is_named(tmp_path: Path) -> None:
    def wrong(tanh: Operation) -> Operation:
        return replace(tanh, definition=Elementwise(lambda sp, x: sp.tanh(x) + x / 1000))

    solution = solve_with(tmp_path, NETWORK, wrong, "tanh")
    assert solution.verdict == "inconclusive"
    tensor = next(t for t in solution.comparison.tensors if t.name == "W_h")
    assert set(tensor.reasons.values()) == {"symbolic is the odd one out: the other witnesses agree"}
    assert "tanh disagrees with its definition at h" in solution.comparison.disputed[0]


def test_planted_wrong_forward_is_inconclusive_and_the_operation_is_named(tmp_path: Path) -> None:
    def wrong(tanh: Operation) -> Operation:
        return replace(tanh, forward=lambda x: np.tanh(x) + 0.001 * x)

    solution = solve_with(tmp_path, NETWORK, wrong, "tanh")
    assert solution.verdict == "inconclusive"
    tensor = next(t for t in solution.comparison.tensors if t.name == "W_h")
    assert all("forward" in reason or "disagree" in reason for reason in tensor.reasons.values())
    assert "tanh disagrees with its definition at h" in solution.comparison.disputed[0]


def test_operation_that_is_not_complex_safe_is_left_out_of_the_complex_step(tmp_path: Path) -> None:
    solution = solve_with(tmp_path, NETWORK, lambda tanh: replace(tanh, complex_safe=False), "tanh")
    tensor = next(t for t in solution.comparison.tensors if t.name == "W_h")
    assert tensor.complex_step is None
    assert "tanh" not in tensor.methods["symbolic"]
    assert tensor.methods["complex_step"] == "left out: h has no complex form"
    assert solution.verdict == "pass"


def test_operation_wrongly_declared_complex_safe_is_named(tmp_path: Path) -> None:
    def wrong(tanh: Operation) -> Operation:
        return replace(tanh, forward=lambda x: np.tanh(x.real) if np.iscomplexobj(x) else np.tanh(x))

    solution = solve_with(tmp_path, NETWORK, wrong, "tanh")
    tensor = next(t for t in solution.comparison.tensors if t.name == "W_h")
    assert tensor.verdict == "inconclusive"
    assert set(tensor.reasons.values()) == {"complex step is the odd one out: the other witnesses agree"}


@pytest.mark.parametrize("scale", ["1e-12", "1e12"])
def test_verdicts_do_not_depend_on_the_unit_of_the_loss(tmp_path: Path, scale: str) -> None:
    path = tmp_path / "scaled.yaml"
    text = NETWORK.replace("loss: half_squared_error", f"loss: {scale}*half_squared_error(o, t)")
    path.write_text(text, encoding="utf-8")
    assert solve(path).verdict == "pass"


def test_empty_wrt_is_never_a_pass(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("constants: {c: 2}\nnetwork: [q = c*3]\nloss: q\n", encoding="utf-8")
    assert solve(path).verdict == "inconclusive"


def test_perfect_fit_is_no_false_alarm(tmp_path: Path) -> None:
    """0.1 + 0.2 - 0.3 is 5.6e-17 in float64 and 2.8e-17 exactly: rounding, not a mistake."""
    path = tmp_path / "fit.yaml"
    path.write_text("weights: {a: 0.1, b: 0.2}\ntargets: {t: 0.3}\nnetwork: [s = a + b]\nloss: (s - t)**2\n")
    assert solve(path).verdict == "pass"


def test_saturated_output_is_no_false_alarm(tmp_path: Path) -> None:
    path = tmp_path / "gap.yaml"
    path.write_text(
        "weights: {z: [30, 0, -5]}\ntargets: {y: 0}\nloss: cross_entropy(softmax(z), y)\n", encoding="utf-8"
    )
    solution = solve(path)
    assert solution.verdict == "pass"
    assert solution.loss == pytest.approx(9.357622968840175e-14 + 6.3e-16, rel=1e-2)
