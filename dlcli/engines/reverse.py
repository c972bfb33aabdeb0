"""Backpropagation: one sweep from the loss to the leaves, by the hand-written vjp of each operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from dlcli.engines.evaluation import Evaluation, aligned, ancestors
from dlcli.graph import Graph, Node
from dlcli.ops.operation import VJP, Array, Einsum, Gather

NONE_HELD: Mapping[int, Array] = MappingProxyType({})


def backprop(graph: Graph, values: Sequence[Array]) -> Evaluation:
    """dloss/dq for each q in graph.wrt, in the quantity's shape."""
    roots = [graph.names[name] for name in graph.wrt]
    found = sweep(graph, values, roots)
    gradients = {
        name: found[root] + 0.0  # no -0.0
        if root in found
        else np.zeros(graph.nodes[root].shape)
        for name, root in zip(graph.wrt, roots, strict=True)
    }
    return Evaluation("backprop", gradients, methods=dict.fromkeys(gradients, "reverse sweep"))


def between(graph: Graph, roots: Sequence[int]) -> frozenset[int]:
    """The nodes on a way from one of the roots to the loss, both ends included."""
    assert graph.loss is not None
    return frozenset(depends_on(graph, roots) & ancestors(graph, graph.loss))


def sweep(
    graph: Graph,
    values: Sequence[Array],
    roots: Sequence[int],
    copies: int = 0,
    every: bool = False,
    moving: frozenset[int] | None = None,
    held: Mapping[int, Array] = NONE_HELD,
) -> dict[int, Array]:
    """Cotangents of the loss at the roots, and with `every` at all nodes between them and the loss.

    copies: 0, or the length of the leading axis that all values have. moving: `between(graph, roots)`, where
    a caller sweeps the same graph many times. held: nodes whose cotangent is given instead of computed, as when a
    student's wrong step is followed.
    """
    kept = set(roots)
    assert graph.loss is not None
    moving = between(graph, roots) if moving is None else moving
    one = np.ones((copies,)) if copies else np.float64(1.0)
    cotangents: dict[int, Array] = {graph.loss: np.asarray(one)}
    with np.errstate(all="ignore"):
        for number in range(graph.loss, -1, -1):
            if number in held:
                cotangents[number] = np.asarray(held[number])
            node = graph.nodes[number]
            if node.operation is None or number not in cotangents:
                continue
            cotangent = cotangents[number] if every or number in kept else cotangents.pop(number)
            operands = operands_of(graph, node, values, copies)
            needed = [o in moving and vjp_of(node, p) is not None for p, o in enumerate(node.operands)]
            for operand, part in zip(
                node.operands, _parts(node, needed, cotangent, values[number], operands), strict=True
            ):
                if part is None:
                    continue
                part = unbroadcast(part, graph.nodes[operand].shape, copies)
                earlier = cotangents.get(operand)
                cotangents[operand] = part if earlier is None else earlier + part
    return cotangents


def _parts(
    node: Node, needed: Sequence[bool], cotangent: Array, result: Array, operands: Sequence[Array]
) -> Iterable[Array | None]:
    """The cotangents of the operands that are needed, None for the others."""
    assert node.operation is not None
    if node.operation.together is not None:
        return node.operation.together(needed, cotangent, result, *operands, **node.settings)
    return (
        _part(node, position, cotangent, result, operands) if wanted else None for position, wanted in enumerate(needed)
    )


def _part(node: Node, position: int, cotangent: Array, result: Array, operands: Sequence[Array]) -> Array:
    function = vjp_of(node, position)
    assert node.operation is not None
    assert function is not None
    extra = {"position": position} if node.operation.variadic else {}
    return function(cotangent, result, *operands, **node.settings, **extra)


def operands_of(graph: Graph, node: Node, values: Sequence[Array], copies: int) -> Sequence[Array]:
    """The operands' values; of stacks of copies aligned, and what has no slope (positions, masks) as one copy."""
    operands = [values[o] for o in node.operands]
    if not copies:
        return operands
    moves = [vjp_of(node, position) is not None for position in range(len(operands))]
    ranks = [len(graph.nodes[o].shape) for o in node.operands]
    operands = [x if m or x.ndim == r else x[0] for x, m, r in zip(operands, moves, ranks, strict=True)]
    return aligned(node, operands, [x.ndim > r for x, r in zip(operands, ranks, strict=True)], ranks)


def vjp_of(node: Node, position: int) -> VJP | None:
    """The function that gives the cotangent of the operand at `position`."""
    assert node.operation is not None
    return node.operation.vjp[0 if node.operation.variadic else position]


def unbroadcast(cotangent: Array, shape: tuple[int, ...], copies: int = 0) -> Array:
    """The cotangent summed over the axes along which an operand of this shape was repeated."""
    lead = (copies,) if copies else ()
    if cotangent.shape == lead + shape:
        return cotangent
    first = len(lead)
    extra = cotangent.ndim - first - len(shape)
    if extra > 0:
        cotangent = cotangent.sum(axis=tuple(range(first, first + extra)))
    repeated = tuple(
        first + axis for axis, size in enumerate(shape) if size == 1 and cotangent.shape[first + axis] != 1
    )
    if repeated:
        cotangent = cotangent.sum(axis=repeated, keepdims=True)
    if cotangent.shape != lead + shape:
        cotangent = np.broadcast_to(cotangent, lead + shape)
    return cotangent


def depends_on(graph: Graph, roots: Sequence[int]) -> set[int]:
    """The roots and every node that depends on one of them."""
    found = set(roots)
    for number, node in enumerate(graph.nodes):
        if any(operand in found for operand in node.operands):
            found.add(number)
    return found


def magnitudes(graph: Graph, values: Sequence[Array], cotangents: dict[int, Array]) -> dict[str, Array]:
    """For each quantity in wrt the sum of the absolute terms that its gradient is a sum of: |X|^T |delta|.

    It bounds, times the rounding unit, what rounding in the last contraction can do.
    """
    roots = {graph.names[name] for name in graph.wrt}
    sizes: dict[int, Array] = {}
    assert graph.loss is not None
    passed = _linear_ancestors(graph, roots)
    with np.errstate(all="ignore"):
        for number in range(graph.loss, -1, -1):
            node = graph.nodes[number]
            if node.operation is None or number not in cotangents:
                continue
            operands = [values[o] for o in node.operands]
            contracts = isinstance(node.operation.definition, Einsum)
            moves = isinstance(node.operation.definition, Gather) or (contracts and len(operands) == 1)
            size = np.abs(cotangents[number])
            if moves and number in sizes:
                size = sizes[number]
            for position, operand in enumerate(node.operands):
                function = vjp_of(node, position)
                if operand not in passed or function is None or operand not in cotangents:
                    continue
                extra = {"position": position} if node.operation.variadic else {}
                if contracts or moves:
                    part = np.abs(function(size, values[number], *map(np.abs, operands), **node.settings, **extra))
                else:
                    part = np.abs(function(cotangents[number], values[number], *operands, **node.settings, **extra))
                part = unbroadcast(part, graph.nodes[operand].shape)
                sizes[operand] = part if operand not in sizes else sizes[operand] + part
    zeros = {name: np.zeros(graph.nodes[graph.names[name]].shape) for name in graph.wrt}
    return {name: np.asarray(sizes.get(graph.names[name], zero)) for name, zero in zeros.items()}


def _linear_ancestors(graph: Graph, roots: set[int]) -> set[int]:
    """The roots and what only moves their entries: transposes, reshapes, picks of them."""
    found = set(roots)
    for number, node in enumerate(graph.nodes):
        if node.operation is None or len(node.operands) != 1 or node.operands[0] not in found:
            continue
        if isinstance(node.operation.definition, Einsum | Gather):
            found.add(number)
    return found
