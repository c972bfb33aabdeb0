"""Convolution, as networks call it: cross-correlation of one or two axes, by one product of matrices.

A one-dimensional convolution is a two-dimensional one of a single row. The settled setting is a `Plan`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import product
from dlcli.ops.elementwise import named
from dlcli.ops.operation import VJP, Array, Composite, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, leading, list_text, shown
from dlcli.ops.windows import FAMILY, Pair, overlaid, padded, places, sizes, windows_of

FORMS = {
    1: "x of shape (N, C, L) or (C, L) with a kernel (O, C, k), or (L,) with (k,)",
    2: "x of shape (N, C, H, W) or (C, H, W) with a kernel (O, C, rows, columns), or (H, W) with (rows, columns)",
}


@dataclass(frozen=True)
class Plan:
    """All shapes of one convolution.

    image (N, C, H, W), filters (O, C/groups, rows, columns), found: rows and columns of the result, output: its
    shape as the user sees it, ranks: of x, w and b.
    """

    image: Shape
    filters: Shape
    found: Pair
    output: Shape
    ranks: tuple[int, ...]
    groups: int
    stride: Pair
    padding: Pair
    dilation: Pair

    @property
    def kernel(self) -> Pair:
        return self.filters[2], self.filters[3]


def _settle(axes: int) -> Callable[[tuple[Shape, ...], Settings], Settled]:
    name = f"conv{axes}d"

    def settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
        x, w = shapes[:2]
        is_plain = (len(x), len(w)) == (axes, axes)
        if not is_plain and not (len(w) == axes + 2 and len(x) in (axes + 1, axes + 2)):
            raise OperationError(
                "E211", f"{name} does not take x of shape {shown(x)} with a kernel of shape {shown(w)}",
                help=f"it takes {FORMS[axes]}", operand=0 if len(w) in (axes, axes + 2) else 1,
            )  # fmt: skip
        image = (1,) * (axes + 2 - len(x)) + x
        filters = (1,) * (axes + 2 - len(w)) + w
        (groups,) = sizes(name, "groups", settings["groups"], 1, 1)
        _check_channels(name, image, filters, groups, shapes)
        geometry = {
            key: sizes(name, key, settings[key], axes, 0 if key == "padding" else 1)
            for key in ("stride", "padding", "dilation")
        }
        found = tuple(
            places(name, "entries" if axes == 1 else what, size, kernel, *(geometry[key][axis] for key in geometry))
            for axis, (what, size, kernel) in enumerate(zip(("rows", "columns"), image[2:], filters[2:], strict=False))
        )
        result = found if is_plain else (*x[: len(x) - axes - 1], w[0], *found)
        if axes == 1:
            image, filters = (*image[:2], 1, image[2]), (*filters[:2], 1, filters[2])
        pairs = {key: _pair(0 if key == "padding" else 1, value) for key, value in geometry.items()}
        plan = Plan(
            image, filters, _pair(1, found), result, tuple(map(len, shapes)), groups,
            pairs["stride"], pairs["padding"], pairs["dilation"],
        )  # fmt: skip
        return result, {"plan": plan}

    return settle


def _pair(first: int, given: tuple[int, ...]) -> Pair:
    """The numbers of two axes; of one axis, `first` stands for the rows."""
    return (given[-2] if len(given) == 2 else first, given[-1])


def _check_channels(name: str, image: Shape, filters: Shape, groups: int, shapes: tuple[Shape, ...]) -> None:
    channels, outputs = image[1], filters[0]
    if channels % groups or outputs % groups:
        raise OperationError(
            "E305",
            f"{name}: {groups} groups do not divide {channels} channels of x and {outputs} kernels",
            help="both numbers of channels are multiples of `groups`", setting="groups",
        )  # fmt: skip
    if filters[1] * groups != channels:
        share = f"{channels}/{groups} = {channels // groups}" if groups > 1 else f"{channels}"
        raise OperationError(
            "E201",
            f"{name}: x of shape {shown(shapes[0])} has {channels} channel{'s' if channels != 1 else ''}, "
            f"so a kernel of shape {shown(shapes[1])} needs {share} as its second size, not {filters[1]}",
            help="a kernel has the shape (kernels, channels of x" + ("/groups" if groups > 1 else "") + ", size …)",
            operand=1,
        )
    if len(shapes) == 3 and shapes[2] not in ((outputs,), *([()] if outputs == 1 else [])):
        raise OperationError(
            "E201", f"{name}: the bias has shape {shown(shapes[2])}, but needs {shown((outputs,))}, one a kernel",
            operand=2,
        )  # fmt: skip


def _columns(image: Array, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Array:
    """The windows of (…, N, C, H, W) as columns of matrices: (…, N, groups, C/groups*rows*columns, places)."""
    view = windows_of(padded(image, padding), kernel, stride, dilation)
    lead, channels, found = view.shape[:-5], view.shape[-5], view.shape[-4:-2]
    moved = np.moveaxis(view, (-2, -1), (-4, -3))
    return moved.reshape(*lead, groups, channels // groups * math.prod(kernel), math.prod(found))


def _windows(x: Array, plan: Plan) -> Array:
    image = x.reshape(leading(x, plan.ranks[0]) + plan.image)
    return _columns(image, plan.kernel, plan.stride, plan.padding, plan.dilation, plan.groups)


def _forward(x: Array, w: Array, *biases: Array, plan: Plan) -> Array:
    each = plan.filters[0] // plan.groups
    kernels = w.reshape(*leading(w, plan.ranks[1]), 1, plan.groups, each, math.prod(plan.filters[1:]))
    maps = product(kernels, _windows(x, plan))
    for bias in biases:
        own = bias.reshape(*leading(bias, plan.ranks[2]), 1, plan.groups, each, 1)
        is_larger = own.ndim > maps.ndim or np.iscomplexobj(own) > np.iscomplexobj(maps)
        maps = np.add(maps, own, out=None if is_larger else maps)
    return np.asarray(maps.reshape(maps.shape[:-4] + plan.output))


def _rows(g: Array, plan: Plan) -> Array:
    """The result's cotangent as (…, N, groups, O/groups, places)."""
    lead, each = leading(g, len(plan.output)), plan.filters[0] // plan.groups
    return g.reshape(*lead, plan.image[0], plan.groups, each, math.prod(plan.found))


def _by_x(g: Array, _y: Array, x: Array, w: Array, *_biases: Array, plan: Plan) -> Array:
    part = _turned(g, w, plan) if plan.stride == (1, 1) else _put_back(g, w, plan)
    return np.asarray(part.reshape(leading(g, len(plan.output)) + x.shape[len(x.shape) - plan.ranks[0] :]))


def _put_back(g: Array, w: Array, plan: Plan) -> Array:
    """The cotangent of each window, W^T g, added up in the windows' places in x, (…, N, C, H, W)."""
    each, (top, left), (height, width) = plan.filters[0] // plan.groups, plan.padding, plan.image[2:]
    kernels = w.reshape(*leading(w, plan.ranks[1]), 1, plan.groups, each, math.prod(plan.filters[1:]))
    columns = np.swapaxes(kernels, -1, -2) @ _rows(g, plan)
    parts = columns.reshape(*columns.shape[:-3], plan.image[1], *plan.kernel, *plan.found)
    bordered = (height + 2 * top, width + 2 * left)
    whole = overlaid(np.moveaxis(parts, (-4, -3), (-2, -1)), bordered, plan.stride, plan.dilation)
    return whole[..., top : top + height, left : left + width]


def _turned(g: Array, w: Array, plan: Plan) -> Array:
    """By strides of 1: the cotangent correlated with the kernels turned by half a turn."""
    image, filters, lead = plan.image, plan.filters, leading(g, len(plan.output))
    cotangent = g.reshape(*lead, image[0], filters[0], *plan.found)
    reaches = [d * (k - 1) for d, k in zip(plan.dilation, plan.kernel, strict=True)]
    whole = np.zeros((*cotangent.shape[:-2], image[2] + reaches[0], image[3] + reaches[1]), dtype=g.dtype)
    into: list[slice] = []
    taken: list[slice] = []
    for size, count, reach, border in zip(whole.shape[-2:], plan.found, reaches, plan.padding, strict=True):
        first = max(0, border - reach)
        last = min(count, size - reach + border)
        taken.append(slice(first, last))
        into.append(slice(reach - border + first, reach - border + last))
    whole[..., into[0], into[1]] = cotangent[..., taken[0], taken[1]]
    own = leading(w, plan.ranks[1])
    grouped = w.reshape(*own, plan.groups, filters[0] // plan.groups, *filters[1:])[..., ::-1, ::-1]
    kernels = np.swapaxes(grouped, -4, -3).reshape(*own, 1, plan.groups, filters[1], -1)
    return np.asarray(kernels @ _columns(whole, plan.kernel, (1, 1), (0, 0), plan.dilation, plan.groups))


def _by_w(g: Array, _y: Array, x: Array, w: Array, *_biases: Array, plan: Plan) -> Array:
    total = (_rows(g, plan) @ np.swapaxes(_windows(x, plan), -1, -2)).sum(axis=-4)
    return np.asarray(total.reshape(total.shape[:-3] + w.shape[len(w.shape) - plan.ranks[1] :]))


def _by_b(g: Array, _y: Array, _x: Array, _w: Array, bias: Array, plan: Plan) -> Array:
    total = _rows(g, plan).sum(axis=(-4, -1))
    return np.asarray(total.reshape(total.shape[:-2] + bias.shape[len(bias.shape) - plan.ranks[2] :]))


def _text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    """The windows of x, each times each kernel; groups have an axis of their own."""
    plan: Plan = settings["plan"]
    image, filters, groups = plan.image, plan.filters, plan.groups
    geometry = {"kernel": plan.kernel, "stride": plan.stride, "padding": plan.padding, "dilation": plan.dilation}
    given = ", ".join(f"{key}={list_text(value)}" for key, value in geometry.items())
    seen = f"windows(reshape(x, {list_text(image)}), 0, {given})"
    weights = f"reshape(w, {list_text(filters)})"
    layout: Shape = (filters[0], 1, 1)
    if groups > 1:
        seen = f"reshape({seen}, {list_text((image[0], groups, filters[1], *plan.found, *plan.kernel))})"
        weights = f"reshape(w, {list_text((groups, filters[0] // groups, *filters[1:]))})"
        layout = (groups, filters[0] // groups, 1, 1)
    bias = f" + reshape(b, {list_text(layout)})" if len(shapes) == 3 else ""
    return f"reshape(correlate({seen}, {weights}){bias}, {list_text(plan.output)})"


def _convolution(axes: int, examples: tuple[Example, ...], about: str) -> Operation:
    where = "i*stride + a*dilation - padding" + (", j*stride + b*dilation - padding" if axes == 2 else "")
    entry = "a, b" if axes == 2 else "a"
    vjp: tuple[VJP, ...] = (_by_x, _by_w, _by_b)
    return Operation(
        name=f"conv{axes}d", family=FAMILY, operands=("x", "w", "b"), optional=1,
        settle=_settle(axes), forward=_forward, vjp=vjp,
        definition=Composite(_text),
        formula=f"sum over c, {entry} of w[o, c, {entry}]*x[n, c, {where}] + b[o]",
        derivative="g correlated with w turned by half a turn by x, x correlated with g by w, sum(g) by b",
        latex=named(f"conv{axes}d"),
        settings=(
            Setting("stride", 1, "integers", "how far windows are apart"),
            Setting("padding", 0, "integers", "how many zeros are put around x on each side"),
            Setting("dilation", 1, "integers", "how far the entries of a window are apart"),
            Setting("groups", 1, "integer", "channels in so many groups, each with kernels of its own"),
        ),
        examples=examples, about=about,
    )  # fmt: skip


conv1d = _convolution(
    1,
    (
        Example(((2, 2, 5), (3, 2, 3), (3,))), Example(((5,), (2,))), Example(((6,), (3,), ()), {"stride": 2}),
        Example(((2, 5), (1, 2, 2), (1,)), {"padding": 1, "dilation": 2}),
        Example(((1, 4, 4), (2, 2, 2)), {"groups": 2, "padding": 2}),
    ),
    "A kernel slid along one axis (cross-correlation, the kernel is not turned); x is (N, C, L), (C, L) or (L,).",
)  # fmt: skip

conv2d = _convolution(
    2,
    (
        Example(((2, 2, 4, 3), (3, 2, 2, 2), (3,))), Example(((4, 4), (2, 3))), Example(((3, 3), (2, 2), ())),
        Example(((2, 4, 4), (2, 2, 3, 2), (2,)), {"stride": 2, "padding": 1}),
        Example(((1, 1, 6, 5), (2, 1, 2, 2)), {"stride": (2, 3), "padding": (0, 1), "dilation": (2, 1)}),
        Example(((2, 4, 3, 3), (4, 2, 2, 2), (4,)), {"groups": 2}),
        Example(((1, 1, 2, 2), (1, 1, 1, 1), (1,)), {"padding": 2, "stride": 3}),
    ),
    "A kernel slid over images (cross-correlation, the kernel is not turned); x is (N, C, H, W) or (C, H, W), "
    "with a kernel (O, C, rows, columns), or (H, W) with (rows, columns).",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (conv1d, conv2d)
