"""Where the complex step is no slope at all, found by taking other steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.engines.stepped_entries import analytic_cone, per_entry
from dlcli.graph import Graph
from dlcli.ops.operation import Array

OTHER_STEPS = (1e-10, 1e-60)  # far larger and far smaller than the usual one


def depends_on_step(graph: Graph, values: Sequence[Array], root: int, entries: Array, doubt: Array) -> Array:
    """At which of the flat positions `entries` of a quantity the complex step changes with its step: (entries,), bool.

    So it does where the loss is not analytic (x**1.5 at 0), where the step is not small beside a value of 1e-300,
    and where the imaginary part underflows. doubt: what rounding can do to the slopes.
    """
    order = analytic_cone(graph, root)
    usual = per_entry(graph, values, root, order, entries).reshape(-1)[entries]
    allowed = 1e-9 * np.abs(usual) + np.minimum(doubt, 0.1 * np.abs(usual))
    result = np.zeros(len(entries), dtype=bool)
    for step in OTHER_STEPS:
        other = per_entry(graph, values, root, order, entries, step).reshape(-1)[entries]
        with np.errstate(all="ignore"):
            result |= ~(np.abs(other - usual) <= allowed)
    return result
