"""A right step after a wrong one: a question's value recomputed with the student's own earlier answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.errors import HomeworkError
from dlcli.language.tree import Call, Index, Name, Tree
from dlcli.ops.operation import Array
from dlcli.questions.evaluation import evaluate
from dlcli.questions.expected import asked_world
from dlcli.questions.records import Ask, Question
from dlcli.questions.world import World

NUDGE = 1e-4  # relative change of numbers that shows whether a value depends on them


@dataclass(frozen=True)
class Earlier:
    """An earlier answer: the question, the student's numbers in its shape (nan where there is none), whether they are
    right."""

    question: Question
    value: Array
    right: bool


@dataclass(frozen=True)
class Followed:
    """A question's value recomputed. source: the ids of the wrong answers that it follows from."""

    value: Array
    source: tuple[str, ...]


def recomputed(question: Question, world: World, earlier: Sequence[Earlier], true: Array) -> Iterator[Followed]:
    """What the question expects of a student with these earlier answers: with all of them, then with each wrong one.

    Values that no longer depend on what the question tests are left out: where the slip makes 0 of what is not 0, or
    where nothing that is varied changes them although it changes the true value.
    """
    wrong = [e for e in earlier if not e.right]
    if not wrong:
        return
    choices = [list(earlier)] + [[e] for e in wrong] if len(earlier) > 1 else [wrong]
    for chosen in choices:
        held = _holding(world, chosen)
        if held is None:
            continue
        value = _value(question, held)
        if value is None or value.shape != true.shape or np.array_equal(value, true):
            continue
        kept = np.where(_trivial(question, world, held, value, true), np.nan, value)
        if np.isfinite(kept).any():
            yield Followed(kept, tuple(e.question.id for e in chosen if not e.right))


def _holding(world: World, earlier: Sequence[Earlier]) -> World | None:
    """The world in which the answers hold in place of what the network gives; None where none of them can be held."""
    held: dict[str, Array] = {}
    slopes: dict[str, Array] = {}
    named: dict[str, Array] = {}
    for answer in earlier:
        task = answer.question.task
        if answer.question.name is not None and not np.isnan(answer.value).any():
            named[answer.question.name] = answer.value
        target = None if not isinstance(task, Ask) or task.replaced else _target(task.formula.tree)
        if target is None:
            continue
        name, slope, items = target
        if not slope and (
            name not in world.graph.names or world.graph.nodes[world.graph.names[name]].operation is None
        ):
            continue
        if slope and (name not in world.graph.names or world.graph.loss is None):
            continue
        store = slopes if slope else held
        whole = np.array(store.get(name, world.slope(name) if slope else world.value(name)))
        part = whole[items] if items else whole
        if np.shape(part) != answer.value.shape:
            continue
        filled = np.where(np.isnan(answer.value), part, answer.value)
        if items:
            whole[items] = filled
        else:
            whole = np.asarray(filled)
        store[name] = whole
    if not held and not slopes and not named:
        return None
    return replace(world, held=held, slopes=slopes, named={**world.named, **named})


def _can_be_held(world: World, name: str, slope: bool) -> bool:
    """A computed quantity, or the slope of any quantity of the network."""
    if name not in world.graph.names:
        return False
    return world.graph.loss is not None if slope else world.graph.nodes[world.graph.names[name]].operation is not None


def _target(tree: Tree) -> tuple[str, bool, tuple[int, ...]] | None:
    """The quantity, whether its slope is meant, and the entry, of an expression that can be held."""
    items: tuple[int, ...] = ()
    if isinstance(tree, Index):
        from dlcli.questions.expected import whole_index

        found = tuple(whole_index(item) for item in tree.items)
        if any(item is None for item in found):
            return None
        items, tree = tuple(item for item in found if item is not None), tree.operand
    if isinstance(tree, Name):
        return tree.name, False, items
    if isinstance(tree, Call) and tree.name == "grad" and len(tree.arguments) == 1:
        argument = tree.arguments[0]
        return (argument.name, True, items) if isinstance(argument, Name) else None
    return None


def _value(question: Question, world: World) -> Array | None:
    assert isinstance(question.task, Ask)
    try:
        value = evaluate(question.task.formula.tree, asked_world(question, world))
    except (HomeworkError, KeyError):
        return None
    return value if np.isfinite(value).all() else None


def _trivial(question: Question, world: World, held: World, value: Array, true: Array) -> Array:
    """Where the recomputed value tests nothing: it is 0 and the true one is not, or nothing moves it."""
    erased = (value == 0) & (true != 0)
    moved = _value(question, _nudged(held))
    true_moved = _value(question, _nudged(world))
    if moved is None or true_moved is None:
        return np.asarray(erased)
    return np.asarray(erased | ((moved == value) & (true_moved != true)))


def _nudged(world: World) -> World:
    """The world with all numbers, also those that are held, a little larger in size."""

    def larger(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {name: array * (1 + NUDGE * (1 + k % 7)) for k, (name, array) in enumerate(sorted(arrays.items()))}

    roles = ("input", "weight", "bias")
    leaves = {
        name: world.graph.values[number]
        for name, number in world.graph.names.items()
        if world.graph.nodes[number].operation is None and world.graph.nodes[number].role in roles
    }
    nudged = world.with_values(larger(leaves))
    return replace(nudged, held=larger(world.held), slopes=larger(world.slopes), named=larger(world.named))
