"""The kinds of numbers that definitions are evaluated with: closed forms, 50 digits, float64 with bounds, float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from dlcli.engines.symbolic.bounded import UNIT, Bounded, BoundedDomain, exactly
from dlcli.engines.symbolic.nodes import Kind
from dlcli.engines.symbolic.numbers import (
    ObjectDomain,
    closed_domain,
    closed_number,
    from_floats,
    mp_domain,
    mp_number,
    objects,
    to_floats,
)
from dlcli.engines.symbolic.scalars import Scalar, evaluate
from dlcli.language.tree import Binary, Call, Name, Number, Tree, Unary
from dlcli.ops.operation import Array, Shape

FUNCTIONS = {
    "sqrt": sp.sqrt,
    "exp": sp.exp,
    "log": sp.log,
    "ln": sp.log,
    "sin": sp.sin,
    "cos": sp.cos,
    "tanh": sp.tanh,
    "abs": sp.Abs,
}


def constant_form(tree: Tree | Fraction) -> Any:
    """A constant expression of the file as a SymPy number."""
    match tree:
        case Fraction():
            return sp.Rational(tree.numerator, tree.denominator)
        case Number(value=value):
            return sp.Rational(value.numerator, value.denominator)
        case Name(name=name):
            return {"pi": sp.pi, "e": sp.E, "inf": sp.oo}[name]
        case Unary(operator=sign, operand=operand):
            return -constant_form(operand) if sign == "-" else constant_form(operand)
        case Binary(operator=sign, left=left, right=right):
            a, b = constant_form(left), constant_form(right)
            return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__, "**": a.__pow__}[sign](b)
        case Call(name=name, arguments=(argument,)):
            return FUNCTIONS[name](constant_form(argument))
        case _:
            raise TypeError(f"no constant: {tree!r}")


def exact_leaves(exact: Any) -> list[Any]:
    """The exact constants of a nested tuple, in order."""
    return [leaf for part in exact for leaf in exact_leaves(part)] if isinstance(exact, tuple) else [exact]


def closed_array(exact: Any, shape: Shape) -> Array:
    """Closed forms from the file's exact constants."""
    return objects((closed_number(constant_form(leaf)) for leaf in exact_leaves(exact)), shape)


def _object_kind(
    domain: ObjectDomain, literal: Callable[[Any, Shape], Array], number: Callable[[Any], Any], short: bool
) -> Kind:
    def scatter(array: Array, index: Array, shape: Shape) -> Array:
        result = objects([number(0)] * int(np.prod(shape)), (int(np.prod(shape)),))
        np.add.at(result, np.asarray(index).reshape(-1), np.broadcast_to(array, np.shape(index)).reshape(-1))
        return result.reshape(shape)

    def einsum(text: str, arrays: Sequence[Array]) -> Array:
        return np.asarray(np.einsum(text, *arrays), dtype=object)

    return Kind(
        scalar=lambda formula, arrays: np.asarray(evaluate(formula, arrays, domain), dtype=object),
        einsum=einsum,
        gather=lambda array, index: np.asarray(array.reshape(-1)[index], dtype=object),
        scatter=scatter,
        add=domain.add,
        multiply=domain.multiply,
        literal=literal,
        broadcast=np.broadcast_to,
        declared=lambda forward, arrays: _as_objects(forward(*arrays), number),
        join=lambda arrays: np.concatenate([a.reshape(-1) for a in arrays]),
        plain=lambda array: to_floats(array),
        short=short,
    )


def _as_objects(result: Any, number: Callable[[Any], Any]) -> Array:
    array = np.asarray(result)
    if array.dtype == object:
        return objects((number(v) for v in array.ravel()), array.shape)
    return objects((number(Fraction(float(v))) for v in array.ravel()), array.shape)


def mp_kind() -> Kind:
    """Numbers of 50 digits."""
    return _object_kind(
        mp_domain(),
        lambda exact, shape: objects((mp_number(constant_form(e)) for e in exact_leaves(exact)), shape),
        lambda x: mp_number(x) if isinstance(x, int | float | Fraction) else x,
        short=False,
    )


def closed_kind() -> Kind:
    """Closed forms; `declared` operations decide on their 50-digit values."""
    return _object_kind(closed_domain(), closed_array, closed_number, short=True)


def bounded_kind() -> Kind:
    """Float64 with error bounds."""
    domain = BoundedDomain()

    def einsum(text: str, arrays: Sequence[Bounded]) -> Bounded:
        values, errors = [a.value for a in arrays], [a.error for a in arrays]
        sizes = [np.abs(v) for v in values]
        terms = text.split("->")[0].split(",")
        letters = {letter: n for t, a in zip(terms, values, strict=True) for letter, n in zip(t, a.shape, strict=True)}
        summed = int(np.prod([n for letter, n in letters.items() if letter not in text.split("->")[1]]))
        rounding = (summed + len(arrays) - 2) * UNIT
        error = rounding * np.einsum(text, *sizes) if rounding else np.einsum(text, *(0 * s for s in sizes))
        for position, part in enumerate(errors):
            if part.any():
                others = [s + e for s, e in zip(sizes, errors, strict=True)]
                error = error + np.einsum(text, *others[:position], part, *others[position + 1 :])
        return Bounded(np.asarray(np.einsum(text, *values)), np.asarray(np.where(np.isnan(error), np.inf, error)))

    def scatter(array: Bounded, index: Array, shape: Shape) -> Bounded:
        flat, size = np.asarray(index).reshape(-1), int(np.prod(shape))
        value, error, count = np.zeros(size), np.zeros(size), np.bincount(flat, minlength=size)
        np.add.at(value, flat, np.broadcast_to(array.value, np.shape(index)).reshape(-1))
        np.add.at(error, flat, np.broadcast_to(array.error, np.shape(index)).reshape(-1))
        error += np.maximum(count - 1, 0) * UNIT * np.abs(value)
        return Bounded(value.reshape(shape), error.reshape(shape))

    def literal(exact: Any, shape: Shape) -> Bounded:
        forms = [constant_form(leaf) for leaf in exact_leaves(exact)]
        parts = [domain.constant(form) for form in forms]
        value = np.array([float(p.value) for p in parts]).reshape(shape)
        return Bounded(value, np.array([float(p.error) for p in parts]).reshape(shape))

    def scalar(formula: Scalar, arrays: Sequence[Bounded]) -> Bounded:
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
        result = evaluate(formula, arrays, domain)
        return Bounded(np.broadcast_to(result.value, shape), np.broadcast_to(result.error, shape))

    def both(function: Callable[[Array], Array], array: Bounded) -> Bounded:
        return Bounded(np.asarray(function(array.value)), np.asarray(function(array.error)))

    return Kind(
        scalar=scalar,
        einsum=einsum,
        gather=lambda array, index: both(lambda x: x.reshape(-1)[index], array),
        scatter=scatter,
        add=domain.add,
        multiply=domain.multiply,
        literal=literal,
        broadcast=lambda array, shape: both(lambda x: np.broadcast_to(x, shape), array),
        declared=lambda forward, arrays: exactly(np.asarray(forward(*(a.value for a in arrays)), dtype=np.float64)),
        join=lambda arrays: Bounded(
            np.concatenate([a.value.reshape(-1) for a in arrays]),
            np.concatenate([a.error.reshape(-1) for a in arrays]),
        ),
        plain=lambda array: array.value,
    )


def float_kind() -> Kind:
    """Plain float64, for the structural steps between nodes; element-wise formulas fall back to 50 digits."""

    def scatter(array: Array, index: Array, shape: Shape) -> Array:
        flat = np.asarray(index).reshape(-1)
        weights = np.broadcast_to(array, np.shape(index)).reshape(-1)
        return np.bincount(flat, weights=weights, minlength=int(np.prod(shape))).reshape(shape)

    return Kind(
        scalar=scalar_floats,
        einsum=lambda text, arrays: np.asarray(contract(text, arrays)),
        gather=lambda array, index: np.asarray(array.reshape(-1)[index]),
        scatter=scatter,
        add=np.add,
        multiply=np.multiply,
        literal=lambda exact, shape: np.array([float(constant_form(e)) for e in exact_leaves(exact)]).reshape(shape),
        broadcast=np.broadcast_to,
        declared=lambda forward, arrays: np.asarray(forward(*arrays), dtype=np.float64),
        join=lambda arrays: np.concatenate([a.reshape(-1) for a in arrays]),
        plain=lambda array: array,
    )


def contract(text: str, arrays: Sequence[Array]) -> Array:
    """numpy.einsum, matrix products of two matrices by BLAS."""
    return np.einsum(text, *arrays, optimize=len(arrays) > 1)  # type: ignore[no-any-return]


def scalar_floats(formula: Scalar, arrays: Sequence[Array]) -> Array:
    """The formula on float64 arrays, each element right to 1e-12: where the textbook form is not, by 50 digits."""
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    with np.errstate(all="ignore"):
        result = evaluate(formula, [exactly(a) for a in arrays], BoundedDomain())
        value = np.array(np.broadcast_to(result.value, shape))
        bad = np.broadcast_to(Bounded(result.value, result.error).doubtful(), shape)
        unknown = np.isnan(sum(np.broadcast_to(a, shape) for a in arrays))
    value[unknown] = np.nan
    bad = bad & ~unknown
    if bad.any():
        points = np.stack([np.broadcast_to(a, shape)[bad] for a in arrays], axis=-1)
        distinct, back = np.unique(points, axis=0, return_inverse=True)
        columns = [from_floats(distinct[:, i]) for i in range(len(arrays))]
        exact = np.broadcast_to(evaluate(formula, columns, mp_domain()), (len(distinct),))
        value[bad] = to_floats(np.asarray(exact))[back.reshape(-1)]
    return value
