"""Formulas of single numbers as one graph in which equal parts are one node: sorted, collected, numbers worked out.

A node is made from nodes that exist, so `index` orders every graph from the leaves up. Sums and products are flat;
a product of numbers and a sum is spread over the sum; powers of one base with whole exponents are one factor.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeGuard

from dlcli.equivalence.records import Allowance
from dlcli.language.exact import MOST_BITS, bits_of, rational_power

Rational = int | Fraction
LONGEST_EXPONENT = 256  # bits of a whole exponent


class Scalar:
    """One node.

    kind and parts: "number" (value), "name" (name), "pi", "undefined"; "sum" (constant, (coefficient, node) …);
    "product" ((node, whole exponent) …); "power" (base, exponent); "exp", "log", "sin", "cos", "tanh", "erf" (node);
    "positive" and "zero" (node): 1 where it is so, else 0; "choose" (condition, node where it is not 0, node else).
    """

    __slots__ = ("index", "kind", "parts", "within")

    def __init__(self, within: Scalars, kind: str, parts: tuple[Any, ...], index: int) -> None:
        self.within, self.kind, self.parts, self.index = within, kind, parts, index

    def __add__(self, other: object) -> Scalar:
        return self.within.total(((1, self), (1, self.within.of(other))))

    def __sub__(self, other: object) -> Scalar:
        return self.within.total(((1, self), (-1, self.within.of(other))))

    def __rsub__(self, other: object) -> Scalar:
        return self.within.total(((-1, self), (1, self.within.of(other))))

    def __neg__(self) -> Scalar:
        return self.within.total(((-1, self),))

    def __mul__(self, other: object) -> Scalar:
        return self.within.product(((self, 1), (self.within.of(other), 1)))

    def __truediv__(self, other: object) -> Scalar:
        return self.within.product(((self, 1), (self.within.of(other), -1)))

    def __rtruediv__(self, other: object) -> Scalar:
        return self.within.product(((self.within.of(other), 1), (self, -1)))

    def __pow__(self, other: object) -> Scalar:
        return self.within.power(self, self.within.of(other))

    __radd__, __rmul__ = __add__, __mul__

    def __gt__(self, other: object) -> Scalar:
        return self.within.positive(self - other)

    def __lt__(self, other: object) -> Scalar:
        return self.within.positive(self.__rsub__(other))

    def __ge__(self, other: object) -> Scalar:
        return 1 - self.within.positive(self.__rsub__(other))

    def __le__(self, other: object) -> Scalar:
        return 1 - self.within.positive(self - other)


class Scalars:
    """The nodes of the formulas that are compared with each other."""

    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        self.nodes: list[Scalar] = []
        self._known: dict[tuple[Any, ...], Scalar] = {}
        self.undefined = self._node("undefined", ())
        self.zero, self.one = self.number(0), self.number(1)

    def _node(self, kind: str, parts: tuple[Any, ...]) -> Scalar:
        key = (kind, parts)
        found = self._known.get(key)
        if found is None:
            self.allowance.spend(1 + len(parts))
            found = self._known[key] = Scalar(self, kind, parts, len(self.nodes))
            self.nodes.append(found)
        return found

    def of(self, value: object) -> Scalar:
        """The node of a node, an int, a Fraction, or a float by its shortest decimals."""
        if isinstance(value, Scalar):
            return value
        if isinstance(value, float):
            return self.number(Fraction(repr(value)))
        assert isinstance(value, int | Fraction)
        return self.number(value)

    def number(self, value: Rational) -> Scalar:
        return self._node("number", (value.numerator if value.denominator == 1 else value,))

    def name(self, name: str) -> Scalar:
        return self._node("name", (name,))

    @property
    def pi(self) -> Scalar:
        return self._node("pi", ())

    def total(self, terms: Iterable[tuple[Rational, Scalar]]) -> Scalar:
        """The sum of coefficient * node."""
        constant: Rational = 0
        collected: dict[Scalar, Rational] = {}
        for coefficient, node in terms:
            if node.kind == "number":
                constant = self._short(constant + coefficient * node.parts[0])
            elif node.kind == "sum":
                constant = self._short(constant + coefficient * node.parts[0])
                self.allowance.spend(len(node.parts))
                for inner, part in node.parts[1:]:
                    collected[part] = collected.get(part, 0) + coefficient * inner
            elif node.kind == "undefined":
                return node
            else:
                collected[node] = collected.get(node, 0) + coefficient
        kept = [(c if c.denominator != 1 else c.numerator, node) for node, c in collected.items() if c]
        if len(kept) > 1:
            kept.sort(key=_by_index)
        if not kept:
            return self.number(self._short(constant))
        if not constant and len(kept) == 1 and kept[0][0] == 1:
            return kept[0][1]
        for coefficient, _ in kept:
            self._short(coefficient)
        constant = self._short(constant)
        return self._node("sum", (constant.numerator if constant.denominator == 1 else constant, *kept))

    def _short(self, value: Rational) -> Rational:
        """The number, charged by its length; one that is too long to be kept exactly takes all that is left."""
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        if bits > 256:
            self.allowance.spend(bits >> 8 if bits <= 2 * MOST_BITS else float("inf"))
        return value

    def product(self, factors: Iterable[tuple[Scalar, int]]) -> Scalar:
        """The product of node ** whole exponent."""
        coefficient: Rational = 1
        collected: dict[Scalar, int] = {}
        exponents: list[tuple[Rational, Scalar]] = []
        waiting = list(factors)
        while waiting:
            node, exponent = waiting.pop()
            if node.kind == "number":
                if node.parts[0] == 0 and exponent < 0:
                    return self.undefined
                power = rational_power(Fraction(node.parts[0]), Fraction(exponent))
                if power is None:
                    node = self._node("power", (node, self.number(exponent)))
                    collected[node] = collected.get(node, 0) + 1
                else:
                    coefficient = self._short(coefficient * power)
            elif node.kind == "undefined":
                return node
            elif node.kind == "exp":
                exponents.append((exponent, node.parts[0]))
            elif node.kind == "product":
                self.allowance.spend(len(node.parts))
                waiting += [(part, inner * exponent) for part, inner in node.parts]
            elif node.kind == "sum" and self._splits(node, exponent):
                leading = node.parts[1][0]
                waiting += [(self.number(leading), exponent), (self.total(((1 / Fraction(leading), node),)), exponent)]
            else:
                collected[node] = collected.get(node, 0) + exponent
        if coefficient == 0:
            return self.zero
        if exponents:
            merged = self.exp(self.total(exponents))
            if merged is not self.one:
                collected[merged] = collected.get(merged, 0) + 1
        return self._scaled(coefficient, [(node, e) for node, e in collected.items() if e])

    def _splits(self, node: Scalar, exponent: int) -> bool:
        """Whether a sum's leading coefficient is taken out of it."""
        leading = node.parts[1][0]
        return leading != 1 and bits_of(Fraction(leading)) * abs(exponent) < MOST_BITS

    def _scaled(self, coefficient: Rational, kept: list[tuple[Scalar, int]]) -> Scalar:
        if not kept:
            return self.number(self._short(coefficient))
        if any(exponent.bit_length() > LONGEST_EXPONENT for _, exponent in kept):
            self.allowance.spend(float("inf"))
        kept.sort(key=_by_own_index)
        whole = kept[0][0] if len(kept) == 1 and kept[0][1] == 1 else self._node("product", tuple(kept))
        return whole if coefficient == 1 else self.total(((coefficient, whole),))

    def power(self, base: Scalar, exponent: Scalar) -> Scalar:
        """base ** exponent."""
        if self.undefined in (base, exponent):
            return self.undefined
        if exponent.kind == "number":
            value = exponent.parts[0]
            if value == 0:
                return self.one
            if isinstance(value, int) and value.bit_length() <= LONGEST_EXPONENT:
                return self.product(((base, value),))
            if base.kind == "number":
                if base.parts[0] == 0:
                    return self.zero if value > 0 else self.undefined
                exact = rational_power(Fraction(base.parts[0]), Fraction(value))
                if exact is not None:
                    return self.number(exact)
        if base is self.one:
            return base
        if base.kind == "exp":
            return self.exp(base.parts[0] * exponent)
        return self._node("power", (base, exponent))

    def exp(self, x: Scalar) -> Scalar:
        if x is self.zero:
            return self.one
        if x.kind == "log" and self._is_positive(x.parts[0]):
            return self.of(x.parts[0])
        return self._function("exp", x)

    def _is_positive(self, x: Scalar) -> bool:
        return x.kind == "number" and x.parts[0] > 0

    def log(self, x: Scalar) -> Scalar:
        if x.kind == "exp":
            return self.of(x.parts[0])
        if x.kind == "number" and x.parts[0] <= 0:
            return self.undefined
        return self.zero if x is self.one else self._function("log", x)

    def sqrt(self, x: Scalar) -> Scalar:
        return self.power(x, self.number(Fraction(1, 2)))

    def sin(self, x: Scalar) -> Scalar:
        return x if x is self.zero else self._function("sin", x)

    def cos(self, x: Scalar) -> Scalar:
        return self.one if x is self.zero else self._function("cos", x)

    def tanh(self, x: Scalar) -> Scalar:
        return x if x is self.zero else self._function("tanh", x)

    def erf(self, x: Scalar) -> Scalar:
        return x if x is self.zero else self._function("erf", x)

    def _function(self, kind: str, x: Scalar) -> Scalar:
        return x if x.kind == "undefined" else self._node(kind, (x,))

    def positive(self, x: Scalar) -> Scalar:
        """1 where x > 0, else 0."""
        if x.kind == "number":
            return self.one if x.parts[0] > 0 else self.zero
        return self._function("positive", x)

    def is_zero(self, x: Scalar) -> Scalar:
        """1 where x is 0, else 0."""
        if x.kind == "number":
            return self.zero if x.parts[0] else self.one
        return self._function("zero", x)

    def truth(self, x: Scalar) -> Scalar:
        """1 where x is not 0, else 0."""
        plain = x.kind in ("positive", "zero") or self._denied(x) is not None
        return x if plain else 1 - self.is_zero(x)

    def _denied(self, x: Scalar) -> Scalar | None:
        """The condition of which x is the opposite, 1 - condition."""
        if x.kind == "sum" and len(x.parts) == 2 and x.parts[0] == 1:
            coefficient, part = x.parts[1]
            return part if coefficient == -1 and part.kind in ("positive", "zero") else None
        return None

    def choose(self, condition: Scalar, chosen: Scalar, other: Scalar) -> Scalar:
        """`chosen` where the condition is not 0, `other` elsewhere."""
        if condition.kind == "undefined":
            return condition
        if condition.kind == "number":
            return chosen if condition.parts[0] else other
        opposite = self._denied(condition)
        if opposite is not None:
            condition, chosen, other = opposite, other, chosen
        return chosen if chosen is other else self._node("choose", (condition, chosen, other))


def _by_index(term: tuple[Rational, Scalar]) -> int:
    return term[1].index


def _by_own_index(factor: tuple[Scalar, int]) -> int:
    return factor[0].index


def is_scalar(value: object) -> TypeGuard[Scalar]:
    return isinstance(value, Scalar)
