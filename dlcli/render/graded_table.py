"""Marks on the terminal: a class worst first, or one student question by question; the item analysis."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from dlcli.grading.class_report import ClassReport
from dlcli.grading.items import Item
from dlcli.grading.records import Graded, Mark
from dlcli.render.console import Medium, painted
from dlcli.render.graded_words import (
    COLORS,
    SYMBOLS,
    cut,
    given_text,
    head_text,
    lost_text,
    plain,
    score_share,
    score_text,
    share_text,
    sums_text,
    verdict_text,
)
from dlcli.render.grid import GAP, Grid, grid_text
from dlcli.render.text import counted, display_width

MOST_STUDENTS = 200  # rows without --all
MOST_LOST = 6  # questions named in a row
WIDEST_NAME = 40
WIDEST_GIVEN = 32
PIPE_WIDTH = 110  # columns where nobody's terminal limits them
NARROWEST = 30  # columns of the last column, however narrow the terminal is


def class_table(report: ClassReport, on: Medium, every: bool = False) -> Iterator[str]:
    """The table, in pieces. every: all students of a large class."""
    yield painted(plain(head_text(report), on), "bold", on) + "\n\n"
    if len(report.students) == 1:
        yield from _student(report.students[0], on)
    else:
        yield from _class(report, on, every)
        yield "\n"
        yield from items_table(report, on, titled=True)
    if report.mean is not None and len(report.students) > 1:
        yield f"\n{plain(sums_text(report), on)}\n"
    yield f"{painted(plain(report.origin, on), 'dim', on)}\n"


def class_line(report: ClassReport, on: Medium) -> Iterator[str]:
    """One line about the class."""
    yield plain(f"{head_text(report)}; {sums_text(report)}".removesuffix("; "), on) + "\n"


def _class(report: ClassReport, on: Medium, every: bool) -> Iterator[str]:
    shown = report.worst_first if every else report.worst_first[:MOST_STUDENTS]
    heads = ("student", "score", "share", "points lost")
    rows = []
    colors = []
    for place in shown:
        graded = report.students[place]
        rows.append([*_row(graded, on), _lost(graded)])
        colors.append("red" if graded.status == "error" else "dim" if graded.score < graded.max_score else "green")
    taken = sum(max(display_width(c) for c in column) + len(GAP) for column in list(zip(heads, *rows, strict=True))[:3])
    wrapped = [(*row[:3], _wrapped(row[3], taken, on)) for row in rows]
    yield grid_text(Grid(heads, wrapped, colors), on)
    if len(shown) < len(report.worst_first):
        more = len(report.worst_first) - len(shown)
        yield plain(f"… {counted(more, 'more student')}, with better marks; --all prints all", on) + "\n"


def _row(graded: Graded, on: Medium) -> tuple[str, str, str]:
    name = cut(plain(graded.student, on), WIDEST_NAME)
    if graded.status == "error":
        return name, "error", "-"
    return name, score_text(graded.score, graded.max_score), share_text(score_share(graded))


def _lost(graded: Graded) -> str:
    """Where a student lost points, the most points first."""
    if graded.status == "error":
        return f"{graded.file}: {graded.message}"
    return lost_text(graded, MOST_LOST)


def _wrapped(text: str, before: int, on: Medium) -> str:
    """The text in lines that fit behind `before` columns."""
    shown = plain(text, on)
    room = max((on.width or PIPE_WIDTH) - before, NARROWEST)
    lines = textwrap.wrap(shown, room, break_on_hyphens=False, break_long_words=False)
    return "\n".join(lines)


def _student(graded: Graded, on: Medium) -> Iterator[str]:
    """One student, question by question."""
    if graded.status == "error":
        message = plain(f"{SYMBOLS['error']} {graded.student}: {graded.message}", on)
        yield painted(message, "red", on) + "\n"
        return
    share = share_text(score_share(graded))
    about = f"{graded.student} ({graded.file}): {score_text(graded.score, graded.max_score)} points ({share})"
    yield plain(about, on) + "\n\n"
    revealed = any(mark.expected is not None for mark in graded.marks)
    heads = ("question", "points", "your answer", *(("expected",) if revealed else ()), "verdict")
    rows = [_mark_row(mark, revealed, on) for mark in graded.marks]
    first = list(zip(heads, *rows, strict=True))[:-1]
    taken = sum(max(display_width(cell) for cell in column) + len(GAP) for column in first)
    cells = [
        (*row[:-1], "\n".join([row[-1], *filter(None, [_wrapped(_said(mark), taken, on)])]))
        for row, mark in zip(rows, graded.marks, strict=True)
    ]
    yield grid_text(Grid(heads, cells, [COLORS[mark.verdict] for mark in graded.marks]), on)
    yield "\n"
    for remark in graded.remarks:
        yield plain(f"note: {remark}", on) + "\n"


def _mark_row(mark: Mark, revealed: bool, on: Medium) -> tuple[str, ...]:
    verdict = verdict_text(mark.verdict)
    shown = f"{SYMBOLS[mark.verdict]} {verdict}" if on.letters else verdict
    expected = (plain(cut(mark.expected or "", WIDEST_GIVEN), on),) if revealed else ()
    points = score_text(mark.points, mark.max_points) + (" bonus" if mark.bonus else "")
    return plain(mark.id, on), points, plain(given_text(mark, WIDEST_GIVEN), on), *expected, shown


def _said(mark: Mark) -> str:
    """The feedback, where it says more than the verdict."""
    told = mark.verdict != "missing"
    return mark.feedback if told and mark.feedback.rstrip(".").lower() not in ("right", "wrong", "") else ""


def items_table(report: ClassReport, on: Medium, titled: bool = False) -> Iterator[str]:
    """How often each question and each diagnosed mistake occurred, the hardest question first."""
    heads = ("question", "mean", "share", "right", "partly", "wrong", "none", "open", "mistakes")
    rows = [_item_row(item, on) for item in report.items.hardest_first]
    taken = sum(max(map(display_width, column)) + len(GAP) for column in list(zip(heads, *rows, strict=True))[:-1])
    cells = [(*row[:-1], _wrapped(row[-1], taken, on)) for row in rows]
    if titled:
        yield painted("Questions, hardest first", "bold", on) + "\n"
    yield grid_text(Grid(heads, cells, ["dim"] * len(cells)), on)


def _item_row(item: Item, on: Medium) -> tuple[str, ...]:
    def count(*verdicts: str) -> str:
        return str(sum(number for verdict, number in item.verdicts.items() if verdict in verdicts))

    mean = "-" if item.mean is None else score_text(item.mean, item.max_points)
    mistakes = ", ".join(f"{name} {number}" for name, number in item.diagnoses.items())
    return (
        plain(item.id, on),
        mean,
        share_text(item.share),
        count("correct"),
        count("partial", "follow_through"),
        count("wrong", "invalid"),
        count("missing"),
        count("undecided"),
        mistakes,
    )


def items_report(report: ClassReport, on: Medium) -> Iterator[str]:
    """The item analysis by itself."""
    yield painted(plain(head_text(report), on), "bold", on) + "\n\n"
    yield from items_table(report, on)
    named = report.items.diagnoses
    if named:
        yield "\nMistakes\n" + "".join(plain(f"  {number:>5} {name}", on) + "\n" for name, number in named)
    yield f"\n{plain(sums_text(report), on)}\n{painted(plain(report.origin, on), 'dim', on)}\n"
