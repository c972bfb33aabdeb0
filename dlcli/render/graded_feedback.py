"""Feedback files, one a student: their names, made safe for every file system, and their text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Graded, Mark
from dlcli.questions.records import Question
from dlcli.render.graded_words import (
    FILE,
    SYMBOLS,
    given_text,
    is_full,
    score_share,
    score_text,
    share_text,
    verdict_text,
)
from dlcli.render.text import visible

LONGEST_NAME = 100  # bytes of a file's name without its ending
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$", re.IGNORECASE)
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 45em; margin: 2em auto; padding: 0 1em; color: #222; }
section { border-left: 4px solid #999; padding: 0 0 0 1em; margin: 1.5em 0; }
section.full { border-color: #2a7d2a; } section.none { border-color: #b3261e; }
h2 { font-size: 1.1em; margin: 0; } p { margin: .4em 0; } code { overflow-wrap: anywhere; } footer { color: #666; }
""".strip()


def file_names(students: Iterable[str], ending: str) -> Iterator[str]:
    """A file name for each student: no path, nothing that a system reserves, no two that differ in case only."""
    given: set[str] = set()
    for student in students:
        stem = safe_name(student)
        name, count = stem, 1
        while _folded(name) in given:
            count += 1
            name = f"{stem}-{count}"
        given.add(_folded(name))
        yield f"{name}.{ending}"


def safe_name(student: str) -> str:
    """Letters and digits of any script, and `-`, `_`, `.` inside; `_` for each run of anything else."""
    text = unicodedata.normalize("NFC", student)
    kept = "".join(c if c.isalnum() or c in "-_." or unicodedata.category(c) in ("Mn", "Mc") else "\0" for c in text)
    name = re.sub("\0+", "_", kept).strip("._-") or "student"
    name = name.encode("utf-8")[:LONGEST_NAME].decode("utf-8", "ignore").rstrip("._-") or "student"
    return f"student_{name}" if _RESERVED.match(name) else name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def feedback_html(
    graded: Graded, report: ClassReport, questions: Mapping[str, Question], reveal: bool
) -> Iterator[str]:
    """One page that needs nothing from elsewhere. reveal: the homework's solutions too."""
    title = _shown(report.title or report.homework)
    student = _shown(graded.student)
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width">\n'
    yield f"<title>{title}: {student}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    if graded.status == "error":
        yield f"<p><strong>{student}</strong>: {_shown(graded.message or '')}</p>\n"
    else:
        total = f"{score_text(graded.score, graded.max_score)} points ({share_text(score_share(graded))})"
        yield f"<p><strong>{student}: {total}</strong></p>\n"
    for mark in graded.marks:
        yield from _section(mark, questions.get(mark.id), reveal)
    for remark in graded.remarks:
        yield f"<p>Note: {_shown(remark)}</p>\n"
    yield f"<footer><small>{_shown(report.origin)}</small></footer>\n</body>\n</html>\n"


def _section(mark: Mark, question: Question | None, reveal: bool) -> Iterator[str]:
    color = "full" if mark.points >= mark.max_points else "none" if not mark.points else "part"
    bonus = " (bonus)" if mark.bonus else ""
    verdict = f"{SYMBOLS[mark.verdict]} {verdict_text(mark.verdict)}"
    yield f'<section class="{color}">\n<h2>{_shown(mark.id)}: {verdict}, '
    yield f"{score_text(mark.points, mark.max_points)}{bonus}</h2>\n"
    for prompt in question.prompts if question is not None else ():
        yield f"<p>{_shown(prompt)}</p>\n"
    if mark.given:
        yield f"<p>Your answer: <code>{escape(given_text(mark))}</code></p>\n"
    if mark.expected is not None:
        yield f"<p>Expected: <code>{_shown(mark.expected)}</code></p>\n"
    if mark.feedback:
        yield f"<p>{_shown(mark.feedback)}</p>\n"
    if question is not None and question.hint and not is_full(mark):
        yield f"<p>Hint: {_shown(question.hint)}</p>\n"
    if question is not None and question.solution and reveal:
        yield f"<p>Solution: {_shown(question.solution)}</p>\n"
    yield "</section>\n"


def _shown(text: str) -> str:
    return escape(visible(" ".join(text.split()), FILE))
