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
    from dlcli.render.console import medium
    from dlcli.render.text import own

    letters = code.strip().upper().removeprefix("ERROR").removeprefix("WARNING").strip("[]:")
    wanted = letters[:1] + letters[1:].replace("O", "0")
    if wanted not in CODES:
        family = [known for known in CODES if known[:2] == wanted[:2]]
        hint = (
            f"codes {wanted[:2]}xx: {', '.join(family)}" if family else f"codes run from {min(CODES)} to {max(CODES)}"
        )
        raise click.UsageError(f"there is no code '{code}'; {hint}")
    on = medium(sys.stdout, plain=plain)
    found = CODES[wanted]
    paragraphs = found.explanation.split("\n\n")
    width = min(on.width or 100, 100)
    text = "\n\n".join(textwrap.fill(paragraph, width) for paragraph in paragraphs)
    print_result(own(f"{wanted}: {found.title}\n\n{text}\n", on))
    return PASSED
