"""Forward and backward of layers and of whole networks beside torch in float64, at equal threads.

Before it is timed, each gradient is compared with torch's: a layer that computes something else is no peer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlcli.engines.evaluation import forward
from dlcli.engines.reverse import sweep
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.solving import check
from tests.benchmarks.measurement import both_passes, ratio

torch = pytest.importorskip("torch")
functional = torch.nn.functional
LIMIT = 3.0  # times torch's float64, to reach

Tensors = Mapping[str, Any]
Loss = Callable[[Tensors], Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """A formula for z over quantities of these shapes, z's own shape, and z by torch. The loss of both is sum(z*t)."""

    shapes: Mapping[str, Shape]
    formula: str
    result: Shape
    peer: Callable[[Tensors], Any]


def lstm_by_torch(t: Tensors) -> Any:
    return torch.stack(torch.lstm_cell(t["x"], (t["h"], t["c"]), t["W"], t["U"], t["b"], torch.zeros_like(t["b"])))


def gru_by_torch(t: Tensors) -> Any:
    return torch.gru_cell(t["x"], t["h"], t["W"], t["U"], t["b"], t["b2"])


LAYERS = {
    "conv2d 3x3, 8 to 16 maps of 28x28, batch 32": Layer(
        {"x": (32, 8, 28, 28), "w": (16, 8, 3, 3), "b": (16,)},
        "conv2d(x, w, b, padding=1)",
        (32, 16, 28, 28),
        lambda t: functional.conv2d(t["x"], t["w"], t["b"], padding=1),
    ),
    "conv2d 3x3, 1 to 8 maps of 28x28, batch 32": Layer(
        {"x": (32, 1, 28, 28), "w": (8, 1, 3, 3), "b": (8,)},
        "conv2d(x, w, b, padding=1)",
        (32, 8, 28, 28),
        lambda t: functional.conv2d(t["x"], t["w"], t["b"], padding=1),
    ),
    "conv2d 5x5 by strides of 2, 8 to 16 maps of 28x28, batch 32": Layer(
        {"x": (32, 8, 28, 28), "w": (16, 8, 5, 5), "b": (16,)},
        "conv2d(x, w, b, padding=2, stride=2)",
        (32, 16, 14, 14),
        lambda t: functional.conv2d(t["x"], t["w"], t["b"], padding=2, stride=2),
    ),
    "conv1d of 5, 8 to 16 maps of 100, batch 32": Layer(
        {"x": (32, 8, 100), "w": (16, 8, 5), "b": (16,)},
        "conv1d(x, w, b)",
        (32, 16, 96),
        lambda t: functional.conv1d(t["x"], t["w"], t["b"]),
    ),
    "maxpool2d of 2x2, 8 maps of 28x28, batch 32": Layer(
        {"x": (32, 8, 28, 28)}, "maxpool2d(x, size=2)", (32, 8, 14, 14), lambda t: functional.max_pool2d(t["x"], 2)
    ),
    "maxpool2d of 3x3 by strides of 2, 8 maps of 28x28, batch 32": Layer(
        {"x": (32, 8, 28, 28)},
        "maxpool2d(x, size=3, stride=2)",
        (32, 8, 13, 13),
        lambda t: functional.max_pool2d(t["x"], 3, 2),
    ),
    "avgpool2d of 2x2, 8 maps of 28x28, batch 32": Layer(
        {"x": (32, 8, 28, 28)}, "avgpool2d(x, size=2)", (32, 8, 14, 14), lambda t: functional.avg_pool2d(t["x"], 2)
    ),
    "lstm_cell, 64 to 128 units, batch 32": Layer(
        {"x": (32, 64), "h": (32, 128), "c": (32, 128), "W": (512, 64), "U": (512, 128), "b": (512,)},
        "stack([h1, c1])",
        (2, 32, 128),
        lstm_by_torch,
    ),
    "gru_cell in torch's form, 64 to 128 units, batch 32": Layer(
        {"x": (32, 64), "h": (32, 128), "W": (384, 64), "U": (384, 128), "b": (384,), "b2": (384,)},
        'gru_cell(x, h, W, U, b, b2, variant="pytorch")',
        (32, 128),
        gru_by_torch,
    ),
    "attention, 32 x 64 queries and keys of 32": Layer(
        {"q": (32, 64, 32), "k": (32, 64, 32), "v": (32, 64, 32)},
        "attention(q, k, v)",
        (32, 64, 32),
        lambda t: functional.scaled_dot_product_attention(t["q"], t["k"], t["v"]),
    ),
    "batchnorm of 8 maps of 28x28, batch 32": Layer(
        {"x": (32, 8, 28, 28), "gamma": (8,), "beta": (8,)},
        "batchnorm(x, gamma, beta)",
        (32, 8, 28, 28),
        lambda t: functional.batch_norm(t["x"], None, None, t["gamma"], t["beta"], training=True),
    ),
    "layernorm of 128, batch 256": Layer(
        {"x": (256, 128), "gamma": (128,), "beta": (128,)},
        "layernorm(x, gamma, beta)",
        (256, 128),
        lambda t: functional.layer_norm(t["x"], (128,), t["gamma"], t["beta"]),
    ),
}

CONVOLUTIONAL = """\
inputs: {x: {file: data.npz, key: x}}
targets: {y: {file: data.npz, key: y}}
network:
  - conv2d: {units: 8, size: 3, padding: 1, activation: relu, init: he_normal, seed: 1}
  - maxpool2d: {size: 2}
  - conv2d: {units: 16, size: 3, padding: 1, activation: relu, init: he_normal, seed: 2}
  - maxpool2d: {size: 2}
  - flatten
  - dense: {units: 10, init: he_normal, seed: 3}
loss: softmax_cross_entropy
"""

RECURRENT = """\
inputs: {x: {file: data.npz, key: x}}
targets: {y: {file: data.npz, key: y}}
network:
  - lstm: {units: 32, seed: 1}
  - dense: {units: 10, init: he_normal, seed: 2}
loss: softmax_cross_entropy
"""


def convolutional_by_torch(t: Tensors) -> Any:
    a = functional.max_pool2d(torch.relu(functional.conv2d(t["x"], t["W1"], t["b1"], padding=1)), 2)
    a = functional.max_pool2d(torch.relu(functional.conv2d(a, t["W2"], t["b2"], padding=1)), 2)
    return functional.cross_entropy(functional.linear(a.flatten(1), t["W3"], t["b3"]), t["y"].long())


def recurrent_by_torch(t: Tensors) -> Any:
    zeros = torch.zeros(1, t["x"].shape[0], t["U1"].shape[1], dtype=torch.float64)
    weights = [t["W1"], t["U1"], t["b1"], torch.zeros_like(t["b1"])]
    last = torch.lstm(t["x"], (zeros, zeros), weights, True, 1, 0.0, False, False, True)[1][0]
    return functional.cross_entropy(functional.linear(last, t["W2"], t["b2"]), t["y"].long())


NETWORKS = {
    "convolutional net, 1x28x28, batch 32": (CONVOLUTIONAL, (32, 1, 28, 28), convolutional_by_torch),
    "LSTM of 50 steps, 32 units, batch 8": (RECURRENT, (8, 50, 16), recurrent_by_torch),
}


def layer_graph(layer: Layer, folder: Path) -> Graph:
    """The layer as a homework, differentiated by every quantity."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal(shape) for name, shape in layer.shapes.items()}
    np.savez(folder / "data.npz", t=rng.standard_normal(layer.result), **arrays)
    weights = "".join(f"  {name}: {{file: data.npz, key: {name}}}\n" for name in layer.shapes)
    cell = "  - h1, c1 = lstm_cell(x, h, c, W, U, b)\n" if "c" in layer.shapes else ""
    text = f"weights:\n{weights}targets: {{t: {{file: data.npz, key: t}}}}\nnetwork:\n{cell}"
    text += f"  - z = {layer.formula}\nloss: sum(z*t)\n"
    (folder / "layer.yaml").write_text(text, encoding="utf-8")
    return fuse(check(folder / "layer.yaml").graph)


def network_graph(text: str, shape: Shape, folder: Path) -> Graph:
    rng = np.random.default_rng(0)
    np.savez(folder / "data.npz", x=rng.standard_normal(shape), y=rng.integers(0, 10, shape[0]))
    (folder / "net.yaml").write_text(text, encoding="utf-8")
    return fuse(check(folder / "net.yaml").graph)


def compared(name: str, graph: Graph, loss: Loss, threads: int) -> float:
    """Our forward and backward pass in torch's, after both have given the same gradients."""
    torch.set_num_threads(threads)
    tensors = {
        name: torch.tensor(np.array(graph.values[number]), requires_grad=name in graph.wrt)
        for name, number in graph.names.items()
        if number in graph.values
    }
    moved = [tensors[name] for name in graph.wrt]
    ours = sweep(graph, forward(graph), [graph.names[name] for name in graph.wrt])
    theirs = torch.autograd.grad(loss(tensors), moved)
    for quantity, theirs_by_name in zip(graph.wrt, theirs, strict=True):
        expected = theirs_by_name.numpy()
        scale = float(np.abs(expected).max())
        np.testing.assert_allclose(
            ours[graph.names[quantity]], expected, rtol=0, atol=1e-11 * scale, err_msg=f"{name}, {quantity}"
        )
    return ratio(both_passes(graph), lambda: torch.autograd.grad(loss(tensors), moved), rounds=12)


@pytest.mark.parametrize("name", LAYERS)
def test_layer_is_within_three_times_torch(name: str, tmp_path: Path, record, threads: int) -> None:
    layer = LAYERS[name]
    found = compared(name, layer_graph(layer, tmp_path), lambda t: (layer.peer(t) * t["t"]).sum(), threads)
    record(f"{name}, {threads} thread(s) / torch", found, LIMIT)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_is_within_three_times_torch(name: str, tmp_path: Path, record, threads: int) -> None:
    text, shape, loss = NETWORKS[name]
    found = compared(name, network_graph(text, shape, tmp_path), loss, threads)
    record(f"{name}, {threads} thread(s) / torch", found, LIMIT)
