"""A homework made ready for grading: one network with its questions, or the problems of an exam."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from dlcli.errors import Diagnostic, HomeworkError, Source
from dlcli.grading.problem import Problem, prepared
from dlcli.homework_files import PathLike, folder_of, named_file
from dlcli.questions.reading import read_exam_grading
from dlcli.questions.records import Grading, Question, full_marks
from dlcli.spec import load_all, read_source
from dlcli.spec.records import Exam


@dataclass(frozen=True)
class Homework:
    """What a class is graded by.

    name: of the file; hash: of its text, 16 hexadecimal digits; grading: of the whole; files: its own, and those of
    an exam's problems that are elsewhere.
    """

    name: str
    title: str | None
    hash: str
    problems: tuple[Problem, ...]
    grading: Grading
    files: tuple[str, ...]

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions of all problems, in order."""
        return tuple(question for problem in self.problems for question in problem.questions.questions)

    @property
    def full_marks(self) -> Fraction:
        return full_marks(self.questions)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(question.id for question in self.questions)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(warning for problem in self.problems for warning in problem.checked.warnings)


def prepare(path: PathLike) -> Homework:
    """The homework in a file, ready for grading. Raises HomeworkError where it cannot be used or asks nothing."""
    file, problem = named_file(path)
    return prepare_source(read_source(file), folder_of(file), problem)


def prepare_source(source: Source, folder: Path | None, problem: str | None = None) -> Homework:
    """As `prepare`, of a text that has been read. folder: where the files lie that it names."""
    exam = load_all(source, folder, problem)
    grading = read_exam_grading(exam)
    problems, errors = [], list[Diagnostic]()
    for spec in exam.specs:
        try:
            problems.append(prepared(spec, grading))
        except HomeworkError as error:
            errors += error.diagnostics
    if errors:
        raise HomeworkError(*errors)
    whole = problems[0].questions.grading if grading is None else grading
    files = tuple(dict.fromkeys((source.name, *(spec.source.name for spec in exam.specs))))
    homework = Homework(source.name, exam.title, _hash(exam), tuple(problems), whole, files)
    if not homework.questions:
        message = f"{source.name} asks no questions, so there is nothing to grade"
        raise HomeworkError(Diagnostic("E407", message, file=source.name, help="add `questions:`"))
    return homework


def _hash(exam: Exam) -> str:
    """Of the file's text, and of those of the problems that have files of their own; of the one that was named."""
    found = hashlib.sha256(exam.source.text.encode("utf-8", "surrogatepass"))
    for spec in exam.specs:
        if len(exam.specs) == 1 and spec.problem is not None:
            found.update(b"\0" + spec.problem.encode("utf-8", "surrogatepass"))
        if spec.source is not exam.source:
            found.update(b"\0" + spec.source.text.encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:16]
