"""Forward and backward of a 784-256-128-10 ReLU net, batch 128, beside its matrix products alone and torch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.solving import check
from tests.benchmarks.measurement import both_passes, ratio

SIZES, BATCH = (784, 256, 128, 10), 128


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    folder = tmp_path_factory.mktemp("network")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, SIZES[-1], BATCH)
    np.savez(folder / "data.npz", x=rng.standard_normal((BATCH, SIZES[0])), y=labels)
    layers = "\n".join(f"  - dense: {{units: {n}, activation: relu, init: he_normal, seed: {n}}}" for n in SIZES[1:-1])
    (folder / "net.yaml").write_text(
        "inputs: {x: {file: data.npz, key: x}}\ntargets: {y: {file: data.npz, key: y}}\nnetwork:\n"
        f"{layers}\n  - dense: {{units: {SIZES[-1]}, init: he_normal, seed: 1}}\nloss: softmax_cross_entropy\n",
        encoding="utf-8",
    )
    return fuse(check(Path(folder / "net.yaml")).graph)


def products() -> Callable[[], object]:
    """The matrix products that a forward and a backward pass cannot do without.

    Their results are kept until the end, as those of a pass are: memory that is given back and taken again costs
    more than the products themselves.
    """
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal((n, m)) for m, n in pairwise(SIZES)]
    inputs = [rng.standard_normal((BATCH, n)) for n in SIZES[:-1]]
    deltas = [rng.standard_normal((BATCH, n)) for n in SIZES[1:]]

    def run() -> object:
        results = [x @ w.T for x, w in zip(inputs, weights, strict=True)]
        results += [d.T @ x for x, d in zip(inputs, deltas, strict=True)]
        results += [d @ w for d, w in list(zip(deltas, weights, strict=True))[1:]]
        return results

    return run


def test_passes_cost_little_more_than_their_matrix_products(network: Graph, record, threads: int) -> None:
    found = ratio(both_passes(network), products())
    record(
        f"forward + backward / its matrix products, {threads} BLAS thread(s)",
        found,
        1.15 if threads == 1 else 2,
    )


def test_passes_are_not_slower_than_torch(network: Graph, record, threads: int) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(threads)
    names = [name for name in network.wrt if name.startswith("W")]
    weights = [torch.tensor(network.values[network.names[n]], requires_grad=True) for n in names]
    biases = [torch.zeros(w.shape[0], dtype=torch.float64, requires_grad=True) for w in weights]
    x = torch.tensor(network.values[network.names["x"]])
    y = torch.tensor(network.values[network.names["y"]]).long()

    def run() -> object:
        a = x
        for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
            a = torch.nn.functional.linear(a, w, b)
            a = torch.relu(a) if k < len(weights) - 1 else a
        for parameter in (*weights, *biases):
            parameter.grad = None
        torch.nn.functional.cross_entropy(a, y).backward()
        return None

    record(f"forward + backward / torch float64, {threads} thread(s)", ratio(both_passes(network), run), 1.0)
