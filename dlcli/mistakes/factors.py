"""Wrong signs, the 2 of the squared error, and gradients that already hold the learning rate."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.mistakes.altered_sweep import Alteration, Gradients
from dlcli.mistakes.averages import bias_names, weight_names
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Clue, Mistake, Mutant, data_multiplied, multiplied, rule_at, times
from dlcli.mistakes.nearness import common_factor

FAMILY = "sign and factor"
RATES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.001, 0.0005, 0.0003, 0.0001)


def _all_signs(context: Context) -> Iterator[Mutant]:
    for alteration in data_multiplied(context, dict.fromkeys(context.clean.graph.wrt, -1.0)):
        yield Mutant(alteration)


def _one_sign(context: Context) -> Iterator[Mutant]:
    wrt = context.clean.graph.wrt
    if len(wrt) > 1:
        for name in wrt:
            yield Mutant(multiplied({name: -1.0}), name)
        for kind, names in (("the weights", weight_names(context)), ("the biases", bias_names(context))):
            if 1 < len(names) < len(wrt):
                yield Mutant(multiplied(dict.fromkeys(names, -1.0)), kind)
    products = context.parts.products
    for group in dict.fromkeys(p.group for p in products):
        members = [p for p in products if p.group == group]
        own = {p.name for p in members} | {b.name for b in context.parts.biases for p in members if b.where == p.where}
        layer = [name for name in wrt if name in own]
        if 1 < len(layer) < len(wrt):
            yield Mutant(multiplied(dict.fromkeys(layer, -1.0)), " and ".join(layer))
        down = [(p.node, p.data) for p in members if (p.node, p.data) in context.clean.parts]
        if down:
            yield Mutant(rule_at(down, times(-1.0)), f"everything below {members[0].where}")


def _squares(context: Context) -> str | None:
    """How the loss squares the error: "whole", "half", or None where it does not."""
    graph = context.clean.graph
    spared = {p.place[0] for p in context.parts.penalties}
    names = [graph.nodes[n].operation.name for n in context.clean.users if graph.nodes[n].operation and n not in spared]  # type: ignore[union-attr]
    if "half_squared_error" in names:
        return "half"
    squared = any(
        graph.nodes[n].operation is not None
        and graph.nodes[n].operation.name == "power"  # type: ignore[union-attr]
        and bool((context.clean.values[graph.nodes[n].operands[1]] == 2).all())
        for n in context.clean.users
        if n not in spared
    )
    return "whole" if squared or {"mse", "squared_error", "square"} & set(names) else None


def _two_missing(context: Context) -> Iterator[Mutant]:
    if _squares(context) == "whole":
        for alteration in data_multiplied(context, dict.fromkeys(context.clean.graph.wrt, 0.5)):
            yield Mutant(alteration)


def _two_extra(context: Context) -> Iterator[Mutant]:
    if _squares(context) is not None:
        for alteration in data_multiplied(context, dict.fromkeys(context.clean.graph.wrt, 2.0)):
            yield Mutant(alteration)


def _rate_included(context: Context) -> Iterator[Mutant]:
    if context.learning_rate is not None:
        for sign, words in ((1.0, ""), (-1.0, "minus ")):
            rate = sign * context.learning_rate
            factors = dict.fromkeys(context.clean.graph.wrt, rate)
            yield Mutant(multiplied(factors), words={"rate": f"{words}the learning rate, {context.learning_rate:g}"})


def _usual_rate(context: Context, given: Gradients) -> Iterator[Clue]:
    """Without an optimizer in the homework: one factor for all, a usual learning rate or minus one."""
    if context.learning_rate is not None:
        return
    factor, distance = common_factor(given, {name: context.clean.gradients[name] for name in given})
    for rate in RATES[1:]:
        if factor is not None and abs(abs(factor) - rate) <= 1e-6 * rate:
            words = "minus " if factor < 0 else ""
            yield Clue("", max(distance, 0.0), {"rate": f"{words}a learning rate of {rate:g}"})


def _swapped(context: Context) -> Iterator[Mutant]:
    wrt, graph = context.clean.graph.wrt, context.clean.graph
    for position, first in enumerate(wrt):
        for second in wrt[position + 1 :]:
            if graph.nodes[graph.names[first]].shape == graph.nodes[graph.names[second]].shape:
                yield Mutant(Alteration(final=_exchange(first, second)), f"{first} and {second}")


def _exchange(first: str, second: str) -> dict:  # type: ignore[type-arg]
    return {first: lambda found: found[second], second: lambda found: found[first]}


RECORDS = (
    Mistake(
        "sign-everywhere", FAMILY,
        "all gradients have the wrong sign: y - p in place of p - y",
        "minus the right gradients",
        "This is what comes out if the error is taken the wrong way round (target minus prediction): every sign is "
        "wrong.",
        _all_signs,
    ),
    Mistake(
        "sign-one-tensor", FAMILY,
        "one quantity, one layer, or everything below a layer has the wrong sign",
        "minus the right gradient in some quantities, the others right",
        "This is what comes out if the sign of {where} is wrong.",
        _one_sign,
    ),
    Mistake(
        "factor-two-missing", FAMILY,
        "the 2 from the square of the error is left out",
        "half the right gradients",
        "This is what comes out if the 2 from the derivative of the squared error is left out.",
        _two_missing,
    ),
    Mistake(
        "factor-two-extra", FAMILY,
        "the 2 from the square of the error is there though a half cancels it, or is there twice",
        "twice the right gradients",
        "This is what comes out if the 2 from the derivative of the square is there once too often.",
        _two_extra,
    ),
    Mistake(
        "learning-rate-included", FAMILY,
        "the gradient is multiplied by the learning rate already, or by minus it",
        "every gradient the same small factor too small",
        "This is what comes out if the step is returned in place of the gradient: it is multiplied by {rate}.",
        _rate_included, _usual_rate,
    ),
    Mistake(
        "tensors-swapped", FAMILY,
        "the gradients of two quantities of one shape are exchanged",
        "each of the two equals the other's right gradient",
        "These are the gradients of {where}, exchanged.",
        _swapped,
    ),
)  # fmt: skip
