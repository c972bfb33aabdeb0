"""What add, multiply, max and copy do to a gradient, each shown at one node of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dlcli.engines.reverse import operands_of, unbroadcast, vjp_of
from dlcli.inspection.section import Skipped, Subject
from dlcli.ops.operation import Array

KINDS: Mapping[str, tuple[str, ...]] = {
    "add": ("add",),
    "multiply": ("multiply", "matmul", "dot"),
    "max": ("maximum", "max", "maxpool2d", "relu"),
}
ABOUT: Mapping[str, str] = {
    "add": "passes the gradient on to each operand as it is",
    "multiply": "gives each operand the gradient times the other operand",
    "max": "gives the whole gradient to the largest and 0 to the others",
    "copy": "adds up the gradients of all its uses",
}


@dataclass(frozen=True)
class Route:
    """kind: a key of ABOUT. node: where. gradient: that comes in, at the node; of a copy, the sum.

    parts: (operand, its value, what goes to it); of a copy (the node that uses it, the copied value, what comes
    from there).
    """

    kind: str
    node: str
    operation: str
    gradient: Array
    parts: tuple[tuple[str, Array, Array], ...]


def routes(subject: Subject) -> tuple[Route, ...] | Skipped:
    """One example of each kind that the graph has, where something comes in, the smallest first."""
    if not subject.cotangents:
        return Skipped("there is no loss, so there are no gradients")
    found = [_at(subject, kind, names) for kind, names in KINDS.items()]
    shown = [route for route in (*found, _copy(subject)) if route is not None]
    return tuple(shown) if shown else Skipped("the graph has neither add, multiply, max nor a quantity used twice")


def absent(shown: Iterable[Route]) -> tuple[str, ...]:
    """The kinds that the graph has no example of."""
    kinds = {route.kind for route in shown}
    return tuple(kind for kind in ABOUT if kind not in kinds)


def _at(subject: Subject, kind: str, names: tuple[str, ...]) -> Route | None:
    """An example of the first operation that occurs; one with a gradient that is not 0 before one without."""
    nodes = subject.fused.nodes
    for name in names:
        numbers = [n for n in subject.cotangents if nodes[n].operation and _name(subject, n) == name]
        numbers = [n for n in numbers if any(o in subject.cotangents for o in nodes[n].operands)]
        if numbers:
            number = min(numbers, key=lambda n: _rank(subject, n))
            parts = tuple(
                (subject.label(operand), subject.values[operand], part) for operand, part in _parts(subject, number)
            )
            return Route(kind, subject.label(number), name, subject.cotangents[number], parts)
    return None


def _rank(subject: Subject, number: int) -> tuple[bool, bool, int, int]:
    nodes = subject.fused.nodes
    lacking = any(o not in subject.cotangents for o in nodes[number].operands)
    return not np.any(subject.cotangents[number]), lacking, subject.values[number].size, number


def _copy(subject: Subject) -> Route | None:
    users: dict[int, set[int]] = {}
    for number in subject.cotangents:
        for operand in subject.fused.nodes[number].operands:
            if operand in subject.cotangents:
                users.setdefault(operand, set()).add(number)
    several: list[tuple[tuple[bool, bool, int, int], tuple[tuple[str, Array, Array], ...]]] = []
    for number, takers in users.items():
        parts = tuple(
            (subject.label(taker), subject.values[number], part)
            for taker in sorted(takers)
            for operand, part in _parts(subject, taker)
            if operand == number
        )
        if len(parts) > 1:
            several.append((_rank(subject, number), parts))
    if not several:
        return None
    rank, parts = min(several, key=lambda pair: pair[0])
    number = rank[-1]
    return Route("copy", subject.label(number), "", subject.cotangents[number], parts)


def _parts(subject: Subject, number: int) -> list[tuple[int, Array]]:
    """(operand, what goes to it) for each operand of a node; 0 to what has no slope."""
    graph = subject.fused
    node = graph.nodes[number]
    assert node.operation is not None
    operands = operands_of(graph, node, subject.values, 0)
    found = []
    with np.errstate(all="ignore"):
        for position, operand in enumerate(node.operands):
            function = vjp_of(node, position)
            if function is None:
                continue
            extra = {"position": position} if node.operation.variadic else {}
            part = function(subject.cotangents[number], subject.values[number], *operands, **node.settings, **extra)
            found.append((operand, np.asarray(unbroadcast(part, graph.nodes[operand].shape))))
    return found


def _name(subject: Subject, number: int) -> str:
    operation = subject.fused.nodes[number].operation
    return operation.name if operation else ""
