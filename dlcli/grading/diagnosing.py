"""The classic mistakes that explain wrong numbers: by the catalogue for gradients and steps, by rules for values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.grading.forward_mistakes import of_value
from dlcli.grading.problem import Problem
from dlcli.grading.targets import Entry, Target
from dlcli.grading.tolerances import CLOSE, MOST, Written
from dlcli.mistakes import Context, Search, diagnose, diagnose_entry
from dlcli.ops.operation import Array
from dlcli.questions.expected import asked_world
from dlcli.questions.records import Ask, Question
from dlcli.questions.world import World

LARGEST = 200_000  # entries of all quantities up to which the catalogue is searched

# mistakes that only programs make
OF_CODE = frozenset({
    "integer-truncation", "single-precision", "gradient-clipped", "tensor-scaled", "broadcast-column",
    "overflow-without-shift", "log-epsilon", "tensors-swapped",
})  # fmt: skip

# what alone is thought of where zeros were answered
OF_ZEROS = frozenset({"weight-gradient-zero", "bias-forgotten", "error-not-passed-down", "relu-mask-inverted"})

MOST_REMEMBERED, KEPT = 4, 2048  # numbers of an answer whose explanation is remembered, and how many answers

Found = tuple[tuple[str, str], ...]  # (id of the mistake, sentence), the likely ones first


def diagnoses(question: Question, given: Mapping[Entry, Written], wrong: tuple[Entry, ...], problem: Problem) -> dict[
    Entry, Found
]:  # fmt: skip
    """What explains the wrong entries of an answer; entries that nothing explains are left out.

    A mistake that explains a whole gradient counts before those that explain single entries of it. What explains a few
    numbers is kept with the problem: a class gives the same wrong ones again.
    """
    if len(given) > MOST_REMEMBERED:
        return _diagnosed(question, given, wrong, problem)
    key = (question.id, tuple(given.items()), wrong)
    found: dict[Entry, Found] | None = problem.explanations.get(key)
    if found is None:
        if len(problem.explanations) >= KEPT:
            problem.explanations.clear()
        found = problem.explanations[key] = _diagnosed(question, given, wrong, problem)
    return found


def _diagnosed(
    question: Question, given: Mapping[Entry, Written], wrong: tuple[Entry, ...], problem: Problem
) -> dict[Entry, Found]:
    target, world = problem.targets.get(question.id), _world(question, problem)
    if target is None or world is None:
        return {}
    expected = problem.expected[question.id]
    if target.kind == "grad" and not target.items and len(given) == expected.value.size > 1:
        array = np.array([given[place].value for place in np.ndindex(expected.value.shape)])
        units = np.array([_tolerance(given[place]) for place in np.ndindex(expected.value.shape)])
        found = of_array(problem, world, target.name, array.reshape(expected.value.shape), units)
        if found:
            return dict.fromkeys(wrong, found)
    return {
        place: found
        for place in wrong
        if place in given
        and (found := _of_entry(target, place, given[place], float(expected.value[place]), world, problem))
    }


def of_array(problem: Problem, world: World, name: str, array: Array, units: Array | float) -> Found:
    """What explains a whole gradient; units: how far each entry may be off."""
    if not np.isfinite(array).all():
        return ()
    context = _with(context_of(problem, world), name)
    tolerances = np.broadcast_to(np.maximum(units, 0.0).reshape(-1), array.size).reshape(array.shape)
    found = diagnose(context, {name: array}, tolerances={name: tolerances})
    explained = [] if found.together else [(f.id, f.sentence) for f in found.findings]
    explained += [] if found.together else [(other, "") for other in found.also]
    right = context.clean.gradients[name]
    for factor, label, text in ((2.0, "factor-two-extra", "twice"), (0.5, "factor-two-missing", "half of")):
        if np.all(np.abs(array - factor * right) <= tolerances) and label not in dict(explained):
            explained.append((label, f"This is {text} the gradient by {name}: look for a factor 2."))
    return _thinkable(explained, array)


def _thinkable(found: Iterable[tuple[str, str]], value: Array | float) -> Found:
    """What a person may have done: no mistakes of programs, and of zeros only those that make zeros."""
    zeros = not np.any(value)
    return tuple((label, text) for label, text in found if label not in OF_CODE and (not zeros or label in OF_ZEROS))


def is_ambiguous(question: Question, place: Entry, number: Written, problem: Problem) -> bool:
    """Whether a number that only its digits make right is as near to what a catalogued mistake gives."""
    target, world = problem.targets.get(question.id), _world(question, problem)
    if target is None or world is None or number.unit is None:
        return False
    true = float(problem.expected[question.id].value[place])
    near = [
        value
        for value in _mistaken(target, (*target.items, *place), world, problem)
        if abs(value - true) > CLOSE * abs(true) and abs(value - number.value) <= number.unit
    ]
    if _is_shortened(true, number.value, number.unit):
        return any(_is_shortened(value, number.value, number.unit) for value in near)
    return bool(near)


def _is_shortened(value: float, given: float, unit: float) -> bool:
    """Whether a value rounded, or cut off, to the given number's last digit is that number."""
    slack = 1e-9 * unit
    cut = given * value >= 0 and -slack <= abs(value) - abs(given) < unit - slack
    return abs(value - given) <= unit / 2 + slack or cut


def _mistaken(target: Target, entry: Entry, world: World, problem: Problem) -> Iterator[float]:
    """What an entry of a gradient or of a weight after a step becomes by the mistakes of the catalogue."""
    context = _with(context_of(problem, world), target.name)
    if target.kind == "grad":
        for candidate in Search(context, (target.name,)).candidates():
            if candidate.row.id not in OF_CODE:
                yield float(candidate.gradients[target.name][entry])
    elif target.kind == "step" and context.learning_rate is not None:
        before, slope = float(world.value(target.name)[entry]), float(world.slope(target.name)[entry])
        yield from (before, before + context.learning_rate * slope, before - slope)


def context_of(problem: Problem, world: World) -> Context:
    """The network as the catalogue takes it; that of the file's own numbers is made once."""
    if world is problem.world:
        return problem.context
    optimizer = world.optimizer or world.lowered.spec.optimizer
    rate = None if optimizer is None else optimizer.settings.get("learning_rate")
    return Context(world.graph, forward(world.graph), rate)


def _world(question: Question, problem: Problem) -> World | None:
    """The world of a question; None where it is too large to be searched."""
    if not isinstance(question.task, Ask) or problem.world.graph.loss is None:
        return None
    world = asked_world(question, problem.world)
    return world if sum(np.size(v) for v in world.values) <= LARGEST else None


def _with(context: Context, name: str) -> Context:
    if name in context.graph.wrt:
        return context
    return replace(context, graph=replace(context.graph, wrt=(*context.graph.wrt, name)))


def _tolerance(number: Written) -> float:
    """How far a number may be from what a mistake gives: a unit of its last digit, at most 2 %."""
    unit = min(number.unit or 0.0, MOST * abs(number.value))
    return max(CLOSE * abs(number.value), unit)


def _of_entry(target: Target, place: Entry, number: Written, true: float, world: World, problem: Problem) -> Found:
    if not math.isfinite(number.value) or abs(number.value - true) <= CLOSE * abs(true):
        return ()
    tolerance = max(_tolerance(number), CLOSE * 1e-6 * abs(true))
    entry = (*target.items, *place)
    context = context_of(problem, world)
    if target.kind == "grad":
        return _of_gradient(context, target.name, entry, number.value, tolerance)
    if target.kind == "step":
        return tuple(_of_step(world, context, target.name, entry, number.value, tolerance))
    return tuple(of_value(world, context, target.name, entry, number.value, true, tolerance))[:3]


def _of_gradient(context: Context, name: str, entry: Entry, value: float, tolerance: float) -> Found:
    found = diagnose_entry(context, name, entry or None, value, tolerance)
    return _thinkable(((finding.id, finding.sentence) for finding in found), value)


def _of_step(
    world: World, context: Context, name: str, entry: Entry, value: float, tolerance: float
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
        yield from _of_gradient(context, name, entry, (before - value) / rate, tolerance / rate)
