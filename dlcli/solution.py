"""Everything that solving a homework yields, as one frozen record; renderers only read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dlcli.comparison import VERDICTS, Comparison
from dlcli.errors import Diagnostic
from dlcli.graph import Graph
from dlcli.ops.operation import Array


@dataclass(frozen=True)
class StepResult:
    """One optimizer step: the weights after it (float64, their own shapes), and exact texts where there are some."""

    optimizer: str
    weights: Mapping[str, Array]
    exact: Mapping[str, Array]  # object arrays of texts or None


@dataclass(frozen=True)
class Point:
    """Numbers drawn for quantities that the file declares without any, and the verdict there."""

    numbers: Mapping[str, Array]
    verdict: str


@dataclass(frozen=True)
class Solution:
    """What `dlcli.solve` returns.

    values  every named quantity that is computed, in order, float64 arrays (shape () for scalars)
    exact   the same quantities' exact values as texts (object arrays, None where there is no short closed
            form); only quantities with at least one
    deltas  formula of dloss/dq for each intermediate quantity, in the order of the backward pass
    expanded  gradient -> formula in inputs and weights alone, when asked for
    verdict "pass", "kink", "inconclusive" or "fail"; of an expected error "pass"
    loss    None when the file names none
    points  of a file with symbols, the random points at which the formulas were checked; all other fields tell
            of the first
    answers  question id -> the value that it asks for, where the key was wanted
    """

    file: str
    title: str | None
    graph: Graph
    values: Mapping[str, Array]
    exact: Mapping[str, Array]
    loss: float | None
    comparison: Comparison
    deltas: Mapping[str, str] = field(default_factory=dict)
    expanded: Mapping[str, str] = field(default_factory=dict)
    step: StepResult | None = None
    warnings: tuple[Diagnostic, ...] = ()
    parameters: int = 0
    index_base: int = 0
    points: tuple[Point, ...] = ()
    answers: Mapping[str, Array] = field(default_factory=dict)

    @property
    def verdict(self) -> str | None:
        """The worst of all points; None when there is nothing to differentiate (no loss)."""
        if self.loss is None:
            return None
        found = [self.comparison.verdict, *(point.verdict for point in self.points)]
        return max(found, key=VERDICTS.index)
