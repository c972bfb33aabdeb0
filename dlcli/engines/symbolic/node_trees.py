"""Nodes of the graph as formulas in names and numbers, the way a homework file would write them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from dlcli.engines.symbolic.trees import integers, number_tree, shape_list
from dlcli.graph import Node
from dlcli.language.tree import Binary, Call, Index, Name, Number, Slice, Text, Transpose, Tree, Unary
from dlcli.language.tree import Sequence as List
from dlcli.ops.operation import REQUIRED, Shape

OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "matmul": "@",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip
WHOLE = Slice()
Keywords = tuple[tuple[str, Tree], ...]


def trees_below(nodes: Sequence[Node], literals: Mapping[int, Tree], result: int) -> dict[int, Tree]:
    """Each node that `result` is computed from, up to the next names, as a formula; not `result` itself."""
    found: dict[int, Tree] = {}
    reached: set[int] = set()
    waiting = list(nodes[result].operands)
    while waiting:
        number = waiting.pop()
        if number in reached:
            continue
        reached.add(number)
        if nodes[number].name is None:
            waiting += nodes[number].operands
    for number in sorted(reached):
        node = nodes[number]
        if node.name is not None:
            found[number] = Name(node.name)
        elif node.operation is None:
            found[number] = literals[number]
        else:
            shapes = [nodes[o].shape for o in node.operands]
            found[number] = call_of(node, [found[o] for o in node.operands], shapes)
    return found


def call_of(node: Node, operands: Sequence[Tree], shapes: Sequence[Shape]) -> Tree:
    """A node as a formula in the formulas of its operands."""
    assert node.operation is not None
    name = node.operation.name
    if name in OPERATORS:
        return Binary(OPERATORS[name], operands[0], operands[1])
    if name == "negative":
        return Unary("-", operands[0])
    if name == "identity":
        return operands[0]
    if name == "transpose" and len(node.shape) == 2:
        return Transpose(operands[0])
    if name == "index":
        return indexed(operands[0], shapes[0], node.settings["items"])
    if name == "stack" and node.settings["axis"] == -len(node.shape):
        return List(tuple(operands))
    if name in ("reshape", "flatten"):
        return reshaped(operands[0], shapes[0], node.shape)
    arguments = (List(tuple(operands)),) if node.operation.variadic else tuple(operands)
    keywords = keywords_of(node, shapes)
    needed = {setting.name for setting in node.operation.settings if setting.default is REQUIRED}
    arguments += tuple(value for key, value in keywords if key in needed)
    return Call("sum" if name == "total" else name, arguments, tuple(k for k in keywords if k[0] not in needed))


def keywords_of(node: Node, shapes: Sequence[Shape]) -> Keywords:
    """The settings of a node that are not what they are when left out."""
    assert node.operation is not None
    plan = node.settings.get("plan")
    keywords = []
    for setting in node.operation.settings:
        if setting.name == "axis":
            continue
        value = node.settings.get(setting.name, getattr(plan, setting.name, setting.default))
        tree = _setting(value, setting.default, setting.kind)
        if setting.name == "ddof" and node.settings["divisor"] != node.settings["count"]:
            tree = number_tree(node.settings["count"] - node.settings["divisor"])
        if setting.name == "stride" and value == node.settings.get("size"):
            tree = None
        if tree is not None:
            keywords.append((setting.name, tree))
    if node.operation.variadic and node.settings["axis"] != -len(node.shape):
        keywords.append(("axis", number_tree(node.settings["axis"] % len(node.shape))))
    axes = node.settings.get("axes") or ()
    if axes and math.prod(node.shape) > 1 and node.operation.name != "transpose":
        rank = len(shapes[0])
        if node.operation.family != "activations" or rank > 1:
            keywords.insert(0, ("axis", integers([axis % rank for axis in axes])))
    return tuple(keywords)


def _setting(value: Any, default: Any, kind: str) -> Tree | None:
    """A setting's value as a tree; None where it is the default, or settled by the shapes."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        value = value[0]
    if value is None or value == default or kind == "shape":
        return None
    if isinstance(value, bool):
        return Name(str(value))
    if isinstance(value, str):
        return Text(value)
    return integers(value) if isinstance(value, tuple) else number_tree(value)


def reshaped(tree: Tree, shape: Shape, target: Shape) -> Tree:
    """The tree, of this shape, in the target shape; of a sum that keeps its axes, said by `keepdims`."""
    if shape == target:
        return tree
    if isinstance(tree, Call) and tree.name == "sum" and tree.keywords and tree.keywords[0][0] == "axis":
        axis, *keep = tree.keywords
        listed = axis[1]
        summed = {int(n.value) for n in (listed.items if isinstance(listed, List) else (listed,)) if _whole(n)}
        long, short = (shape, target) if keep else (target, shape)
        if tuple(n for a, n in enumerate(long) if a not in summed) == short and all(
            a < len(long) and long[a] == 1 for a in summed
        ):
            return Call("sum", tree.arguments, (axis,) if keep else (axis, ("keepdims", Name("True"))))
    return Call("reshape", (tree, shape_list(target)))


def _whole(tree: Tree) -> TypeGuard[Number]:
    return isinstance(tree, Number)


def indexed(tree: Tree, shape: Shape, items: Sequence[Any]) -> Tree:
    """`x[:, 0]` of the settled items of an index; x itself where they leave nothing out."""
    parts = [_item(item, size) for item, size in zip(items, shape, strict=False)]
    while parts and parts[-1] == WHOLE:
        parts.pop()
    return Index(tree, tuple(parts)) if parts else tree


def _item(item: Any, size: int) -> Tree:
    if isinstance(item, int):
        return number_tree(item)
    start, stop, step = item
    if (start or 0) == 0 and (stop is None or stop == size) and step in (None, 1):
        return WHOLE
    bounds: list[Tree | None] = [None if bound is None else number_tree(bound) for bound in item]
    return Slice(bounds[0], bounds[1], bounds[2])
