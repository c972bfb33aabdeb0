"""Marks as JUnit XML, as the xunit2 schema describes it: a suite a student, a test a question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Graded, Mark
from dlcli.render.graded_words import cut, is_lost, score_text, verdict_text

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST = 2000  # characters of an attribute


def class_junit(report: ClassReport) -> Iterator[str]:
    """The document, in pieces. No times: the same marks give the same bytes.

    A question with all its points passes; one that waits for the instructor is skipped; a fault of dlcli's own is an
    error; everything else is a failure that says how many points there are.
    """
    names = _Names()
    counts = [_counts(graded, place in report.faults) for place, graded in enumerate(report.students)]
    tests, failures, errors = (sum(column) for column in zip(*((c[0], c[1], c[2]) for c in counts), strict=True))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    name = _attribute(report.title or report.homework)
    yield f'<testsuites name={name} time="0" tests="{tests}" failures="{failures}" errors="{errors}">\n'
    for place, graded in enumerate(report.students):
        yield from _suite(graded, place in report.faults, counts[place], names.unique(graded.student), report)
    yield "</testsuites>\n"


class _Names:
    """Students' names made distinct, in the order in which they come."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def unique(self, name: str) -> str:
        clean = legal(name) or "student"
        found, count = clean, 1
        while found in self._given:
            count += 1
            found = f"{clean} ({count})"
        self._given.add(found)
        return found


def _counts(graded: Graded, fault: bool) -> tuple[int, int, int, int]:
    """Tests, failures, errors, skipped."""
    if graded.status == "error":
        return 1, int(not fault), int(fault), 0
    skipped = sum(mark.verdict == "undecided" for mark in graded.marks)
    failures = sum(mark.verdict != "undecided" and is_lost(mark) for mark in graded.marks)
    return len(graded.marks), failures, 0, skipped


def _suite(
    graded: Graded, fault: bool, counts: tuple[int, int, int, int], name: str, report: ClassReport
) -> Iterator[str]:
    tests, failures, errors, skipped = counts
    head = f'name={_attribute(name)} tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    yield f'  <testsuite {head} time="0" file={_attribute(graded.file)}>\n'
    properties = {
        "score": score_text(graded.score, graded.max_score),
        "homework": report.homework,
        "hash": report.hash,
        **report.versions,
    }
    yield "    <properties>\n"
    for key, value in properties.items():
        yield f"      <property name={_attribute(key)} value={_attribute(value)}/>\n"
    yield "    </properties>\n"
    if graded.status == "error":
        yield _case(name, "sheet", "error" if fault else "failure", graded.message or "", "")
    for mark in graded.marks:
        yield _mark(name, mark)
    yield "  </testsuite>\n"


def _mark(student: str, mark: Mark) -> str:
    if mark.verdict == "undecided":
        return _case(student, mark.id, "skipped", f"undecided: {mark.feedback}", "")
    if not is_lost(mark):
        return _case(student, mark.id, "", "", "")
    points = f"{score_text(mark.points, mark.max_points)} points"
    lines = [f"{verdict_text(mark.verdict)}: {points}"]
    lines += [f"given: {mark.given}"] if mark.given is not None else []
    lines += [f"expected: {mark.expected}"] if mark.expected is not None else []
    lines += [mark.feedback] if mark.feedback else []
    return _case(student, mark.id, "failure", f"{points}: {mark.feedback}", "\n".join(lines), mark.verdict)


def _case(student: str, test: str, outcome: str, message: str, text: str, kind: str = "") -> str:
    head = f'    <testcase classname={_attribute(student)} name={_attribute(f"{student}: {test}")} time="0"'
    if not outcome:
        return head + "/>\n"
    told = f"<{outcome} message={_attribute(message)}" + (f" type={_attribute(kind)}" if kind else "")
    inner = f"{told}>{_text(text)}</{outcome}>" if text else f"{told}/>"
    return f"{head}>\n      {inner}\n    </testcase>\n"


def legal(text: str) -> str:
    """The text without the characters that XML 1.0 does not allow."""
    return _ILLEGAL.sub("", text)


def _attribute(text: str) -> str:
    return quoteattr(cut(legal(text), LONGEST), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(cut(legal(text), LONGEST * 5), {"\r": "&#13;"})
