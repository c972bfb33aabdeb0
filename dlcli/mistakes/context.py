"""The network at hand: its right backward pass, its parts and its batch, found once and used by every mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dlcli.fusion import bypassed, fuse
from dlcli.graph import Graph
from dlcli.mistakes.altered_sweep import BackwardPass, backward_pass
from dlcli.mistakes.anatomy import Anatomy, anatomy
from dlcli.mistakes.samples import samples_of
from dlcli.ops.operation import Array


@dataclass(frozen=True, eq=False)
class Context:
    """A network with numbers.

    graph: as lowered, not fused, with a loss and quantities to differentiate by; values: of its nodes;
    learning_rate: of the homework's optimizer, if it has one; batch: how many samples, found from the graph where
    it is None.
    """

    graph: Graph
    values: Sequence[Array]
    learning_rate: float | None = None
    batch: int | None = None

    @cached_property
    def clean(self) -> BackwardPass:
        """The right backward pass, in the stable forms of loss and output as far as wrt allows them."""
        fused = fuse(self.graph, bypassed(self.graph, fuse(self.graph)))
        values = list(self.values)
        with np.errstate(all="ignore"):
            for number, node in enumerate(fused.nodes):
                if node.operation is not None and node is not self.graph.nodes[number]:
                    operands = [values[o] for o in node.operands]
                    values[number] = np.asarray(node.operation.forward(*operands, **node.settings))
        return backward_pass(fused, values)

    @cached_property
    def parts(self) -> Anatomy:
        """The layers, activations, biases … of the network."""
        return anatomy(self.clean)

    @cached_property
    def samples(self) -> int:
        """How many samples the loss is taken over; 1 where there is no batch."""
        return self.batch if self.batch is not None else samples_of(self.clean)
