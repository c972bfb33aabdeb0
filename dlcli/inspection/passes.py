"""What gradients cost: numerical differentiation in forward passes, backpropagation in two, timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from time import perf_counter

from dlcli.engines.evaluation import forward
from dlcli.engines.reverse import backprop
from dlcli.inspection.section import Skipped, Subject

MOST_PASSES = 5
ENOUGH = 0.5  # seconds after which no further pass is timed


@dataclass(frozen=True)
class Passes:
    """numbers: N, how many the loss is differentiated by; times in seconds, the best of `timed` runs.

    forward: of one forward pass; both: of a forward and a backward pass; numerical: (N + 1) x forward, not run.
    """

    numbers: int
    forward_passes: int
    timed: int
    forward: float
    both: float
    numerical: float
    ratio: float


def passes(subject: Subject, clock: Callable[[], float] = perf_counter) -> Passes | Skipped:
    """Forward differences need the loss once and once more for each number; backpropagation one pass each way."""
    graph = subject.fused
    if graph.loss is None or not graph.wrt:
        return Skipped("there is no loss to differentiate")
    count = sum(prod(graph.nodes[graph.names[name]].shape) for name in graph.wrt)
    one, timed = _best(lambda: forward(graph), clock)
    both, _ = _best(lambda: backprop(graph, forward(graph)), clock)
    numerical = (count + 1) * one
    return Passes(count, count + 1, timed, one, both, numerical, numerical / both if both else float("nan"))


def _best(run: Callable[[], object], clock: Callable[[], float]) -> tuple[float, int]:
    """The shortest of a few runs, in seconds, and how many they were; one run before them is not counted."""
    run()
    times: list[float] = []
    while len(times) < MOST_PASSES and sum(times) < ENOUGH:
        start = clock()
        run()
        times.append(clock() - start)
    return min(times), len(times)
