"""Marks as JSON: dlcli/grade/v1 and dlcli/items/v1, a student at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Graded

Document = dict[str, Any]


def class_json(report: ClassReport) -> Iterator[str]:
    """The document on one line, in pieces."""
    yield _opened(
        {
            "schema": "dlcli/grade/v1",
            "homework": report.homework,
            "title": report.title,
            "hash": report.hash,
            "versions": dict(report.versions),
            "max_score": _number(report.full_marks),
        }
    )
    yield ', "results": ['
    for place, graded in enumerate(report.students):
        yield (", " if place else "") + json.dumps(student_document(graded))
    yield "]"
    yield _closed({"items": items_records(report), "mistakes": dict(report.items.diagnoses), "summary": _sums(report)})


def student_document(graded: Graded) -> Document:
    """One student; of a sheet that could not be marked a message instead of questions."""
    document: Document = {
        "student": graded.student,
        "file": graded.file,
        "status": graded.status,
        "score": _number(graded.score),
        "max_score": _number(graded.max_score),
        "questions": [
            {
                "id": mark.id,
                "verdict": mark.verdict,
                "points": _number(mark.points),
                "max_points": _number(mark.max_points),
                "given": mark.given,
                "expected": mark.expected,
                "feedback": mark.feedback,
                "diagnosis": mark.diagnosis,
                "bonus": mark.bonus,
                "line": mark.line or None,
                "column": mark.column or None,
            }
            for mark in graded.marks
        ],
    }
    if graded.status == "error":
        document["message"] = graded.message
    document["remarks"] = list(graded.remarks)
    return document


def items_json(report: ClassReport) -> Iterator[str]:
    """The item analysis by itself."""
    document = {
        "schema": "dlcli/items/v1",
        "homework": report.homework,
        "hash": report.hash,
        "versions": dict(report.versions),
        "items": items_records(report),
        "mistakes": dict(report.items.diagnoses),
        "summary": _sums(report),
    }
    yield json.dumps(document) + "\n"


def items_records(report: ClassReport) -> list[Document]:
    """Each question: how many have which verdict, the mean share of the points, the mistakes."""
    return [
        {
            "id": item.id,
            "max_points": _number(item.max_points),
            "students": item.students,
            "share": None if item.share is None else float(item.share),
            "verdicts": dict(sorted(item.verdicts.items())),
            "mistakes": dict(item.diagnoses),
        }
        for item in report.items.items
    ]


def _sums(report: ClassReport) -> Document:
    return {
        "students": len(report.students),
        "errors": report.errors,
        "undecided": report.undecided,
        "mean": None if report.mean is None else _number(report.mean),
        "pass_mark": None if report.pass_mark is None else float(report.pass_mark),
        "passed": report.passed,
    }


def _number(points: Fraction) -> float:
    return float(points)


def _opened(document: Document) -> str:
    return json.dumps(document)[:-1]


def _closed(document: Document) -> str:
    return ", " + json.dumps(document)[1:] + "\n"
