"""A right step after a wrong one: a question's value recomputed with the student's own earlier answers."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from dlcli.engines.evaluation import ancestors
from dlcli.errors import HomeworkError
from dlcli.graph import Graph
from dlcli.language.traversal import walk
from dlcli.language.tree import Call, Index, Name, Tree
from dlcli.ops.operation import Array
from dlcli.questions.evaluation import FUNCTIONS, evaluate
from dlcli.questions.expected import asked_world
from dlcli.questions.records import Ask, Question
from dlcli.questions.world import World

MOST_KEPT, FEWEST_KEPT = 512, 8  # worlds of held answers that are kept
NUMBERS_KEPT = 2_000_000  # numbers in all of them
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
    """A question's value recomputed in a world of held answers.

    source: the ids of the wrong answers that it follows from; true: the value without them.
    """

    question: Question
    world: World
    held: World
    value: Array
    true: Array
    source: tuple[str, ...]

    @cached_property
    def telling(self) -> Array:
        """The value, nan where it no longer depends on what the question tests.

        That is where the slip makes 0 of what is not 0, or where nothing that is varied changes it although it
        changes the true value.
        """
        return np.where(_trivial(self.question, self.world, self.held, self.value, self.true), np.nan, self.value)


def can_follow(question: Question, earlier: Question, world: World) -> bool:
    """Whether the value of a question can depend on the answer to an earlier one, by what both are computed from."""
    task, other = question.task, earlier.task
    if not isinstance(task, Ask) or not isinstance(other, Ask):
        return False
    target = None if other.replaced else held_by(other.formula.tree)
    trees = [task.formula.tree, *(formula.tree for formula in task.replaced.values())]
    named = {node.name for tree in trees for node in walk(tree) if isinstance(node, Name)}
    if earlier.name is not None and earlier.name in named:
        return True
    if target is None or target[0] not in world.graph.names:
        return False
    slopes = [node for tree in trees for node in walk(tree) if isinstance(node, Call) and node.name in FUNCTIONS]
    if task.replaced or any(call.name != "grad" or len(call.arguments) != 1 for call in slopes):
        return True
    name, slope, _ = target
    held = world.number(name)
    by = [world.number(node.name) for call in slopes for node in walk(call) if isinstance(node, Name)]
    if slope:
        return bool(set(by) & ancestors(world.graph, held))
    outside = [world.number(n) for n in named if n in world.graph.names or (n == "loss" and world.knows(n))]
    moved = {held, *_argument(world.graph, held)}
    return bool(by) or any(moved & ancestors(world.graph, number) for number in outside)


@dataclass
class _Kept:
    """The worlds in which some answers hold, and what questions expect in each of them, by question."""

    worlds: tuple[World, ...]
    values: dict[str, tuple[Array | None, ...]] = field(default_factory=dict)


class Recomputations:
    """A problem's worlds of held answers, the latest ones kept: later questions, and other students, share them."""

    def __init__(self, world: World) -> None:
        size = sum(math.prod(node.shape) for node in world.graph.nodes)
        self.world = world
        self._room = min(MOST_KEPT, max(FEWEST_KEPT, NUMBERS_KEPT // max(size, 1)))
        self._kept: OrderedDict[tuple[tuple[str, bytes], ...], _Kept] = OrderedDict()

    def with_answers(self, question: Question, earlier: Sequence[Earlier], true: Array) -> Iterator[Followed]:
        """What a question expects of a student with these earlier answers: with each wrong one, then with all of them.

        The fewest wrong answers that explain one come first. Values that are the true one, or none, are left out.
        """
        wrong = [e for e in earlier if not e.right]
        if not wrong:
            return
        choices = [*([e] for e in wrong), list(earlier)] if len(earlier) > 1 else [wrong]
        for chosen in choices:
            kept = self._of(chosen)
            if question.id not in kept.values:
                kept.values[question.id] = tuple(_value(question, held) for held in kept.worlds)
            source = tuple(e.question.id for e in chosen if not e.right)
            for held, value in zip(kept.worlds, kept.values[question.id], strict=True):
                if value is not None and value.shape == true.shape and not np.array_equal(value, true):
                    yield Followed(question, self.world, held, value, true, source)

    def _of(self, chosen: Sequence[Earlier]) -> _Kept:
        key = tuple((e.question.id, e.value.tobytes()) for e in chosen)
        if key not in self._kept:
            self._kept[key] = _Kept(_worlds(self.world, chosen))
            if len(self._kept) > self._room:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _worlds(world: World, chosen: Sequence[Earlier]) -> tuple[World, ...]:
    """The worlds in which these answers hold: with arguments of activations that fit them, and without."""
    held = _holding(world, chosen)
    if held is None:
        return ()
    fitting = _with_arguments(held)
    return (held,) if fitting is held else (fitting, held)


INVERSES: Mapping[str, Callable[[Array], Array]] = {
    "sigmoid": lambda a: np.log(a / (1 - a)),
    "tanh": np.arctanh,
    "exp": np.log,
    "softplus": lambda a: np.log(np.expm1(a)),
}


def _argument(graph: Graph, number: int) -> tuple[int, ...]:
    """The node that an activation of INVERSES is applied to; nothing of other quantities."""
    node = graph.nodes[number]
    return node.operands[:1] if node.operation is not None and node.operation.name in INVERSES else ()


def _with_arguments(held: World) -> World:
    """The world in which the arguments of held activations fit them: who takes a(1 - a) for a slope takes it from a."""
    graph, nodes = held.graph, dict[int, Array]()
    for name, value in held.held.items():
        operation = graph.nodes[graph.names[name]].operation
        for number in _argument(graph, graph.names[name]):
            assert operation is not None
            with np.errstate(all="ignore"):
                argument = INVERSES[operation.name](value)
            nodes[number] = np.where(np.isfinite(argument), argument, np.asarray(held.values[number]))
    return replace(held, held_nodes=nodes) if nodes else held


def _holding(world: World, earlier: Sequence[Earlier]) -> World | None:
    """The world in which the answers hold in place of what the network gives; None where none of them can be held."""
    held: dict[str, Array] = {}
    slopes: dict[str, Array] = {}
    named: dict[str, Array] = {}
    for answer in earlier:
        task = answer.question.task
        if answer.question.name is not None and not np.isnan(answer.value).any():
            named[answer.question.name] = answer.value
        target = None if not isinstance(task, Ask) or task.replaced else held_by(task.formula.tree)
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


def held_by(tree: Tree) -> tuple[str, bool, tuple[int, ...]] | None:
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
    """Where the recomputed value tests less than the question does: it is 0 and the true one is not, or numbers that
    move it when the right answers are held in the same places no longer do."""
    trivial = (value == 0) & (true != 0)
    rightly = replace(world, held=_rightly(world, held.held), slopes=_rightly(world, held.slopes, slopes=True))
    nodes = {number: np.asarray(world.values[number]) for number in held.held_nodes}
    rightly = replace(rightly, held_nodes=nodes, named=world.named)
    right = _value(question, rightly)
    if right is None:
        return np.asarray(trivial)
    for name in _numbers(world, held):
        there, here = _value(question, _nudged(rightly, name)), _value(question, _nudged(held, name))
        if there is not None and here is not None:
            trivial = trivial | ((there != right) & (here == value))
    return np.asarray(trivial)


def _rightly(world: World, held: Mapping[str, Array], slopes: bool = False) -> dict[str, Array]:
    """The network's own values, or slopes, in place of those that are held."""
    return {name: world.slope(name) if slopes else world.value(name) for name in held}


def _numbers(world: World, held: World) -> list[str]:
    """The names of inputs and weights, and of what is held."""
    roles = ("input", "weight", "bias")
    leaves = [
        name
        for name, number in world.graph.names.items()
        if world.graph.nodes[number].operation is None and world.graph.nodes[number].role in roles
    ]
    return [*leaves, *held.held, *(f"grad {name}" for name in held.slopes), *held.named]


def _nudged(world: World, name: str) -> World:
    """The world with one quantity, or one slope that is held, a little larger in size."""
    if name.startswith("grad "):
        name = name.removeprefix("grad ")
        return replace(world, slopes={**world.slopes, name: world.slopes[name] * (1 + NUDGE)})
    if name in world.held:
        moved = world.held[name] * (1 + NUDGE) + NUDGE * (world.held[name] == 0)
        return replace(world, held={**world.held, name: moved})
    if name in world.named:
        return replace(world, named={**world.named, name: world.named[name] * (1 + NUDGE)})
    return world.with_values({name: world.value(name) * (1 + NUDGE)})
