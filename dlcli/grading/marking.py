"""One student's sheet marked: each question by what it asks for, with follow-through and diagnosis of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from dlcli.answers.records import Answer, Sheet
from dlcli.grading.answer_arrays import AnswerError
from dlcli.grading.code_answers import mark_code
from dlcli.grading.diagnosing import diagnoses, is_ambiguous
from dlcli.grading.follow_through import Earlier, Followed
from dlcli.grading.formula_answers import mark_formula, mark_model, numbers_of
from dlcli.grading.homework import Homework
from dlcli.grading.numbers_given import Given, read_given
from dlcli.grading.other_answers import mark_choice, mark_give, mark_shape
from dlcli.grading.outcome import Outcome
from dlcli.grading.problem import Problem
from dlcli.grading.records import Graded, Mark, Verdict
from dlcli.grading.tolerances import CLOSE, Nearness, Written, combined, nearness
from dlcli.grading.value_marks import Judged, entry_names, judge_count, judge_numbers
from dlcli.ops.operation import Array
from dlcli.questions.expected import Expected, shown_value
from dlcli.questions.records import Ask, Choice, Code, Give, Manual, Model, Question, Tolerance

Index = tuple[int, ...]


@dataclass
class _Marking:
    """One sheet on its way: the earlier answers that later ones may follow from."""

    problem: Problem
    sheet: Sheet
    folder: Path | None
    reveal: bool
    earlier: list[Earlier] = field(default_factory=list)


def mark_sheet(homework: Homework, sheet: Sheet, folder: Path | None = None, *, reveal: bool = True) -> Graded:
    """The marks of one sheet.

    folder: where the files of code lie that it names; None refuses them. reveal: marks hold the expected values.
    """
    if sheet.error is not None:
        return Graded(sheet.student, sheet.file, "error", (), homework.full_marks, sheet.error, sheet.remarks)
    marks = tuple(mark for problem in homework.problems for mark in _marks(_Marking(problem, sheet, folder, reveal)))
    return Graded(sheet.student, sheet.file, "graded", marks, homework.full_marks, None, sheet.remarks)


def _marks(marking: _Marking) -> Iterator[Mark]:
    for question in marking.problem.questions.questions:
        yield _mark(question, marking)


def _mark(question: Question, marking: _Marking) -> Mark:
    answer = marking.sheet.answers.get(question.id)
    if isinstance(question.task, Manual):
        outcome = Outcome("undecided", feedback="This answer is marked by hand.")
    elif answer is None or _is_empty(answer):
        outcome = Outcome("missing", feedback="There is no answer.")
    elif answer.invalid is not None:
        outcome = Outcome("invalid", feedback=_sentence(answer.invalid))
    else:
        try:
            outcome = _judged(question, answer, marking)
        except AnswerError as error:
            outcome = Outcome("invalid", feedback=_sentence(str(error)))
    expected = outcome.expected or marking.problem.shown.get(question.id) if marking.reveal else None
    return Mark(
        id=question.id,
        verdict=outcome.verdict,
        points=outcome.share * question.points,
        max_points=question.points,
        given=None if answer is None else shown_answer(answer),
        expected=expected,
        feedback=outcome.feedback,
        diagnosis=outcome.diagnosis,
        bonus=question.bonus,
        line=0 if answer is None else answer.line,
        column=0 if answer is None else answer.column,
    )


def _judged(question: Question, answer: Answer, marking: _Marking) -> Outcome:
    problem = marking.problem
    match question.task:
        case Ask(form=None) if problem.expected[question.id].kind == "shape":
            return mark_shape(answer, problem.expected[question.id], problem.checked.spec.convention)
        case Ask(form=None):
            return _value(question, answer, marking)
        case Ask():
            return mark_formula(question, answer, problem)
        case Model() as model:
            numbers = numbers_of(model, problem.world)
            return _number(question, answer, numbers, problem) if numbers else mark_model(model, answer)
        case Choice() as choice:
            return mark_choice(choice, answer, problem.questions.grading.choice)
        case Give() as give:
            return mark_give(give, answer, problem)
        case Code() as code:
            return mark_code(code, answer, problem, marking.folder)
        case _:
            raise AssertionError("every kind of question is marked")


def _number(question: Question, answer: Answer, numbers: tuple[Expected, ...], problem: Problem) -> Outcome:
    """A model answer that is a number or an array of them: judged like any value; the best of those accepted counts."""
    tolerance = combined(question.tolerance, problem.questions.grading.tolerance)
    outcomes = []
    for expected in numbers:
        given = read_given(answer, expected.value.shape, problem.checked.spec.index_base, problem.numbers)
        judged = judge_numbers(given, expected, tolerance, lambda _place, _number: False)
        if len(judged.right) == judged.total:
            outcome = Outcome("correct", Fraction(1), _sentences("right", *judged.remarks))
        else:
            outcome = _outcome(judged, (), (), judged.wrong, {}, problem)
        outcomes.append(replace(outcome, expected=shown_value(expected)))
    return max(outcomes, key=lambda outcome: outcome.share)


def _value(question: Question, answer: Answer, marking: _Marking) -> Outcome:
    problem = marking.problem
    expected = problem.expected[question.id]
    grading = problem.questions.grading
    tolerance = combined(question.tolerance, grading.tolerance)
    given = read_given(answer, expected.value.shape, problem.checked.spec.index_base, problem.numbers)
    if expected.kind == "count":
        judged = judge_count(given, expected)
    else:
        judged = judge_numbers(
            given, expected, tolerance, lambda place, number: is_ambiguous(question, place, number, problem)
        )
    marking.earlier.append(_earlier(question, given, judged, expected))
    if len(judged.right) == judged.total:
        return Outcome("correct", Fraction(1), _sentences("right", *judged.remarks))
    followed, source = ((), ()) if expected.kind == "count" else _followed(question, given, judged, marking)
    left = tuple(place for place in judged.wrong if place not in followed)
    fitted = given
    if given.shape is not None and given.shape != expected.value.shape:
        fitted = (
            given.reshaped(expected.value.shape)
            if len(given.entries) == expected.value.size
            else replace(given, entries={})
        )
    explained = diagnoses(question, fitted.entries, left, problem)
    return _outcome(judged, followed, source, left, explained, problem)


def _outcome(
    judged: Judged,
    followed: tuple[Index, ...],
    source: tuple[str, ...],
    wrong: tuple[Index, ...],
    explained: Mapping[Index, tuple[tuple[str, str], ...]],
    problem: Problem,
) -> Outcome:
    """The verdict, the share of the points and the sentences of an array of which not every entry is right."""
    grading = problem.questions.grading
    total = Fraction(max(judged.total, 1))
    share = (len(judged.right) + grading.follow_through * len(followed)) / total
    base = problem.checked.spec.index_base
    single = judged.total == 1
    named = {place: found for place, found in explained.items() if found}
    ids = {found[0][0] for found in named.values() if len(found) == 1}
    readable = bool(wrong) and not judged.invalid
    diagnosis = ids.pop() if len(ids) == 1 and len(named) == len(wrong) and readable else None
    if diagnosis is not None and not followed:
        share += grading.diagnosed * len(wrong) / total
    sentences = list(judged.remarks)
    if followed:
        what = "" if single else f" at {entry_names(followed, base)}"
        sentences.insert(0, f"wrong, but it follows from your answer to {_listed(source)}{what}")
    if wrong:
        sentences.insert(0, "wrong" if single else f"wrong at {entry_names(wrong, base)}")
        sentences += list(dict.fromkeys(text for found in named.values() for text in _said(found)))[:3]
    if judged.undecided:
        what = "" if single else f" at {entry_names(judged.undecided, base)}"
        sentences.append(f"give more digits{what}: with so few, a classic mistake gives the same number")
    if judged.missing:
        sentences.append("there is no answer" if single else f"no answer at {entry_names(judged.missing, base)}")
    for place, why in list(judged.invalid.items())[:3]:
        sentences.append(f"cannot be read: {why}" if single else f"{entry_names((place,), base)} cannot be read: {why}")
    return Outcome(_verdict(judged, followed, wrong), min(share, Fraction(1)), _sentences(*sentences), diagnosis)


def _verdict(judged: Judged, followed: tuple[Index, ...], wrong: tuple[Index, ...]) -> Verdict:
    if followed and not wrong and not judged.missing and not judged.invalid and not judged.undecided:
        return "follow_through"
    if judged.right or followed:
        return "partial"
    if judged.invalid:
        return "invalid"
    if wrong:
        return "wrong"
    if judged.undecided:
        return "undecided"
    return "missing"


def _said(found: tuple[tuple[str, str], ...]) -> list[str]:
    """The sentences of one wrong number's diagnoses, as one."""
    if not found:
        return []
    first, *others = (text for _, text in found if text)
    return [first + "".join(f" Or: {text}" for text in others[:2])]


def _placed(given: Given, expected: Expected) -> Mapping[Index, Written]:
    """The numbers by their entry of the expected array: in its shape, up to axes of size 1, or a flat list of it."""
    wanted = expected.value.shape
    if given.shape is None or given.shape == wanted:
        return given.entries
    alike = [n for n in given.shape if n != 1] == [n for n in wanted if n != 1]
    if alike or given.shape == (expected.value.size,):
        return given.reshaped(wanted).entries
    return {}


def _earlier(question: Question, given: Given, judged: Judged, expected: Expected) -> Earlier:
    """The answer as later questions may follow from it."""
    value = np.full(expected.value.shape, np.nan)
    for place, number in _placed(given, expected).items():
        value[place] = number.value
    return Earlier(question, value, len(judged.right) == judged.total)


def _followed(
    question: Question, given: Given, judged: Judged, marking: _Marking
) -> tuple[tuple[Index, ...], tuple[str, ...]]:
    """The wrong entries that follow from earlier wrong answers, and from which."""
    problem = marking.problem
    sources = problem.sources[question.id]
    before = [e for e in marking.earlier if e.question.id in sources]
    if not judged.wrong or not problem.questions.grading.follow_through or all(e.right for e in before):
        return (), ()
    expected = problem.expected[question.id]
    entries = _placed(given, expected)
    tolerance = combined(question.tolerance, problem.questions.grading.tolerance)
    best: tuple[tuple[Index, ...], tuple[str, ...]] = ((), ())
    wrong = tuple(place for place in judged.wrong if place in entries)
    for candidate in problem.recomputations.with_answers(question, before, expected.value):
        found = _near(candidate.value, wrong, entries, expected, tolerance)
        if len(found) > len(best[0]):  # what it tells is looked at only then: that takes many evaluations
            found = tuple(
                place
                for place in _near(candidate.telling, found, entries, expected, tolerance)
                if not _copied(entries[place], float(expected.value[place]), candidate, before, problem)
            )
        if len(found) > len(best[0]):
            best = (found, candidate.source)
    return best


def _near(
    value: Array, places: tuple[Index, ...], entries: Mapping[Index, Written], expected: Expected, tolerance: Tolerance
) -> tuple[Index, ...]:
    """Which of the places hold the number of a recomputed value that is not the true one."""
    scale = float(np.max(np.abs(value[np.isfinite(value)]), initial=1e-300))
    return tuple(
        place
        for place in places
        if np.isfinite(value[place])
        and value[place] != expected.value[place]
        and nearness(entries[place], float(value[place]), scale, tolerance) is not Nearness.FAR
    )


def _copied(number: Written, true: float, candidate: Followed, before: list[Earlier], problem: Problem) -> bool:
    """Whether the number is the one wrong answer that it would follow from, written again, where the true values
    differ."""
    for answer in before:
        truth = problem.expected[answer.question.id].value
        if candidate.source != (answer.question.id,) or answer.value.shape != () or truth.shape != ():
            continue
        same = abs(float(truth) - true) <= CLOSE * abs(true)
        if number.value == float(answer.value) and not same:
            return True
    return False


def _is_empty(answer: Answer) -> bool:
    if answer.text.strip() or answer.items is not None or answer.file is not None or answer.invalid is not None:
        return False
    return not answer.fields and all(_is_empty(entry) for entry in answer.entries.values())


def shown_answer(answer: Answer) -> str:
    """The answer as it was written."""
    if answer.entries and not answer.text:
        return ", ".join(f"[{','.join(map(str, i))}]: {a.text}" for i, a in answer.entries.items())
    return answer.text


def _listed(names: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def _sentences(*texts: str) -> str:
    return " ".join(_sentence(text) for text in dict.fromkeys(texts) if text)


def with_marks(graded: Graded, points: Mapping[str, Fraction]) -> Graded:
    """The marks with points that were given by hand. Points lie between 0 and the question's."""
    marks = []
    for mark in graded.marks:
        if mark.id in points:
            share = min(max(points[mark.id], Fraction(0)), mark.max_points)
            verdict: Verdict = "correct" if share == mark.max_points else "partial" if share else "wrong"
            mark = replace(mark, points=share, verdict=verdict, feedback="Marked by hand.")
        marks.append(mark)
    return replace(graded, marks=tuple(marks))
