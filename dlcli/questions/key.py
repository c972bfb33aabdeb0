"""The key of a homework: the right answer of every question that asks for a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dlcli.errors import Diagnostic, HomeworkError, did_you_mean
from dlcli.graph import Graph
from dlcli.language import names_in
from dlcli.language.tree import Name
from dlcli.lowering import Lowered
from dlcli.questions.evaluation import evaluate
from dlcli.questions.expected import Exact, Expected, asked_world, expected_value
from dlcli.questions.reading import read_all
from dlcli.questions.records import Ask, Give, Question, Questions
from dlcli.questions.world import World


@dataclass(frozen=True)
class Key:
    """questions: of the file; world: its numbers, with the names that questions gave to values; expected: question id
    -> the right value, in the order of the file."""

    questions: Questions
    world: World
    expected: Mapping[str, Expected]


def answer_key(lowered: Lowered, graph: Graph, exact: Exact | None = None) -> Key:
    """The key of a homework, empty where it asks nothing.

    exact: closed forms of values and gradients, where they are known. Raises HomeworkError with the errors of all
    questions: what their keys say (E1xx, E3xx, E40x), and what their expressions cannot mean (E103, E2xx, E405, E406).
    """
    questions = read_all(lowered.spec)
    world = World(lowered, graph)
    expected: dict[str, Expected] = {}
    errors: list[Diagnostic] = []
    for question in questions.questions:
        errors += _names_that_are_missing(question, graph)
        if not isinstance(question.task, Ask):
            continue
        try:
            found = expected_value(question, world, exact)
        except HomeworkError as error:
            errors += error.diagnostics
            continue
        expected[question.id] = found
        if question.name is not None:
            if question.name in graph.names:
                message = f"question {question.id} calls its value `{question.name}`, as a quantity is called"
                errors.append(Diagnostic("E104", message, question.place, help="take another name"))
            world = replace(world, named={**world.named, question.name: found.value})
    if errors:
        raise HomeworkError(*errors)
    return Key(questions, world, expected)


def with_names(world: World, questions: Questions) -> World:
    """The world with the values that questions give a name, at its own numbers."""
    for question in questions.questions:
        if question.name is None or not isinstance(question.task, Ask):
            continue
        value = evaluate(question.task.formula.tree, asked_world(question, world), question.task.formula.written.part)
        world = replace(world, named={**world.named, question.name: value})
    return world


def _names_that_are_missing(question: Question, graph: Graph) -> list[Diagnostic]:
    """Weights that `give` names and the network has not, and names that a form may not use."""
    task = question.task
    found: list[Diagnostic] = []
    if isinstance(task, Give):
        found += [
            _unknown(name, question, graph)
            for name in task.weights
            if name not in graph.names or graph.nodes[graph.names[name]].operation is not None
        ]
        used = names_in(task.check.tree)
        found += [
            Diagnostic("E103", f"unknown name `{name.name}`", task.check.place(name), help=_near(name.name, graph))
            for name in used
            if isinstance(name, Name) and name.name not in graph.names and name.name not in ("loss", "pi", "e", "inf")
        ]
    if isinstance(task, Ask) and task.form is not None:
        found += [_unknown(name, question, graph) for name in task.form.within or () if name not in graph.names]
    return found


def _unknown(name: str, question: Question, graph: Graph) -> Diagnostic:
    message = f"question {question.id} names `{name}`, which is no quantity that it could mean"
    return Diagnostic("E103", message, question.place, help=_near(name, graph))


def _near(name: str, graph: Graph) -> str:
    return did_you_mean(name, list(graph.names)) or "known: " + ", ".join(graph.names)
