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
    """What came of one file: a result, or the diagnostics that were printed; and the exit code so far."""

    path: str
    result: Result | None
    errors: tuple[Diagnostic, ...] = ()
    code: int = PASSED


def outcomes(
    paths: Sequence[str], doing: str, work: Callable[[str], Result], *, plain: bool, color: str, debug: bool
) -> Iterator[Outcome[Result]]:
    """The outcome of each path in order, with a progress bar on a terminal."""
    with progress(len(paths), doing, sys.stderr) as bar:
        for path in paths:
            bar.start(path)
            try:
                result = work(path)
            except DlcliError as error:
                bar.finish(hide=True)
                print_diagnostics(error.diagnostics, plain=plain, color=color)
                yield Outcome(path, None, error.diagnostics, UNUSABLE)
            except Exception as error:
                bar.finish(hide=True)
                yield Outcome(path, None, (report_fault(error, debug, path),), OWN_FAULT)
            else:
                bar.finish(hide=True)
                yield Outcome(path, result)
