"""The class that was marked by hand: its numbers are what its marks say, by arithmetic of the tests' own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests import grading_network as network
from tests.conftest import Run
from tests.grading_class_claims import NUMERIC, ClaimError, check, entries_given, given_numbers, near
from tests.grading_class_files import (
    FOLDER,
    VERDICTS,
    HandMark,
    HandStudent,
    answers,
    asked,
    csv_rows,
    hand_marks,
    texts,
)
from tests.grading_student_code import gradients
from tests.grading_text import numbers

STUDENTS = list(hand_marks().values())
MARKS = [mark for student in STUDENTS for mark in student.marks.values()]
GIVEN = [mark for mark in MARKS if mark.verdict != "missing"]


def name_of(item: HandStudent | HandMark) -> str:
    return item.name if isinstance(item, HandStudent) else f"{item.student}-{item.id}"


@pytest.mark.parametrize("mark", GIVEN, ids=name_of)
def test_an_answer_is_what_its_mark_says(mark: HandMark) -> None:
    check(mark)


@pytest.mark.parametrize("student", STUDENTS, ids=name_of)
def test_what_is_marked_as_missing_is_not_in_the_file(student: HandStudent) -> None:
    for mark in student.marks.values():
        if mark.verdict == "missing":
            check(mark)


def test_every_student_has_a_file_and_every_file_a_student() -> None:
    files = {path.stem for path in (FOLDER / "answers").glob("*.yaml")}
    assert files == set(hand_marks())
    assert len(files) >= 18


@pytest.mark.parametrize("student", STUDENTS, ids=name_of)
def test_every_question_is_marked_and_the_points_add_up(student: HandStudent) -> None:
    if student.status == "error":
        assert not student.marks
        assert student.score == student.score_diagnosed == 0
        with pytest.raises(UnicodeDecodeError):
            answers(student.name)
        return
    assert set(student.marks) == set(asked())
    assert student.score == sum(mark.points for mark in student.marks.values())
    lost = [
        asked()[mark.id].points - mark.points
        for mark in student.marks.values()
        if mark.verdict in ("wrong", "partial") and "diagnosis" in mark.facts
    ]
    assert student.score_diagnosed == student.score + Fraction(1, 4) * sum(lost)


@pytest.mark.parametrize("student", STUDENTS, ids=name_of)
def test_verdict_and_points_belong_together(student: HandStudent) -> None:
    for mark in student.marks.values():
        most = asked()[mark.id].points
        assert mark.verdict in VERDICTS
        assert mark.facts["why"]
        if mark.verdict in ("correct", "follow_through"):
            assert mark.points == most, mark
        elif mark.verdict == "partial":
            assert 0 < mark.points < most, mark
        else:
            assert mark.points == 0, mark


def test_full_marks_are_the_points_of_all_questions_but_the_bonus() -> None:
    written = Fraction(texts(FOLDER / "marks.yaml")["full_marks"])
    assert written == sum(question.points for question in asked().values() if not question.bonus)


def test_every_verdict_and_every_question_occur_in_the_class() -> None:
    assert {mark.verdict for mark in MARKS} == set(VERDICTS)
    right = {mark.id for mark in MARKS if mark.verdict in ("correct", "undecided")}
    assert right == set(asked())


def test_the_two_homeworks_differ_in_what_a_diagnosis_earns_alone() -> None:
    plain = (FOLDER / "homework.yaml").read_text(encoding="utf-8")
    other = (FOLDER / "homework_diagnosed.yaml").read_text(encoding="utf-8")
    assert plain.replace("diagnosed: 0}", "diagnosed: 0.25}") == other
    assert plain != other


@pytest.mark.parametrize("name", ["homework.yaml", "homework_diagnosed.yaml"])
def test_the_homework_is_accepted(run: Run, name: str) -> None:
    result = run("check", str(FOLDER / name))
    assert (result.exit_code, "error" in result.stderr) == (0, False)


RIGHT_NUMBERS = [m for m in GIVEN if m.verdict == "correct" and m.id in NUMERIC and not entries_given(m)]


@pytest.mark.parametrize("mark", RIGHT_NUMBERS, ids=name_of)
def test_no_slip_lies_within_the_digits_of_a_right_number(mark: HandMark) -> None:
    """Where one does, the mark is undecided."""
    given, unit = given_numbers(mark)
    for name, number in network.slips().items():
        if name.endswith(f"({mark.id})") and given.shape == number.shape:
            assert not near(given, unit, number, mark.id, exact=True).all(), name


def test_the_program_has_the_numbers_of_the_homework() -> None:
    written = texts(FOLDER / "homework.yaml")
    known = {"X": network.X, "W1": network.W1, "b1": network.B1, "W2": network.W2, "b2": network.B2, "Y": network.Y}
    for section in ("inputs", "weights", "targets"):
        for name, value in written[section].items():
            np.testing.assert_array_equal(np.array(value, dtype=float), known.pop(name))
    assert not known
    assert float(written["constants"]["decay"]) == network.DECAY
    assert float(written["optimizer"]["sgd"]["learning_rate"]) == network.RATE


def test_the_backward_pass_by_hand_agrees_with_differences_of_the_loss() -> None:
    right = network.RIGHT
    by_differences = gradients(network.X, network.W1, network.B1, network.W2, network.B2, network.Y, network.DECAY)
    np.testing.assert_allclose(right.grad_w1(), by_differences["W1"], rtol=1e-9)
    np.testing.assert_allclose(right.grad_w2, by_differences["W2"], rtol=1e-9)
    np.testing.assert_allclose(right.grad_b2, by_differences["b2"], rtol=1e-9)


def test_no_two_slips_of_a_question_give_the_same_number() -> None:
    found = list(network.slips().items())
    for position, (name, number) in enumerate(found):
        question = name[-2]
        assert not np.allclose(number, network.truth()[question], rtol=5e-3, atol=1e-9), f"{name} is right"
        for other, second in found[:position]:
            if other[-2] == question:
                assert not np.allclose(number, second, rtol=5e-3, atol=1e-9), f"{name} and {other}"


@pytest.mark.parametrize("student", STUDENTS, ids=name_of)
def test_a_mark_that_says_the_contrary_is_noticed(student: HandStudent) -> None:
    """Right for wrong, wrong for right, another text for the one that stands there."""
    for mark in student.marks.values():
        if mark.id != "r":
            with pytest.raises(ClaimError):
                check(contrary(mark))


def contrary(mark: HandMark) -> HandMark:
    facts = {key: text for key, text in mark.facts.items() if key not in ("holds", "begins", "length")}
    if mark.verdict == "invalid" or "is" in facts:
        return replace(mark, facts={**facts, "is": "planted"})
    if mark.verdict in ("correct", "undecided"):
        return replace(mark, verdict="wrong", points=Fraction(0), facts={**facts, "slip": "planted"})
    if mark.verdict == "missing":
        return replace(mark, verdict="invalid", facts={**facts, "is": "planted"})
    return replace(mark, verdict="correct", points=Fraction(7), facts=facts)


@pytest.mark.parametrize("name", texts(FOLDER / "marks.yaml")["csv"])
def test_a_row_of_the_csv_holds_the_answers_of_the_file(name: str) -> None:
    (row,) = [row for row in csv_rows("class.csv") if row["student"] == name]
    for column, cell in row.items():
        if column in ("student", "e-mail"):
            continue
        question, _, place = column.removesuffix("]").partition("[")
        written = answers(name).get(question, "")
        if place and isinstance(written, list):
            written = written[int(place)]
        if isinstance(written, list):
            assert cell.replace(" ", "") == str(written).replace("'", "").replace(" ", "")
        else:
            assert cell == written


@pytest.mark.parametrize("name", texts(FOLDER / "marks.yaml")["semicolons"])
def test_a_row_with_decimal_commas_holds_the_answers_of_the_file(name: str) -> None:
    (row,) = [row for row in csv_rows("class_semicolons.csv", ";") if row["student"] == name]
    for question, cell in row.items():
        if question in ("student", "n"):
            continue
        written = answers(name).get(question, "")
        assert cell == written.replace(".", ",")
        assert not cell or numbers(cell) == numbers(written)


def test_the_second_csv_has_a_mark_of_its_encoding_and_semicolons() -> None:
    data = (FOLDER / "class_semicolons.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfstudent;")
    assert b"," in data
