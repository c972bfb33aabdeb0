"""Mistakes inside layers: dropout, normalisation, convolution, pooling, attention."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Edge, Rule, usual
from dlcli.mistakes.anatomy import place_name
from dlcli.mistakes.context import Context
from dlcli.mistakes.dropout_mask import mask_clues
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, each_and_all, no_mutants, several, times, with_operand
from dlcli.ops.operation import Array
from dlcli.ops.windows import overlaid, windows_of

FAMILY = "layers"


def at_each(
    names: str, rule_of: Callable[[Context, int, int], Rule | None], positions: tuple[int, ...] = (0,)
) -> Mutants:
    """Another way back through an operation's operands: in all of its places, and in one after the other."""

    def mutants(context: Context) -> Iterator[Mutant]:
        graph = context.clean.graph
        places: dict[str, list[tuple[tuple[int, int], Rule]]] = {}
        for number in sorted(context.clean.users):
            operation = graph.nodes[number].operation
            if operation is None or operation.name not in names.split():
                continue
            for position in positions:
                rule = rule_of(context, number, position) if (number, position) in context.clean.parts else None
                if rule is not None:
                    places.setdefault(place_name(graph, number), []).append(((number, position), rule))
        yield from each_and_all(places)

    return mutants


def fixed(rule: Rule) -> Callable[[Context, int, int], Rule | None]:
    return lambda _context, _number, _position: rule


def _kept(edge: Edge) -> Array:
    """The dropout's mask, times 1/(1 - p)."""
    return usual(Edge(edge.node, edge.position, np.ones_like(edge.cotangent), edge.result, edge.operands))


def _no_mask_but_scale(edge: Edge) -> Array:
    return np.asarray(edge.cotangent / (1 - edge.operands[1]))


def _mask_without_scale(edge: Edge) -> Array:
    return np.asarray(edge.cotangent * (_kept(edge) != 0))


def _turned(weights: Array, spatial: int) -> Array:
    return np.flip(weights, axis=tuple(range(-spatial, 0)))


def _kernel_flipped(context: Context, number: int, position: int) -> Rule | None:
    operation = context.clean.graph.nodes[number].operation
    assert operation is not None
    spatial = 1 if operation.name == "conv1d" else 2
    if position == 1:
        return lambda edge: _turned(usual(edge), spatial)
    return lambda edge: with_operand(1, _turned(edge.operands[1], spatial))(edge)


def _shifts(context: Context) -> Iterator[Mutant]:
    for position in (0, 1):
        for axes in ((-1,), (-2,), (-2, -1)):
            names = "conv1d conv2d" if axes == (-1,) else "conv2d"
            for step in (1, -1):
                if len(axes) == 1:
                    yield from at_each(names, _shifted(axes[0], step), (position,))(context)
                yield from at_each(names, _moved(axes, step), (position,))(context)


def _shifted(axis: int, step: int) -> Callable[[Context, int, int], Rule | None]:
    return lambda _context, _number, _position: lambda edge: np.roll(usual(edge), step, axis=axis)


def _moved(axes: tuple[int, ...], step: int) -> Callable[[Context, int, int], Rule | None]:
    """Moved by one place along axes, zeros where nothing comes from."""

    def rule(edge: Edge) -> Array:
        found = usual(edge)
        for axis in axes:
            found = np.roll(found, step, axis=axis)
            edge_of_image = [slice(None)] * found.ndim
            edge_of_image[axis] = slice(0, 1) if step > 0 else slice(-1, None)
            found[tuple(edge_of_image)] = 0.0
        return found

    return lambda _context, _number, _position: rule


def _spread(share: Callable[[Array], Array]) -> Rule:
    """A pooled cotangent spread over its window: share(windows (…, rows, columns, size)) -> share of each entry."""

    def rule(edge: Edge) -> Array:
        x, size, stride = edge.operands[0], edge.node.settings["size"], edge.node.settings["stride"]
        view = windows_of(x, size, stride, (1, 1))
        shares = share(view.reshape(*view.shape[:-2], math.prod(size)))
        parts = (edge.cotangent[..., None] * shares).reshape(view.shape)
        return overlaid(parts, x.shape[-2:], stride, (1, 1))

    return rule


def _first(window: Array) -> Array:
    shares = np.zeros(window.shape)
    shares[..., 0] = 1.0
    return shares


MAXIMA = _spread(lambda window: (window == window.max(axis=-1, keepdims=True)).astype(np.float64))
SHARED = _spread(
    lambda window: (
        (window == window.max(axis=-1, keepdims=True))
        / (window == window.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)
    )
)
WHOLE = _spread(lambda window: np.ones(window.shape))
AVERAGE = _spread(lambda window: np.full(window.shape, 1 / window.shape[-1]))


def _window_size(context: Context, number: int, _position: int) -> Rule | None:
    return times(float(math.prod(context.clean.graph.nodes[number].settings["size"])))


def _scale_missing(context: Context, number: int, position: int) -> Rule | None:
    node = context.clean.graph.nodes[number]
    assert node.operation is not None
    if node.operation.name == "attention":
        return times(math.sqrt(node.settings["queries"][-1]))
    softmaxes = [p[0] for p in context.clean.users[number]]
    used = {op.name for n in softmaxes if (op := context.clean.graph.nodes[n].operation) is not None}
    divisor = context.clean.graph.nodes[node.operands[1]]
    if position != 0 or "softmax" not in used or divisor.shape != () or divisor.operation is not None:
        return None
    return lambda edge: edge.cotangent


RECORDS = (
    Mistake(
        "dropout-mask-missing", FAMILY,
        "the mask of the forward pass is not applied to the gradient",
        "numbers where dropped values have gradient 0",
        "This is what comes out if the dropout mask is not applied in the backward pass at {where}.",
        several(at_each("dropout", fixed(lambda edge: edge.cotangent)), at_each("dropout", fixed(_no_mask_but_scale))),
        hidden=("nothing dropped",),
    ),
    Mistake(
        "dropout-not-rescaled", FAMILY,
        "the gradient is not divided by 1 - p",
        "zeros in the right places, below the dropout everything 1 - p times too small",
        "This is what comes out if the gradient is not divided by 1 - p at {where}.",
        at_each("dropout", fixed(_mask_without_scale)), hidden=("p is zero",),
    ),
    Mistake(
        "dropout-drawn-again", FAMILY,
        "the backward pass draws a mask of its own",
        "another number of zeros, in other places",
        "This is what comes out if the backward pass uses another dropout mask at {where}: {mask}.",
        no_mutants, mask_clues,
    ),
    Mistake(
        "convolution-kernel-flipped", FAMILY,
        "the kernel is not turned on the way down, or the kernel's gradient is turned",
        "right shapes, entries mirrored",
        "This is what comes out if the kernel is turned where it must not be, or not where it must, at {where}.",
        several(at_each("conv1d conv2d", _kernel_flipped, (1,)), at_each("conv1d conv2d", _kernel_flipped, (0,))),
        hidden=("symmetric kernel",),
    ),
    Mistake(
        "convolution-shifted", FAMILY,
        "windows are off by one row or column",
        "entries moved by one place",
        "This is what comes out if the windows are off by one at {where}.",
        _shifts,
    ),
    Mistake(
        "pooling-ties-all", FAMILY,
        "every entry equal to the maximum, or the whole window, gets the gradient",
        "right without ties, too large with them",
        "This is what comes out if several entries of a window get its gradient at {where}: only the first maximum has "
        "slope 1.",
        several(*(at_each("maxpool2d", fixed(r)) for r in (MAXIMA, SHARED, WHOLE))), hidden=("no ties",),
    ),
    Mistake(
        "pooling-average-for-max", FAMILY,
        "the gradient is shared out over the window, as for a mean",
        "no zeros below the pooling",
        "This is what comes out if the gradient is shared out over the window at {where}: it belongs to the maximum.",
        at_each("maxpool2d", fixed(AVERAGE)),
    ),
    Mistake(
        "pooling-first-of-window", FAMILY,
        "the first entry of each window gets the gradient, whether it is the largest or not",
        "zeros on a regular grid",
        "This is what comes out if the first entry of each window gets the gradient at {where}.",
        at_each("maxpool2d", fixed(_spread(_first))),
    ),
    Mistake(
        "average-pooling-not-divided", FAMILY,
        "the gradient is not divided by the size of the window",
        "below the pooling everything too large by that size",
        "This is what comes out if the gradient is not divided by the size of the window at {where}.",
        at_each("avgpool2d", _window_size),
    ),
    Mistake(
        "attention-scale-missing", FAMILY,
        "1/sqrt(d) of the scores is left out in the backward pass",
        "gradients of queries and keys sqrt(d) times too large, values right",
        "This is what comes out if 1/sqrt(d) is left out in the backward pass at {where}.",
        at_each("attention divide multiply", _scale_missing, (0, 1)), hidden=("d is one",),
    ),
)  # fmt: skip
