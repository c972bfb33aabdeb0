"""Marks as Markdown, for the summary page of a CI job and as feedback to one student."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Graded, Mark
from dlcli.questions.records import Question
from dlcli.render.graded_words import (
    FILE,
    LONGEST_GIVEN,
    SYMBOLS,
    cut,
    given_text,
    head_text,
    is_full,
    lost_text,
    score_share,
    score_text,
    share_text,
    sums_text,
    verdict_text,
)
from dlcli.render.text import counted, visible

MOST_STUDENTS = 500  # rows; a job's summary page holds 1 MB
MOST_LOST = 6
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#&~$@!])|^(?=[-+=]|[0-9]+[.)] )")


def class_markdown(report: ClassReport) -> Iterator[str]:
    """The report, in pieces: a class as a table, worst first, with the item analysis; one student in full."""
    yield f"## {escaped(head_text(report))}\n\n"
    sums = sums_text(report)
    if sums and len(report.students) != 1:
        yield f"{escaped(sums)}\n\n"
    if len(report.students) == 1:
        yield from _student(report.students[0])
    else:
        yield from _class(report)
        yield from _items(report)
    yield f"\n<sub>{escaped(report.origin)}</sub>\n"


def items_markdown(report: ClassReport) -> Iterator[str]:
    """The item analysis by itself."""
    yield f"## {escaped(head_text(report))}\n\n{escaped(sums_text(report))}\n"
    yield from _items(report)
    yield f"\n<sub>{escaped(report.origin)}</sub>\n"


def feedback_markdown(
    graded: Graded, report: ClassReport, questions: Mapping[str, Question], reveal: bool
) -> Iterator[str]:
    """What one student is told. reveal: the homework's solutions too."""
    yield f"# {escaped(report.title or report.homework)}\n\n"
    yield from _student(graded, questions, reveal)
    yield f"\n<sub>{escaped(report.origin)}</sub>\n"


def _class(report: ClassReport) -> Iterator[str]:
    yield "| student | score | share | points lost |\n| --- | ---: | ---: | --- |\n"
    for place in report.worst_first[:MOST_STUDENTS]:
        graded = report.students[place]
        name = escaped(cut(graded.student, 80))
        if graded.status == "error":
            yield f"| {name} | error | | {escaped(cut(f'{graded.file}: {graded.message}', 300))} |\n"
            continue
        score = score_text(graded.score, graded.max_score)
        yield f"| {name} | {score} | {share_text(score_share(graded))} | {escaped(lost_text(graded, MOST_LOST))} |\n"
    more = len(report.worst_first) - MOST_STUDENTS
    if more > 0:
        yield f"\n{counted(more, 'more student')}, with better marks.\n"


def _items(report: ClassReport) -> Iterator[str]:
    yield "\n### Questions, hardest first\n\n"
    yield "| question | mean | share | right | partly | wrong | none | open | mistakes |\n"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
    for item in report.items.hardest_first:
        mean = "" if item.mean is None else score_text(item.mean, item.max_points)
        verdicts = item.verdicts.get
        counts = [
            verdicts("correct", 0),
            verdicts("partial", 0) + verdicts("follow_through", 0),
            verdicts("wrong", 0) + verdicts("invalid", 0),
            verdicts("missing", 0),
            verdicts("undecided", 0),
        ]
        mistakes = escaped(", ".join(f"{name} {number}" for name, number in item.diagnoses.items()))
        columns = [escaped(item.id), mean, share_text(item.share), *map(str, counts), mistakes]
        yield f"| {' | '.join(columns)} |\n"
    if report.items.diagnoses:
        named = ", ".join(f"{name} {number}" for name, number in report.items.diagnoses)
        yield f"\nMistakes: {escaped(named)}\n"


def _student(graded: Graded, questions: Mapping[str, Question] | None = None, reveal: bool = False) -> Iterator[str]:
    name = escaped(cut(graded.student, 80))
    if graded.status == "error":
        yield f"**{name}**: {escaped(graded.message or '')}\n"
        return
    share = score_share(graded)
    total = f"{score_text(graded.score, graded.max_score)} points" + (f" ({share_text(share)})" if share else "")
    yield f"**{name}: {total}**\n"
    for mark in graded.marks:
        yield f"\n### {escaped(mark.id)}: {_head(mark)}\n\n"
        question = (questions or {}).get(mark.id)
        if question is not None:
            yield "".join(f"{escaped(prompt)}\n\n" for prompt in question.prompts)
        yield mark_markdown(mark)
        if question is not None and question.hint and not is_full(mark):
            yield f"Hint: {escaped(question.hint)}\n\n"
        if question is not None and question.solution and reveal:
            yield f"Solution: {escaped(question.solution)}\n\n"
    for remark in graded.remarks:
        yield f"\nNote: {escaped(remark)}\n"


def _head(mark: Mark) -> str:
    bonus = " (bonus)" if mark.bonus else ""
    return f"{SYMBOLS[mark.verdict]} {verdict_text(mark.verdict)}, {score_text(mark.points, mark.max_points)}{bonus}"


def mark_markdown(mark: Mark) -> str:
    """Answer, expected value where it is known, and feedback of one question, a paragraph each."""
    parts = []
    if mark.given:
        parts.append(f"Your answer: {code(given_text(mark))}")
    if mark.expected is not None:
        parts.append(f"Expected: {code(cut(visible(mark.expected, FILE), LONGEST_GIVEN))}")
    if mark.feedback:
        parts.append(escaped(mark.feedback))
    return "".join(part + "\n\n" for part in parts)


def escaped(text: str) -> str:
    """The text on one line, without a character that Markdown takes for more than itself."""
    return _SPECIAL.sub(_with_backslash, visible(" ".join(text.split()), FILE))


def _with_backslash(found: re.Match[str]) -> str:
    if found.group(1):
        return "\\" + found.group(1)
    return "&#8203;"  # nothing that is seen, so that no list and no heading begins here


def code(text: str) -> str:
    """The text as code, between more backticks than it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    inner = f" {text} " if longest or text != text.strip() else text
    return f"{fence}{inner}{fence}"
