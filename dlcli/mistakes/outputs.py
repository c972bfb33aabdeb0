"""Mistakes at the output: the derivative of the loss, of softmax and sigmoid, hinges, shapes that broadcast."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, usual
from dlcli.mistakes.anatomy import Output
from dlcli.mistakes.context import Context
from dlcli.mistakes.inner_softmax import inner_softmax
from dlcli.mistakes.log_epsilon import epsilon_clues
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, no_mutants, several, with_operand
from dlcli.mistakes.overflow import overflow_clues, overflow_mutants
from dlcli.ops.analytic import whole_numbers
from dlcli.ops.operation import Array

FAMILY = "output and loss"
Slope = Callable[[Array, Array], Array]  # (prediction, target) -> the loss's slope by the logits


def slope_mutants(kind: str, *slopes: Slope) -> Mutants:
    """Other slopes of the loss by the logits, at each output of a kind ("softmax" or "sigmoid")."""

    def mutants(context: Context) -> Iterator[Mutant]:
        for output in context.parts.outputs:
            if output.kind == kind:
                for slope in slopes:
                    yield Mutant(Alteration(rules={output.place: _with_slope(context, output, slope)}), output.where)

    return mutants


def _with_slope(context: Context, output: Output, slope: Slope) -> Callable[[Edge], Array]:
    """The slope times what reaches the loss's node; one number a sample for a softmax."""
    arriving = context.clean.cotangents[output.loss]
    wide = arriving[..., None] if arriving.ndim < output.prediction.ndim else arriving
    found = slope(output.prediction, output.target)
    return lambda _edge: wide * found


def _through_softmax(p: Array, slope: Array) -> Array:
    """The softmax's Jacobian times a slope by the probabilities."""
    return np.asarray(p * (slope - (p * slope).sum(axis=-1, keepdims=True)))


def _softmax_twice(p: Array, y: Array) -> Array:
    return _through_softmax(p, p - y)


def _error_times_diagonal(p: Array, y: Array) -> Array:
    return np.asarray((p - y) * p * (1 - p))


def _diagonal_alone(p: Array, y: Array) -> Array:
    return np.asarray(-y * (1 - p))


def _by_probabilities(p: Array, y: Array) -> Array:
    return np.asarray(-y / p)


def _bce_by_probability(p: Array, y: Array) -> Array:
    return np.asarray((p - y) / (p * (1 - p)))


def _prediction(context: Context) -> Iterator[Mutant]:
    for output in context.parts.outputs:
        yield Mutant(Alteration(rules={output.place: _with_slope(context, output, lambda p, _y: p)}), output.where)
    for number in _squared(context):
        node = context.clean.graph.nodes[number]
        target = np.zeros_like(context.clean.values[node.operands[1]])
        rule = with_operand(1, target)
        yield Mutant(Alteration(rules={(number, 0): rule}), context.clean.graph.label(node.operands[0]))


def _squared(context: Context) -> Iterator[int]:
    for number in context.parts.losses:
        operation = context.clean.graph.nodes[number].operation
        assert operation is not None
        if operation.name in ("mse", "squared_error", "half_squared_error") and (number, 0) in context.clean.parts:
            yield number


def _shifted_class(context: Context) -> Iterator[Mutant]:
    for output in context.parts.outputs:
        if output.kind == "softmax":
            for step in (1, -1):
                rule = _with_slope(context, output, lambda p, y, step=step: p - np.roll(y, step, axis=-1))  # type: ignore[misc]
                yield Mutant(Alteration(rules={output.place: rule}), output.where)
    for number in context.parts.losses:
        node = context.clean.graph.nodes[number]
        if (
            node.operation is not None
            and node.operation.name == "multiclass_hinge"
            and (number, 0) in context.clean.parts
        ):
            for step in (1, -1):
                shifted = _shifted_target(node.settings["labels"], context.clean.values, node.operands, step)
                rule = with_operand(1, shifted)
                yield Mutant(Alteration(rules={(number, 0): rule}), context.clean.graph.label(node.operands[0]))


def _shifted_target(labels: bool, values: tuple[Array, ...], operands: tuple[int, ...], step: int) -> Array:
    target = values[operands[1]]
    return np.asarray((target + step) % values[operands[0]].shape[-1]) if labels else np.roll(target, step, axis=-1)


def _hinges(name: str, rule_of: Callable[[Edge], Array]) -> Mutants:
    def mutants(context: Context) -> Iterator[Mutant]:
        for number in context.parts.losses:
            operation = context.clean.graph.nodes[number].operation
            if operation is not None and operation.name in name.split() and (number, 0) in context.clean.parts:
                where = context.clean.graph.label(context.clean.graph.nodes[number].operands[0])
                yield Mutant(Alteration(rules={(number, 0): rule_of}), where)

    return mutants


def _shares(edge: Edge) -> Array:
    """The target of a multiclass hinge as rows with a single 1."""
    s, y = edge.operands[:2]
    if not edge.node.settings["labels"]:
        return y
    return np.asarray(whole_numbers(y, s.shape[-1])[..., None] == np.arange(s.shape[-1])).astype(np.float64)


def _margin_ignored(edge: Edge) -> Array:
    if edge.node.operation is not None and edge.node.operation.name == "hinge":
        return np.asarray(-edge.operands[1] * edge.cotangent)
    y = _shares(edge)
    return np.asarray(edge.cotangent[..., None] * ((1 - y) - y * (1 - y).sum(axis=-1, keepdims=True)))


def _right_class_missing(edge: Edge) -> Array:
    return np.asarray(usual(edge) * (1 - _shares(edge)))


def _counted_once(edge: Edge) -> Array:
    y, found = _shares(edge), usual(edge)
    beyond = np.any(found * (1 - y) != 0, axis=-1, keepdims=True)
    return np.asarray(found * (1 - y) - y * beyond * edge.cotangent[..., None])


def _columns(context: Context) -> Iterator[Mutant]:
    """(n,) minus (n, 1) is (n, n): each prediction is compared with every target."""
    graph = context.clean.graph
    for number in context.parts.losses:
        node = graph.nodes[number]
        if node.operation is None or node.operation.family == "class losses" or (number, 0) not in context.clean.parts:
            continue
        shape = graph.nodes[node.operands[0]].shape
        if (len(shape) == 1 and node.operation.reduction == "entries") or (len(shape) == 2 and shape[1] == 1):
            target = context.clean.values[node.operands[1]]
            if node.operation.name == "hinge":
                continue
            mean = with_operand(1, np.full_like(target, target.mean()))
            for factor in (1.0, float(shape[0])):
                rule = _scaled_rule(mean, factor)
                yield Mutant(Alteration(rules={(number, 0): rule}), graph.label(node.operands[0]), {"n": str(shape[0])})


def _scaled_rule(rule: Callable[[Edge], Array], factor: float) -> Callable[[Edge], Array]:
    return lambda edge: rule(edge) * factor


def _bce_outputs(context: Context) -> Iterator[Mutant]:
    yield from slope_mutants("sigmoid", _error_times_diagonal)(context)


RECORDS = (
    Mistake(
        "softmax-derivative-twice", FAMILY,
        "p - y holds the derivative of the softmax already, and is multiplied by it once more",
        "all gradients wrong, and smaller; rows of delta still sum to 0",
        "This is what comes out if p - y, which holds the derivative of the softmax already, is multiplied by it once "
        "more at {where}.",
        slope_mutants("softmax", _softmax_twice, _error_times_diagonal),
    ),
    Mistake(
        "softmax-derivative-diagonal", FAMILY,
        "only the diagonal p(1 - p) of the softmax's Jacobian is used",
        "delta is 0 for every class but the right one, or (p - y) p(1 - p)",
        "This is what comes out if only the diagonal p(1 - p) of the softmax's derivative is used at {where}.",
        several(
            slope_mutants("softmax", _diagonal_alone, _error_times_diagonal),
            inner_softmax(lambda edge, shares: edge.cotangent * shares * (1 - shares)),
        ),
    ),
    Mistake(
        "softmax-derivative-missing", FAMILY,
        "-y/p, the slope by the probabilities, is taken for the slope by the logits",
        "delta is -1/p for the right class and 0 for the others",
        "This is what comes out if the derivative of the softmax is left out at {where}: -y/p in place of p - y.",
        several(slope_mutants("softmax", _by_probabilities), inner_softmax(lambda edge, _shares: edge.cotangent)),
    ),
    Mistake(
        "output-derivative-twice", FAMILY,
        "(p - y) p(1 - p) with binary cross-entropy: the derivative of the sigmoid once too often",
        "delta times p(1 - p): at most a quarter of the right one",
        "This is what comes out if p - y is multiplied by p(1 - p) at {where}: with cross-entropy it cancels.",
        _bce_outputs,
    ),
    Mistake(
        "output-derivative-missing", FAMILY,
        "the slope by the probability is taken for the slope by the logit",
        "delta divided by p(1 - p): at least four times the right one",
        "This is what comes out if the derivative of the sigmoid is left out at {where}.",
        slope_mutants("sigmoid", _bce_by_probability),
    ),
    Mistake(
        "prediction-for-error", FAMILY,
        "the prediction is passed back in place of prediction minus target",
        "as if all targets were 0",
        "This is what comes out if the target is not subtracted from the prediction {where}.",
        _prediction, hidden=("target is zero",),
    ),
    Mistake(
        "onehot-off-by-one", FAMILY,
        "class numbers are shifted by one: counted from 1 where they count from 0, or the other way round",
        "right for another target",
        "This is what comes out if the class numbers are shifted by one at {where}.",
        _shifted_class,
    ),
    Mistake(
        "hinge-margin-ignored", FAMILY,
        "samples or classes beyond the margin, whose slope is 0, are counted as well",
        "as if every term of the hinge were positive",
        "This is what comes out if terms of the hinge that are 0 are counted as well at {where}.",
        _hinges("hinge multiclass_hinge", _margin_ignored), hidden=("all within the margin",),
    ),
    Mistake(
        "hinge-correct-class-missing", FAMILY,
        "the slope by the right class's score is left out",
        "delta is 0 for the right class",
        "This is what comes out if the right class gets no slope at {where}: it is minus the number of terms above 0.",
        _hinges("multiclass_hinge", _right_class_missing),
    ),
    Mistake(
        "hinge-counted-once", FAMILY,
        "the right class gets -1 where it should get minus the number of classes within the margin",
        "delta of the right class too small, rows do not sum to 0",
        "This is what comes out if the right class gets -1 at {where} however many terms are above 0.",
        _hinges("multiclass_hinge", _counted_once),
    ),
    Mistake(
        "broadcast-column", FAMILY,
        "a prediction (n,) with a target (n, 1), or the other way round: the difference is (n, n)",
        "each prediction is pulled to the mean of all targets",
        "This is what comes out if {where} and the target have shapes ({n},) and ({n}, 1), so that their difference "
        "has {n} x {n} entries.",
        _columns,
    ),
    Mistake(
        "log-epsilon", FAMILY,
        "the backward pass divides by p + eps where the loss has log(p), or the other way round",
        "relative errors of about eps/p, largest for unlikely classes",
        "This is what comes out if {eps} is added to the probability under the logarithm at {where}, so that loss and "
        "gradient do not belong together.",
        no_mutants, epsilon_clues,
    ),
    Mistake(
        "overflow-without-shift", FAMILY,
        "exp overflows because the largest logit is not subtracted first",
        "nan, inf or 0 where logits are above 709",
        "exp overflows at {where}: subtract the largest logit first.",
        overflow_mutants, overflow_clues, hidden=("nothing overflows",),
    ),
)  # fmt: skip
