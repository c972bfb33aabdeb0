"""A solution as people read it: values, formulas, the table of gradients, the step, one line of verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.comparison import Comparison, TensorCheck
from dlcli.language import to_text
from dlcli.ops.operation import Array
from dlcli.render.console import Medium, painted
from dlcli.render.gradients import gradient_table, left_out, shown_entries
from dlcli.render.numbers import is_plain
from dlcli.render.text import display_width, own, visible
from dlcli.render.values import LONGEST_EXACT, printed_values
from dlcli.render.verdicts import COLORS, entry_name, verdict_line, verdict_mark, witness_lines
from dlcli.solution import Solution

MOST_REASONS = 10  # of entries that are not PASS, without --all


@dataclass(frozen=True)
class Detail:
    """How much of a solution is printed: significant digits, every entry, the equations."""

    digits: int = 6
    every: bool = False
    equations: bool = False


def solution_text(solution: Solution, detail: Detail, on: Medium) -> str:
    """The whole report of one homework."""
    sections = [section for section in _sections(solution, detail, on) if section]
    return "\n\n".join([_title(solution, on), *sections]) + "\n"


def quiet_line(solution: Solution, on: Medium) -> str:
    """`homework.yaml: ✓ PASS: …`."""
    return f"{visible(solution.file, on)}: {verdict_line(solution, on)}\n"


def _title(solution: Solution, on: Medium) -> str:
    file = visible(solution.file, on)
    if solution.title is None:
        return painted(file, "bold", on)
    return painted(visible(solution.title, on), "bold", on) + painted(f" ({file})", "dim", on)


def _sections(solution: Solution, detail: Detail, on: Medium) -> Iterator[str]:
    base, comparison = solution.index_base, solution.comparison
    if detail.equations:
        yield _section("Equations", _equations(solution, on), on)
    if solution.points:
        yield _section("Random points (the numbers below are those of the first)", _points(solution, detail, on), on)
    values = dict(solution.values)
    loss = solution.graph.loss_name
    if solution.loss is not None and loss not in values:
        values[loss] = np.asarray(solution.loss)
    lines = printed_values(values, solution.exact, detail.digits, detail.every, base, on)
    yield _section("Forward", lines, on)
    yield _section(
        f"Backward (delta_q is {own('∂', on)}{visible(loss, on)}/{own('∂', on)}q)",
        _formulas(solution, on),
        on,
    )
    if solution.expanded:
        yield _section("In inputs and weights alone", _expanded(solution, on), on)
    if comparison.tensors:
        entries = shown_entries(comparison, detail.every)
        yield _section("Gradients", gradient_table(entries, detail.digits, base, on), on)
        yield "\n".join(_below_table(comparison, detail, base, on))
        yield _section("Witnesses", _pairs(witness_lines(comparison), "  ", on), on)
    if solution.step is not None:
        yield _section(f"Weights after one step of {solution.step.optimizer}", _step(solution, detail, on), on)
    verdict = solution.verdict
    yield painted(verdict_line(solution, on), COLORS.get(verdict or "", "bold"), on)


def _points(solution: Solution, detail: Detail, on: Medium) -> list[str]:
    """`x = 0.713, t = 0.4   PASS` for each point; of arrays as many lines as they need."""
    lines = []
    for point in solution.points:
        scalars = [f"{visible(n, on)} = {float(x):.{detail.digits}g}" for n, x in point.numbers.items() if x.ndim == 0]
        lines.append(f"  {', '.join(scalars)}{'   ' if scalars else ''}{verdict_mark(point.verdict, on)}")
        arrays = {n: x for n, x in point.numbers.items() if x.ndim}
        lines += [
            f"  {line}" for line in printed_values(arrays, {}, detail.digits, detail.every, solution.index_base, on)
        ]
    return lines


def _section(title: str, lines: Sequence[str], on: Medium) -> str:
    return "\n".join([painted(title, "bold", on), *lines]) if lines else ""


def _pairs(pairs: Sequence[tuple[str, str]], between: str, on: Medium) -> list[str]:
    left = [visible(first, on) for first, _ in pairs]
    widest = max(map(display_width, left), default=0)
    return [
        f"  {first}{' ' * (widest - display_width(first))}{between}{visible(second, on)}"
        for first, (_, second) in zip(left, pairs, strict=True)
    ]


def _equations(solution: Solution, on: Medium) -> list[str]:
    rows = [(", ".join(e.names), to_text(e.tree)) for e in solution.graph.equations]
    lines = _pairs(rows, " = ", on)
    widest = max(map(display_width, lines), default=0)
    notes = []
    for equation in solution.graph.equations:
        role = None if equation.role == "quantity" else equation.role
        tags = [tag for tag in (role, equation.group and f"of {equation.group}") if tag]
        notes.append(visible("   # " + " ".join(tags), on) if tags else "")
    return [
        (line + " " * (widest - display_width(line)) + painted(note, "dim", on)).rstrip()
        for line, note in zip(lines, notes, strict=True)
    ]


def _formulas(solution: Solution, on: Medium) -> list[str]:
    """The chain rule from the loss down: each delta, then each gradient, with closed forms of scalars."""
    by_name = {tensor.name: tensor for tensor in solution.comparison.tensors}
    rows = []
    for name, formula in solution.deltas.items():
        rows.append((f"delta_{name}", _with_exact(formula, by_name.get(name))))
    for tensor in solution.comparison.tensors:
        if tensor.formula is not None and tensor.name not in solution.deltas:
            rows.append((_slope(solution, tensor.name, on), _with_exact(tensor.formula, tensor)))
    return _pairs(rows, " = ", on)


def _slope(solution: Solution, name: str, on: Medium) -> str:
    letter = own("∂", on)
    return f"{letter}{solution.graph.loss_name}/{letter}{name}"


def _with_exact(formula: str, tensor: TensorCheck | None) -> str:
    if tensor is None or tensor.shape != () or tensor.exact is None:
        return formula
    exact = tensor.exact[()]
    if exact is None or is_plain(str(exact)) or len(str(exact)) > LONGEST_EXACT or exact == formula:
        return formula
    return f"{formula} = {exact}"


def _expanded(solution: Solution, on: Medium) -> list[str]:
    return _pairs([(_slope(solution, name, on), formula) for name, formula in solution.expanded.items()], " = ", on)


def _below_table(comparison: Comparison, detail: Detail, base: int, on: Medium) -> list[str]:
    """What the table leaves out, why entries are not PASS, and the notes of each tensor."""
    lines = []
    missing = None if detail.every else left_out(comparison)
    if missing:
        lines.append("  " + visible(missing, on))
    lines += reason_lines(comparison, detail.every, base, on)
    if any(np.any(tensor.vacuous) for tensor in comparison.tensors):
        lines.append("  vacuous: zero by every witness, so nothing was exercised there")
    if any(np.any(tensor.coarse) for tensor in comparison.tensors):
        lines.append("  coarse: rounding in the forward pass hides more than the accuracy asked for")
    return lines


def reason_lines(comparison: Comparison, every: bool, base: int, on: Medium) -> list[str]:
    """A line for each entry that is not PASS, and for each note."""
    lines = [f"  {visible(own(text, on), on)}" for text in comparison.disputed]
    reasons = [
        f"  {entry_name(tensor.name, entry, base)}: {reason}"
        for tensor in comparison.tensors
        for entry, reason in tensor.reasons.items()
    ]
    total = sum(comparison.count(verdict) for verdict in ("fail", "inconclusive", "kink"))
    shown = reasons if every else reasons[:MOST_REASONS]
    lines += [visible(own(reason, on), on) for reason in shown]
    if total > len(shown):
        lines.append(f"  and {total - len(shown):,} more entries that are not PASS")
    notes = [f"  {tensor.name}: {note}" for tensor in comparison.tensors for note in tensor.notes]
    return lines + [visible(own(note, on), on) for note in notes]


def _step(solution: Solution, detail: Detail, on: Medium) -> list[str]:
    step = solution.step
    assert step is not None
    exact: Mapping[str, Array] = step.exact
    return printed_values(step.weights, exact, detail.digits, detail.every, solution.index_base, on)
