"""One piece of work for each of several files: a bad file is reported, and the next one follows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dlcli.cli.failures import report_fault
from dlcli.cli.main import OWN_FAULT, PASSED, UNUSABLE
from dlcli.cli.streams import print_diagnostics
from dlcli.errors import Diagnostic, DlcliError
from dlcli.render.progress import progress

Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of one file: a result, the diagnostics that were printed, or the error that it expects."""

    path: str
    result: Result | None
    errors: tuple[Diagnostic, ...] = ()
    code: int = PASSED
    expected: str | None = None


def outcomes(
    paths: Sequence[str],
    doing: str,
    work: Callable[[str], Result],
    *,
    plain: bool,
    color: str,
    debug: bool,
    forgiving: bool = False,
) -> Iterator[Outcome[Result]]:
    """The outcome of each path in order, with a progress bar on a terminal.

    forgiving: the error that a file says it expects is no error, and is not printed.
    """
    with progress(len(paths), doing, sys.stderr) as bar:
        for path in paths:
            bar.start(path)
            try:
                result = work(path)
            except DlcliError as error:
                bar.finish(hide=True)
                expected = getattr(error, "expected", None)
                if forgiving and expected is not None:
                    yield Outcome(path, None, expected=expected)
                    continue
                print_diagnostics(error.diagnostics, plain=plain, color=color)
                yield Outcome(path, None, error.diagnostics, UNUSABLE)
            except Exception as error:
                bar.finish(hide=True)
                yield Outcome(path, None, (report_fault(error, debug, path),), OWN_FAULT)
            else:
                bar.finish(hide=True)
                yield Outcome(path, result)
