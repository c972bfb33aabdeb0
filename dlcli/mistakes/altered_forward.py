"""The values of a forward pass in which some nodes come out otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dlcli.mistakes.context import Context
from dlcli.ops.operation import Array


def with_node_values(context: Context, replaced: Mapping[int, Array]) -> tuple[Array, ...]:
    """All values, those that depend on a replaced node computed again."""
    values, changed = list(context.clean.values), set(replaced)
    with np.errstate(all="ignore"):
        for number, node in enumerate(context.clean.graph.nodes):
            if number in replaced:
                values[number] = replaced[number]
            elif node.operation is not None and any(o in changed for o in node.operands):
                values[number] = np.asarray(
                    node.operation.forward(*(values[o] for o in node.operands), **node.settings)
                )
                changed.add(number)
    return tuple(values)
