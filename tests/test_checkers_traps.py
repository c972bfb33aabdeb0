"""Gradients that well-known checkers judge wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli.engines.evaluation import forward
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from tests.verdict_networks import compared, graph_of


def elementwise(tmp_path: Path, size: int, loss: str) -> tuple[Graph, Array]:
    """loss of x with `size` entries, and x."""
    x = np.random.default_rng(4).uniform(-2, 2, size)
    np.savez(tmp_path / "data.npz", x=x)
    return graph_of(tmp_path, f"inputs: {{x: {{file: data.npz, key: x}}}}\nwrt: [x]\nloss: '{loss}'\n"), x


@pytest.mark.parametrize("size", [1000, 20_000])
def test_a_sign_flip_fails_however_many_entries_there_are(size: int, tmp_path: Path) -> None:
    """jax.test_util.check_grads in its default precision multiplies its tolerance by the size, and passes this."""
    graph, x = elementwise(tmp_path, size, "sum(sin(x))")
    assert compared(graph, {"x": np.cos(x)}).count("pass") == size
    assert compared(graph, {"x": -np.cos(x)}).count("fail") == size


def test_a_gradient_of_zeros_fails_at_a_hundred_thousand_entries(tmp_path: Path) -> None:
    """torch.autograd.gradcheck in its fast mode passes this."""
    graph, x = elementwise(tmp_path, 100_000, "sum(sin(x))")
    assert compared(graph, {"x": np.zeros_like(x)}).count("fail") == 100_000


@pytest.mark.parametrize(("loss", "size"), [("1e-6*sum(tanh(x))", 20), ("1e-7*mean(tanh(x))", 20)])
def test_a_sign_flip_of_a_tiny_gradient_fails(loss: str, size: int, tmp_path: Path) -> None:
    """The slow mode of torch.autograd.gradcheck (atol 1e-5) passes the first, autograd's check_grads the second."""
    graph, x = elementwise(tmp_path, size, loss)
    slope = (1 - np.tanh(x) ** 2) * (1e-6 if "sum" in loss else 1e-7 / size)
    assert compared(graph, {"x": slope}).count("pass") == size
    assert compared(graph, {"x": -slope}).count("fail") == size


def notebook_net(tmp_path: Path) -> tuple[Graph, dict[str, Array]]:
    """The 4-5-3-1 net that many course notebooks check against a threshold of 1e-7, and its gradient by hand."""
    draws = np.random.RandomState(1)
    x = draws.randn(4, 3)
    y = np.array([[1, 1, 0]])
    w1, b1, w2, b2, w3, b3 = (draws.randn(*s) for s in ((5, 4), (5, 1), (3, 5), (3, 1), (1, 3), (1, 1)))
    text = (
        f"inputs: {{x: {x.T.tolist()}}}\ntargets: {{y: {y.T.tolist()}}}\nnetwork:\n"
        f"  - dense: {{name: a1, weights: {w1.tolist()}, bias: {b1.ravel().tolist()}, activation: relu}}\n"
        f"  - dense: {{name: a2, weights: {w2.tolist()}, bias: {b2.ravel().tolist()}, activation: relu}}\n"
        f"  - dense: {{name: a3, weights: {w3.tolist()}, bias: {b3.ravel().tolist()}, activation: sigmoid}}\n"
        "loss: bce\n"
    )
    z1 = w1 @ x + b1
    a1 = np.maximum(z1, 0)
    z2 = w2 @ a1 + b2
    a2 = np.maximum(z2, 0)
    d3 = (1 / (1 + np.exp(-(w3 @ a2 + b3))) - y) / 3
    d2 = w3.T @ d3 * (z2 > 0)
    d1 = w2.T @ d2 * (z1 > 0)
    gradients = {"W_a1": d1 @ x.T, "W_a2": d2 @ a1.T, "W_a3": d3 @ a2.T}
    gradients |= {"b_a1": d1.sum(axis=1), "b_a2": d2.sum(axis=1), "b_a3": d3.sum(axis=1)}
    return graph_of(tmp_path, text), gradients


def relative_error_of_the_notebook(graph: Graph, gradients: Mapping[str, Array]) -> float:
    """norm(g - d)/(norm(g) + norm(d)) with d the difference quotients of one step of 1e-7."""
    quotients = []
    for name, gradient in gradients.items():
        number = graph.names[name]
        for entry in np.ndindex(gradient.shape):
            losses = []
            for sign in (1, -1):
                moved = np.array(graph.values[number])
                moved[entry] += sign * 1e-7
                values = forward(replace(graph, values={**graph.values, number: moved}))
                losses.append(float(values[graph.loss or 0]))
            quotients.append((losses[0] - losses[1]) / 2e-7)
    g, d = np.concatenate([g.ravel() for g in gradients.values()]), np.array(quotients)
    return float(np.linalg.norm(g - d) / (np.linalg.norm(g) + np.linalg.norm(d)))


def test_the_right_notebook_net_passes_though_its_customary_error_is_above_the_customary_threshold(
    tmp_path: Path,
) -> None:
    graph, gradients = notebook_net(tmp_path)
    assert relative_error_of_the_notebook(graph, gradients) == pytest.approx(1.19e-7, rel=0.02)
    assert compared(graph, gradients).verdict == "pass"
    wrong = gradients | {"W_a2": gradients["W_a2"] * (1 + 1e-5)}
    assert compared(graph, wrong).verdict == "fail"
