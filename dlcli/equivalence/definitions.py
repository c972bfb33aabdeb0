"""Operations on arrays of nodes by their definitions: sums of products, entries moved, folds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dlcli.equivalence.algebra import Algebra
from dlcli.equivalence.scalars import Scalar, Scalars, is_scalar
from dlcli.ops.operation import Array, Operation

MOST_ENTRIES = 4_096

Value = Scalar | Array


class FormulaError(Exception):
    """A formula that has no value: str is why, as a clause."""


def array_of(value: Value) -> Array:
    """The value as an array of nodes, of a single one without axes."""
    if isinstance(value, np.ndarray):
        return value
    array = np.empty((), dtype=object)
    array[()] = value
    return array


def plain(array: Any) -> Value:
    """A node in place of an array without axes."""
    found: Value = array.item() if isinstance(array, np.ndarray) and array.shape == () else array
    return found


def sized(within: Scalars, array: Array) -> Array:
    """The array. Raises FormulaError where it is too large."""
    within.allowance.spend(array.size)
    if array.size > MOST_ENTRIES:
        raise FormulaError(f"it holds an array of {array.size:,} entries")
    return array


def each(within: Scalars, function: Callable[..., Scalar], operands: Sequence[Value]) -> Value:
    """The function of the operands' entries, which broadcast against each other."""
    if all(map(is_scalar, operands)):
        return function(*operands)
    return sized(within, np.asarray(np.frompyfunc(function, len(operands), 1)(*operands), dtype=object))


def contracted(within: Scalars, subscripts: str, arrays: Sequence[Array]) -> Value:
    """The sum of products that numpy.einsum computes."""
    terms = subscripts.split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, array in zip(terms, arrays, strict=True):
        sizes |= dict(zip(term, array.shape, strict=True))
    within.allowance.spend(math.prod(sizes.values()))
    return plain(np.einsum(subscripts, *arrays))


def gathered(
    within: Scalars, record: Operation, arrays: Sequence[Array], settled: Mapping[str, Any], data: Any
) -> Value:
    """Entries of the operands in `data`, found by moving entry numbers in their place."""
    which = range(len(arrays)) if data == "all" else data
    moved, start = list[Array](), 0
    for position, array in enumerate(arrays):
        if position in which:
            moved.append(np.arange(start, start + array.size).reshape(array.shape))
            start += array.size
        else:
            moved.append(_positions(array))
    index = np.asarray(record.forward(*moved, **settled))
    flat = np.concatenate([arrays[position].reshape(-1) for position in which])
    return plain(sized(within, np.asarray(flat[index], dtype=object)))


def _positions(array: Array) -> Array:
    """Class numbers and the like. Raises FormulaError where they are not numbers."""
    if any(entry.kind != "number" for entry in array.reshape(-1)):
        raise FormulaError("a position depends on a symbol")
    return np.array([float(entry.parts[0]) for entry in array.reshape(-1)]).reshape(array.shape)


def folded(within: Scalars, array: Array, settled: Mapping[str, Any], step: Callable[..., Any]) -> Value:
    """The entries along settled["axes"] folded by a function of two nodes."""
    axes = [axis % array.ndim for axis in settled["axes"]] if array.ndim else []
    left = [axis for axis in range(array.ndim) if axis not in axes]
    rows = array.transpose(axes + left).reshape(math.prod(array.shape[a] for a in axes), -1)
    algebra, results = Algebra(within), list[Scalar]()
    for column in rows.T:
        result = column[0]
        for entry in column[1:]:
            result = within.of(step(algebra, result, entry))
        results.append(result)
    keep = settled.get("keepdims", False)
    shape = tuple(1 if a in axes else n for a, n in enumerate(array.shape) if keep or a not in axes)
    whole = np.empty(len(results), dtype=object)
    whole[:] = results
    return plain(whole.reshape(shape))
