"""`dlcli train`: the weights of a homework after so many steps of its optimizer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dlcli.cli import options
from dlcli.cli.main import INTERRUPTED, PASSED, WRONG

if TYPE_CHECKING:
    from dlcli.ops.operation import Array
    from dlcli.solving import Checked
    from dlcli.training import Plan, Training

PICTURES = (".svg", ".png")
ARCHIVES = (".npz",)
HOMEWORKS = (".yaml", ".yml")
MOST_STEPS = 10_000_000


def _ending(*known: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A check that a file's name has one of these endings."""

    def check(ctx: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
        if given is not None and os.path.splitext(given)[1].lower() not in known:
            raise click.BadParameter(f"'{given}' does not end in {' or '.join(known)}", ctx, parameter)
        return given

    return check


@click.command("train", short_help="Train the weights of a homework by its optimizer.")
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))
@click.option(
    "--steps", metavar="N", type=click.IntRange(1, MOST_STEPS), required=True, help="How many steps; 1 or more."
)
@click.option(
    "--shuffle",
    metavar="SEED",
    type=click.IntRange(0, 2**32 - 1),
    help="Take the samples of batches in random order.",
)
@click.option(
    "--save",
    metavar="FILE",
    callback=_ending(*ARCHIVES, *HOMEWORKS),
    help="Write the weights to .npz, or the homework with them to .yaml.",
)
@click.option("--csv", metavar="FILE", help="Write the loss after each step as CSV.")
@click.option("--plot", metavar="FILE", callback=_ending(*PICTURES), help="Draw the loss curve as .svg or .png.")
@options.digits
@options.together(
    options.every,
    options.format_,
    options.output,
    options.plain,
    options.quiet,
    options.color,
    options.debug,
)
def command(
    file: str,
    steps: int,
    shuffle: int | None,
    save: str | None,
    csv: str | None,
    plot: str | None,
    digits: int,
    every: bool,
    form: str,
    output: str | None,
    plain: bool,
    quiet: bool,
    color: str,
    debug: bool,
) -> int:
    """Train the weights of a homework by its optimizer.

    \b
    Example:
      dlcli train homework.yaml --steps 100 --plot loss.svg

    FILE is a homework file with a loss and an optimizer, or - for standard input. A step takes all samples,
    or `batch_size` of them. Interrupted, it reports and writes what it has. Exit code: 0 trained, 1 the run
    diverged, 2 the file cannot be used, 130 interrupted.
    """
    del debug
    from dlcli import solving
    from dlcli.cli.streams import deliver, keep_inputs, print_diagnostics, print_message
    from dlcli.render.console import file_medium, medium
    from dlcli.render.documents import as_json
    from dlcli.render.training import divergence, training_document, training_line, training_text

    if plot is not None and plot.lower().endswith(".png"):
        _need_matplotlib()
    for written in (output, csv, plot):
        keep_inputs(written, [file])
    checked = solving.check(file)
    plan = solving.training_plan(checked)
    if shuffle is not None and plan.optimizer.batch_size is None:
        raise click.UsageError("--shuffle needs batches; add `batch_size` to the optimizer of the file")
    if save is not None:
        _try_to_save(save, file, checked, plan)
    if not quiet:
        print_diagnostics(checked.warnings, plain=plain, color=color)
    training = _with_progress(plan, file, steps, shuffle)
    code = WRONG if training.trouble is not None else INTERRUPTED if training.interrupted else PASSED
    spec = checked.spec
    if form == "json":
        text = as_json(training_document(spec, training, checked.warnings))
    else:
        on = medium(sys.stdout, plain=plain, color=color) if output is None else file_medium(plain)
        text = training_line(spec, training, digits, on) if quiet else training_text(spec, training, digits, every, on)
    try:
        _write(training, checked, save, csv, plot)
    finally:
        deliver(text, output, min(code, WRONG))
    if training.trouble is not None:
        print_diagnostics([divergence(spec, training)], plain=plain, color=color)
    elif training.interrupted:
        print_message(f"interrupted after step {training.last.number:,} of {steps:,}\n")
    return code


def _with_progress(plan: Plan, file: str, steps: int, shuffle: int | None) -> Training:
    from dlcli.render.progress import progress
    from dlcli.training import train

    with progress(steps + 1, "training", sys.stderr) as bar:
        bar.start(file)
        return train(plan, steps, shuffle, lambda step: bar.advance())


def _need_matplotlib() -> None:
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise click.UsageError(
            "a .png needs matplotlib, which is not installed: pip install matplotlib, or write an .svg"
        )


def _try_to_save(save: str, file: str, checked: Checked, plan: Plan) -> None:
    """Says before the first step what would go wrong after the last."""
    if file != "-" and os.path.realpath(save) == os.path.realpath(file):
        raise click.UsageError(f"--save would overwrite '{file}' itself; name a new file")
    if save.lower().endswith(HOMEWORKS):
        _homework(save, checked, plan.weights)


def _homework(save: str, checked: Checked, weights: Mapping[str, Array]) -> str:
    from dlcli.render.saved_weights import SavingError, weights_homework

    try:
        return weights_homework(checked.lowered, weights, save, Path(save).resolve().parent)
    except SavingError as error:
        raise click.UsageError(f"--save cannot write '{save}' as a homework: {error}; write an .npz") from error


def _write(training: Training, checked: Checked, save: str | None, csv: str | None, plot: str | None) -> None:
    """The files that were asked for."""
    from dlcli.cli.streams import write_bytes, write_file
    from dlcli.render.loss_curve import curve_png, curve_svg
    from dlcli.render.saved_weights import weights_npz
    from dlcli.render.training import trace_csv

    title = checked.spec.title or checked.spec.name
    if save is not None and save.lower().endswith(HOMEWORKS):
        write_file(save, _homework(save, checked, training.last.weights))
    elif save is not None:
        write_bytes(save, weights_npz(training.last.weights))
    if csv is not None:
        write_file(csv, trace_csv(training.losses))
    if plot is not None and plot.lower().endswith(".svg"):
        write_file(plot, curve_svg(training.losses, title))
    elif plot is not None:
        write_bytes(plot, curve_png(training.losses, title))
