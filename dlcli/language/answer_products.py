"""Which product an answer means where it writes none: of numbers, of matrices, or the outer one of two vectors.

A vector is a column, so `δ x^T` is outer(δ, x), `x^T δ` is x.T @ δ, and `W^T δ` is W.T @ δ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from dlcli.language.answer_functions import expanded
from dlcli.language.answer_indicators import PRODUCT
from dlcli.language.error import LanguageError
from dlcli.language.levels import MAX_HEIGHT, MAX_NODES, SPLIT
from dlcli.language.traversal import fold, walk, with_children
from dlcli.language.tree import Binary, Call, Index, Name, Number, Sequence, Slice, Transpose, Tree, Unary
from dlcli.ops import find
from dlcli.ops.operation import Elementwise

_ARITHMETIC = ("+", "-", "*", "/", "**", "·", PRODUCT)
_COLLECTING = ("sum", "mean", "norm", "max", "min", "prod", "total", "logsumexp", "var", "std")


class _Part(NamedTuple):
    """A finished part: its tree, its number of axes (None where unknown), its nodes and its height.

    factors: the axes of both sides of a product by entries.
    """

    tree: Tree
    axes: int | None
    nodes: int
    height: int
    factors: tuple[int | None, ...] = ()


def with_products(tree: Tree, axes: Mapping[str, int], text: str) -> Tree:
    """The tree with `*`, `@` or outer in place of `·` and `⊗`, and with formulas in place of `sigmoid'(z)`.

    axes: the number of axes of each quantity, where known; unknown ones are matrices if they start with a capital
    letter and one of them is transposed, numbers otherwise. Raises LanguageError (E113, E411, E413, E415).
    """
    return fold(tree, lambda node, parts: _resolved(node, parts, axes, text)).tree


def _resolved(node: Tree, parts: tuple[_Part, ...], axes: Mapping[str, int], text: str) -> _Part:
    below = tuple(part.tree for part in parts)
    if isinstance(node, Binary):
        if node.operator in _ARITHMETIC:
            below = tuple(_without_brackets(part) for part in below)
        resolved, number = _binary(replace(node, left=below[0], right=below[1]), parts, text)
    elif isinstance(node, Call):
        call = with_children(node, below)
        assert isinstance(call, Call)
        resolved = expanded(call)
        if resolved is not call:
            return _expanded(call, resolved, parts)
        number = _call_axes(call, parts)
    else:
        resolved = with_children(node, below)
        number = _axes(node, parts, axes)
    nodes = 1 + sum(part.nodes for part in parts)
    by_entries = isinstance(resolved, Binary) and isinstance(node, Binary) and resolved.operator == "*"
    factors = tuple(part.axes for part in parts) if by_entries else ()
    return _Part(resolved, number, nodes, 1 + max((part.height for part in parts), default=0), factors)


def _expanded(call: Call, formula: Tree, parts: tuple[_Part, ...]) -> _Part:
    """A formula in place of a call, in which the arguments may stand several times."""
    largest = max((part.nodes for part in parts), default=1)
    uses = sum(1 for node in walk(formula) if any(node is part.tree for part in parts)) if largest < MAX_NODES else 1
    nodes = largest * max(uses, 1) + 20
    height = max((part.height for part in parts), default=0) + 8
    if nodes > MAX_NODES or height > MAX_HEIGHT:
        raise LanguageError("E113", f"`{call.name}` of so long a formula is too long", call.span, SPLIT)
    return _Part(_placed(formula, call), parts[0].axes if parts else None, nodes, height)


def _placed(formula: Tree, call: Call) -> Tree:
    return replace(formula, span=call.span)


def _without_brackets(tree: Tree) -> Tree:
    """A single number in square brackets stands for itself beside an operator."""
    single = isinstance(tree, Sequence) and len(tree.items) == 1 and not isinstance(tree.items[0], Sequence)
    return tree.items[0] if single and isinstance(tree, Sequence) else tree


def _binary(node: Binary, parts: tuple[_Part, ...], text: str) -> tuple[Tree, int | None]:
    left, right = parts
    operator = node.operator
    if operator == "⊗":
        return _outer(node), 2
    if operator == "@":
        if _is_outer(left, right):
            return _outer(node), 2
        return node, _matmul_axes(left.axes, right.axes)
    if operator == PRODUCT:
        if _is_outer(left, right):
            return _outer(node), 2
        node = replace(node, operator="*")
    elif operator == "·" and left.factors == (1, 2) and right.axes == 1 and not isinstance(right.tree, Transpose):
        return _times_product(node, left.tree), 1
    if node.operator != "·":
        known = left.axes is not None and right.axes is not None
        return node, max(left.axes or 0, right.axes or 0) if known else None
    if 0 in (left.axes, right.axes):
        return replace(node, operator="*"), right.axes if left.axes == 0 else left.axes
    if _is_outer(left, right):
        return _outer(node), 2
    if isinstance(left.tree, Transpose) or isinstance(right.tree, Transpose):
        return replace(node, operator="@"), _matmul_axes(left.axes, right.axes)
    if left.axes is None or right.axes is None:
        return replace(node, operator="*"), None
    if left.axes > 1 or right.axes > 1:
        return replace(node, operator="@"), _matmul_axes(left.axes, right.axes)
    written = text[slice(*node.span)]
    message = f"`{written}` may mean the product of each pair of entries, or their sum"
    raise LanguageError("E411", message, node.span, "write `a*b` for the entries, `dot(a, b)` for the sum")


def _times_product(node: Binary, left: Tree) -> Tree:
    """`a ⊙ W x` as a ⊙ (W x): entries of a vector times a matrix, before a column, are not what is meant."""
    assert isinstance(left, Binary)
    span = (left.right.span[0], node.span[1])
    return replace(left, right=Binary("@", left.right, node.right, span), span=node.span)


def _is_outer(left: _Part, right: _Part) -> bool:
    """Whether a column stands before a row: two vectors, the second transposed."""
    if not isinstance(right.tree, Transpose) or isinstance(left.tree, Transpose):
        return False
    if left.axes is not None and right.axes is not None:
        return left.axes == right.axes == 1
    return (
        left.axes in (None, 1)
        and right.axes in (None, 1)
        and not _looks_like_matrix(left)
        and not _looks_like_matrix(right)
    )


def _looks_like_matrix(part: _Part) -> bool:
    """Unknown quantities with a capital letter are matrices, as in the textbooks."""
    tree = part.tree.operand if isinstance(part.tree, Transpose) else part.tree
    return isinstance(tree, Name) and tree.name[:1].isupper()


def _outer(node: Binary) -> Call:
    right = node.right.operand if isinstance(node.right, Transpose) else node.right
    return Call("outer", (node.left, right), (), node.span, node.span)


def _matmul_axes(left: int | None, right: int | None) -> int | None:
    if left is None or right is None or 0 in (left, right):
        return None
    if left == right == 1:
        return 0
    return max(left, right) - (1 in (left, right))


def _axes(node: Tree, parts: tuple[_Part, ...], axes: Mapping[str, int]) -> int | None:
    match node:
        case Number():
            return 0
        case Name(name=name):
            return axes.get(name, 0 if name in ("pi", "e", "inf") else None)
        case Unary() | Transpose():
            return parts[0].axes
        case Sequence():
            first = parts[0].axes if parts else 0
            return None if first is None else first + 1
        case Index(items=items):
            taken = sum(not isinstance(item, Slice) for item in items)
            return None if parts[0].axes is None else max(parts[0].axes - taken, 0)
        case _:
            return None


def _call_axes(call: Call, parts: tuple[_Part, ...]) -> int | None:
    record = find(call.name)
    given = [part.axes for part in parts[: len(call.arguments)]]
    if call.name == "outer":
        return 2
    if call.name == "diag" and given and given[0] in (1, 2):
        return 3 - given[0]
    if call.name in _COLLECTING and not call.keywords:
        return 0
    if record is not None and isinstance(record.definition, Elementwise) and given and None not in given:
        return max(number for number in given if number is not None)
    if call.name in ("softmax", "log_softmax") and given:
        return given[0]
    return None
