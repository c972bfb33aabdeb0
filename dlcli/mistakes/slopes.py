"""Mistakes with the derivative of an activation function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Place, Rule, usual
from dlcli.mistakes.anatomy import Activation
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, rule_at, unchanged, with_operand
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Array

FAMILY = "activation functions"
OTHERS = ("sigmoid", "tanh", "relu", "softplus", "silu", "gelu", "elu")
SLOPES = (0.01, 0.1, 0.2, 0.3)  # of leaky relus, as they are usual
SMOOTH = ("sigmoid", "tanh", "elu", "selu", "gelu", "silu", "softplus", "softsign", "log_sigmoid", "mish", "sin")
BY_VALUE: dict[str, Callable[[Array], Array]] = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a * a}
Alternative = Callable[[Activation], Rule | None]


def _everywhere(rule_of: Alternative, least: int = 1) -> Mutants:
    """Another derivative in all activations that have it."""

    def mutants(context: Context) -> Iterator[Mutant]:
        chosen = {(a.node, 0): rule for a in context.parts.activations if (rule := rule_of(a)) is not None}
        if len(chosen) >= least:
            kinds = dict.fromkeys(a.kind for a in context.parts.activations if (a.node, 0) in chosen)
            yield Mutant(_rules(chosen), _all_of(context, chosen), {"kind": " and ".join(kinds)})

    return mutants


def _rules(chosen: dict[Place, Rule]) -> Alteration:
    return Alteration(rules=chosen)


def _all_of(context: Context, chosen: dict[Place, Rule]) -> str:
    places = list(dict.fromkeys(a.where for a in context.parts.activations if (a.node, 0) in chosen))
    if len(places) == 1:
        return places[0]
    return f"{', '.join(places[:-1])} and {places[-1]}" if len(places) < 4 else f"all {len(places)} activations"


def _in_one(rule_of: Alternative, least: int = 2) -> Mutants:
    """Another derivative in one layer, or in one activation of several in a layer."""

    def mutants(context: Context) -> Iterator[Mutant]:
        activations = [a for a in context.parts.activations if rule_of(a) is not None]
        if len(activations) < least:
            return
        groups = {
            group: [a for a in activations if a.group == group] for group in dict.fromkeys(a.group for a in activations)
        }
        if len(groups) > 1 or least == 1:
            for group, members in groups.items():
                where = members[0].where if len(members) == 1 else group
                yield Mutant(_chosen(members, rule_of), where, {"kind": members[0].kind})
        for members in groups.values():
            for activation in members if 1 < len(members) <= 12 else ():
                yield Mutant(_chosen([activation], rule_of), activation.where, {"kind": activation.kind})

    return mutants


def _chosen(members: list[Activation], rule_of: Alternative) -> Alteration:
    return _rules({(a.node, 0): rule for a in members if (rule := rule_of(a)) is not None})


def _both(*alternatives: Alternative) -> Mutants:
    """Each alternative in all activations, then in one layer after the other."""

    def mutants(context: Context) -> Iterator[Mutant]:
        for alternative in alternatives:
            yield from _everywhere(alternative)(context)
            yield from _in_one(alternative)(context)

    return mutants


def _missing(activation: Activation) -> Rule | None:
    del activation
    return unchanged


def _twice(activation: Activation) -> Rule | None:
    del activation
    return lambda edge: usual(Edge(edge.node, edge.position, usual(edge), edge.result, edge.operands))


def _of_another(name: str) -> Alternative:
    operation = OPERATIONS[name]
    settings = {setting.name: setting.default for setting in operation.settings}

    def alternative(activation: Activation) -> Rule | None:
        if activation.kind == name or (name == "relu" and activation.kind in ("leaky_relu", "prelu")):
            return None
        vjp = operation.vjp[0]
        assert vjp is not None
        return lambda edge: np.asarray(vjp(edge.cotangent, edge.result, edge.operands[0], **settings))

    return alternative


def _by_value(name: str) -> Alternative:
    """Another function's derivative in terms of its value, applied to this activation's value."""
    formula = BY_VALUE[name]

    def alternative(activation: Activation) -> Rule | None:
        return None if activation.kind == name else lambda edge: edge.cotangent * formula(edge.result)

    return alternative


def _of_others(context: Context) -> Iterator[Mutant]:
    for name in OTHERS:
        for mutant in _both(_of_another(name))(context):
            yield replace(mutant, words={**mutant.words, "other": name})
    for name in BY_VALUE:
        for mutant in _both(_by_value(name))(context):
            yield replace(mutant, words={**mutant.words, "other": name})


def _value(activation: Activation) -> Rule | None:
    del activation
    return lambda edge: edge.cotangent * edge.result


def _at_activation(activation: Activation) -> Rule | None:
    if activation.kind not in SMOOTH:
        return None
    return lambda edge: with_operand(0, edge.result)(edge)


def _at_preactivation(activation: Activation) -> Rule | None:
    formulas: dict[str, Callable[[Array], Array]] = {
        "sigmoid": lambda z: z * (1 - z),
        "tanh": lambda z: 1 - z * z,
        "elu": lambda z: np.where(z > 0, 1.0, z + 1),
    }
    formula = formulas.get(activation.kind)
    return None if formula is None else lambda edge: edge.cotangent * formula(edge.operands[0])


def _mask_for_leaky(activation: Activation) -> Rule | None:
    if activation.kind not in ("leaky_relu", "prelu"):
        return None
    return lambda edge: np.where(edge.operands[0] > 0, edge.cotangent, 0.0)


def _leaky_for_mask(slope: float) -> Alternative:
    def alternative(activation: Activation) -> Rule | None:
        if activation.kind != "relu":
            return None
        return lambda edge: np.where(edge.operands[0] > 0, edge.cotangent, slope * edge.cotangent)

    return alternative


def _inverted(activation: Activation) -> Rule | None:
    if activation.kind != "relu":
        return None
    return lambda edge: np.where(edge.operands[0] > 0, 0.0, edge.cotangent)


def _from_gradient(activation: Activation) -> Rule | None:
    if activation.kind != "relu":
        return None
    return lambda edge: np.where(edge.cotangent > 0, edge.cotangent, 0.0)


def _from_both(activation: Activation) -> Rule | None:
    if activation.kind != "relu":
        return None
    return lambda edge: np.where((edge.cotangent > 0) & (edge.operands[0] > 0), edge.cotangent, 0.0)


def _other_mask(context: Context) -> Iterator[Mutant]:
    graph, values = context.clean.graph, context.clean.values
    masked = [a for a in context.parts.activations if a.kind == "relu"]
    for own in masked:
        for other in masked:
            if own is not other and graph.nodes[own.node].shape == graph.nodes[other.node].shape:
                z = values[graph.nodes[other.node].operands[0]]
                yield Mutant(rule_at([(own.node, 0)], with_operand(0, z)), own.where, {"other": other.where})


SIGNS = ("all z of one sign",)

RECORDS = (
    Mistake(
        "activation-derivative-missing", FAMILY,
        "the derivative of the activation function is left out everywhere",
        "right at the output layer; below, delta misses a factor an entry",
        "This is what comes out if the derivative of {kind} is left out at {where}.",
        _everywhere(_missing), hidden=("all z positive",),
    ),
    Mistake(
        "activation-derivative-missing-in-one-layer", FAMILY,
        "the derivative of the activation function is left out in one layer",
        "right above that layer, wrong from there down",
        "This is what comes out if the derivative of {kind} is left out at {where}.",
        _in_one(_missing), hidden=("all z positive",),
    ),
    Mistake(
        "activation-derivative-twice", FAMILY,
        "the derivative of the activation function is multiplied twice",
        "with sigmoid at most a quarter of the right delta; a relu hides it",
        "This is what comes out if the derivative of {kind} is multiplied twice at {where}.",
        _both(_twice), hidden=("slopes of 0 and 1",),
    ),
    Mistake(
        "derivative-of-another-activation", FAMILY,
        "the derivative of another function: tanh' for sigmoid', relu' for tanh' …",
        "right above the layer, entries off by different factors below",
        "This is what comes out if the derivative of {other} is used for {kind} at {where}.",
        _of_others,
    ),
    Mistake(
        "activation-for-derivative", FAMILY,
        "the activation itself is used where its derivative belongs",
        "right above the layer, wrong below",
        "This is what comes out if the value of {kind} is used in place of its derivative at {where}.",
        _both(_value),
    ),
    Mistake(
        "derivative-at-activation", FAMILY,
        "phi' is taken at a where it belongs at z: s(a)(1 - s(a)) for s(z)(1 - s(z))",
        "factors between 0.19 and 0.25 at a sigmoid, whatever z",
        "This is what comes out if the derivative of {kind} is taken at the activation in place of the pre-activation "
        "at {where}.",
        _both(_at_activation),
    ),
    Mistake(
        "derivative-at-preactivation", FAMILY,
        "the formula in a is applied to z: z(1 - z), 1 - z^2",
        "factors that are negative or large",
        "This is what comes out if the formula for the derivative of {kind} in terms of its value is applied to the "
        "pre-activation at {where}.",
        _both(_at_preactivation),
    ),
    Mistake(
        "relu-mask-for-leaky", FAMILY,
        "the slope of a leaky relu is taken as 0 where z is negative",
        "zeros where the right gradient is small",
        "This is what comes out if the leaky slope is taken as 0 at {where}.",
        _both(_mask_for_leaky), hidden=SIGNS,
    ),
    Mistake(
        "leaky-slope-for-relu", FAMILY,
        "a small slope where the relu blocks",
        "small numbers where the right gradient is 0",
        "This is what comes out if the relu at {where} passes a small slope where z is negative.",
        _both(*(_leaky_for_mask(slope) for slope in SLOPES)), hidden=SIGNS,
    ),
    Mistake(
        "relu-mask-inverted", FAMILY,
        "the relu passes the gradient where z is negative and blocks it where z is positive",
        "zeros and other numbers have changed places",
        "This is what comes out if the relu at {where} blocks where z is positive and passes where it is negative.",
        _both(_inverted),
    ),
    Mistake(
        "relu-mask-of-another-layer", FAMILY,
        "the mask of another layer of the same width is used",
        "right above the layer, zeros in other places below",
        "This is what comes out if the relu at {where} is masked by the signs at {other}.",
        _other_mask, hidden=SIGNS,
    ),
    Mistake(
        "relu-mask-from-gradient", FAMILY,
        "the gradient is masked where it is negative itself, not where z is",
        "no negative delta below the layer",
        "This is what comes out if the relu at {where} is masked by the sign of the gradient in place of that of z.",
        _both(_from_gradient, _from_both),
    ),
)  # fmt: skip
