"""Points at which a student's function is called besides the homework's own numbers."""

from __future__ import annotations

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.graph import Graph
from dlcli.mistakes import generic_point, moved_to

FEWEST, MOST = 2, 5  # points
TRIALS = 24  # points drawn to find some that see every branch
MISSES = 2  # draws outside a domain after which no more are tried

Sides = frozenset[tuple[int, int]]  # (node, which side of a kink)


def fresh_graphs(graph: Graph) -> list[Graph]:
    """The network at numbers drawn afresh in the same shapes: the first two drawn, and those of the next that take a
    side of a relu, a maximum or another branch that none before them takes, up to MOST; fewer, or none, where no
    other numbers lie in the domain of every operation."""
    found: list[Graph] = []
    seen, missed = _sides(graph), 0
    for seed in range(TRIALS):
        point = generic_point(graph, seed)
        if point is None:
            missed += 1
            if missed == MISSES:
                break
            continue
        drawn = moved_to(graph, point)
        sides = _sides(drawn)
        if len(found) < FEWEST or not sides <= seen:
            found.append(drawn)
            seen |= sides
        if len(found) == MOST:
            break
    return found


def _sides(graph: Graph) -> Sides:
    """Which sides of each branching operation its entries are on."""
    values = forward(graph)
    found: set[tuple[int, int]] = set()
    for number, node in enumerate(graph.nodes):
        if node.operation is None or node.operation.branches is None:
            continue
        operands = [values[o] for o in node.operands]
        with np.errstate(all="ignore"):
            sides = np.asarray(node.operation.branches(*operands, **node.settings))
        found |= {(number, int(side)) for side in np.unique(sides)}
    return frozenset(found)
