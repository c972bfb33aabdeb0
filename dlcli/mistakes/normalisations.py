"""Mistakes in batch and layer normalisation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_forward import with_node_values
from dlcli.mistakes.altered_sweep import Alteration, Edge, Rule, usual
from dlcli.mistakes.anatomy import place_name
from dlcli.mistakes.context import Context
from dlcli.mistakes.layers import FAMILY, at_each, fixed
from dlcli.mistakes.mistake import Mistake, Mutant, several, times, with_operand
from dlcli.ops.operation import Array


def _statistics(edge: Edge) -> tuple[Array, Array, Array]:
    """gamma times the cotangent, the normalised x, and the deviation, of a normalisation by its own statistics."""
    settings = edge.node.settings
    x, gamma = edge.operands[0], edge.operands[1].reshape(settings["layouts"][0])
    axes, count = settings["axes"], settings["count"]
    centred = x - x.sum(axis=axes, keepdims=True) / count
    deviation = np.sqrt((centred * centred).sum(axis=axes, keepdims=True) / count + settings["eps"])
    return edge.cotangent * gamma, centred / deviation, deviation


def _normalised(formula: Callable[[Array, Array, Array, Callable[[Array], Array]], Array]) -> Rule:
    """inner, normalised x, deviation and the mean over the statistics' axes -> the cotangent of x."""

    def rule(edge: Edge) -> Array:
        inner, standard, deviation = _statistics(edge)
        axes, count = edge.node.settings["axes"], edge.node.settings["count"]
        return formula(inner, standard, deviation, lambda part: part.sum(axis=axes, keepdims=True) / count)

    return rule


def _own_statistics(rule: Rule) -> Callable[[Context, int, int], Rule | None]:
    def rule_of(context: Context, number: int, _position: int) -> Rule | None:
        return rule if context.clean.graph.nodes[number].settings["axes"] is not None else None

    return rule_of


MEAN_CONSTANT = _normalised(lambda inner, n, deviation, mean: (inner - n * mean(inner * n)) / deviation)
VARIANCE_CONSTANT = _normalised(lambda inner, _n, deviation, mean: (inner - mean(inner)) / deviation)
STATISTICS_CONSTANT = _normalised(lambda inner, _n, deviation, _mean: inner / deviation)


def _gamma_missing(edge: Edge) -> Array:
    return with_operand(1, np.ones_like(edge.operands[1]))(edge)


def _unbiased(context: Context, number: int, _position: int) -> Rule | None:
    settings = context.clean.graph.nodes[number].settings
    count = settings["count"]
    return None if settings["axes"] is None else times(math.sqrt((count - 1) / count))


def _unbiased_throughout(edge: Edge) -> Array:
    """The deviation divided by n - 1 wherever it stands in the usual formula."""
    inner, standard, deviation = _statistics(edge)
    axes, count, eps = (edge.node.settings[key] for key in ("axes", "count", "eps"))
    wider = np.sqrt((deviation**2 - eps) * count / (count - 1) + eps)
    standard = standard * deviation / wider
    along = (inner * standard).sum(axis=axes, keepdims=True) / count
    return np.asarray((inner - inner.sum(axis=axes, keepdims=True) / count - standard * along) / wider)


def _unbiased_forward(context: Context) -> Iterator[Mutant]:
    """The forward pass as well divides the variance by n - 1."""
    for number in sorted(context.clean.users):
        node = context.clean.graph.nodes[number]
        if node.operation is None or node.operation.name != "batchnorm" or node.settings["axes"] is None:
            continue
        operands = tuple(context.clean.values[o] for o in node.operands)
        edge = Edge(node, 0, np.ones(node.shape), context.clean.values[number], operands)
        _, standard, deviation = _statistics(edge)
        count, eps, layouts = (node.settings[key] for key in ("count", "eps", "layouts"))
        wider = np.sqrt((deviation**2 - eps) * count / (count - 1) + eps)
        gamma, beta = (operands[k].reshape(layouts[k - 1]) for k in (1, 2))
        values = with_node_values(context, {number: gamma * standard * deviation / wider + beta})
        factor = deviation / wider
        rules: dict[tuple[int, int], Rule] = {}
        if (number, 0) in context.clean.parts:
            rules[number, 0] = _rescaled(eps, count)
        if (number, 1) in context.clean.parts:
            rules[number, 1] = _premultiplied(factor)
        yield Mutant(Alteration(rules=rules, values=values), place_name(context.clean.graph, number))


def _rescaled(eps: float, count: int) -> Rule:
    """The cotangent of x of gamma (x - mean)/sqrt(sum of squares/(n - 1) + eps)."""

    def rule(edge: Edge) -> Array:
        inner, standard, deviation = _statistics(edge)
        axes = edge.node.settings["axes"]
        wider = np.sqrt((deviation**2 - eps) * count / (count - 1) + eps)
        centred = standard * deviation
        along = (inner * centred).sum(axis=axes, keepdims=True) / (count - 1)
        return np.asarray((inner - inner.sum(axis=axes, keepdims=True) / count) / wider - centred * along / wider**3)

    return rule


def _premultiplied(factor: Array) -> Rule:
    def rule(edge: Edge) -> Array:
        return usual(Edge(edge.node, edge.position, edge.cotangent * factor, edge.result, edge.operands))

    return rule


RECORDS = (
    Mistake(
        "batchnorm-mean-constant", FAMILY,
        "the batch's mean is treated as a constant",
        "right above; below, the gradients do not sum to 0 over the batch",
        "This is what comes out if the batch's mean is treated as a constant at {where}.",
        at_each("batchnorm", _own_statistics(MEAN_CONSTANT)),
    ),
    Mistake(
        "batchnorm-variance-constant", FAMILY,
        "the batch's variance is treated as a constant",
        "right above, wrong below",
        "This is what comes out if the batch's variance is treated as a constant at {where}.",
        at_each("batchnorm", _own_statistics(VARIANCE_CONSTANT)),
    ),
    Mistake(
        "batchnorm-statistics-constant", FAMILY,
        "mean and variance of the batch are treated as constants: gamma g/sqrt(var + eps)",
        "right above, wrong below",
        "This is what comes out if the batch's mean and variance are treated as constants at {where}.",
        at_each("batchnorm", _own_statistics(STATISTICS_CONSTANT)),
    ),
    Mistake(
        "batchnorm-gamma-missing", FAMILY,
        "the gradient is passed down without multiplying it by gamma",
        "right above, below off by gamma",
        "This is what comes out if the gradient is not multiplied by gamma at {where}.",
        at_each("batchnorm layernorm", fixed(_gamma_missing)), hidden=("gamma is one",),
    ),
    Mistake(
        "batchnorm-unbiased-variance", FAMILY,
        "the variance is divided by n - 1 where it is divided by n",
        "right above, slightly too small below",
        "This is what comes out if the variance is divided by n - 1 at {where}: batch normalisation divides by n.",
        several(
            at_each("batchnorm", _unbiased),
            at_each("batchnorm", _own_statistics(_unbiased_throughout)),
            _unbiased_forward,
        ),
    ),
    Mistake(
        "layernorm-statistics-constant", FAMILY,
        "mean and variance of a sample are treated as constants",
        "right above, wrong below",
        "This is what comes out if the mean and the variance are treated as constants at {where}.",
        several(*(at_each("layernorm", fixed(r)) for r in (STATISTICS_CONSTANT, MEAN_CONSTANT, VARIANCE_CONSTANT))),
    ),
)  # fmt: skip
