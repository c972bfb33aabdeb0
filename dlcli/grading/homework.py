"""A homework made ready for grading: its questions, their right answers, the world they are asked in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dlcli.errors import Diagnostic, HomeworkError, Source
from dlcli.questions.expected import Exact, Expected, expected_value
from dlcli.questions.reading import read_all
from dlcli.questions.records import Ask, Question, Questions
from dlcli.questions.world import World
from dlcli.solving import Checked, PathLike, check_spec
from dlcli.spec import load as load_spec
from dlcli.spec import read_source


@dataclass(frozen=True)
class Homework:
    """What answers are marked against.

    name: of the file; hash: of its text, 16 hexadecimal digits; expected: the value of each question that asks for
    one. world: the file's numbers, with the names that questions gave to values.
    """

    name: str
    hash: str
    checked: Checked
    questions: Questions
    world: World
    expected: Mapping[str, Expected]

    @property
    def full_marks(self) -> Fraction:
        return self.questions.full_marks

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(question.id for question in self.questions.questions)


def prepare(path: PathLike) -> Homework:
    """The homework in a file, ready for grading. Raises HomeworkError where it cannot be used or asks nothing."""
    return prepare_source(read_source(path), None if str(path) == "-" else Path(path).resolve().parent)


def prepare_source(source: Source, folder: Path | None) -> Homework:
    """As `prepare`, of a text that has been read. folder: where its value files lie."""
    spec = load_spec(source, folder)
    questions = read_all(spec)
    if not questions.questions:
        message = f"{source.name} asks no questions, so there is nothing to grade"
        raise HomeworkError(Diagnostic("E407", message, file=source.name, help="add `questions:`"))
    checked = check_spec(spec)
    world, expected = answers_key(checked, questions)
    digest = hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Homework(source.name, digest, checked, questions, world, expected)


def answers_key(checked: Checked, questions: Questions) -> tuple[World, dict[str, Expected]]:
    """The world with all named values, and the value of each question that asks for one.

    Raises HomeworkError with the errors of all questions.
    """
    world = World(checked.lowered, checked.graph)
    exact = _exact(checked)
    expected: dict[str, Expected] = {}
    errors: list[Diagnostic] = []
    for question in questions.questions:
        if not isinstance(question.task, Ask):
            continue
        try:
            found = expected_value(question, world, exact)
        except HomeworkError as error:
            errors += error.diagnostics
            continue
        expected[question.id] = found
        if question.name is not None:
            world = _named(world, question, found)
    if errors:
        raise HomeworkError(*errors)
    return world, expected


def _named(world: World, question: Question, found: Expected) -> World:
    from dataclasses import replace

    name = question.name or ""
    if name in world.graph.names:
        message = f"question {question.id} calls its value `{name}`, but the network has a quantity of this name"
        raise HomeworkError(Diagnostic("E104", message, question.place, help="take another name"))
    return replace(world, named={**world.named, name: found.value})


def _exact(checked: Checked) -> Exact:
    """Closed forms, where the network is small."""
    from dlcli.engines.symbolic import exact_sweep
    from dlcli.fusion import fuse

    found = exact_sweep(fuse(checked.graph))
    return Exact(found.values, found.gradients)
