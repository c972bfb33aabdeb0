"""Fresh numbers for a network: every input, weight, target and constant drawn anew, of the nature that it must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.questions.world import World

# how far from the file's numbers: None draws normal ones, a number s the file's times 1 + s u, u normal
REACHES: tuple[float | None, ...] = (None, None, None, None, 1.0, 1.0, 0.5, 0.5, 0.3, 0.3, 0.1, 0.1, 0.03, 0.03, 0.01)
MOVES = ("identity", "reshape", "transpose", "flatten", "stop_gradient")


def redrawn(world: World, seed: int, same_branches: bool) -> World | None:
    """The network at numbers drawn afresh in their shapes; None where no draw fits.

    Targets, class numbers, probabilities and masks keep their nature where an operation that they go into has a
    domain; every value lies in the domains and is finite. same_branches: all operations with kinks are on the sides
    that they are on in `world`. Values that questions named, and held ones, are left out: they belong to `world`.
    """
    graph = world.graph
    bound = _bound_leaves(graph)
    wanted = branches(world) if same_branches else None
    for attempt, reach in enumerate(REACHES):
        stream = np.random.default_rng([seed, attempt])
        values: dict[int, Array] = dict(graph.values)
        for number, array in graph.values.items():
            if graph.nodes[number].role == "literal" or array.size == 0:
                continue
            values[number] = _natural(array, stream) if number in bound else _free(array, reach, stream)
        found = replace(world, graph=replace(graph, values=values, exact={}), held={}, slopes={}, named={})
        if _is_valid(found) and (wanted is None or _equal(wanted, branches(found))):
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


def _bound_leaves(graph: Graph) -> set[int]:
    """Leaves that go, perhaps moved, into an operand of which an operation wants a certain nature."""
    found: set[int] = set()
    for node in graph.nodes:
        if node.operation is None:
            continue
        wanted = {domain.operand for domain in node.operation.domain}
        if node.operation.name in ("divide", "power"):
            continue  # any number but 0 will do
        for position in wanted:
            if position < len(node.operands):
                found.add(_source(graph, node.operands[position]))
    return {number for number in found if graph.nodes[number].operation is None}


def _source(graph: Graph, number: int) -> int:
    while (operation := graph.nodes[number].operation) is not None and operation.name in MOVES:
        number = graph.nodes[number].operands[0]
    return number


def _free(array: Array, reach: float | None, stream: np.random.Generator) -> Array:
    if reach is None:
        return np.asarray(stream.normal(size=array.shape))
    moved = array * (1 + reach * stream.normal(size=array.shape))
    return np.asarray(np.where(array == 0, reach * stream.normal(size=array.shape), moved))


def _natural(array: Array, stream: np.random.Generator) -> Array:
    """Numbers of the same nature: labels stay labels, shares shares, whole numbers whole, positive ones positive."""
    shape, whole = array.shape, bool(np.all(array == np.round(array)))
    is_row = array.ndim > 0 and array.shape[-1] > 1
    sums = array.sum(axis=-1) if is_row else np.zeros(())
    if is_row and np.all(array >= 0) and np.allclose(sums, 1.0, atol=1e-6):
        if whole:
            return np.asarray(np.eye(shape[-1])[stream.integers(shape[-1], size=shape[:-1])])
        shares = stream.exponential(size=shape)
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
    if np.all((array == 0) | (array == 1)):
        return np.asarray(stream.integers(2, size=shape).astype(np.float64))
    if np.all(np.abs(array) == 1):
        return np.asarray(stream.integers(2, size=shape) * 2.0 - 1.0)
    if whole and np.all(array >= 0):
        return np.asarray(stream.integers(int(array.max()) + 1, size=shape).astype(np.float64))
    if np.all((array >= 0) & (array <= 1)):
        return np.asarray(stream.uniform(0.05, 0.95, size=shape))
    if np.all(array >= 0):
        return np.asarray((array + 0.1 * (array == 0)) * np.exp(0.5 * stream.normal(size=shape)))
    return np.asarray(array * (1 + 0.3 * stream.normal(size=shape)))


def _is_valid(world: World) -> bool:
    """Whether all values are finite and in the domains of the operations that they go into."""
    values: Any = world.values
    graph = world.stable
    with np.errstate(all="ignore"):
        for number, node in enumerate(graph.nodes):
            if not np.isfinite(values[number]).all():
                return False
            if node.operation is None:
                continue
            operands = [values[o] for o in node.operands]
            for domain in node.operation.domain:
                if not np.all(domain.inside(*operands, **node.settings)):
                    return False
    return True
