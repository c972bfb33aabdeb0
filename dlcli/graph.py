"""The network as a straight line of named nodes, each naming earlier ones. Knows neither layers nor YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dlcli.language.tree import Tree
from dlcli.ops.operation import Array, Operation, Shape

Role = Literal[
    "input", "weight", "bias", "target", "constant", "literal",
    "pre-activation", "activation", "loss", "quantity",
]  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One operation applied to earlier nodes; a leaf has no operation.

    `name` is None for a part of an equation that has no name of its own. `settings` are settled.
    """

    operation: Operation | None
    operands: tuple[int, ...]
    shape: Shape
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    role: Role | None = None
    group: str | None = None


@dataclass(frozen=True)
class Equation:
    """A named quantity (or several) and the formula it is computed by, as printed by --equations."""

    names: tuple[str, ...]
    tree: Tree
    nodes: tuple[int, ...]  # of the names, in order
    first: int  # nodes first..last of the graph belong to this equation
    role: Role | None = None
    group: str | None = None


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each comes after its operands.

    values: leaf number -> float64 array; exact: leaf number -> nested tuple of exact constants (a Fraction,
    or the tree of a constant expression) where the file gives them, for the exact column only.
    names: quantity -> node; wrt: the quantities to differentiate by, in order; loss: node or None.
    """

    nodes: tuple[Node, ...]
    values: Mapping[int, Array]
    exact: Mapping[int, Any]
    names: Mapping[str, int]
    equations: tuple[Equation, ...]
    wrt: tuple[str, ...]
    loss: int | None
    loss_name: str = "loss"

    def label(self, number: int) -> str:
        """The node's name, or the operation's with the node's number: how reports call it."""
        node = self.nodes[number]
        if node.name is not None:
            return node.name
        return f"{node.operation.name if node.operation else 'literal'}#{number}"
