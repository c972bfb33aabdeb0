"""A second, generic point for a network: numbers drawn anew within what each leaf may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.mistakes.anatomy import source_of
from dlcli.ops.operation import Array

TRIALS = 40  # points tried to find one inside the domains of all operations, with z of both signs
SATURATED = 6.0  # the pre-activation of one unit, of a layer that has biases
COUNTING = {"take": (1,), "pick": (1,), "onehot": (0,), "cross_entropy": (1,), "softmax_cross_entropy": (1,),
            "multiclass_hinge": (1,), "kl_divergence": (1,), "index": ()}  # fmt: skip


def generic_point(graph: Graph, seed: int) -> dict[int, Array]:
    """leaf -> numbers, for the inputs, weights, targets and constants of a graph.

    Each leaf keeps its kind: class numbers stay class numbers, rows of shares sum to 1, masks and labels stay 0 and
    1 or -1 and 1, positive constants positive. Weights and biases are random, pre-activations of relus have both
    signs and one unit is saturated, as far as the network's form and the operations' domains allow. Shapes stay:
    a batch of one remains one.
    """
    best: tuple[int, dict[int, Array]] | None = None
    for trial in range(TRIALS):
        point = _drawn(graph, np.random.default_rng([seed, trial]), gentle=trial >= TRIALS // 2)
        score = _score(graph, point)
        if best is None or score > best[0]:
            best = (score, point)
        if score == 2:
            break
    assert best is not None
    return best[1] if best[0] else {n: graph.values[n] for n in best[1]}


def moved_to(graph: Graph, point: Mapping[int, Array]) -> Graph:
    """The graph with other numbers in its leaves."""
    return replace(graph, values={**graph.values, **point}, exact={})


def _score(graph: Graph, point: Mapping[int, Array]) -> int:
    """0: not finite or outside a domain; 1: some relu sees one sign only; 2: as it should be."""
    fused = fuse(moved_to(graph, point))
    values = forward(fused)
    mixed = True
    for number, node in enumerate(fused.nodes):
        if not np.isfinite(values[number]).all() and number not in graph.values:
            return 0
        if node.operation is None:
            continue
        operands = [values[o] for o in node.operands]
        with np.errstate(all="ignore"):
            inside = all(np.all(d.inside(*operands, **node.settings)) for d in node.operation.domain)
        if not inside:
            return 0
        if node.operation.name in ("relu", "leaky_relu") and operands[0].size > 1:
            mixed = mixed and bool(np.any(operands[0] > 0) and np.any(operands[0] < 0))
    return 2 if mixed else 1


def _drawn(graph: Graph, random: np.random.Generator, gentle: bool) -> dict[int, Array]:
    point = {}
    for number, node in enumerate(graph.nodes):
        if node.operation is None and node.role not in ("literal", None):
            point[number] = _leaf(graph, number, random, gentle)
    for node in graph.nodes:
        if gentle or node.operation is None or node.operation.name != "add":
            continue
        bias = source_of(graph, node.operands[1])
        if graph.nodes[bias].role == "weight" and point[bias].size > 1:
            point[bias].reshape(-1)[-1] = SATURATED
            break
    return point


def _leaf(graph: Graph, number: int, random: np.random.Generator, gentle: bool) -> Array:
    value, role = graph.values[number], graph.nodes[number].role
    uses = _uses(graph, number)
    counted = _classes(graph, number, uses)
    if counted:
        return random.integers(0, counted, value.shape).astype(np.float64)
    if not np.isfinite(value).all() or value.size == 0:
        return value.copy()
    binary = bool(np.isin(value, (0.0, 1.0)).all())
    masks = bool(uses & {("dropout", 2), ("attention", 3)})
    if binary and (masks or (role in ("target", "constant") and value.ndim and value.any())):
        return _zeros_and_ones(value, random)
    if np.isin(value, (-1.0, 1.0)).all() and role == "target":
        return np.asarray(_mixed(random, value.shape) * 2 - 1)
    if role == "target" and np.all((value >= 0) & (value <= 1)):
        if value.ndim and np.allclose(value.sum(axis=-1), 1) and value.shape[-1] > 1:
            return random.dirichlet(np.ones(value.shape[-1]), value.shape[:-1])
        return np.asarray(_mixed(random, value.shape) if binary else random.uniform(0.1, 0.9, value.shape))
    if ("dropout", 1) in uses:
        return np.asarray(random.uniform(0.2, 0.5, value.shape))
    if role == "constant":
        return _constant(value, uses, random)
    if gentle:
        return np.asarray(value * (1 + 0.3 * random.uniform(-1, 1, value.shape)))
    if ("batchnorm", 1) in uses or ("layernorm", 1) in uses:
        return np.asarray(random.uniform(0.5, 2.0, value.shape))
    if ("batchnorm", 4) in uses:
        return np.asarray(random.uniform(0.5, 2.0, value.shape))
    fan_in = value.shape[-1] if role == "weight" and value.ndim > 1 else 1
    return np.asarray(
        random.normal(size=value.shape) / np.sqrt(fan_in) if role == "weight" else random.normal(size=value.shape)
    )


def _uses(graph: Graph, number: int) -> set[tuple[str, int]]:
    """(operation, position) of each use of a leaf, behind transposes, reshapes and identities too."""
    return {
        (node.operation.name, position)
        for node in graph.nodes
        if node.operation is not None
        for position, operand in enumerate(node.operands)
        if source_of(graph, operand) == number
    }


def _classes(graph: Graph, number: int, uses: set[tuple[str, int]]) -> int:
    """Of class numbers or row numbers, how many there are; 0 of anything else."""
    counts = []
    for node in graph.nodes:
        if node.operation is None or node.operation.name not in COUNTING:
            continue
        for position in COUNTING[node.operation.name]:
            if position >= len(node.operands) or source_of(graph, node.operands[position]) != number:
                continue
            first = graph.nodes[node.operands[0]].shape
            if node.operation.name == "take":
                counts.append(first[0])
            elif node.operation.name == "onehot":
                counts.append(node.shape[-1])
            elif node.operation.name == "pick" or node.settings.get("labels"):
                counts.append(first[-1])
    del uses
    return min(counts, default=0)


def _zeros_and_ones(value: Array, random: np.random.Generator) -> Array:
    """Zeros and ones again: one-hot rows stay one-hot, others hold both, and at least a 1 in each row."""
    if value.ndim and value.shape[-1] > 1 and np.all(value.sum(axis=-1) == 1):
        chosen = random.integers(0, value.shape[-1], value.shape[:-1])
        return np.asarray(chosen[..., None] == np.arange(value.shape[-1])).astype(np.float64)
    drawn = _mixed(random, value.shape)
    if value.ndim > 1:
        first = random.integers(0, value.shape[-1], value.shape[:-1])
        drawn = np.where(drawn.any(axis=-1, keepdims=True), drawn, first[..., None] == np.arange(value.shape[-1]))
    return np.asarray(drawn, dtype=np.float64)


def _mixed(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Zeros and ones, both of them where there are two entries or more."""
    drawn = random.integers(0, 2, shape).astype(np.float64)
    flat = drawn.reshape(-1)
    if flat.size > 1 and len(np.unique(flat)) == 1:
        flat[random.integers(flat.size)] = 1 - flat[0]
    return np.asarray(flat.reshape(shape))


def _constant(value: Array, uses: set[tuple[str, int]], random: np.random.Generator) -> Array:
    """Constants keep their signs; a factor of 0 becomes a small positive number; exponents and whole settings stay."""
    if ("power", 1) in uses:
        return value.copy()
    if not value.any():
        near = random.uniform(0.05, 0.5, value.shape) if value.ndim == 0 else random.normal(size=value.shape)
        return np.asarray(near)
    return np.asarray(value * random.uniform(0.5, 1.5, value.shape))
