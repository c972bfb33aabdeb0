"""Mistakes with a weight times its input: transposed, skipped, updated too early, the wrong cached value."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Gradients, Place, Rule, altered_gradients, usual
from dlcli.mistakes.anatomy import Product, source_of
from dlcli.mistakes.averages import weight_names
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import (
    Mistake,
    Mutant,
    Mutants,
    each_and_all,
    multiplied,
    of_gradient,
    rule_at,
    times,
    unchanged,
    with_operand,
)
from dlcli.ops.operation import Array

FAMILY = "weights and inputs"
RuleOf = Callable[[Context, Product], Rule | None]


def on_weights(rule_of: RuleOf) -> Mutants:
    """Another way from a product to its weight: in every layer, and in one after the other."""
    return _along(rule_of, lambda product: product.weight)


def _on_data(rule_of: RuleOf) -> Mutants:
    """Another way from a product to what feeds it."""
    return _along(rule_of, lambda product: product.data)


def _along(rule_of: RuleOf, position: Callable[[Product], int]) -> Mutants:
    def mutants(context: Context) -> Iterator[Mutant]:
        places: dict[str, list[tuple[tuple[int, int], Rule]]] = {}
        for product in context.parts.products:
            place = (product.node, position(product))
            rule = rule_of(context, product) if place in context.clean.parts else None
            if rule is not None:
                places.setdefault(product.name, []).append((place, rule))
        yield from each_and_all(places)

    return mutants


def _transposed(context: Context) -> Iterator[Mutant]:
    shapes = {name: context.clean.gradients[name].shape for name in weight_names(context)}
    square = [name for name, shape in shapes.items() if len(shape) == 2 and shape[0] == shape[1] > 1]
    for names in ([square] if len(square) > 1 else []) + [[name] for name in square]:
        final: dict[str, Callable[[Gradients], Array]] = {}
        for name in names:
            final |= of_gradient(name, np.transpose)
        yield Mutant(Alteration(final=final), " and ".join(names))


def _turned(_context: Context, product: Product) -> Rule | None:
    return _turned_rule(product) if product.kind == "matrix" else None


def _turned_rule(product: Product) -> Rule:
    def rule(edge: Edge) -> Array:
        weight = edge.operands[product.weight]
        if weight.ndim != 2 or weight.shape[0] != weight.shape[1]:
            return usual(edge)
        return with_operand(product.weight, weight.T)(edge)

    return rule


def _square(rule_of: RuleOf) -> RuleOf:
    def chosen(context: Context, product: Product) -> Rule | None:
        shape = context.clean.graph.nodes[product.leaf].shape
        return rule_of(context, product) if len(shape) == 2 and shape[0] == shape[1] > 1 else None

    return chosen


def _turned_in_time(context: Context) -> Iterator[Mutant]:
    """U for U^T from one step to the step before it, inside rnn_cell: the usual way is delta @ U, delta a row."""
    graph = context.clean.graph
    cells = [
        n for n in sorted(context.clean.users) if (op := graph.nodes[n].operation) is not None and op.name == "rnn_cell"
    ]
    places = [(n, 1) for n in cells if (n, 1) in context.clean.parts]
    if places:
        yield Mutant(
            rule_at(places, _untransposed), graph.label(source_of(graph, graph.nodes[places[0][0]].operands[3]))
        )


def _untransposed(edge: Edge) -> Array:
    return np.asarray((edge.cotangent * (1 - edge.result**2)) @ edge.operands[3].T)


def _not_transposed(context: Context) -> Iterator[Mutant]:
    yield from _on_data(_square(_turned))(context)
    yield from _turned_in_time(context)


def _skipped(context: Context, product: Product) -> Rule | None:
    graph = context.clean.graph
    node = graph.nodes[product.node]
    shape = graph.nodes[node.operands[product.data]].shape
    if product.kind == "number" or node.shape == shape:
        return unchanged
    if product.kind == "matrix" and node.shape == shape[:-1] and product.data == 0:
        return lambda edge: np.broadcast_to(edge.cotangent[..., None], shape)
    if (product.kind == "matrix" and node.shape == ()) or (node.shape[-1:] == (1,) and node.shape[:-1] == shape[:-1]):
        return lambda edge: np.broadcast_to(edge.cotangent, shape)
    return None


def _updated(context: Context) -> Iterator[Mutant]:
    """One layer's weights updated before use; and all, each by the gradient that the updates above it have altered."""
    if context.learning_rate is None:
        return
    graph, all_rules = context.clean.graph, dict[Place, Rule]()
    products = [p for p in context.parts.products if p.name in graph.wrt and (p.node, p.data) in context.clean.parts]
    for leaf in dict.fromkeys(p.leaf for p in reversed(products)):
        uses = [p for p in products if p.leaf == leaf]
        altered = altered_gradients(context.clean, Alteration(rules=dict(all_rules)), [uses[0].name])[0][uses[0].name]
        all_rules |= _after_step(context, uses, altered)
        right = _after_step(context, uses, context.clean.gradients[uses[0].name])
        yield Mutant(Alteration(rules=right), uses[0].name)
    if len({p.leaf for p in products}) > 1:
        yield Mutant(Alteration(rules=all_rules), "every layer")


def _after_step(context: Context, uses: list[Product], gradient: Array) -> dict[Place, Rule]:
    """The ways down through a weight that one step by a gradient has changed."""
    assert context.learning_rate is not None
    rules: dict[Place, Rule] = {}
    for product in uses:
        after = context.clean.values[product.leaf] - context.learning_rate * gradient
        used = context.clean.graph.nodes[product.node].operands[product.weight]
        rules[product.node, product.data] = with_operand(product.weight, moved(context, used, product.leaf, after))
    return rules


def moved(context: Context, number: int, source: int, value: Array) -> Array:
    """The value of a node behind transposes and reshapes of a source that has another value."""
    if number == source:
        return value
    node = context.clean.graph.nodes[number]
    assert node.operation is not None
    return np.asarray(node.operation.forward(moved(context, node.operands[0], source, value), **node.settings))


def _of_other_layers(context: Context) -> Iterator[Mutant]:
    products = [p for p in context.parts.products if (p.node, p.data) in context.clean.parts]
    others = list({p.leaf: p for p in context.parts.products}.values())
    for own in products:
        for other in others:
            rule = _through(context, own, other)
            if rule is not None:
                words = {"other": other.name, "own": own.name}
                yield Mutant(rule_at([(own.node, own.data)], rule), own.where, words)
    leaves = [p.leaf for p in others]
    for step, neighbour in ((-1, "the layer below"), (1, "the layer above")):
        rules: dict[Place, Rule] = {}
        for own in products:
            index = leaves.index(own.leaf) + step
            rule = _through(context, own, others[index]) if 0 <= index < len(others) else None
            if rule is not None:
                rules[own.node, own.data] = rule
        if len(rules) > 1:
            yield Mutant(
                Alteration(rules=rules), "every layer", {"other": f"the weights of {neighbour}", "own": "its own"}
            )


def _through(context: Context, own: Product, other: Product) -> Rule | None:
    """The way down from a product through another product's weight, where it fits."""
    graph = context.clean.graph
    mine, theirs = (graph.nodes[p.node].operands[p.weight] for p in (own, other))
    if own.leaf == other.leaf or graph.nodes[mine].shape != graph.nodes[theirs].shape:
        return None
    return with_operand(own.weight, context.clean.values[theirs])


def _zero_gradients(context: Context) -> Iterator[Mutant]:
    for name in weight_names(context):
        yield Mutant(multiplied({name: 0.0}), name)


def _passing_stops(context: Context) -> Iterator[Mutant]:
    groups: dict[str, list[tuple[int, int]]] = {}
    for product in context.parts.products:
        if (product.node, product.data) in context.clean.parts:
            groups.setdefault(product.where, []).append((product.node, product.data))
    for where, places in groups.items():
        yield Mutant(rule_at(places, times(0.0)), where)


RECORDS = (
    Mistake(
        "weight-gradient-transposed", FAMILY,
        "the gradient of a square weight matrix is returned transposed",
        "diagonal right, the other entries in mirrored places",
        "This is the right gradient of {where}, transposed.",
        _transposed, hidden=("symmetric gradient",),
    ),
    Mistake(
        "weights-not-transposed", FAMILY,
        "delta goes down through W where W^T belongs, which a square matrix permits",
        "right down to that layer, wrong below it",
        "This is what comes out if delta is passed down through {where} without transposing it.",
        _not_transposed, hidden=("symmetric weights",),
    ),
    Mistake(
        "weights-skipped", FAMILY,
        "delta is passed down without the weight: not multiplied by W",
        "right down to that layer, below it as if the weight were 1",
        "This is what comes out if the error is passed down without multiplying it by {where}.",
        _on_data(_skipped),
    ),
    Mistake(
        "weights-updated-before-use", FAMILY,
        "the weights are updated first, and delta then goes down through the new ones",
        "right at the output layer, slightly off below",
        "This is what comes out if {where} is updated by the step before the error is passed down through it.",
        _updated, hidden=("no learning rate",),
    ),
    Mistake(
        "weights-of-another-layer", FAMILY,
        "delta goes down through another layer's weights of the same shape",
        "right down to that layer, wrong below it",
        "This is what comes out if the error is passed down through {other} in place of {own} at {where}.",
        _of_other_layers,
    ),
    Mistake(
        "weight-gradient-zero", FAMILY,
        "one weight gets no gradient at all",
        "zeros for one weight, the others right",
        "{where} gets no gradient: it is 0 here.",
        _zero_gradients, hidden=("gradient is zero",),
    ),
    Mistake(
        "error-not-passed-down", FAMILY,
        "the backward pass stops at a layer: nothing reaches what lies below",
        "right down to that layer, zeros below",
        "This is what comes out if the error is not passed down below {where}.",
        _passing_stops, hidden=("gradient is zero",),
    ),
)  # fmt: skip
