"""The keys `questions` and `grading` of a homework file as frozen records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from dlcli.errors import Place
from dlcli.spec.records import Formula, Optimizer


@dataclass(frozen=True)
class Tolerance:
    """How far a right answer may be off; None where the file does not say.

    relative, absolute: |given - expected| <= absolute + relative |expected|; decimals, digits: equal after
    rounding to so many decimal places or significant digits, within one unit of the last.
    """

    relative: float | None = None
    absolute: float | None = None
    decimals: int | None = None
    digits: int | None = None


@dataclass(frozen=True)
class Domain:
    """Where a free symbol lies: low < x < high; whole numbers only with `integer`, never 0 with `nonzero`."""

    low: float = float("-inf")
    high: float = float("inf")
    integer: bool = False
    nonzero: bool = False


REAL = Domain()


@dataclass(frozen=True)
class ExpressionForm:
    """A formula is asked for. within: the names it may use, None for any quantity of the network.

    everywhere: it must hold on each side of every kink; general: it must hold for other numbers too.
    """

    within: tuple[str, ...] | None = None
    everywhere: bool = False
    general: bool = True


@dataclass(frozen=True)
class Ask:
    """The value of an expression over the network's quantities.

    replaced: quantities that the question replaces, by formulas of the file's own values; optimizer: in place
    of the file's.
    """

    formula: Formula
    form: ExpressionForm | None = None
    replaced: Mapping[str, Formula] = field(default_factory=dict)
    optimizer: Optimizer | None = None


@dataclass(frozen=True)
class Model:
    """A formula in free symbols; any of `accepted` is right. variables: the domain of each symbol."""

    accepted: tuple[Formula, ...]
    variables: Mapping[str, Domain] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """Labels and their texts; right is exactly the set `answer`. several: the file gives a list of answers."""

    choices: Mapping[str, str]
    answer: tuple[str, ...]
    several: bool = False


@dataclass(frozen=True)
class Give:
    """Weights that the student chooses; right when `check` is true with them."""

    weights: tuple[str, ...]
    check: Formula


@dataclass(frozen=True)
class Manual:
    """Marked by hand."""


@dataclass(frozen=True)
class Code:
    """A function that the student writes: `backward` or `forward`."""

    function: str


Task = Ask | Model | Choice | Give | Manual | Code


@dataclass(frozen=True)
class Question:
    """One question. id: joined with dots inside `parts`; prompts: those around it, and its own last.

    name: by which later questions and answers may use its value. bonus: its points lie beyond the full marks.
    """

    id: str
    task: Task
    place: Place
    points: Fraction = Fraction(1)
    prompts: tuple[str, ...] = ()
    tolerance: Tolerance | None = None
    name: str | None = None
    bonus: bool = False
    hint: str | None = None
    solution: str | None = None


@dataclass(frozen=True)
class Grading:
    """How answers are judged. follow_through, diagnosed: shares of the points; pass_mark: of the full marks.

    choice: "share" gives each right label its share, minus one for each wrong; "all" all or nothing.
    """

    tolerance: Tolerance = Tolerance()
    follow_through: Fraction = Fraction(1)
    diagnosed: Fraction = Fraction(0)
    choice: Literal["share", "all"] = "share"
    pass_mark: Fraction | None = None
    imports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Questions:
    """All questions of a file, in order, parts unfolded, and how they are graded."""

    questions: tuple[Question, ...]
    grading: Grading = Grading()


def full_marks(questions: Iterable[Question]) -> Fraction:
    """The points of all questions but those with `bonus`."""
    return sum((q.points for q in questions if not q.bonus), Fraction(0))
