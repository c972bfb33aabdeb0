"""Fresh numbers for a network: every input, weight, target and constant drawn anew, of the nature that it must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.questions.world import World

# how far from the file's numbers: None draws normal ones, a number s the file's times 1 + s u, u normal
REACHES: tuple[float | None, ...] = (None, None, None, None, 1.0, 1.0, 0.5, 0.5, 0.3, 0.3, 0.1, 0.1, 0.03, 0.03, 0.01)
ANY_BUT_ZERO = ("divide", "power", "reciprocal")
OF_POSITIVE = ("log", "sqrt", "xlogy", "batchnorm")
OF_ANY_NUMBERS = ("squared_error", "half_squared_error", "mse", "mae", "huber")  # losses that take any target
MOVES = ("identity", "reshape", "transpose", "flatten", "stop_gradient")


def redrawn(world: World, seed: int, same_branches: bool) -> World | None:
    """The network at numbers drawn afresh in their shapes; None where no draw fits.

    Targets, class numbers, probabilities and masks keep their nature where an operation that they go into has a
    domain; constants keep their values unless they hold a 0; every value lies in the domains and is finite.
    same_branches: all operations with kinks are on the sides
    that they are on in `world`. Values that questions named, and held ones, are left out: they belong to `world`.
    """
    graph = world.graph
    bound = _bound_leaves(graph)
    wanted = branches(world) if same_branches else None
    finite = [bool(np.isfinite(value).all()) for value in world.values]
    for attempt, reach in enumerate(REACHES):
        stream = np.random.default_rng([seed, attempt])
        values: dict[int, Array] = dict(graph.values)
        for number, array in graph.values.items():
            role = graph.nodes[number].role
            if role == "literal" or (role == "constant" and array.all()) or not np.isfinite(array).all():
                continue  # a constant counts as written, but a 0 may hide a factor; inf stands in masks
            if number in bound:
                values[number] = _natural(array, bound[number], stream)
            else:
                values[number] = _free(array, reach, stream)
        found = replace(world, graph=replace(graph, values=values, exact={}), held={}, slopes={}, named={})
        if _is_valid(found, finite) and (wanted is None or _equal(wanted, branches(found))):
            return found
    return None


def branches(world: World) -> Mapping[int, Array]:
    """On which side of its kinks each entry of each operation is: node -> as the operation's record says."""
    found = {}
    values = world.values
    with np.errstate(all="ignore"):
        for number, node in enumerate(world.graph.nodes):
            if node.operation is not None and node.operation.branches is not None:
                operands = [values[o] for o in node.operands]
                found[number] = np.asarray(node.operation.branches(*operands, **node.settings))
    return found


def _equal(a: Mapping[int, Array], b: Mapping[int, Array]) -> bool:
    return all(np.array_equal(a[number], b[number]) for number in a)


def _bound_leaves(graph: Graph) -> dict[int, str]:
    """Leaves that go, perhaps moved, into an operand of which an operation wants a certain nature: "positive" or,
    of labels, classes, shares and masks, "label"."""
    found: dict[int, str] = {}
    for node in graph.nodes:
        operation = node.operation
        if operation is None or operation.name in ANY_BUT_ZERO:
            continue
        wanted = {domain.operand for domain in operation.domain}
        if operation.reduction is not None and operation.name not in OF_ANY_NUMBERS:
            wanted.add(1)
        for position in sorted(wanted & set(range(len(node.operands)))):
            leaf = _source(graph, node.operands[position])
            if graph.nodes[leaf].operation is None:
                kind = "positive" if operation.name in OF_POSITIVE else "label"
                found[leaf] = "label" if kind == "label" else found.get(leaf, kind)
    return found


def _source(graph: Graph, number: int) -> int:
    while (operation := graph.nodes[number].operation) is not None and operation.name in MOVES:
        number = graph.nodes[number].operands[0]
    return number


def _free(array: Array, reach: float | None, stream: np.random.Generator) -> Array:
    if reach is None:
        return np.asarray(stream.normal(size=array.shape))
    moved = array * (1 + reach * stream.normal(size=array.shape))
    return np.asarray(np.where(array == 0, reach * stream.normal(size=array.shape), moved))


def _natural(array: Array, kind: str, stream: np.random.Generator) -> Array:
    """Numbers of the same nature: labels stay labels, shares shares, whole numbers whole, positive ones positive."""
    shape, whole = array.shape, bool(np.all(array == np.round(array)))
    if array.size == 0:
        return array
    if kind == "positive":
        return np.asarray((np.abs(array) + 0.1 * (array == 0)) * np.exp(0.5 * stream.normal(size=shape)))
    is_row = array.ndim > 0 and array.shape[-1] > 1
    sums = array.sum(axis=-1) if is_row else np.zeros(())
    if is_row and np.all(array >= 0) and np.allclose(sums, 1.0, atol=1e-6):
        if whole:
            return np.asarray(np.eye(shape[-1])[stream.integers(shape[-1], size=shape[:-1])])
        shares = stream.exponential(size=shape)
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
    if np.all((array == 0) | (array == 1)) or np.all(np.abs(array) == 1):
        # ones alone may be labels of either kind; the domain says which are not
        low = 0.0 if np.any(array == 0) else -1.0 if np.any(array == -1) else -float(stream.integers(2))
        return np.asarray(np.where(stream.integers(2, size=shape) == 1, 1.0, low))
    if whole and np.all(array >= 0):
        return np.asarray(stream.integers(int(array.max()) + 1, size=shape).astype(np.float64))
    if np.all((array >= 0) & (array <= 1)):
        return np.asarray(stream.uniform(0.05, 0.95, size=shape))
    return np.asarray(array * (1 + 0.3 * stream.normal(size=shape)))


def _is_valid(world: World, finite: Sequence[bool]) -> bool:
    """Whether all values that were finite are so, and lie in the domains of the operations that they go into."""
    values: Any = world.values
    graph = world.stable
    with np.errstate(all="ignore"):
        for number, node in enumerate(graph.nodes):
            if finite[number] and not np.isfinite(values[number]).all():
                return False
            if node.operation is None:
                continue
            operands = [values[o] for o in node.operands]
            for domain in node.operation.domain:
                if not np.all(domain.inside(*operands, **node.settings)):
                    return False
    return True
