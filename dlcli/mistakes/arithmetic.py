"""Gradients that were right before the machine, or a safeguard, changed them: precision, truncation, clipping."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_forward import with_node_values
from dlcli.mistakes.altered_sweep import Alteration, Gradients
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Clue, Mistake, Mutant, no_mutants, of_gradient
from dlcli.mistakes.nearness import best_factor, common_factor, distance, size
from dlcli.ops.operation import Array

FAMILY = "numbers"
SINGLE = float(np.finfo(np.float32).eps)
EXACT = 1e-10  # relative errors below which a gradient is one in double precision
FITS = 1e-6


def _single(context: Context, given: Gradients) -> Iterator[Clue]:
    """Off by what rounding to 24 bits does: more than in double precision, and no more than a few of its steps."""
    right = {name: context.clean.gradients[name] for name in given}
    if not all(np.isfinite(array).all() for array in given.values()):
        return
    off = distance(given, right)
    scales = {name: float(np.max(np.abs(array), initial=0.0)) for name, array in right.items()}
    near = all(
        bool(np.all(np.abs(given[name] - right[name]) <= 64 * SINGLE * (np.abs(right[name]) + scales[name])))
        for name in given
    )
    if near and off > EXACT and (_is_stored_single(given, right) or (off > SINGLE / 64 and _is_rounding(given, right))):
        yield Clue("", off)


def _is_stored_single(given: Gradients, right: Gradients) -> bool:
    """Whether float32 holds every gradient that is off without loss."""
    off = [name for name in given if distance(given, right, [name]) > EXACT]
    return all(bool(np.all(given[name] == given[name].astype(np.float32))) for name in off)


def _is_rounding(given: Gradients, right: Gradients) -> bool:
    """Whether most entries are off, and not by one factor: an error in a few entries is not one of rounding."""
    a, b = (np.concatenate([np.ravel(found[name]) for name in given]) for found in (given, right))
    off = np.abs(a - b) > EXACT * np.abs(b)
    _, left = best_factor(a, b)
    return int(off.sum()) > max(1, np.count_nonzero(b) / 2) and left > distance({"": a}, {"": b}) / 100


def _truncated(context: Context) -> Iterator[Mutant]:
    wrt = context.clean.graph.wrt
    for chosen in ([list(wrt)] if len(wrt) > 1 else []) + [[name] for name in wrt]:
        final: dict[str, Callable[[Gradients], Array]] = {}
        for name in chosen:
            final |= of_gradient(name, np.trunc)
        where = "all gradients" if len(chosen) > 1 else chosen[0]
        yield Mutant(Alteration(final=final), where)


def _truncated_inputs(context: Context) -> Iterator[Mutant]:
    yield from _truncated(context)
    graph = context.clean.graph
    for name, number in graph.names.items():
        value = context.clean.values[number]
        leaf = graph.nodes[number].operation is None and graph.nodes[number].role in ("input", "weight", "target")
        if leaf and np.isfinite(value).all() and bool(np.any(value != np.trunc(value))):
            values = with_node_values(context, {number: np.trunc(value)})
            yield Mutant(Alteration(values=values), name)


def _clipped(context: Context, given: Gradients) -> Iterator[Clue]:
    """Held within bounds entry by entry, or scaled down to a norm, all together or each by itself."""
    right = {name: context.clean.gradients[name] for name in given}
    if not all(np.isfinite(array).all() for array in given.values()):
        return
    bound = max((float(np.max(np.abs(array), initial=0.0)) for array in given.values()), default=0.0)
    if bound > 0:
        held: dict[str, Array] = {name: np.clip(array, -bound, bound) for name, array in right.items()}
        reached = sum(int(np.sum(np.abs(array) > bound * (1 + FITS))) for array in right.values())
        entries = sum(array.size for array in right.values())
        gap = distance(given, held)
        if gap < FITS and reached and (reached > 1 or entries > reached) and _is_round(bound):
            yield Clue("", gap, {"how": f"held between -{bound:.6g} and {bound:.6g}"})
    factor, gap = common_factor(given, right)
    norm = size(given.values())
    if factor is not None and 0 < factor < 1 - FITS and gap < FITS and _is_round(norm):
        yield Clue("", gap, {"how": f"scaled down to a norm of {norm:.6g}"})
        return
    for name in given:
        factor, gap = best_factor(given[name], right[name])
        norm = size([given[name]])
        if factor is not None and 0 < factor < 1 - FITS and gap < FITS and _is_round(norm) and given[name].size > 1:
            others_right = all(
                distance(given, right, [n]) < FITS or _is_round(size([given[n]])) for n in given if n != name
            )
            if others_right:
                yield Clue(name, gap, {"how": f"scaled down to a norm of {norm:.6g}"})


def _is_round(number: float) -> bool:
    """Whether a number has at most two digits that are not 0: a bound that someone has chosen."""
    return number > 0 and abs(number - float(f"{number:.1e}")) <= FITS * number


def _scaled(context: Context, given: Gradients) -> Iterator[Clue]:
    """Every wrong gradient is the right one times a factor of its own."""
    right = context.clean.gradients
    off = [name for name in given if distance(given, right, [name]) > FITS]
    found = {name: best_factor(given[name], right[name]) for name in off}
    if not off or any(given[n].size < 2 or not f or gap > FITS for n, (f, gap) in found.items()):
        return
    factors = [f"{name} by {factor:.6g}" for name, (factor, _) in found.items() if factor is not None]
    yield Clue(" and ".join(off), max(gap for _, gap in found.values()), {"how": " and ".join(factors)})


RECORDS = (
    Mistake(
        "single-precision", FAMILY,
        "computed in float32, or returned as float32",
        "relative errors of 1e-8 to 1e-5, without a pattern",
        "These are the right gradients to the precision of float32: compute in float64.",
        no_mutants, _single,
    ),
    Mistake(
        "integer-truncation", FAMILY,
        "an array of integers holds the gradients, or an input: fractions are cut off",
        "whole numbers",
        "This is what comes out if {where} is cut off to whole numbers: an array of integers cannot hold fractions.",
        _truncated_inputs, hidden=("whole numbers",),
    ),
    Mistake(
        "tensor-scaled", FAMILY,
        "the gradient of one quantity or of some is multiplied by a factor",
        "the right gradient times a number that no other mistake explains",
        "The right gradients are multiplied by a factor: {how}.",
        no_mutants, _scaled,
    ),
    Mistake(
        "gradient-clipped", FAMILY,
        "gradients are clipped to a bound, or scaled down to a norm, as in training",
        "entries at plus or minus one bound, or all off by one factor",
        "These are the right gradients, {how}: clipping belongs to training, not to the gradient.",
        no_mutants, _clipped,
    ),
)  # fmt: skip
