"""What nodes are made of."""

from __future__ import annotations

from collections.abc import Iterable

from dlcli.equivalence.scalars import Scalar


def operands(node: Scalar) -> tuple[Scalar, ...]:
    """The nodes that a node is made of."""
    match node.kind:
        case "sum":
            return tuple(part for _, part in node.parts[1:])
        case "product":
            return tuple(part for part, _ in node.parts)
        case "number" | "name" | "pi" | "undefined":
            return ()
        case _:
            return node.parts


def reachable(roots: Iterable[Scalar]) -> list[Scalar]:
    """All nodes that the roots are made of, from the leaves up."""
    found: set[Scalar] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += operands(node)
    return sorted(found, key=lambda node: node.index)
