"""Pooling over windows of the last two axes: their largest entry, or their mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import REQUIRED, Array, Composite, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, list_text, shown
from dlcli.ops.windows import FAMILY, Pair, by_entry, overlaid, places, sizes

ONE = (1, 1)


def _settle(name: str) -> Any:
    def settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
        (x,) = shapes
        if len(x) < 2:
            raise OperationError(
                "E211", f"{name} takes images, (N, C, H, W), (C, H, W) or (H, W), not shape {shown(x)}",
                operand=0,
            )  # fmt: skip
        size = sizes(name, "size", settings["size"], 2, 1)
        stride = size if settings["stride"] is None else sizes(name, "stride", settings["stride"], 2, 1)
        found = tuple(
            places(name, what, entries, size[axis], stride[axis], 0, 1)
            for axis, (what, entries) in enumerate(zip(("rows", "columns"), x[-2:], strict=True))
        )
        return (*x[:-2], *found), {"size": size, "stride": stride}

    return settle


def _first(entries: Array) -> Array:
    """Which entry of each window is its first largest, as small integers; entries: (entries of a window, …)."""
    real = entries.real
    count = len(real)
    backwards = np.arange(count, 0, -1, dtype=np.min_scalar_type(count))
    is_largest = real == real.max(axis=0)
    first = count - (is_largest * backwards.reshape(-1, *(1,) * (real.ndim - 1))).max(axis=0)
    return np.asarray(np.minimum(first, backwards[1:].max(initial=0)))  # with nan nothing is equal to the largest


def _maxpool(x: Array, size: Pair, stride: Pair) -> Array:
    entries = by_entry(x, size, stride)
    if not np.iscomplexobj(x):
        return np.asarray(entries.max(axis=0))
    return np.asarray(np.take_along_axis(entries, _first(entries)[None], axis=0)[0])


def _maxpool_vjp(g: Array, _y: Array, x: Array, size: Pair, stride: Pair) -> Array:
    first = _first(by_entry(x, size, stride))
    if all(step >= entries for step, entries in zip(stride, size, strict=True)):
        is_taken = first == np.arange(math.prod(size)).reshape(*size, *(1,) * first.ndim)
        return overlaid(np.moveaxis(is_taken * g, (0, 1), (-2, -1)), x.shape[-2:], stride, ONE)
    inside = np.arange(size[0])[:, None] * x.shape[-1] + np.arange(size[1])  # of a window, from its corner
    rows, columns = (np.arange(count) * step for count, step in zip(g.shape[-2:], stride, strict=True))
    planes = np.arange(math.prod(x.shape[:-2])).reshape(*x.shape[:-2], 1, 1) * math.prod(x.shape[-2:])
    places = planes + rows[:, None] * x.shape[-1] + columns + inside.reshape(-1)[first]
    return np.bincount(places.reshape(-1), np.broadcast_to(g, places.shape).reshape(-1), x.size).reshape(x.shape)


def _margins(x: Array, size: Pair, stride: Pair) -> Array:
    entries = by_entry(x, size, stride).real
    if len(entries) == 1:
        return np.full(entries.shape[1:], np.inf)
    top = np.partition(entries, -2, axis=0)
    return np.asarray(top[-1] - top[-2])


def _avgpool(x: Array, size: Pair, stride: Pair) -> Array:
    return np.asarray(by_entry(x, size, stride).sum(axis=0) / math.prod(size))


def _avgpool_vjp(g: Array, _y: Array, x: Array, size: Pair, stride: Pair) -> Array:
    parts = np.broadcast_to((g / math.prod(size))[..., None, None], (*g.shape, *size))
    return overlaid(parts, x.shape[-2:], stride, ONE)


def _windows_text(settings: Settings) -> str:
    return f"windows(x, 0, kernel={list_text(settings['size'])}, stride={list_text(settings['stride'])})"


SETTINGS = (
    Setting("size", REQUIRED, "integers", "rows and columns of a window"),
    Setting("stride", None, "integers", "how far windows are apart; without it they lie side by side"),
)
EXAMPLES = (
    Example(((4, 4),), {"size": 2}), Example(((2, 2, 4, 5),), {"size": (2, 3)}),
    Example(((2, 4, 4),), {"size": 2, "stride": 1}), Example(((5, 6),), {"size": (2, 1), "stride": (3, 2)}),
    Example(((3, 3),), {"size": 1}),
)  # fmt: skip

maxpool2d = Operation(
    name="maxpool2d", family=FAMILY, operands=("x",),
    settle=_settle("maxpool2d"), forward=_maxpool, vjp=(_maxpool_vjp,),
    definition=Composite(lambda _shapes, settings: f"max({_windows_text(settings)}, axis=[-2, -1])"),
    formula="max over a, b < size of x[i*stride + a, j*stride + b]",
    derivative="1 at the first largest entry of a window, else 0; added up where windows overlap",
    latex=named("maxpool2d"), settings=SETTINGS,
    branches=lambda x, size, stride: _first(by_entry(x, size, stride)), margins=_margins,
    examples=EXAMPLES,
    about="The largest entry of each window of an image; at a tie the first of equals has slope 1.",
)  # fmt: skip

avgpool2d = Operation(
    name="avgpool2d", family=FAMILY, operands=("x",),
    settle=_settle("avgpool2d"), forward=_avgpool, vjp=(_avgpool_vjp,),
    definition=Composite(lambda _shapes, settings: f"mean({_windows_text(settings)}, axis=[-2, -1])"),
    formula="mean over a, b < size of x[i*stride + a, j*stride + b]",
    derivative="1/(rows*columns of a window), added up where windows overlap",
    latex=named("avgpool2d"), settings=SETTINGS, examples=EXAMPLES,
    about="The mean of each window of an image.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (maxpool2d, avgpool2d)
