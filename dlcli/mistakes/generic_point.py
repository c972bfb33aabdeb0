"""A second, generic point for a network: numbers drawn anew within what each leaf may hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.mistakes.anatomy import source_of
from dlcli.mistakes.invariants import (
    is_binary,
    is_symmetric,
    is_triangle,
    is_whole,
    mixed,
    redrawn_binary,
    redrawn_shares,
    redrawn_symmetric,
    share_axes,
)
from dlcli.ops.operation import Array

TRIALS = 40  # points tried to find one inside the domains of all operations, with z of both signs
STEPS = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4)  # how far from the homework's own numbers, where none is inside
TRIALS_A_STEP = 8
SATURATED = 6.0  # the pre-activation of one unit, of a layer that has biases
COUNTING = {"take": (1,), "pick": (1,), "onehot": (0,), "cross_entropy": (1,), "softmax_cross_entropy": (1,),
            "multiclass_hinge": (1,), "kl_divergence": (1,), "index": ()}  # fmt: skip
MASKS = frozenset({("dropout", 2), ("attention", 3)})
PRODUCTS = ("matmul", "dot")


def generic_point(graph: Graph, seed: int) -> dict[int, Array] | None:
    """leaf -> numbers, for the inputs, weights, targets and constants of a graph; None where no other numbers were
    found at which every operation is defined.

    Each leaf keeps its kind: class numbers stay class numbers, shares sum to 1 along the axis along which the file's
    do, one-hot slices stay one-hot, masks and labels stay 0 and 1 or -1 and 1, symmetric matrices of constants and
    inputs symmetric, positive constants positive, and whole constants, which may count samples, what they are.
    Weights and biases are random, pre-activations of relus have both signs and one unit is saturated, as far as the
    network's form and the operations' domains allow; else the numbers are near the homework's own. Shapes stay:
    a batch of one remains one.
    """
    best: tuple[int, dict[int, Array]] | None = None
    for trial in range(TRIALS):
        point = _drawn(graph, np.random.default_rng([seed, trial]), gentle=trial >= TRIALS // 2)
        score = _score(graph, point)
        if score and (best is None or score > best[0]):
            best = (score, point)
        if score == 2:
            break
    if best is not None:
        return best[1]
    for number, step in enumerate(STEPS):
        for trial in range(TRIALS_A_STEP):
            point = _nearby(graph, np.random.default_rng([seed, TRIALS + number, trial]), step, trial)
            if _score(graph, point):
                return point
    return None


def moved_to(graph: Graph, point: Mapping[int, Array]) -> Graph:
    """The graph with other numbers in its leaves."""
    return replace(graph, values={**graph.values, **point}, exact={})


def _score(graph: Graph, point: Mapping[int, Array]) -> int:
    """0: not finite, outside a domain, or the graph's own numbers; 1: some relu sees one sign only; 2: right."""
    if all(np.array_equal(array, graph.values[number], equal_nan=True) for number, array in point.items()):
        return 0
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


def _nearby(graph: Graph, random: np.random.Generator, step: float, trial: int) -> dict[int, Array]:
    """The graph's own numbers, moved by a part of them or, in every other trial, of the size of their leaf.

    Zeros, ones and class numbers are drawn anew in the first half of the trials and stay in the second.
    """
    point = {}
    for number, node in enumerate(graph.nodes):
        if node.operation is not None or node.role in ("literal", None):
            continue
        value = graph.values[number]
        kept = _kept(graph, number, random)
        if kept is not None and is_whole(kept):
            point[number] = kept if trial < TRIALS_A_STEP // 2 else value.copy()
        elif kept is not None:
            point[number] = np.asarray((1 - step) * value + step * kept)
        elif trial % 2:
            size = float(np.sqrt(np.mean(value**2))) or 1.0
            point[number] = np.asarray(value + step * size * random.uniform(-1, 1, value.shape))
        else:
            point[number] = np.asarray(value * (1 + step * random.uniform(-1, 1, value.shape)))
    return point


def _leaf(graph: Graph, number: int, random: np.random.Generator, gentle: bool) -> Array:
    kept = _kept(graph, number, random)
    if kept is not None:
        return kept
    value, role, uses = graph.values[number], graph.nodes[number].role, _uses(graph, number)
    if gentle:
        return np.asarray(value * (1 + 0.3 * random.uniform(-1, 1, value.shape)))
    if uses & {("batchnorm", 1), ("layernorm", 1), ("batchnorm", 4)}:
        return np.asarray(random.uniform(0.5, 2.0, value.shape))
    fan_in = value.shape[-1] if role == "weight" and value.ndim > 1 else 1
    return np.asarray(
        random.normal(size=value.shape) / np.sqrt(fan_in) if role == "weight" else random.normal(size=value.shape)
    )


def _kept(graph: Graph, number: int, random: np.random.Generator) -> Array | None:
    """Numbers of the same kind for a leaf whose values promise one; None of a leaf that may hold any numbers."""
    value, role = graph.values[number], graph.nodes[number].role
    uses = _uses(graph, number)
    counted = _classes(graph, number)
    if counted:
        return random.integers(0, counted, value.shape).astype(np.float64)
    if not np.isfinite(value).all() or value.size == 0:
        return value.copy()
    if role in ("constant", "input") and (found := _structured(graph, number, uses, random)) is not None:
        return found
    labels = role in ("target", "constant") and bool(value.ndim) and bool(value.any())
    if role != "weight" and share_axes(value) and (is_binary(value) or not _is_data(graph, number)):
        return redrawn_shares(value, random, zeros_stay=role == "constant")
    if is_binary(value) and (uses & MASKS or labels):
        return redrawn_binary(value, random)
    if role == "target" and np.isin(value, (-1.0, 1.0)).all():
        return np.asarray(mixed(random, value.shape) * 2 - 1)
    if role == "target" and np.all((value >= 0) & (value <= 1)):
        return mixed(random, value.shape) if is_binary(value) else np.asarray(random.uniform(0.1, 0.9, value.shape))
    if ("dropout", 1) in uses:
        return np.asarray(random.uniform(0.2, 0.5, value.shape))
    return _constant(graph, number, uses, random) if role == "constant" else None


def _structured(graph: Graph, number: int, uses: set[tuple[str, int]], random: np.random.Generator) -> Array | None:
    """A matrix whose form a derivation may rest on: symmetric, a causal mask, or ones that a product sums with."""
    value = graph.values[number]
    if is_triangle(value) and ("dropout", 2) not in uses:
        return value.copy()
    if value.ndim and np.all(value == 1) and any(name in PRODUCTS for name, _ in uses):
        return value.copy()
    if not is_symmetric(value) or not value.any() or uses & MASKS or _is_data(graph, number):
        return None
    if share_axes(value) and graph.nodes[number].role == "input":
        return None
    if graph.nodes[number].role == "constant" and (is_whole(value) or share_axes(value)):
        return value.copy()
    return redrawn_symmetric(value, random)


def _is_data(graph: Graph, number: int) -> bool:
    """Whether an input holds samples: weights multiply it, and there are targets."""
    if graph.nodes[number].role != "input" or all(node.role != "target" for node in graph.nodes):
        return False
    for node in graph.nodes:
        if node.operation is not None and node.operation.name in PRODUCTS:
            sources = [source_of(graph, operand) for operand in node.operands]
            if number in sources and any(graph.nodes[source].role == "weight" for source in sources):
                return True
    return False


def _uses(graph: Graph, number: int) -> set[tuple[str, int]]:
    """(operation, position) of each use of a leaf, behind transposes, reshapes and identities too."""
    return {
        (node.operation.name, position)
        for node in graph.nodes
        if node.operation is not None
        for position, operand in enumerate(node.operands)
        if source_of(graph, operand) == number
    }


def _classes(graph: Graph, number: int) -> int:
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
    return min(counts, default=0)


def _constant(graph: Graph, number: int, uses: set[tuple[str, int]], random: np.random.Generator) -> Array:
    """Constants keep their signs; exponents, whole numbers and 1/samples stay.

    A factor of 0 becomes a small positive number, and a 1 that counts nothing another one: both hide mistakes.
    """
    value = graph.values[number]
    if ("power", 1) in uses:
        return value.copy()
    if not value.any():
        near = random.uniform(0.05, 0.5, value.shape) if value.ndim == 0 else random.normal(size=value.shape)
        return np.asarray(near)
    if _counts(graph, value):
        return value.copy()
    return np.asarray(value * random.uniform(0.5, 1.5, value.shape))


def _counts(graph: Graph, value: Array) -> bool:
    """Whether a constant may stand for a count: whole numbers but 1, and what equals a number of samples, rows or
    columns of an input or target, or is 1 over it."""
    if np.any(value != 1) and is_whole(value):
        return True
    if value.ndim:
        return False
    shapes = [node.shape for node in graph.nodes if node.operation is None and node.role in ("input", "target")]
    lengths = {length for shape in shapes for length in (*shape, math.prod(shape)) if shape}
    return any(length and float(value) in (length, 1 / length) for length in lengths)
