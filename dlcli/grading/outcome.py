"""How the answer to one question came out, before its points are worked out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from dlcli.grading.records import Verdict


@dataclass(frozen=True)
class Outcome:
    """share: of the question's points, 0 to 1. expected: the right answer as text, where it is no value."""

    verdict: Verdict
    share: Fraction = Fraction(0)
    feedback: str = ""
    diagnosis: str | None = None
    expected: str | None = None
