"""The file of the right answers gets full marks in every bundled problem that asks questions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dlcli.answers import Answer, Sheet
from dlcli.errors import HomeworkError
from dlcli.grading.homework import Homework, prepare
from dlcli.grading.marking import mark_sheet
from dlcli.language import to_text
from dlcli.questions.records import Ask, Choice, Give, Manual, Model, Question

PROBLEMS = Path(__file__).parents[1] / "problems"
FILES = sorted(path.relative_to(PROBLEMS).as_posix() for path in PROBLEMS.rglob("*.yaml"))


def right(question: Question, homework: Homework) -> Answer | None:
    """The right answer as a student may write it; None where this test cannot: code, weights to choose, by hand."""
    match question.task:
        case Ask(form=None):
            expected = homework.problems[0].expected[question.id]
            if expected.kind == "shape":
                return Answer(question.id, f"({', '.join(f'{n:g}' for n in expected.value)})")
            return Answer(question.id, str(np.asarray(expected.value).tolist()))
        case Model(accepted=accepted):
            return Answer(question.id, to_text(accepted[0].tree))
        case Choice(answer=answer):
            return Answer(question.id, ", ".join(answer))
        case _:
            return None


def test_all_but_the_counter_example_ask_questions() -> None:
    refused = []
    for name in FILES:
        try:
            prepare(PROBLEMS / name)
        except HomeworkError as error:
            refused.append((name, {d.code for d in error.diagnostics}))
    assert refused == [("feedforward/cse471-relu-output.yaml", {"E310"})]


@pytest.mark.parametrize("name", [name for name in FILES if "cse471-relu" not in name])
def test_right_answers_get_full_marks(name: str) -> None:
    homework = prepare(PROBLEMS / name)
    answers = {q.id: a for q in homework.questions if (a := right(q, homework)) is not None}
    marks = mark_sheet(homework, Sheet("s", "s.yaml", answers)).marks
    for mark in marks:
        if mark.id in answers:
            assert (mark.verdict, mark.points) == ("correct", mark.max_points), mark
    others = [q.task for q in homework.questions if q.id not in answers]
    assert answers or all(isinstance(task, Manual | Give | Ask) for task in others)


@pytest.mark.parametrize("name", [name for name in FILES if "cse471-relu" not in name])
def test_no_answer_is_no_mark(name: str) -> None:
    graded = mark_sheet(prepare(PROBLEMS / name), Sheet("s", "s.yaml"))
    assert graded.score == Fraction(0)
    assert {mark.verdict for mark in graded.marks} <= {"missing", "undecided"}
