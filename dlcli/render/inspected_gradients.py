"""Sections of an inspection about gradients, as lines of text."""

from __future__ import annotations

import numpy as np

from dlcli.inspection.gradient_flow import Dead, GradientFlow, Saturation
from dlcli.inspection.gradient_routes import ABOUT, Route, absent
from dlcli.ops.operation import Array
from dlcli.render.inspected_layers import Style, table
from dlcli.render.text import counted

FEW = 9  # entries of an array that is printed on one line
FIRST = 3  # entries of a larger one

VERDICTS = {
    "one layer": "There is one layer of weights: nothing to compare.",
    "undefined": "The last delta is 0 or not finite: there is no ratio.",
    "none arrives": "No gradient arrives at the first layer: its delta is 0.",
    "vanishing": "The gradient vanishes on its way back",
    "shrinking": "The gradient shrinks on its way back",
    "equal": "The gradient keeps its size on its way back",
    "growing": "The gradient grows on its way back",
    "exploding": "The gradient explodes on its way back",
}


def flow_lines(found: GradientFlow, style: Style) -> list[str]:
    rows = [(style.name(row.name), style.number(row.delta), style.number(row.weights)) for row in found.layers]
    lines = table(("layer", "norm of delta = dL/dz", "norm of dL/dW"), rows, style)
    verdict = VERDICTS[found.verdict]
    if verdict.endswith("."):
        return [*lines, verdict]
    first, last = found.layers[0], found.layers[-1]
    lines.append(f"{verdict}: delta of {style.name(first.name)} over delta of {style.name(last.name)} is")
    lines.append(f"{style.number(found.ratio)}, a factor of {style.number(found.per_layer)} a layer; of dL/dW it is ")
    lines[-1] += f"{style.number(found.weight_ratio)}."
    return lines


def saturation_lines(found: tuple[Saturation, ...], style: Style) -> list[str]:
    rows = []
    for row in found:
        entries = f"{row.saturated:,} of {row.entries:,}"
        units = f"{row.units:,} of {row.of_units:,}"
        farthest = (style.number(row.farthest), style.number(row.slope))
        rows.append((style.name(row.name), row.activation, entries, units, *farthest))
    headers = ("quantity", "activation", "saturated", "units, all samples", "largest |z|", "smallest slope")
    lines = table(headers, rows, style, left=2)
    limits = {row.activation: f"|z| > {style.number(row.limit)} for {row.activation}" for row in found}
    lines.append(f"saturated: slope below 1/50 of the largest, that is {', '.join(limits.values())}.")
    return lines


def dead_lines(found: tuple[Dead, ...], style: Style) -> list[str]:
    lines = []
    for row in found:
        named = ", ".join(str(unit + style.base) for unit in row.dead[:FEW])
        named += ", ..." if len(row.dead) > FEW else ""
        where = f" (number {named})" if row.dead and row.units > 1 else ""
        units = f"{len(row.dead):,} of {counted(row.units, 'unit')} dead for this batch{where}"
        lines.append(f"{style.name(row.name)}: {units}; slope 0 at {row.off:,} of {row.entries:,} entries.")
    return lines


def route_lines(found: tuple[Route, ...], style: Style) -> list[str]:
    lines: list[str] = []
    for route in found:
        kind = "max(0, z)" if route.operation == "relu" else route.kind
        kind = "multiply (of matrices)" if route.operation in ("matmul", "dot") else kind
        lines.append(f"{kind} {_about(route)}.")
        came = "the sum" if route.kind == "copy" else "gradient that comes in"
        rows = [(style.name(route.node), came, _entries(route.gradient, style))]
        for name, value, part in route.parts:
            if route.kind == "copy":
                rows.append((f"from {style.name(name)}", "gradient", _entries(part, style)))
            else:
                rows.append((f"to {style.name(name)} = {_entries(value, style)}", "gradient", _entries(part, style)))
        widths = [max(len(row[at]) for row in rows) for at in (0, 1)]
        lines += [f"  {a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}" for a, b, c in rows]
    missing = absent(found)
    if missing:
        lines.append(f"Not shown, as no gradient passes one here: {', '.join(missing)}.")
    return lines


def _about(route: Route) -> str:
    if route.operation == "relu":
        return "gives the whole gradient to z where z > 0, and 0 elsewhere"
    repeated = route.kind == "add" and any(part.shape != route.gradient.shape for _, _, part in route.parts)
    return ABOUT[route.kind] + (" (added up over the entries where an operand was repeated)" if repeated else "")


def _entries(array: Array, style: Style) -> str:
    """A number, `[1, 2]`, `[[1, 2], [3, 4]]`; of a large array its shape, norm and first entries."""
    if array.size > FEW and not style.every:
        first = ", ".join(style.number(float(x)) for x in array.reshape(-1)[:FIRST])
        with np.errstate(all="ignore"):
            norm = style.number(float(np.linalg.norm(array)))
        return f"shape {array.shape} with norm {norm}: {first}, ..."
    if array.ndim == 0:
        return style.number(float(array))
    return "[" + ", ".join(_entries(part, style) for part in array) + "]"
