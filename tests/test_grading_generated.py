"""Answers by the thousand: right ones rewritten, wrong ones with one edit, hostile ones; and the wrong gradients of
hand-written code, read off as numbers.

500 of each kind in an ordinary run; DLCLI_GENERATED=10000 takes so many.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dlcli.answers import Answer, Sheet
from dlcli.errors import Source
from dlcli.grading.homework import Homework, prepare_source
from dlcli.grading.marking import mark_sheet
from dlcli.grading.records import Mark
from tests.grading_generators import FORMULAS, Formula, hostile_answers, right_answers, right_numbers, wrong_answers
from tests.grading_hostile import FAMILIES
from tests.test_student_files import fresh, imported, parameters, solved

COUNT = int(os.environ.get("DLCLI_GENERATED", "500"))
HOSTILE = int(os.environ.get("DLCLI_HOSTILE", "5000"))
STUDENTS = Path(__file__).parent / "students"
INDEX: dict[str, Any] = yaml.safe_load((STUDENTS / "index.yaml").read_text(encoding="utf-8"))
NETWORK = "inputs: {x: 2}\nweights: {w: 3}\ntargets: {y: 5}\nnetwork:\n  - z = w*x\nloss: square(z - y)\n"


@cache
def homework_of(formula: str) -> Homework:
    domains = next(f.domains for f in FORMULAS if f.text == formula)
    variables = ", ".join(f'{name}: "({low}, {high})"' for name, (low, high) in domains.items())
    text = f'{NETWORK}questions:\n  - {{id: a, answer: "{formula.replace("^", "**")}", variables: {{{variables}}}}}\n'
    return prepare_source(Source("homework.yaml", text), None)


def marked(homework: Homework, text: str, question: str = "a") -> Mark:
    sheet = Sheet("s", "s.yaml", {question: Answer(question, text)})
    return next(mark for mark in mark_sheet(homework, sheet).marks if mark.id == question)


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.text)
def test_right_formulas_are_right_however_they_are_written(formula: Formula) -> None:
    for text in right_answers(formula, 1, -(-COUNT // len(FORMULAS))):
        assert marked(homework_of(formula.text), text).verdict == "correct", text


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.text)
def test_formulas_one_edit_away_are_wrong(formula: Formula) -> None:
    for wrong in wrong_answers(formula, 1, -(-COUNT // len(FORMULAS))):
        found = marked(homework_of(formula.text), wrong.text)
        assert found.verdict == "wrong", (wrong, found)


def test_right_numbers_are_right_however_they_are_written() -> None:
    for number, kind, text in right_numbers(1, COUNT):
        asked = f"{NETWORK}constants: {{c: {number}}}\nquestions:\n  - {{id: a, ask: c + 0}}\n"
        found = marked(prepare_source(Source("homework.yaml", asked), None), text)
        assert found.verdict == "correct", (number, kind, text, found.feedback)


@cache
def hostile_homework() -> Homework:
    questions = (
        "constants: {c: 0.25}\nquestions:\n  - {id: n, ask: c + 0}\n  - {id: f, ask: grad(w), form: expression}\n"
        '  - {id: m, answer: "2*u", variables: {u: real}}\n  - {id: c, choices: {A: one, B: two}, answer: A}\n'
        "  - {id: s, ask: shape(w)}\n  - {id: after, ask: z}\n"
    )
    return prepare_source(Source("homework.yaml", NETWORK + questions), None)


@pytest.mark.parametrize("question", ["n", "f", "m", "c", "s"])
def test_hostile_answers_cost_their_own_question_alone(question: str) -> None:
    homework = hostile_homework()
    for family, text in hostile_answers(3, max(HOSTILE // len(FAMILIES) // 5, 1)):
        answers = {question: Answer(question, text), "after": Answer("after", "6")}
        graded = mark_sheet(homework, Sheet("s", "s.yaml", answers))
        marks = {mark.id: mark for mark in graded.marks}
        assert marks["after"].verdict == "correct", family
        if question == "n":
            assert marks["n"].verdict in FAMILIES[family].verdicts, (family, text[:80], marks["n"])
        assert len(marks[question].feedback) < 2_000, family


@cache
def students_homework(name: str) -> Homework:
    text = (STUDENTS / "homework" / f"{name}.yaml").read_text(encoding="utf-8")
    names = solved(name).graph.wrt
    questions = "".join(f"  - {{id: {n}, ask: grad({n})}}\n" for n in names)
    return prepare_source(Source(f"{name}.yaml", f"{text}\nquestions:\n{questions}"), STUDENTS / "homework")


@pytest.mark.parametrize("name", INDEX["wrong"])
def test_wrong_numbers_of_wrong_code_are_marked_wrong(name: str) -> None:
    entry = INDEX["wrong"][name]
    homework = students_homework(entry["homework"])
    wrong = imported(f"wrong/{name}.py").backward(**fresh(parameters(entry["homework"])))
    key = {tensor.name: tensor.backprop for tensor in solved(entry["homework"]).comparison.tensors}
    answers = {n: Answer(n, str(np.asarray(wrong[n], dtype=float).tolist())) for n in key}
    for mark in mark_sheet(homework, Sheet("s", "s.yaml", answers)).marks:
        given, right = np.asarray(wrong[mark.id], dtype=float), key[mark.id]
        off = np.abs(given - right) > 1e-5 * np.abs(right) + 1e-8 * np.max(np.abs(right))
        assert (mark.verdict == "correct") == (not off.any()) or np.isnan(given).any(), mark
