"""The numbers inside a float, an array, or lists, tuples and dicts of them: names, one flat vector, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dlcli.errors import Diagnostic, UsageError, did_you_mean
from dlcli.ops.operation import Array, Shape

Tree = Any  # a float, an array, or a list, tuple or dict of trees: whatever a caller's function takes


@dataclass(frozen=True)
class Leaf:
    """One array of a tree. start: its first position in the flat vector; plain: it is a Python number."""

    name: str
    shape: Shape
    dtype: np.dtype[Any]
    start: int
    plain: bool

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def part(self) -> slice:
        """Its positions in the flat vector."""
        return slice(self.start, self.start + self.size)


@dataclass(frozen=True)
class Leaves:
    """The leaves of a tree in order, the tree itself as a pattern, and all its numbers as one float64 vector."""

    leaves: tuple[Leaf, ...]
    pattern: Tree
    vector: Array

    def tree(self, vector: Array) -> Tree:
        """The tree with the numbers of `vector` in it: new arrays, each of its leaf's dtype."""
        return _rebuilt(self.pattern, iter(self.leaves), vector)


def leaves_of(tree: Tree, names: str | Sequence[str] | None = None) -> Leaves:
    """The leaves of x. Whole numbers become float64, the widths of floats are kept.

    names: of the leaves, in order; by default keys and positions: `x`, `W1`, `x[0]`, `layers[0].W`.
    Raises UsageError (E501) for what holds no real, finite numbers, or where names do not fit.
    """
    parts: list[Array] = []
    leaves: list[Leaf] = []
    for name, value in _named(tree, ""):
        array = _numbers(value, name or "x", "E501")
        dtype = array.dtype if array.dtype.kind == "f" and array.dtype.itemsize <= 8 else np.dtype(np.float64)
        plain = isinstance(value, float | int) and not isinstance(value, np.generic)
        leaves.append(Leaf(name or "x", array.shape, dtype, sum(part.size for part in parts), plain))
        parts.append(array.astype(np.float64).reshape(-1))
    called = _given_names(leaves, names)
    leaves = [Leaf(n, x.shape, x.dtype, x.start, x.plain) for n, x in zip(called, leaves, strict=True)]
    vector = np.concatenate([np.zeros(0), *parts])
    for leaf in leaves:
        if not np.isfinite(vector[leaf.part]).all():
            raise UsageError(Diagnostic("E501", f"{leaf.name} holds numbers that are not finite"))
    return Leaves(tuple(leaves), tree, vector)


def gradients_of(gradient: Tree, leaves: Leaves) -> tuple[list[Array], list[float]]:
    """The gradient of each leaf as float64, and the rounding unit of the dtype that it came in.

    Raises UsageError (E503) where the gradient has not the structure of x: a name, a position or a shape.
    """
    found = _matched(leaves.pattern, gradient, "", "the gradient")
    arrays, units = [], []
    for leaf, value in zip(leaves.leaves, found, strict=True):
        array = _numbers(value, f"the gradient of {leaf.name}", "E503")
        if array.shape != leaf.shape:
            message = f"the gradient of {leaf.name} has shape {array.shape}, but {leaf.name} has shape {leaf.shape}"
            raise UsageError(Diagnostic("E503", message, help="a gradient has the shape of what it is taken by"))
        arrays.append(array.astype(np.float64))
        units.append(float(np.finfo(array.dtype).eps) if array.dtype.kind == "f" else float(np.finfo(np.float64).eps))
    return arrays, [max(unit, float(np.finfo(np.float64).eps)) for unit in units]


def changed(tree: Tree, leaves: Leaves) -> list[str]:
    """The names of the leaves whose shape or numbers are no longer those of `leaves`."""
    found = dict(_named(tree, ""))
    was = dict(_named(leaves.pattern, ""))
    return [
        leaf.name
        for leaf, path in zip(leaves.leaves, was, strict=True)
        if path not in found
        or np.shape(found[path]) != leaf.shape
        or not np.array_equal(np.asarray(found[path], dtype=np.float64).reshape(-1), _stored(leaves, leaf))
    ]


def _stored(leaves: Leaves, leaf: Leaf) -> Array:
    return np.asarray(leaves.vector[leaf.part].astype(leaf.dtype).astype(np.float64))


def _named(tree: Tree, name: str) -> Iterator[tuple[str, Tree]]:
    """Each leaf with the path that leads to it."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _named(value, f"{name}.{key}" if name else str(key))
    elif isinstance(tree, list | tuple):
        for position, value in enumerate(tree):
            yield from _named(value, f"{name or 'x'}[{position}]")
    else:
        yield name, tree


def _rebuilt(pattern: Tree, leaves: Iterator[Leaf], vector: Array) -> Tree:
    if isinstance(pattern, Mapping):
        return {key: _rebuilt(value, leaves, vector) for key, value in pattern.items()}
    if isinstance(pattern, list | tuple):
        parts = [_rebuilt(value, leaves, vector) for value in pattern]
        if isinstance(pattern, list):
            return parts
        return type(pattern)(*parts) if hasattr(pattern, "_fields") else tuple(parts)
    leaf = next(leaves)
    if leaf.plain:
        return float(vector[leaf.start])
    return np.array(vector[leaf.part], dtype=leaf.dtype).reshape(leaf.shape)


def _matched(pattern: Tree, tree: Tree, name: str, called: str) -> list[Tree]:
    """The parts of a gradient that belong to the leaves of x, in their order."""
    where = f"{called} of {name}" if name else called
    if isinstance(pattern, Mapping):
        if not isinstance(tree, Mapping):
            raise _structure(f"{where} is {_kind(tree)}, but {name or 'x'} is a dict with {_listed(pattern)}")
        for key in pattern:
            if key not in tree:
                near = did_you_mean(str(key), [str(k) for k in tree])
                raise _structure(f"{where} lacks '{key}': it has {_listed(tree)}, x has {_listed(pattern)}", near)
        return [
            leaf
            for key, value in pattern.items()
            for leaf in _matched(value, tree[key], f"{name}.{key}" if name else str(key), called)
        ]
    if isinstance(pattern, list | tuple):
        rows = isinstance(tree, np.ndarray) and tree.ndim > 0
        if not (isinstance(tree, list | tuple) or rows) or len(tree) != len(pattern):
            has = f"{_kind(tree)} of {len(tree)}" if hasattr(tree, "__len__") and not _scalar(tree) else _kind(tree)
            raise _structure(f"{where} is {has}, but {name or 'x'} is {_kind(pattern)} of {len(pattern)}")
        return [
            leaf
            for position, value in enumerate(pattern)
            for leaf in _matched(value, tree[position], f"{name or 'x'}[{position}]", called)
        ]
    if isinstance(tree, Mapping):
        raise _structure(f"{where} is a dict with {_listed(tree)}, but {name or 'x'} is {_kind(pattern)}")
    return [tree]


def _structure(message: str, help: str | None = None) -> UsageError:
    return UsageError(Diagnostic("E503", message, help=help or "give it the structure of x: its keys, its order"))


def _numbers(value: Tree, name: str, code: str) -> npt.NDArray[Any]:
    """The value as an array of real numbers."""
    if value is None:
        raise UsageError(Diagnostic(code, f"{name} is None", help="is a return missing?" if code == "E503" else None))
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(Diagnostic(code, f"{name} is no array of numbers: {error}")) from error
    if array.dtype.kind not in "fiu":
        kinds = {"c": "complex numbers", "b": "truth values"}
        what = kinds.get(array.dtype.kind, f"{_kind(value)} with entries of type {array.dtype}")
        raise UsageError(Diagnostic(code, f"{name} must hold real numbers, but it is {what}"))
    return array


def _given_names(leaves: Sequence[Leaf], names: str | Sequence[str] | None) -> list[str]:
    if names is None:
        return [leaf.name for leaf in leaves]
    called = [names] if isinstance(names, str) else [str(name) for name in names]
    if len(called) != len(leaves) or len(set(called)) != len(called):
        count = f"{len(leaves)} array" + ("s" if len(leaves) != 1 else "")
        raise UsageError(Diagnostic("E501", f"names gives {', '.join(called) or 'nothing'}, but x holds {count}"))
    return called


def _listed(tree: Mapping[Any, Tree]) -> str:
    return ", ".join(f"'{key}'" for key in tree) or "no keys"


def _scalar(tree: Tree) -> bool:
    return isinstance(tree, np.ndarray) and tree.ndim == 0


def _kind(tree: Tree) -> str:
    if isinstance(tree, np.ndarray):
        return f"an array of shape {tree.shape}"
    if isinstance(tree, float | int):
        return "a number"
    names = {"list": "a list", "tuple": "a tuple", "dict": "a dict", "NoneType": "None"}
    return names.get(type(tree).__name__, f"of type {type(tree).__name__}")
