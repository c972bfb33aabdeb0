"""Asks the engines for more evidence where a comparison is not decided. Comparison itself calls no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dlcli.comparison import (
    FAIL,
    INCONCLUSIVE,
    Comparison,
    Evidence,
    Judgement,
    TensorCheck,
    judge,
)
from dlcli.engines.complex_step import complex_step
from dlcli.engines.direction import slope_along
from dlcli.engines.evaluation import Evaluation, forward
from dlcli.engines.finite_difference import Witness, finite_differences
from dlcli.engines.reverse import backprop, magnitudes, sweep
from dlcli.engines.rounding import Rounding
from dlcli.engines.sides import slopes_by_sides
from dlcli.engines.step_dependence import depends_on_step
from dlcli.engines.stepped_entries import analytic_cone, cone_size
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.resolution import EPS

MORE_ENTRIES = 16  # disputed entries of a tensor that get a ladder of their own
STEPPED_AGAIN = 50_000_000  # numbers to compute for complex steps of other sizes

Progress = Callable[[str, int, int], None]


def compare(
    graph: Graph,
    values: Sequence[Array],
    symbolic: Evaluation,
    rounding: Rounding,
    *,
    given: Mapping[str, Array] | None = None,
    full: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Every witness asked, every entry judged; disputed entries get more evidence, and are judged again.

    graph: with its stable fused forms; values: of its nodes; rounding: what rounding can do to them.
    given: gradients from elsewhere, judged in place of backprop's: only the quantities that it names are compared,
    each in its shape, entries may be nan or inf; in the result they stand as `backprop`, with the method "given".
    full: a ladder of differences for every entry of however large a quantity.
    progress: told, while the ladders are climbed, a quantity's name, how many of its entries are done, of how many.
    Raises ValueError for a name in `given` that is not in graph.wrt, and for a wrong shape.
    """
    end = graph.loss
    assert end is not None
    if given is None:
        swept = backprop(graph, values)
    else:
        graph = replace(graph, wrt=tuple(name for name in graph.wrt if name in given))
        swept = _from_outside(graph, given)
    if not graph.wrt:
        return Comparison(())
    cotangents = sweep(graph, values, [graph.names[name] for name in graph.wrt], every=True)
    sizes = magnitudes(graph, values, cotangents)
    case = _Case(graph, values, rounding, full, symbolic, complex_step(graph, values), progress)
    ladders = finite_differences(graph, values, full, changes=rounding.values, progress=progress)
    loss = float(values[end])
    repeats = _repeats(graph, loss)
    tensors = []
    for name in graph.wrt:
        evidence = Evidence(
            name,
            swept.gradients[name],
            _looked(symbolic, name),
            _looked(case.stepped, name),
            ladders[name].differences,
            sizes[name],
            rounding.gradients[name],
            loss,
            any(node.operation is not None and node.operation.infinite_slope_at for node in graph.nodes),
            "backprop" if given is None else "the given gradient",
            repeats=repeats,
        )
        tensors.append(_decided(case, evidence, ladders[name], swept.methods[name]))
    return Comparison(tuple(tensors))


@dataclass(frozen=True)
class _Case:
    """What is compared, and the witnesses that have spoken."""

    graph: Graph
    values: Sequence[Array]
    rounding: Rounding
    full: bool
    symbolic: Evaluation
    stepped: Evaluation
    progress: Progress | None


def _from_outside(graph: Graph, given: Mapping[str, Array]) -> Evaluation:
    """The given gradients as an evaluation in place of backprop's."""
    if unknown := sorted(set(given) - set(graph.wrt)):
        raise ValueError(f"nothing is differentiated by {unknown[0]!r}")
    gradients = {name: np.asarray(given[name], dtype=np.float64) for name in graph.wrt}
    for name, gradient in gradients.items():
        shape = graph.nodes[graph.names[name]].shape
        if gradient.shape != shape:
            raise ValueError(f"the given gradient of {name!r} has shape {gradient.shape}, the quantity has {shape}")
    return Evaluation("given", gradients, methods=dict.fromkeys(gradients, "given"))


def _repeats(graph: Graph, loss: float) -> bool:
    """Whether the loss is the same when it is evaluated again, or at least from then on."""
    assert graph.loss is not None
    again = float(forward(graph)[graph.loss])
    return not abs(again - loss) > 64 * EPS * abs(loss) or again == float(forward(graph)[graph.loss])


def _decided(case: _Case, evidence: Evidence, witness: Witness, method: str) -> TensorCheck:
    """The check of one quantity, with more evidence on the entries that the first judgement does not decide."""
    graph, values, name = case.graph, case.values, evidence.name
    root = graph.names[name]
    notes: list[str] = []
    if not witness.differences.looked.all():
        evidence = replace(evidence, direction=slope_along(graph, values, root, witness.noise))
    judgement = judge(evidence)
    doubtful = _doubtful_steps(case, evidence, judgement)
    if doubtful.any():
        assert evidence.complex_step is not None
        evidence = replace(evidence, complex_step=np.where(doubtful, np.nan, evidence.complex_step))
        judgement = judge(evidence)
        notes.append(f"the complex step of {_entries(doubtful)} changes with its step and was dropped")
    disputed = (judgement.verdicts >= INCONCLUSIVE) & ~witness.differences.looked
    if disputed.any():
        worst = np.argsort(-np.where(disputed, judgement.relative_error, -1.0).reshape(-1), kind="stable")
        also = {name: worst[: min(MORE_ENTRIES, int(disputed.sum()))]}
        witness = finite_differences(graph, values, also=also, only=(name,), changes=case.rounding.values)[name]
        evidence = replace(evidence, differences=witness.differences)
        judgement = judge(evidence)
    at_kinks = witness.differences.at_kink & (judgement.verdicts == FAIL) & np.isfinite(evidence.backprop)
    if at_kinks.any():
        found = slopes_by_sides(graph, values, root, np.flatnonzero(at_kinks), case.rounding.values)
        low, high = np.full(at_kinks.shape, np.nan), np.full(at_kinks.shape, np.nan)
        low[at_kinks], high[at_kinks] = found
        evidence = replace(evidence, sides=(low, high))
        judgement = judge(evidence)
    notes += [*_kink_notes(judgement, witness), *_direction_notes(evidence)]
    return _check(case, evidence, judgement, witness, method, tuple(notes))


def _doubtful_steps(case: _Case, evidence: Evidence, judgement: Judgement) -> Array:
    """The undecided entries at which the complex step is not to be trusted.

    Asked are those that no symbolic slope decides or that differ from it, as many as can be afforded.
    """
    m, c = evidence.symbolic, evidence.complex_step
    result = np.zeros(evidence.backprop.shape, bool)
    if c is None:
        return result
    slack = 64 * EPS * evidence.size + 8 * evidence.rounding
    with np.errstate(all="ignore"):
        gap = np.abs(c - (np.nan if m is None else m))
        apart = ~(gap <= 1e-9 * np.abs(c) + slack)
    asked = np.flatnonzero((judgement.verdicts >= INCONCLUSIVE) & ~np.isnan(c) & apart)
    root = case.graph.names[evidence.name]
    cost = 3 * cone_size(case.graph, root, analytic_cone(case.graph, root))
    asked = asked[: max(1, STEPPED_AGAIN // cost)]
    if len(asked):
        result.reshape(-1)[asked] = depends_on_step(case.graph, case.values, root, asked, slack.reshape(-1)[asked])
    return result


def _looked(evaluation: Evaluation, name: str) -> Array | None:
    """The witness's values, None where it looked at nothing."""
    seen = evaluation.looked.get(name)
    return evaluation.gradients[name] if seen is None or seen.any() else None


def _check(
    case: _Case, evidence: Evidence, judgement: Judgement, witness: Witness, method: str, notes: tuple[str, ...]
) -> TensorCheck:
    name, differences = evidence.name, witness.differences
    known = differences.looked & np.isfinite(differences.central_error)
    witnesses: dict[str, Any] = {
        "symbolic": evidence.symbolic,
        "complex_step": evidence.complex_step,
        "finite_difference": np.where(known, differences.central, np.nan),
    }
    looked = {}
    for engine, found in witnesses.items():
        seen = np.zeros(known.shape, bool) if found is None else ~np.isnan(found)
        if not seen.all():
            looked[engine] = seen
        if not seen.any() and seen.size:
            witnesses[engine] = None
    methods: Mapping[str, str] = {
        "backprop": method,
        "symbolic": case.symbolic.methods[name],
        "complex_step": case.stepped.methods[name],
        "finite_difference": witness.method,
    }
    return TensorCheck(
        name=name,
        shape=evidence.backprop.shape,
        backprop=evidence.backprop,
        **witnesses,
        error_bar=np.where(known, differences.central_error, np.nan) if known.any() else None,
        relative_error=judgement.relative_error,
        verdicts=judgement.verdicts,
        vacuous=judgement.vacuous,
        coarse=judgement.coarse,
        looked=looked,
        methods=methods,
        reasons={entry: _with_slopes(text, entry, witness) for entry, text in judgement.reasons.items()},
        notes=notes,
    )


def _with_slopes(text: str, entry: tuple[int, ...], witness: Witness) -> str:
    """A kink's sentence with both one-sided slopes."""
    if "kink" not in text:
        return text
    right, left = witness.differences.right[entry], witness.differences.left[entry]
    return f"{text} (slope {left + 0.0:.6g} on the left, {right + 0.0:.6g} on the right)"  # no -0


def _kink_notes(judgement: Judgement, witness: Witness) -> list[str]:
    """What is to be said of kinks that are not at the point."""
    found = witness.differences
    further = found.flips & ~found.at_kink & (judgement.verdicts < FAIL)
    none_left = further & ~np.isfinite(found.central_error)
    notes = []
    if (some := further & ~none_left).any():
        near = float(np.min(found.nearest[some]))
        notes.append(
            f"the larger steps of {_entries(some)} cross a kink further out, the nearest within {near:.1g};"
            " those steps were dropped"
        )
    if none_left.any():
        near = float(np.min(found.nearest[none_left]))
        notes.append(f"every step of {_entries(none_left)} crosses a kink that is not at the point, within {near:.1g}")
    return notes


def _direction_notes(evidence: Evidence) -> list[str]:
    found = evidence.direction
    if found is None:
        return []
    if not np.isfinite(found.error):
        return ["no step along a Gaussian direction through all entries was free of kinks"]
    with np.errstate(all="ignore"):
        judged = float(np.sum(evidence.backprop * found.vector))
    return [
        f"along a Gaussian direction through all entries {evidence.called} gives {judged:.8g}, "
        f"the difference {found.slope:.8g} ± {found.error:.1g}"
    ]


def _entries(mask: Array) -> str:
    count = int(mask.sum())
    return "1 entry" if count == 1 else f"{count:,} entries"
