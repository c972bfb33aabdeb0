"""Asks the engines for more evidence where a comparison is not decided. Comparison itself calls no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from dlcli.engines.evaluation import Evaluation
from dlcli.engines.finite_difference import Witness, finite_differences
from dlcli.engines.reverse import backprop, magnitudes, sweep
from dlcli.engines.rounding import Rounding
from dlcli.graph import Graph
from dlcli.ops.operation import Array

MORE_ENTRIES = 16  # disputed entries of a tensor that get a ladder of their own


def compare(graph: Graph, values: Sequence[Array], symbolic: Evaluation, rounding: Rounding) -> Comparison:
    """Every witness asked, every entry judged; disputed entries without a difference get one, and are judged again.

    graph: with its stable fused forms; values: of its nodes; rounding: what rounding can do to them.
    """
    assert graph.loss is not None
    swept = backprop(graph, values)
    cotangents = sweep(graph, values, [graph.names[name] for name in graph.wrt], every=True)
    sizes = magnitudes(graph, values, cotangents)
    stepped = complex_step(graph, values)
    noise = float(rounding.values[graph.loss])
    ladders = finite_differences(graph, values, floor=noise)
    infinite = any(node.operation is not None and node.operation.infinite_slope_at for node in graph.nodes)

    def evidence(name: str, witness: Witness) -> Evidence:
        return Evidence(
            name,
            swept.gradients[name],
            _looked(symbolic, name),
            _looked(stepped, name),
            witness.differences,
            sizes[name],
            rounding.gradients[name],
            float(values[graph.loss or 0]),
            infinite,
        )

    judgements: dict[str, tuple[Judgement, Witness]] = {}
    for name in graph.wrt:
        witness = ladders[name]
        judgement = judge(evidence(name, witness))
        disputed = (judgement.verdicts >= INCONCLUSIVE) & ~witness.differences.looked
        if disputed.any():
            worst = np.argsort(-np.where(disputed, judgement.relative_error, -1.0).reshape(-1), kind="stable")
            entries = worst[: min(MORE_ENTRIES, int(disputed.sum()))]
            witness = finite_differences(graph, values, also={name: entries}, only=(name,), floor=noise)[name]
            judgement = judge(evidence(name, witness))
        judgements[name] = (judgement, witness)
    return Comparison(tuple(_check(name, graph, swept, symbolic, stepped, *judgements[name]) for name in graph.wrt))


def _looked(evaluation: Evaluation, name: str) -> Array | None:
    """The witness's values, None where it looked at nothing."""
    seen = evaluation.looked.get(name)
    return evaluation.gradients[name] if seen is None or seen.any() else None


def _check(
    name: str,
    graph: Graph,
    swept: Evaluation,
    symbolic: Evaluation,
    stepped: Evaluation,
    judgement: Judgement,
    witness: Witness,
) -> TensorCheck:
    differences = witness.differences
    looked: dict[str, Array] = {}
    for evaluation in (symbolic, stepped):
        if name in evaluation.looked:
            looked[evaluation.engine] = evaluation.looked[name]
    known = differences.looked & np.isfinite(differences.central_error)
    if not known.all():
        looked["finite_difference"] = known
    methods: Mapping[str, str] = {
        "backprop": swept.methods[name],
        "symbolic": symbolic.methods[name],
        "complex_step": stepped.methods[name],
        "finite_difference": witness.method,
    }
    return TensorCheck(
        name=name,
        shape=graph.nodes[graph.names[name]].shape,
        backprop=swept.gradients[name],
        symbolic=_looked(symbolic, name),
        complex_step=_looked(stepped, name),
        finite_difference=np.where(known, differences.central, np.nan) if known.any() else None,
        error_bar=np.where(known, differences.central_error, np.nan) if known.any() else None,
        relative_error=judgement.relative_error,
        verdicts=judgement.verdicts,
        vacuous=judgement.vacuous,
        coarse=judgement.coarse,
        looked=looked,
        methods=methods,
        reasons={entry: _with_slopes(text, entry, witness) for entry, text in judgement.reasons.items()},
        notes=_notes(judgement, witness),
    )


def _with_slopes(text: str, entry: tuple[int, ...], witness: Witness) -> str:
    """A kink's sentence with both one-sided slopes."""
    if "kink" not in text:
        return text
    right, left = witness.differences.right[entry], witness.differences.left[entry]
    return f"{text} (slope {left:.6g} on the left, {right:.6g} on the right)"


def _notes(judgement: Judgement, witness: Witness) -> tuple[str, ...]:
    further = witness.differences.flips & ~witness.differences.at_kink & (judgement.verdicts < FAIL)
    if not further.any():
        return ()
    count = int(further.sum())
    entries = "1 entry" if count == 1 else f"{count} entries"
    return (f"the larger steps of {entries} cross a kink further out; those steps were dropped",)
