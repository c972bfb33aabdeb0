"""Where results and messages go: standard output or a file, standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence

import click

from dlcli.cli.main import UNUSABLE, discard_output
from dlcli.errors import Diagnostic
from dlcli.render.console import medium
from dlcli.render.diagnostics import diagnostics_text, summary

MOST_PRINTED = 200  # diagnostics of one file; a long list of wrong numbers has one each


def print_result(text: str) -> None:
    """Text that the stream can encode, on standard output, at once.

    Raises click.ClickException where standard output takes no more, a full disk for instance.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        reason = (error.strerror or str(error)).lower()
        raise click.ClickException(f"cannot write standard output: {reason}") from error


def print_message(text: str) -> None:
    """The same on standard error."""
    sys.stderr.write(text)
    sys.stderr.flush()


def print_diagnostics(diagnostics: Sequence[Diagnostic], *, plain: bool = False, color: str = "auto") -> None:
    """Errors or warnings of one file on standard error, a blank line between two."""
    if diagnostics:
        on = medium(sys.stderr, plain=plain, color=color)
        place = diagnostics[0].place
        file = place.file if place else diagnostics[0].file or ""
        more = len(diagnostics) - MOST_PRINTED
        omitted = f"\n… {more:,} more like these are not printed\n" if more > 0 else ""
        if not on.letters:
            omitted = omitted.replace("…", "...")
        print_message(diagnostics_text(diagnostics[:MOST_PRINTED], on) + omitted + summary(diagnostics, file, on))


def deliver(text: str, output: str | None, code: int, errors: Callable[[], str] | None = None) -> None:
    """The result in the file `output`, or on standard output without one.

    When a file could not be used (code 2 or more) nothing is written, and `errors` goes to standard output.
    """
    if output is None:
        print_result(text)
    elif code < UNUSABLE:
        write_file(output, text)
    elif errors is not None:
        print_result(errors())


def keep_inputs(output: str | None, files: Iterable[str]) -> None:
    """Raises click.UsageError where the result would take the place of a homework file that is read."""
    if output is None:
        return
    from dlcli.homework_files import named_file

    if os.path.realpath(output) in {os.path.realpath(named_file(file)[0]) for file in files if file != "-"}:
        raise click.UsageError(f"'{output}' would overwrite the homework file; name another file")


def write_file(path: str, text: str) -> None:
    """The text in UTF-8 in a file, as `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str, content: bytes) -> None:
    """A file that is whole or not there: written under a temporary name, then renamed; folders are made.

    Raises click.ClickException where that is not possible.
    """
    target = os.path.realpath(path)
    if os.path.isdir(target):
        raise click.ClickException(f"cannot write '{path}': it is a folder")
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as device:
                device.write(content)
        else:
            _replace(target, content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise click.ClickException(f"cannot write '{path}': {reason}") from error


def _replace(target: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(content)
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
