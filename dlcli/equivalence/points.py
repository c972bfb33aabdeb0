"""Where two formulas are compared: seeded points of each symbol's domain, as short decimals.

They are generic, small, large, near 0, 1 and the ends of the domain. Whole and other special numbers are left out
where a symbol may be any number: formulas are the same function when they agree but for single points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

from dlcli.equivalence.records import Point
from dlcli.equivalence.scalars import Scalar
from dlcli.questions.records import Domain

COUNT = 12
AROUND_KINKS = 24  # points more where formulas have conditions
STEPS = (1, 5, 3, 7, 11, 9, 13)
# sizes in the order of use: generic ones first
_REAL = (0.6137, -1.3719, 2.2871, -0.4373, 1.7193, 0.2339, -2.6417, 0.8461, 5.1373, -0.0717, 0.0231, -7.3391, 1.0307,
         0.9713, -0.9787, 0.0017)  # fmt: skip
_POSITIVE = (0.6137, 1.7193, 2.2871, 0.2339, 0.8461, 3.1873, 0.0717, 5.1373, 0.4373, 1.0307, 0.9713, 0.0231, 7.3391,
             1.3719, 0.0017, 11.2931)  # fmt: skip
_INSIDE = (0.3719, 0.6143, 0.1837, 0.8461, 0.2713, 0.7391, 0.4787, 0.5231, 0.0619, 0.9373, 0.0137, 0.9871, 0.0011,
           0.9989, 0.3317, 0.6719)  # fmt: skip
_WHOLE = (2, 3, 1, 5, -1, 4, 0, -2, 7, 6, -3, 10, -5, 8, 13, -4)


def points(symbols: Mapping[str, Domain], nodes: Iterable[Scalar]) -> tuple[Point, ...]:
    """The points at which formulas over these symbols are compared; one, the empty one, where there is no symbol.

    nodes: of the formulas: near where a condition on one symbol changes, points are added.
    """
    if not symbols:
        return ({},)
    columns = {name: _values(domain, number) for number, (name, domain) in enumerate(sorted(symbols.items()))}
    found = [{name: values[k % len(values)] for name, values in columns.items()} for k in range(COUNT)]
    conditions = [node for node in nodes if node.kind in ("positive", "zero")]
    if conditions:
        found += _around(symbols, columns, conditions)
    unique = {tuple(sorted(point.items())): point for point in found}
    return tuple(unique.values())


@lru_cache(maxsize=256)
def _values(domain: Domain, number: int) -> Sequence[Fraction]:
    """The symbol's values; those of the symbols beside it come in another order and are never the same."""
    low, high = domain.low, domain.high
    if domain.integer:
        whole = [Fraction(n) for n in _WHOLE if low < n < high and not (n == 0 and domain.nonzero)]
        if len(whole) < len(_WHOLE) // 2:
            whole = _few_whole(domain) or whole
        return _turned(whole, number) or [Fraction(0)]
    sizes = _REAL if math.isinf(low) and math.isinf(high) else _POSITIVE
    if math.isfinite(low) and math.isfinite(high):
        sizes = _INSIDE
    shifted = [_decimal(size, k + len(sizes) * number) for k, size in enumerate(_turned(sizes, number))]
    if math.isfinite(low) and math.isfinite(high):
        width = Fraction(high) - Fraction(low)
        return [Fraction(low) + width * size for size in shifted]
    if math.isfinite(low):
        return [Fraction(low) + size for size in shifted]
    if math.isfinite(high):
        return [Fraction(high) - size for size in shifted]
    return shifted


def _few_whole(domain: Domain) -> list[Fraction]:
    """Whole numbers of a domain that holds few of the usual ones, from its finite end on."""
    if math.isinf(domain.low) and math.isinf(domain.high):
        return []
    if math.isfinite(domain.low):
        numbers = range(math.floor(domain.low) + 1, math.floor(domain.low) + 1 + 16)
    else:
        numbers = range(math.ceil(domain.high) - 1, math.ceil(domain.high) - 17, -1)
    return [Fraction(n) for n in numbers if domain.low < n < domain.high and not (n == 0 and domain.nonzero)]


def _turned(values: Sequence[Fraction] | Sequence[float], number: int) -> list[Fraction]:
    """The values in an order of this symbol's own: every fifth of them, and further on for each symbol."""
    count = len(values)
    if count == 0:
        return []
    step = next(s for s in (*STEPS[number % len(STEPS) :], 1) if math.gcd(s, count) == 1)
    turned = (values[(k * step + 3 * number) % count] for k in range(count))
    return [Fraction(repr(value)) if isinstance(value, float) else value for value in turned]


def _decimal(size: Fraction, k: int) -> Fraction:
    """The size with a few more digits, another for each k, so that no two symbols are the same number."""
    return size if k < len(_REAL) else round(size * (1 + Fraction((7 * k) % 97, 1_000)), 5)


def _around(
    symbols: Mapping[str, Domain], columns: Mapping[str, Sequence[Fraction]], conditions: Sequence[Scalar]
) -> list[dict[str, Fraction]]:
    """Points on both sides of the numbers at which conditions on a symbol alone change."""
    found: list[dict[str, Fraction]] = []
    for condition in conditions:
        bound = _bound(condition.parts[0])
        if bound is None or bound[0] not in symbols:
            continue
        name, value = bound
        reach = 1 + abs(value)
        for k, factor in enumerate((Fraction(1371, 10_000), -Fraction(1193, 10_000), Fraction(3, 7), -Fraction(4, 9))):
            near = value + factor * reach
            domain = symbols[name]
            near = Fraction(round(near)) if domain.integer else near
            if domain.low < near < domain.high and not (near == 0 and domain.nonzero):
                others = {n: values[(5 * len(found) + k) % len(values)] for n, values in columns.items()}
                found.append({**others, name: near})
        if len(found) >= AROUND_KINKS:
            break
    return found[:AROUND_KINKS]


def _bound(node: Scalar) -> tuple[str, Fraction] | None:
    """The symbol and the number at which coefficient * symbol + constant is 0."""
    if node.kind == "name":
        return node.parts[0], Fraction(0)
    if node.kind == "sum" and len(node.parts) == 2 and node.parts[1][1].kind == "name":
        constant, (coefficient, part) = node.parts
        return part.parts[0], -Fraction(constant) / Fraction(coefficient)
    return None


def point_text(point: Point) -> str:
    """The point in words: "x = 0.6137, y = 2"."""
    return ", ".join(f"{name} = {_short(value)}" for name, value in point.items())


def _short(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.10g}"
