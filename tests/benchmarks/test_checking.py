"""What a gradient check costs: complex steps, ladders and stacked copies beside a backward pass and torch's check.

Each figure is a ratio of two times of one run, the fastest of several rounds. Take OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dlcli import adjudication
from dlcli.engines.complex_step import complex_step
from dlcli.engines.direction import slope_along
from dlcli.engines.evaluation import forward
from dlcli.engines.finite_difference import finite_differences
from dlcli.engines.reverse import between, sweep
from dlcli.engines.rounding import rounding_effect
from dlcli.engines.stencil import stencil
from dlcli.engines.symbolic import symbolic
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.solving import check


def network(folder: Path, sizes: tuple[int, ...], batch: int, activation: str) -> Graph:
    """A dense network with a softmax cross-entropy, differentiated by its weights and biases."""
    rng = np.random.default_rng(0)
    np.savez(folder / "data.npz", x=rng.standard_normal((batch, sizes[0])), y=rng.integers(0, sizes[-1], batch))
    layers = [f"  - dense: {{units: {n}, activation: {activation}, init: he_normal, seed: {n}}}" for n in sizes[1:-1]]
    layers.append(f"  - dense: {{units: {sizes[-1]}, init: he_normal, seed: 1}}")
    (folder / "net.yaml").write_text(
        "inputs: {x: {file: data.npz, key: x}}\ntargets: {y: {file: data.npz, key: y}}\nnetwork:\n"
        + "\n".join(layers)
        + "\nloss: softmax_cross_entropy\n",
        encoding="utf-8",
    )
    graph = fuse(check(folder / "net.yaml").graph)
    assert all(name[0] in "Wb" for name in graph.wrt)
    return graph


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return network(tmp_path_factory.mktemp("digits"), (784, 128, 10), 32, "tanh")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return network(tmp_path_factory.mktemp("small"), (64, 32, 10), 16, "tanh")


def ratio(ours: Callable[[], object], peer: Callable[[], object], rounds: tuple[int, int], blocks: int = 4) -> float:
    """The fastest of many rounds of each, in alternating blocks: each runs warm, and both see the same machine."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(blocks):
        for function, count, found in zip((ours, peer), rounds, times, strict=True):
            function()
            for _ in range(count):
                start = time.perf_counter()
                function()
                found.append(time.perf_counter() - start)
    return min(times[0]) / min(times[1])


def backward(graph: Graph) -> Callable[[], object]:
    """One backward pass, the forward pass done."""
    roots, values = [graph.names[name] for name in graph.wrt], forward(graph)
    moving = between(graph, roots)
    return lambda: sweep(graph, values, roots, moving=moving)


def test_complex_step_by_units_costs_few_backward_passes(digits: Graph, record) -> None:
    values = forward(digits)
    assert complex_step(digits, values).methods[digits.wrt[0]] == "per unit"
    found = ratio(lambda: complex_step(digits, values), backward(digits), (8, 50))
    record("complex step of 784-128-10, batch 32 / backward", found, 35)


def test_complex_step_and_a_sampled_ladder_cost_two_thousand_backward_passes(digits: Graph, record) -> None:
    values = forward(digits)

    def run() -> object:
        return complex_step(digits, values), finite_differences(digits, values)

    record("the same with a sampled ladder / backward", ratio(run, backward(digits), (1, 50)), 2000)


def test_whole_check_of_a_large_net_by_all_witnesses(digits: Graph, record) -> None:
    """Everything that gradcheck does after reading: rounding, formulas, all witnesses, one direction, the verdicts."""
    values = forward(digits)

    def run() -> object:
        found = adjudication.compare(digits, values, symbolic(digits, digits)[0], rounding_effect(digits, values))
        assert found.verdict == "pass"
        return found

    record("whole check of 784-128-10 / backward", ratio(run, backward(digits), (1, 50)), 4000)


def quotients(graph: Graph, name: str) -> Array:
    """Central differences of one step in a plain loop over entries, a forward pass each: what students write."""
    number = graph.names[name]
    found = np.zeros(graph.nodes[number].shape)
    base = graph.values[number]
    for entry in np.ndindex(found.shape):
        losses = []
        for sign in (1, -1):
            moved = base.copy()
            moved[entry] += sign * 1e-6
            values = dict(graph.values) | {number: moved}
            losses.append(float(forward(Graph(**{**vars(graph), "values": values}))[graph.loss or 0]))
        found[entry] = (losses[0] - losses[1]) / 2e-6
    return found


def torch_check(graph: Graph, fast: bool) -> Callable[[], object]:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    weights = sorted(n for n in graph.wrt if n.startswith("W"))
    parameters = [
        torch.tensor(graph.values[graph.names[n]], requires_grad=True)
        for w in weights
        for n in (w, w.replace("W", "b"))
    ]
    x = torch.tensor(graph.values[graph.names["x"]])
    y = torch.tensor(graph.values[graph.names["y"]]).long()

    def loss(*found: object) -> object:
        a = x
        for k, (w, b) in enumerate(pairwise(found)):
            if k % 2 == 0:
                a = torch.nn.functional.linear(a, w, b)
                a = torch.tanh(a) if k < len(found) - 2 else a
        return torch.nn.functional.cross_entropy(a, y)

    return lambda: torch.autograd.gradcheck(loss, parameters, fast_mode=fast)


def every_entry(graph: Graph) -> Callable[[], object]:
    values = forward(graph)
    assert all(w.method == "ladder" for w in finite_differences(graph, values).values())
    return lambda: finite_differences(graph, values)


def two_evaluations(graph: Graph) -> Callable[[], object]:
    """theta + h and theta - h at every entry, as stacked copies."""
    values = forward(graph)

    def run() -> object:
        found = {}
        for name in graph.wrt:
            root = graph.names[name]
            theta = values[root].reshape(-1)
            entries, points = np.arange(theta.size), stencil(graph, values, root)
            right, left = points.at(entries, theta + 1e-6)[0], points.at(entries, theta - 1e-6)[0]
            found[name] = (right - left) / 2e-6
        return found

    return run


def test_ladder_at_every_entry_is_faster_than_torch(small: Graph, record) -> None:
    found = ratio(every_entry(small), torch_check(small, fast=False), (2, 2))
    record("ladder at every entry of 64-32-10 / torch gradcheck, slow", found, 1 / 5)


def test_two_evaluations_at_every_entry_are_much_faster_than_torch(small: Graph, record) -> None:
    found = ratio(two_evaluations(small), torch_check(small, fast=False), (8, 2))
    record("two evaluations an entry, stacked / torch gradcheck, slow", found, 1 / 25)


def test_one_direction_a_tensor_beside_the_fast_mode_of_torch(small: Graph, record) -> None:
    """Both take one random direction a tensor; the fast mode with two evaluations, ours with up to 34."""
    values = forward(small)

    def run() -> object:
        return [slope_along(small, values, small.names[name], 0.0) for name in small.wrt]

    found = ratio(run, torch_check(small, fast=True), (8, 8))
    record("one Gaussian direction a tensor / torch gradcheck, fast", found, 17)


def test_ladder_at_every_entry_is_faster_than_a_plain_loop(small: Graph, record) -> None:
    def run() -> object:
        return [quotients(small, name) for name in small.wrt]

    record("ladder at every entry / a plain loop of 2 evaluations", ratio(every_entry(small), run, (2, 1), 2), 1)
