"""An inspection as people and programs read it: the report by sections, the line of --quiet, JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from dlcli.errors import Diagnostic
from dlcli.inspection import Inspection, Skipped
from dlcli.render.console import Medium, painted
from dlcli.render.diagnostics import diagnostic_record
from dlcli.render.documents import Document, json_numbers
from dlcli.render.inspected_approximation import approximation_lines
from dlcli.render.inspected_gradients import dead_lines, flow_lines, route_lines, saturation_lines
from dlcli.render.inspected_layers import (
    Style,
    collapsed_lines,
    equal_lines,
    jacobian_lines,
    pass_lines,
    region_lines,
    variance_lines,
    work_lines,
)
from dlcli.render.numbers import number
from dlcli.render.text import counted, own, visible
from dlcli.spec.records import Spec

MOST_DIGITS = 53  # binary digits of a whole number that every reader of JSON keeps

SECTIONS: tuple[tuple[str, str, Callable[[Any, Style], list[str]]], ...] = (
    ("work", "Shapes, parameters, multiply-adds", work_lines),
    ("jacobians", "Jacobians", jacobian_lines),
    ("passes", "What the gradient costs", pass_lines),
    ("gradient_flow", "Gradient flow", flow_lines),
    ("saturation", "Saturated units", saturation_lines),
    ("dead_units", "Dead ReLU units", dead_lines),
    ("routes", "What operations do to a gradient", route_lines),
    ("collapsed", "Layers with nothing non-linear between them", collapsed_lines),
    ("equal_units", "Units that training never separates", equal_lines),
    ("initial_variance", "Variance and Xavier initialisation", variance_lines),
    ("linear_regions", "Linear regions", region_lines),
    ("approximation", "Approximation by width", approximation_lines),
)


def inspection_text(spec: Spec, found: Inspection, digits: int, every: bool, on: Medium) -> str:
    """The whole report."""
    style = Style(digits, every, spec.index_base, on, spec.convention == "row")
    parts = [_title(spec, on)]
    for field, title, lines_of in SECTIONS:
        section = getattr(found, field)
        lines = [f"does not apply: {section.reason}"] if isinstance(section, Skipped) else lines_of(section, style)
        heading = painted(title, "bold", on)
        parts.append("\n".join([heading, *(own("  " + line, on).rstrip() for line in lines)]))
    return "\n\n".join(parts) + "\n"


def inspection_line(spec: Spec, found: Inspection, digits: int, on: Medium) -> str:
    """`homework.yaml: 9 parameters; 6 multiply-adds forward, 8 backward; gradients growing, first/last 2.`"""
    work, flow = found.work, found.gradient_flow
    parts = [
        counted(work.parameters, "parameter"),
        f"{counted(work.forward, 'multiply-add')} forward, {work.backward:,} backward",
    ]
    if not isinstance(flow, Skipped):
        parts.append(f"gradients: {flow.verdict}, first/last {number(flow.ratio, digits)}")
    return f"{visible(spec.name, on)}: {'; '.join(parts)}\n"


def inspection_document(spec: Spec, found: Inspection, warnings: Sequence[Diagnostic]) -> Document:
    """dlcli/inspect/v1: a field a section; of one that does not apply {"skipped": why}."""
    return {
        "schema": "dlcli/inspect/v1",
        "file": spec.name,
        "title": spec.title,
        **{field: plain(getattr(found, field)) for field, _, _ in SECTIONS},
        "warnings": [diagnostic_record(warning) for warning in warnings],
    }


def plain(value: Any) -> Any:
    """Records as objects, arrays as nested lists; a whole number beyond 2^53 as null, its log10 stands beside it."""
    if isinstance(value, Skipped):
        return {"skipped": value.reason}
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray | np.floating | float):
        return json_numbers(np.asarray(value))
    if isinstance(value, int) and value.bit_length() > MOST_DIGITS:
        return None
    return value


def _title(spec: Spec, on: Medium) -> str:
    file = visible(spec.name, on)
    if spec.title is None:
        return painted(file, "bold", on)
    return painted(visible(spec.title, on), "bold", on) + painted(f" ({file})", "dim", on)
