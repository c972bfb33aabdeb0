"""What explains a wrong value of the forward pass: a few rules, as no backward pass is involved."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlcli.engines.evaluation import ancestors, forward
from dlcli.graph import Graph
from dlcli.mistakes import Context
from dlcli.questions.world import World

MOST_LOOKED_AT = 4_096  # entries of a quantity among which a number is looked for

Entry = tuple[int, ...]


def of_value(
    world: World, context: Context, name: str, entry: Entry, value: float, true: float, tolerance: float
) -> Iterator[tuple[str, str]]:
    """(id, sentence) of each rule that gives `value` for an entry of a quantity whose right value is `true`."""
    before = _before_activation(world, name, entry)
    if before is not None and abs(before[1] - value) <= tolerance:
        label, _, operation = before
        if operation == "relu":
            yield "relu-not-applied", f"This is {label}: relu blocks it, since it is negative."
        else:
            yield "activation-not-applied", f"This is {label}: {operation} was not applied."
        return
    if true and abs(value + true) <= tolerance:
        yield "sign-error", "This is right but for its sign."
    if true and abs(value - 2 * true) <= tolerance:
        yield "factor-two-extra", "This is twice the right value: look for a factor 2."
    if true and abs(value - true / 2) <= tolerance:
        yield "factor-two-missing", "This is half of the right value: look for a factor 2."
    if name in ("loss", world.graph.loss_name):
        yield from _of_loss(world, context, value, true, tolerance)
    whole = world.value(name)
    if whole.size <= MOST_LOOKED_AT:
        others = [o for o in np.ndindex(whole.shape) if o != entry and abs(float(whole[o]) - value) <= tolerance]
        if others and whole[others[0]] != whole[entry]:
            yield "another-entry", f"This is another entry of {name}."


def _before_activation(world: World, name: str, entry: Entry) -> tuple[str, float, str] | None:
    """What an activation was applied to: its name, its value at the entry, the activation; None of other quantities."""
    node = world.graph.nodes[world.number(name)]
    if node.operation is None or node.operation.family != "activations":
        return None
    argument = world.graph.nodes[node.operands[0]]
    if argument.shape != node.shape:
        return None
    values = np.asarray(world.values[node.operands[0]])
    return argument.name or "its argument", float(values[entry]), node.operation.name


def _of_loss(world: World, context: Context, value: float, true: float, tolerance: float) -> Iterator[tuple[str, str]]:
    samples = context.samples
    if samples > 1 and abs(value - samples * true) <= tolerance:
        yield "mean-missing", f"This is the sum over the {samples} samples, not their mean."
    if samples > 1 and abs(value - true / samples) <= tolerance:
        yield "mean-extra", f"This is divided by the {samples} samples once too often."
    for base in (2.0, 10.0):
        if true and abs(value - true / math.log(base)) <= tolerance:
            yield "logarithm-base", f"The logarithm to base {base:g} was taken; ln, to base e, is meant."
    without = _without_penalties(world.graph)
    if without is not None and abs(value - without) <= tolerance and abs(without - true) > tolerance:
        yield "l2-missing", "This is the loss without its penalty."


def _without_penalties(graph: Graph) -> float | None:
    """The loss with every penalty at 0; None where it has none."""
    assert graph.loss is not None
    needed = ancestors(graph, graph.loss)
    penalties = {n for n in needed if (o := graph.nodes[n].operation) is not None and o.family == "penalties"}
    if not penalties:
        return None
    right = forward(graph)
    values = list(right)
    with np.errstate(all="ignore"):
        for number, node in enumerate(graph.nodes):
            if number in penalties:
                values[number] = np.zeros(node.shape)
            elif node.operation is not None:
                operands = [values[o] for o in node.operands]
                values[number] = np.asarray(node.operation.forward(*operands, **node.settings))
    return float(values[graph.loss])
