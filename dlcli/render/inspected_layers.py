"""Sections of an inspection about sizes, costs and redundancies, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from dlcli.inspection.initial_variance import LayerVariance
from dlcli.inspection.jacobians import Jacobian, Jacobians
from dlcli.inspection.linear_regions import LinearRegions
from dlcli.inspection.passes import Passes
from dlcli.inspection.redundancy import Collapsed, EqualUnits
from dlcli.inspection.work import Work
from dlcli.render.console import Medium
from dlcli.render.grid import Grid, grid_text
from dlcli.render.numbers import aligned, number
from dlcli.render.text import counted, display_width, visible
from dlcli.render.values import printed_values

MOST_ROWS = 30  # of a table without --all
MOST_WHOLE = 10**15  # from which a whole number is printed as a power of ten


@dataclass(frozen=True)
class Style:
    """How numbers and names are printed; every: all rows of long tables; base: the first index.

    row: layers are written z = x W + b, with W (in, out).
    """

    digits: int
    every: bool
    base: int
    on: Medium
    row: bool = False

    def number(self, value: float) -> str:
        return number(value, self.digits)

    def name(self, text: str) -> str:
        return visible(text, self.on)


def table(headers: Sequence[str], rows: Sequence[tuple[str, ...]], style: Style, left: int = 1) -> list[str]:
    """The rows under their headers, all columns but the first `left` to the right; long tables are cut, and say so."""
    shown = rows if style.every else rows[:MOST_ROWS]
    columns = []
    for at, (header, *cells) in enumerate(zip(headers, *shown, strict=True)):
        whole = cells if at < left else aligned(cells)
        width = max(map(display_width, [header, *whole]))
        fill = [" " * (width - display_width(cell)) for cell in (header, *whole)]
        pairs = zip((header, *whole), fill, strict=True)
        columns.append([cell + pad if at < left else pad + cell for cell, pad in pairs])
    head, *body = [tuple(cells) for cells in zip(*columns, strict=True)]
    lines = grid_text(Grid(head, body, [""] * len(body)), style.on).splitlines()
    if len(shown) < len(rows):
        lines.append(f"Of {counted(len(rows), 'row')}, {len(shown)} are shown; --all prints every one.")
    return lines


def work_lines(work: Work, style: Style) -> list[str]:
    rows = []
    for layer in work.layers:
        shapes = ", ".join(f"{style.name(name)} {shape}" for name, shape in layer.shapes.items())
        weights = ", ".join(f"{style.name(name)} {shape}" for name, shape in layer.weights.items())
        counts = (f"{layer.parameters:,}", f"{layer.forward:,}", f"{layer.backward:,}")
        rows.append((style.name(layer.name), shapes, weights, *counts))
    rows.append(("all", "", "", f"{work.parameters:,}", f"{work.forward:,}", f"{work.backward:,}"))
    headers = ("layer", "results", "weights", "parameters", "forward", "backward")
    lines = table(headers, rows, style, left=3)
    lines.append("forward, backward: multiply-adds of products (of matrices and of entries, convolutions, recurrent")
    lines.append("cells, attention) for the whole batch; backward: those for the gradients of the quantities in wrt.")
    for one in work.convolutions:
        lines.append(
            f"{style.name(one.name)}: {counted(one.convolution, 'weight')}; a dense layer from the same "
            f"{one.inputs:,} inputs to the same {one.outputs:,} outputs has {one.dense:,}, "
            f"{_times(one.dense / one.convolution)} times as many."
        )
    return lines


def jacobian_lines(found: Jacobians, style: Style) -> list[str]:
    rows = []
    for row in found.rows:
        size = f"{row.outputs:,} x {row.inputs:,}"
        memory = (f"{row.bytes:,}", f"{row.product_bytes:,}")
        rows.append((f"{style.name(row.of)} by {style.name(row.by)}", _pattern(row), size, *memory))
    headers = ("Jacobian", "pattern", "outputs x inputs", "bytes", "product's bytes")
    lines = table(headers, rows, style, left=2)
    lines.append(f"All Jacobians together take {counted(found.bytes, 'byte')}; backpropagation never makes them: the")
    lines.append("largest vector-Jacobian product (a vector of outputs in, one of inputs out) takes ")
    lines[-1] += f"{counted(found.largest_product, 'byte')}."
    return lines


def _pattern(row: Jacobian) -> str:
    if row.entries == 1 and row.pattern != "zero":
        return ""
    if row.pattern == "diagonal" and row.zeros:
        return f"diagonal, {row.zeros:,} of {row.inputs:,} are 0"
    return {"full": "", "identity": "diagonal, all 1"}.get(row.pattern, row.pattern)


def pass_lines(found: Passes, _style: Style) -> list[str]:
    runs = f"the best of {counted(found.timed, 'run')}"
    return [
        f"The loss is differentiated by {counted(found.numbers, 'number')}.",
        f"Backpropagation: one forward and one backward pass, {_duration(found.both)} ({runs}).",
        f"Numerically (forward differences): {found.numbers:,} + 1 = {found.forward_passes:,} forward passes of",
        f"{_duration(found.forward)} ({runs}) would take {_duration(found.numerical)}, extrapolated: "
        f"{_times(found.ratio)} times as long.",
    ]


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else number(ratio, 2)


def _duration(seconds: float) -> str:
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{number(seconds * factor, 3)} {unit}"
    return f"{number(seconds * 1e6, 3)} us"


def collapsed_lines(found: tuple[Collapsed, ...], style: Style) -> list[str]:
    if not found:
        return ["There are none."]
    lines = []
    for run in found:
        names = ", then ".join(map(style.name, run.layers))
        lines.append(f"{names}: together one layer z = {'x W' if style.row else 'W x'} + b, with")
        weights = {"W": run.weights.T if style.row else run.weights, "b": run.bias}
        lines += printed_values(weights, {}, style.digits, style.every, style.base, style.on)
        lines.append(f"which has {counted(run.needed, 'number')} in place of {run.parameters:,}.")
    return lines


def equal_lines(found: tuple[EqualUnits, ...], style: Style) -> list[str]:
    if not found:
        return ["There are none: no two units of a layer have equal weights in, equal bias and equal weights out."]
    lines = []
    for one in found:
        units = ", ".join(str(unit + style.base) for unit in one.units)
        then = {
            True: "and get equal gradients: training never separates them",
            False: "but get different gradients",
            None: "(there is no loss, so there are no gradients)",
        }[one.equal_gradients]
        lines.append(f"{style.name(one.layer)}: units {units} have equal weights in and out and equal bias, {then}.")
    return lines


def variance_lines(found: tuple[LayerVariance, ...], style: Style) -> list[str]:
    rows = [
        (style.name(row.name), str(row.n_in), str(row.n_out), *map(style.number, numbers))
        for row in found
        for numbers in [(row.sigma, row.xavier_sigma, row.xavier_bound, row.gamma, row.predicted, row.measured)]
    ]
    headers = ("layer", "n_in", "n_out", "sigma", "Xavier sigma", "Xavier bound", "gamma", "predicted", "measured")
    return [
        *table(headers, rows, style),
        "sigma, gamma: of the weights and the inputs, about 0; predicted = n_in sigma^2 gamma^2, measured: the",
        "variance of W x about 0. Xavier: sigma = sqrt(2/(n_in + n_out)), or uniform in +-sqrt(6/(n_in + n_out)).",
    ]


def region_lines(found: LinearRegions, _style: Style) -> list[str]:
    units = ", ".join(f"{width:,}" for width in found.widths)
    lines = [
        f"{counted(found.inputs, 'input')} (n_0), ReLU layers of {units} units: "
        f"at most {whole(found.upper, found.upper_log10)} linear regions, the",
        f"{found.formula}.",
    ]
    if len(found.widths) > 1 and found.lower_log10 is not None:
        lines.append(f"Some weights of this shape give {whole(found.lower, found.lower_log10)} or more: the product")
        lines.append("over layers l < L of floor(n_l/n_0)^n_0, times the sum over j <= n_0 of C(n_L, j)")
        lines.append("(Montufar et al. 2014).")
    elif len(found.widths) == 1:
        lines.append("Units in general position reach it.")
    return lines


def whole(value: int | None, log10: float) -> str:
    """A whole number in full, or as about 1.27e30."""
    if value is not None and value < MOST_WHOLE:
        return f"{value:,}"
    power = floor(log10)
    return f"about {10 ** (log10 - power):.2f}e{power}"
