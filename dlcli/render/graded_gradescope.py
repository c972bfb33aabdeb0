"""Marks of one student as the results.json of a Gradescope autograder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Mark
from dlcli.render.graded_markdown import escaped, mark_markdown
from dlcli.render.graded_words import is_full, verdict_text


def class_gradescope(report: ClassReport) -> Iterator[str]:
    """The document. The report has exactly one student; a bonus question has no points to lose."""
    [graded] = report.students
    said = [escaped(graded.message or "")] if graded.status == "error" else []
    said += [escaped(remark) for remark in graded.remarks]
    said.append(escaped(report.origin))
    document: dict[str, Any] = {
        "score": float(graded.score),
        "output": "\n\n".join(said),
        "output_format": "md",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(mark, number, report) for number, mark in enumerate(graded.marks, 1)],
        "extra_data": {
            "homework": report.homework,
            "hash": report.hash,
            "versions": dict(report.versions),
            "student": graded.student,
        },
    }
    yield json.dumps(document, indent=1) + "\n"


def _test(mark: Mark, number: int, report: ClassReport) -> dict[str, Any]:
    prompts = {question.id: question.prompts for question in report.questions}.get(mark.id, ())
    name = f"{mark.id}: {' '.join(prompts[-1].split())}" if prompts else mark.id
    return {
        "score": float(mark.points),
        "max_score": 0.0 if mark.bonus else float(mark.max_points),
        "status": "passed" if is_full(mark) else "failed",
        "name": name[:200],
        "name_format": "text",
        "number": str(number),
        "output": f"**{verdict_text(mark.verdict)}**\n\n{mark_markdown(mark)}".rstrip() + "\n",
        "output_format": "md",
        "visibility": "visible",
    }
