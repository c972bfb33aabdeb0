"""The windows that a kernel sees, over the last two axes: how many, which entries, and the way back.

Geometry in settled settings: `kernel`, `stride`, `padding`, `dilation`, a pair each (rows, columns).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import REQUIRED, Array, Einsum, Example, Gather, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, shown

FAMILY = "layers"
Pair = tuple[int, int]


def sizes(name: str, setting: str, value: int | tuple[int, ...], count: int, least: int) -> tuple[int, ...]:
    """A setting that is one whole number for all axes or one for each of `count`. Raises OperationError (E305)."""
    given = value if isinstance(value, tuple) else (value,)
    if len(given) == 1:
        given = given * count
    if len(given) != count:
        raise OperationError(
            "E305", f"{name}: `{setting}` is one number or {count} of them, not {len(given)}",
            help=f"write {setting}={max(least, 1)}", setting=setting,
        )  # fmt: skip
    if min(given) < least:
        raise OperationError(
            "E305", f"{name}: `{setting}` must be at least {least}, but it is {min(given)}", setting=setting
        )
    return given


def places(name: str, what: str, size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit along an axis; (size + 2 padding - dilation (kernel - 1) - 1)/stride + 1, rounded down.

    Raises OperationError (E201) with that sum where none fits.
    """
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        with_padding = f" + 2*{padding}" if padding else ""
        spread = f"{dilation}*({kernel} - 1) + 1 = {dilation * (kernel - 1) + 1}" if dilation > 1 else f"{kernel}"
        raise OperationError(
            "E201",
            f"{name}: a window of {spread} {what} does not fit into {size}{with_padding}"
            f"{f' = {size + 2 * padding}' if padding else ''}: (size + 2*padding - dilation*(kernel - 1) - 1)/stride "
            f"+ 1 = ({size} + 2*{padding} - {dilation}*({kernel} - 1) - 1)/{stride} + 1 is below 1",
            help="make the window smaller, or the input larger" + (" (padding)" if name.startswith("conv") else ""),
            operand=0,
        )
    return room // stride + 1


def padded(x: Array, padding: Pair, fill: Any = 0) -> Array:
    """x with `fill` around its last two axes; `fill` may be stacked."""
    if padding == (0, 0):
        return x
    (top, left), (rows, columns) = padding, x.shape[-2:]
    whole = np.full((*x.shape[:-2], rows + 2 * top, columns + 2 * left), fill, dtype=x.dtype)
    whole[..., top : top + rows, left : left + columns] = x
    return whole


def windows_of(x: Array, kernel: Pair, stride: Pair, dilation: Pair) -> Array:
    """A view (..., rows, columns, kernel rows, kernel columns) of x (..., H, W), without copying."""
    spread = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    view = sliding_window_view(x, spread, axis=(-2, -1))
    return np.asarray(view[..., :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]])


def by_entry(x: Array, kernel: Pair, stride: Pair) -> Array:
    """The windows' first entries, then their second ones, …: (entries of a window, ..., rows, columns)."""
    view = np.moveaxis(windows_of(x, kernel, stride, (1, 1)), (-2, -1), (0, 1))
    return view.reshape(math.prod(kernel), *view.shape[2:])


def overlaid(parts: Array, shape: Shape, stride: Pair, dilation: Pair) -> Array:
    """Zeros (..., *shape) to which windows (..., rows, columns, kernel rows, kernel columns) are added in their places.

    Of windows that overlap every second, third, … goes to a plane of its own, in which none overlap; the planes are
    added up.
    """
    lead, (rows, columns), kernel = parts.shape[:-4], parts.shape[-4:-2], parts.shape[-2:]
    layers = [-(-(d * (k - 1) + 1) // step) for k, d, step in zip(kernel, dilation, stride, strict=True)]
    each = [-(-count // layer) for count, layer in zip((rows, columns), layers, strict=True)]
    counts = [count * layer for count, layer in zip(each, layers, strict=True)]
    if counts != [rows, columns]:
        part, parts = parts, np.zeros((*lead, *counts, *kernel), dtype=parts.dtype)
        parts[..., :rows, :columns, :, :] = part
    plane = [
        max(size, (count - 1) * step + d * (k - 1) + 1)
        for size, count, step, d, k in zip(shape, counts, stride, dilation, kernel, strict=True)
    ]
    total = np.zeros((*layers, *lead, *plane), dtype=parts.dtype)
    over = [total.strides[axis] + step * total.strides[axis - 2] for axis, step in zip((0, 1), stride, strict=True)]
    down, across = total.strides[-2:]
    places = as_strided(
        total,
        (*lead, each[0], layers[0], each[1], layers[1], *kernel),
        (
            *total.strides[2:-2],
            layers[0] * stride[0] * down, over[0], layers[1] * stride[1] * across, over[1],
            dilation[0] * down, dilation[1] * across,
        ),
    )  # fmt: skip
    places[...] = parts.reshape(places.shape)
    whole = total[0, 0] if layers == [1, 1] else total.sum(axis=(0, 1))
    return np.asarray(whole[..., : shape[0], : shape[1]])


def _settle_windows(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    x = shapes[0]
    if len(x) < 2:
        raise OperationError("E211", f"windows slide over two axes, but x has shape {shown(x)}", operand=0)
    least = {"kernel": 1, "stride": 1, "padding": 0, "dilation": 1}
    pairs = {name: sizes("windows", name, settings[name], 2, low) for name, low in least.items()}
    count = [
        places("windows", what, size, *(pairs[name][axis] for name in least))
        for axis, (what, size) in enumerate(zip(("rows", "columns"), x[-2:], strict=True))
    ]
    return (*x[:-2], *count, *pairs["kernel"]), pairs


def _windows_back(
    g: Array, _y: Array, x: Array, _fill: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> Array:
    del kernel
    (top, left), (rows, columns) = padding, x.shape[-2:]
    plane = (rows + 2 * top, columns + 2 * left)
    whole = overlaid(g, plane, stride, dilation)
    return whole[..., top : top + rows, left : left + columns]


def _correlate_subscripts(shapes: tuple[Shape, ...], _settings: Settings) -> str:
    return "ncyxij,ocij->noyx" if len(shapes[1]) == 4 else "ngcyxij,gocij->ngoyx"


def _settle_correlate(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    windows, kernel = shapes
    grouped = windows[1:2] if len(kernel) == 5 else ()
    return (windows[0], *grouped, kernel[-4], *windows[-4:-2]), {"grouped": bool(grouped)}


def _contracted(plain: str, grouped: str) -> Any:
    """numpy.einsum on stacked copies, by the subscripts for kernels without and with groups."""

    def contract(*operands: Array, is_grouped: bool) -> Array:
        return np.asarray(np.einsum(grouped if is_grouped else plain, *operands))

    return contract


_correlate = _contracted("...ncyxij,...ocij->...noyx", "...ngcyxij,...gocij->...ngoyx")
_by_windows = _contracted("...noyx,...ocij->...ncyxij", "...ngoyx,...gocij->...ngcyxij")
_by_kernel = _contracted("...noyx,...ncyxij->...ocij", "...ngoyx,...ngcyxij->...gocij")

windows = Operation(
    name="windows", family=FAMILY, operands=("x", "fill"),
    settle=_settle_windows,
    forward=lambda x, fill, kernel, stride, padding, dilation: windows_of(
        padded(x, padding, fill), kernel, stride, dilation
    ),
    vjp=(_windows_back, None),
    definition=Gather("all"),
    formula="x[i*stride + a*dilation - padding, j*stride + b*dilation - padding], fill outside of x",
    derivative="1 at the entries taken, added up where taken twice", latex=named("windows"),
    settings=(
        Setting("kernel", REQUIRED, "integers", "rows and columns of a window"),
        Setting("stride", 1, "integers", "how far windows are apart"),
        Setting("padding", 0, "integers", "how many rows and columns are put around x"),
        Setting("dilation", 1, "integers", "how far the entries of a window are apart"),
    ),
    examples=(
        Example(((3, 3), ()), {"kernel": 2}, values={1: 0.0}),
        Example(((2, 4, 3), ()), {"kernel": (2, 1), "stride": (1, 2), "padding": 1}, values={1: 0.0}),
        Example(((2, 2, 5, 4), ()), {"kernel": 2, "dilation": (2, 1), "stride": 2}, values={1: 0.0}),
    ),
    hidden=True, about="The entries that each place of a kernel sees, over the last two axes.",
)  # fmt: skip

correlate = Operation(
    name="correlate", family=FAMILY, operands=("windows", "w"),
    settle=_settle_correlate,
    forward=lambda windows, w, grouped: _correlate(windows, w, is_grouped=grouped),
    vjp=(
        lambda g, _y, _windows, w, grouped: _by_windows(g, w, is_grouped=grouped),
        lambda g, _y, windows, _w, grouped: _by_kernel(g, windows, is_grouped=grouped),
    ),
    definition=Einsum(_correlate_subscripts),
    formula="sum over c, a, b of windows[n, c, i, j, a, b]*w[o, c, a, b]",
    derivative="w by windows, windows by w", latex=named("correlate"),
    examples=(Example(((2, 2, 2, 1, 2, 3), (3, 2, 2, 3))), Example(((1, 2, 1, 2, 2, 1, 2), (2, 3, 1, 1, 2)))),
    hidden=True, about="Each window times each kernel, added up.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (windows, correlate)
