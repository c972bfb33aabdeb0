"""The gradient check of one homework file: its verdict, also of a file that is right when an error comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlcli.comparison import VERDICTS
from dlcli.errors import HomeworkError
from dlcli.homework_files import PathLike
from dlcli.solution import Solution
from dlcli.solving import Checked, check, solve_checked

if TYPE_CHECKING:
    from dlcli.probing import Probe
    from dlcli.questions.witnesses import Witnessed


@dataclass(frozen=True)
class FileCheck:
    """One file's gradient check. `expected`: the error code that the file expects and that came.

    probe: what its numbers cannot show, where that was asked for; questions: question id -> the derivatives in it that
    not all witnesses confirm.
    """

    file: str
    verdict: str
    solution: Solution | None
    expected: str | None = None
    error: HomeworkError | None = None
    probe: Probe | None = None
    questions: Mapping[str, tuple[Witnessed, ...]] = field(default_factory=dict)


def gradcheck(path: PathLike, *, wrt: Sequence[str] = (), full: bool = False, probe: bool = False) -> FileCheck:
    """The verdict on one homework file; of a file that expects an error, whether exactly that error comes.

    full: finite differences at every entry of however large an array; probe: also at generic numbers, and which
    classic mistakes the file's own would not show.
    """
    try:
        checked = check(path, wrt)
        solution = solve_checked(checked, full=full)
        doubtful = _questions(checked, solution)
    except HomeworkError as error:
        return FileCheck(str(path), "pass" if error.expected else "fail", None, error.expected, error)
    found = None
    if probe and solution.loss is not None and solution.comparison.tensors:
        from dlcli.probing import probe as probe_of

        found = probe_of(checked)
    verdicts = [solution.verdict or "inconclusive", *(w.verdict for items in doubtful.values() for w in items)]
    verdict = max(verdicts, key=VERDICTS.index)
    return FileCheck(str(path), verdict, solution, probe=found, questions=doubtful)


def _questions(checked: Checked, solution: Solution) -> dict[str, tuple[Witnessed, ...]]:
    """The derivatives in questions that are not right by all witnesses. Raises HomeworkError for a question that is
    none."""
    if "questions" not in checked.spec.extra or checked.spec.symbols:
        return {}
    from dlcli.questions.key import answer_key
    from dlcli.questions.witnesses import witnessed

    key = answer_key(checked.lowered, checked.graph)
    known = {tensor.name: tensor.verdict for tensor in solution.comparison.tensors}
    found = {}
    for question in key.questions.questions:
        doubtful = tuple(w for w in witnessed(question, key.world, known) if w.verdict not in ("pass", "kink"))
        if doubtful:
            found[question.id] = doubtful
    return found
