"""The report of several gradient checks: one line a file, details of what is not PASS, a total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dlcli.comparison import Comparison
from dlcli.render.console import Medium, painted
from dlcli.render.gradients import entries_not_passed, gradient_table
from dlcli.render.numbers import magnitude
from dlcli.render.solution_text import MOST_REASONS, Detail, reason_lines
from dlcli.render.text import counted, display_width, own, visible
from dlcli.render.verdicts import COLORS, verdict_line, verdict_mark
from dlcli.solution import Solution

if TYPE_CHECKING:
    from dlcli.probing import Probe
    from dlcli.questions.witnesses import Witnessed

ORDER = ("pass", "kink", "inconclusive", "fail", "error")


@dataclass(frozen=True)
class CheckedFile:
    """One line of the report. verdict: of the check, or "error" when the file could not be used.

    name: how the report calls the file; solution: None with an error; remark: the error's codes, or
    `expected E301` of a counter-example that is right; probe: what the file's own numbers cannot show.
    """

    name: str
    verdict: str
    solution: Solution | None
    remark: str = ""
    probe: Probe | None = None
    questions: Mapping[str, Sequence[Witnessed]] = field(default_factory=dict)


def gradcheck_text(files: Sequence[CheckedFile], detail: Detail, on: Medium) -> str:
    """The lines, the details, the total."""
    details = [text for file in files if (text := _details(file, detail, on))]
    if any(file.probe is not None for file in files):
        from dlcli.render.probe_text import probe_text

        details += [probe_text(file.name, file.probe, on) for file in files if file.probe is not None]
    return "\n".join([gradcheck_lines(files, on), *details, total_line(files, on)])


def gradcheck_lines(files: Sequence[CheckedFile], on: Medium) -> str:
    """One line a file: verdict, name, entries, exercised, worst relative error."""
    marks = [verdict_mark(file.verdict, on) for file in files]
    names = [visible(file.name, on) for file in files]
    facts = [_facts(file) for file in files]
    mark_width = max(map(len, marks), default=0)
    name_width = max(map(display_width, names), default=0)
    widths = [max((len(f[column]) for f in facts if len(f) > 1), default=0) for column in range(2)]
    lines = []
    for file, mark, name, fact in zip(files, marks, names, facts, strict=True):
        line = painted(mark.ljust(mark_width), COLORS[file.verdict], on)
        line += f"  {name}{' ' * (name_width - display_width(name))}  "
        if len(fact) == 1:
            line += visible(fact[0], on)
        else:
            line += "  ".join([fact[0].rjust(widths[0]), fact[1].rjust(widths[1]), *fact[2:]])
        lines.append(line.rstrip() + "\n")
    return "".join(lines)


def _facts(file: CheckedFile) -> tuple[str, ...]:
    if file.solution is None:
        return (file.remark,)
    comparison = file.solution.comparison
    if file.solution.loss is None:
        return ("no loss, so nothing to differentiate",)
    entries = counted(comparison.entries, "entry  ", "entries")
    return entries, f"{comparison.exercised:,} exercised", f"worst {worst_error(comparison)}"


def worst_error(comparison: Comparison) -> str:
    """The largest relative error of all entries."""
    errors = [np.max(tensor.relative_error) for tensor in comparison.tensors if np.size(tensor.relative_error)]
    return magnitude(float(max(errors))) if errors else "unknown"


def _details(file: CheckedFile, detail: Detail, on: Medium) -> str:
    """Of a check that is not PASS: its line of verdict, the entries in question, the reasons."""
    solution = file.solution
    if solution is None or file.verdict == "pass" or solution.loss is None:
        return ""
    comparison = solution.comparison
    lines = [f"{painted(visible(file.name, on), 'bold', on)}: {verdict_line(solution, on)}"]
    most = comparison.entries if detail.every else MOST_REASONS
    entries = entries_not_passed(comparison, most)
    if entries:
        lines += gradient_table(entries[:most], detail.digits, solution.index_base, on)
    lines += reason_lines(comparison, detail.every, solution.index_base, on)
    for question, doubtful in file.questions.items():
        lines += [
            visible(f"  question {question} asks for {item.text}, which is {item.verdict.upper()}", on)
            for item in doubtful
        ]
    return "\n".join(lines) + "\n"


def total_line(files: Sequence[CheckedFile], on: Medium) -> str:
    """`12 files: 11 PASS, 1 FAIL; 96 entries, 90 exercised`."""
    count = Counter(file.verdict for file in files)
    verdicts = ", ".join(f"{count[verdict]:,} {verdict.upper()}" for verdict in ORDER if count[verdict])
    solutions = [file.solution for file in files if file.solution is not None]
    entries = sum(solution.comparison.entries for solution in solutions)
    exercised = sum(solution.comparison.exercised for solution in solutions)
    text = f"{counted(len(files), 'file')}: {verdicts or 'nothing checked'}"
    text += f"; {counted(entries, 'entry', 'entries')}, {exercised:,} exercised"
    return painted(own(text, on), "bold", on) + "\n"
