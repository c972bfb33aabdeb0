"""Mistakes in a weight's gradient, delta times input: another input, another sample's, none at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Rule, usual
from dlcli.mistakes.anatomy import Activation, Product
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, rule_at, with_operand
from dlcli.mistakes.weights import FAMILY, RuleOf, on_weights
from dlcli.ops.operation import Array


def _with_data(change: Callable[[Array, int], Array]) -> RuleOf:
    """The weight's gradient from other inputs; change(inputs, axis of the samples)."""

    def rule_of(_context: Context, product: Product) -> Rule | None:
        if product.samples is None:
            return None
        axis = product.samples
        return lambda edge: with_operand(product.data, change(edge.operands[product.data], axis))(edge)

    return rule_of


def _several(*rules: RuleOf) -> Mutants:
    def mutants(context: Context) -> Iterator[Mutant]:
        for rule in rules:
            yield from on_weights(rule)(context)

    return mutants


def _input_forgotten(_context: Context, product: Product) -> Rule | None:
    return lambda edge: with_operand(product.data, np.ones_like(edge.operands[product.data]))(edge)


def _other_caches(context: Context) -> Iterator[Mutant]:
    graph, values = context.clean.graph, context.clean.values
    inputs = {graph.nodes[p.node].operands[p.data] for p in context.parts.products}
    cached = sorted(inputs | {a.node for a in context.parts.activations})
    for product in context.parts.products:
        mine = graph.nodes[product.node].operands[product.data]
        for other in cached:
            same = graph.nodes[other].shape == graph.nodes[mine].shape
            if other != mine and same and (product.node, product.weight) in context.clean.parts:
                rule = with_operand(product.data, values[other])
                words = {"other": graph.label(other)}
                yield Mutant(rule_at([(product.node, product.weight)], rule), product.name, words)


def _preactivation(context: Context, product: Product) -> Rule | None:
    graph = context.clean.graph
    activations = {a.node: a for a in context.parts.activations}
    number = graph.nodes[product.node].operands[product.data]
    value = _before_activation(context, number, activations)
    return None if value is None else with_operand(product.data, value)


def _before_activation(context: Context, number: int, activations: dict[int, Activation]) -> Array | None:
    """What a node would hold if the activation function before it were left out."""
    node = context.clean.graph.nodes[number]
    if number in activations:
        return context.clean.values[node.operands[0]]
    if node.operation is None or node.operation.name not in ("identity", "reshape", "transpose"):
        return None
    before = _before_activation(context, node.operands[0], activations)
    return None if before is None else np.asarray(node.operation.forward(before, **node.settings))


def _one_sample(context: Context) -> Iterator[Mutant]:
    graph, count = context.clean.graph, context.samples
    for number in context.parts.losses:
        node = graph.nodes[number]
        place = (number, 0)
        if count < 2 or node.shape[:1] != (count,) or place not in context.clean.parts:
            continue
        for word, kept in (("first", 0), ("last", count - 1)):
            mask = np.zeros((count, *(1,) * (len(node.shape) - 1)))
            mask[kept] = 1.0
            for factor in (1.0, float(count)):
                rule = _masked(mask * factor)
                yield Mutant(Alteration(rules={place: rule}), graph.label(number), {"which": word})


def _masked(mask: Array) -> Rule:
    def rule(edge: Edge) -> Array:
        return usual(Edge(edge.node, edge.position, edge.cotangent * mask, edge.result, edge.operands))

    return rule


RECORDS = (
    Mistake(
        "input-forgotten", FAMILY,
        "the weight's gradient is the sum of delta, without the input",
        "all entries of a unit's gradient are equal",
        "This is what comes out if delta is not multiplied by the input in the gradient of {where}.",
        on_weights(_input_forgotten), hidden=("inputs are one",),
    ),
    Mistake(
        "preactivation-for-activation", FAMILY,
        "z of the layer before is used as the input where its activation belongs",
        "this weight's gradient wrong, everything else right",
        "This is what comes out if the pre-activation is used in place of the activation as the input of {where}.",
        on_weights(_preactivation), hidden=("all z positive",),
    ),
    Mistake(
        "cache-of-another-layer", FAMILY,
        "the weight's gradient is computed with the activations of another layer",
        "this weight's gradient wrong, everything else right",
        "This is what comes out if the gradient of {where} is computed with {other} as its input.",
        _other_caches,
    ),
    Mistake(
        "cache-shuffled", FAMILY,
        "inputs are paired with the deltas of other samples: shuffled, reversed or from another batch",
        "weights wrong, biases right",
        "This is what comes out if the inputs of {where} are paired with the deltas of other samples.",
        _several(
            _with_data(lambda x, axis: np.roll(x, 1, axis)),
            _with_data(lambda x, axis: np.roll(x, -1, axis)),
            _with_data(lambda x, axis: np.flip(x, axis)),
        ),
        hidden=("batch of one",),
    ),
    Mistake(
        "one-sample-only", FAMILY,
        "only the first or the last sample of the batch is counted",
        "as if the batch were that sample",
        "This is what comes out if only the {which} sample is counted.",
        _one_sample, hidden=("batch of one",),
    ),
)  # fmt: skip
