"""Functions that students hand in as answers: run in isolation, judged like `dlcli gradcheck` judges them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath

from dlcli.answers.records import Answer
from dlcli.errors import UsageError
from dlcli.grading.answer_arrays import AnswerError
from dlcli.grading.outcome import Outcome
from dlcli.grading.problem import Problem
from dlcli.isolation import Limits
from dlcli.questions.records import Code

LIMITS = Limits(cpu_seconds=5.0, wall_seconds=15.0)  # of one student's code, all its calls together


def mark_code(code: Code, answer: Answer, problem: Problem, folder: Path | None) -> Outcome:
    """Each quantity whose gradient (or value) is right at every point earns its share.

    The file lies beside the answer file. Raises AnswerError where there is none that can be read.
    """
    from dlcli.student_code import Target, check_code, read_code

    written = answer.file if answer.file is not None else answer.text
    file, _, function = written.strip().partition("::")
    path = _inside(file, folder)
    try:
        source = read_code(str(path))
    except UsageError as error:
        raise AnswerError(error.diagnostics[0].message.replace(str(path), file)) from None
    target = Target(file, function or code.function, code.function)
    imports = problem.questions.grading.imports
    found = check_code(target, source, problem.checked, limits=LIMITS, imports=imports)
    share = Fraction(len(found.right), max(len(found.asked), 1))
    sentences = " ".join(text[:1].upper() + text[1:].rstrip(".") + "." for text in found.sentences)
    if found.verdict in ("pass", "kink"):
        return Outcome("correct", Fraction(1), "Right at the homework's numbers and at fresh ones.")
    if found.verdict == "inconclusive":
        return Outcome("undecided", feedback=sentences or "This could not be decided.")
    diagnosis = None
    if found.diagnosis is not None and len(found.diagnosis.findings) == 1:
        diagnosis = found.diagnosis.findings[0].id
    return Outcome("partial" if 0 < share < 1 else "wrong", share if share < 1 else Fraction(0), sentences, diagnosis)


def _inside(file: str, folder: Path | None) -> Path:
    """The path of a file beside the answers. Raises AnswerError for one that leads elsewhere."""
    if folder is None:
        raise AnswerError("code is handed in as a file beside an answer file")
    absolute = PurePosixPath(file).is_absolute() or PureWindowsPath(file).drive
    upwards = ".." in file.replace("\\", "/").split("/")
    if not file or absolute or upwards or "\x00" in file:
        raise AnswerError("the file of code must lie in the folder of the answers: name it without a path")
    path = (folder / file).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise AnswerError("the file of code must lie in the folder of the answers")
    return path
