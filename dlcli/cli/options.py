"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _names(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    del ctx, parameter
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


files = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
wrt = click.option(
    "--wrt",
    metavar="NAME",
    multiple=True,
    callback=_names,
    help="Differentiate by NAME; again, or a,b, for more.",
)
digits = click.option(
    "--digits", metavar="N", type=click.IntRange(1, 17), default=6, help="Significant digits, 1 to 17 (6)."
)
every = click.option("--all", "every", is_flag=True, help="Print every entry of large arrays.")
format_ = click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", help="table (default) or json."
)
output = click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write the result to FILE.")
plain = click.option("--ascii", "plain", is_flag=True, help="Plain letters and ASCII tables.")
quiet = click.option("--quiet", is_flag=True, help="One line of verdict a file, no warnings.")
color = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="auto, always or never."
)
strict = click.option("--strict", is_flag=True, help="Exit with 1 when a check is inconclusive.")
debug = click.option("--debug", is_flag=True, help="Show the traceback of a fault of dlcli's own.")


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, in the order in which --help lists them."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
