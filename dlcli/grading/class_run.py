"""A class graded: every sheet marked once, by as many processes as wanted, each result in the journal at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import overload

from dlcli.answers.records import Sheet
from dlcli.errors import Source
from dlcli.grading.homework import Homework, prepare_source
from dlcli.grading.journal import Journal, Marked, Record, record_of
from dlcli.grading.marking import mark_sheet, with_marks
from dlcli.grading.processes import chunked
from dlcli.grading.records import Graded
from dlcli.grading.submissions import Submission
from dlcli.questions.records import Code

Work = Callable[[tuple[Submission, ...]], tuple[Record, ...]]
Execute = Callable[[Work, Iterator[tuple[Submission, ...]]], Iterator[tuple[Record, ...]]]

OWN_FAULT = "dlcli has made a mistake of its own here"


@dataclass(frozen=True)
class Assignment:
    """All that a process needs to mark sheets: the homework's text, and where the files lie that it names.

    problem: the one of an exam that is marked, None for all of it; reveal: results hold the expected values; otherwise
    none leaves the process that marks.
    """

    name: str
    text: str = field(repr=False)
    folder: str | None
    reveal: bool = False
    debug: bool = False
    problem: str | None = None


@lru_cache(maxsize=2)
def homework_of(assignment: Assignment) -> Homework:
    """The homework, read and solved once a process. Raises HomeworkError."""
    folder = None if assignment.folder is None else Path(assignment.folder)
    return prepare_source(Source(assignment.name, assignment.text), folder, assignment.problem)


def marked(assignment: Assignment, chunk: tuple[Submission, ...]) -> tuple[Record, ...]:
    """The marks of each submission. A fault of dlcli's own costs that submission alone, and is told in its record."""
    homework = homework_of(assignment)
    return tuple(record_of(_marked(assignment, homework, submission)) for submission in chunk)


def _marked(assignment: Assignment, homework: Homework, submission: Submission) -> Marked:
    try:
        sheet = submission.read(homework.ids)
        folder = None if submission.folder is None else Path(submission.folder)
        files = {name: digest(folder, name) for name in _code_files(homework, sheet)}
        graded = mark_sheet(homework, sheet, folder, reveal=assignment.reveal)
    except Exception as error:
        return _faulty(submission, homework.full_marks, _told(error, assignment.debug))
    return Marked(graded, files)


def lost(submission: Submission, full_marks: Fraction, how: str) -> Record:
    """The record of a submission whose process has ended."""
    return record_of(_faulty(submission, full_marks, f"the process that marked it {how}"))


def _faulty(submission: Submission, full_marks: Fraction, fault: str) -> Marked:
    message = f"{OWN_FAULT}; this sheet has not been marked ({fault.splitlines()[0]})"
    return Marked(Graded(submission.stem, submission.file, "error", (), full_marks, message), {}, fault)


def _told(error: Exception, debug: bool) -> str:
    summary = "".join(c if c.isprintable() else " " for c in f"{type(error).__name__}: {error}")[:200]
    if not debug:
        return summary
    import traceback

    return summary + "\n" + "".join(traceback.format_exception(error))


def _code_files(homework: Homework, sheet: Sheet) -> Iterator[str]:
    """The files of code that the answers name, as they are written."""
    for question in homework.questions:
        answer = sheet.answers.get(question.id)
        if isinstance(question.task, Code) and answer is not None:
            written = answer.file if answer.file is not None else answer.text
            name = written.strip().partition("::")[0]
            if name:
                yield name


def digest(folder: Path | None, name: str) -> str:
    """16 hexadecimal digits of a file's content; "" where there is none that can be read."""
    if folder is None or "\0" in name:
        return ""
    try:
        path = folder / name
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""
    except OSError:
        return ""


def homework_fingerprint(homework: Homework) -> str:
    """Changes with the homework's text and with the numbers that come from value files."""
    found = hashlib.sha256(homework.hash.encode())
    for problem in homework.problems:
        for number, array in sorted(problem.world.graph.values.items()):
            found.update(f"{number} {array.shape} ".encode() + array.tobytes())
    return found.hexdigest()


class Results(Sequence[Graded]):
    """The marks of all students in the order of the submissions, read from the journal when they are asked for.

    by_hand: points given by hand, student -> question -> points.
    """

    def __init__(
        self, journal: Journal, keys: Sequence[str], by_hand: Mapping[str, Mapping[str, Fraction]] | None = None
    ) -> None:
        self._journal, self._keys, self._by_hand = journal, keys, by_hand or {}

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Graded: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Graded]: ...
    def __getitem__(self, index: int | slice) -> Graded | Sequence[Graded]:
        if isinstance(index, slice):
            return Results(self._journal, self._keys[index], self._by_hand)
        graded = self._journal.read(self._keys[index]).graded
        points = self._by_hand.get(graded.student)
        return with_marks(graded, points) if points and graded.status == "graded" else graded

    @property
    def faults(self) -> dict[int, str]:
        """What went wrong inside dlcli, by the position of the student's sheet."""
        faulty = self._journal.faulty
        return {place: self._fault(key) for place, key in enumerate(self._keys) if key in faulty} if faulty else {}

    def _fault(self, key: str) -> str:
        fault = self._journal.read(key).fault
        assert fault is not None
        return fault

    def with_points(self, by_hand: Mapping[str, Mapping[str, Fraction]]) -> Results:
        """The same, with points that were given by hand."""
        return Results(self._journal, self._keys, by_hand)


def run_class(
    assignment: Assignment,
    submitted: Iterable[Submission],
    journal: Journal,
    execute: Execute,
    work: Work,
    chunk: int,
    versions: Mapping[str, str],
    advance: Callable[[], None] = lambda: None,
) -> Results:
    """The marks of all submissions; those that the journal holds already are not marked again.

    execute: how chunks are worked on; results come in the order of the submissions whatever it is, so that the
    journal and all that is made of it do not depend on it. versions: of the programs that mark; a journal of others
    is not used. Raises UsageError (E425) where the journal cannot be written, and whatever `execute` raises; what
    has been marked until then is in the journal.
    """
    about = f"1 {homework_fingerprint(homework_of(assignment))} {sorted(versions.items())} {assignment.reveal}"
    keys: list[str] = []
    waiting: list[str] = []  # keys of what is being marked, in order

    def missing() -> Iterator[Submission]:
        seen: dict[str, int] = {}
        for submission in submitted:
            own = hashlib.sha256(about.encode() + submission.fingerprint).hexdigest()[:32]
            seen[own] = seen.get(own, 0) + 1
            key = own if seen[own] == 1 else f"{own}-{seen[own]}"
            keys.append(key)
            if key in journal and _is_current(journal.read(key), submission):
                advance()
                continue
            waiting.append(key)
            yield submission

    try:
        for results in execute(work, chunked(missing(), chunk)):
            for result in results:
                journal.append(waiting.pop(0), result)
                advance()
    finally:
        journal.sync()
    return Results(journal, keys)


def _is_current(found: Marked, submission: Submission) -> bool:
    """Whether the files of code are still those that were marked. What dlcli failed at is tried again."""
    folder = None if submission.folder is None else Path(submission.folder)
    return found.fault is None and all(digest(folder, name) == known for name, known in found.files.items())
