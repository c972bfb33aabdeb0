"""The operators of the language: + - * / ** and the minus sign. Products of matrices live in `linear`."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.ops.analytic import logarithm
from dlcli.ops.elementwise import elementwise, times
from dlcli.ops.operation import Array, Domain, Example, Operation

FAMILY = "arithmetic"


def _divide(a: Array, b: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(a / b)


def _power(a: Array, b: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if not np.iscomplexobj(a) and not np.iscomplexobj(b):
            return np.asarray(a**b)
        return _complex_power(*np.broadcast_arrays(np.asarray(a), np.asarray(b)))


def _complex_power(a: Array, b: Array) -> Array:
    """a**b by the real power of the real parts: NumPy's goes by angles, which drown a tiny imaginary part."""
    zero = a.real == 0
    base = np.where(zero, 1.0, a.real)
    real = np.power(base, b.real)
    away = b * np.log(np.where(zero, 1.0, a) / base) + 1j * b.imag * np.log(np.abs(base))
    at_zero = np.where(b.real == 1, a, np.where(b.real == 2, a * a, np.power(a, np.where(zero, b, 1.0))))
    return np.where(zero, at_zero, real * np.exp(away))


def _power_by_base(g: Array, _y: Array, a: Array, b: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = np.where(b == 0, 0.0, b * a ** (b - 1))
    return times(g, slope)


def _power_by_exponent(g: Array, y: Array, a: Array, _b: Array) -> Array:
    return times(g, np.where((a == 0) & (y == 0), 0.0, times(y, logarithm(a))))


def _is_power_defined(a: Array, b: Array, **_settings: Any) -> Array:
    whole = b == np.floor(b)
    return np.asarray((a > 0) | ((a == 0) & (b >= 0)) | ((a < 0) & whole))


def _infix(sign: str) -> Any:
    def latex(a: str, b: str, **_settings: object) -> str:
        return f"{a} {sign} {b}"

    return latex


add = elementwise(
    "add", FAMILY, ("a", "b"),
    forward=lambda a, b: np.add(a, b),
    vjp=(lambda g, _y, _a, _b: g, lambda g, _y, _a, _b: g),
    expression=lambda _sp, a, b: a + b,
    formula="a + b", derivative="1 by a, 1 by b", latex=_infix("+"),
    about="The sum, entry by entry, with broadcasting.",
)  # fmt: skip

subtract = elementwise(
    "subtract", FAMILY, ("a", "b"),
    forward=lambda a, b: np.subtract(a, b),
    vjp=(lambda g, _y, _a, _b: g, lambda g, _y, _a, _b: -g),
    expression=lambda _sp, a, b: a - b,
    formula="a - b", derivative="1 by a, -1 by b", latex=_infix("-"),
    about="The difference, entry by entry, with broadcasting.",
)  # fmt: skip

multiply = elementwise(
    "multiply", FAMILY, ("a", "b"),
    forward=lambda a, b: np.multiply(a, b),
    vjp=(lambda g, _y, _a, b: g * b, lambda g, _y, a, _b: g * a),
    expression=lambda _sp, a, b: a * b,
    formula="a*b", derivative="b by a, a by b", latex=_infix(r"\,"),
    about="The product entry by entry, with broadcasting; `@` is the product of matrices.",
)  # fmt: skip

divide = elementwise(
    "divide", FAMILY, ("a", "b"),
    forward=_divide,
    vjp=(lambda g, _y, _a, b: _divide(g, b), lambda g, _y, a, b: -_divide(_divide(times(g, a), b), b)),
    expression=lambda _sp, a, b: a / b,
    formula="a/b", derivative="1/b by a, -a/b**2 by b",
    latex=lambda a, b, **_: rf"\frac{{{a}}}{{{b}}}",
    domain=(Domain(1, lambda _a, b: b != 0, "b must not be 0", "keep the denominator away from 0"),),
    examples=(
        Example(((3,), (3,)), low=0.5), Example(((2, 3), (3,)), low=0.5),
        Example(((), (2,)), low=-2.0, high=-0.5),
    ),
    about="The quotient, entry by entry, with broadcasting.",
)  # fmt: skip

power = elementwise(
    "power", FAMILY, ("a", "b"),
    forward=_power,
    vjp=(_power_by_base, _power_by_exponent),
    expression=lambda _sp, a, b: a**b,
    formula="a**b", derivative="b*a**(b - 1) by a, a**b*log(a) by b",
    latex=lambda a, b, **_: rf"{{{a}}}^{{{b}}}",
    domain=(
        Domain(
            0, _is_power_defined, "a base below 0 needs a whole exponent",
            "square roots of negative numbers are not real",
        ),
        Domain(
            0, lambda a, b: (a != 0) | (b >= 0), "a base of 0 needs an exponent of 0 or more",
            "0 to a negative power is a division by 0",
        ),
    ),
    infinite_slope_at=(0.0,),
    examples=(Example(((3,), (3,)), low=0.5), Example(((2, 3), (3,)), low=0.5), Example(((2,), ()), low=0.5)),
    about="a to the power b, entry by entry; `-x**2` is -(x**2) and `**` groups to the right.",
)  # fmt: skip

negative = elementwise(
    "negative", FAMILY, ("a",),
    forward=lambda a: np.negative(a),
    vjp=(lambda g, _y, _a: -g,),
    expression=lambda _sp, a: -a,
    formula="-a", derivative="-1", latex=lambda a, **_: f"-{a}",
    about="The minus sign, entry by entry.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (add, subtract, multiply, divide, power, negative)
