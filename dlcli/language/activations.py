"""Activations and the like of 60-digit decimals, for numbers that students write as `sigmoid(2)` or `max(0, -3)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from types import MappingProxyType

from dlcli.language.decimals import DIGITS, tanh

_CONTEXT = Context(prec=DIGITS, Emax=999_999, Emin=-999_999, traps=[])
_ZERO, _ONE = Decimal(0), Decimal(1)
_SMALL = Decimal(10) ** -20


def _sigmoid(x: Decimal) -> Decimal:
    """1/(1 + e^-x)."""
    return _CONTEXT.divide(_ONE, _CONTEXT.add(_ONE, _CONTEXT.exp(x.copy_negate())))


def _softplus(x: Decimal) -> Decimal:
    """ln(1 + e^x) as max(x, 0) + ln(1 + e^-|x|), by the logarithm's series where e^-|x| is small."""
    small = _CONTEXT.exp(x.copy_abs().copy_negate())
    if small < _SMALL:
        half = _CONTEXT.multiply(small, small)
        series = _CONTEXT.subtract(small, _CONTEXT.divide(half, Decimal(2)))
        series = _CONTEXT.add(series, _CONTEXT.divide(_CONTEXT.multiply(half, small), Decimal(3)))
    else:
        series = _CONTEXT.ln(_CONTEXT.add(_ONE, small))
    return _CONTEXT.add(max(x, _ZERO), series)


def _elu(x: Decimal) -> Decimal:
    """x, and e^x - 1 left of 0, by the series where e^x is nearly 1."""
    if x > 0:
        return x
    if x.copy_abs() < _SMALL:
        return _CONTEXT.add(x, _CONTEXT.divide(_CONTEXT.multiply(x, x), Decimal(2)))
    return _CONTEXT.subtract(_CONTEXT.exp(x), _ONE)


def _sign(x: Decimal) -> Decimal:
    return Decimal((x > 0) - (x < 0))


ACTIVATIONS: Mapping[str, Callable[..., Decimal]] = MappingProxyType(
    {
        "sigmoid": _sigmoid,
        "logistic": _sigmoid,
        "softplus": _softplus,
        "log_sigmoid": lambda x: _softplus(x.copy_negate()).copy_negate(),
        "silu": lambda x: _CONTEXT.multiply(x, _sigmoid(x)),
        "swish": lambda x: _CONTEXT.multiply(x, _sigmoid(x)),
        "softsign": lambda x: _CONTEXT.divide(x, _CONTEXT.add(_ONE, x.copy_abs())),
        "mish": lambda x: _CONTEXT.multiply(x, tanh(_softplus(x))),
        "relu": lambda x: max(x, _ZERO),
        "leaky_relu": lambda x: x if x > 0 else _CONTEXT.multiply(x, Decimal("0.01")),
        "elu": _elu,
        "identity": lambda x: x,
        "linear": lambda x: x,
        "square": lambda x: _CONTEXT.multiply(x, x),
        "sign": _sign,
        "heaviside": lambda x: Decimal(int(x > 0)),
        "max": lambda a, b: max(a, b),
        "min": lambda a, b: min(a, b),
        "maximum": lambda a, b: max(a, b),
        "minimum": lambda a, b: min(a, b),
        "where": lambda c, a, b: a if c != 0 else b,
    }
)
STEPS = frozenset(("sign", "heaviside"))  # whole numbers, whatever they are applied to
CHOOSING = frozenset(("max", "min", "maximum", "minimum", "where", "relu", "leaky_relu", "identity", "linear"))
COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = MappingProxyType(
    {"<": Decimal.__lt__, "<=": Decimal.__le__, ">": Decimal.__gt__, ">=": Decimal.__ge__}
)


def takes(name: str) -> int:
    """The number of numbers that an activation takes."""
    return {"max": 2, "min": 2, "maximum": 2, "minimum": 2, "where": 3}.get(name, 1)
