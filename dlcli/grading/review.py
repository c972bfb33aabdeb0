"""What an instructor should know of a homework before anyone is graded: questions whose answers are ambiguous."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.grading.diagnosing import OF_CODE, context_of
from dlcli.grading.homework import Homework
from dlcli.grading.problem import Problem
from dlcli.grading.targets import Target
from dlcli.grading.tolerances import CLOSE, NEAR_ZERO, allowed, combined
from dlcli.mistakes import Context, Search, generic_point, moved_to
from dlcli.ops.operation import Array
from dlcli.questions.expected import Expected
from dlcli.questions.records import Ask, Question, Tolerance
from dlcli.questions.witnesses import witnessed

FEW_DIGITS = 1e-3  # relative: mistakes nearer than this need more digits than most students write


@dataclass(frozen=True)
class Remark:
    """One thing about one question. kind: "witness" (its value is not confirmed), "zero", "same" (as another
    question's), "mistake" (a classic mistake gives the same), "near" (nearly the same)."""

    question: str
    kind: str
    text: str


def review(homework: Homework) -> tuple[Remark, ...]:
    """All remarks, in the order of the questions."""
    return tuple(remark for problem in homework.problems for remark in _remarks(problem))


def _remarks(problem: Problem) -> Iterator[Remark]:
    earlier: list[tuple[str, Expected]] = []
    for question in problem.questions.questions:
        expected = problem.expected.get(question.id)
        if expected is None:
            continue
        yield from _witnesses(question, problem)
        yield from _zeros(question, expected)
        if not expected.zero.all():
            yield from _mistakes(question, expected, problem)
        if isinstance(question.task, Ask) and question.task.form is None:
            yield from _same(question, expected, earlier)
            earlier.append((question.id, expected))


def _witnesses(question: Question, problem: Problem) -> Iterator[Remark]:
    for item in witnessed(question, problem.world):
        if item.verdict not in ("pass", "kink"):
            yield Remark(question.id, "witness", f"{item.text} is not confirmed by all witnesses: {item.verdict}")


def _zeros(question: Question, expected: Expected) -> Iterator[Remark]:
    if expected.kind == "number" and expected.value.size and expected.zero.all():
        yield Remark(question.id, "zero", "the right answer is 0, which is also what a student gets who does nothing")


def _same(question: Question, expected: Expected, earlier: list[tuple[str, Expected]]) -> Iterator[Remark]:
    for other, value in earlier:
        same = value.kind == expected.kind == "number" and value.value.shape == expected.value.shape
        if same and expected.value.any() and np.allclose(value.value, expected.value, rtol=CLOSE, atol=0):
            yield Remark(question.id, "same", f"question {other} has the same answer")


def _mistakes(question: Question, expected: Expected, problem: Problem) -> Iterator[Remark]:
    """Mistakes of the catalogue that give the right answer, or one within its tolerance."""
    target = problem.targets.get(question.id)
    if target is None or target.kind != "grad" or expected.value.shape == (0,):
        return
    world = problem.world
    tolerance = combined(question.tolerance, problem.questions.grading.tolerance)
    context = context_of(problem, world)
    if target.name not in context.clean.gradients:
        return
    whole = context.clean.gradients[target.name]
    right = whole[target.items] if target.items else whole
    if np.shape(right) != expected.value.shape or not np.allclose(right, expected.value, rtol=1e-6):
        return
    moving = _moving(_elsewhere(context), target)
    hidden, near = dict.fromkeys(sorted(moving)), dict[str, None]()
    for name, gap in _gaps(context, target, right):
        if not np.all(gap <= _allowed(expected, tolerance)):
            hidden.pop(name, None)
            if np.all(gap <= FEW_DIGITS * np.abs(right)):
                near[name] = None
    if hidden:
        yield Remark(question.id, "mistake", f"classic mistakes give the same answer: {', '.join(hidden)}")
    if near:
        yield Remark(question.id, "near", f"it takes more than three digits to tell apart: {', '.join(near)}")


def _gaps(context: Context, target: Target, right: Array) -> Iterator[tuple[str, Array]]:
    """How far each mistake that a person may make is from the right answer: (id, one gap an entry)."""
    for candidate in Search(context, (target.name,)).candidates():
        if candidate.row.id not in OF_CODE:
            wrong = candidate.gradients[target.name]
            yield candidate.row.id, np.abs(np.asarray(wrong[target.items] if target.items else wrong) - right)


def _elsewhere(context: Context) -> Context:
    """The same network at generic numbers; at its own where no others lie in the domains."""
    point = generic_point(context.graph, 0)
    if point is None:
        return context
    moved = moved_to(context.graph, point)
    return Context(moved, forward(moved), context.learning_rate)


def _moving(context: Context, target: Target) -> set[str]:
    """The mistakes that change what is asked for."""
    whole = context.clean.gradients[target.name]
    right = np.asarray(whole[target.items] if target.items else whole)
    return {name for name, gap in _gaps(context, target, right) if np.any(gap > CLOSE * np.abs(right))}


def _allowed(expected: Expected, tolerance: Tolerance) -> Array:
    """How far each entry may be off and still be right."""
    if tolerance == Tolerance():
        return np.asarray(np.maximum(CLOSE * np.abs(expected.value), NEAR_ZERO * expected.scale))
    pairs = zip(expected.value.reshape(-1), expected.scale.reshape(-1), strict=True)
    flat = [allowed(float(value), float(scale), tolerance) for value, scale in pairs]
    return np.array(flat).reshape(expected.value.shape)
