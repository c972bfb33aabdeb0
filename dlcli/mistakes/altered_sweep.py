"""The plain reverse sweep with places where it can be made wrong, restarted from the first node that changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcli.engines.reverse import between, depends_on, operands_of, unbroadcast, vjp_of
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array

Place = tuple[int, int]  # a node, and the position of one of its operands: the way that a cotangent takes
Gradients = Mapping[str, Array]


@dataclass(frozen=True)
class Edge:
    """What the backward pass has in hand where it goes from a node to one of its operands."""

    node: Node
    position: int
    cotangent: Array
    result: Array
    operands: tuple[Array, ...]


Rule = Callable[[Edge], Array]


def usual(edge: Edge) -> Array:
    """The operand's cotangent, as it should be, in the result's shape or in the operand's."""
    function = vjp_of(edge.node, edge.position)
    assert function is not None
    assert edge.node.operation is not None
    extra: dict[str, Any] = {"position": edge.position} if edge.node.operation.variadic else {}
    return np.asarray(function(edge.cotangent, edge.result, *edge.operands, **edge.node.settings, **extra))


@dataclass(frozen=True)
class Alteration:
    """What is done otherwise in one backward pass.

    rules     the cotangent of one operand, computed by another rule
    gathered  what a node makes of the parts that reach it, in the order of the sweep, in place of their sum
    final     a gradient from all gradients that the altered sweep has found
    values    the forward pass itself was another one: the values of all nodes
    """

    rules: Mapping[Place, Rule] = field(default_factory=dict)
    gathered: Mapping[int, Callable[[Sequence[Array]], Array]] = field(default_factory=dict)
    final: Mapping[str, Callable[[Gradients], Array]] = field(default_factory=dict)
    values: Sequence[Array] | None = None


@dataclass(frozen=True)
class BackwardPass:
    """A sweep with everything that it met.

    cotangents: of each node that the loss depends on; parts: what each edge passes on, in the operand's shape;
    users: the edges that lead to a node, in the order in which the sweep takes them; gradients: by graph.wrt.
    """

    graph: Graph
    values: tuple[Array, ...]
    cotangents: Mapping[int, Array]
    parts: Mapping[Place, Array]
    users: Mapping[int, tuple[Place, ...]]
    gradients: Gradients


def backward_pass(graph: Graph, values: Sequence[Array]) -> BackwardPass:
    """The right backward pass of a graph with a loss, by the operations' own vjps."""
    assert graph.loss is not None
    users = _users(graph)
    cotangents: dict[int, Array] = {graph.loss: np.asarray(1.0)}
    parts: dict[Place, Array] = {}
    with np.errstate(all="ignore"):
        for number in _order(graph, users):
            if number != graph.loss:
                cotangents[number] = _added([parts[place] for place in users[number]])
            for place in _edges(graph, number, users):
                parts[place] = _part(graph, values, place, cotangents[number], usual)
    gradients = {name: _gradient(graph, name, cotangents, cotangents) for name in graph.wrt}
    return BackwardPass(graph, tuple(values), cotangents, parts, users, gradients)


def altered_gradients(clean: BackwardPass, alteration: Alteration, names: Sequence[str]) -> tuple[Gradients, int]:
    """The gradients of the quantities in `names` under an alteration, and how many numbers that took to compute."""
    if alteration.values is not None:
        work = sum(math.prod(node.shape) for node in clean.graph.nodes)
        again = backward_pass(clean.graph, alteration.values)
        gradients, more = _swept(again, alteration, names)
        return gradients, work + more
    return _swept(clean, alteration, names)


def _swept(clean: BackwardPass, alteration: Alteration, names: Sequence[str]) -> tuple[Gradients, int]:
    """Only what differs from the clean pass is computed again."""
    graph, users, work = clean.graph, clean.users, 0
    parts: dict[Place, Array] = {}
    changed: dict[int, Array] = {}
    touched = {number for number, _ in alteration.rules}
    needed = graph.wrt if alteration.final else names
    wanted = None if len(needed) == len(graph.wrt) else depends_on(graph, [graph.names[name] for name in needed])
    with np.errstate(all="ignore"):
        for number in clean.cotangents if touched or alteration.gathered else ():
            gather = alteration.gathered.get(number)
            if gather is not None or any(place in parts for place in users[number]):
                arriving = [parts.get(place, clean.parts[place]) for place in users[number]]
                changed[number] = _added(arriving) if gather is None else gather(arriving)
            elif number not in touched:
                continue
            for place in _edges(graph, number, users):
                if wanted is not None and graph.nodes[number].operands[place[1]] not in wanted:
                    continue
                if number in changed or place in alteration.rules:
                    cotangent = changed.get(number, clean.cotangents[number])
                    rule = alteration.rules.get(place, usual)
                    parts[place] = _part(graph, clean.values, place, cotangent, rule)
                    work += parts[place].size + cotangent.size
        found = {name: _gradient(graph, name, changed, clean.cotangents) for name in needed}
        found |= {name: np.asarray(alteration.final[name](found)) for name in names if name in alteration.final}
    return {name: found[name] for name in names}, work + sum(found[name].size for name in alteration.final)


def _gradient(graph: Graph, name: str, changed: Mapping[int, Array], clean: Mapping[int, Array]) -> Array:
    root = graph.names[name]
    found = changed.get(root, clean.get(root))
    return np.zeros(graph.nodes[root].shape) if found is None else found


def _part(graph: Graph, values: Sequence[Array], place: Place, cotangent: Array, rule: Rule) -> Array:
    number, position = place
    node = graph.nodes[number]
    operands = tuple(operands_of(graph, node, values, 0))
    part = rule(Edge(node, position, cotangent, values[number], operands))
    return unbroadcast(np.asarray(part), graph.nodes[node.operands[position]].shape)


def _added(parts: Sequence[Array]) -> Array:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _users(graph: Graph) -> dict[int, tuple[Place, ...]]:
    """For each node between the quantities of wrt and the loss the edges that lead to it from above."""
    assert graph.loss is not None
    moving = between(graph, [graph.names[name] for name in graph.wrt])
    found: dict[int, list[Place]] = {graph.loss: []}
    for number in range(graph.loss, -1, -1):
        node = graph.nodes[number]
        if node.operation is None or number not in found:
            continue
        for position, operand in enumerate(node.operands):
            if operand in moving and vjp_of(node, position) is not None:
                found.setdefault(operand, []).append((number, position))
    return {number: tuple(places) for number, places in found.items()}


def _order(graph: Graph, users: Mapping[int, tuple[Place, ...]]) -> list[int]:
    assert graph.loss is not None
    return [number for number in range(graph.loss, -1, -1) if number in users]


def _edges(graph: Graph, number: int, users: Mapping[int, tuple[Place, ...]]) -> list[Place]:
    node = graph.nodes[number]
    if node.operation is None:
        return []
    return [
        (number, position)
        for position, operand in enumerate(node.operands)
        if vjp_of(node, position) is not None and (number, position) in users.get(operand, ())
    ]
