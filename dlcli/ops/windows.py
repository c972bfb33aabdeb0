"""The windows that a kernel sees, over the last two axes: how many, which entries, and the way back.

Geometry in settled settings: `kernel`, `stride`, `padding`, `dilation`, a pair each (rows, columns).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

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


def scattered(parts: Array, positions: Array, lead: int, shape: Shape) -> Array:
    """Zeros (*leading axes, *shape) to which the parts are added.

    parts: (*`lead` leading axes, …); positions: flat in `shape`, broadcast against the parts.
    """
    size, copies = math.prod(shape), parts.shape[:lead]
    starts = np.arange(math.prod(copies)).reshape(copies + (1,) * (parts.ndim - lead)) * size
    total = np.zeros(math.prod(copies) * size, dtype=parts.dtype)
    np.add.at(total, np.broadcast_to(starts + positions, parts.shape).reshape(-1), parts.reshape(-1))
    return total.reshape(*copies, *shape)


def window_positions(shape: Shape, kernel: Pair, stride: Pair, dilation: Pair) -> Array:
    """Which entries of a plane of this shape the windows hold: flat positions, shaped as the windows."""
    return windows_of(np.arange(math.prod(shape)).reshape(shape), kernel, stride, dilation)


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
    (top, left), (rows, columns) = padding, x.shape[-2:]
    plane = (rows + 2 * top, columns + 2 * left)
    whole = scattered(g, window_positions(plane, kernel, stride, dilation), g.ndim - 4, plane)
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
