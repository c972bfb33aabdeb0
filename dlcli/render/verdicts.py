"""Verdicts in words: the mark of an entry, what each witness looked at, the line that sums a check up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.comparison import VERDICTS, Comparison, TensorCheck
from dlcli.render.console import Medium
from dlcli.render.text import counted, own, visible
from dlcli.solution import Solution

SYMBOLS = {"pass": "✓", "fail": "✗", "kink": "~", "inconclusive": "?", "error": "✗"}
COLORS = {"pass": "green", "fail": "red", "kink": "yellow", "inconclusive": "yellow", "error": "red"}
WITNESSES = {"symbolic": "symbolic", "complex_step": "complex step", "finite_difference": "finite difference"}
MOST_NAMES = 8  # quantities listed by name in one sentence


def verdict_mark(verdict: str, on: Medium) -> str:
    """A symbol and a word; in plain letters the word alone."""
    return f"{SYMBOLS[verdict]} {verdict.upper()}" if on.letters else verdict.upper()


def entry_name(name: str, entry: Sequence[int], index_base: int) -> str:
    """`W1[0,1]`, counted from the file's index_base; of a scalar its name."""
    return f"{name}[{','.join(str(int(i) + index_base) for i in entry)}]" if len(entry) else name


def looked_at(tensor: TensorCheck, witness: str) -> int:
    """How many entries a witness looked at."""
    values = getattr(tensor, witness)
    if values is None:
        return 0
    mask = tensor.looked.get(witness)
    return int(np.size(values)) if mask is None else int(np.sum(mask))


def witness_lines(comparison: Comparison) -> list[tuple[str, str]]:
    """Each witness and how it worked, one line a method, with what it did not look at."""
    lines = []
    for witness, called in WITNESSES.items():
        by_method: dict[str, list[TensorCheck]] = {}
        for tensor in comparison.tensors:
            missing = "did not look" if looked_at(tensor, witness) == 0 and tensor.backprop.size else ""
            by_method.setdefault(missing or tensor.methods.get(witness, "every entry"), []).append(tensor)
        for number, (method, tensors) in enumerate(by_method.items()):
            names = f": {_names([t.name for t in tensors])}" if len(by_method) > 1 else ""
            lines.append(("" if number else called, method + _share_looked_at(method, tensors, witness) + names))
    return lines


def _share_looked_at(method: str, tensors: Sequence[TensorCheck], witness: str) -> str:
    """`, 64 of 8,192 entries`, unless the method says so itself."""
    looked, size = sum(looked_at(t, witness) for t in tensors), sum(np.size(t.backprop) for t in tensors)
    return f", {looked:,} of {size:,} entries" if 0 < looked < size and " of " not in method else ""


def _names(names: Sequence[str]) -> str:
    left_out = len(names) - MOST_NAMES
    if left_out > 1:
        return ", ".join(names[:MOST_NAMES]) + f" and {left_out:,} more"
    return ", ".join(names)


def verdict_line(solution: Solution, on: Medium) -> str:
    """The one line under a report: verdict, who agrees on what, and how much was exercised."""
    comparison = solution.comparison
    if solution.loss is None:
        return "Values only: the file names no loss, so there is nothing to differentiate."
    if not comparison.tensors:
        return f"{verdict_mark('inconclusive', on)}: there is nothing to differentiate by."
    verdict = comparison.verdict
    if solution.points and solution.verdict != verdict:
        worse = [str(k) for k, point in enumerate(solution.points, 1) if point.verdict == solution.verdict]
        mark = verdict_mark(solution.verdict or "inconclusive", on)
        return own(f"{mark}: so at random point {', '.join(worse)} of {len(solution.points)}.", on)
    said = {"pass": _passed, "kink": _on_kinks, "inconclusive": _undecided, "fail": _failed}
    sentence = said[verdict](comparison, solution.index_base)
    if solution.points:
        sentence += f", at {counted(len(solution.points), 'random point')}"
    return own(f"{verdict_mark(verdict, on)}: ", on) + visible(f"{sentence}; {coverage(comparison)}.", on)


def coverage(comparison: Comparison) -> str:
    """`5 of 9 exercised (vacuous: w04, w14)`, or `all exercised`."""
    idle = [_share(t) for t in comparison.tensors if np.any(t.vacuous)]
    if not idle:
        return "all exercised"
    return f"{comparison.exercised:,} of {comparison.entries:,} exercised (vacuous: {_names(idle)})"


def _share(tensor: TensorCheck) -> str:
    idle, size = int(np.sum(tensor.vacuous)), int(np.size(tensor.vacuous))
    return tensor.name if idle == size else f"{idle:,} of {size:,} in {tensor.name}"


def _passed(comparison: Comparison, _: int) -> str:
    entries = comparison.entries
    looked = {called: sum(looked_at(t, w) for t in comparison.tensors) for w, called in WITNESSES.items()}
    ways = 1 + sum(count == entries for count in looked.values())
    also = [f"{count:,} of them also by {called}" for called, count in looked.items() if 0 < count < entries]
    coarse = sum(int(np.sum(t.coarse)) for t in comparison.tensors)
    rough = [f"{coarse:,} of them coarsely"] if coarse else []
    who = "the 1 entry agrees" if entries == 1 else f"all {entries:,} entries agree"
    return ", ".join([f"{who} by {counted(ways, 'way')}", *also, *rough])


def _on_kinks(comparison: Comparison, base: int) -> str:
    count = comparison.count("kink")
    verb = "lies" if count == 1 else "lie"
    rest = ", all others pass" if count < comparison.entries else ""
    return f"{_some(comparison, 'kink', base)} {verb} on a kink, where the convention decides{rest}"


def _undecided(comparison: Comparison, base: int) -> str:
    if not comparison.count("inconclusive"):
        return "; ".join(comparison.disputed)
    return f"{_some(comparison, 'inconclusive', base)} could not be decided"


def _failed(comparison: Comparison, base: int) -> str:
    return f"backprop is wrong at {_some(comparison, 'fail', base)}"


def _some(comparison: Comparison, verdict: str, base: int) -> str:
    """`2 of 9 entries (w13, w23)`."""
    count = comparison.count(verdict)
    names: list[str] = []
    for tensor in comparison.tensors:
        for entry in np.argwhere(np.asarray(tensor.verdicts) == VERDICTS.index(verdict))[: MOST_NAMES + 1]:
            names.append(entry_name(tensor.name, entry.tolist(), base))
    shown = ", ".join(names[:MOST_NAMES]) + (", …" if count > MOST_NAMES else "")
    return f"{count:,} of {counted(comparison.entries, 'entry', 'entries')} ({shown})"
