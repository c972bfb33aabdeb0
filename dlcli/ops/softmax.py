"""softmax, log_softmax and logsumexp, and what the class losses share with them.

All take the largest entry out (x_k at the first maximum, of the real parts), which leaves exp(x - x_k) <= 1
and makes the entry at k exactly 1; the others are summed apart: 1 - p keeps its digits where p is nearly 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import log1p
from dlcli.ops.operation import Array, Composite, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, axes_of, merged, restored, sum_text, unmerged

FEW, MANY = 32, 1 << 14  # classes up to which, and numbers from which on, rows are summed column by column
AXIS = Setting("axis", -1, "axis", "the classes' axis")


@dataclass(frozen=True)
class Relative:
    """Rows (..., n) of exponentials relative to the row's largest entry.

    gaps: (..., n), x - largest; largest: (..., 1); powers: (..., n), exp(gaps), exactly 1 at the largest;
    others: (..., 1), the sum of all powers but one that is exactly 1.
    """

    gaps: Array
    largest: Array
    powers: Array
    others: Array

    def shares(self) -> Array:
        """The softmax of each row."""
        return np.asarray(self.powers / (1 + self.others))

    def left_over(self) -> Array:
        """1 - softmax without cancellation."""
        rest = np.where(self.powers == 1, self.others, 1 + self.others - self.powers)
        return np.asarray(rest / (1 + self.others))

    def logarithms(self) -> Array:
        """The logarithm of the softmax of each row."""
        return np.asarray(self.gaps - log1p(self.others))

    def logarithm_at(self, classes: Array) -> Array:
        """The logarithm of the softmax at one class of each row; classes: whole numbers, broadcast with the rows."""
        lead = np.broadcast_shapes(self.gaps.shape[:-1], classes.shape)
        gaps = np.broadcast_to(self.gaps, (*lead, self.gaps.shape[-1]))
        picked = np.take_along_axis(gaps, np.broadcast_to(classes, lead)[..., None], axis=-1)
        return np.asarray((picked - log1p(self.others))[..., 0])


def relative(rows: Array) -> Relative:
    """The exponentials of rows (..., n) relative to the first largest entry of each row."""
    if rows.dtype == np.float64 and 0 < rows.shape[-1] <= FEW and rows.size >= MANY:
        columns = np.array(np.moveaxis(rows, -1, 0), order="C")
        if np.isfinite(largest := columns.max(axis=0)).all():
            columns -= largest
            return _by_columns(columns, largest)
    first = np.argmax(rows.real, axis=-1, keepdims=True)
    largest = np.take_along_axis(rows, first, axis=-1)
    with np.errstate(invalid="ignore"):
        gaps = rows - largest
        powers = np.exp(gaps)
    np.put_along_axis(powers, first, 0, axis=-1)
    others = powers.sum(axis=-1, keepdims=True)
    np.put_along_axis(powers, first, 1, axis=-1)
    return Relative(gaps, largest, powers, others)


def _by_columns(gaps: Array, largest: Array) -> Relative:
    """The same from the gaps (n, ...) of real numbers, so that sums run along whole columns."""
    powers = np.exp(gaps)
    top = gaps == 0
    others = np.where(top, 0.0, powers).sum(axis=0)
    if np.count_nonzero(top) > others.size:  # ties: all but one of the largest are among the others
        others += top.sum(axis=0) - 1
    return Relative(np.moveaxis(gaps, 0, -1), largest[..., None], np.moveaxis(powers, 0, -1), others[..., None])


def log_softmax_vjp(g: Array, rows: Array) -> Array:
    """g - softmax(x) sum(g) for rows (..., n), with all digits where the softmax saturates."""
    part = relative(rows)
    rest = g.sum(axis=-1, keepdims=True) - g
    return np.asarray(g * part.left_over() - part.shares() * rest)


def _scaled(x: Array, temperature: float) -> Array:
    return x if temperature == 1 else x / temperature


def _softmax(x: Array, axes: tuple[int, ...], temperature: float) -> Array:
    return unmerged(relative(merged(_scaled(x, temperature), axes)).shares(), axes, x)


def _softmax_vjp(g: Array, y: Array, x: Array, axes: tuple[int, ...], temperature: float) -> Array:
    """p (g - sum(g p))/T; shifting g by its value at the largest p takes the cancellation out."""
    shares, cotangents = merged(y, axes), merged(g, axes)
    first = np.argmax(merged(x, axes) / np.sign(temperature), axis=-1, keepdims=True)
    shifted = cotangents - np.take_along_axis(cotangents, first, axis=-1)
    rows = shares * (shifted - (shifted * shares).sum(axis=-1, keepdims=True))
    return unmerged(_scaled(rows, temperature), axes, x)


def _log_softmax(x: Array, axes: tuple[int, ...]) -> Array:
    return unmerged(relative(merged(x, axes)).logarithms(), axes, x)


def _log_softmax_vjp(g: Array, _y: Array, x: Array, axes: tuple[int, ...]) -> Array:
    return unmerged(log_softmax_vjp(merged(g, axes), merged(x, axes)), axes, x)


def log_sum_exp(x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """ln of the sum of exp(x) over the axes (counted from the end); -inf where all x are."""
    part = relative(merged(x, axes))
    total = np.where(part.largest.real == -np.inf, part.largest, part.largest + log1p(part.others))[..., 0]
    return restored(total, axes, False) if keepdims else total


def log_sum_exp_vjp(g: Array, _y: Array, x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    shares = unmerged(relative(merged(x, axes)).shares(), axes, x)
    return restored(g, axes, keepdims) * shares


def _settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    (shape,) = shapes
    settled: dict[str, Any] = {"axes": axes_of(settings["axis"], shape)}
    if "temperature" in settings:
        temperature = float(settings["temperature"])
        if temperature == 0 or not np.isfinite(temperature):
            raise OperationError(
                "E305",
                f"a temperature of {temperature:g} divides by it: it must be a finite number other than 0",
                help="softmax(x) without it has temperature 1",
                setting="temperature",
            )
        settled["temperature"] = temperature
    return shape, settled


def _softmax_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    temperature = settings.get("temperature", 1.0)
    power = "exp(x)" if temperature == 1 else f"exp(x/({temperature!r}))"
    return f"{power}/{sum_text(power, settings['axes'], shapes[0], keepdims=True)}"


def _latex(name: str) -> Any:
    def latex(x: str, **_settings: object) -> str:
        return rf"\operatorname{{{name}}}\left({x}\right)"

    return latex


EXAMPLES = (
    Example(((3,),)), Example(((2, 3),)), Example(((2, 3),), {"axis": 0}),
    Example(((2, 2, 3),), {"axis": (0, 2)}),
)  # fmt: skip

softmax = Operation(
    name="softmax", family="activations", operands=("x",),
    settle=_settle, forward=_softmax, vjp=(_softmax_vjp,),
    definition=Composite(_softmax_text),
    formula="exp(x/temperature)/sum(exp(x/temperature), axis=axis)",
    derivative="dp_i/dx_j = p_i*((i == j) - p_j)/temperature",
    latex=_latex("softmax"),
    settings=(AXIS, Setting("temperature", 1.0, "number", "x is divided by it; a constant")),
    examples=(*EXAMPLES, Example(((2, 3),), {"temperature": 0.5})),
    batch="samples",
    about="Positive shares that sum to 1 along an axis; for a learned temperature write softmax(z/T).",
)  # fmt: skip

log_softmax = Operation(
    name="log_softmax", family="activations", operands=("x",),
    settle=_settle, forward=_log_softmax, vjp=(_log_softmax_vjp,),
    definition=Composite(lambda shapes, settings: f"log({_softmax_text(shapes, settings)})"),
    formula="log(softmax(x))", derivative="dy_i/dx_j = (i == j) - softmax(x)_j",
    latex=_latex(r"log\_softmax"),
    settings=(AXIS,), examples=EXAMPLES, batch="samples",
    about="The logarithm of the softmax, finite for every finite x.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (softmax, log_softmax)
