"""`dlcli ops`: the formula sheet."""

from __future__ import annotations

import sys

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED


@click.command("ops", short_help="Print the formula sheet of all operations.")
@click.argument("name", metavar="[NAME]", required=False)
@options.together(options.plain, options.color, options.debug)
def command(name: str | None, plain: bool, color: str, debug: bool) -> int:
    """Print the formula sheet of all operations.

    \b
    Example:
      dlcli ops sigmoid

    Without a NAME, every operation with its formula and derivative; with one, also its domain, the convention
    at kinks, its settings and its LaTeX.
    """
    del debug
    from dlcli.cli.streams import print_result
    from dlcli.errors import did_you_mean
    from dlcli.ops import OPERATIONS, find
    from dlcli.render.console import medium
    from dlcli.render.formula_sheet import formula_sheet, operation_page
    from dlcli.render.text import own

    on = medium(sys.stdout, plain=plain, color=color)
    if name is None:
        print_result(formula_sheet(OPERATIONS.values(), on))
        return PASSED
    operation = find(name)
    whole, _, operand = name.rpartition("_d")
    closed = find(whole) if operation is None else None
    if closed is not None and not closed.hidden and operand in closed.operands:
        told = f"{name} is the gradient by {operand}: the cotangent of {whole} times its Jacobian by {operand}."
        print_result(own(f"{told}\n\n", on))
        operation = closed
    if operation is None or operation.hidden:
        visible = [known for known, found in OPERATIONS.items() if not found.hidden]
        near = did_you_mean(name, visible)
        raise click.UsageError(f"there is no operation '{name}'; {near or '`dlcli ops` lists them'}")
    print_result(operation_page(operation, on))
    return PASSED
