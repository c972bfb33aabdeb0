"""The network at one point: the values and slopes that expressions of questions and answers are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from dlcli.engines.evaluation import ancestors, forward
from dlcli.engines.reverse import between, operands_of, sweep, unbroadcast, vjp_of
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.lowering import Lowered
from dlcli.ops.operation import Array
from dlcli.spec.records import Optimizer


@dataclass(frozen=True)
class World:
    """A network and its numbers.

    graph: in the form the file gives it, with the leaves' values of this world. held: quantities that keep a value
    other than what they are computed by, as when a student's wrong step is followed; held_nodes: the same for
    quantities without a name; slopes: likewise dloss/dq; whatever depends on them is computed from them, by unchanged
    rules. named: values that questions gave a name. optimizer: of this question; the file's when None.
    """

    lowered: Lowered
    graph: Graph
    held: Mapping[str, Array] = field(default_factory=dict)
    slopes: Mapping[str, Array] = field(default_factory=dict)
    held_nodes: Mapping[int, Array] = field(default_factory=dict)
    named: Mapping[str, Array] = field(default_factory=dict)
    optimizer: Optimizer | None = None

    @cached_property
    def stable(self) -> Graph:
        """The graph that values come from: with fused forms, unless a quantity is held."""
        return self.graph if self.held or self.slopes or self.held_nodes else fuse(self.graph)

    @cached_property
    def values(self) -> Sequence[Array]:
        """The value of each node of `stable`."""
        if not self.held and not self.held_nodes:
            return forward(self.stable)
        return forward_holding(self.stable, self.held, self.held_nodes)

    def value(self, name: str) -> Array:
        """The value of a quantity; `loss` is the loss whatever the file calls it. Raises KeyError."""
        if name in self.named:
            return self.named[name]
        number = self.number(name)
        return np.asarray(self.values[number])

    def number(self, name: str) -> int:
        """The node of a quantity. Raises KeyError."""
        if name == "loss" and name not in self.graph.names and self.graph.loss is not None:
            return self.graph.loss
        return self.graph.names[name]

    def knows(self, name: str) -> bool:
        return name in self.named or name in self.graph.names or (name == "loss" and self.graph.loss is not None)

    @cached_property
    def _cotangents(self) -> Mapping[int, Array]:
        graph = self.stable
        roots = list(graph.names.values())
        if self.slopes:
            held = {graph.names[name]: slope for name, slope in self.slopes.items() if name in graph.names}
            return sweep_holding(graph, self.values, roots, held)
        return sweep(graph, self.values, roots, every=True)

    def slope(self, name: str) -> Array:
        """dloss/dq; zeros where the loss does not depend on q. Raises KeyError."""
        number = self.number(name)
        assert self.graph.loss is not None
        if number in self._cotangents:
            return self._cotangents[number] + 0.0
        if number not in ancestors(self.graph, self.graph.loss):
            return np.zeros(self.graph.nodes[number].shape)
        spared = fuse(self.graph, (name,))
        found = sweep(spared, forward(spared), [number])
        return found.get(number, np.zeros(self.graph.nodes[number].shape)) + 0.0

    def with_values(self, replaced: Mapping[str, Array]) -> World:
        """The world in which these quantities are leaves with these values."""
        nodes, leaves = list(self.graph.nodes), dict(self.graph.values)
        for name, array in replaced.items():
            number = self.graph.names[name]
            if nodes[number].operation is not None:
                nodes[number] = replace(nodes[number], operation=None, operands=(), settings={})
            leaves[number] = array
        graph = replace(self.graph, nodes=tuple(nodes), values=leaves, exact={})
        return replace(self, graph=graph)


def world_of(lowered: Lowered, graph: Graph) -> World:
    """The world of a homework at its own numbers."""
    return World(lowered, graph)


def forward_holding(graph: Graph, held: Mapping[str, Array], nodes: Mapping[int, Array] | None = None) -> list[Array]:
    """The value of every node, with the quantities of `held` and those `nodes` kept at their values."""
    fixed = {**(nodes or {}), **{graph.names[name]: value for name, value in held.items() if name in graph.names}}
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for number, node in enumerate(graph.nodes):
            if number in fixed:
                values.append(np.asarray(fixed[number]))
            elif node.operation is None:
                values.append(graph.values[number])
            else:
                operands = [values[o] for o in node.operands]
                values.append(np.asarray(node.operation.forward(*operands, **node.settings)))
    return values


def sweep_holding(
    graph: Graph, values: Sequence[Array], roots: Sequence[int], held: Mapping[int, Array]
) -> dict[int, Array]:
    """Cotangents of the loss at every node between the roots and it, those of `held` kept at their values."""
    assert graph.loss is not None
    moving = between(graph, roots)
    cotangents: dict[int, Array] = {graph.loss: np.ones(())}
    with np.errstate(all="ignore"):
        for number in range(graph.loss, -1, -1):
            if number in held:
                cotangents[number] = np.asarray(held[number])
            node = graph.nodes[number]
            if node.operation is None or number not in cotangents:
                continue
            operands = operands_of(graph, node, values, 0)
            for position, operand in enumerate(node.operands):
                function = vjp_of(node, position)
                if function is None or operand not in moving:
                    continue
                extra = {"position": position} if node.operation.variadic else {}
                part = function(cotangents[number], values[number], *operands, **node.settings, **extra)
                part = unbroadcast(part, graph.nodes[operand].shape)
                earlier = cotangents.get(operand)
                cotangents[operand] = part if earlier is None else earlier + part
    return cotangents
