"""One network with its questions made ready for grading: the right answers, the world they are asked in."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dlcli.engines.evaluation import forward
from dlcli.engines.symbolic import exact_sweep
from dlcli.equivalence import Drawn, drawn
from dlcli.fusion import fuse
from dlcli.grading.follow_through import Recomputations, can_follow
from dlcli.grading.targets import Target, asked_slopes, target_of
from dlcli.mistakes import Context
from dlcli.questions.expected import Exact, Expected, shown_value
from dlcli.questions.key import Key, answer_key, with_names
from dlcli.questions.records import Grading, Questions
from dlcli.questions.world import World
from dlcli.solving import Checked, check_spec
from dlcli.spec.records import Spec

MOST_NUMBERS = 10_000


@dataclass(frozen=True)
class Problem:
    """What answers are marked against: a homework, or one problem of an exam."""

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

    @cached_property
    def targets(self) -> Mapping[str, Target | None]:
        """What each question that expects a value asks for."""
        return {
            question.id: target_of(question, self.expected[question.id], self.world)
            for question in self.questions.questions
            if question.id in self.expected
        }

    @cached_property
    def numbers(self) -> frozenset[float] | None:
        """The sizes of all numbers that the file gives; None where they are more than MOST_NUMBERS."""
        graph, optimizer = self.world.graph, self.checked.spec.optimizer
        arrays = list(graph.values.values())
        if sum(array.size for array in arrays) > MOST_NUMBERS:
            return None
        settings = () if optimizer is None else optimizer.settings.values()
        return frozenset(abs(float(x)) for x in (*settings, *(x for array in arrays for x in array.reshape(-1))))

    @cached_property
    def sources(self) -> Mapping[str, frozenset[str]]:
        """Question id -> the earlier questions whose answers its own may follow from."""
        asked = [question for question in self.questions.questions if question.id in self.expected]
        return {
            question.id: frozenset(e.id for e in asked[:place] if can_follow(question, e, self.world))
            for place, question in enumerate(asked)
        }

    @cached_property
    def recomputations(self) -> Recomputations:
        """What questions expect of students with wrong earlier answers."""
        return Recomputations(self.world)

    @cached_property
    def explanations(self) -> dict[Hashable, Any]:
        """What explains wrong answers, as far as it has been looked for; `diagnosing` fills it."""
        return {}

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """The expected values as texts, for those who may see them."""
        return {name: shown_value(expected) for name, expected in self.expected.items()}

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


def prepared(spec: Spec, grading: Grading | None = None) -> Problem:
    """The problem of a homework that has been read. grading: what holds where it has no `grading` of its own.

    Raises HomeworkError.
    """
    checked = check_spec(spec)
    found = exact_sweep(fuse(checked.graph))
    key = answer_key(checked.lowered, checked.graph, Exact(found.values, found.gradients))
    if grading is not None and "grading" not in spec.extra:
        key = replace(key, questions=replace(key.questions, grading=grading))
    return Problem(checked, key)
