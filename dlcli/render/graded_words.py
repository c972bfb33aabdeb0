"""The words that all reports of marks share: points, verdicts, students' texts cut to a length that can be printed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Graded, Mark, Verdict
from dlcli.render.console import Medium
from dlcli.render.text import counted, own, visible

SYMBOLS: dict[str, str] = {
    "correct": "✓",
    "partial": "~",
    "follow_through": "~",
    "wrong": "✗",
    "missing": "✗",
    "invalid": "✗",
    "undecided": "?",
    "error": "✗",
}
COLORS: dict[str, str] = {
    "correct": "green",
    "partial": "yellow",
    "follow_through": "yellow",
    "wrong": "red",
    "missing": "red",
    "invalid": "red",
    "undecided": "yellow",
    "error": "red",
}
LONGEST_GIVEN = 200  # characters of an answer in a report for people
FILE = Medium()


def points_text(points: Fraction) -> str:
    """`2`, `1.5`, `0.67`: two decimals, four where two would look like a whole number."""
    for decimals in (2, 4):
        rounded = round(points, decimals)
        if rounded.denominator != 1 or points.denominator == 1:
            break
    text = f"{float(rounded):.4f}".rstrip("0").rstrip(".")
    return text if text != "-0" else "0"


def score_text(points: Fraction, most: Fraction) -> str:
    """`2/4`."""
    return f"{points_text(points)}/{points_text(most)}"


def share_text(share: Fraction | None) -> str:
    """`67 %`, never 100 % or 0 % of what is not quite so; `-` where there is no share."""
    if share is None:
        return "-"
    percent = round(share * 100)
    if percent >= 100 > share * 100:
        percent = 99
    if percent == 0 and share > 0:
        percent = 1
    return f"{percent} %"


def score_share(graded: Graded) -> Fraction | None:
    """The student's share of the full marks."""
    return graded.score / graded.max_score if graded.max_score and graded.status == "graded" else None


def verdict_text(verdict: Verdict) -> str:
    """`follow through`, as people read it."""
    return verdict.replace("_", " ")


def given_text(mark: Mark, longest: int = LONGEST_GIVEN) -> str:
    """The answer on one line, control characters visible, cut to a length; `` where there is none."""
    return cut(visible(mark.given or "", FILE), longest)


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and `…`."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def is_full(mark: Mark) -> bool:
    """Whether the mark has all its points; of a question without points, whether it is right."""
    return mark.points >= mark.max_points and (mark.max_points > 0 or mark.verdict in ("correct", "follow_through"))


def is_lost(mark: Mark) -> bool:
    """Whether points are missing that count: a bonus question that is wrong costs none."""
    return not is_full(mark) and (not mark.bonus or mark.verdict == "undecided")


def lost_text(graded: Graded, most: int) -> str:
    """Where points are missing, the most points first: `h 0/2 mean-missing, e 1/2 partial; no answer: a, g`."""
    lost = sorted((mark for mark in graded.marks if is_lost(mark)), key=lambda m: m.points - m.max_points)
    given = [_lost_at(mark) for mark in lost if mark.verdict != "missing"]
    none = [mark.id for mark in lost if mark.verdict == "missing"]
    parts = [_some(given, most)] if given else []
    return "; ".join([*parts, f"no answer: {_some(none, most)}"] if none else parts)


def _lost_at(mark: Mark) -> str:
    why = mark.diagnosis or (verdict_text(mark.verdict) if mark.verdict != "wrong" else "")
    return f"{mark.id} {score_text(mark.points, mark.max_points)}" + (f" {why}" if why else "")


def _some(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def head_text(report: ClassReport) -> str:
    """`CSE 471 (homework.yaml): 20 students, 14 questions, 25 points`."""
    name = visible(report.homework, FILE)
    called = f"{visible(report.title, FILE)} ({name})" if report.title else name
    parts = [
        counted(len(report.students), "student"),
        counted(len(report.questions), "question"),
        f"{points_text(report.full_marks)} point{'' if report.full_marks == 1 else 's'}",
    ]
    return f"{called}: {', '.join(parts)}"


def sums_text(report: ClassReport) -> str:
    """`mean 17.5/25 (70 %); 14 of 20 reach 60 %; 2 sheets with an error; 3 answers undecided`."""
    parts = []
    if report.mean is not None:
        share = report.mean / report.full_marks if report.full_marks else None
        parts.append(f"mean {score_text(report.mean, report.full_marks)} ({share_text(share)})")
    if report.passed is not None:
        parts.append(f"{report.passed:,} of {len(report.students):,} reach {share_text(report.pass_mark)}")
    if report.errors:
        parts.append(f"{counted(report.errors, 'sheet')} could not be marked")
    if report.undecided:
        parts.append(f"{counted(report.undecided, 'answer')} undecided")
    return "; ".join(parts)


def plain(text: str, on: Medium) -> str:
    """A text of dlcli's own and of students, as the medium can show it."""
    return visible(own(text, on), on)
