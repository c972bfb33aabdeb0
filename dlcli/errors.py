"""What can go wrong, as records: diagnostics with a place in a source text. Rendering lives in `render`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """A text that places point into: the name people know it by, and the text itself."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts, text = [0], self.text
        position = text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = text.find("\n", position + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both counted from 1, columns in characters."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line counted from 1, without its end."""
        starts = self._line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")


@dataclass(frozen=True)
class Place:
    """The characters [start, end) of a source."""

    source: Source
    start: int
    end: int

    @property
    def file(self) -> str:
        return self.source.name

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def end_line(self) -> int:
        return self.source.position(self.end)[0]

    @property
    def end_column(self) -> int:
        """One past the last character, counted from 1."""
        return self.source.position(self.end)[1]


@dataclass(frozen=True)
class Label:
    """A second place that explains an error: "the hidden layer has 2 units"."""

    place: Place
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One error or one piece of advice: a stable code, one sentence, where, and one thing to do.

    `file` names the file when there is no place in it (it is missing, say).
    """

    code: str
    message: str
    place: Place | None = None
    labels: tuple[Label, ...] = ()
    help: str | None = None
    notes: tuple[str, ...] = ()
    file: str | None = None


class DlcliError(Exception):
    """Something the user can put right; carries every diagnostic found, in file order."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


class HomeworkError(DlcliError):
    """A file cannot be used; nothing was computed from it.

    `expected` is the code that the file says it expects, where exactly that error came.
    """

    expected: str | None = None


class UsageError(DlcliError):
    """The command line or a call of the Python interface cannot be used."""


class OperationError(Exception):
    """An operation's operands or settings do not fit; lowering gives it a place.

    `operand` is the position of the operand to blame, `setting` the name of the setting, if one is.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        help: str | None = None,
        operand: int | None = None,
        setting: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.help = code, message, help
        self.operand, self.setting = operand, setting


def did_you_mean(word: str, known: Mapping[str, object] | list[str] | tuple[str, ...]) -> str | None:
    """`did you mean 'sigmoid'?` for the known word nearest to `word`, or None when none is near."""
    from difflib import get_close_matches

    lowered = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f"did you mean '{lowered[near[0]]}'?" if near else None
