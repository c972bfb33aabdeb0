"""Marks as annotations of a GitHub Actions run: one line each, the ten that cost most first."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from heapq import nsmallest

from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Graded, Mark
from dlcli.render.graded_words import FILE, cut, head_text, is_lost, score_text, sums_text, verdict_text
from dlcli.render.text import counted, visible_lines

MOST = 10  # GitHub shows so many errors of a step
LONGEST = 1000  # characters of a message


def class_github(report: ClassReport) -> Iterator[str]:
    """The annotations; then a notice with the sums and the versions."""
    found = ((key, line) for graded in report.students for key, line in _annotations(graded))
    worst = nsmallest(MOST, ((key, place, line) for place, (key, line) in enumerate(found)))
    for _, _, line in worst:
        yield line
    total = sum(1 for graded in report.students for _ in _annotations(graded))
    more = f"; {counted(total - len(worst), 'more annotation')} not shown" if total > len(worst) else ""
    said = f"{head_text(report)}; {sums_text(report)}{more}\n{report.origin}"
    yield f"::notice title={_property('dlcli grade')}::{_data(said)}\n"


def _annotations(graded: Graded) -> Iterator[tuple[Fraction, str]]:
    """What a student lost, negative, and the line that says so."""
    if graded.status == "error":
        yield -graded.max_score, _line(graded, "error", 1, 1, graded.student, graded.message or "")
    for mark in graded.marks:
        if mark.verdict == "undecided":
            yield Fraction(0), _of_mark(graded, mark, "warning")
        elif is_lost(mark):
            yield mark.points - mark.max_points, _of_mark(graded, mark, "error")


def _of_mark(graded: Graded, mark: Mark, level: str) -> str:
    title = f"{graded.student}: {mark.id}: {score_text(mark.points, mark.max_points)} points"
    verdict = verdict_text(mark.verdict)
    said = mark.feedback if mark.feedback.lower().startswith(verdict) else f"{verdict}. {mark.feedback}".strip()
    if mark.expected is not None:
        said += f"\nexpected: {mark.expected}"
    return _line(graded, level, mark.line, mark.column, title, said)


def _line(graded: Graded, level: str, line: int, column: int, title: str, said: str) -> str:
    place = [f"file={_property(graded.file)}"]
    place += [f"line={line}"] if line else []
    place += [f"col={column}"] if line and column else []
    return f"::{level} {','.join(place)},title={_property(title)}::{_data(said)}\n"


def _data(text: str) -> str:
    shown = "\n".join(visible_lines(part, FILE) for part in text.split("\n"))
    return cut(shown, LONGEST).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(cut(text, 200)).replace(":", "%3A").replace(",", "%2C")
