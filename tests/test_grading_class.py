"""The sample class: every sheet gets the marks that were written down by hand before there was a grader."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlcli.answers import read_class, read_sheet
from dlcli.grading.homework import Homework, prepare
from dlcli.grading.marking import mark_sheet
from dlcli.grading.records import Graded

CLASS = Path(__file__).parent / "grading_class"
HAND: dict[str, Any] = yaml.safe_load((CLASS / "marks.yaml").read_text(encoding="utf-8"))
STUDENTS: dict[str, Any] = HAND["students"]
OWN_NAMES = {"step-forgotten"}  # of a step: the same numbers as a gradient of 0 gives


@cache
def homework(name: str = "homework") -> Homework:
    return prepare(CLASS / f"{name}.yaml")


@cache
def graded(student: str, name: str = "homework") -> Graded:
    file = CLASS / "answers" / f"{student}.yaml"
    return mark_sheet(homework(name), read_sheet(file.read_bytes(), str(file), homework(name).ids), file.parent)


@pytest.mark.parametrize("student", STUDENTS)
def test_verdicts_and_points_are_those_by_hand(student: str) -> None:
    found = graded(student)
    assert found.status == STUDENTS[student]["status"]
    by_hand = STUDENTS[student].get("marks", {})
    assert {mark.id: (mark.verdict, mark.points) for mark in found.marks} == {
        question: (mark["verdict"], Fraction(str(mark["points"]))) for question, mark in by_hand.items()
    }


@pytest.mark.parametrize("student", STUDENTS)
def test_the_mistake_that_explains_an_answer_is_named_as_by_hand(student: str) -> None:
    by_hand = STUDENTS[student].get("marks", {})
    for mark in graded(student).marks:
        hand = by_hand[mark.id]
        if "explained_by" in hand:
            assert mark.diagnosis in {None, *hand["explained_by"], *OWN_NAMES}, mark
        else:
            assert mark.diagnosis == hand.get("diagnosis"), mark


@pytest.mark.parametrize("student", STUDENTS)
def test_scores_add_up(student: str) -> None:
    found = graded(student)
    if found.status == "graded":
        assert found.score == Fraction(str(STUDENTS[student]["score"]))
        assert found.max_score == HAND["full_marks"]


@pytest.mark.parametrize("student", [s for s in STUDENTS if s not in ("vieta", "yves")])
def test_a_diagnosed_share_is_earned_where_one_mistake_is_named(student: str) -> None:
    without, with_share = graded(student), graded(student, "homework_diagnosed")
    for plain, shared in zip(without.marks, with_share.marks, strict=True):
        lost = plain.max_points - plain.points
        named = plain.diagnosis is not None and plain.verdict in ("wrong", "partial") and plain.id not in ("l", "s")
        assert shared.points == (plain.points + lost / 4 if named else plain.points), shared


@pytest.mark.parametrize("file", ["class.csv", "class_semicolons.csv"])
def test_rows_of_a_csv_get_the_marks_of_the_sheets(file: str) -> None:
    rows = read_class((CLASS / file).read_bytes(), file, homework().ids)
    found, header = {sheet.student: sheet for sheet in rows}, rows.header
    assert set(found) == set(HAND["csv" if file == "class.csv" else "semicolons"])
    for student, sheet in found.items():
        marks = {mark.id: mark for mark in mark_sheet(homework(), sheet).marks}
        for mark in graded(student).marks:
            if any(title.partition("[")[0] == mark.id for title in header):
                assert (marks[mark.id].verdict, marks[mark.id].points) == (mark.verdict, mark.points), (student, mark)


@pytest.mark.parametrize("student", STUDENTS)
def test_feedback_never_holds_the_expected_value(student: str) -> None:
    for mark in graded(student).marks:
        if mark.expected is not None and len(mark.expected) > 5 and mark.verdict != "correct":
            assert mark.expected not in mark.feedback
            assert mark.expected[:8] not in mark.feedback or mark.expected[:8] in (mark.given or "")
