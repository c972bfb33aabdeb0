"""Sums along axes and what is made of them: sum, mean, var, std, norm, logsumexp. Extremes: `extremes`.

Settled settings: `axes` counted from the end, `keepdims`, and the number of entries where a mean is taken.
"""

from __future__ import annotations

from string import ascii_letters

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import (
    Array,
    Composite,
    Einsum,
    Example,
    Kink,
    Operation,
    Setting,
    Settings,
    Shape,
)
from dlcli.ops.shapes import (
    Settled,
    axes_of,
    count_of,
    list_text,
    reduced_shape,
    restored,
    sum_text,
)
from dlcli.ops.softmax import log_sum_exp, log_sum_exp_vjp

FAMILY = "reductions"
Axes = tuple[int, ...]
AXIS = Setting("axis", None, "axis", "the axis or axes to reduce; None: all")
KEEPDIMS = Setting("keepdims", False, "flag", "keep the reduced axes, with size 1")
DDOF = Setting("ddof", 0, "integer", "divide by n - ddof")
EXAMPLES = (
    Example(((3,),)), Example(((),)), Example(((2, 3),)), Example(((2, 3),), {"axis": 0}),
    Example(((2, 3),), {"axis": -1, "keepdims": True}), Example(((2, 3, 2),), {"axis": (0, 2)}),
)  # fmt: skip


def settle_reduction(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    (shape,) = shapes
    axes, keepdims = axes_of(settings["axis"], shape), bool(settings["keepdims"])
    return reduced_shape(shape, axes, keepdims), {"axes": axes, "keepdims": keepdims}


def _settle_mean(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    shape, settled = settle_reduction(shapes, settings)
    return shape, settled | {"count": count_of(shapes[0], settled["axes"])}


def _settle_var(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    """`count` is the number of entries, `divisor` n - ddof. Raises E305 where that is not above 0."""
    shape, settled = _settle_mean(shapes, settings)
    divisor = settled["count"] - settings["ddof"]
    if divisor <= 0:
        raise OperationError(
            "E305",
            f"var and std divide by n - ddof, here {settled['count']} - {settings['ddof']} = {divisor}",
            help="leave ddof out to divide by n",
            setting="ddof",
        )
    return shape, settled | {"divisor": divisor}


def _settle_total(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    axes = axes_of(settings["axis"], shapes[0])
    return reduced_shape(shapes[0], axes, False), {"axes": axes}


def _total_subscripts(shapes: tuple[Shape, ...], settings: Settings) -> str:
    letters = ascii_letters[: len(shapes[0])]
    gone = {axis + len(letters) for axis in settings["axes"]}
    return f"{letters}->{''.join(x for i, x in enumerate(letters) if i not in gone)}"


def _reduction_text(term: str, before: str, after: str, shape: Shape, axes: Axes, keepdims: bool) -> str:
    """before + sum of the term + after, with the reduced axes back where they are kept."""
    text = f"{before}{sum_text(term, axes, shape)}{after}"
    return f"reshape({text}, {list_text(reduced_shape(shape, axes, True))})" if keepdims and axes else text


def _sum_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    return _reduction_text("identity(x)", "", "", shapes[0], settings["axes"], settings["keepdims"])


def _mean_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    after = f"/{settings['count']}"
    return _reduction_text("x", "", after, shapes[0], settings["axes"], settings["keepdims"])


def _var_text(shapes: tuple[Shape, ...], settings: Settings, before: str = "", after: str = "") -> str:
    axes, shape = settings["axes"], shapes[0]
    mean = f"{sum_text('x', axes, shape, keepdims=True)}/{settings['count']}"
    end = f"/{settings['divisor']}{after}"
    return _reduction_text(f"square(x - {mean})", before, end, shape, axes, settings["keepdims"])


def _norm_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    return _reduction_text("square(x)", "sqrt_or_zero(", ")", shapes[0], settings["axes"], settings["keepdims"])


def _logsumexp_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    return _reduction_text("exp(x)", "log(", ")", shapes[0], settings["axes"], settings["keepdims"])


def _spread(g: Array, _y: Array, x: Array, axes: Axes, keepdims: bool = False) -> Array:
    """The cotangent of a sum: repeated along the reduced axes, without a copy."""
    return np.broadcast_to(restored(g, axes, keepdims), x.shape)


def _deviations(x: Array, axes: Axes, count: int) -> Array:
    return np.asarray(x - x.sum(axis=axes, keepdims=True) / count)


def _var(x: Array, axes: Axes, keepdims: bool, count: int, divisor: int) -> Array:
    deviations = _deviations(x, axes, count)
    return np.asarray((deviations * deviations).sum(axis=axes, keepdims=keepdims) / divisor)


def _var_vjp(g: Array, _y: Array, x: Array, axes: Axes, keepdims: bool, count: int, divisor: int) -> Array:
    return np.asarray(restored(g, axes, keepdims) * (2 / divisor) * _deviations(x, axes, count))


def _std_vjp(g: Array, y: Array, x: Array, axes: Axes, keepdims: bool, count: int, divisor: int) -> Array:
    return restored(_over(g, divisor * y), axes, keepdims) * _deviations(x, axes, count)


def _over(g: Array, y: Array) -> Array:
    """g/y, and 0 where y is 0."""
    return np.where(y == 0, 0.0, g / np.where(y == 0, 1.0, y))


def _norm(x: Array, axes: Axes, keepdims: bool) -> Array:
    """The root of the sum of squares, scaled so that squares neither overflow nor vanish."""
    largest = np.abs(x.real).max(axis=axes, keepdims=True, initial=0.0)
    scale = np.where(
        (largest > 0) & np.isfinite(largest), np.ldexp(np.ones_like(largest), np.frexp(largest)[1] - 1), 1.0
    )
    scaled = x / scale
    total = np.sqrt((scaled * scaled).sum(axis=axes, keepdims=True)) * scale
    return np.asarray(total if keepdims else total.reshape(reduced_shape(total.shape, axes, False)))


def _norm_vjp(g: Array, y: Array, x: Array, axes: Axes, keepdims: bool) -> Array:
    return restored(g, axes, keepdims) * _over(x, restored(y, axes, keepdims))


def _root_latex(x: str, **_settings: object) -> str:
    return rf"\left\|{x}\right\|"


total = Operation(
    name="total", family=FAMILY, operands=("x",),
    settle=_settle_total,
    forward=lambda x, axes: np.sum(x, axis=axes),
    vjp=(_spread,),
    definition=Einsum(_total_subscripts),
    formula="sum over the axes", derivative="1", latex=named("sum"),
    settings=(AXIS,), examples=(Example(((2, 3),)), Example(((2, 3),), {"axis": 0}), Example(((),))),
    hidden=True, about="The sum as a contraction, of which `sum` is made.",
)  # fmt: skip

sum = Operation(
    name="sum", family=FAMILY, operands=("x",),
    settle=settle_reduction,
    forward=lambda x, axes, keepdims: np.sum(x, axis=axes, keepdims=keepdims),
    vjp=(_spread,),
    definition=Composite(_sum_text),
    formula="sum of the entries along the axes", derivative="1",
    latex=lambda x, **_: rf"\sum {x}",
    settings=(AXIS, KEEPDIMS), examples=EXAMPLES,
    about="The sum over an axis, several axes, or all entries.",
)  # fmt: skip

mean = Operation(
    name="mean", family=FAMILY, operands=("x",),
    settle=_settle_mean,
    forward=lambda x, axes, keepdims, count: np.sum(x, axis=axes, keepdims=keepdims) / count,
    vjp=(lambda g, y, x, axes, keepdims, count: _spread(g / count, y, x, axes, keepdims),),
    definition=Composite(_mean_text),
    formula="sum(x)/n", derivative="1/n", latex=named("mean"),
    settings=(AXIS, KEEPDIMS), examples=EXAMPLES,
    about="The arithmetic mean.",
)  # fmt: skip

var = Operation(
    name="var", family=FAMILY, operands=("x",),
    settle=_settle_var, forward=_var, vjp=(_var_vjp,),
    definition=Composite(_var_text),
    formula="sum((x - mean(x))**2)/(n - ddof)", derivative="2*(x - mean(x))/(n - ddof)", latex=named("var"),
    settings=(AXIS, KEEPDIMS, DDOF),
    examples=(*(e for e in EXAMPLES if e.shapes != ((),)), Example(((2, 3),), {"axis": 1, "ddof": 1})),
    about="The variance, divided by n unless ddof=1.",
)  # fmt: skip

std = Operation(
    name="std", family=FAMILY, operands=("x",),
    settle=_settle_var,
    forward=lambda x, **settings: np.sqrt(_var(x, **settings)),
    vjp=(_std_vjp,),
    definition=Composite(lambda shapes, settings: _var_text(shapes, settings, "sqrt_or_zero(", ")")),
    formula="sqrt(var(x))", derivative="(x - mean(x))/((n - ddof)*std(x)); 0 where std(x) is 0",
    latex=named("std"),
    settings=(AXIS, KEEPDIMS, DDOF),
    branches=lambda x, **settings: _var(x, **settings).real > 0,
    margins=lambda x, **settings: np.sqrt(_var(x, **settings).real),
    kinks=(Kink((1.0,), (0.0,), "std at 0: slope 0"),),
    examples=(*(e for e in EXAMPLES if e.shapes != ((),)), Example(((2, 3),), {"axis": 1, "ddof": 1})),
    about="The standard deviation, the root of the variance.",
)  # fmt: skip

norm = Operation(
    name="norm", family=FAMILY, operands=("x",),
    settle=settle_reduction, forward=_norm, vjp=(_norm_vjp,),
    definition=Composite(_norm_text),
    formula="sqrt(sum(x**2))", derivative="x/norm(x); 0 where norm(x) is 0", latex=_root_latex,
    settings=(AXIS, KEEPDIMS),
    branches=lambda x, **settings: _norm(x, **settings).real > 0,
    margins=lambda x, **settings: _norm(x, **settings).real,
    kinks=(Kink((0.0,), (0.0,), "norm at 0: slope 0"),),
    examples=EXAMPLES,
    about="The Euclidean norm; of a matrix without axis, the Frobenius norm.",
)  # fmt: skip

logsumexp = Operation(
    name="logsumexp", family=FAMILY, operands=("x",),
    settle=settle_reduction, forward=log_sum_exp, vjp=(log_sum_exp_vjp,),
    definition=Composite(_logsumexp_text),
    formula="log(sum(exp(x)))", derivative="softmax(x)", latex=named("logsumexp"),
    settings=(AXIS, KEEPDIMS), examples=EXAMPLES,
    about="The logarithm of the sum of exponentials, finite for every finite x.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (sum, mean, var, std, norm, logsumexp, total)
