"""`dlcli explain`: what a code means."""

from __future__ import annotations

import sys

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED


@click.command("explain", short_help="Explain an error code.")
@click.argument("code", metavar="CODE")
@options.plain
@options.debug
def command(code: str, plain: bool, debug: bool) -> int:
    """Explain an error code.

    \b
    Example:
      dlcli explain E204
    """
    del debug
    import textwrap

    from dlcli.cli.streams import print_result
    from dlcli.codes import CODES
    from dlcli.errors import did_you_mean
    from dlcli.render.console import medium
    from dlcli.render.text import own

    wanted = code.strip().strip("[]").upper().removeprefix("ERROR[").removeprefix("WARNING[")
    if wanted not in CODES:
        near = did_you_mean(wanted, CODES)
        raise click.UsageError(f"there is no code '{code}'" + (f"; {near}" if near else ""))
    on = medium(sys.stdout, plain=plain)
    found = CODES[wanted]
    paragraphs = found.explanation.split("\n\n")
    width = min(on.width or 100, 100)
    text = "\n\n".join(textwrap.fill(paragraph, width) for paragraph in paragraphs)
    print_result(own(f"{wanted}: {found.title}\n\n{text}\n", on))
    return PASSED
