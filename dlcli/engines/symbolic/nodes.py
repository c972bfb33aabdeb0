"""One node by its definition alone: its value, and the adjoint that SymPy, linearity and folds give.

The structural kinds are written once, for every kind of number; `Kind` says how numbers of one kind are combined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dlcli.engines.symbolic.scalars import Scalar, definition, derivative, fold_step
from dlcli.graph import Node
from dlcli.language import parse_expression
from dlcli.lowering.builder import Builder
from dlcli.lowering.expressions import lower_tree
from dlcli.lowering.scope import Scope
from dlcli.ops.operation import (
    Array,
    Composite,
    Declared,
    Einsum,
    Elementwise,
    Fold,
    Gather,
    Operation,
    Shape,
)


@dataclass(frozen=True)
class Kind:
    """How arrays of one kind of number are computed with.

    scalar(formula, arrays); einsum(subscripts, arrays); gather(array, index) and scatter(array, index, shape)
    with flat positions; join makes one flat array of several; literal(exact, shape) reads a constant of a
    definition; declared(forward, arrays) applies a function without slope; plain gives ordinary NumPy numbers
    to be used as positions. Settings are exact decimals where `short`.
    """

    scalar: Callable[[Scalar, Sequence[Any]], Any]
    einsum: Callable[[str, Sequence[Any]], Any]
    gather: Callable[[Any, Array], Any]
    scatter: Callable[[Any, Array, Shape], Any]
    add: Callable[[Any, Any], Any]
    multiply: Callable[[Any, Any], Any]
    literal: Callable[[Any, Shape], Any]
    broadcast: Callable[[Any, Shape], Any]
    declared: Callable[[Callable[..., Array], Sequence[Any]], Any]
    join: Callable[[Sequence[Any]], Any]
    plain: Callable[[Any], Array]
    short: bool = False


@dataclass(frozen=True)
class Inner:
    """A composite's definition as nodes: the first are its operands, the last is its result."""

    nodes: tuple[Node, ...]
    leaves: Mapping[int, Array]
    exact: Mapping[int, Any]
    result: int


def inner(node: Node, shapes: tuple[Shape, ...]) -> Inner:
    """The definition of a composite node, parsed and lowered for operands of these shapes."""
    assert node.operation is not None
    assert isinstance(node.operation.definition, Composite)
    return _inner(node.operation, tuple(sorted(node.settings.items())), shapes)


@lru_cache(maxsize=1024)
def _inner(operation: Operation, settings: tuple[tuple[str, Any], ...], shapes: tuple[Shape, ...]) -> Inner:
    assert isinstance(operation.definition, Composite)
    builder = Builder()
    for name, shape in zip(operation.operands, shapes, strict=False):
        builder.operand(shape, name)
    tree = parse_expression(operation.definition.text(shapes, dict(settings)))
    result = lower_tree(tree, Scope(builder, hidden=True))
    return Inner(tuple(builder.nodes), builder.values, builder.exact, result)


def value(node: Node, operands: Sequence[Any], kind: Kind) -> tuple[Any, Any]:
    """The node's value and what its adjoint wants to remember."""
    operation = node.operation
    assert operation is not None
    match operation.definition:
        case Elementwise():
            return kind.scalar(definition(operation, node.settings, kind.short), operands), None
        case Einsum(subscripts=subscripts):
            shapes = tuple(x.shape for x in operands)
            return kind.einsum(subscripts(shapes, node.settings), operands), None
        case Gather():
            data, index = gathered(node, operands, kind)
            flat = data[0] if len(data) == 1 else kind.join(data)
            return kind.gather(flat, index), index
        case Fold():
            return _fold(node, operands[0], kind)
        case Declared():
            return kind.declared(lambda *xs: operation.forward(*xs, **node.settings), operands), None
        case Composite():
            part = inner(node, tuple(x.shape for x in operands))
            return _inner_value(part, operands, kind)


def adjoint(
    node: Node, operands: Sequence[Any], cotangent: Any, memory: Any, needed: Sequence[bool], kind: Kind
) -> list[Any]:
    """The cotangent of each operand, None where it is 0 by declaration or not needed."""
    operation = node.operation
    assert operation is not None
    none: list[Any] = [None] * len(operands)
    match operation.definition:
        case Elementwise():
            formula = definition(operation, node.settings, kind.short)
            return [
                _scalar_adjoint(formula, p, operands, cotangent, kind) if need else None
                for p, need in enumerate(needed)
            ]
        case Einsum(subscripts=subscripts):
            text = subscripts(tuple(x.shape for x in operands), node.settings)
            return [
                _einsum_adjoint(text, p, operands, cotangent, kind) if need else None for p, need in enumerate(needed)
            ]
        case Gather():
            return _gather_adjoint(node, operands, cotangent, memory, kind)
        case Fold():
            return [_fold_adjoint(node, operands[0], cotangent, memory, kind)]
        case Declared():
            return none
        case Composite():
            return _inner_adjoint(operands, cotangent, memory, needed, kind)


def reduce_to(cotangent: Any, shape: Shape, kind: Kind) -> Any:
    """The cotangent summed over the axes along which an operand of this shape was repeated."""
    if cotangent.shape == shape:
        return cotangent
    rank = len(cotangent.shape)
    letters = "abcdefghijklmnopqrstuvw"[:rank]
    lead = rank - len(shape)
    kept = [letters[lead + i] for i, n in enumerate(shape) if n == cotangent.shape[lead + i]]
    reduced = kind.einsum(f"{letters}->{''.join(kept)}", [cotangent])
    return kind.gather(reduced, np.arange(math.prod(shape)).reshape(shape))


def _scalar_adjoint(formula: Scalar, position: int, operands: Sequence[Any], cotangent: Any, kind: Kind) -> Any:
    slope = derivative(formula, position)
    if slope.expression == 0:
        return None
    if slope.expression == 1:
        return reduce_to(cotangent, operands[position].shape, kind)
    local = kind.scalar(slope, operands)
    return reduce_to(kind.multiply(cotangent, local), operands[position].shape, kind)


def _einsum_adjoint(text: str, position: int, operands: Sequence[Any], cotangent: Any, kind: Kind) -> Any:
    inputs, output = text.replace(" ", "").split("->")
    terms = inputs.split(",")
    own = terms[position]
    others = [t for i, t in enumerate(terms) if i != position]
    present = set(output).union(*others) if others else set(output)
    reached = "".join(letter for letter in own if letter in present)
    arrays = [cotangent, *(x for i, x in enumerate(operands) if i != position)]
    part = kind.einsum(f"{','.join([output, *others])}->{reached}", arrays)
    if reached == own:
        return part
    shape = operands[position].shape
    kept = tuple(n if letter in reached else 1 for letter, n in zip(own, shape, strict=True))
    part = kind.gather(part, np.arange(math.prod(kept)).reshape(kept))
    return kind.broadcast(part, shape)


def gathered(node: Node, operands: Sequence[Any], kind: Kind) -> tuple[list[Any], Array]:
    """The data operands, and for each entry of the result its flat position in them, one after the other."""
    assert node.operation is not None
    moved = node.operation.definition
    assert isinstance(moved, Gather)
    which = range(len(operands)) if moved.data == "all" else moved.data
    arguments = [x if p in which else kind.plain(x) for p, x in enumerate(operands)]
    start, data = 0, []
    for position in which:
        size = math.prod(operands[position].shape)
        arguments[position] = np.arange(start, start + size).reshape(operands[position].shape)
        start += size
        data.append(operands[position])
    return data, np.asarray(node.operation.forward(*arguments, **node.settings))


def _gather_adjoint(node: Node, operands: Sequence[Any], cotangent: Any, index: Array, kind: Kind) -> list[Any]:
    assert node.operation is not None
    definition_kind = node.operation.definition
    assert isinstance(definition_kind, Gather)
    which = list(range(len(operands))) if definition_kind.data == "all" else list(definition_kind.data)
    sizes = [math.prod(operands[p].shape) for p in which]
    flat = kind.scatter(cotangent, index, (sum(sizes),))
    result: list[Any] = [None] * len(operands)
    start = 0
    for position, size in zip(which, sizes, strict=True):
        result[position] = kind.gather(flat, np.arange(start, start + size).reshape(operands[position].shape))
        start += size
    return result


def _axes_first(node: Node, shape: Shape) -> tuple[list[int], Array]:
    """The folded axes (positive), and flat positions of the entries as (entries in the fold, rest)."""
    axes = sorted(axis % len(shape) for axis in node.settings["axes"]) if shape else []
    order = axes + [axis for axis in range(len(shape)) if axis not in axes]
    count = math.prod(shape[a] for a in axes)
    positions = np.arange(math.prod(shape)).reshape(shape).transpose(order).reshape(count, -1)
    return axes, positions


def _fold(node: Node, operand: Any, kind: Kind) -> tuple[Any, Any]:
    assert node.operation is not None
    step = fold_step(node.operation)
    _, positions = _axes_first(node, operand.shape)
    total = kind.gather(operand, positions[0])
    prefixes = [total]
    for row in positions[1:]:
        total = kind.scalar(step, [total, kind.gather(operand, row)])
        prefixes.append(total)
    return kind.gather(total, np.arange(positions.shape[1]).reshape(node.shape)), prefixes


def _fold_adjoint(node: Node, operand: Any, cotangent: Any, prefixes: list[Any], kind: Kind) -> Any:
    """From the last entry back: the slope by the entry, and by what was accumulated before it."""
    assert node.operation is not None
    step = fold_step(node.operation)
    _, positions = _axes_first(node, operand.shape)
    running = kind.gather(cotangent, np.arange(positions.shape[1]))
    parts = []
    for row in range(len(positions) - 1, 0, -1):
        pair = [prefixes[row - 1], kind.gather(operand, positions[row])]
        parts.append(kind.multiply(running, kind.scalar(derivative(step, 1), pair)))
        running = kind.multiply(running, kind.scalar(derivative(step, 0), pair))
    parts.append(running)
    return kind.scatter(kind.join(parts[::-1]), positions.reshape(-1), operand.shape)


def _inner_value(part: Inner, operands: Sequence[Any], kind: Kind) -> tuple[Any, Any]:
    values: list[Any] = []
    memories: list[Any] = []
    for number, node in enumerate(part.nodes):
        memory = None
        if number < len(operands):
            result = operands[number]
        elif node.operation is None:
            result = kind.literal(part.exact[number], node.shape)
        else:
            result, memory = value(node, [values[o] for o in node.operands], kind)
        values.append(result)
        memories.append(memory)
    return values[part.result], (part, values, memories)


def _inner_adjoint(
    operands: Sequence[Any], cotangent: Any, memory: Any, needed: Sequence[bool], kind: Kind
) -> list[Any]:
    part, values, memories = memory
    moving = {p for p, need in enumerate(needed) if need}
    for number, node in enumerate(part.nodes):
        if any(o in moving for o in node.operands):
            moving.add(number)
    cotangents: dict[int, Any] = {part.result: cotangent}
    for number in range(part.result, len(operands) - 1, -1):
        node = part.nodes[number]
        if node.operation is None or number not in cotangents:
            continue
        inputs = [values[o] for o in node.operands]
        parts = adjoint(node, inputs, cotangents[number], memories[number], [o in moving for o in node.operands], kind)
        for operand, piece in zip(node.operands, parts, strict=True):
            if piece is not None and operand in moving:
                earlier = cotangents.get(operand)
                cotangents[operand] = piece if earlier is None else kind.add(earlier, piece)
    return [cotangents.get(p) for p in range(len(operands))]
