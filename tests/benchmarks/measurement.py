"""How a pass is measured: beside a peer, in one run, the fastest of many rounds of each."""

from __future__ import annotations

import time
from collections.abc import Callable

from dlcli.engines.evaluation import forward
from dlcli.engines.reverse import between, sweep
from dlcli.graph import Graph


def ratio(ours: Callable[[], object], peer: Callable[[], object], blocks: int = 4, rounds: int = 30) -> float:
    """The fastest of many rounds of each, in alternating blocks: each runs warm, and both see the same machine."""
    times: dict[Callable[[], object], list[float]] = {ours: [], peer: []}
    for _ in range(blocks):
        for function, found in times.items():
            for _ in range(rounds):
                start = time.perf_counter()
                function()
                found.append(time.perf_counter() - start)
    return min(times[ours]) / min(times[peer])


def both_passes(graph: Graph) -> Callable[[], object]:
    """The forward pass and the backward pass by graph.wrt."""
    roots = [graph.names[name] for name in graph.wrt]
    moving = between(graph, roots)

    def run() -> object:
        return sweep(graph, forward(graph), roots, moving=moving)

    return run
