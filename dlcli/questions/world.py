"""The network at one point: the values and slopes that expressions of questions and answers are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from dlcli.engines.evaluation import ancestors, forward
from dlcli.engines.reverse import sweep
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
        return self.forward(self.stable)

    def forward(self, graph: Graph) -> Sequence[Array]:
        """The value of each node of a graph with this one's numbers for its nodes, held ones kept at theirs."""
        named = {graph.names[name]: value for name, value in self.held.items() if name in graph.names}
        held = {**self.held_nodes, **named}
        return forward(_with_leaves(graph, held) if held else graph)

    def value(self, name: str) -> Array:
        """The value of a quantity; `loss` is the loss whatever the file calls it. Raises KeyError."""
        if name in self.named:
            return self.named[name]
        number = self.number(name)
        if self.graph.nodes[number].operation is None and name not in self.held:
            return self.graph.values[number]
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
        held = {graph.names[name]: slope for name, slope in self.slopes.items() if name in graph.names}
        return sweep(graph, self.values, roots, every=True, held=held)

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
        numbers = {self.graph.names[name]: array for name, array in replaced.items()}
        return replace(self, graph=_with_leaves(self.graph, numbers))


def _with_leaves(graph: Graph, replaced: Mapping[int, Array]) -> Graph:
    """The graph in which these nodes are leaves with these values."""
    nodes = list(graph.nodes)
    for number in replaced:
        if nodes[number].operation is not None:
            nodes[number] = replace(nodes[number], operation=None, operands=(), settings={})
    return replace(graph, nodes=tuple(nodes), values={**graph.values, **replaced}, exact={})
