"""What every section of the report starts from: the graph, its values, its gradients, who uses what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dlcli.engines.reverse import sweep
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.solving import Checked


@dataclass(frozen=True)
class Skipped:
    """A section that does not apply to the network, and why."""

    reason: str


@dataclass(frozen=True)
class Subject:
    """A network under inspection.

    graph: as the file writes it; fused: with the stable forms that values and gradients come from.
    cotangents: node -> dloss/dnode of the fused graph, empty without a loss. users: node -> nodes that take it,
    once for each time they do. columns: samples are columns of matrices.
    """

    graph: Graph
    fused: Graph
    values: tuple[Array, ...]
    cotangents: Mapping[int, Array]
    users: Mapping[int, Sequence[int]]
    trained: tuple[str, ...]
    columns: bool

    def operation(self, number: int) -> str:
        """The name of the node's operation; empty for a leaf."""
        found = self.graph.nodes[number].operation
        return found.name if found else ""

    def label(self, number: int) -> str:
        """The node's name, or for a part of an equation `add#7 in z`: the operation and the next named node."""
        node = self.graph.nodes[number]
        if node.name is not None or not self.users.get(number):
            return self.graph.label(number)
        after = number
        while self.graph.nodes[after].name is None and self.users.get(after):
            after = self.users[after][0]
        inside = self.graph.nodes[after].name
        return self.graph.label(number) + (f" in {inside}" if inside else "")


def subject(checked: Checked) -> Subject:
    """One reverse sweep from the loss to every input and weight."""
    graph, fused = checked.graph, fuse(checked.graph)
    roots = [n for n, node in enumerate(graph.nodes) if node.role in ("input", "weight", "bias")]
    cotangents = {} if graph.loss is None else sweep(fused, checked.values, roots, every=True)
    return Subject(
        graph,
        fused,
        checked.values,
        cotangents,
        users_of(graph),
        checked.lowered.trained,
        checked.spec.samples == "columns",
    )


def users_of(graph: Graph) -> dict[int, list[int]]:
    """node -> the nodes that take it as an operand, once for each time they do."""
    users: dict[int, list[int]] = {}
    for number, node in enumerate(graph.nodes):
        for operand in node.operands:
            users.setdefault(operand, []).append(number)
    return users
