"""Arrays that an answer works out of lists: signs, factors, sums and transposes, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dlcli.language.traversal import fold
from dlcli.language.tree import Binary, Sequence, Transpose, Tree, Unary
from dlcli.ops.operation import Shape

Rows = Tree | tuple["Rows", ...]

_TOO_MUCH = "lists are worked out with signs, factors and sums only; write the numbers themselves"


class AnswerError(Exception):
    """An answer cannot be read; the text says why, to the student."""


def array_of(tree: Tree) -> Rows:
    """The entries of an array, each a tree of constants; the tree itself where it is a single number.

    Raises AnswerError for rows that differ in length, and for more than factors, sums and transposes of lists.
    """
    return fold(tree, _entries)


def shape_of(rows: object) -> Shape:
    """The shape of nested tuples. Raises AnswerError where rows differ in length."""
    if not isinstance(rows, tuple):
        return ()
    shapes = {shape_of(row) for row in rows}
    if len(shapes) > 1:
        raise AnswerError("the rows of this list have different lengths")
    return (len(rows), *(shapes.pop() if shapes else ()))


def _entries(tree: Tree, parts: tuple[Rows, ...]) -> Rows:
    if isinstance(tree, Sequence):
        return parts
    if not any(isinstance(part, tuple) for part in parts):
        return tree
    match tree:
        case Unary():
            return _each(lambda entry: replace(tree, operand=entry), parts[0])
        case Transpose():
            return _transposed(parts[0])
        case Binary(operator="+" | "-") if shape_of(parts[0]) == shape_of(parts[1]):
            return _both(lambda left, right: replace(tree, left=left, right=right), *parts)
        case Binary(operator="*" | "/", right=right) if not isinstance(parts[1], tuple):
            return _each(lambda entry: replace(tree, left=entry, right=right), parts[0])
        case Binary(operator="*", left=left) if not isinstance(parts[0], tuple):
            return _each(lambda entry: replace(tree, left=left, right=entry), parts[1])
        case _:
            raise AnswerError(_TOO_MUCH)


def _each(change: Callable[[Tree], Tree], rows: Rows) -> Rows:
    return tuple(_each(change, row) for row in rows) if isinstance(rows, tuple) else change(rows)


def _both(change: Callable[[Tree, Tree], Tree], left: Rows, right: Rows) -> Rows:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return tuple(_both(change, a, b) for a, b in zip(left, right, strict=True))
    assert not isinstance(left, tuple)
    assert not isinstance(right, tuple)
    return change(left, right)


def _transposed(rows: Rows) -> Rows:
    """The transposed matrix; a single row or vector is itself, since a vector is a column either way."""
    shape = shape_of(rows)
    if len(shape) > 2:
        raise AnswerError(_TOO_MUCH)
    assert isinstance(rows, tuple)
    if len(shape) < 2:
        return rows
    return tuple(zip(*(row for row in rows if isinstance(row, tuple)), strict=True))
