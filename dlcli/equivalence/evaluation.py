"""The values of nodes at a point, each with a bound of its error; no value is told apart from an unknown one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

from dlcli.equivalence.scalars import Rational, Scalar

Ball = TypeVar("Ball")


class Missing(Enum):
    """Why a node has no value. POLE: a division by 0, as a quotient has it at single points; OUTSIDE: a logarithm or
    root of a negative number; UNKNOWN: too large, or its digits do not suffice."""

    POLE = "pole"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


class Balls(Protocol[Ball]):
    """Numbers that know how far off they may be. Where a result is not known, OverflowError is raised.

    sign: -1, 0 or 1, None where the error hides it; whole: the whole number that a ball is, None where it is none
    or may be another number as well. log, sqrt and reciprocal powers are asked for only where `sign` allows them.
    """

    def number(self, value: Rational) -> Ball: ...
    def pi(self) -> Ball: ...
    def total(self, constant: Rational, terms: Sequence[tuple[Rational, Ball]]) -> Ball: ...
    def product(self, factors: Sequence[tuple[Ball, int]]) -> Ball: ...
    def sqrt(self, x: Ball) -> Ball: ...
    def function(self, kind: str, x: Ball) -> Ball: ...
    def sign(self, x: Ball) -> int | None: ...
    def whole(self, x: Ball) -> int | None: ...


class Evaluation(Generic[Ball]):
    """Nodes from the leaves up, ready to be evaluated at points."""

    def __init__(self, nodes: Sequence[Scalar], balls: Balls[Ball]) -> None:
        self.nodes, self.balls = nodes, balls

    def at(self, point: Mapping[str, Fraction]) -> dict[Scalar, Ball | Missing]:
        """The value of every node."""
        found: dict[Scalar, Ball | Missing] = {}
        for node in self.nodes:
            try:
                found[node] = self._value(node, found, point)
            except (OverflowError, ZeroDivisionError, ValueError):  # beyond float64, or at the edge of a function
                found[node] = Missing.UNKNOWN
        return found

    def _value(
        self, node: Scalar, found: Mapping[Scalar, Ball | Missing], point: Mapping[str, Fraction]
    ) -> Ball | Missing:
        balls, parts = self.balls, node.parts
        match node.kind:
            case "sum":
                terms = []
                for coefficient, part in parts[1:]:
                    value = found[part]
                    if isinstance(value, Missing):
                        return _worst(found[p] for _, p in parts[1:])
                    terms.append((coefficient, value))
                return balls.total(parts[0], terms)
            case "product":
                factors = []
                for part, exponent in parts:
                    value = found[part]
                    if isinstance(value, Missing):
                        return _worst(found[p] for p, _ in parts)
                    if exponent < 0:
                        sign = balls.sign(value)
                        if not sign:
                            return Missing.POLE if sign == 0 else Missing.UNKNOWN
                    factors.append((value, exponent))
                return balls.product(factors)
            case "name":
                return balls.number(point[parts[0]])
            case "number":
                return balls.number(parts[0])
            case "pi":
                return balls.pi()
            case "undefined":
                return Missing.POLE
            case "choose":
                return self._chosen(*(found[part] for part in parts))
            case "power":
                base, exponent = found[parts[0]], found[parts[1]]
                if isinstance(base, Missing) or isinstance(exponent, Missing):
                    return _worst((base, exponent))
                return self._power(base, exponent, parts[1])
            case kind:
                value = found[parts[0]]
                return value if isinstance(value, Missing) else self._applied(kind, value)

    def _applied(self, kind: str, x: Ball) -> Ball | Missing:
        if kind in ("log", "positive", "zero"):
            sign = self.balls.sign(x)
            if sign is None:
                return Missing.UNKNOWN
            if kind == "positive":
                return self.balls.number(int(sign > 0))
            if kind == "zero":
                return self.balls.number(int(sign == 0))
            if sign <= 0:
                return Missing.OUTSIDE if sign else Missing.POLE
        return self.balls.function(kind, x)

    def _chosen(self, condition: Ball | Missing, chosen: Ball | Missing, other: Ball | Missing) -> Ball | Missing:
        if isinstance(condition, Missing):
            return condition
        sign = self.balls.sign(condition)
        return Missing.UNKNOWN if sign is None else chosen if sign else other

    def _power(self, base: Ball, exponent: Ball, written: Scalar) -> Ball | Missing:
        balls = self.balls
        sign = balls.sign(base)
        if sign is None:
            return Missing.UNKNOWN
        if sign > 0:
            if written.kind == "number" and written.parts[0] == Fraction(1, 2):
                return balls.sqrt(base)
            return balls.function("exp", balls.product(((exponent, 1), (balls.function("log", base), 1))))
        if sign == 0:
            upward = balls.sign(exponent)
            if upward is None:
                return Missing.UNKNOWN
            return Missing.POLE if upward < 0 else balls.number(int(upward == 0))
        if written.kind == "number" and not isinstance(written.parts[0], int):
            return Missing.OUTSIDE
        whole = balls.whole(exponent)
        if whole is None:
            return Missing.OUTSIDE if self._is_between(exponent) else Missing.UNKNOWN
        return balls.product(((base, whole),))

    def _is_between(self, x: Ball) -> bool:
        """Whether the ball lies between two whole numbers: where sin(pi x) is not 0."""
        wave = self.balls.function("sin", self.balls.product(((self.balls.pi(), 1), (x, 1))))
        return bool(self.balls.sign(wave))


def _worst(values: object) -> Missing:
    """Why something made of these has no value: what is undefined counts before what is not known."""
    missing = [value for value in values if isinstance(value, Missing)]  # type: ignore[attr-defined]
    return next((m for m in missing if m is not Missing.UNKNOWN), Missing.UNKNOWN)
