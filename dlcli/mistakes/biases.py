"""Mistakes with the gradients of biases. The mean in place of the sum is `mean-extra-on-biases`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dlcli.engines.reverse import unbroadcast
from dlcli.mistakes.altered_sweep import Alteration, Edge, Rule
from dlcli.mistakes.averages import bias_names
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, each_and_all, multiplied, of_gradient
from dlcli.ops.operation import Array

FAMILY = "biases"
OfBatch = Callable[[Array, tuple[int, ...]], Array | None]  # (cotangent of the sum, shape of the bias) -> its gradient


def _added(change: OfBatch, repeated: bool = True) -> Mutants:
    """Another way to sum the deltas, at each bias that is added to a batch."""

    def mutants(context: Context) -> Iterator[Mutant]:
        graph = context.clean.graph
        places: dict[str, list[tuple[tuple[int, int], Rule]]] = {}
        for bias in context.parts.biases:
            node = graph.nodes[bias.node]
            shape = graph.nodes[node.operands[bias.position]].shape
            if node.operation is None or node.operation.name != "add" or (repeated and node.shape == shape):
                continue
            if change(np.zeros(node.shape), shape) is not None:
                places.setdefault(bias.name, []).append(((bias.node, bias.position), _rule(change, shape)))
        yield from each_and_all(places)

    return mutants


def _rule(change: OfBatch, shape: tuple[int, ...]) -> Rule:
    def rule(edge: Edge) -> Array:
        found = change(edge.cotangent, shape)
        assert found is not None
        return found

    return rule


def _sample(which: int, factor: bool) -> OfBatch:
    def change(delta: Array, shape: tuple[int, ...]) -> Array | None:
        axis = _sample_axis(delta.shape, shape)
        if axis is None:
            return None
        one = np.take(delta, [which], axis=axis) * (delta.shape[axis] if factor else 1.0)
        return unbroadcast(one, shape)

    return change


def _sample_axis(shape: tuple[int, ...], bias: tuple[int, ...]) -> int | None:
    """The first axis along which a bias of its shape is repeated."""
    own = (1,) * (len(shape) - len(bias)) + bias
    repeated = [axis for axis, (size, held) in enumerate(zip(shape, own, strict=True)) if held == 1 and size > 1]
    return repeated[0] if repeated else None


def _wrong_axis(delta: Array, shape: tuple[int, ...]) -> Array | None:
    if delta.ndim != 2 or delta.shape[0] != delta.shape[1] or delta.shape[0] == 1 or np.prod(shape) != delta.shape[0]:
        return None
    axis = _sample_axis(delta.shape, shape)
    return None if axis is None else np.asarray(delta.sum(axis=1 - axis)).reshape(shape)


def _full_sum(delta: Array, shape: tuple[int, ...]) -> Array | None:
    return None if shape == () or delta.shape == shape == (1,) else np.full(shape, delta.sum())


def _samples(context: Context) -> Iterator[Mutant]:
    for which in (-1, 0):
        for factor in (False, True):
            yield from _added(_sample(which, factor))(context)


def _forgotten(context: Context) -> Iterator[Mutant]:
    names = bias_names(context)
    for chosen in ([names] if len(names) > 1 else []) + [[name] for name in names]:
        yield Mutant(multiplied(dict.fromkeys(chosen, 0.0)), " and ".join(chosen))


def _as_ones(context: Context) -> Iterator[Mutant]:
    for name in bias_names(context):
        yield Mutant(Alteration(final=of_gradient(name, np.ones_like)), name)


RECORDS = (
    Mistake(
        "bias-one-sample", FAMILY,
        "the bias's gradient is the delta of the last (or first) sample alone",
        "biases wrong, weights right",
        "This is what comes out if only one sample's delta is taken for the gradient of {where}: they are summed over "
        "the samples.",
        _samples, hidden=("batch of one",),
    ),
    Mistake(
        "bias-wrong-axis", FAMILY,
        "deltas are summed over the units where they should be summed over the samples",
        "as many numbers as there are samples: only possible where both are equal",
        "This is what comes out if the deltas are summed over the units in place of the samples for {where}.",
        _added(_wrong_axis),
    ),
    Mistake(
        "bias-full-sum", FAMILY,
        "deltas are summed over samples and units: one number for all units",
        "all entries of the bias's gradient are equal",
        "This is what comes out if the deltas are summed over everything, one number for all units, for {where}.",
        _added(_full_sum, repeated=False), hidden=("one unit",),
    ),
    Mistake(
        "bias-forgotten", FAMILY,
        "the bias gets no gradient",
        "zeros for the bias, weights right",
        "{where} gets no gradient: it is 0 here.",
        _forgotten, hidden=("gradient is zero",),
    ),
    Mistake(
        "bias-derivative-alone", FAMILY,
        "dz/db = 1 is returned, without the error that it is multiplied by",
        "ones",
        "The gradient of {where} is 1 here: dz/db alone, not multiplied by the error.",
        _as_ones,
    ),
)  # fmt: skip
