"""Right rewritings of an answer, and wrong ones by a single edit; mpmath says which is which, on the texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

import mpmath

from tests.grading_text import DIGITS, FUNCTIONS, Call, Minus, Name, Number, Operation, Tree, read, value, write

Domains = Mapping[str, tuple[float, float]]
Rule = Callable[[Tree, Random], Tree | None]
Point = Mapping[str, str]
Path = tuple[str, ...]

CLOSE = mpmath.mpf(10) ** (12 - DIGITS)
MOST_NODES = 120


class RewritingError(AssertionError):
    """A rule changed the value of a formula."""


@dataclass(frozen=True)
class Wrong:
    """A formula that differs from the right one, and where. given, right: the values at the point, None undefined."""

    text: str
    edit: str
    point: Point
    given: Any
    right: Any


def points(domains: Domains, count: int, random: Random) -> list[Point]:
    """Generic points inside the domains, as decimal texts, so that two readers see the same numbers."""
    return [
        {name: f"{random.uniform(low + (high - low) / 50, high - (high - low) / 50):.7f}" for name, (low, high) in
         domains.items()} for _ in range(count)
    ]  # fmt: skip


def equal_at(one: Any, other: Any) -> bool:
    """Whether two values agree to all but the last digits; undefined equals undefined alone."""
    if one is None or other is None:
        return one is None and other is None
    with mpmath.workdps(DIGITS):
        return bool(abs(one - other) <= CLOSE * (1 + abs(other)))


def rewritten(text: str, domains: Domains, random: Random, steps: int = 6, rules: Sequence[Rule] | None = None) -> str:
    """An equal formula after so many random rules. Raises RewritingError where mpmath finds that it is none."""
    tree = read(text)
    for _ in range(steps):
        tree = _one_step(tree, random, RULES if rules is None else rules)
    found = write(tree)
    for point in points(domains, 8, random):
        if not equal_at(value(read(found), point), value(read(text), point)):
            raise RewritingError(f"{text} became {found}, which differs at {point}")
    return found


def _one_step(tree: Tree, random: Random, rules: Sequence[Rule]) -> Tree:
    places = list(nodes(tree))
    for _ in range(30):
        path, node = random.choice(places)
        new = random.choice(rules)(node, random)
        if new is not None and new != node and len(places) + sum(1 for _ in nodes(new)) <= MOST_NODES:
            return with_node(tree, path, new)
    return tree


def nodes(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Tree]]:
    """Each node with its path from the root."""
    yield path, tree
    for name in ("operand", "left", "right", "argument"):
        inner = getattr(tree, name, None)
        if inner is not None:
            yield from nodes(inner, (*path, name))


def with_node(tree: Tree, path: Path, new: Tree) -> Tree:
    """The tree with the node at a path replaced."""
    if not path:
        return new
    inner: Any = {path[0]: with_node(getattr(tree, path[0]), path[1:], new)}
    return replace(tree, **inner)


ONE, TWO = Number("1"), Number("2")


def commuted(tree: Tree, _: Random) -> Tree | None:
    """a + b -> b + a, a b -> b a."""
    return (
        Operation(tree.symbol, tree.right, tree.left) if isinstance(tree, Operation) and tree.symbol in "+*" else None
    )


def regrouped(tree: Tree, _: Random) -> Tree | None:
    """(a + b) + c -> a + (b + c), likewise products."""
    match tree:
        case Operation(symbol, Operation(inner, a, b), c) if symbol == inner and symbol in "+*":
            return Operation(symbol, a, Operation(symbol, b, c))
    return None


def distributed(tree: Tree, _: Random) -> Tree | None:
    """a (b + c) -> a b + a c, (a + b)/c -> a/c + b/c."""
    match tree:
        case Operation("*", a, Operation("+" | "-" as sign, b, c)):
            return Operation(sign, Operation("*", a, b), Operation("*", a, c))
        case Operation("/", Operation("+" | "-" as sign, a, b), c):
            return Operation(sign, Operation("/", a, c), Operation("/", b, c))
    return None


def sign_moved(tree: Tree, random: Random) -> Tree | None:
    """a - b -> a + (-b) or -(b - a); -(a) -> (-1) a."""
    match tree:
        case Operation("-", a, b):
            return Operation("+", a, Minus(b)) if random.random() < 0.5 else Minus(Operation("-", b, a))
        case Minus(a):
            return Operation("*", Minus(ONE), a)
    return None


def division_moved(tree: Tree, random: Random) -> Tree | None:
    """a/b -> a (1/b) or a b^-1."""
    match tree:
        case Operation("/", a, b):
            inverse = Operation("/", ONE, b) if random.random() < 0.5 else Operation("^", b, Minus(ONE))
            return Operation("*", a, inverse)
    return None


def nothing_added(tree: Tree, random: Random) -> Tree | None:
    """a -> 1 a, a + 0, 2 a/2, --a."""
    return random.choice(
        (
            Operation("*", ONE, tree),
            Operation("+", tree, Number("0")),
            Operation("/", Operation("*", TWO, tree), TWO),
            Minus(Minus(tree)),
        )
    )


def number_split(tree: Tree, random: Random) -> Tree | None:
    """7 -> 3 + 4, 0.5 -> 1/2."""
    if not isinstance(tree, Number):
        return None
    exact = Fraction(tree.text)
    if exact.denominator > 1 and exact.denominator < 10**6:
        return Operation("/", Number(str(exact.numerator)), Number(str(exact.denominator)))
    if exact.denominator == 1 and exact < 10**6:
        part = random.randint(1, 9)
        return Operation("-", Number(str(exact + part)), Number(str(part)))
    return None


def power_written_out(tree: Tree, _: Random) -> Tree | None:
    """a^2 -> a a, a^-1 -> 1/a."""
    match tree:
        case Operation("^", a, Number("2")):
            return Operation("*", a, a)
        case Operation("^", a, Minus(Number("1"))):
            return Operation("/", ONE, a)
    return None


def function_written_out(tree: Tree, random: Random) -> Tree | None:
    """The definitions of sigmoid, its derivative, tanh, softplus, exp and a reflection of the sigmoid."""
    match tree:
        case Call("sigmoid", x):
            return random.choice(
                (
                    Operation("/", ONE, Operation("+", ONE, Call("exp", Minus(x)))),
                    Operation("/", Call("exp", x), Operation("+", ONE, Call("exp", x))),
                    Operation("-", ONE, Call("sigmoid", Minus(x))),
                )
            )
        case Call("sigmoid'", x):
            return Operation("*", Call("sigmoid", x), Operation("-", ONE, Call("sigmoid", x)))
        case Call("tanh", x):
            twice = Call("exp", Operation("*", TWO, x))
            return Operation("/", Operation("-", twice, ONE), Operation("+", twice, ONE))
        case Call("softplus", x):
            return Call("ln", Operation("+", ONE, Call("exp", x)))
        case Call("exp", x):
            return Operation("^", Name("e"), x)
        case Operation("^", Name("e"), x):
            return Call("exp", x)
    return None


RULES: tuple[Rule, ...] = (
    commuted, regrouped, distributed, sign_moved, division_moved, nothing_added, number_split, power_written_out,
    function_written_out, function_written_out,
)  # fmt: skip


def _edits(tree: Tree, random: Random, names: Sequence[str]) -> list[tuple[str, Tree]]:
    """What one edit can make of a node."""
    match tree:
        case Operation(symbol, a, b):
            other = {"+": "-", "-": "+", "*": "/", "/": "*", "^": "*"}[symbol]
            found = [("operator", Operation(other, a, b)), ("left part lost", b), ("right part lost", a)]
            return [*found, ("sides exchanged", Operation(symbol, b, a))] if symbol in "-/^" else found
        case Minus(a):
            return [("sign lost", a)]
        case Call(function, a):
            others = [name for name in FUNCTIONS if name != function]
            return [
                ("function", Call(random.choice(others), a)),
                ("function lost", a),
                ("sign", Call(function, Minus(a))),
            ]
        case Number(text):
            return [("number", Number(str(int(text) + 1) if text.isdigit() else text + "1")), ("sign", Minus(tree))]
        case Name(text):
            renamed: list[tuple[str, Tree]] = [("name", Name(name)) for name in names if name != text]
            return [*renamed, ("sign", Minus(tree))]


def broken(text: str, domains: Domains, random: Random) -> Wrong:
    """The formula after one edit, with a point at which mpmath finds it different by more than a part in a million."""
    tree, names = read(text), sorted(domains)
    while True:
        path, node = random.choice(list(nodes(tree)))
        edit, new = random.choice(_edits(node, random, names))
        found = write(with_node(tree, path, new))
        for point in points(domains, 8, random):
            given, right = value(read(found), point), value(read(text), point)
            if right is not None and (given is None or abs(given - right) > 1e-6 * (1 + abs(right))):
                return Wrong(found, edit, point, given, right)


def number_texts(number: str, random: Random, digits: int = 4) -> Mapping[str, str]:
    """Right ways to write a decimal number for a grader that asks for so many significant digits, by kind.

    rounded, truncated, scientific: within one unit of the last digit; exact, fraction, sum, product, percent: equal.
    """
    exact = Fraction(number)
    with mpmath.workdps(DIGITS):
        size = mpmath.mpf(number)
        exponent = int(mpmath.floor(mpmath.log10(abs(size)))) if size else 0
    decimals = max(digits - 1 - exponent, 0)
    unit = Fraction(1, 10**decimals)
    whole = abs(exact) // unit
    sign = "-" if exact < 0 else ""
    part = Fraction(random.randint(-9999, 9999), 1000)
    return {
        "exact": number,
        "rounded": sign + _decimal(Fraction(round(abs(exact) / unit)) * unit, decimals),
        "truncated": sign + _decimal(whole * unit, decimals),
        "scientific": f"{float(exact):.{digits - 1}e}",
        "fraction": f"{exact.numerator}/{exact.denominator}",
        "sum": f"{_plain(part)} + {_bracketed(exact - part)}",
        "product": f"2*{_bracketed(exact / 2)}",
        "percent": f"{_plain(exact * 100)}%",
    }


def _decimal(number: Fraction, decimals: int) -> str:
    digits = str(number.numerator * 10**decimals // number.denominator).rjust(decimals + 1, "0")
    return f"{digits[: len(digits) - decimals]}.{digits[len(digits) - decimals :]}" if decimals else digits


def _plain(number: Fraction) -> str:
    decimals = 0
    while (number * 10**decimals).denominator != 1:
        decimals += 1
    return ("-" if number < 0 else "") + _decimal(abs(number), decimals)


def _bracketed(number: Fraction) -> str:
    return f"({_plain(number)})" if number < 0 else _plain(number)
