"""Stacked copies in which one entry of a tensor is replaced, and their sums of products without the whole product.

The result of a sum of products changes only where the entry enters: base value plus change times partner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.slices import Slices
from dlcli.graph import Node
from dlcli.ops.operation import Array, Einsum, Gather, Shape


@dataclass(frozen=True)
class SingleEntries:
    """Copy k of a tensor of this shape differs from its base value by change[k] at flat position entries[k]."""

    shape: Shape
    entries: Array
    change: Array

    def stacked(self, base: Array) -> Array:
        """The copies themselves, (copies, *shape)."""
        copies = np.repeat(base.reshape(1, -1), len(self.entries), axis=0)
        copies[np.arange(len(self.entries)), self.entries] += self.change
        return copies.reshape(-1, *self.shape)


def moved(node: Node, single: SingleEntries) -> SingleEntries | None:
    """The same copies after a transposition or another rearrangement that keeps every entry once."""
    assert node.operation is not None
    one_operand = len(node.operands) == 1 and isinstance(node.operation.definition, Gather | Einsum)
    size = int(np.prod(single.shape))
    if not one_operand or int(np.prod(node.shape)) != size or node.operation.branches is not None:
        return None
    index = np.asarray(node.operation.forward(np.arange(size).reshape(single.shape), **node.settings)).reshape(-1)
    back = np.zeros(size, dtype=np.int64)
    back[index] = np.arange(size)
    return SingleEntries(node.shape, back[single.entries], single.change)


def contracted(
    node: Node, number: int, position: int, single: SingleEntries, operands: Sequence[Array], base: Array
) -> Slices | None:
    """The result of a sum of two factors of which one is changed in single entries, as slices; None for others.

    number: of the node; base: its value.
    """
    assert node.operation is not None
    definition = node.operation.definition
    if not isinstance(definition, Einsum) or len(operands) != 2:
        return None
    text = definition.subscripts(tuple(x.shape for x in operands), node.settings).replace(" ", "")
    terms, output = text.split("->")[0].split(","), text.split("->")[1]
    own, partner = terms[position], terms[1 - position]
    if len(set(own)) < len(own) or len(set(partner)) < len(partner):
        return None
    if any(letter not in partner and letter not in output for letter in own):
        return None
    fixed = dict(zip(own, np.unravel_index(single.entries, single.shape), strict=True))
    free = [letter for letter in output if letter not in own]
    shared = [letter for letter in partner if letter in own]
    if any(letter not in own and letter not in output for letter in partner):
        return None
    other = operands[1 - position].transpose([partner.index(letter) for letter in (*shared, *free)])
    rows = other[tuple(fixed[letter] for letter in shared)]  # (copies, *free), or (*free) when nothing is shared
    copies = len(single.entries)
    change = single.change.reshape(-1, *(1,) * len(free)) * (rows if shared else rows[None])
    kept = [letter for letter in output if letter in own]
    axes = tuple(output.index(letter) for letter in kept)
    found = Slices(number, axes, tuple(fixed[letter] for letter in kept), change)
    start = found.of(base) if kept else np.broadcast_to(base, (copies, *base.shape))
    return Slices(number, axes, found.fixed, start + change)
