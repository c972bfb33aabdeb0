"""Reports of a class to files: all are written under temporary names first, and only then do they take their places."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import click

AT_ONCE = 65_536  # characters


@dataclass(frozen=True)
class Output:
    """A file, and its text in pieces."""

    path: str
    pieces: Iterable[str]


def write_outputs(outputs: Sequence[Output]) -> None:
    """Every file whole, or none of them changed; folders are made.

    Raises click.ClickException where that is not possible: a full disk, a folder without permission.
    """
    with ExitStack() as stack:
        moves: list[tuple[str, str]] = []
        for output in outputs:
            try:
                target = os.path.realpath(output.path)
                if os.path.isdir(target):
                    raise IsADirectoryError(None, "it is a folder")
                if os.path.exists(target) and not os.path.isfile(target):
                    _fill(target, "wb", output.pieces)  # a device, a pipe
                    continue
                os.makedirs(os.path.dirname(target), exist_ok=True)
                temporary = f"{target}.{os.getpid()}.tmp"
                stack.callback(_remove, temporary)
                _remove(temporary)
                _fill(temporary, "xb", output.pieces)
                moves.append((temporary, target))
            except OSError as error:
                raise cannot_write(output.path, error) from error
        for temporary, target in moves:
            try:
                os.replace(temporary, target)
            except OSError as error:
                raise cannot_write(target, error) from error


def cannot_write(path: str, error: OSError) -> click.ClickException:
    """What is said where a file cannot be written."""
    return click.ClickException(f"cannot write '{path}': {(error.strerror or str(error)).lower()}")


def joined(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in pieces of at least AT_ONCE characters."""
    waiting: list[str] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= AT_ONCE:
            yield "".join(waiting)
            waiting, length = [], 0
    if waiting:
        yield "".join(waiting)


def encoded(text: str) -> bytes:
    """UTF-8; half a surrogate pair, which only damaged text holds, as an escape."""
    return text.encode("utf-8", "backslashreplace")


def _fill(path: str, mode: str, pieces: Iterable[str]) -> None:
    with open(path, mode) as file:
        for piece in joined(pieces):
            file.write(encoded(piece))
        if mode == "xb":
            file.flush()
            os.fsync(file.fileno())


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
