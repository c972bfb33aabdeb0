"""The two output streams: what each can show, its rich console, its colours."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

OWN_LETTERS = "∂±≈–—…✓✗─·"
ROOM = 10_000  # columns of a console that neither wraps nor crops
STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "1;31",
    "green": "32",
    "yellow": "1;33",
    "blue": "1;34",
    "cyan": "36",
}


@dataclass(frozen=True)
class Medium:
    """What a text is printed on.

    width     columns of the terminal; None where lines have no end (a pipe, a file)
    encoding  what the text must be encodable in
    letters   it can show ∂ ± ✓; otherwise plain letters and ASCII tables
    color     ANSI colours are welcome
    """

    width: int | None = None
    encoding: str = "utf-8"
    letters: bool = True
    color: bool = False


def file_medium(plain: bool = False) -> Medium:
    """What a text file in UTF-8 can show."""
    return Medium(encoding="ascii", letters=False) if plain else Medium()


def medium(stream: TextIO, *, plain: bool = False, color: str = "auto") -> Medium:
    """What a stream can show. `color`: always, never, or auto, which asks NO_COLOR, TERM and the stream."""
    encoding = "ascii" if plain else (getattr(stream, "encoding", None) or "utf-8")
    terminal = is_terminal(stream)
    colored = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Medium(
        width=shutil.get_terminal_size().columns if terminal else None,
        encoding=encoding,
        letters=_encodable(OWN_LETTERS, encoding),
        color=colored if color == "auto" else color == "always",
    )


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream as it is written."""
    return not stream.closed and stream.isatty()


def _encodable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def painted(text: str, style: str, on: Medium) -> str:
    """The text in a colour of STYLES, or as it is where there are no colours."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if on.color and text else text


def console(on: Medium, file: TextIO | None = None) -> Console:
    """A rich console that asks nothing of the environment and never wraps."""
    from rich.console import Console

    return Console(
        file=file,
        width=ROOM,
        force_terminal=on.color,
        color_system="standard" if on.color else None,
        no_color=not on.color,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        _environ={},
    )


def rendered(on: Medium, *parts: RenderableType) -> str:
    """rich renderables as text, each on lines of its own, without blanks at the ends of lines."""
    from io import StringIO

    buffer = StringIO()
    printer = console(on, buffer)
    for part in parts:
        printer.print(part)
    return "".join(line.rstrip() + "\n" for line in buffer.getvalue().splitlines())


def progress_console(stream: TextIO) -> Console:
    """The console of a progress bar, on a terminal."""
    from rich.console import Console

    return Console(file=stream)
