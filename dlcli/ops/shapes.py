"""Rules of shapes that several operations share: broadcasting, axes counted from the end, equal shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.operation import Array, Settings, Shape

Settled = tuple[Shape, dict[str, Any]]


def broadcast(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    """The shape of an element-wise result by NumPy's broadcasting; settings stay as they are. Raises E201."""
    return broadcast_shape(shapes), dict(settings)


def broadcast_shape(shapes: tuple[Shape, ...]) -> Shape:
    """The shape that all shapes broadcast to. Raises OperationError (E201) naming the two that do not fit."""
    result: Shape = ()
    for position, shape in enumerate(shapes):
        try:
            result = np.broadcast_shapes(result, shape)
        except ValueError:
            raise OperationError(
                "E201",
                f"shapes {shown(result)} and {shown(shape)} do not fit: from the end, each pair of sizes "
                "must be equal, or one of them 1",
                help=_broadcast_help(result, shape),
                operand=position,
            ) from None
    return result


def _broadcast_help(first: Shape, second: Shape) -> str:
    if len(first) == len(second) == 2 and first == second[::-1]:
        return "transpose one of them with `.T`"
    if {len(first), len(second)} == {1, 2}:
        return "a vector is matched with the last axis; reshape it to one column to match it with the rows"
    return "give both the same shape, or a size of 1 where one of them is to be repeated"


def axes_of(axis: int | tuple[int, ...] | None, shape: Shape) -> tuple[int, ...]:
    """The axes counted from the end, in increasing order; None means all. Raises OperationError (E210)."""
    rank = len(shape)
    if axis is None:
        return tuple(range(-rank, 0))
    given = axis if isinstance(axis, tuple) else (axis,)
    settled = sorted(one_axis(a, shape) for a in given)
    if len(set(settled)) < len(settled):
        raise OperationError("E210", f"axis {given} names an axis of {shown(shape)} twice", setting="axis")
    return tuple(settled)


def one_axis(axis: int, shape: Shape) -> int:
    """The axis counted from the end. Raises OperationError (E210)."""
    rank = len(shape)
    if rank == 0:
        raise OperationError(
            "E210",
            f"axis {axis} does not exist: the operand is a scalar",
            help="use a vector",
            setting="axis",
        )
    if not -rank <= axis < rank:
        valid = "0 (or -1)" if rank == 1 else f"0 … {rank - 1} (or {-rank} … -1)"
        raise OperationError(
            "E210",
            f"axis {axis} does not exist in shape {shown(shape)}",
            help=f"its axes are {valid}",
            setting="axis",
        )
    return axis if axis < 0 else axis - rank


def reduced_shape(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape left when the axes (counted from the end) are reduced."""
    gone = {axis + len(shape) for axis in axes}
    if keepdims:
        return tuple(1 if i in gone else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in gone)


def count_of(shape: Shape, axes: tuple[int, ...]) -> int:
    """How many entries are reduced to one."""
    return math.prod(shape[axis] for axis in axes)


def restored(reduced: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The result of a reduction with its reduced axes back, of size 1."""
    return reduced if keepdims or not axes else np.expand_dims(reduced, axes)


def merged(x: Array, axes: tuple[int, ...]) -> Array:
    """The entries along the axes as one last axis, in order: (..., n)."""
    if axes == (-1,):
        return x
    if not axes:
        return x[..., None]
    count = len(axes)
    last = np.moveaxis(x, axes, tuple(range(-count, 0)))
    return last.reshape(*last.shape[:-count], -1)


def unmerged(rows: Array, axes: tuple[int, ...], like: Array) -> Array:
    """The inverse of `merged` for an array that `like` has the shape of."""
    if axes == (-1,):
        return rows
    if not axes:
        return rows[..., 0]
    count = len(axes)
    last = np.moveaxis(like, axes, tuple(range(-count, 0)))
    return np.moveaxis(rows.reshape(last.shape), tuple(range(-count, 0)), axes)


def leading(x: Array, rank: int) -> Shape:
    """The axes of stacked copies of an operand that has this rank."""
    return x.shape[: len(x.shape) - rank]


def sum_text(term: str, axes: tuple[int, ...], shape: Shape, keepdims: bool = False) -> str:
    """The sum of a term of this shape over the axes, in dlcli's language."""
    if not axes:
        return f"({term})"
    total = f"total({term}, axis={list_text(axes)})"
    return f"reshape({total}, {list_text(reduced_shape(shape, axes, True))})" if keepdims else total


def list_text(numbers: tuple[int, ...]) -> str:
    """Whole numbers as a list in dlcli's language."""
    return "[" + ", ".join(map(str, numbers)) + "]"


def shown(shape: Shape) -> str:
    """A shape as messages print it; `()` is a scalar."""
    return str(shape) if shape else "() (a scalar)"
