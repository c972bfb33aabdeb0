"""The gradient check of one homework file: its verdict, also of a file that is right when an error comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlcli.errors import HomeworkError
from dlcli.solution import Solution
from dlcli.solving import PathLike, check, solve_checked

if TYPE_CHECKING:
    from dlcli.probing import Probe


@dataclass(frozen=True)
class FileCheck:
    """One file's gradient check. `expected`: the error code that the file expects and that came.

    probe: what its numbers cannot show, where that was asked for.
    """

    file: str
    verdict: str
    solution: Solution | None
    expected: str | None = None
    error: HomeworkError | None = None
    probe: Probe | None = None


def gradcheck(path: PathLike, *, wrt: Sequence[str] = (), full: bool = False, probe: bool = False) -> FileCheck:
    """The verdict on one homework file; of a file that expects an error, whether exactly that error comes.

    full: finite differences at every entry of however large an array; probe: also at generic numbers, and which
    classic mistakes the file's own would not show.
    """
    try:
        checked = check(path, wrt)
        solution = solve_checked(checked, full=full)
    except HomeworkError as error:
        return FileCheck(str(path), "pass" if error.expected else "fail", None, error.expected, error)
    found = None
    if probe and solution.loss is not None and solution.comparison.tensors:
        from dlcli.probing import probe as probe_of

        found = probe_of(checked)
    return FileCheck(str(path), solution.verdict or "inconclusive", solution, probe=found)
