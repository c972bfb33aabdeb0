"""Folds along axes: max, min, prod, and argmax. Of equals the first is taken; the real part decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import Array, Declared, Example, Fold, Kink, Operation, Settings, Shape
from dlcli.ops.reductions import AXIS, EXAMPLES, FAMILY, KEEPDIMS, Axes, settle_reduction
from dlcli.ops.shapes import Settled, merged, restored, unmerged


def _settle_argmax(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    if isinstance(settings["axis"], tuple):
        raise OperationError("E305", "argmax takes one axis, or None for all", setting="axis")
    return settle_reduction(shapes, settings)


def _first(x: Array, axes: Axes, sign: int) -> tuple[Array, Array]:
    """The entries along the axes as rows, and where each row has its first largest (or smallest) entry."""
    rows = merged(x, axes)
    return rows, (np.argmax if sign > 0 else np.argmin)(rows.real, axis=-1, keepdims=True)


def _extreme(sign: int) -> Callable[..., Array]:
    def forward(x: Array, axes: Axes, keepdims: bool) -> Array:
        rows, first = _first(x, axes, sign)
        picked = np.take_along_axis(rows, first, axis=-1)[..., 0]
        return restored(picked, axes, False) if keepdims else picked

    return forward


def _extreme_vjp(sign: int) -> Callable[..., Array]:
    def vjp(g: Array, _y: Array, x: Array, axes: Axes, keepdims: bool) -> Array:
        rows, first = _first(x, axes, sign)
        mask = np.zeros(rows.shape, dtype=bool)
        np.put_along_axis(mask, first, True, axis=-1)
        return np.where(unmerged(mask, axes, x), restored(g, axes, keepdims), 0.0)

    return vjp


def _position(sign: int) -> Callable[..., Array]:
    def branches(x: Array, axes: Axes, **_settings: Any) -> Array:
        return np.asarray(_first(x, axes, sign)[1][..., 0])

    return branches


def _gap(sign: int) -> Callable[..., Array]:
    def margins(x: Array, axes: Axes, **_settings: Any) -> Array:
        rows = sign * merged(x, axes).real
        if rows.shape[-1] == 1:
            return np.full(rows.shape[:-1], np.inf)
        top = np.partition(rows, -2, axis=-1)
        return np.asarray(top[..., -1] - top[..., -2])

    return margins


def _argmax(x: Array, axes: Axes, keepdims: bool) -> Array:
    first = _first(x, axes, 1)[1][..., 0].astype(x.real.dtype)
    return restored(first, axes, False) if keepdims else first


def _prod_vjp(g: Array, _y: Array, x: Array, axes: Axes, keepdims: bool) -> Array:
    """Each entry's slope is the product of those before it and those after it, right at zeros too."""
    rows = merged(x, axes)
    ones = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([ones, rows[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([ones, rows[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return restored(g, axes, keepdims) * unmerged(before * after, axes, x)


max = Operation(
    name="max", family=FAMILY, operands=("x",),
    settle=settle_reduction, forward=_extreme(1), vjp=(_extreme_vjp(1),),
    definition=Fold(lambda sp, a, b: sp.Piecewise((a, a >= b), (b, True))),
    formula="the largest entry", derivative="1 at the first largest entry, else 0", latex=named("max"),
    settings=(AXIS, KEEPDIMS), branches=_position(1), margins=_gap(1),
    kinks=(Kink((0.0,), (1.0,), "max at a tie: the first of equals has slope 1"),),
    examples=EXAMPLES,
    about="The largest entry; max(a, b) of two quantities is maximum.",
)  # fmt: skip

min = Operation(
    name="min", family=FAMILY, operands=("x",),
    settle=settle_reduction, forward=_extreme(-1), vjp=(_extreme_vjp(-1),),
    definition=Fold(lambda sp, a, b: sp.Piecewise((a, a <= b), (b, True))),
    formula="the smallest entry", derivative="1 at the first smallest entry, else 0", latex=named("min"),
    settings=(AXIS, KEEPDIMS), branches=_position(-1), margins=_gap(-1),
    kinks=(Kink((0.0,), (1.0,), "min at a tie: the first of equals has slope 1"),),
    examples=EXAMPLES,
    about="The smallest entry; min(a, b) of two quantities is minimum.",
)  # fmt: skip

prod = Operation(
    name="prod", family=FAMILY, operands=("x",),
    settle=settle_reduction,
    forward=lambda x, axes, keepdims: np.asarray(np.prod(x, axis=axes, keepdims=keepdims)),
    vjp=(_prod_vjp,),
    definition=Fold(lambda _sp, a, b: a * b),
    formula="product of the entries along the axes", derivative="the product of the other entries",
    latex=lambda x, **_: rf"\prod {x}",
    settings=(AXIS, KEEPDIMS),
    examples=(*EXAMPLES, Example(((4,),), values={0: [2.0, 0.0, 3.0, 0.5]})),
    about="The product over an axis, several axes, or all entries.",
)  # fmt: skip

argmax = Operation(
    name="argmax", family=FAMILY, operands=("x",),
    settle=_settle_argmax, forward=_argmax, vjp=(None,),
    definition=Declared(),
    formula="position of the first largest entry, from 0", derivative="0", latex=named("argmax"),
    settings=(AXIS, KEEPDIMS), branches=_position(1), margins=_gap(1),
    examples=tuple(e for e in EXAMPLES if not isinstance(e.settings.get("axis"), tuple)),
    about="The position of the largest entry; of all axes, counted along the rows.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (max, min, prod, argmax)
