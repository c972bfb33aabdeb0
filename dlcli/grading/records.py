"""What marking yields, as plain records that every report is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

Verdict = Literal["correct", "partial", "follow_through", "wrong", "missing", "invalid", "undecided"]


@dataclass(frozen=True)
class Mark:
    """One question of one student.

    given: the answer as the student wrote it, None where there is none; expected: the right answer as text
    (reports print it only when told to); feedback: sentences for the student, which never hold the expected
    value; diagnosis: the classic mistake that explains a wrong answer, when exactly one does; line, column: of the
    answer in its file, from 1, 0 where unknown.
    """

    id: str
    verdict: Verdict
    points: Fraction
    max_points: Fraction
    given: str | None = None
    expected: str | None = None
    feedback: str = ""
    diagnosis: str | None = None
    bonus: bool = False
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Graded:
    """One student. status "error": the sheet could not be marked, `message` says why, and there are no marks.

    remarks: what was noticed about the sheet as a whole (unknown ids, columns that were joined).
    """

    student: str
    file: str
    status: Literal["graded", "error"]
    marks: tuple[Mark, ...] = ()
    max_score: Fraction = Fraction(0)
    message: str | None = None
    remarks: tuple[str, ...] = ()

    @cached_property
    def score(self) -> Fraction:
        """The sum of the points, bonus points among them."""
        return total(mark.points for mark in self.marks)


def total(points: Iterable[Fraction]) -> Fraction:
    """The sum; whole points, which most are, are added as whole numbers."""
    whole, rest = 0, Fraction(0)
    for number in points:
        if number.denominator == 1:
            whole += number.numerator
        else:
            rest += number
    return rest + whole
