"""Normalisation: batchnorm by the batch's statistics or by given ones, layernorm of each sample.

Both are gamma (x - mean)/sqrt(variance + eps) + beta; they differ in the axes that the mean is taken over.
Settled settings: `axes` of the statistics (None where they are given), `count` entries along them, `layouts`, the
shapes in which gamma, beta (and mean, variance) stand beside x, and `ranks`, those operands' own ranks, x's first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import Array, Composite, Domain, Example, Operation, Setting, Settings, Shape, alone
from dlcli.ops.shapes import Settled, axes_of, count_of, leading, list_text, shown, sum_text

FAMILY = "layers"
EPS = Setting("eps", 1e-5, "number", "added to the variance under the root")
Axes = tuple[int, ...]


def _settle_batchnorm(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    x = shapes[0]
    if len(shapes) == 4:
        raise OperationError(
            "E106", "batchnorm takes the mean and the variance together, or neither",
            help="in training batchnorm(x, gamma, beta), in prediction batchnorm(x, gamma, beta, mean, var); "
            "eps by keyword", operand=3,
        )  # fmt: skip
    if x == ():
        raise OperationError("E211", "batchnorm takes a batch, not a scalar", help="write one row a sample", operand=0)
    by_channel = len(x) == 4 or (len(x) == 3 and shapes[1] == x[1:2])
    axes = axes_of((0, *range(2, len(x))) if by_channel else 0, x)
    features = x[1:2] if by_channel else x[1:]
    layout = (1, *features, *(1,) * (len(x) - 2)) if by_channel else (1, *features)
    layouts = _layouts("batchnorm", "feature", shapes, features, layout)
    settled = _settled(shapes, settings, layouts)
    if len(shapes) == 5:
        return x, settled | {"axes": None, "count": 0}
    if count_of(x, axes) == 1:
        raise OperationError(
            "E305",
            f"batchnorm of a batch of one, shape {shown(x)}: each feature's variance is 0, and the result is beta "
            "whatever x is",
            help="give at least two samples, or the statistics: batchnorm(x, gamma, beta, mean, var)",
            operand=0,
        )
    return x, settled | {"axes": axes, "count": count_of(x, axes)}


def _settle_layernorm(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    x = shapes[0]
    if x == () or x[-1] == 1:
        raise OperationError(
            "E211", f"layernorm of shape {shown(x)}: over a single number the variance is 0, and the result is beta "
            "whatever x is", help="the last axis holds the features of a sample, at least two", operand=0,
        )  # fmt: skip
    layouts = _layouts("layernorm", "feature", shapes, x[-1:], (1,) * (len(x) - 1) + x[-1:])
    return x, _settled(shapes, settings, layouts) | {"axes": (-1,), "count": x[-1]}


def _layouts(name: str, what: str, shapes: tuple[Shape, ...], features: Shape, layout: Shape) -> tuple[Shape, ...]:
    """How gamma, beta … stand beside x; each has the features' shape or is a single number. Raises E201."""
    names = ("gamma", "beta", "mean", "var")
    for position, shape in enumerate(shapes[1:], start=1):
        if shape not in (features, (), (1,)):
            needed = f"of shape {shown(features)}, one number a {what}" if features else "that is a single number"
            raise OperationError(
                "E201",
                f"{name} of shape {shown(shapes[0])} needs a {names[position - 1]} {needed}, not {shown(shape)}",
                help="samples are the first axis" if name == "batchnorm" else "features are the last axis",
                operand=position,
            )
    return tuple(layout if shape == features else (1,) * len(layout) for shape in shapes[1:])


def _settled(shapes: tuple[Shape, ...], settings: Settings, layouts: tuple[Shape, ...]) -> dict[str, Any]:
    eps = float(settings["eps"])
    if not (0 <= eps < math.inf):
        raise OperationError("E305", f"eps must be 0 or more, not {eps:g}", help="usual is 1e-5", setting="eps")
    return {"eps": eps, "layouts": layouts, "ranks": tuple(map(len, shapes))}


def _placed(position: int, operands: tuple[Array, ...], layouts: tuple[Shape, ...], ranks: tuple[int, ...]) -> Array:
    """The operand at `position` (from 1) in the shape in which it stands beside x."""
    operand = operands[position]
    return operand.reshape(leading(operand, ranks[position]) + layouts[position - 1])


def _collected(part: Array, position: int, operand: Array, layouts: tuple[Shape, ...], ranks: tuple[int, ...]) -> Array:
    """A cotangent in x's shape, summed to that of the operand at `position`."""
    layout = layouts[position - 1]
    axes = tuple(axis - ranks[0] for axis, size in enumerate(layout) if size == 1)
    summed = np.asarray(part.sum(axis=axes))
    return summed.reshape(leading(part, ranks[0]) + operand.shape[len(operand.shape) - ranks[position] :])


def _standard(
    operands: tuple[Array, ...], axes: Axes | None, count: int, eps: float, **beside: Any
) -> tuple[Array, Array]:
    """(x - mean)/deviation, and the deviation sqrt(variance + eps)."""
    x = operands[0]
    if axes is None:
        deviation = np.sqrt(_placed(4, operands, **beside) + eps)
        return (x - _placed(3, operands, **beside)) / deviation, deviation
    centred = x - x.sum(axis=axes, keepdims=True) / count
    deviation = np.sqrt((centred * centred).sum(axis=axes, keepdims=True) / count + eps)
    return centred / deviation, deviation


def _forward(*operands: Array, axes: Axes | None, count: int, eps: float, **beside: Any) -> Array:
    standard, _ = _standard(operands, axes, count, eps, **beside)
    return np.asarray(_placed(1, operands, **beside) * standard + _placed(2, operands, **beside))


def _together(
    needed: Sequence[bool],
    g: Array,
    _y: Array,
    *operands: Array,
    axes: Axes | None,
    count: int,
    eps: float,
    **beside: Any,
) -> tuple[Array | None, ...]:
    """By x gamma (g - mean(g) - standard mean(g standard))/deviation; with given statistics gamma g/deviation."""
    found: list[Array | None] = [None] * len(operands)
    standard, deviation = _standard(operands, axes, count, eps, **beside)
    if needed[0]:
        inner = g * _placed(1, operands, **beside)
        if axes is not None:
            along = (inner * standard).sum(axis=axes, keepdims=True) / count
            inner = inner - inner.sum(axis=axes, keepdims=True) / count - standard * along
        found[0] = np.asarray(inner / deviation)
    slopes: tuple[Callable[[], Array], ...] = (
        lambda: g * standard,
        lambda: g,
        lambda: -g * _placed(1, operands, **beside) / deviation,
        lambda: -g * _placed(1, operands, **beside) * standard / (2 * deviation * deviation),
    )
    for position, slope in enumerate(slopes[: len(operands) - 1], start=1):
        if needed[position]:
            found[position] = _collected(slope(), position, operands[position], **beside)
    return tuple(found)


def _text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    axes, count, layouts = settings["axes"], settings["count"], settings["layouts"]
    names = ("gamma", "beta", "mean", "var")
    gamma, beta, *given = (f"reshape({n}, {list_text(s)})" for n, s in zip(names, layouts, strict=False))
    if given:
        mean, variance = given
    else:
        mean = f"{sum_text('x', axes, shapes[0], keepdims=True)}/{count}"
        variance = f"{sum_text(f'square(x - {mean})', axes, shapes[0], keepdims=True)}/{count}"
    return f"{gamma}*(x - {mean})/sqrt({variance} + {settings['eps']!r}) + {beta}"


batchnorm = Operation(
    name="batchnorm", family=FAMILY, operands=("x", "gamma", "beta", "mean", "var"), optional=2,
    settle=_settle_batchnorm, forward=_forward,
    together=_together, vjp=tuple(alone(_together, position) for position in range(5)),
    definition=Composite(_text),
    formula="gamma*(x - mean)/sqrt(var + eps) + beta; without mean and var those of the batch, var divided by n",
    derivative="gamma*(g - mean(g) - n*mean(g*n))/sqrt(var + eps) by x, n the normalised x; g*n by gamma, g by beta",
    latex=named("batchnorm"), settings=(EPS,), batch="samples",
    domain=(
        Domain(
            4, lambda *operands, **_: np.asarray(operands[4] >= 0 if len(operands) > 4 else True),
            "a variance is 0 or more", "give the variance, not the logarithm of it or the mean",
        ),
    ),
    examples=(
        Example(((4, 3), (3,), (3,))), Example(((4,), (), ())), Example(((3, 2, 2, 2), (2,), (2,))),
        Example(((4, 3), (), (3,)), {"eps": 0.1}), Example(((2, 2, 3), (2,), (2,))),
        Example(((3, 2, 2), (2, 2), (2, 2))), Example(((4,), (1,), (1,))),
        Example(((2, 3), (3,), (3,), (3,), (3,)), low=0.2), Example(((2,), (), (), (), ()), low=0.2),
        Example(((2, 2, 3, 1), (2,), (2,), (2,), ()), low=0.2), Example(((1, 3), (3,), (3,), (3,), (3,)), low=0.2),
    ),
    source="S. Ioffe and C. Szegedy, Batch normalization, 2015",
    about="A batch normalised over its samples (axis 0; of images N, H and W of each channel), then scaled and "
    "shifted; a vector is a batch of one feature.",
)  # fmt: skip

layernorm = Operation(
    name="layernorm", family=FAMILY, operands=("x", "gamma", "beta"),
    settle=_settle_layernorm, forward=_forward,
    together=_together, vjp=tuple(alone(_together, position) for position in range(3)),
    definition=Composite(_text),
    formula="gamma*(x - mean)/sqrt(var + eps) + beta, mean and var over the last axis, var divided by n",
    derivative="gamma*(g - mean(g) - n*mean(g*n))/sqrt(var + eps) by x, n the normalised x; g*n by gamma, g by beta",
    latex=named("layernorm"), settings=(EPS,), batch="samples",
    examples=(
        Example(((2, 4), (4,), (4,))), Example(((4,), (4,), (4,))), Example(((2, 2, 4), (4,), ())),
        Example(((3, 4), (), (4,)), {"eps": 0.1}),
    ),
    source="J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, 2016",
    about="Each sample normalised over its features, the last axis, then scaled and shifted.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (batchnorm, layernorm)
