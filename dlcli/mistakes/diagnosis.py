"""Which classic mistakes explain wrong gradients: the search through the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Gradients
from dlcli.mistakes.catalogue import MISTAKES
from dlcli.mistakes.context import Context
from dlcli.mistakes.finding import Diagnosis, Finding, finding_of, grouped
from dlcli.mistakes.mistake import Mistake, Mutant, mutants_of
from dlcli.mistakes.nearness import ROUNDING, gap, size
from dlcli.mistakes.search import BUDGET, Candidate, Search
from dlcli.mistakes.structure import structure
from dlcli.ops.operation import Array

THRESHOLD = 1e-6  # norm(given - explained)/norm(given) below which a mistake is named
RIGHT = 1e-8  # the same below which a gradient is right
FAR_BETTER = 0.1  # a mistake must come this much nearer to what is given than the right gradient does
LAST_RESORTS = ("tensor-scaled",)  # named only where nothing else is
MOST_NAMED = 3  # mistakes that are named one by one; further ones are listed by id
MOST_TOGETHER = 3  # mistakes in different quantities that are named together


@dataclass(frozen=True)
class _Case:
    """What is given: numbers, how far from the right ones (norms), and how near an explanation must come."""

    given: Gradients
    right: Gradients
    wrong: tuple[str, ...]
    off: Mapping[str, float]
    limits: Mapping[str, float]
    tolerances: Mapping[str, Array | float] | None


def diagnose(
    context: Context,
    given: Mapping[str, Array],
    threshold: float = THRESHOLD,
    tolerances: Mapping[str, Array | float] | None = None,
    budget: int = BUDGET,
) -> Diagnosis:
    """What explains wrong gradients of some or all quantities of context.graph.wrt, in their shapes.

    threshold: of the relative distance, over all quantities together and for each; tolerances: for numbers that
    were rounded, by how much each entry may be off, in place of the threshold. Of right gradients the diagnosis
    is empty. budget: numbers to compute.
    """
    case = _case(context, given, threshold, tolerances)
    if not case.wrong:
        return Diagnosis()
    search = Search(context, tuple(case.given), budget)
    hits: list[Finding] = []
    partly: list[tuple[Candidate, tuple[str, ...]]] = []
    for candidate in search.candidates(lambda little: _promising(case, little)):
        gaps = _gaps(case, candidate.gradients)
        explained = tuple(name for name in case.wrong if _explains(case, name, candidate.gradients[name], gaps[name]))
        if len(explained) == len(case.wrong) and _whole(case, candidate.gradients, gaps):
            hits.append(_finding(case, candidate.row, candidate.mutant, gaps, explained))
        elif explained and _promising(case, candidate.gradients):
            partly.append((candidate, explained))
    searched = _searched(context, case)
    hits += [finding for finding in searched if finding.id not in LAST_RESORTS]
    if hits:
        found = grouped(hits)
        more = tuple(finding.id for finding in found[MOST_NAMED:])
        return Diagnosis(case.wrong, tuple(found[:MOST_NAMED]), also=more, complete=search.complete)
    together = _scaled(search, case) or _jointly(case, partly)
    if together:
        return Diagnosis(case.wrong, together, len(together) > 1, complete=search.complete)
    resorts = tuple(finding for finding in searched if finding.id in LAST_RESORTS)
    if resorts:
        return Diagnosis(case.wrong, resorts, complete=search.complete)
    found_structure = structure(context, case.given, case.wrong)
    return Diagnosis(case.wrong, structure=found_structure, complete=search.complete)


def _case(
    context: Context, given: Mapping[str, Array], threshold: float, tolerances: Mapping[str, Array | float] | None
) -> _Case:
    right = context.clean.gradients
    numbers = {n: np.asarray(given[n], dtype=np.float64) for n in context.clean.graph.wrt if n in given}
    for name, array in numbers.items():
        if array.shape != right[name].shape:
            raise ValueError(f"the gradient of {name} has shape {array.shape}, but {name} has {right[name].shape}")
    floor = ROUNDING * max(size(right.values()), size(a for a in numbers.values() if np.isfinite(a).all()))
    norms = {name: size([array]) for name, array in numbers.items()}
    off = {name: gap(array, right[name]) for name, array in numbers.items()}
    if tolerances is None:
        wrong = tuple(n for n in numbers if not (off[n] <= RIGHT * norms[n] + floor and np.isfinite(numbers[n]).all()))
        limits = {name: threshold * norms[name] + floor for name in numbers}
    else:
        wrong = tuple(n for n in numbers if not np.all(np.abs(numbers[n] - right[n]) <= tolerances[n]))
        limits = dict.fromkeys(numbers, np.inf)
    return _Case(numbers, right, wrong, off, limits, tolerances)


def _gaps(case: _Case, found: Gradients) -> dict[str, float]:
    """How far each quantity's explained gradient is from the one given; inf where it is too far to matter."""
    return {
        name: case.off[name] if found[name] is case.right[name] else gap(array, found[name], case.limits[name])
        for name, array in case.given.items()
    }


def _explains(case: _Case, name: str, found: Array, distance: float) -> bool:
    if case.tolerances is not None:
        return bool(np.all(np.abs(case.given[name] - found) <= case.tolerances[name]))
    return distance <= case.limits[name] and (distance < FAR_BETTER * case.off[name])


def _promising(case: _Case, found: Gradients) -> bool:
    """Whether each of some gradients is as given, or as it should be."""
    return all(
        found[name] is case.right[name]
        or _within(case, found[name], name)
        or gap(found[name], case.right[name]) <= case.limits[name]
        for name in found
    )


def _within(case: _Case, found: Array, name: str) -> bool:
    return _explains(case, name, found, gap(case.given[name], found, case.limits[name]))


def _whole(case: _Case, found: Gradients, gaps: Mapping[str, float]) -> bool:
    """Whether an explanation of what is wrong also agrees with what is right."""
    others = [name for name in case.given if name not in case.wrong]
    if case.tolerances is not None:
        return all(_explains(case, name, found[name], gaps[name]) for name in others)
    return all(gaps[name] <= case.limits[name] for name in others)


def _finding(
    case: _Case, row: Mistake, mutant: Mutant, gaps: Mapping[str, float], explained: tuple[str, ...]
) -> Finding:
    scale = size(case.given[name] for name in explained)
    distance = float(np.linalg.norm([gaps[name] for name in explained])) / scale if scale > 0 else 0.0
    return finding_of(row, mutant.where, mutant.words, distance, explained)


def _searched(context: Context, case: _Case) -> list[Finding]:
    """What searches by property find: a precision, a bound, a mask, an eps."""
    with np.errstate(all="ignore"):
        return [
            finding_of(row, clue.where, clue.words, clue.distance, case.wrong)
            for row in MISTAKES.values()
            if row.search is not None
            for clue in row.search(context, case.given)
        ]


def _jointly(case: _Case, partly: Sequence[tuple[Candidate, tuple[str, ...]]]) -> tuple[Finding, ...]:
    """Mistakes that each explain some of the wrong quantities, and together all; empty where a few do not suffice."""
    left, chosen = set(case.wrong), list[Finding]()
    while left and len(chosen) < MOST_TOGETHER:
        best = max(partly, key=lambda pair: len(left & set(pair[1])), default=None)
        if best is None or not left & set(best[1]):
            return ()
        candidate, explained = best
        names = tuple(name for name in explained if name in left)
        chosen.append(_finding(case, candidate.row, candidate.mutant, _gaps(case, candidate.gradients), names))
        left -= set(explained)
    return () if left else tuple(chosen)


def _scaled(search: Search, case: _Case) -> tuple[Finding, ...]:
    """A factor or sign on everything together with one other mistake."""
    factors = _global_factors(search.context)
    first = min(case.wrong, key=lambda name: case.given[name].size)
    for candidate in search.candidates(
        lambda little: any(_promising(case, {n: f * a for n, a in little.items()}) for f, _, _ in factors)
    ):
        for factor, row, mutant in factors:
            if not _within(case, candidate.gradients[first] * factor, first):
                continue
            scaled = {name: factor * candidate.gradients[name] for name in case.given}
            gaps = _gaps(case, scaled)
            if all(_explains(case, n, scaled[n], gaps[n]) for n in case.wrong) and _whole(case, scaled, gaps):
                return (
                    _finding(case, candidate.row, candidate.mutant, gaps, case.wrong),
                    _finding(case, row, mutant, gaps, case.wrong),
                )
    return ()


def _global_factors(context: Context) -> list[tuple[float, Mistake, Mutant]]:
    """Factors on all gradients that are mistakes of their own, with the row that says so."""
    m = context.samples
    found = [(-1.0, MISTAKES["sign-everywhere"], Mutant(Alteration()))]
    if m > 1:
        words = {"m": str(m)}
        found += [
            (float(m), MISTAKES["mean-missing"], Mutant(Alteration(), words=words)),
            (1 / m, MISTAKES["mean-extra"], Mutant(Alteration(), words=words)),
        ]
    for factor, name in ((0.5, "factor-two-missing"), (2.0, "factor-two-extra")):
        if next(mutants_of(MISTAKES[name], context), None) is not None:
            found.append((factor, MISTAKES[name], Mutant(Alteration())))
    return found
