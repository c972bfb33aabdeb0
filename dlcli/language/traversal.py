"""Ways through a tree, without recursion: a formula made by a machine may be thousands of terms deep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from dlcli.language.tree import Binary, Call, Index, Name, Sequence, Slice, Transpose, Tree, Unary

Result = TypeVar("Result")


def children(tree: Tree) -> tuple[Tree, ...]:
    """The parts of a node, from left to right; bounds that a slice leaves out are no parts."""
    match tree:
        case Binary(left=left, right=right):
            return left, right
        case Unary(operand=operand) | Transpose(operand=operand):
            return (operand,)
        case Call(arguments=arguments, keywords=keywords):
            return (*arguments, *(value for _, value in keywords)) if keywords else arguments
        case Index(operand=operand, items=items):
            return operand, *items
        case Sequence(items=items):
            return items
        case Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case _:
            return ()


def fold(tree: Tree, combine: Callable[[Tree, tuple[Result, ...]], Result]) -> Result:
    """combine(node, results of its children) from the leaves up; the root's result."""
    done: list[Result] = []
    waiting: list[tuple[Tree, int]] = [(tree, -1)]
    while waiting:
        node, parts = waiting.pop()
        if parts < 0:
            below = children(node)
            waiting.append((node, len(below)))
            waiting.extend((child, -1) for child in reversed(below))
        else:
            first = len(done) - parts
            done[first:] = [combine(node, tuple(done[first:]))]
    return done[0]


def walk(tree: Tree) -> Iterator[Tree]:
    """Every node, each before its parts, from left to right."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def names_in(tree: Tree) -> tuple[Name, ...]:
    """The names that stand for values, `pi` and `True` too, in the order of the text; not those of calls."""
    return tuple(node for node in walk(tree) if isinstance(node, Name))


def substitute(tree: Tree, mapping: Mapping[str, Tree]) -> Tree:
    """The tree with each name of `mapping` replaced by its tree, all at once; spans stay as they are."""

    def replaced(node: Tree, parts: tuple[Tree, ...]) -> Tree:
        if isinstance(node, Name):
            return mapping.get(node.name, node)
        return with_children(node, parts)

    return fold(tree, replaced)


def with_children(tree: Tree, parts: tuple[Tree, ...]) -> Tree:
    """The node with other parts in place of `children(tree)`; the node itself where nothing changes."""
    if all(new is old for new, old in zip(parts, children(tree), strict=True)):
        return tree
    match tree:
        case Binary():
            return replace(tree, left=parts[0], right=parts[1])
        case Unary() | Transpose():
            return replace(tree, operand=parts[0])
        case Call(arguments=arguments, keywords=keywords):
            names = (name for name, _ in keywords)
            values = parts[len(arguments) :]
            return replace(tree, arguments=parts[: len(arguments)], keywords=tuple(zip(names, values, strict=True)))
        case Index():
            return replace(tree, operand=parts[0], items=parts[1:])
        case Sequence():
            return replace(tree, items=parts)
        case Slice(start=start, stop=stop, step=step):
            left = iter(parts)
            bounds = [None if bound is None else next(left) for bound in (start, stop, step)]
            return replace(tree, start=bounds[0], stop=bounds[1], step=bounds[2])
        case _:
            return tree
