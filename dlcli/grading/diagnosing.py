"""The classic mistakes that explain a wrong number: by the catalogue for gradients and steps, by rules for values."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlcli.grading.homework import Homework
from dlcli.grading.tolerances import CLOSE, Written
from dlcli.language.tree import Call, Index, Name, Tree
from dlcli.mistakes import Context, diagnose_entry
from dlcli.questions.expected import asked_world, whole_index
from dlcli.questions.records import Ask, Question
from dlcli.questions.world import World

LARGEST = 200_000  # entries of all quantities up to which the catalogue is searched
MOST_LOOKED_AT = 4_096  # entries of other quantities among which a number is looked for

Index_ = tuple[int, ...]
Found = tuple[tuple[str, str], ...]  # (id of the mistake, sentence)


def diagnosis_of(question: Question, place: Index_, number: Written, homework: Homework) -> Found:
    """What gives this number where the right one is another: the likely mistakes first, none where nothing does."""
    if not isinstance(question.task, Ask) or not math.isfinite(number.value):
        return ()
    world = asked_world(question, homework.world)
    expected = homework.expected[question.id]
    true = float(expected.value[place])
    tolerance = _tolerance(number, true)
    if abs(number.value - true) <= CLOSE * abs(true) or sum(np.size(v) for v in world.values) > LARGEST:
        return ()
    asked = _asked(question.task.formula.tree, place)
    if asked is None:
        return ()
    kind, name, entry = asked
    if name not in world.graph.names:
        return ()
    context = homework.context if world is homework.world else _context(world)
    if kind == "grad":
        return _of_gradient(context, name, entry, number.value, tolerance)
    if kind == "step":
        return tuple(_of_step(world, context, name, entry, number.value, tolerance))
    return tuple(_of_value(world, context, name, entry, number.value, true, tolerance))[:3]


def _tolerance(number: Written, true: float) -> float:
    """How far a number may be from what a mistake gives."""
    return max(CLOSE * max(abs(number.value), abs(true) * 1e-6), number.unit or 0.0)


def _asked(tree: Tree, place: Index_) -> tuple[str, str, Index_] | None:
    """("grad", "W1", (0, 1)) of an expression that asks for entries of a gradient, a step or a value."""
    items: Index_ = ()
    if isinstance(tree, Index):
        found = tuple(whole_index(item) for item in tree.items)
        if any(item is None for item in found):
            return None
        items, tree = tuple(item for item in found if item is not None), tree.operand
    if isinstance(tree, Name):
        return "value", tree.name, (*items, *place)
    if isinstance(tree, Call) and len(tree.arguments) == 1 and isinstance(tree.arguments[0], Name):
        name = tree.arguments[0].name
        if tree.name in ("grad", "step"):
            return tree.name, name, (*items, *place)
    return None


def _context(world: World) -> Context:
    from dlcli.engines.evaluation import forward

    optimizer = world.optimizer or world.lowered.spec.optimizer
    rate = None if optimizer is None else optimizer.settings.get("learning_rate")
    return Context(world.graph, forward(world.graph), rate)


def _of_gradient(context: Context, name: str, entry: Index_, value: float, tolerance: float) -> Found:
    if context.graph.loss is None:
        return ()
    found = diagnose_entry(context, name, entry or None, value, tolerance)
    return tuple((finding.id, finding.sentence) for finding in found)


def _of_step(
    world: World, context: Context, name: str, entry: Index_, value: float, tolerance: float
) -> Iterator[tuple[str, str]]:
    """What explains a weight after one step of plain gradient descent."""
    optimizer = world.optimizer or world.lowered.spec.optimizer
    if optimizer is None or optimizer.name != "sgd" or name not in world.lowered.trained:
        return
    rate = optimizer.settings["learning_rate"]
    before, slope = float(world.value(name)[entry]), float(world.slope(name)[entry])
    if abs(before + rate * slope - value) <= tolerance:
        yield "step-uphill", "This is a step uphill: the gradient is added, not subtracted."
    elif abs(before - slope - value) <= tolerance and rate != 1:
        yield "learning-rate-missing", "This is a step without the learning rate."
    elif abs(-rate * slope - value) <= tolerance or abs(rate * slope - value) <= tolerance:
        yield "step-alone", f"This is the change of {name}, not {name} after the step."
    elif abs(before - value) <= tolerance and slope:
        yield "step-forgotten", f"This is {name} before the step."
    else:
        implied = (before - value) / rate
        yield from _of_gradient(context, name, entry, implied, tolerance / rate)


def _of_value(
    world: World, context: Context, name: str, entry: Index_, value: float, true: float, tolerance: float
) -> Iterator[tuple[str, str]]:
    """What explains a wrong value of the forward pass."""
    number = world.number(name)
    node = world.graph.nodes[number]
    if node.operation is not None and node.operation.family == "activations":
        before = world.graph.nodes[node.operands[0]]
        if (
            before.shape == node.shape
            and abs(float(np.asarray(world.values[node.operands[0]])[entry]) - value) <= tolerance
        ):
            label = before.name or "its argument"
            if node.operation.name == "relu":
                yield "relu-not-applied", f"This is {label}: ReLU blocks it, since it is negative."
            else:
                yield "activation-not-applied", f"This is {label}: {node.operation.name} was not applied."
            return
    if true and abs(value + true) <= tolerance:
        yield "sign-error", "This is right but for its sign."
    for factor, text in ((2.0, "twice the right value"), (0.5, "half of the right value")):
        if true and abs(value - factor * true) <= tolerance:
            yield f"factor-{'two-extra' if factor > 1 else 'two-missing'}", f"This is {text}: look for a factor 2."
    if name in ("loss", world.graph.loss_name):
        yield from _of_loss(context, value, true, tolerance)
    yield from _another(world, name, entry, value, tolerance)


def _of_loss(context: Context, value: float, true: float, tolerance: float) -> Iterator[tuple[str, str]]:
    m = context.samples
    if m > 1 and abs(value - m * true) <= tolerance:
        yield "mean-missing", f"This is the sum over the {m} samples, not their mean."
    if m > 1 and abs(value - true / m) <= tolerance:
        yield "mean-extra", f"This is divided by the {m} samples once too often."
    for base, text in ((2.0, "to base 2"), (10.0, "to base 10")):
        if true and abs(value - true / math.log(base)) <= tolerance:
            yield "logarithm-base", f"The logarithm {text} was taken; ln, to base e, is meant."


def _another(world: World, name: str, entry: Index_, value: float, tolerance: float) -> Iterator[tuple[str, str]]:
    """Another entry of the same quantity."""
    whole = world.value(name)
    if whole.size > MOST_LOOKED_AT:
        return
    for other in np.ndindex(whole.shape):
        if other != entry and abs(float(whole[other]) - value) <= tolerance and whole[other] != whole[entry]:
            yield "another-entry", f"This is another entry of {name}."
            return
