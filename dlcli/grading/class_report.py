"""All that a report of a class is made of: the homework, the students' marks, and sums over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dlcli.grading.homework import Homework
from dlcli.grading.items import ItemAnalysis, item_analysis
from dlcli.grading.records import Graded
from dlcli.questions.records import Question


@dataclass(frozen=True)
class Threshold:
    """Marks that must be reached: a share of the full marks, or so many points."""

    share: Fraction | None = None
    points: Fraction | None = None

    def reached(self, graded: Graded) -> bool:
        """Whether the student's marks are enough; never of a sheet that could not be marked."""
        least = self.points if self.points is not None else (self.share or Fraction(0)) * graded.max_score
        return graded.status == "graded" and graded.score >= least


FULL_MARKS = Threshold(share=Fraction(1))


@dataclass(frozen=True)
class ClassReport:
    """A class graded.

    homework: the file's name; title: of the homework; hash: of its text; versions: program -> version; worst_first:
    positions in `students`, sheets that could not be marked first, then by score, equal ones in the given order;
    undecided: marks that wait for the instructor; errors: sheets that could not be marked; faults: those of them that
    dlcli failed at, by position; mean: of the scores of the sheets that were marked; passed: students who reach the
    homework's pass mark, None where it has none; sheets: student -> the files of their answers.
    """

    homework: str
    title: str | None
    hash: str
    versions: Mapping[str, str]
    questions: tuple[Question, ...]
    full_marks: Fraction
    students: Sequence[Graded]
    worst_first: tuple[int, ...]
    items: ItemAnalysis
    undecided: int
    errors: int
    faults: Mapping[int, str]
    mean: Fraction | None
    pass_mark: Fraction | None
    passed: int | None
    sheets: Mapping[str, tuple[str, ...]]

    @property
    def origin(self) -> str:
        """What made the report: `dlcli 0.1.0, numpy 2.4.6, sympy 1.14.0; homework 0123456789abcdef`."""
        programs = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{programs}; homework {self.hash}"


def class_report(
    homework: Homework, students: Sequence[Graded], versions: Mapping[str, str], faults: Mapping[int, str]
) -> ClassReport:
    """The report; one pass over the students for its sums, of whom none stays in memory."""
    pass_mark = homework.grading.pass_mark
    sums = _Sums(Threshold(share=pass_mark) if pass_mark is not None else None)
    items = item_analysis(sums.passing(students), homework.questions)
    order = sorted(range(len(students)), key=lambda k: sums.scores[k])
    graded = len(students) - sums.errors
    return ClassReport(
        homework=homework.name,
        title=homework.title,
        hash=homework.hash,
        versions=versions,
        questions=homework.questions,
        full_marks=homework.full_marks,
        students=students,
        worst_first=tuple(order),
        items=items,
        undecided=sums.undecided,
        errors=sums.errors,
        faults=faults,
        mean=sums.total / graded if graded else None,
        pass_mark=pass_mark,
        passed=sums.passed if pass_mark is not None else None,
        sheets=sums.sheets,
    )


class _Sums:
    """What is summed up while the students go by."""

    def __init__(self, threshold: Threshold | None) -> None:
        self.threshold = threshold
        self.scores: list[tuple[bool, Fraction]] = []
        self.sheets: dict[str, tuple[str, ...]] = {}
        self.total = Fraction(0)
        self.undecided = self.errors = self.passed = 0

    def passing(self, students: Sequence[Graded]) -> Iterator[Graded]:
        """The students, each counted on its way."""
        for graded in students:
            self.scores.append((graded.status == "graded", graded.score))
            self.sheets[graded.student] = (*self.sheets.get(graded.student, ()), graded.file)
            self.total += graded.score
            self.errors += graded.status == "error"
            self.undecided += sum(mark.verdict == "undecided" for mark in graded.marks)
            self.passed += self.threshold is not None and self.threshold.reached(graded)
            yield graded
