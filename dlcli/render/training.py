"""A training run as people and programs read it: the report, the line of --quiet, JSON and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.errors import Diagnostic
from dlcli.optimizers import RULES
from dlcli.render.console import Medium, painted
from dlcli.render.diagnostics import diagnostic_record
from dlcli.render.documents import Document, json_numbers
from dlcli.render.grid import Grid, grid_text
from dlcli.render.loss_curve import curve_lines, curve_scale
from dlcli.render.numbers import aligned, number
from dlcli.render.text import counted, own, visible
from dlcli.render.values import printed_values
from dlcli.spec.records import Spec
from dlcli.training import Training

FEW_STEPS = 20  # printed in full without --all
SHOWN_STEPS = 10  # of more, besides step 0


def training_text(spec: Spec, training: Training, digits: int, every: bool, on: Medium) -> str:
    """The whole report: rule, losses, curve, weights, and one line of result."""
    losses = training.losses
    weights = printed_values(training.last.weights, {}, digits, every, spec.index_base, on)
    curve = curve_lines(losses, min(digits, 4), on)
    logarithmic = " (logarithmic)" if curve_scale(losses) == "logarithmic" else ""
    sections = [
        _section("Optimizer", _rule_lines(training), on),
        _section("Loss", _trace(losses, digits, every, on), on),
        _section(f"Curve{logarithmic}", curve, on),
        _section(f"Weights after {_step(training.last.number)}", weights, on),
        painted(_verdict(training, digits, on), "green" if training.status == "finished" else "red", on),
    ]
    return "\n\n".join([_title(spec, on), *filter(None, sections)]) + "\n"


def training_line(spec: Spec, training: Training, digits: int, on: Medium) -> str:
    """`homework.yaml: loss 0.29 after 100 steps; 0.31 before training.`"""
    return f"{visible(spec.name, on)}: {_verdict(training, digits, on)}\n"


def training_document(spec: Spec, training: Training, warnings: Sequence[Diagnostic]) -> Document:
    """dlcli/train/v1. Of a run that ended early the trace is shorter, and `status` and `message` say why."""
    plan, last = training.plan, training.last
    document: dict[str, Any] = {
        "schema": "dlcli/train/v1",
        "file": spec.name,
        "title": spec.title,
        "status": training.status,
        "message": _early(training),
        "optimizer": {plan.optimizer.name: dict(plan.optimizer.settings)},
        "trace": [{"step": step, "loss": json_numbers(np.asarray(loss))} for step, loss in enumerate(training.losses)],
        "step": last.number,
        "weights": {name: json_numbers(array) for name, array in last.weights.items()},
        "gradients": {name: json_numbers(array) for name, array in last.gradients.items()},
        "warnings": [diagnostic_record(warning) for warning in warnings],
    }
    return document


def trace_csv(losses: Sequence[float]) -> str:
    """A line a step, at full precision: step,loss."""
    return "step,loss\n" + "".join(f"{step},{loss!r}\n" for step, loss in enumerate(losses))


def divergence(spec: Spec, training: Training) -> Diagnostic:
    """The error of a run that diverged, at its learning rate."""
    optimizer = training.plan.optimizer
    rate = optimizer.settings["learning_rate"]
    begun = len(training.losses) > 1
    help = f"try a smaller learning_rate than {rate:g}" if begun else "give other weights or inputs"
    notes = (f"{_step(training.last.number)} is the last with finite numbers; its weights are kept",) if begun else ()
    place = optimizer.places.get("learning_rate", optimizer.place)
    message = _early(training) or ""
    return Diagnostic("E311", message, place if begun else None, help=help, notes=notes, file=spec.name)


def _early(training: Training) -> str | None:
    """Why a run ended before its last step."""
    if training.trouble is not None:
        at = len(training.losses) - 1
        when = f"training diverged at step {at:,}" if at else "the loss is not finite before training"
        return f"{when}: {training.trouble}"
    if training.interrupted:
        return f"interrupted after {_step(training.last.number)} of {training.asked:,}"
    return None


def _step(count: int) -> str:
    return f"step {count:,}"


def _title(spec: Spec, on: Medium) -> str:
    file = visible(spec.name, on)
    if spec.title is None:
        return painted(file, "bold", on)
    return painted(visible(spec.title, on), "bold", on) + painted(f" ({file})", "dim", on)


def _section(title: str, lines: Sequence[str], on: Medium) -> str:
    return "\n".join([painted(title, "bold", on), *lines]) if lines else ""


def _rule_lines(training: Training) -> list[str]:
    plan = training.plan
    optimizer, samples = plan.optimizer, plan.samples
    names = sorted(optimizer.settings, key=lambda name: name != "learning_rate")
    settings = [f"{name.replace('learning_rate', 'lr')} = {number(optimizer.settings[name], 6)}" for name in names]
    first, *others = RULES[optimizer.name].formula.split(", ")
    indent = " " * len(optimizer.name)
    lines = [f"  {optimizer.name}: {first}", *(f"  {indent}  {line}" for line in others)]
    lines.append(f"  {indent}  {', '.join(settings)}")
    if samples is not None:
        order = "in order" if training.shuffle is None else f"shuffled by the seed {training.shuffle}"
        lines.append(f"  {samples.size:,} of {samples.count:,} samples a step, {order}; the loss is over all of them")
    return lines


def _trace(losses: Sequence[float], digits: int, every: bool, on: Medium) -> list[str]:
    count = len(losses)
    shown = list(range(count))
    if not every and count > FEW_STEPS + 1:
        shown = sorted({round(at * (count - 1) / SHOWN_STEPS) for at in range(SHOWN_STEPS + 1)})
    numbers = aligned(number(losses[step], digits) for step in shown)
    steps = [str(step) for step in shown]
    widest = max(map(len, [*steps, "step"]))
    rows = [(step.rjust(widest), value.rstrip()) for step, value in zip(steps, numbers, strict=True)]
    grid = Grid(("step".rjust(widest), "loss"), rows, [""] * len(rows))
    lines = ["  " + line for line in grid_text(grid, on).splitlines()]
    if len(shown) < count:
        lines.append(f"  Of {counted(count, 'loss', 'losses')}, {len(shown)} are shown; --all prints every one.")
    return lines


def _verdict(training: Training, digits: int, on: Medium) -> str:
    last = training.last
    loss = number(last.loss, digits)
    early = _early(training)
    if early is not None:
        mark = own("✗", on) + " " if training.trouble is not None else ""
        return f"{mark}{visible(early, on)}; loss {loss} after {_step(last.number)}."
    before = number(training.losses[0], digits)
    return f"{own('✓', on)} loss {loss} after {counted(last.number, 'step')}; {before} before training."
