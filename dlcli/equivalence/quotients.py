"""Formulas as quotients of polynomials with rational coefficients: an identity of two is exact.

The unknowns are the symbols, and whatever else stands in a formula: exponentials (split, so that exp(a + 2*b) is
exp(a)*exp(b)**2), logarithms, roots. Exponents of unknowns may be negative, so that only denominators of several
terms are kept apart, as factors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dlcli.equivalence.ancestry import reachable
from dlcli.equivalence.records import Allowance, SpentError
from dlcli.equivalence.scalars import Rational, Scalar

Unknown = int  # the index of its node; of exp(t) minus 1 minus the index of t
Monomial = tuple[tuple[Unknown, int], ...]  # in the order of the unknowns
Polynomial = Mapping[Monomial, Rational]
Factor = tuple[tuple[Monomial, Rational], ...]

MOST_TERMS = 600
LARGEST_POWER = 40
LONGEST_COEFFICIENT = 4_000  # bits
ONE: Polynomial = {(): 1}


@dataclass(frozen=True)
class Quotient:
    """numerator / product of factor ** exponent."""

    numerator: Polynomial
    denominator: Mapping[Factor, int]


@dataclass(frozen=True)
class Compared:
    """equal: the identity holds for all values of the unknowns. rational: the unknowns are symbols alone, so that
    formulas that are not equal are different."""

    equal: bool
    rational: bool


def compare_quotients(a: Scalar, b: Scalar, nodes: Sequence[Scalar], allowance: Allowance) -> Compared | None:
    """What algebra says of two formulas, None where they are no quotients or too long.

    nodes: all that a and b are made of, from the leaves up. Functions that are not defined everywhere must occur
    in both alike: of others algebra cannot say where they hold.
    """
    if _partial(a) != _partial(b):
        return None
    try:
        found = _quotients(nodes, allowance)
        equal = _is_zero(found[a], found[b], allowance)
    except SpentError:
        return None
    plain = all(node.kind in ("sum", "product", "name", "number") for node in nodes)
    return Compared(equal, plain)


def _partial(root: Scalar) -> set[Scalar]:
    """Logarithms, powers and conditions in a formula."""
    return {node for node in reachable([root]) if node.kind in ("log", "power", "choose", "undefined")}


def _quotients(nodes: Sequence[Scalar], allowance: Allowance) -> dict[Scalar, Quotient]:
    denominators = _exponent_denominators(nodes)
    found: dict[Scalar, Quotient] = {}
    for node in nodes:
        match node.kind:
            case "number":
                value = node.parts[0]
                found[node] = Quotient({(): value} if value else {}, {})
            case "sum":
                found[node] = _sum(node, found, allowance)
            case "product":
                result = Quotient(ONE, {})
                for part, exponent in node.parts:
                    result = _times(result, _power(found[part], exponent, allowance), allowance)
                found[node] = result
            case "exp":
                found[node] = Quotient({_exponential(node.parts[0], denominators): 1}, {})
            case "tanh":
                square = _exponential(node.within.total(((2, node.parts[0]),)), denominators)
                factor, by = _factor({square: 1, (): 1})
                numerator = _product({square: 1, (): -1}, by, allowance)
                found[node] = Quotient(numerator, {factor: 1})
            case _:
                found[node] = Quotient({((node.index, 1),): 1}, {})
    return found


def _terms_of_exponent(exponent: Scalar) -> list[tuple[Rational, Scalar]]:
    """An exponent as a sum of coefficient * node; a constant is a coefficient of the number 1."""
    if exponent.kind != "sum":
        return [(exponent.parts[0], exponent.within.one)] if exponent.kind == "number" else [(1, exponent)]
    constant, *terms = exponent.parts
    return [(constant, exponent.within.one), *terms] if constant else terms


def _exponent_denominators(nodes: Iterable[Scalar]) -> Mapping[Scalar, int]:
    """For each part of an exponent the number by which all its coefficients become whole."""
    found: dict[Scalar, int] = {}
    for node in nodes:
        if node.kind in ("exp", "tanh"):
            for coefficient, part in _terms_of_exponent(node.parts[0]):
                found[part] = math.lcm(found.get(part, 1), coefficient.denominator)
    return found


def _exponential(exponent: Scalar, denominators: Mapping[Scalar, int]) -> Monomial:
    parts = {}
    for coefficient, part in _terms_of_exponent(exponent):
        scaled = Fraction(coefficient) * denominators.get(part, 1)
        if scaled.denominator != 1:
            raise SpentError
        parts[-1 - part.index] = scaled.numerator
    return tuple(sorted(parts.items()))


def _sum(node: Scalar, found: Mapping[Scalar, Quotient], allowance: Allowance) -> Quotient:
    constant, *terms = node.parts
    common: dict[Factor, int] = {}
    for _, part in terms:
        for factor, exponent in found[part].denominator.items():
            common[factor] = max(common.get(factor, 0), exponent)
    total: dict[Monomial, Rational] = {}
    _add(total, constant, _raised({}, common, allowance))
    for coefficient, part in terms:
        missing = _raised(found[part].denominator, common, allowance)
        _add(total, coefficient, _product(found[part].numerator, missing, allowance))
        allowance.spend(len(total))
    return Quotient({m: c for m, c in total.items() if c}, common)


def _add(total: dict[Monomial, Rational], coefficient: Rational, a: Polynomial) -> None:
    for monomial, value in a.items():
        total[monomial] = total.get(monomial, 0) + coefficient * value


def _raised(present: Mapping[Factor, int], wanted: Mapping[Factor, int], allowance: Allowance) -> Polynomial:
    """The factors that turn a denominator into another."""
    result = ONE
    for factor, exponent in wanted.items():
        for _ in range(exponent - present.get(factor, 0)):
            result = _product(result, dict(factor), allowance)
    return result


def _times(a: Quotient, b: Quotient, allowance: Allowance) -> Quotient:
    denominator = dict(a.denominator)
    for factor, exponent in b.denominator.items():
        denominator[factor] = denominator.get(factor, 0) + exponent
    return Quotient(_product(a.numerator, b.numerator, allowance), denominator)


def _power(a: Quotient, exponent: int, allowance: Allowance) -> Quotient:
    if exponent < 0:
        a, exponent = _inverse(a, allowance), -exponent
    if len(a.numerator) == 1 and not a.denominator:
        ((monomial, value),) = a.numerator.items()
        if abs(value) != 1:
            _allow_power(value, exponent)
        return Quotient({tuple((u, e * exponent) for u, e in monomial): Fraction(value) ** exponent}, {})
    if exponent > LARGEST_POWER:
        raise SpentError
    result = a
    for _ in range(exponent - 1):
        result = _times(result, a, allowance)
    return result


def _allow_power(value: Rational, exponent: int) -> None:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) * exponent > LONGEST_COEFFICIENT:
        raise SpentError


def _inverse(a: Quotient, allowance: Allowance) -> Quotient:
    if not a.numerator:
        raise SpentError
    numerator = _raised({}, a.denominator, allowance)
    if len(a.numerator) == 1:
        ((monomial, value),) = a.numerator.items()
        return Quotient(_product(numerator, {_reciprocal(monomial): 1 / Fraction(value)}, allowance), {})
    factor, by = _factor(a.numerator)
    return Quotient(_product(numerator, by, allowance), {factor: 1})


def _reciprocal(monomial: Monomial) -> Monomial:
    return tuple((unknown, -exponent) for unknown, exponent in monomial)


def _factor(polynomial: Polynomial) -> tuple[Factor, Polynomial]:
    """The polynomial over the smallest power of each unknown and its leading coefficient, and the monomial
    1 / (what was taken out)."""
    lowest: dict[Unknown, int] = {}
    for number, monomial in enumerate(polynomial):
        powers = dict(monomial)
        shared = {u: min(lowest.get(u, 0), powers.get(u, 0)) for u in {*lowest, *powers}}
        lowest = shared if number else powers
    taken = tuple(sorted((u, -e) for u, e in lowest.items() if e))
    shifted = {_joined(monomial, taken): value for monomial, value in polynomial.items()}
    leading = 1 / Fraction(shifted[max(shifted)])
    factor = tuple(sorted((monomial, value * leading) for monomial, value in shifted.items()))
    return factor, {taken: leading}


def _joined(a: Monomial, b: Monomial) -> Monomial:
    if not a or not b:
        return a or b
    powers = dict(a)
    for unknown, exponent in b:
        powers[unknown] = powers.get(unknown, 0) + exponent
    return tuple(sorted(item for item in powers.items() if item[1]))


def _product(a: Polynomial, b: Polynomial, allowance: Allowance) -> Polynomial:
    if a is ONE or b is ONE:
        return b if a is ONE else a
    allowance.spend(len(a) * len(b))
    result: dict[Monomial, Rational] = {}
    for first, x in a.items():
        for second, y in b.items():
            monomial = _joined(first, second)
            result[monomial] = result.get(monomial, 0) + x * y
    if len(result) > MOST_TERMS:
        raise SpentError
    for value in result.values():
        if value.numerator.bit_length() + value.denominator.bit_length() > LONGEST_COEFFICIENT:
            raise SpentError
    return {monomial: value for monomial, value in result.items() if value}


def _is_zero(a: Quotient, b: Quotient, allowance: Allowance) -> bool:
    """Whether a - b is 0."""
    common = dict(a.denominator)
    for factor, exponent in b.denominator.items():
        common[factor] = max(common.get(factor, 0), exponent)
    left = _product(a.numerator, _raised(a.denominator, common, allowance), allowance)
    right = _product(b.numerator, _raised(b.denominator, common, allowance), allowance)
    return {m: Fraction(c) for m, c in left.items() if c} == {m: Fraction(c) for m, c in right.items() if c}
