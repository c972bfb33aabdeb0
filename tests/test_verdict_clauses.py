"""Each clause of the adjudication rule, on cases built to break it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli.comparison import Comparison, TensorCheck
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.solving import solve
from tests.verdict_networks import NET, compared, graph_of


def only(tmp_path: Path, text: str) -> TensorCheck:
    """The check of a homework's single quantity, with all digits that it takes."""
    path = tmp_path / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    (tensor,) = solve(path).comparison.tensors
    return tensor


# weights, loss; right and no kink, though each defeats a witness or a plain comparison
HARD = (
    ("0", "w**1.5"),
    ("[0, 1, 4]", "sum(w**1.5)"),
    ("[1.0e-300, 1.0e-12, 1]", "sum(sqrt(w))"),
    ("[1.0e-300, 1.0e-12, 1]", "sum(log(w))"),
    ("[1.0e-12, 1]", "sum(w*log(w))"),
    ("[1, 1.0000001, 0.9999995]", "sum(softmax(w, temperature=1e-6)*[1, 2, 3])"),
    ("[700, 0, -5]", "kl_divergence(softmax(w), [0.2, 0.3, 0.5])"),
    ("[700, 0, -5]", "-log(softmax(w)[1])"),
    ("[800, 0, -5]", "-log(softmax(w)[1])"),
    ("[30, 0, -5]", "-log(softmax(w)[0])"),
    ("[1.0e-170, 2.0e-160]", "sum(w**2)"),
    ("[1.0e+150, 2.0e+140]", "sum(w**2)"),
    ("[0.1, 0.2, 0.3]", "(w[0] + w[1] - w[2])**3"),
    ("[1.0e+8, 1]", "(w[0] + w[1]) - w[0]"),
    ("0.0001", "(exp(w) - 1 - w)/w**2"),
    ("[2, 2, 2]", "sum((w - mean(w))/sqrt(var(w) + 1e-12)*[1, 2, 3])"),
    ("[0, 0, 2]", "prod(w)"),
    ("0", "relu(w)**2"),
    ("[0, 1]", "sum(elu(w))"),
    ("[3.0e+5, 1.0e-6]", "sum(tanh(w)*w)"),
)


@pytest.mark.parametrize(("weights", "loss"), HARD)
def test_hard_but_right_gradient_passes(weights: str, loss: str, tmp_path: Path) -> None:
    assert only(tmp_path, f"weights: {{w: {weights}}}\nloss: '{loss}'\n").verdict == "pass"


@pytest.mark.parametrize("distance", [1e-13, -1e-13, 1e-14])
def test_a_kink_nearer_than_every_step_is_no_kink_and_no_jump(distance: float, tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text(f"weights: {{w: 1, b: {distance - 1!r}}}\nloss: relu(w + b) + w\n", encoding="utf-8")
    comparison = solve(path).comparison
    assert comparison.verdict == "pass"
    for tensor in comparison.tensors:
        assert "every step of 1 entry crosses a kink that is not at the point" in tensor.notes[0]


def test_slopes_of_a_kink_are_never_printed_as_minus_zero(tmp_path: Path) -> None:
    tensor = only(tmp_path, "weights: {w: 0}\nloss: 5*relu(w)\n")
    assert tensor.reasons[()].endswith("(slope 0 on the left, 5 on the right)")


# weights, loss, the reason
UNDECIDED = (
    ("[800, 0, -5]", "kl_divergence(softmax(w), [0.2, 0.3, 0.5])", "the loss is not finite here"),
    ("[1.0e+170, 1]", "sum(w**2)", "the loss is not finite here"),
    ("[0, 1]", "sum(sqrt(w))", "the slope is infinite here, as declared"),
    ("0", "sqrt(w)**3", "no witness could look at this entry"),
    ("0", "w + heaviside(w)", "the loss jumps here: differences grow as 1/h"),
)


@pytest.mark.parametrize(("weights", "loss", "reason"), UNDECIDED)
def test_what_cannot_be_decided_says_why(weights: str, loss: str, reason: str, tmp_path: Path) -> None:
    tensor = only(tmp_path, f"weights: {{w: {weights}}}\nloss: '{loss}'\n")
    assert tensor.verdict == "inconclusive"
    assert reason in tensor.reasons.values()


def with_forward(graph: Graph, name: str, change: object) -> Graph:
    """The graph with another forward formula for the operation of this name."""
    nodes = tuple(
        replace(node, operation=replace(node.operation, forward=change))
        if node.operation is not None and node.operation.name == name
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def test_a_loss_that_is_drawn_anew_at_every_evaluation_is_inconclusive(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noisy = with_forward(graph_of(tmp_path, NET), "tanh", lambda x: np.tanh(x) + 1e-7 * rng.normal(size=x.shape))
    found = compared(noisy)
    assert found.count("inconclusive") == found.entries
    assert {reason for t in found.tensors for reason in t.reasons.values()} == {"two evaluations of the loss differ"}


def test_noise_that_repeats_widens_the_error_bar_and_changes_no_verdict(tmp_path: Path) -> None:
    """A forward pass that keeps 36 bits: far from smooth, the same at every evaluation."""
    graph = graph_of(tmp_path, NET)

    def rounded(x: Array) -> Array:
        return np.tanh(x) if np.iscomplexobj(x) else np.round(np.tanh(x) * 2**36) / 2**36

    exact, coarse = compared(graph), compared(with_forward(graph, "tanh", rounded))
    assert coarse.verdict == "pass"
    for before, after in zip(exact.tensors, coarse.tensors, strict=True):
        if before.name in ("W_h", "b_h"):
            assert before.error_bar is not None
            assert after.error_bar is not None
            assert np.all(after.error_bar > 100 * before.error_bar)
            assert np.all(np.abs(after.finite_difference - before.backprop) <= after.error_bar)


def test_a_loss_rounded_down_to_steps_is_inconclusive_at_a_step(tmp_path: Path) -> None:
    """floor by its sides: the loss jumps where w is whole."""
    text = "weights: {w: 2}\nloss: w + where(w >= 2, 2, 1)\n"
    tensor = only(tmp_path, text)
    assert tensor.reasons == {(): "the loss jumps here: differences grow as 1/h"}


def test_no_quantity_and_no_entry_is_never_a_pass(tmp_path: Path) -> None:
    assert compared(replace(graph_of(tmp_path, NET), wrt=())).verdict == "inconclusive"
    assert Comparison(()).verdict == "inconclusive"


def test_what_meets_at_a_point_with_several_kinks_is_accepted_only_within_its_sides(tmp_path: Path) -> None:
    """relu(w) + relu(2 w) + relu(-4 w) at 0: slopes by sides from -4 to 3, one-sided slopes -4 and 3."""
    graph = graph_of(tmp_path, "weights: {w: 0}\nloss: relu(w) + relu(2*w) + relu(-4*w) - relu(-w)\n")
    verdicts = {a: compared(graph, {"w": np.array(a)}).verdict for a in (-4.0, -3.5, 0.0, 2.5, 4.0, -4.1, 4.1)}
    assert verdicts == {-4.0: "kink", -3.5: "kink", 0.0: "kink", 2.5: "kink", 4.0: "kink", -4.1: "fail", 4.1: "fail"}
