"""The check of a student's function as people read it: what it returned, where it is wrong, which mistake that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlcli.render.console import Medium, painted
from dlcli.render.gradients import entries_not_passed, gradient_table
from dlcli.render.grid import Grid, grid_text
from dlcli.render.numbers import number
from dlcli.render.solution_text import MOST_REASONS, Detail, reason_lines
from dlcli.render.text import counted, own, visible, visible_lines
from dlcli.render.verdicts import COLORS, coverage, entry_name, verdict_mark, witness_lines
from dlcli.student_code.records import CodeCheck, CodePoint, ValueCheck

MOST_PRINTED = 10  # lines of what the code printed
LONGEST_PRINTED = 200  # characters of such a line
MOST_NAMES = 12  # quantities that one line names
ALONE = "the given gradient is the odd one out"  # a reason that the table shows already


def code_text(check: CodeCheck, detail: Detail, on: Medium) -> str:
    """The whole report on one function: the first point that is not right in full, the others in one line each."""
    lines = [painted(_title(check, on), "bold", on)]
    told = False
    for point in check.points:
        lines += _point(point, on)
        if detail.every or (point.verdict not in ("pass", "kink") and not told):
            lines += _details(check, point, detail, on)
            told = True
    lines += _printed(check, on)
    if check.containment is not None:
        lines += [f"  note: {visible(own(note, on), on)}" for note in check.containment.missing]
    lines += _diagnosis(check, on)
    lines.append(painted(code_line(check, on), COLORS[check.verdict], on))
    return "\n".join(lines) + "\n"


def _title(check: CodeCheck, on: Medium) -> str:
    against = "by its own loss" if check.homework is None else f"against {check.homework}"
    return visible(f"{check.code} {against}", on)


def _point(point: CodePoint, on: Medium) -> list[str]:
    """The verdict at one point, and what was right and wrong there."""
    line = f"  {point.where}: {verdict_mark(point.verdict, on)}"
    if point.comparison is not None:
        tensors = {t.name: t.verdict for t in point.comparison.tensors}
        line += visible(_sorted_out(tensors) + (f"; {coverage(point.comparison)}" if _idle(point) else ""), on)
    if point.values:
        line += visible(_sorted_out({value.name: value.verdict for value in point.values}), on)
    lines = [line]
    if point.undecided is not None:
        lines.append(f"    {point.undecided}")
    lines += [f"    {visible(problem, on)}" for problem in point.problems]
    return lines + [f"    note: {visible(remark, on)}" for remark in point.remarks]


def _idle(point: CodePoint) -> bool:
    comparison = point.comparison
    return comparison is not None and comparison.exercised < comparison.entries


def _sorted_out(verdicts: Mapping[str, str]) -> str:
    """`; right: W2, b2; wrong: W1, b1`."""
    words = {"pass": "right", "kink": "on a kink", "inconclusive": "undecided", "fail": "wrong"}
    parts = []
    for verdict, word in words.items():
        names = [name for name, found in verdicts.items() if found == verdict]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        if names:
            parts.append(f"; {word}: {', '.join(names[:MOST_NAMES])}{more}")
    return "".join(parts)


def _details(check: CodeCheck, point: CodePoint, detail: Detail, on: Medium) -> list[str]:
    """The numbers that are not right."""
    lines: list[str] = []
    comparison = point.comparison
    if comparison is not None:
        every = entries_not_passed(comparison, comparison.entries)
        entries = every if detail.every else every[:MOST_REASONS]
        if entries:
            lines += _indented(gradient_table(entries, detail.digits, check.index_base, on, judged="given"))
            left = len(every) - len(entries)
            lines += [f"    and {counted(left, 'more entry', 'more entries')}; --all prints them"] if left else []
            reasons = reason_lines(comparison, detail.every, check.index_base, on)
            lines += _indented([text for text in reasons if ALONE not in text and not text.startswith("  and ")])
        if detail.every:
            lines += [f"    {name}: {how}" for name, how in witness_lines(comparison)]
    wrong = [value for value in point.values if value.verdict != "pass"]
    return lines + (_indented(_values_table(wrong, detail, check.index_base, on)) if wrong else [])


def _values_table(wrong: Sequence[ValueCheck], detail: Detail, base: int, on: Medium) -> list[str]:
    """The wrong entries of quantities, in the order of the network: the first one is where the mistake is."""
    rows, colors = [], []
    for check in wrong:
        gaps = ~((check.given == check.expected) | (np.isnan(check.given) & np.isnan(check.expected)))
        places = np.argwhere(gaps).tolist()[: None if detail.every else 3]
        for place in places:
            cells = (float(array[tuple(place)]) for array in (check.given, check.expected))
            name = visible(entry_name(check.name, place, base), on)
            rows.append((name, *(number(cell, detail.digits) for cell in cells)))
            colors.append(COLORS[check.verdict])
    return ["  " + line for line in grid_text(Grid(("quantity", "given", "expected"), rows, colors), on).splitlines()]


def _diagnosis(check: CodeCheck, on: Medium) -> list[str]:
    """What the wrong numbers look like, in words."""
    if check.diagnosis is None or not check.diagnosis.sentence:
        return []
    return [f"  {visible(own(check.diagnosis.sentence, on), on)}"]


def _printed(check: CodeCheck, on: Medium) -> list[str]:
    """The first lines of what the code printed."""
    lines = visible_lines(check.printed, on).splitlines()
    if not lines:
        return []
    shown = [f"    {_cut(line, on)}" for line in lines[:MOST_PRINTED]]
    more = [f"    and {counted(len(lines) - MOST_PRINTED, 'more line')}"] if len(lines) > MOST_PRINTED else []
    return ["  it printed:", *shown, *more]


def _cut(line: str, on: Medium) -> str:
    return line if len(line) <= LONGEST_PRINTED else line[:LONGEST_PRINTED] + own("…", on)


def code_line(check: CodeCheck, on: Medium) -> str:
    """`✗ FAIL: student.py::backward: …`."""
    said = {
        "pass": f"right at {counted(len(check.points), 'point')}",
        "kink": f"right at {counted(len(check.points), 'point')}, some entries on a kink",
        "fail": check.stopped or "wrong " + _where(check.points),
        "inconclusive": "could not be decided",
    }
    return own(f"{verdict_mark(check.verdict, on)}: ", on) + visible(f"{check.code}: {said[check.verdict]}", on)


def _where(points: Sequence[CodePoint]) -> str:
    wrong = [point.where for point in points if point.verdict == "fail"]
    if len(wrong) == len(points):
        return "at every point" if len(points) > 1 else f"at {wrong[0]}"
    return f"at {'; '.join(wrong)}, though right elsewhere"


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]
