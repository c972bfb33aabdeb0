"""What each question expects: its value, whether it is exactly 0, and what its tolerance is measured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from dlcli.errors import Diagnostic, HomeworkError
from dlcli.language.tree import Call, Index, Name, Number, Tree, Unary
from dlcli.ops.operation import Array
from dlcli.questions.evaluation import evaluate
from dlcli.questions.records import Ask, Question
from dlcli.questions.world import World

Kind = Literal["number", "count", "shape"]


@dataclass(frozen=True)
class Expected:
    """The right answer of a question that asks for a value.

    kind: "number" within a tolerance, "count" exactly (sizes, classes), "shape" all or nothing. zero: where the
    value is 0 by the exact engine; scale: the largest entry of the quantity, of an exact 0 the largest gradient;
    exact: texts of closed forms, None where there is none.
    """

    kind: Kind
    value: Array
    zero: Array
    scale: Array
    exact: Array | None = None


@dataclass(frozen=True)
class Exact:
    """Closed forms of the file's own values and gradients, as `Solution` has them."""

    values: Mapping[str, Array]
    gradients: Mapping[str, Array]


def expected_value(question: Question, world: World, exact: Exact | None = None) -> Expected:
    """What `ask` evaluates to. Raises HomeworkError with the place in the file."""
    assert isinstance(question.task, Ask)
    task = question.task
    value = evaluate(task.formula.tree, asked_world(question, world), task.formula.written.part)
    kind = kind_of(task.formula.tree)
    if not np.isfinite(value).all():
        message = f"question {question.id} asks for a value that is not finite"
        help = "change the numbers, or ask for something else"
        raise HomeworkError(Diagnostic("E406", message, task.formula.written.place, help=help))
    forms = None if exact is None or task.replaced else _exact(task.formula.tree, exact)
    if forms is not None and forms.shape != value.shape:
        forms = None
    zero = value == 0.0 if forms is None else np.array([x == "0" for x in forms.reshape(-1)]).reshape(value.shape)
    scale = np.full(value.shape, float(np.max(np.abs(value), initial=0.0)))
    if zero.any():
        scale = np.where(zero, _largest_gradient(world), scale)
    return Expected(kind, value, zero, scale, forms)


def asked_world(question: Question, world: World) -> World:
    """The world of one question: its quantities replaced, its optimizer."""
    task = question.task
    assert isinstance(task, Ask)
    if task.optimizer is not None:
        world = replace(world, optimizer=task.optimizer)
    if not task.replaced:
        return world
    new: dict[str, Array] = {}
    for name, formula in task.replaced.items():
        place = formula.written.place
        if name not in world.graph.names:
            message = f"`with` replaces `{name}`, which is no quantity"
            raise HomeworkError(Diagnostic("E103", message, place, help="known: " + ", ".join(world.graph.names)))
        value = evaluate(formula.tree, world, formula.written.part)
        shape = world.graph.nodes[world.graph.names[name]].shape
        if value.shape != shape:
            message = f"`with` gives {name} the shape {value.shape}, but it has {shape}"
            raise HomeworkError(Diagnostic("E201", message, place, help="keep its shape"))
        new[name] = value
    return world.with_values(new)


def kind_of(tree: Tree) -> Kind:
    """How the value of an expression is compared."""
    while isinstance(tree, Index):
        tree = tree.operand
    if isinstance(tree, Call) and tree.name == "shape":
        return "shape"
    if isinstance(tree, Call) and tree.name in ("size", "count", "argmax"):
        return "count"
    return "number"


def _exact(tree: Tree, exact: Exact) -> Array | None:
    """The closed forms of a quantity, a gradient, or entries of them; None for other expressions."""
    match tree:
        case Name(name=name):
            return exact.values.get(name)
        case Call(name="grad", arguments=(Name(name=name),)):
            return exact.gradients.get(name)
        case Index(operand=operand, items=items):
            whole = _exact(operand, exact)
            places = tuple(whole_index(item) for item in items)
            if whole is None or any(place is None for place in places):
                return None
            try:
                return np.asarray(whole[places], dtype=object)
            except IndexError:
                return None
        case _:
            return None


def whole_index(tree: Tree) -> int | None:
    if isinstance(tree, Unary) and tree.operator == "-" and isinstance(tree.operand, Number):
        return -int(tree.operand.value)
    return int(tree.value) if isinstance(tree, Number) else None


def _largest_gradient(world: World) -> float:
    """The largest entry of all gradients by the file's `wrt`; 1 where there is none."""
    if world.graph.loss is None:
        return 1.0
    largest = max((float(np.max(np.abs(world.slope(n)), initial=0.0)) for n in world.graph.wrt), default=0.0)
    return largest if np.isfinite(largest) and largest > 0 else 1.0


def shown_value(expected: Expected) -> str:
    """The expected value for those who may see it, with 15 digits."""
    if expected.kind == "shape":
        return "(" + ", ".join(f"{size:g}" for size in expected.value) + ")"
    rounded = [float(f"{number:.15g}") for number in expected.value.reshape(-1)]
    return (
        f"{rounded[0]:.15g}" if expected.value.shape == () else str(np.reshape(rounded, expected.value.shape).tolist())
    )
