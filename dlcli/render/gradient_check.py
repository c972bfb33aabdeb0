"""The report of a callable's gradient check: a table of entries, reasons, one line of verdict."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np

from dlcli.comparison import VERDICTS, Comparison, TensorCheck
from dlcli.render.console import Medium
from dlcli.render.gradients import FEW, WORST, Entry
from dlcli.render.grid import Grid, grid_text
from dlcli.render.numbers import aligned, aligned_pairs, magnitude, number
from dlcli.render.solution_text import MOST_REASONS
from dlcli.render.text import counted, own, visible
from dlcli.render.verdicts import COLORS, coverage, entry_name, verdict_mark

WIDTH = 110
LONGEST_NAME = 40
MOST_ROWS = 100  # above, of every array only the worst entries
DIGITS = 9
PLAIN = Medium(width=WIDTH, encoding="ascii", letters=False)


def gradient_check_text(
    comparison: Comparison, loss: float, evaluations: int, notes: Sequence[str], on: Medium = PLAIN
) -> str:
    """The table, why entries are not PASS, what else was seen, the verdict; no line is wider than 110 columns."""
    tensors = comparison.tensors
    entries = [entry for tensor in tensors for entry in _shown(tensor, FEW)]
    if len(entries) > MOST_ROWS:
        entries = [entry for tensor in tensors for entry in _shown(tensor, WORST)][:MOST_ROWS]
    lines = _table(entries, on) if entries else []
    missing = comparison.entries - len(entries)
    if missing:
        lines.append(f"  and {counted(missing, 'entry', 'entries')} more; of large arrays the worst are shown")
    said = [text for tensor in tensors for text in _reasons(tensor)]
    said += [f"{tensor.name}: {note}" for tensor in tensors for note in tensor.notes]
    said += [f"{t.name}: {m}" for t in tensors if " of " in (m := t.methods.get("finite_difference", ""))]
    if any(np.any(tensor.coarse) for tensor in tensors):
        said.append("coarse: f has too few digits for a difference to show an error of 1e-5 in the entry")
    lines += _wrapped([*said, *notes], on)
    return "\n".join([*lines, *_wrapped([_verdict(comparison, loss, evaluations, on)], on, indent="")])


def _reasons(tensor: TensorCheck) -> list[str]:
    """Why entries are not PASS, one line a reason: `W[0,1] and 5 more: grad is -1 times the difference`."""
    by_text: dict[str, list[tuple[int, ...]]] = {}
    for entry, text in tensor.reasons.items():
        by_text.setdefault(text, []).append(entry)
    lines = []
    for text, entries in list(by_text.items())[:MOST_REASONS]:
        more = f" and {len(entries) - 1:,} more" if len(entries) > 1 else ""
        lines.append(f"{entry_name(tensor.name, entries[0], 0)}{more}: {text}")
    if len(by_text) > MOST_REASONS:
        lines.append(f"{tensor.name}: and {len(by_text) - MOST_REASONS:,} more reasons")
    return lines


def _shown(tensor: TensorCheck, few: int) -> list[Entry]:
    """The entries of a tensor that get a row: all, or the worst of those that were looked at."""
    looked = tensor.looked.get("finite_difference")
    seen = np.ones(tensor.shape, dtype=bool) if looked is None else np.asarray(looked)
    if tensor.backprop.size > few and seen.any():
        order = np.lexsort(
            (-tensor.relative_error.reshape(-1), -tensor.verdicts.reshape(-1).astype(np.int64), ~seen.reshape(-1))
        )
        chosen = sorted(order[:WORST].tolist())
    else:
        chosen = list(range(min(tensor.backprop.size, few)))
    return [(tensor, tuple(int(i) for i in np.unravel_index(flat, tensor.shape))) for flat in chosen]


def _table(entries: Sequence[Entry], on: Medium) -> list[str]:
    names, pairs, verdicts = [], [], []
    for tensor, entry in entries:
        name = visible(entry_name(tensor.name, entry, 0), on)
        names.append(name if len(name) <= LONGEST_NAME else "..." + name[3 - LONGEST_NAME :])
        value = np.nan if tensor.finite_difference is None else float(tensor.finite_difference[entry])
        bar = np.nan if tensor.error_bar is None else float(tensor.error_bar[entry])
        pairs.append((own("–", on), "") if np.isnan(value) else (number(value, DIGITS), magnitude(bar)))
        tags = [tag for tag in ("vacuous", "coarse") if bool(getattr(tensor, tag)[entry])]
        verdict = VERDICTS[int(tensor.verdicts[entry])]
        verdicts.append(" ".join([verdict_mark(verdict, on), *tags]))
    columns = [
        names,
        aligned(number(float(tensor.backprop[entry]), DIGITS) for tensor, entry in entries),
        aligned_pairs(pairs, own(" ± ", on)),
        aligned(magnitude(float(tensor.relative_error[entry])) for tensor, entry in entries),
        verdicts,
    ]
    headers = tuple(own(h, on) for h in ("entry", "grad", "finite difference ±", "rel. error", "verdict"))
    colors = [COLORS[VERDICTS[int(tensor.verdicts[entry])]] for tensor, entry in entries]
    grid = Grid(headers, list(zip(*columns, strict=True)), colors)
    return ["  " + line for line in grid_text(grid, on).splitlines()]


def _wrapped(texts: Sequence[str], on: Medium, indent: str = "  ") -> list[str]:
    return [
        line
        for text in texts
        for line in wrap(visible(own(text, on), on), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
    ]


def _verdict(comparison: Comparison, loss: float, evaluations: int, on: Medium) -> str:
    called = f"f = {number(loss, DIGITS)}, {counted(evaluations, 'evaluation')} of f"
    verdict = comparison.verdict
    mark = verdict_mark(verdict, on)
    if not comparison.entries:
        return f"{mark}: there is nothing to differentiate by; {called}."
    total = counted(comparison.entries, "entry", "entries")
    count = f"{comparison.count(verdict):,} of {total}"
    said = {
        "pass": f"grad agrees with the differences of f; {coverage(comparison)}",
        "kink": f"{count} on a kink, where any slope between both sides is right; {coverage(comparison)}",
        "inconclusive": f"{count} could not be decided" if comparison.count(verdict) else "an array holds no number",
        "fail": f"grad is wrong at {count}",
    }
    return f"{mark}: {said[verdict]}; {called}."
