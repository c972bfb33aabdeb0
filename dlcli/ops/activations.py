"""Activation functions of single entries, one record each. Softmax and log-softmax live in `softmax`."""

from __future__ import annotations

import math

import numpy as np

from dlcli.ops.analytic import log1p, magnitude, sigmoid_slope, tanh_slope
from dlcli.ops.analytic import sigmoid as logistic
from dlcli.ops.analytic import softplus as soft_positive
from dlcli.ops.elementwise import TWO, elementwise, gated, truth
from dlcli.ops.erf import erfc
from dlcli.ops.operation import Array, Example, Kink, Operation, Setting

FAMILY = "activations"
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848


def _is_positive(x: Array, **_settings: object) -> Array:
    return np.asarray(x.real > 0)


def _distance_from_0(x: Array, **_settings: object) -> Array:
    return np.asarray(np.abs(x.real))


def _relu(x: Array) -> Array:
    return np.where(x.real > 0, x, 0.0) if np.iscomplexobj(x) else np.maximum(x, 0.0)


def _elu(x: Array, alpha: float) -> Array:
    return np.where(x.real > 0, x, alpha * np.expm1(np.where(x.real > 0, 0.0, x)))


def _elu_slope(x: Array, alpha: float) -> Array:
    return np.where(x.real > 0, 1.0, alpha * np.exp(np.where(x.real > 0, 0.0, x)))


def _gelu(x: Array, approximate: str) -> Array:
    share = 0.5 * erfc(-x / math.sqrt(2)) if approximate == "none" else logistic(2 * _gelu_argument(x))
    return np.asarray(x * share)


def _gelu_argument(x: Array) -> Array:
    return np.asarray(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))


def _gelu_slope(x: Array, approximate: str) -> Array:
    if approximate == "none":
        return np.asarray(0.5 * erfc(-x / math.sqrt(2)) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))
    u = 2 * _gelu_argument(x)
    inner = 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return np.asarray(logistic(u) + x * inner * sigmoid_slope(u))


def _silu_slope(x: Array) -> Array:
    return np.asarray(logistic(x) * (1 + x * logistic(-x)))


def _mish(x: Array) -> Array:
    """x tanh(ln(1 + e^x)), with e^-|x| alone: the ratio (e^2x + 2 e^x)/(e^2x + 2 e^x + 2)."""
    n = np.exp(-magnitude(x))
    right = (1 + 2 * n) / (1 + 2 * n + 2 * n * n)
    left = n * (n + 2) / (n * (n + 2) + 2)
    return np.asarray(x * np.where(x.real > 0, right, left))


def _mish_slope(x: Array) -> Array:
    n = np.exp(-magnitude(x))
    ratio = np.where(x > 0, (1 + 2 * n) / (1 + 2 * n + 2 * n * n), n * (n + 2) / (n * (n + 2) + 2))
    right = 4 * n * n * (1 + n) / (1 + 2 * n + 2 * n * n) ** 2
    left = 4 * n * (1 + n) / (n * n + 2 * n + 2) ** 2
    return np.asarray(ratio + x * np.where(x > 0, right, left))


def _between(x: Array, low: float, high: float) -> Array:
    return np.asarray((x.real > low).astype(np.int8) + (x.real >= high))


def _distance_from(x: Array, low: float, high: float) -> Array:
    return np.asarray(np.minimum(np.abs(x.real - low), np.abs(x.real - high)))


identity = elementwise(
    "identity", FAMILY, ("x",),
    forward=lambda x: x,
    vjp=(lambda g, _y, _x: g,),
    expression=lambda _sp, x: x,
    formula="x", derivative="1", latex=lambda x, **_: x, aliases=("linear",),
    about="x itself: a layer without activation.",
)  # fmt: skip

sigmoid = elementwise(
    "sigmoid", FAMILY, ("x",),
    forward=logistic,
    vjp=(lambda g, _y, x: g * sigmoid_slope(x),),
    expression=lambda sp, x: 1 / (1 + sp.exp(-x)),
    formula="1/(1 + exp(-x))", derivative="sigmoid(x)*(1 - sigmoid(x))",
    latex=lambda x, **_: rf"\sigma\left({x}\right)", aliases=("logistic",),
    about="The logistic function, between 0 and 1.",
)  # fmt: skip

tanh = elementwise(
    "tanh", FAMILY, ("x",),
    forward=lambda x: np.tanh(x),
    vjp=(lambda g, _y, x: g * tanh_slope(x),),
    expression=lambda sp, x: sp.tanh(x),
    formula="tanh(x)", derivative="1 - tanh(x)**2", latex=lambda x, **_: rf"\tanh\left({x}\right)",
    about="The hyperbolic tangent, between -1 and 1.",
)  # fmt: skip

relu = elementwise(
    "relu", FAMILY, ("x",),
    forward=_relu,
    vjp=(lambda g, _y, x: gated(g, x.real > 0),),
    expression=lambda sp, x: sp.Piecewise((x, x > 0), (0, True)),
    formula="x where x > 0, else 0", derivative="1 where x > 0, else 0",
    branches=_is_positive, margins=_distance_from_0,
    kinks=(Kink((0.0,), (0.0,), "relu at 0: slope 0"),),
    about="The rectified linear unit.",
)  # fmt: skip

leaky_relu = elementwise(
    "leaky_relu", FAMILY, ("x",),
    forward=lambda x, slope: np.where(x.real > 0, x, slope * x),
    vjp=(lambda g, _y, x, slope: np.where(x.real > 0, g, slope * g),),
    expression=lambda sp, x, slope: sp.Piecewise((x, x > 0), (slope * x, True)),
    formula="x where x > 0, else slope*x", derivative="1 where x > 0, else slope",
    settings=(Setting("slope", 0.01, "number", "the slope left of 0"),),
    branches=_is_positive, margins=_distance_from_0,
    kinks=(Kink((0.0,), (0.01,), "leaky_relu at 0: slope `slope`"),),
    examples=(Example(((),), {"slope": 0.01}), Example(((2, 3),), {"slope": 0.2})),
    about="relu with a small slope for negative x.",
)  # fmt: skip

prelu = elementwise(
    "prelu", FAMILY, ("x", "a"),
    forward=lambda x, a: np.where(x.real > 0, x, a * x),
    vjp=(
        lambda g, _y, x, a: np.where(x.real > 0, g, a * g),
        lambda g, _y, x, _a: np.where(x.real > 0, 0.0, x * g),
    ),
    expression=lambda sp, x, a: sp.Piecewise((x, x > 0), (a * x, True)),
    formula="x where x > 0, else a*x", derivative="by x: 1 where x > 0, else a; by a: 0 where x > 0, else x",
    branches=lambda x, a: np.broadcast_to(x.real > 0, np.broadcast_shapes(x.shape, a.shape)),
    margins=lambda x, a: np.broadcast_to(np.abs(x.real), np.broadcast_shapes(x.shape, a.shape)),
    kinks=(Kink((0.0, 0.25), (0.25, 0.0), "prelu at 0: slope a"),),
    examples=TWO,
    source="K. He et al., Delving Deep into Rectifiers, 2015",
    about="leaky_relu whose slope is a quantity, so that it can be learned.",
)  # fmt: skip

elu = elementwise(
    "elu", FAMILY, ("x",),
    forward=_elu,
    vjp=(lambda g, _y, x, alpha: g * _elu_slope(x, alpha),),
    expression=lambda sp, x, alpha: sp.Piecewise((x, x > 0), (alpha * (sp.exp(x) - 1), True)),
    formula="x where x > 0, else alpha*(exp(x) - 1)", derivative="1 where x > 0, else alpha*exp(x)",
    settings=(Setting("alpha", 1.0, "number", "minus the limit at -inf"),),
    branches=_is_positive,
    margins=lambda x, alpha: np.full_like(x.real, np.inf) if alpha == 1 else np.abs(x.real),
    kinks=(
        Kink((0.0,), (1.0,), "elu at 0: slope alpha"),
        Kink((0.0,), (0.5,), "elu at 0: slope alpha", {"alpha": 0.5}),
    ),
    examples=(Example(((3,),), {"alpha": 1.0}), Example(((2, 3),), {"alpha": 0.7}), Example(((),))),
    source="D. Clevert et al., Fast and Accurate Deep Network Learning by Exponential Linear Units, 2015",
    about="The exponential linear unit.",
)  # fmt: skip

selu = elementwise(
    "selu", FAMILY, ("x",),
    forward=lambda x: SELU_SCALE * _elu(x, SELU_ALPHA),
    vjp=(lambda g, _y, x: g * (SELU_SCALE * _elu_slope(x, SELU_ALPHA)),),
    expression=lambda sp, x: sp.Piecewise(
        (sp.Rational(SELU_SCALE) * x, x > 0),
        (sp.Rational(SELU_SCALE) * sp.Rational(SELU_ALPHA) * (sp.exp(x) - 1), True),
    ),
    formula="1.0507009873554805*(x where x > 0, else 1.6732632423543772*(exp(x) - 1))",
    derivative="1.0507009873554805 where x > 0, else 1.7580993408473766*exp(x)",
    branches=_is_positive, margins=_distance_from_0,
    kinks=(Kink((0.0,), (SELU_SCALE * SELU_ALPHA,), "selu at 0: slope 1.7580993408473766"),),
    source="G. Klambauer et al., Self-Normalizing Neural Networks, 2017",
    about="The scaled exponential linear unit.",
)  # fmt: skip

gelu = elementwise(
    "gelu", FAMILY, ("x",),
    forward=_gelu,
    vjp=(lambda g, _y, x, approximate: g * _gelu_slope(x, approximate),),
    expression=lambda sp, x, approximate: (
        x * (1 + sp.erf(x / sp.sqrt(2))) / 2
        if approximate == "none"
        else x * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (x + sp.Rational(44715, 10**6) * x**3))) / 2
    ),
    formula="x*(1 + erf(x/sqrt(2)))/2", derivative="(1 + erf(x/sqrt(2)))/2 + x*exp(-x**2/2)/sqrt(2*pi)",
    settings=(
        Setting(
            "approximate", "none", "choice", '"tanh": x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))/2',
            ("none", "tanh"),
        ),
    ),
    examples=(Example(((3,),)), Example(((2, 3),), {"approximate": "tanh"}), Example(((),))),
    source="D. Hendrycks and K. Gimpel, Gaussian Error Linear Units, 2016",
    about="x times the probability that a standard normal number is below x.",
)  # fmt: skip

silu = elementwise(
    "silu", FAMILY, ("x",),
    forward=lambda x: x * logistic(x),
    vjp=(lambda g, _y, x: g * _silu_slope(x),),
    expression=lambda sp, x: x / (1 + sp.exp(-x)),
    formula="x*sigmoid(x)", derivative="sigmoid(x)*(1 + x*(1 - sigmoid(x)))", aliases=("swish",),
    about="x times its sigmoid.",
)  # fmt: skip

softplus = elementwise(
    "softplus", FAMILY, ("x",),
    forward=soft_positive,
    vjp=(lambda g, _y, x: g * logistic(x),),
    expression=lambda sp, x: sp.log(1 + sp.exp(x)),
    formula="log(1 + exp(x))", derivative="sigmoid(x)",
    about="A smooth relu.",
)  # fmt: skip

softsign = elementwise(
    "softsign", FAMILY, ("x",),
    forward=lambda x: x / (1 + magnitude(x)),
    vjp=(lambda g, _y, x: g / (1 + np.abs(x)) ** 2,),
    expression=lambda sp, x: sp.Piecewise((x / (1 + x), x > 0), (x / (1 - x), True)),
    formula="x/(1 + abs(x))", derivative="1/(1 + abs(x))**2",
    about="Like tanh, with slower tails; smooth in slope at 0.",
)  # fmt: skip

hard_sigmoid = elementwise(
    "hard_sigmoid", FAMILY, ("x",),
    forward=lambda x: np.where(x.real <= -3, 0.0, np.where(x.real >= 3, 1.0, (x + 3) / 6)),
    vjp=(lambda g, _y, x: np.where((x > -3) & (x < 3), g / 6, 0.0),),
    expression=lambda sp, x: sp.Piecewise((0, x <= -3), (1, x >= 3), ((x + 3) / 6, True)),
    formula="relu6(x + 3)/6", derivative="1/6 where -3 < x < 3, else 0",
    branches=lambda x: _between(x, -3.0, 3.0), margins=lambda x: _distance_from(x, -3.0, 3.0),
    kinks=tuple(Kink((at,), (0.0,), "hard_sigmoid at -3 and 3: slope 0") for at in (-3.0, 3.0)),
    examples=(Example(((),)), Example(((3,),), low=-5.0, high=5.0), Example(((2, 3),), low=-5.0, high=5.0)),
    about="A sigmoid of three straight pieces.",
)  # fmt: skip

hard_tanh = elementwise(
    "hard_tanh", FAMILY, ("x",),
    forward=lambda x: np.where(x.real <= -1, -1.0, np.where(x.real >= 1, 1.0, x)),
    vjp=(lambda g, _y, x: np.where((x > -1) & (x < 1), g, 0.0),),
    expression=lambda sp, x: sp.Piecewise((-1, x <= -1), (1, x >= 1), (x, True)),
    formula="-1 where x <= -1, 1 where x >= 1, else x", derivative="1 where -1 < x < 1, else 0",
    branches=lambda x: _between(x, -1.0, 1.0), margins=lambda x: _distance_from(x, -1.0, 1.0),
    kinks=tuple(Kink((at,), (0.0,), "hard_tanh at -1 and 1: slope 0") for at in (-1.0, 1.0)),
    about="tanh of three straight pieces.",
)  # fmt: skip

log_sigmoid = elementwise(
    "log_sigmoid", FAMILY, ("x",),
    forward=lambda x: np.where(x.real < 0, x, 0.0) - log1p(np.exp(-magnitude(x))),
    vjp=(lambda g, _y, x: g * logistic(-x),),
    expression=lambda sp, x: sp.log(1 / (1 + sp.exp(-x))),
    formula="log(sigmoid(x))", derivative="1 - sigmoid(x)",
    about="The logarithm of the sigmoid, finite for every x.",
)  # fmt: skip

mish = elementwise(
    "mish", FAMILY, ("x",),
    forward=_mish,
    vjp=(lambda g, _y, x: g * _mish_slope(x),),
    expression=lambda sp, x: x * sp.tanh(sp.log(1 + sp.exp(x))),
    formula="x*tanh(softplus(x))", derivative="tanh(softplus(x)) + x*(1 - tanh(softplus(x))**2)*sigmoid(x)",
    source="D. Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019",
    about="A smooth activation like silu.",
)  # fmt: skip

heaviside = elementwise(
    "heaviside", FAMILY, ("x",),
    forward=lambda x: truth(x.real > 0, x),
    vjp=(None,),
    expression=None,
    formula="1 where x > 0, else 0", derivative="0",
    branches=_is_positive, margins=_distance_from_0,
    kinks=(Kink((0.0,), (0.0,), "heaviside at 0: value 0, slope 0"),),
    about="The threshold unit of the perceptron; it jumps at 0.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (
    identity, sigmoid, tanh, relu, leaky_relu, prelu, elu, selu, gelu, silu, softplus, softsign, hard_sigmoid,
    hard_tanh, log_sigmoid, mish, heaviside,
)  # fmt: skip
