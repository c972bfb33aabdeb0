"""The gradebook: a CSV with a row a student, a column a question, and the total."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fractions import Fraction
from io import StringIO

from dlcli.grading.class_report import ClassReport

OWN = ("student", "total", "out_of", "status", "file", "versions", "homework")
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


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

    Characters that a CSV cannot hold are left out.
    """
    text = text.replace("\0", "")
    return "'" + text if text.lstrip(" \u00a0\u3000\ufeff").startswith((*FORMULAS, "＝", "＋", "－", "＠")) else text


def _row(cells: list[str]) -> str:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _decimals(points: Fraction) -> str:
    """`2`, `1.5`, `0.666667`."""
    text = f"{float(points):.6f}".rstrip("0").rstrip(".")
    return text or "0"
