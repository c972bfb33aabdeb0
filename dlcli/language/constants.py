"""The value of a formula of constants: exactly where it is rational, as float64 in any case."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from dlcli.errors import did_you_mean
from dlcli.language.activations import ACTIVATIONS, CHOOSING, COMPARISONS, STEPS, takes
from dlcli.language.decimals import FUNCTIONS, combine, decimal_of, pi
from dlcli.language.error import LanguageError
from dlcli.language.exact import MOST_BITS, bits_of, rational_power, rational_result, rational_root
from dlcli.language.printing import to_text
from dlcli.language.tokens import clipped
from dlcli.language.traversal import fold, with_children
from dlcli.language.tree import Binary, Call, Name, Number, Sequence, Text, Tree, Unary

LARGEST_POWER = 1_000  # exponent up to which a power of a closed form is one

_DIVISOR = "a divisor must not be 0"
_UNQUOTED = "write the number without quotes"
_FINITE = "write a finite number; only `constants` may hold inf, for masks"

Lookup = Callable[[str], Fraction | float | None]


@dataclass(frozen=True)
class Constant:
    """A number as float64 and, where it is known so, exactly.

    value: the float64 nearest to the number. exact: a Fraction; or the tree of a closed form, in which names
    of constants are replaced by their numbers and rational parts are worked out; or None where a part is only
    known as a float64, or is a fraction of more than 10,000 binary digits.
    """

    value: float
    exact: Fraction | Tree | None


@dataclass(frozen=True)
class _Part:
    """A subexpression: rational, or a closed form with 60 digits of its value. `closed` as Constant.exact."""

    rational: Fraction | None = None
    digits: Decimal = Decimal(0)
    closed: Tree | None = None

    @property
    def approximate(self) -> Decimal:
        return self.digits if self.rational is None else decimal_of(self.rational)

    @property
    def tree(self) -> Tree | None:
        return self.closed if self.closed is not None or self.rational is None else number_tree(self.rational)


def evaluate_constant(
    tree: Tree, lookup: Lookup, *, allow_infinite: bool = False, activations: bool = False
) -> Constant:
    """The number that a formula of numbers, pi, e, inf, named constants and a few functions stands for.

    lookup: the number of a name, asked before `pi`, `e` and `inf`, or None for an unknown one. `inf` has a
    value only where the caller allows it, and so have `sigmoid`, `relu`, `max` and the like (ACTIVATIONS), whose
    values have no closed form here unless they are rational.
    Raises LanguageError (E103, E301, E303, E304, E307).
    """
    part = fold(tree, lambda node, parts: _evaluated(node, parts, lookup, allow_infinite, activations))
    if part.rational is None:
        rounded = float(part.digits)
        if rounded == 0 and part.digits != 0:
            raise _size_error(tree, large=False)
        return Constant(rounded, part.closed)
    try:
        value = float(part.rational)
    except OverflowError:
        raise _size_error(tree, large=True) from None
    if value == 0 and part.rational != 0:
        raise _size_error(tree, large=False)
    return Constant(value, part.rational)


def number_tree(number: Fraction) -> Tree:
    """A rational number as the language writes it: `3`, `1/3`, `-1/3`."""
    if number < 0:
        return Unary("-", number_tree(-number))
    numerator = Number(Fraction(number.numerator), str(number.numerator))
    if number.denominator == 1:
        return numerator
    return Binary("/", numerator, Number(Fraction(number.denominator), str(number.denominator)))


def _evaluated(node: Tree, parts: tuple[_Part, ...], lookup: Lookup, allow_infinite: bool, activations: bool) -> _Part:
    match node:
        case Number(value=value):
            return _Part(value, closed=node)
        case Name():
            return _named(node, lookup, allow_infinite)
        case Unary(operator="+"):
            return parts[0]
        case Unary(operator="-"):
            return _negative(node, parts[0])
        case Binary(operator="**"):
            return _power(node, *parts)
        case Binary(operator="+" | "-" | "*" | "/"):
            return _combined(node, *parts)
        case Binary(operator=operator) if activations and operator in COMPARISONS:
            a, b = parts
            return _Part(Fraction(int(COMPARISONS[operator](a.approximate, b.approximate))))
        case Call(name=name, arguments=arguments, keywords=keywords):
            if activations and name in ACTIVATIONS and not keywords and len(arguments) == takes(name):
                return _activated(node, name, parts)
            if name not in FUNCTIONS:
                known = (*FUNCTIONS, *(ACTIVATIONS if activations else ()))
                help = did_you_mean(name, known) or "functions of constants: " + ", ".join(known)
                raise LanguageError("E301", f"`{name}(…)` is no constant", node.name_span, help)
            if len(arguments) != 1 or keywords:
                came = "a setting came" if keywords else f"{len(arguments)} values came"
                message = f"`{name}` takes one number here, but {came}"
                raise LanguageError("E301", message, node.span, f"write `{name}(2)`")
            return _applied(node, parts[0])
        case Text():
            raise _error("E301", f"the text {to_text(node)} stands where a number belongs", node, _UNQUOTED)
        case Sequence():
            raise _error("E301", "a list stands where a single number belongs", node, "write one number")
        case _:
            help = "a constant is made of numbers, pi, e and + - * / **"
            raise _error("E301", f"`{_written(node)}` is not a number", node, help)


def _named(node: Name, lookup: Lookup, allow_infinite: bool) -> _Part:
    known = lookup(node.name)
    if isinstance(known, Fraction):
        return _Part(known)
    if known is not None:
        if not math.isfinite(known) and not allow_infinite:
            raise _error("E303", f"`{clipped(node.name)}` is not finite", node, _FINITE)
        return _Part(digits=Decimal(known))
    match node.name:
        case "pi":
            return _Part(digits=pi(), closed=node)
        case "e":
            return _Part(digits=FUNCTIONS["exp"](Decimal(1)), closed=node)
        case "inf" if allow_infinite:
            return _Part(digits=Decimal("inf"), closed=node)
        case "inf":
            raise _error("E303", "`inf` cannot stand here", node, _FINITE)
        case "True" | "False" | "None":
            raise _error("E301", f"`{node.name}` is not a number", node, "write 1 for true and 0 for false")
        case name:
            help = did_you_mean(name, ("pi", "e", "inf")) or "a constant is made of numbers, pi and e"
            raise _error("E103", f"unknown name `{clipped(name)}`", node, help)


def _negative(node: Unary, part: _Part) -> _Part:
    if part.rational is not None:
        return _Part(-part.rational)
    return _closed(node, part.digits.copy_negate(), part)


def _combined(node: Binary, a: _Part, b: _Part) -> _Part:
    if node.operator == "/" and (b.rational == 0 or b.approximate == 0):
        message = f"`{_written(node)}` divides by zero"
        raise _error("E303", message, node, _DIVISOR)
    if a.rational is not None and b.rational is not None:
        exact = rational_result(node.operator, a.rational, b.rational)
        if exact is not None:
            return _Part(exact)
    if node.operator == "/" and b.digits.is_infinite() and not a.digits.is_infinite():
        return _Part(Fraction(0))
    finite = not (a.digits.is_infinite() or b.digits.is_infinite())
    if node.operator == "*" and finite and 0 in (a.rational, b.rational):
        return _Part(Fraction(0))
    return _closed(node, combine(node.operator, a.approximate, b.approximate), a, b)


def _power(node: Binary, base: _Part, exponent: _Part) -> _Part:
    if base.digits.is_infinite() or exponent.digits.is_infinite():
        raise _error("E303", f"`{_written(node)}` is a power with inf", node, "write the number that you mean")
    if base.approximate == 0 and exponent.approximate < 0:
        raise _error("E303", f"`{_written(node)}` divides by zero", node, _DIVISOR)
    if base.approximate == 0 and exponent.rational != 0:
        return _Part(Fraction(0))
    if base.rational is not None and exponent.rational is not None:
        exact = rational_power(base.rational, exponent.rational)
        if exact is not None:
            return _Part(exact)
    whole = exponent.rational is not None and exponent.rational.denominator == 1
    if base.approximate < 0 and not whole:
        message = f"`{_written(node)}` raises a negative number to a power that is not whole"
        raise _error("E307", message, node, "write the number that you mean")
    return _closed(node, combine("**", base.approximate, exponent.approximate), base, exponent)


_AT_ZERO = {"exp": 1, "cos": 1, "sin": 0, "tanh": 0}
_AT_INFINITY: Mapping[tuple[str, bool], Fraction] = {
    ("exp", True): Fraction(0),
    ("tanh", True): Fraction(-1),
    ("tanh", False): Fraction(1),
}


def _applied(node: Call, part: _Part) -> _Part:
    x = part.approximate
    if x.is_infinite() and (node.name, x < 0) in _AT_INFINITY:
        return _Part(_AT_INFINITY[node.name, x < 0])
    if node.name in ("sin", "cos") and x.is_infinite():
        raise _error("E307", f"`{_written(node)}` has no value", node, f"{node.name} takes finite numbers")
    if node.name in ("log", "ln") and x <= 0:
        about = "minus infinity" if x == 0 else "not a real number"
        raise _error("E307", f"`{_written(node)}` is {about}", node, f"{node.name} takes positive numbers")
    if node.name == "sqrt" and x < 0:
        raise _error("E307", f"`{_written(node)}` is not a real number", node, "sqrt takes numbers from 0 on")
    exact = None if part.rational is None else _rational_value(node.name, part.rational)
    return _closed(node, FUNCTIONS[node.name](x), part) if exact is None else _Part(exact)


def _activated(node: Call, name: str, parts: tuple[_Part, ...]) -> _Part:
    """The value of an activation, or the one of its arguments that it picks."""
    value = ACTIVATIONS[name](*(part.approximate for part in parts))
    if name in CHOOSING:
        chosen = next((part for part in parts if value == part.approximate), None)
        if chosen is not None:
            return chosen
    if name in STEPS or value == 0:
        return _Part(Fraction(int(value)))
    if name == "square" and parts[0].rational is not None:
        exact = rational_result("*", parts[0].rational, parts[0].rational)
        if exact is not None:
            return _Part(exact)
    if not value.is_finite() or math.isinf(float(value)):
        raise _size_error(node, large=True)
    if name == "sigmoid" and parts[0].rational == 0:
        return _Part(Fraction(1, 2))
    return _Part(digits=value)


def _rational_value(name: str, x: Fraction) -> Fraction | None:
    """The function's value where it is known to be rational."""
    if name == "abs":
        return abs(x)
    if name == "sqrt":
        return rational_root(x, 2)
    if name in ("log", "ln"):
        return Fraction(0) if x == 1 else None
    return Fraction(_AT_ZERO[name]) if x == 0 else None


def _closed(node: Tree, digits: Decimal, *parts: _Part) -> _Part:
    """The part of a closed form, whose own parts are `parts`. Refuses what no float64 can hold."""
    if any(part.digits.is_infinite() for part in parts):
        if digits.is_nan():
            help = "inf - inf, 0*inf and inf/inf have no value"
            raise _error("E303", f"`{_written(node)}` is undefined", node, help)
        if digits.is_infinite():
            infinity = Name("inf", node.span)
            return _Part(digits=digits, closed=infinity if digits > 0 else Unary("-", infinity, node.span))
    if digits.is_nan() or math.isinf(float(digits)):
        raise _size_error(node, large=True)
    never_zero = _is_power(node) or (isinstance(node, Call) and node.name == "exp")
    if digits == 0 and never_zero:
        raise _size_error(node, large=False)
    trees = [part.tree for part in parts]
    known = tuple(tree for tree in trees if tree is not None)
    if len(known) < len(trees) or _is_long(node, parts):
        return _Part(digits=digits)
    return _Part(digits=digits, closed=with_children(node, known))


def _is_power(node: Tree) -> bool:
    return isinstance(node, Binary) and node.operator == "**"


def _is_long(node: Tree, parts: tuple[_Part, ...]) -> bool:
    """Whether working out the exact form again might take more digits than are kept."""
    if _is_power(node):
        base, exponent = parts
        bits = 0 if base.rational is None else bits_of(base.rational)
        return exponent.approximate.copy_abs() * max(bits, 1) > (MOST_BITS if bits else LARGEST_POWER)
    return isinstance(node, Binary) and all(part.rational is not None for part in parts)


def _written(node: Tree) -> str:
    return clipped(to_text(node))


def _size_error(node: Tree, *, large: bool) -> LanguageError:
    if large:
        message = f"`{_written(node)}` is too large for a float64"
        return _error("E304", message, node, "the largest is about 1.8e308")
    message = f"`{_written(node)}` is too close to 0 for a float64"
    return _error("E304", message, node, "the smallest is about 5e-324; write 0 if you mean 0")


def _error(code: str, message: str, node: Tree, help: str | None = None) -> LanguageError:
    return LanguageError(code, message, node.span, help)
