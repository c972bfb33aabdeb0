"""`dlcli explain`: what a code of an error, or the name of a mistake, means."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED

if TYPE_CHECKING:
    from dlcli.render.console import Medium


@click.command("explain", short_help="Explain an error code, or a classic mistake.")
@click.argument("code", metavar="[CODE]", required=False)
@options.plain
@options.debug
def command(code: str | None, plain: bool, debug: bool) -> int:
    """Explain an error code, or a classic mistake.

    \b
    Example:
      dlcli explain E204
      dlcli explain sign-everywhere

    CODE is the code of an error or of advice, or the name that a report gives to a mistake in a backward pass.
    Without it, all of them are listed.
    """
    del debug
    from dlcli.cli.streams import print_result
    from dlcli.render.console import medium
    from dlcli.render.text import own

    on = medium(sys.stdout, plain=plain)
    if code is None:
        text = _all()
    elif re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", code.strip().lower()):
        text = _mistake(code.strip().lower(), on)
    else:
        text = _code(code, on)
    print_result(own(text, on))
    return PASSED


def _all() -> str:
    from dlcli.codes import CODES
    from dlcli.mistakes.simple import explained, known_mistakes

    codes = [f"{code}  {found.title}" for code, found in CODES.items()]
    names = known_mistakes()
    width = max(map(len, names))
    mistakes = [f"{name:{width}}  {(explained(name) or ('',))[0]}" for name in names]
    return "\n".join([*codes, "", *mistakes]) + "\n"


def _mistake(name: str, on: Medium) -> str:
    from dlcli.errors import did_you_mean
    from dlcli.mistakes.simple import explained, known_mistakes

    found = explained(name)
    if found is None:
        hint = did_you_mean(name, known_mistakes()) or "`dlcli explain` lists all"
        raise click.UsageError(f"there is no mistake '{name}'; {hint}")
    what, *shows = found
    lines = [f"What goes wrong: {what}.", *(f"How it shows: {text}." for text in shows)]
    return f"{name}\n\n" + "".join(_filled(line, on) + "\n" for line in lines)


def _code(code: str, on: Medium) -> str:
    from dlcli.codes import CODES

    letters = code.strip().upper().removeprefix("ERROR").removeprefix("WARNING").strip("[]:")
    wanted = letters[:1] + letters[1:].replace("O", "0")
    if wanted not in CODES:
        family = [known for known in CODES if known[:2] == wanted[:2]]
        hint = (
            f"codes {wanted[:2]}xx: {', '.join(family)}" if family else f"codes run from {min(CODES)} to {max(CODES)}"
        )
        raise click.UsageError(f"there is no code '{code}'; {hint}")
    found = CODES[wanted]
    return f"{wanted}: {found.title}\n\n" + "\n\n".join(_filled(p, on) for p in found.explanation.split("\n\n")) + "\n"


def _filled(paragraph: str, on: Medium) -> str:
    import textwrap

    return textwrap.fill(paragraph, min(on.width or 100, 100))
