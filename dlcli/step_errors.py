"""The error of a central difference at every step: rounding on the left of the V, truncation on its right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dlcli.engines.stencil import stencil
from dlcli.evidence import EntryEvidence, judged_graph
from dlcli.ops.operation import Array
from dlcli.solution import Solution

DECADES = (-16, 1)  # of the steps, times the scale of the entry
PER_DECADE = 12
CLEAR = 30.0  # times the noise, so that an error is one of truncation


@dataclass(frozen=True)
class StepErrors:
    """|central difference(h) - reference| over the step h, and what explains it.

    steps, errors: of a fine grid, rising steps; kept: no side changes at that step; rung_steps, rung_errors,
    chosen: of the ladder's rungs; truncation: C of the leading term C h^2, None where none can be told from the
    noise; noise: sigma of the loss, so that rounding is sigma/h; extrapolated: |d - r|, error: its bar E;
    complex_step: |c - r|. Each of the last three is None where there is none, or it is the reference itself.
    """

    name: str
    entry: tuple[int, ...]
    index_base: int
    reference: str
    value: float
    steps: Array
    errors: Array
    kept: Array
    rung_steps: Array
    rung_errors: Array
    chosen: Array
    truncation: float | None
    noise: float
    extrapolated: float | None
    error: float | None
    complex_step: float | None

    @property
    def best_step(self) -> float | None:
        """Where truncation and rounding are equal: the bottom of the V, h^3 = sigma/C."""
        return None if not self.truncation else (self.noise / self.truncation) ** (1 / 3)


def step_errors(solution: Solution, evidence: EntryEvidence) -> StepErrors | None:
    """The curve of one entry; None where there is no reference, or no finite difference at any step."""
    tolerances = evidence.tolerances
    found = evidence.ladder.extrapolated
    reference, value = tolerances.reference, tolerances.value
    if reference is None or not math.isfinite(value):
        if found is None:
            return None
        reference, value = "finite difference", found.value
    graph, values = judged_graph(solution.graph, evidence.name)
    points = stencil(graph, values, graph.names[evidence.name])
    flat = int(np.ravel_multi_index(evidence.entry, graph.nodes[points.root].shape))
    scale = 5 * evidence.first_step
    low, high = DECADES
    heights = scale * 10 ** np.linspace(low, high, PER_DECADE * (high - low) + 1)
    moved = evidence.point + heights[:, None] * np.array([1.0, -1.0])
    losses, marks = points.at(np.full(moved.size, flat), moved.reshape(-1))
    losses, marks = losses.reshape(moved.shape), marks.reshape(moved.shape)
    gaps = (moved[:, 0] - evidence.point) + (evidence.point - moved[:, 1])
    with np.errstate(all="ignore"):
        errors = np.abs((losses[:, 0] - losses[:, 1]) / gaps - value)
    real = np.isfinite(errors) & (gaps > 0)
    if not real.any():
        return None
    steps, errors, kept = gaps[real] / 2, errors[real], np.all(marks == points.base, axis=1)[real]
    rungs = [rung for rung in evidence.ladder.rungs if math.isfinite(rung.quotient)]
    c = evidence.complex_step
    return StepErrors(
        name=evidence.name,
        entry=evidence.entry,
        index_base=evidence.index_base,
        reference=reference,
        value=value,
        steps=steps,
        errors=errors,
        kept=kept,
        rung_steps=np.array([rung.step for rung in rungs]),
        rung_errors=np.array([abs(rung.quotient - value) for rung in rungs]),
        chosen=np.array([rung.chosen for rung in rungs], dtype=bool),
        truncation=leading_truncation(steps[kept], errors[kept], evidence.noise),
        noise=evidence.noise,
        extrapolated=None if found is None or reference == "finite difference" else abs(found.value - value),
        error=None if found is None else found.error,
        complex_step=None if c is None or reference == "complex step" or math.isnan(c) else abs(c - value),
    )


def leading_truncation(steps: Array, errors: Array, noise: float) -> float | None:
    """C of the error C h^2, from the smallest decade of steps whose errors stand clear of rounding, noise/h.

    None where there is no such decade, or where the errors there do not grow as h^2: the loss is linear or
    quadratic in the entry, its third derivative is 0, or rounding hides it.
    """
    clear = errors > CLEAR * noise / steps
    starts = [i for i in range(len(steps) - PER_DECADE) if clear[i : i + PER_DECADE].all()]
    if not starts:
        return None
    part = slice(starts[0], starts[0] + PER_DECADE)
    slope = float(np.polyfit(np.log(steps[part]), np.log(errors[part]), 1)[0])
    if not 1.8 < slope < 2.2:
        return None
    return float(np.exp(np.mean(np.log(errors[part][:4]) - 2 * np.log(steps[part][:4]))))
