"""A homework made ready for grading: its questions, their right answers, the world they are asked in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from dlcli.engines.evaluation import forward
from dlcli.engines.symbolic import exact_sweep
from dlcli.equivalence import Drawn, drawn
from dlcli.errors import Diagnostic, HomeworkError, Source
from dlcli.fusion import fuse
from dlcli.grading.targets import Target, asked_slopes, target_of
from dlcli.mistakes import Context
from dlcli.questions.expected import Exact, Expected
from dlcli.questions.key import Key, answer_key, with_names
from dlcli.questions.records import Questions
from dlcli.questions.world import World
from dlcli.solving import Checked, PathLike, check_spec
from dlcli.spec import load as load_spec
from dlcli.spec import read_source


@dataclass(frozen=True)
class Homework:
    """What answers are marked against. name: of the file; hash: of its text, 16 hexadecimal digits."""

    name: str
    hash: str
    checked: Checked
    key: Key

    @property
    def questions(self) -> Questions:
        return self.key.questions

    @property
    def world(self) -> World:
        return self.key.world

    @property
    def expected(self) -> Mapping[str, Expected]:
        return self.key.expected

    @property
    def full_marks(self) -> Fraction:
        return self.questions.full_marks

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(question.id for question in self.questions.questions)

    @cached_property
    def targets(self) -> Mapping[str, Target | None]:
        """What each question that expects a value asks for."""
        return {
            question.id: target_of(question, self.expected[question.id], self.world)
            for question in self.questions.questions
            if question.id in self.expected
        }

    @cached_property
    def drawn(self) -> Drawn:
        """Numbers drawn afresh, at which formulas are compared, with the values there that questions named."""
        found = drawn(self.world)
        again = [tuple(with_names(world, self.questions) for world in worlds) for worlds in (found.near, found.far)]
        return Drawn(found.here, *again)

    @cached_property
    def context(self) -> Context:
        """The network as the catalogue of mistakes takes it; wrong gradients are kept with it."""
        graph, optimizer = self.world.graph, self.checked.spec.optimizer
        wrt = tuple(dict.fromkeys((*graph.wrt, *asked_slopes(self.targets))))
        graph = replace(graph, wrt=wrt)
        rate = None if optimizer is None else optimizer.settings.get("learning_rate")
        return Context(graph, forward(graph), rate)


def prepare(path: PathLike) -> Homework:
    """The homework in a file, ready for grading. Raises HomeworkError where it cannot be used or asks nothing."""
    return prepare_source(read_source(path), None if str(path) == "-" else Path(path).resolve().parent)


def prepare_source(source: Source, folder: Path | None) -> Homework:
    """As `prepare`, of a text that has been read. folder: where its value files lie."""
    checked = check_spec(load_spec(source, folder))
    found = exact_sweep(fuse(checked.graph))
    key = answer_key(checked.lowered, checked.graph, Exact(found.values, found.gradients))
    if not key.questions.questions:
        message = f"{source.name} asks no questions, so there is nothing to grade"
        raise HomeworkError(Diagnostic("E407", message, file=source.name, help="add `questions:`"))
    digest = hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return Homework(source.name, digest, checked, key)
