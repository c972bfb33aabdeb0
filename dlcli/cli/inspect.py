"""`dlcli inspect`: what a network is like, with numbers from the file."""

from __future__ import annotations

import sys

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED


@click.command("inspect", short_help="Report on sizes, costs, gradients and redundancies of a network.")
@click.argument("file", metavar="FILE", type=click.Path(allow_dash=True))
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
    digits: int,
    every: bool,
    form: str,
    output: str | None,
    plain: bool,
    quiet: bool,
    color: str,
    debug: bool,
) -> int:
    """Report on sizes, costs, gradients and redundancies of a network.

    \b
    Example:
      dlcli inspect homework.yaml

    FILE is a homework file, or - for standard input. Sections: shapes, parameters and multiply-adds;
    Jacobians; what backprop and numerical differentiation cost; gradient flow, saturated and dead units; what
    add, multiply, max and copy do to a gradient; layers and units that do nothing of their own; Xavier
    initialisation; linear regions; what a hidden layer of each width can fit. Exit code: 0 inspected, 2 the
    file cannot be used.
    """
    del debug
    from dlcli import solving
    from dlcli.cli.streams import deliver, keep_inputs, print_diagnostics
    from dlcli.inspection import inspect
    from dlcli.render.console import file_medium, medium
    from dlcli.render.documents import as_json
    from dlcli.render.inspection import inspection_document, inspection_line, inspection_text

    keep_inputs(output, [file])
    checked = solving.check(file)
    if not quiet:
        print_diagnostics(checked.warnings, plain=plain, color=color)
    spec, found = checked.spec, inspect(checked)
    if form == "json":
        text = as_json(inspection_document(spec, found, checked.warnings))
    else:
        on = medium(sys.stdout, plain=plain, color=color) if output is None else file_medium(plain)
        text = inspection_line(spec, found, digits, on) if quiet else inspection_text(spec, found, digits, every, on)
    deliver(text, output, PASSED)
    return PASSED
