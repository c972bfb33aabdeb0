"""Answers that are no numbers to be measured: shapes, choices, weights that do a job."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal

import numpy as np

from dlcli.answers.records import Answer, Nested
from dlcli.errors import HomeworkError
from dlcli.grading.answer_arrays import AnswerError
from dlcli.grading.numbers_given import read_given
from dlcli.grading.outcome import Outcome
from dlcli.grading.problem import Problem
from dlcli.grading.value_marks import same_shape
from dlcli.language import LanguageError
from dlcli.language.answer import parse_shape
from dlcli.ops.operation import Array
from dlcli.ops.shapes import shown
from dlcli.questions.evaluation import evaluate
from dlcli.questions.expected import Expected
from dlcli.questions.records import Choice, Give

MOST_LABELS = 100


def mark_shape(answer: Answer, expected: Expected, convention: str) -> Outcome:
    """A shape is right or wrong as a whole."""
    text = answer.text
    if answer.items is not None:
        if not all(isinstance(item, str) for item in answer.items):
            raise AnswerError("a shape is a list of sizes, such as (2, 3)")
        text = "(" + ", ".join(str(item) for item in answer.items) + ")"
    try:
        given = parse_shape(text)
    except LanguageError as error:
        raise AnswerError(error.message + (f"; {error.help}" if error.help else "")) from None
    right = tuple(int(size) for size in expected.value)
    if same_shape(given, right, convention):
        return Outcome("correct", Fraction(1), "Right.")
    remark = ""
    if given == right[::-1]:
        remark = " Rows and columns are exchanged."
    elif len(given) != len(right):
        remark = f" It has {len(given)} axes; count those of the quantity again."
    return Outcome("wrong", feedback=f"Wrong.{remark}")


def mark_choice(choice: Choice, answer: Answer, rule: Literal["share", "all"]) -> Outcome:
    """Labels, or the texts of choices; several in a list or with commas. Case and spaces do not matter."""
    given = [_label(text, choice) for text in _chosen(answer, choice)]
    if len(set(given)) < len(given):
        raise AnswerError("the same choice is given twice")
    expected = ", ".join(choice.answer)
    if set(given) == set(choice.answer):
        return Outcome("correct", Fraction(1), "Right.", expected=expected)
    if not choice.several or rule == "all" or len(choice.answer) < 2:
        return Outcome("wrong", feedback="Wrong.", expected=expected)
    hits = sum(label in choice.answer for label in given)
    share = Fraction(max(hits - (len(given) - hits), 0), len(choice.answer))
    if not share:
        return Outcome("wrong", feedback="Wrong.", expected=expected)
    return Outcome("partial", share, "Some of these are right, but not all, or some are too many.", expected=expected)


def _chosen(answer: Answer, choice: Choice) -> list[str]:
    if answer.items is not None:
        return [_text(item) for item in answer.items[:MOST_LABELS]]
    whole = answer.text.strip()
    if _find(whole, choice) is not None:
        return [whole]
    parts = [part for part in re.split(r"[,;&+/]|\band\b", whole.strip("[](){}")) if part.strip()]
    if len(parts) < 2:
        parts = whole.split()
    if len(parts) == 1 and all(len(label) == 1 for label in choice.choices):
        parts = list(whole)
    known = all(_find(part, choice) is not None for part in parts)
    return parts[:MOST_LABELS] if (known and parts) or "," in whole else [whole]


def _text(item: Nested) -> str:
    if isinstance(item, str):
        return item
    raise AnswerError("a choice is a label, not a list")


def _label(text: str, choice: Choice) -> str:
    found = _find(text, choice)
    if found is None:
        labels = ", ".join(choice.choices)
        shown_text = text.strip()[:40]
        raise AnswerError(f"`{shown_text}` is not one of the choices {labels}")
    return found


def _find(text: str, choice: Choice) -> str | None:
    """The label that a text means: a label, with or without a bracket or point after it, or the text of one choice."""
    plain = " ".join(text.casefold().split())
    bare = plain.strip("().:[] ")
    for label, words in choice.choices.items():
        if label.casefold() in (plain, bare, bare.removeprefix("option ").removeprefix("answer ")):
            return label
        own = re.fullmatch(rf"{re.escape(label.casefold())}\s*[:.)-]\s*(.*)", plain)
        if own is not None and own.group(1) == " ".join(words.casefold().split()):
            return label
    meant = [label for label, words in choice.choices.items() if " ".join(words.casefold().split()) == plain]
    return meant[0] if len(meant) == 1 else None


def mark_give(give: Give, answer: Answer, problem: Problem) -> Outcome:
    """Weights that the student chose, put into the network: right when the check is true with them."""
    world = problem.world
    given: dict[str, Array] = {}
    for name in give.weights:
        shape = world.graph.nodes[world.graph.names[name]].shape
        part = answer.fields.get(name) if answer.fields else answer if len(give.weights) == 1 else None
        if part is None:
            raise AnswerError(f"a value for each of {', '.join(give.weights)} is asked for; {name} is missing")
        found = read_given(part, shape, problem.checked.spec.index_base)
        if found.invalid:
            raise AnswerError(f"{name}: {next(iter(found.invalid.values()))}")
        if found.shape != shape or len(found.entries) != int(np.prod(shape, dtype=np.int64)):
            raise AnswerError(f"{name} has shape {shown(found.shape or ())}, but {shown(shape)} is needed")
        given[name] = np.array([found.entries[p].value for p in np.ndindex(shape)]).reshape(shape)
        if not np.isfinite(given[name]).all():
            raise AnswerError(f"{name} holds a number that is not finite")
    try:
        truth = evaluate(give.check.tree, world.with_values(given), give.check.written.part)
    except HomeworkError as error:
        return Outcome(
            "wrong", feedback=f"With these weights the network cannot be computed: {error.diagnostics[0].message}."
        )
    if bool(np.all(truth != 0)) and bool(np.all(np.isfinite(truth))):
        return Outcome("correct", Fraction(1), "Right: these weights do it.")
    return Outcome("wrong", feedback="These weights do not do what is asked.")
