"""Element-wise definitions as SymPy expressions, their derivatives, and how an expression is evaluated on arrays.

The evaluation walks the expression; each number domain brings its own arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import sympy as sp

from dlcli.ops.operation import Elementwise, Fold, Operation


@dataclass(frozen=True)
class Scalar:
    """An expression in scalars and its symbols, one an operand."""

    expression: Any
    symbols: tuple[Any, ...]


class Domain(Protocol):
    """Arrays of one kind of number and their arithmetic. Arrays index, reshape and broadcast like NumPy's."""

    def constant(self, number: Any) -> Any: ...
    def add(self, a: Any, b: Any) -> Any: ...
    def multiply(self, a: Any, b: Any) -> Any: ...
    def power(self, a: Any, exponent: Any) -> Any: ...
    def function(self, name: str, x: Any) -> Any: ...
    def compare(self, relation: str, a: Any, b: Any) -> tuple[Any, Any]: ...
    def choose(self, pieces: Sequence[tuple[Any, Any]], unknown: Any, shape: tuple[int, ...]) -> Any: ...
    def part(self, x: Any, mask: Any, shape: tuple[int, ...]) -> Any: ...


def definition(operation: Operation, settings: Mapping[str, Any], short: bool) -> Scalar:
    """The textbook formula of an element-wise operation with its settings as exact numbers.

    short: a setting such as 0.1 counts as 1/10; otherwise as the float64 that it is.
    """
    decimal = short and any(isinstance(value, float) for value in settings.values())
    return _definition(operation, tuple(sorted(settings.items())), decimal)


@lru_cache(maxsize=4096)
def _definition(operation: Operation, settings: tuple[tuple[str, Any], ...], short: bool) -> Scalar:
    assert isinstance(operation.definition, Elementwise)
    symbols = tuple(sp.Dummy(name, real=True) for name in operation.operands)
    numbers = {name: _exact_setting(value, short) for name, value in settings}
    return Scalar(sp.S.Zero + operation.definition.expression(sp, *symbols, **numbers), symbols)


def _exact_setting(value: Any, short: bool) -> Any:
    if not isinstance(value, float):
        return value
    if value in (float("inf"), float("-inf")):
        return sp.oo if value > 0 else -sp.oo
    fraction = Fraction(repr(value)) if short else Fraction(value)
    return sp.Rational(fraction.numerator, fraction.denominator)


@lru_cache(maxsize=4096)
def fold_step(operation: Operation) -> Scalar:
    """The two-argument formula of a fold, in (accumulated, entry)."""
    assert isinstance(operation.definition, Fold)
    symbols = (sp.Dummy("a", real=True), sp.Dummy("b", real=True))
    return Scalar(operation.definition.step(sp, *symbols), symbols)


@lru_cache(maxsize=4096)
def derivative(scalar: Scalar, position: int) -> Scalar:
    """The derivative by the operand at `position`, by SymPy."""
    return Scalar(differentiate(scalar.expression, scalar.symbols[position]), scalar.symbols)


def differentiate(expression: Any, symbol: Any) -> Any:
    """The derivative of an expression by a symbol, equal to sympy.diff.

    Sums, products, constant powers and pieces are taken apart here and functions left to SymPy's own `fdiff`:
    the first call of sympy.diff imports its tensor package, which takes longer than a whole small homework.
    """
    if symbol not in expression.free_symbols:
        return sp.S.Zero
    if expression == symbol:
        return sp.S.One
    if expression.is_Add:
        return sp.Add(*(differentiate(term, symbol) for term in expression.args))
    if expression.is_Mul:
        factors = expression.args
        return sp.Add(
            *(sp.Mul(*factors[:i], differentiate(f, symbol), *factors[i + 1 :]) for i, f in enumerate(factors))
        )
    if expression.is_Pow and not isinstance(expression, sp.exp) and symbol not in expression.exp.free_symbols:
        base, exponent = expression.args
        return exponent * base ** (exponent - 1) * differentiate(base, symbol)
    if isinstance(expression, sp.Piecewise):
        return sp.Piecewise(*((differentiate(piece, symbol), condition) for piece, condition in expression.args))
    if isinstance(expression, sp.Function) and len(expression.args) == 1:
        return expression.fdiff(1) * differentiate(expression.args[0], symbol)
    return sp.diff(expression, symbol)


RELATIONS = {
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.Equality: "==",
    sp.Unequality: "!=",
}


def evaluate(scalar: Scalar, arguments: Sequence[Any], domain: Domain) -> Any:
    """The expression's value on arrays that broadcast against each other."""
    shape = np.broadcast_shapes(*(a.shape for a in arguments))
    environment = dict(zip(scalar.symbols, arguments, strict=True))
    return _Walk(domain, environment, shape).value(scalar.expression)


class _Walk:
    """One evaluation: parts that occur twice are computed once."""

    def __init__(self, domain: Domain, environment: Mapping[Any, Any], shape: tuple[int, ...]) -> None:
        self.domain, self.environment, self.shape = domain, environment, shape
        self.known: dict[Any, Any] = dict(environment)

    def value(self, expression: Any) -> Any:
        if expression not in self.known:
            self.known[expression] = self._compute(expression)
        return self.known[expression]

    def _compute(self, expression: Any) -> Any:
        domain = self.domain
        if expression.is_number and (expression.is_Atom or expression.is_Rational):
            return domain.constant(expression)
        if expression.is_Add or expression.is_Mul:
            combine = domain.add if expression.is_Add else domain.multiply
            result = self.value(expression.args[0])
            for argument in expression.args[1:]:
                result = combine(result, self.value(argument))
            return result
        if isinstance(expression, sp.exp):
            return domain.function("exp", self.value(expression.args[0]))
        if expression.is_Pow:
            base, exponent = expression.args
            if exponent.is_Rational:
                return domain.power(self.value(base), exponent)
            return domain.function("power", (self.value(base), self.value(exponent)))
        if isinstance(expression, sp.Piecewise):
            return self._piecewise(expression)
        return domain.function(type(expression).__name__.lower(), self.value(expression.args[0]))

    def _piecewise(self, expression: Any) -> Any:
        """Each piece is evaluated only where its condition holds."""
        left = np.ones(self.shape, dtype=bool)
        unknown = np.zeros(self.shape, dtype=bool)
        pieces = []
        for piece, condition in expression.args:
            holds, doubtful = self._condition(condition)
            unknown |= left & doubtful
            mask = left & holds
            left = left & ~holds
            if mask.any():
                part = {s: self.domain.part(v, mask, self.shape) for s, v in self.environment.items()}
                pieces.append((mask, _Walk(self.domain, part, (int(mask.sum()),)).value(piece)))
        return self.domain.choose(pieces, unknown | left, self.shape)

    def _condition(self, condition: Any) -> tuple[Any, Any]:
        """Where the condition holds, and where that cannot be told."""
        if condition in (True, False, sp.true, sp.false):
            return np.full(self.shape, bool(condition)), np.zeros(self.shape, dtype=bool)
        if isinstance(condition, sp.And | sp.Or):
            parts = [self._condition(c) for c in condition.args]
            combine = np.logical_and if isinstance(condition, sp.And) else np.logical_or
            holds = combine.reduce([h for h, _ in parts])
            return holds, np.logical_or.reduce([d for _, d in parts])
        if isinstance(condition, sp.Not):
            holds, doubtful = self._condition(condition.args[0])
            return ~holds, doubtful
        relation = RELATIONS[type(condition)]
        holds, doubtful = self.domain.compare(relation, self.value(condition.lhs), self.value(condition.rhs))
        return np.broadcast_to(holds, self.shape), np.broadcast_to(doubtful, self.shape)
