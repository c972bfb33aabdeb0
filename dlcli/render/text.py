"""Text that is safe to print: control characters made visible, the unencodable escaped; display widths."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from dlcli.render.console import Medium

_PLAIN = {
    "∂": "d",
    "±": "+-",
    "≈": "~",
    "–": "-",
    "—": "-",
    "…": "...",
    "✓": "+",
    "✗": "x",
    "─": "-",
    "·": "-",
}
_HIDDEN_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


def own(text: str, on: Medium) -> str:
    """A text of dlcli's own in plain letters where the medium has no others."""
    return text if on.letters else "".join(_PLAIN.get(character, character) for character in text)


def visible(text: str, on: Medium) -> str:
    """A text from a file on one line: control and direction characters and the unencodable as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character_shown(character, on) for character in text)


def visible_lines(text: str, on: Medium) -> str:
    """As `visible`, of a text of several lines; tabs stay."""
    return "\n".join("\t".join(visible(part, on) for part in line.split("\t")) for line in text.splitlines())


def character_shown(character: str, on: Medium) -> str:
    """One character as it is printed."""
    if character in _DIRECTIONS or unicodedata.category(character) in _HIDDEN_CATEGORIES:
        return character.encode("ascii", "backslashreplace").decode() if ord(character) > 127 else repr(character)[1:-1]
    return character.encode(on.encoding, "backslashreplace").decode(on.encoding)


def cell_width(character: str) -> int:
    """Columns that one character takes on a terminal: 0 combining, 2 wide, else 1."""
    if character < "\u0300":
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(cell_width, text))


def shown_characters(line: str, on: Medium, tab: int = 4) -> Iterator[tuple[str, int]]:
    """Each character of a line as it is printed, with the columns it takes; tabs reach the next stop."""
    column = 0
    for character in line:
        shown = " " * (tab - column % tab) if character == "\t" else character_shown(character, on)
        width = display_width(shown)
        column += width
        yield shown, width


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 entry`, `2,300 entries`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
