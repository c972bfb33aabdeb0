"""Pooling over windows of the last two axes: their largest entry, or their mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import REQUIRED, Array, Composite, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, list_text, shown
from dlcli.ops.windows import FAMILY, Pair, places, scattered, sizes, window_positions, windows_of

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


def _rows(x: Array, size: Pair, stride: Pair) -> Array:
    """The entries of each window in a row: (…, rows, columns, size)."""
    view = windows_of(x, size, stride, ONE)
    return view.reshape(*view.shape[:-2], math.prod(size))


def _first(x: Array, size: Pair, stride: Pair) -> tuple[Array, Array]:
    """The windows' entries, and where each has its first largest."""
    rows = _rows(x, size, stride)
    return rows, np.argmax(rows.real, axis=-1)


def _maxpool(x: Array, size: Pair, stride: Pair) -> Array:
    rows, first = _first(x, size, stride)
    return np.asarray(np.take_along_axis(rows, first[..., None], axis=-1)[..., 0])


def _maxpool_vjp(g: Array, _y: Array, x: Array, size: Pair, stride: Pair) -> Array:
    _, first = _first(x, size, stride)
    plane = x.shape[-2:]
    down = np.arange(g.shape[-2])[:, None] * stride[0] + first // size[1]
    across = np.arange(g.shape[-1]) * stride[1] + first % size[1]
    return scattered(g, down * plane[1] + across, g.ndim - 2, plane)


def _margins(x: Array, size: Pair, stride: Pair) -> Array:
    rows = _rows(x, size, stride).real
    if rows.shape[-1] == 1:
        return np.full(rows.shape[:-1], np.inf)
    top = np.partition(rows, -2, axis=-1)
    return np.asarray(top[..., -1] - top[..., -2])


def _avgpool(x: Array, size: Pair, stride: Pair) -> Array:
    return np.asarray(windows_of(x, size, stride, ONE).sum(axis=(-2, -1)) / math.prod(size))


def _avgpool_vjp(g: Array, _y: Array, x: Array, size: Pair, stride: Pair) -> Array:
    parts = np.broadcast_to((g / math.prod(size))[..., None, None], (*g.shape, *size))
    plane = x.shape[-2:]
    return scattered(parts, window_positions(plane, size, stride, ONE), g.ndim - 2, plane)


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
    branches=lambda x, size, stride: _first(x, size, stride)[1], margins=_margins,
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
