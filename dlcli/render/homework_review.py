"""The review of a homework before grading, in words: one line a question, what is ambiguous below it."""

from __future__ import annotations

from dlcli.grading.homework import Homework
from dlcli.grading.review import Remark
from dlcli.render.console import Medium, painted
from dlcli.render.documents import Document
from dlcli.render.text import counted, visible


def review_text(homework: Homework, remarks: tuple[Remark, ...], on: Medium) -> str:
    """The questions with what should be known of them, and a total."""
    questions = homework.questions
    title = f"{homework.name}: {counted(len(questions), 'question')}, {float(homework.full_marks):g} points"
    lines = [painted(visible(title, on), "bold", on)]
    for question in questions:
        found = [remark for remark in remarks if remark.question == question.id]
        lines += [f"  {visible(question.id, on)}: {visible(remark.text, on)}" for remark in found]
    if not remarks:
        lines.append("  no answer is ambiguous, and every derivative is confirmed by all witnesses")
    return "\n".join(lines) + "\n"


def review_document(homework: Homework, remarks: tuple[Remark, ...]) -> Document:
    """The same as data, dlcli/review/v1."""
    return {
        "schema": "dlcli/review/v1",
        "homework": homework.name,
        "questions": [
            {
                "id": question.id,
                "max_points": float(question.points),
                "remarks": [{"kind": r.kind, "text": r.text} for r in remarks if r.question == question.id],
            }
            for question in homework.questions
        ],
    }
