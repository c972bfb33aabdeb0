"""The units of a layer stepped along the imaginary axis, a copy a unit, as late in the network as possible.

What follows element by element is computed once for all units, as each entry moves by itself; only the first sum
of products mixes units, and there copy u is the base value plus what unit u's change contributes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.stepped_entries import STEP
from dlcli.graph import Graph, Node
from dlcli.ops.operation import Array, Einsum, Elementwise


@dataclass(frozen=True)
class SteppedUnits:
    """Copies of a node's value, one a unit of the layer that was stepped.

    base: the node's value. change: (units, *entries) what each unit adds; where `partner` is None it takes the
    unit's own positions in the node, `positions` (units, entries); else `subscripts` contract it with the partner.
    """

    node: int
    base: Array
    change: Array
    positions: Array
    partner: Array | None = None
    subscripts: str = ""

    def copies(self, start: int, stop: int) -> Array:
        """The copies of units start to stop, (units, *shape of the node), complex."""
        change = self.change[start:stop]
        if self.partner is None:
            stacks = np.repeat(self.base.reshape(1, -1).astype(np.complex128), len(change), axis=0)
            rows = self.positions[start:stop]
            np.put_along_axis(stacks, rows, np.take_along_axis(stacks, rows, axis=1) + change, axis=1)
            return stacks.reshape(-1, *self.base.shape)
        added = np.einsum(self.subscripts, change, self.partner[start:stop])
        return np.asarray(self.base + added)


def stepped_units(
    graph: Graph,
    values: Sequence[Array],
    number: int,
    rest: Sequence[int],
    inside: Sequence[int],
    boundary: frozenset[int],
) -> SteppedUnits:
    """The units of a node, its entries along the axes `rest`, stepped: every entry along the other axes at once.

    inside: the nodes after it in which the other axes stay independent; boundary: those whose own value is needed.
    """
    node, moved = number, values[number] + 1j * STEP
    while (user := _only_user(graph, node, inside, boundary)) is not None:
        after = graph.nodes[user]
        assert after.operation is not None
        if not isinstance(after.operation.definition, Elementwise) or after.shape != graph.nodes[node].shape:
            break
        operands = [moved if o == node else values[o] for o in after.operands]
        with np.errstate(all="ignore"):
            node, moved = user, np.asarray(after.operation.forward(*operands, **after.settings))
    change = moved - values[node]
    shape = graph.nodes[node].shape
    units = math.prod(shape[axis] for axis in rest)
    others = [axis for axis in range(len(shape)) if axis not in rest]
    by_unit = change.transpose(*rest, *others).reshape(units, *(shape[axis] for axis in others))
    if user is not None and (found := _contraction(graph.nodes[user], graph, values, node, rest)) is not None:
        subscripts, partner = found
        return SteppedUnits(user, values[user], by_unit, np.empty(0), partner, subscripts)
    positions = np.arange(math.prod(shape)).reshape(shape).transpose(*rest, *others).reshape(units, -1)
    return SteppedUnits(node, values[node], by_unit.reshape(units, -1), positions)


def _only_user(graph: Graph, node: int, inside: Sequence[int], boundary: frozenset[int]) -> int | None:
    """The one node inside that uses this one, once, with nothing else moving in it."""
    users = [n for n in inside if node in graph.nodes[n].operands]
    if len(users) != 1 or node in boundary or graph.nodes[users[0]].operands.count(node) != 1:
        return None
    others = {o for o in graph.nodes[users[0]].operands if o != node}
    return None if others & set(inside) else users[0]


def _contraction(
    node: Node, graph: Graph, values: Sequence[Array], operand: int, rest: Sequence[int]
) -> tuple[str, Array] | None:
    """Subscripts that add one unit's change times its partner into the node, and the partner, units first.

    None where the node is no sum of two factors over all the axes of the units.
    """
    assert node.operation is not None
    if not isinstance(node.operation.definition, Einsum) or len(node.operands) != 2:
        return None
    shapes = tuple(graph.nodes[o].shape for o in node.operands)
    terms, output = node.operation.definition.subscripts(shapes, node.settings).replace(" ", "").split("->")
    place = node.operands.index(operand)
    own, partner = terms.split(",")[place], terms.split(",")[1 - place]
    unit = [own[axis] for axis in rest]
    free = [letter for letter in own if letter not in unit]
    if len(set(own)) < len(own) or len(set(partner)) < len(partner):
        return None
    if not all(letter in partner and letter not in output for letter in unit):
        return None
    left = [letter for letter in partner if letter not in unit]
    if not all(letter in output for letter in (*free, *left)):
        return None
    array = values[node.operands[1 - place]].transpose([partner.index(letter) for letter in (*unit, *left)])
    count = math.prod(array.shape[: len(unit)])
    label = next(letter for letter in "zyxwvutsrqponm" if letter not in own + partner + output)
    subscripts = f"{label}{''.join(free)},{label}{''.join(left)}->{label}{output}"
    return subscripts, array.reshape(count, *array.shape[len(unit) :])
