"""Penalties on weights: the sum of absolute values and the sum of squares, without a factor one half."""

from __future__ import annotations

import numpy as np

from dlcli.ops.analytic import magnitude
from dlcli.ops.operation import Composite, Example, Kink, Operation, Settings, Shape
from dlcli.ops.shapes import Settled, axes_of, restored, sum_text

FAMILY = "penalties"
EXAMPLES = (Example(((2, 3),)), Example(((3,),)), Example(((),)))


def _settle(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    return (), {"axes": axes_of(None, shapes[0])}


def _norm_latex(order: int) -> str:
    return rf"_{{{order}}}" + (r"^{2}" if order == 2 else "")


l1 = Operation(
    name="l1", family=FAMILY, operands=("W",),
    settle=_settle,
    forward=lambda W, axes: magnitude(W).sum(axis=axes),
    vjp=(lambda g, _y, W, axes: restored(g, axes, False) * np.sign(W.real),),
    definition=Composite(lambda shapes, s: sum_text("abs(W)", s["axes"], shapes[0])),
    formula="sum(abs(W))", derivative="sign(W)", latex=lambda W, **_: rf"\left\|{W}\right\|" + _norm_latex(1),
    branches=lambda W, **_: W.real > 0, margins=lambda W, **_: np.abs(W.real),
    kinks=(Kink((0.0,), (0.0,), "l1 at an entry of 0: slope 0"),),
    examples=EXAMPLES,
    about="The sum of absolute values over all entries.",
)  # fmt: skip

l2 = Operation(
    name="l2", family=FAMILY, operands=("W",),
    settle=_settle,
    forward=lambda W, axes: np.sum(W * W, axis=axes),
    vjp=(lambda g, _y, W, axes: restored(g, axes, False) * (2 * W),),
    definition=Composite(lambda shapes, s: sum_text("square(W)", s["axes"], shapes[0])),
    formula="sum(W**2)", derivative="2*W", latex=lambda W, **_: rf"\left\|{W}\right\|" + _norm_latex(2),
    examples=EXAMPLES,
    about="The sum of squares over all entries, without a factor one half.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (l1, l2)
