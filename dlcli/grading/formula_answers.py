"""Formulas as answers: in free symbols against a model answer, and in a network's quantities at drawn numbers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from dlcli.answers.records import Answer
from dlcli.equivalence import Judgement, drawn, equivalent, equivalent_in_network
from dlcli.errors import HomeworkError
from dlcli.grading.answer_arrays import AnswerError
from dlcli.grading.diagnosing import of_array
from dlcli.grading.outcome import Outcome
from dlcli.grading.problem import Problem
from dlcli.language import LanguageError, names_in, to_text
from dlcli.language.answer import Reading, parse_answer
from dlcli.language.tree import Tree
from dlcli.ops.operation import Array
from dlcli.questions.evaluation import evaluate, uses_functions
from dlcli.questions.expected import Expected, asked_world
from dlcli.questions.records import Ask, Model, Question
from dlcli.questions.world import World

CONSTANTS = ("pi", "e")


def numbers_of(model: Model, world: World) -> tuple[Expected, ...]:
    """The accepted answers of a model without free symbols as values; none where it has some."""
    found = []
    for formula in model.accepted:
        if any(name.name not in CONSTANTS for name in names_in(formula.tree)):
            return ()
        value = np.asarray(evaluate(formula.tree, world, formula.written.part))
        scale = np.full(value.shape, float(np.max(np.abs(value), initial=0.0)))
        found.append(Expected("number", value, value == 0, np.where(value == 0, 1.0, scale)))
    return tuple(found)


def mark_model(model: Model, answer: Answer) -> Outcome:
    """A formula in free symbols: right when it equals one of the accepted ones wherever those are defined."""
    known = {name.name for formula in model.accepted for name in names_in(formula.tree)} | set(model.variables)
    reading = _read(answer, known - {"pi", "e"}, {})
    judged = equivalent(reading.tree, [formula.tree for formula in model.accepted], model.variables)
    return _outcome(judged, reading, " or ".join(to_text(formula.tree) for formula in model.accepted))


def mark_formula(question: Question, answer: Answer, problem: Problem) -> Outcome:
    """A formula over the network's quantities, compared with what is asked for at numbers drawn afresh."""
    task = question.task
    assert isinstance(task, Ask)
    assert task.form is not None
    world = asked_world(question, problem.world)
    axes = {name: len(world.graph.nodes[number].shape) for name, number in world.graph.names.items()}
    axes |= {name: value.ndim for name, value in world.named.items()}
    if world.graph.loss is not None:
        axes.setdefault("loss", 0)
    reading = _read(answer, set(axes), axes)
    _allowed(reading.tree, task.form.within, axes)
    asked = task.formula

    def expected(there: World) -> Array:
        return np.asarray(evaluate(asked.tree, there, asked.written.part))

    worlds = problem.drawn if world is problem.world else drawn(world)
    judged = equivalent_in_network(reading.tree, expected, worlds, task.form)
    outcome = _outcome(judged, reading, None)
    if outcome.verdict != "wrong":
        return outcome
    return _diagnosed(outcome, question, reading.tree, world, problem)


def _diagnosed(outcome: Outcome, question: Question, tree: Tree, world: World, problem: Problem) -> Outcome:
    """The outcome with the mistake that gives the formula's value at the file's numbers."""
    target = problem.targets.get(question.id)
    if target is None or target.kind != "grad" or target.items:
        return outcome
    try:
        value = np.asarray(evaluate(tree, world))
    except HomeworkError:
        return outcome  # that it cannot be computed is what it was found wrong for
    if value.shape != problem.expected[question.id].value.shape:
        return outcome
    units = 1e-9 * np.abs(value) + 1e-12 * np.max(np.abs(value), initial=0.0)
    found = of_array(problem, world, target.name, value, units)
    if not found:
        return outcome
    sentences = " Or: ".join(text for _, text in found[:3] if text)
    diagnosis = found[0][0] if len(found) == 1 else None
    return replace(outcome, feedback=f"{outcome.feedback} {sentences}", diagnosis=diagnosis)


def _read(answer: Answer, names: set[str], axes: dict[str, int]) -> Reading:
    text = answer.text
    if not text.strip():
        raise AnswerError("a formula is asked for")
    try:
        return parse_answer(text, names, axes)
    except LanguageError as error:
        raise AnswerError(error.message + (f"; {error.help}" if error.help else "")) from None


def _allowed(tree: Tree, within: tuple[str, ...] | None, known: dict[str, int]) -> None:
    """Raises AnswerError for names that the question does not allow, and for slopes: they are what is asked for."""
    if uses_functions(tree):
        raise AnswerError("the answer may not use grad, jacobian, hessian, step, shape, size or count")
    for name in names_in(tree):
        if within is not None and name.name not in within and name.name not in CONSTANTS:
            raise AnswerError(f"`{name.name}` may not stand in this answer; allowed are {', '.join(within)}")
        if name.name not in known and name.name not in CONSTANTS:
            raise AnswerError(f"`{name.name}` is no quantity of the network")


def _outcome(judged: Judgement, reading: Reading, expected: str | None) -> Outcome:
    """The judgement in words that do not tell the expected value."""
    remarks = " ".join(_sentence(remark) for remark in (*reading.remarks, *judged.remarks))
    if judged.verdict == "equal":
        return Outcome("correct", Fraction(1), f"Right. {remarks}".strip(), expected=expected)
    if judged.verdict == "undecided":
        text = f"This could not be decided, and is left to the instructor: {judged.how}. {remarks}"
        return Outcome("undecided", feedback=text.strip(), expected=expected)
    why = judged.how if judged.counterexample is None else judged.counterexample.hidden
    return Outcome("wrong", feedback=f"Wrong: {why}. {remarks}".strip(), expected=expected)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
