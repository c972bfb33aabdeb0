"""The symbolic engine: the chain rule over the graph's nodes, in closed forms, 50 digits or float64."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from dlcli.engines.evaluation import Evaluation, ancestors
from dlcli.engines.reverse import depends_on
from dlcli.engines.symbolic.bounded import Bounded, exactly
from dlcli.engines.symbolic.kinds import bounded_kind, closed_array, closed_kind, float_kind, mp_kind
from dlcli.engines.symbolic.nodes import Kind, adjoint, inner, value
from dlcli.engines.symbolic.numbers import (
    UNKNOWN,
    Closed,
    UndecidedError,
    closed_number,
    from_floats,
    objects,
    to_floats,
)
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array, Composite, Einsum, Elementwise, Fold, Gather

LARGEST_BY_DIGITS = 20_000  # scalar operations up to which everything is computed with 50 digits
LARGEST_CLOSED = 3_000  # scalar operations up to which closed forms are looked for
LARGEST_COMPOSITE = 400_000  # scalar operations up to which one composite node is recomputed with 50 digits


@dataclass(frozen=True)
class ExactResult:
    """Closed forms: quantity -> object array of texts, None where there is none; only arrays with one at least."""

    values: dict[str, Array]
    gradients: dict[str, Array]


def symbolic(graph: Graph, fused: Graph) -> tuple[Evaluation, dict[int, Array]]:
    """Gradients from the definitions, and the values of all nodes on the way, as float64.

    By 50 digits through `graph` where it is small enough, else as float64 arrays through `fused`, every element
    of every node to 1e-12 by its running error bound. Entries without such a bound are nan and not looked at.
    """
    if scalar_operations(graph) <= LARGEST_BY_DIGITS:
        values, cotangents = _sweep(graph, mp_kind(), [from_floats(v) for v in _leaves(graph)])
        found = {n: to_floats(c) for n, c in cotangents.items()}
        return _evaluation(graph, found, "50 digits"), {n: to_floats(v) for n, v in enumerate(values)}
    values, cotangents = _sweep_floats(fused)
    return _evaluation(graph, cotangents, "float64 formulas"), dict(enumerate(values))


def exact_sweep(graph: Graph) -> ExactResult:
    """Short closed forms of the values and gradients, from the numbers as the file writes them."""
    if scalar_operations(graph) > LARGEST_CLOSED:
        return ExactResult({}, {})
    leaves = []
    for number, node in enumerate(graph.nodes):
        if number in graph.exact:
            leaves.append(closed_array(graph.exact[number], node.shape))
        else:
            leaves.append(_whole_numbers(graph.values.get(number, np.full(node.shape, np.nan))))
    try:
        values, cotangents = _sweep(graph, closed_kind(), leaves)
    except UndecidedError:
        return ExactResult({}, {})
    texts = {name: _texts(values[number]) for name, number in graph.names.items()}
    gradients = {}
    for name in graph.wrt if graph.loss is not None else ():
        number = graph.names[name]
        zeros = objects([closed_number(0)] * math.prod(graph.nodes[number].shape), graph.nodes[number].shape)
        gradients[name] = _texts(cotangents.get(number, zeros))
    return ExactResult(
        {n: t for n, t in texts.items() if any(x is not None for x in t.ravel())},
        {n: t for n, t in gradients.items() if any(x is not None for x in t.ravel())},
    )


def _whole_numbers(array: Array) -> Array:
    """Closed forms of numbers that the file does not write: only what is whole, such as class numbers."""
    whole = (closed_number(int(v)) if float(v).is_integer() else UNKNOWN for v in array.ravel())
    return objects(whole, array.shape)


def _texts(array: Array) -> Array:
    def text(number: Closed) -> str | None:
        return None if number.form is None else str(number.form)

    return objects((text(x) for x in array.ravel()), array.shape)


def _leaves(graph: Graph) -> list[Array]:
    return [graph.values.get(number, np.zeros(())) for number in range(len(graph.nodes))]


def _evaluation(graph: Graph, cotangents: dict[int, Array], method: str) -> Evaluation:
    gradients, looked = {}, {}
    for name in graph.wrt:
        number = graph.names[name]
        shape = graph.nodes[number].shape
        gradients[name] = np.array(np.broadcast_to(cotangents.get(number, np.zeros(shape)), shape))
        seen = ~np.isnan(gradients[name])
        if not seen.all():
            looked[name] = seen
    return Evaluation("symbolic", gradients, looked=looked, methods=dict.fromkeys(gradients, method))


def _sweep(graph: Graph, kind: Kind, leaves: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
    """The values of all nodes and the cotangents between wrt and the loss, in one kind of number."""
    with np.errstate(all="ignore"):
        return _swept(graph, kind, leaves)


def _swept(graph: Graph, kind: Kind, leaves: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
    values: list[Any] = []
    memories: list[Any] = []
    for number, node in enumerate(graph.nodes):
        memory = None
        if node.operation is None:
            result = leaves[number]
        else:
            result, memory = value(node, [values[o] for o in node.operands], kind)
        values.append(result)
        memories.append(memory)
    cotangents: dict[int, Any] = {}
    if graph.loss is None:
        return values, cotangents
    moving = _moving(graph)
    cotangents[graph.loss] = kind.literal(Fraction(1), ())
    for number in range(graph.loss, -1, -1):
        node = graph.nodes[number]
        if node.operation is None or number not in cotangents:
            continue
        needed = [o in moving for o in node.operands]
        inputs = [values[o] for o in node.operands]
        parts = adjoint(node, inputs, cotangents[number], memories[number], needed, kind)
        _accumulate(node, parts, cotangents, moving, kind)
    return values, cotangents


def _accumulate(node: Node, parts: Sequence[Any], cotangents: dict[int, Any], moving: set[int], kind: Kind) -> None:
    for operand, part in zip(node.operands, parts, strict=True):
        if part is not None and operand in moving:
            earlier = cotangents.get(operand)
            cotangents[operand] = part if earlier is None else kind.add(earlier, part)


def _moving(graph: Graph) -> set[int]:
    assert graph.loss is not None
    return depends_on(graph, [graph.names[name] for name in graph.wrt]) & ancestors(graph, graph.loss)


def _sweep_floats(graph: Graph) -> tuple[list[Array], dict[int, Array]]:
    """As `_sweep`, in float64: each node right to 1e-12 given its operands, or by 50 digits."""
    kind = float_kind()
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for number, node in enumerate(graph.nodes):
            if node.operation is None:
                values.append(graph.values[number])
            else:
                values.append(_float_value(node, [values[o] for o in node.operands], kind))
        cotangents: dict[int, Array] = {}
        if graph.loss is None:
            return values, cotangents
        moving = _moving(graph)
        cotangents[graph.loss] = np.ones(())
        for number in range(graph.loss, -1, -1):
            node = graph.nodes[number]
            if node.operation is None or number not in cotangents:
                continue
            needed = [o in moving for o in node.operands]
            inputs = [values[o] for o in node.operands]
            parts = _float_adjoint(node, inputs, cotangents[number], needed, kind)
            _accumulate(node, parts, cotangents, moving, kind)
    return values, cotangents


def _float_value(node: Node, operands: Sequence[Array], kind: Kind) -> Array:
    assert node.operation is not None
    if not isinstance(node.operation.definition, Composite) or is_linear(node, [x.shape for x in operands]):
        return np.asarray(value(node, operands, kind)[0])
    bounded, _ = value(node, [exactly(x) for x in operands], bounded_kind())
    bad = bounded.doubtful()
    if not bad.any():
        return np.asarray(bounded.value)
    result = np.array(np.broadcast_to(bounded.value, node.shape))
    if _composite_operations(node, operands) > LARGEST_COMPOSITE:
        result[np.broadcast_to(bad, node.shape)] = np.nan
        return result
    exact, _ = value(node, [from_floats(x) for x in operands], mp_kind())
    return to_floats(exact)


def _float_adjoint(
    node: Node, operands: Sequence[Array], cotangent: Array, needed: Sequence[bool], kind: Kind
) -> list[Any]:
    assert node.operation is not None
    if not isinstance(node.operation.definition, Composite) or is_linear(node, [x.shape for x in operands]):
        wanted = isinstance(node.operation.definition, Gather | Fold | Composite)
        memory = value(node, operands, kind)[1] if wanted else None
        return adjoint(node, operands, cotangent, memory, needed, kind)
    bounded = bounded_kind()
    inputs: list[Any] = [exactly(x) for x in operands]
    _, memory = value(node, inputs, bounded)
    parts: list[Bounded | None] = adjoint(node, inputs, exactly(np.asarray(cotangent)), memory, needed, bounded)
    if not any(p is not None and p.doubtful().any() for p in parts):
        return [None if p is None else p.value for p in parts]
    if _composite_operations(node, operands) > LARGEST_COMPOSITE:
        return [None if p is None else np.where(p.doubtful(), np.nan, p.value) for p in parts]
    digits = mp_kind()
    inputs = [from_floats(x) for x in operands]
    _, memory = value(node, inputs, digits)
    exact = adjoint(node, inputs, from_floats(np.asarray(cotangent)), memory, needed, digits)
    return [None if p is None else to_floats(np.asarray(p)) for p in exact]


def is_linear(node: Node, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether a composite only moves, multiplies and adds its operands, as a convolution does: rounding is then no
    larger than the terms' own, and needs no bound."""
    part = inner(node, tuple(shapes))
    for step in part.nodes:
        if step.operation is None:
            continue
        kind = step.operation.definition
        if isinstance(kind, Composite):
            if not is_linear(step, [part.nodes[o].shape for o in step.operands]):
                return False
        elif not isinstance(kind, Einsum | Gather) and step.operation.name not in ("add", "subtract", "negative"):
            return False
    return True


def scalar_operations(graph: Graph) -> int:
    """About how many scalar operations a forward pass by the definitions takes."""
    shapes = [node.shape for node in graph.nodes]
    return sum(_operations(node, [shapes[o] for o in node.operands]) for node in graph.nodes if node.operation)


def _composite_operations(node: Node, operands: Sequence[Array]) -> int:
    return _operations(node, [x.shape for x in operands])


def _operations(node: Node, shapes: Sequence[tuple[int, ...]]) -> int:
    assert node.operation is not None
    match node.operation.definition:
        case Einsum(subscripts=subscripts):
            text = subscripts(tuple(shapes), node.settings)
            terms = text.replace(" ", "").split("->")[0].split(",")
            sizes = {a: n for t, shape in zip(terms, shapes, strict=True) for a, n in zip(t, shape, strict=True)}
            return math.prod(sizes.values())
        case Elementwise():
            return math.prod(node.shape) if node.operation.family == "arithmetic" else 4 * math.prod(node.shape)
        case Composite():
            part = inner(node, tuple(shapes))
            own = [n.shape for n in part.nodes]
            return sum(_operations(n, [own[o] for o in n.operands]) for n in part.nodes if n.operation)
        case Fold():
            return 4 * sum(math.prod(s) for s in shapes)
        case _:
            return math.prod(node.shape)
