"""Operations that move entries: reshape, flatten, concat, stack, diag, broadcast_to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import (
    REQUIRED,
    Array,
    Composite,
    Example,
    Gather,
    Operation,
    Setting,
    Settings,
    Shape,
)
from dlcli.ops.shapes import Settled, leading, list_text, one_axis, shown

FAMILY = "shapes"


def _settle_reshape(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    (shape,) = shapes
    wanted, size = tuple(settings["shape"]), math.prod(shape)
    known = math.prod(n for n in wanted if n != -1)
    target = tuple(size // known if n == -1 and known > 0 else n for n in wanted)
    if wanted.count(-1) > 1 or any(n < 1 for n in target) or math.prod(target) != size:
        raise OperationError(
            "E212",
            f"{size} entr{'y' if size == 1 else 'ies'} of shape {shown(shape)} do not fill shape {wanted}",
            help="the sizes of a shape multiply to the number of entries; one of them may be -1",
            setting="shape",
        )
    return target, {"shape": target, "ranks": (len(shape),)}


def _settle_flatten(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    target = (math.prod(shapes[0]),)
    return target, {"shape": target, "ranks": (len(shapes[0]),)}


def _reshape(x: Array, shape: Shape, ranks: tuple[int]) -> Array:
    return x.reshape(leading(x, ranks[0]) + shape)


def _reshape_back(g: Array, _y: Array, x: Array, **_settings: object) -> Array:
    return g.reshape(x.shape)


def _settle_concat(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    first = shapes[0]
    if first == ():
        raise OperationError("E214", "concat joins vectors or arrays, not scalars", help="use stack([a, b])", operand=0)
    axis = one_axis(settings["axis"], first)
    for position, shape in enumerate(shapes):
        if len(shape) != len(first) or _without(shape, axis) != _without(first, axis):
            raise OperationError(
                "E214",
                f"shapes {shown(first)} and {shown(shape)} do not join along axis {settings['axis']}: "
                "all other sizes must be equal",
                help="join along another axis, or reshape one of them",
                operand=position,
            )
    joined = list(first)
    joined[axis] = sum(shape[axis] for shape in shapes)
    return tuple(joined), {"axis": axis}


def _without(shape: Shape, axis: int) -> Shape:
    place = axis + len(shape)
    return shape[:place] + shape[place + 1 :]


def _concat_part(g: Array, _y: Array, *operands: Array, axis: int, position: int) -> Array:
    start = sum(x.shape[axis] for x in operands[:position])
    part = slice(start, start + operands[position].shape[axis])
    selector: tuple[Any, ...] = (..., part, *(slice(None),) * (-axis - 1))
    return np.asarray(g[selector])


def _settle_stack(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    first = shapes[0]
    for position, shape in enumerate(shapes):
        if shape != first:
            raise OperationError(
                "E214",
                f"shapes {shown(first)} and {shown(shape)} do not stack: they must be equal",
                help="use concat([a, b]) to join parts of different lengths",
                operand=position,
            )
    axis = one_axis(settings["axis"], (len(shapes), *first))
    place = axis + len(first) + 1
    return (*first[:place], len(shapes), *first[place:]), {"axis": axis}


def _stack_part(g: Array, _y: Array, *_operands: Array, axis: int, position: int) -> Array:
    selector: tuple[Any, ...] = (..., position, *(slice(None),) * (-axis - 1))
    return np.asarray(g[selector])


def _settle_diag(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    (shape,) = shapes
    if len(shape) not in (1, 2):
        raise OperationError("E211", f"diag takes a vector or a matrix, not shape {shown(shape)}", operand=0)
    return (shape * 2 if len(shape) == 1 else (min(shape),)), {"ranks": (len(shape),)}


def _settle_diagonal(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    if len(shapes[0]) != 2:
        raise OperationError("E211", f"a diagonal is that of a matrix, not of shape {shown(shapes[0])}", operand=0)
    return (min(shapes[0]),), {}


def _diag(x: Array, ranks: tuple[int]) -> Array:
    if ranks == (2,):
        return np.diagonal(x, axis1=-2, axis2=-1)
    matrix = np.zeros((*x.shape, x.shape[-1]), dtype=x.dtype)
    places = np.arange(x.shape[-1])
    matrix[..., places, places] = x
    return matrix


def _diag_back(g: Array, _y: Array, x: Array, ranks: tuple[int]) -> Array:
    return np.diagonal(g, axis1=-2, axis2=-1) if ranks == (1,) else _onto_diagonal(g, _y, x)


def _onto_diagonal(g: Array, _y: Array, x: Array) -> Array:
    matrix = np.zeros(x.shape, dtype=g.dtype)
    places = np.arange(g.shape[-1])
    matrix[..., places, places] = g
    return matrix


def _diag_text(shapes: tuple[Shape, ...], _settings: Settings) -> str:
    (shape,) = shapes
    if len(shape) == 2:
        return "diagonal(x)"
    return f"x * onehot({list_text(tuple(range(shape[0])))}, {shape[0]})"


def _settle_broadcast(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    (shape,), target = shapes, tuple(settings["shape"])
    lead = len(target) - len(shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, target[lead:], strict=True)):
        raise OperationError(
            "E201", f"shape {shown(shape)} does not broadcast to {shown(target)}", operand=0, setting="shape"
        )
    return target, {"shape": target, "ranks": (len(shape),)}


def _broadcast_to(x: Array, shape: Shape, ranks: tuple[int]) -> Array:
    copies, own = leading(x, ranks[0]), x.shape[len(x.shape) - ranks[0] :]
    return np.broadcast_to(x.reshape(copies + (1,) * (len(shape) - ranks[0]) + own), copies + shape)


def _broadcast_back(g: Array, _y: Array, x: Array, shape: Shape, ranks: tuple[int]) -> Array:
    lead = len(shape) - ranks[0]
    own = x.shape[len(x.shape) - ranks[0] :]
    axes = (
        *range(-len(shape), -ranks[0]),
        *(a - ranks[0] for a, n in enumerate(own) if n != shape[lead + a]),
    )
    return np.asarray(g.sum(axis=axes, keepdims=True)).reshape(x.shape)


reshape = Operation(
    name="reshape", family=FAMILY, operands=("x",),
    settle=_settle_reshape, forward=_reshape, vjp=(_reshape_back,),
    definition=Gather(),
    formula="the entries, row by row, in another shape", derivative="1", latex=named("reshape"),
    settings=(Setting("shape", REQUIRED, "shape", "the new shape; one size may be -1"),),
    examples=(
        Example(((2, 3),), {"shape": (3, -1)}), Example(((4,),), {"shape": (2, 2)}),
        Example(((),), {"shape": (1, 1)}),
    ),
    about="The same entries in another shape.",
)  # fmt: skip

flatten = Operation(
    name="flatten", family=FAMILY, operands=("x",),
    settle=_settle_flatten, forward=_reshape, vjp=(_reshape_back,),
    definition=Gather(),
    formula="all entries as one vector", derivative="1", latex=named("flatten"),
    examples=(Example(((2, 3),)), Example(((),)), Example(((2, 2, 2),))),
    about="All entries as one vector, row by row (the layer flatten keeps the samples).",
)  # fmt: skip

concat = Operation(
    name="concat", family=FAMILY, operands=("x",),
    settle=_settle_concat,
    forward=lambda *xs, axis: np.concatenate(xs, axis=axis),
    vjp=(_concat_part,),
    definition=Gather("all"),
    formula="the operands, one after the other along an axis", derivative="1", latex=named("concat"),
    settings=(Setting("axis", 0, "integer", "the axis along which they are joined"),),
    variadic=True, align="stack", aliases=("concatenate",),
    examples=(
        Example(((2,), (3,))), Example(((2, 3), (1, 3), (2, 3))), Example(((2, 1), (2, 3)), {"axis": -1}),
    ),
    about="Arrays joined along an axis that they have.",
)  # fmt: skip

stack = Operation(
    name="stack", family=FAMILY, operands=("x",),
    settle=_settle_stack,
    forward=lambda *xs, axis: np.stack(xs, axis=axis),
    vjp=(_stack_part,),
    definition=Gather("all"),
    formula="the operands, one after the other along a new axis", derivative="1", latex=named("stack"),
    settings=(Setting("axis", 0, "integer", "where the new axis stands in the result"),),
    variadic=True, align="stack",
    examples=(Example(((), (), ())), Example(((3,), (3,))), Example(((2, 3), (2, 3)), {"axis": 1})),
    about="Equal shapes joined along a new axis; scalars become a vector.",
)  # fmt: skip

diag = Operation(
    name="diag", family=FAMILY, operands=("x",),
    settle=_settle_diag, forward=_diag, vjp=(_diag_back,),
    definition=Composite(_diag_text),
    formula="of a vector the diagonal matrix, of a matrix its diagonal", derivative="1", latex=named("diag"),
    examples=(Example(((3,),)), Example(((3, 3),)), Example(((2, 3),))),
    about="A diagonal matrix from a vector, or a matrix's diagonal.",
)  # fmt: skip

diagonal = Operation(
    name="diagonal", family=FAMILY, operands=("x",),
    settle=_settle_diagonal,
    forward=lambda x: np.diagonal(x, axis1=-2, axis2=-1),
    vjp=(_onto_diagonal,),
    definition=Gather(),
    formula="x[i, i]", derivative="1", latex=named("diag"),
    examples=(Example(((3, 3),)), Example(((2, 3),))), hidden=True,
    about="The diagonal of a matrix.",
)  # fmt: skip

broadcast_to = Operation(
    name="broadcast_to", family=FAMILY, operands=("x",),
    settle=_settle_broadcast, forward=_broadcast_to, vjp=(_broadcast_back,),
    definition=Gather(),
    formula="the entries, repeated along axes of size 1", derivative="1", latex=named("broadcast"),
    settings=(Setting("shape", REQUIRED, "shape", "the new shape"),),
    examples=(
        Example(((3,),), {"shape": (2, 3)}), Example(((2, 1),), {"shape": (4, 2, 3)}),
        Example(((),), {"shape": (2,)}),
    ),
    hidden=True, about="The entries repeated to fill a larger shape.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (reshape, flatten, concat, stack, diag, diagonal, broadcast_to)
