"""Elementary functions of single entries: exp, log, sqrt, abs, sin, erf, clip, xlogy and their like."""

from __future__ import annotations

import math

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import logarithm, magnitude
from dlcli.ops.elementwise import command, elementwise, times, truth
from dlcli.ops.erf import erf as error_function
from dlcli.ops.operation import REQUIRED, Array, Domain, Example, Kink, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, broadcast

FAMILY = "element-wise"
POSITIVE = (Example(((),), low=0.5), Example(((3,),), low=0.5), Example(((2, 3),), low=0.1, high=5.0))


def _exp(x: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(x))


def _sqrt(x: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(x))


def _reciprocal(x: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(1 / x)


def _ratio(a: Array, b: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(a / b)


def _xlogy(y: Array, p: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.where((y == 0) & (p.real == 0), 0.0, np.where(y == 0, 0.0, y * logarithm(p)))


def _clip(x: Array, lo: float, hi: float) -> Array:
    return np.where(x.real < lo, lo, np.where(x.real > hi, hi, x))


def _clip_settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    if not settings["lo"] <= settings["hi"]:
        raise OperationError(
            "E305",
            f"clip needs lo <= hi, but lo is {settings['lo']:g} and hi is {settings['hi']:g}",
            help="swap the two bounds",
            setting="lo",
        )
    return broadcast(shapes, settings)


exp = elementwise(
    "exp", FAMILY, ("x",),
    forward=_exp,
    vjp=(lambda g, y, _x: times(g, y),),
    expression=lambda sp, x: sp.exp(x),
    formula="exp(x)", derivative="exp(x)", latex=lambda x, **_: rf"e^{{{x}}}",
    about="The exponential function.",
)  # fmt: skip

log = elementwise(
    "log", FAMILY, ("x",),
    forward=logarithm,
    vjp=(lambda g, _y, x: times(g, _reciprocal(x)),),
    expression=lambda sp, x: sp.log(x),
    formula="log(x)", derivative="1/x", latex=command("ln"), aliases=("ln",),
    domain=(
        Domain(0, lambda x: x >= 0, "x must be 0 or more", "the logarithm of a negative number is not real"),
    ),
    infinite_slope_at=(0.0,), examples=POSITIVE,
    about="The natural logarithm; -inf at 0, the edge of its domain.",
)  # fmt: skip

sqrt = elementwise(
    "sqrt", FAMILY, ("x",),
    forward=_sqrt,
    vjp=(lambda g, y, _x: times(g, 0.5 * _reciprocal(y)),),
    expression=lambda sp, x: sp.sqrt(x),
    formula="sqrt(x)", derivative="1/(2*sqrt(x)); inf at 0", latex=lambda x, **_: rf"\sqrt{{{x}}}",
    domain=(
        Domain(0, lambda x: x >= 0, "x must be 0 or more", "a negative number has no real square root"),
    ),
    infinite_slope_at=(0.0,), examples=POSITIVE,
    about="The square root; its slope at 0 is infinite.",
)  # fmt: skip

abs = elementwise(
    "abs", FAMILY, ("x",),
    forward=magnitude,
    vjp=(lambda g, _y, x: g * np.sign(x.real),),
    expression=lambda sp, x: sp.Piecewise((x, x > 0), (-x, x < 0), (0, True)),
    formula="x where x > 0, else -x", derivative="sign(x)",
    latex=lambda x, **_: rf"\left|{x}\right|",
    branches=lambda x: x.real > 0, margins=lambda x: np.abs(x.real),
    kinks=(Kink((0.0,), (0.0,), "abs at 0: slope 0"),),
    about="The absolute value.",
)  # fmt: skip

sign = elementwise(
    "sign", FAMILY, ("x",),
    forward=lambda x: np.asarray(truth(x.real > 0, x) - truth(x.real < 0, x)),
    vjp=(None,),
    expression=None,
    formula="1 where x > 0, -1 where x < 0, 0 at 0", derivative="0",
    latex=lambda x, **_: rf"\operatorname{{sign}}\left({x}\right)",
    branches=lambda x: np.sign(x.real), margins=lambda x: np.abs(x.real),
    kinks=(Kink((0.0,), (0.0,), "sign at 0: value 0, slope 0"),),
    about="The sign; it jumps at 0.",
)  # fmt: skip

sin = elementwise(
    "sin", FAMILY, ("x",),
    forward=lambda x: np.sin(x),
    vjp=(lambda g, _y, x: g * np.cos(x),),
    expression=lambda sp, x: sp.sin(x),
    formula="sin(x)", derivative="cos(x)", latex=command("sin"),
    about="The sine, x in radians.",
)  # fmt: skip

cos = elementwise(
    "cos", FAMILY, ("x",),
    forward=lambda x: np.cos(x),
    vjp=(lambda g, _y, x: -g * np.sin(x),),
    expression=lambda sp, x: sp.cos(x),
    formula="cos(x)", derivative="-sin(x)", latex=command("cos"),
    about="The cosine, x in radians.",
)  # fmt: skip

erf = elementwise(
    "erf", FAMILY, ("x",),
    forward=error_function,
    vjp=(lambda g, _y, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x),),
    expression=lambda sp, x: sp.erf(x),
    formula="2/sqrt(pi) * integral of exp(-t**2) from 0 to x", derivative="2/sqrt(pi)*exp(-x**2)",
    source="W. J. Cody, Mathematics of Computation 23 (1969) 631-637",
    about="The error function.",
)  # fmt: skip

square = elementwise(
    "square", FAMILY, ("x",),
    forward=lambda x: np.multiply(x, x),
    vjp=(lambda g, _y, x: g * (2 * x),),
    expression=lambda _sp, x: x**2,
    formula="x**2", derivative="2*x", latex=lambda x, **_: rf"\left({x}\right)^{{2}}",
    about="The square.",
)  # fmt: skip

reciprocal = elementwise(
    "reciprocal", FAMILY, ("x",),
    forward=_reciprocal,
    vjp=(lambda g, y, _x: -times(g, y * y),),
    expression=lambda _sp, x: 1 / x,
    formula="1/x", derivative="-1/x**2", latex=lambda x, **_: rf"\frac{{1}}{{{x}}}",
    domain=(Domain(0, lambda x: x != 0, "x must not be 0", "keep the denominator away from 0"),),
    examples=POSITIVE,
    about="One divided by x.",
)  # fmt: skip

clip = elementwise(
    "clip", FAMILY, ("x",),
    forward=_clip,
    vjp=(lambda g, _y, x, lo, hi: np.where((x.real >= lo) & (x.real <= hi), g, 0.0),),
    expression=lambda sp, x, lo, hi: sp.Piecewise((lo, x < lo), (hi, x > hi), (x, True)),
    formula="lo where x < lo, hi where x > hi, else x", derivative="1 where lo <= x <= hi, else 0",
    settle=_clip_settle,
    settings=(
        Setting("lo", REQUIRED, "number", "the lower bound"),
        Setting("hi", REQUIRED, "number", "the upper bound"),
    ),
    branches=lambda x, lo, hi: (x.real >= lo).astype(np.int8) + (x.real > hi),
    margins=lambda x, lo, hi: np.minimum(np.abs(x.real - lo), np.abs(x.real - hi)),
    kinks=(
        Kink((1.0,), (1.0,), "clip at its bounds: slope 1", {"lo": -1.0, "hi": 1.0}),
        Kink((-1.0,), (1.0,), "clip at its bounds: slope 1", {"lo": -1.0, "hi": 1.0}),
    ),
    examples=tuple(Example((s,), {"lo": -1.0, "hi": 0.5}) for s in ((), (3,), (2, 3))),
    about="x held between two bounds.",
)  # fmt: skip

xlogy = elementwise(
    "xlogy", FAMILY, ("y", "p"),
    forward=_xlogy,
    vjp=(
        lambda g, _r, y, p: times(g, np.where((y == 0) & (p == 0), 0.0, logarithm(p))),
        lambda g, _r, y, p: times(g, np.where(y == 0, 0.0, _ratio(y, p))),
    ),
    expression=lambda sp, y, p: sp.Piecewise((0, sp.And(sp.Eq(y, 0), sp.Eq(p, 0))), (y * sp.log(p), True)),
    formula="y*log(p), and 0 where y = p = 0", derivative="log(p) by y, y/p by p",
    latex=lambda y, p, **_: rf"{y} \ln\left({p}\right)",
    domain=(Domain(1, lambda _y, p: p >= 0, "p must be 0 or more", "p is a probability"),),
    examples=(
        Example(((3,), (3,)), low=0.1), Example(((2, 3), (3,)), low=0.1), Example(((), (2,)), low=0.1),
        Example(((3,), (3,)), low=0.1, values={0: [0.0, 1.0, 0.5]}),
    ),
    about="y ln p with 0 ln 0 = 0, as in entropies.",
)  # fmt: skip

stop_gradient = elementwise(
    "stop_gradient", FAMILY, ("x",),
    forward=lambda x: np.asarray(x.real),
    vjp=(None,),
    expression=None,
    formula="x", derivative="0 by declaration",
    latex=lambda x, **_: rf"\operatorname{{stop}}\left({x}\right)",
    about="x, held fixed: no witness differentiates through it.",
)  # fmt: skip

# with the slope 0 at 0 that norm and std declare; only definitions use it
sqrt_or_zero = elementwise(
    "sqrt_or_zero", FAMILY, ("x",),
    forward=_sqrt,
    vjp=(lambda g, y, _x: np.where(y == 0, 0.0, _ratio(0.5 * g, y)),),
    expression=lambda sp, x: sp.Piecewise((sp.sqrt(x), x > 0), (0, True)),
    formula="sqrt(x)", derivative="1/(2*sqrt(x)); 0 at 0", latex=lambda x, **_: rf"\sqrt{{{x}}}",
    domain=(Domain(0, lambda x: x >= 0, "x must be 0 or more"),),
    examples=POSITIVE, hidden=True,
    about="The square root with slope 0 at 0.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (
    exp, log, sqrt, abs, sign, sin, cos, erf, square, reciprocal, clip, xlogy, stop_gradient, sqrt_or_zero,
)  # fmt: skip
