"""What definitions of operations are written with: the functions that they ask of their first argument."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from dlcli.equivalence.scalars import Scalar, Scalars
from dlcli.ops.operation import Operation


class Algebra:
    """Stands where a definition expects SymPy: the same names, over the nodes of `Scalars`."""

    def __init__(self, within: Scalars) -> None:
        self._within = within
        self.exp, self.log = within.exp, within.log
        self.sin, self.cos, self.tanh, self.erf = within.sin, within.cos, within.tanh, within.erf

    def sqrt(self, x: object) -> Scalar:
        """Also of a number: definitions write sqrt(2)."""
        return self._within.sqrt(self._within.of(x))

    @property
    def pi(self) -> Scalar:
        return self._within.pi

    def Rational(self, numerator: float, denominator: int = 1) -> Scalar:  # noqa: N802
        """A float stands for its shortest decimals, as formula sheets print it."""
        return self._within.of(numerator) / denominator

    def Eq(self, a: Scalar, b: object) -> Scalar:  # noqa: N802
        return self._within.is_zero(a - b)

    def Ne(self, a: Scalar, b: object) -> Scalar:  # noqa: N802
        return self._within.truth(a - b)

    def And(self, a: Scalar, b: Scalar) -> Scalar:  # noqa: N802
        return a * b

    def Piecewise(self, *pieces: tuple[object, Any]) -> Scalar:  # noqa: N802
        """The first piece whose condition holds; the last one's is True."""
        result = self._within.of(pieces[-1][0])
        for value, condition in reversed(pieces[:-1]):
            result = self._within.choose(condition, self._within.of(value), result)
        return result


def _sign(x: Scalar) -> Scalar:
    return (x > 0) - (x < 0)


def _not(a: Scalar) -> Scalar:
    return 1 - a.within.truth(a)


DECLARED: Mapping[str, Callable[..., Scalar]] = {
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "equal": lambda a, b: a.within.is_zero(a - b),
    "not_equal": lambda a, b: a.within.truth(a - b),
    "logical_and": lambda a, b: a.within.truth(a) * a.within.truth(b),
    "logical_or": lambda a, b: 1 - _not(a) * _not(b),
    "logical_not": _not,
    "sign": _sign,
    "heaviside": lambda x: x > 0,
    "stop_gradient": lambda x: x,
}


def declared(record: Operation, operands: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """The value of an operation without slope; one that is not in the table needs operands that are numbers."""
    if record.name in DECLARED:
        return DECLARED[record.name](*operands)
    arrays = [_numbers(x) for x in operands]
    found = np.asarray(record.forward(*arrays, **settings))
    within = _first(operands[0]).within
    result = np.empty(found.shape, dtype=object)
    for place in np.ndindex(found.shape):
        result[place] = within.number(Fraction(float(found[place])))
    return result[()]


def _first(value: Any) -> Scalar:
    node = np.asarray(value, dtype=object).reshape(-1)[0]
    assert isinstance(node, Scalar)
    return node


def _numbers(value: Any) -> Any:
    entries = np.asarray(value, dtype=object)
    if any(entry.kind != "number" for entry in entries.reshape(-1)):
        raise ValueError("its value jumps with a symbol")
    return np.array([float(entry.parts[0]) for entry in entries.reshape(-1)]).reshape(entries.shape)
