"""What is said about two formulas, and how much work may go into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Verdict = Literal["equal", "different", "undecided"]
Point = Mapping[str, Fraction]  # the value of each free symbol


@dataclass(frozen=True)
class Counterexample:
    """Where two formulas differ. at: "x = 0.3713, y = 2" (empty for constants); given, expected: the values there
    as texts, None where a formula has no value there. entry: of an array, "[0, 1]"."""

    at: str
    given: str | None
    expected: str | None
    point: Point
    entry: str = ""

    @property
    def hidden(self) -> str:
        """The sentence that does not tell the expected value: for feedback that is not to reveal it."""
        if self.given is None:
            return self._sentence("has no value, but the right formula has one")
        if self.expected is None:
            return self._sentence(f"is {self.given}, but the right formula has no value there")
        return self._sentence(f"is {self.given}, which is not the right value")

    @property
    def revealed(self) -> str:
        """The sentence with the expected value."""
        if self.expected is None:
            return self.hidden
        value = "has no value" if self.given is None else f"is {self.given}"
        return self._sentence(f"{value}, the expected value is {self.expected}")

    def _sentence(self, rest: str) -> str:
        subject = f"yours{self.entry} {rest}"
        return f"at {self.at} {subject}" if self.at else subject


@dataclass(frozen=True)
class Judgement:
    """how: what decided it, as a clause. points: how many were compared; remarks: clauses about an equal formula."""

    verdict: Verdict
    how: str
    counterexample: Counterexample | None = None
    points: int = 0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How much work one comparison may take; counted, not timed, so that the verdict is the same everywhere.

    steps: parts of sums and products made while the formulas are read, long numbers counting more; terms: products
    of terms multiplied while quotients of polynomials are compared; work: operations at the points, one of 60 digits
    counting 1 and one of d digits d/60.
    """

    steps: int = 100_000
    terms: int = 20_000
    work: int = 60_000


class SpentError(Exception):
    """A limit is reached."""


class Allowance:
    """What is left of a limit."""

    def __init__(self, amount: float) -> None:
        self.left = amount

    def spend(self, amount: float) -> None:
        """Raises SpentError when nothing is left."""
        self.left -= amount
        if self.left < 0:
            raise SpentError
