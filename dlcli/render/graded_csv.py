"""The gradebook: a CSV with a row a student, a column a question, and the total."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from dlcli.grading.class_report import ClassReport

OWN = ("student", "total", "out_of", "status", "file", "versions", "homework")
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NEEDS_QUOTES = re.compile('[,"\r\n]|^ | $')


def class_csv(report: ClassReport) -> Iterator[str]:
    """Header and rows, in pieces; of a sheet that could not be marked the cells of questions are empty."""
    ids = [f"question {q.id}" if q.id in OWN else q.id for q in report.questions]
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    yield _row(["student", *map(harmless, ids), *OWN[1:]])
    for graded in report.students:
        points = {mark.id: mark.points for mark in graded.marks}
        cells = [_decimals(points[q.id]) if q.id in points else "" for q in report.questions]
        score, most = _decimals(graded.score), _decimals(graded.max_score)
        names = [harmless(graded.student), *cells, score, most, graded.status, harmless(graded.file)]
        yield _row([*names, versions, report.hash])


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: with an apostrophe before it where one would.

    Control characters are left out, but for tabs and the ends of lines.
    """
    text = _CONTROL.sub("", text)
    return "'" + text if text.lstrip(" \u00a0\u3000\ufeff").startswith(FORMULAS) else text


def _row(cells: Sequence[str]) -> str:
    return ",".join(map(_cell, cells)) + "\n"


def _cell(text: str) -> str:
    """As RFC 4180 quotes it; Python's writer leaves a lone carriage return bare."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def _decimals(points: Fraction) -> str:
    """`2`, `1.5`, `0.666667`."""
    text = f"{float(points):.6f}".rstrip("0").rstrip(".")
    return text or "0"
