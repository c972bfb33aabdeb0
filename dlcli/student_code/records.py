"""What checking a student's function yields, as records; renderers only read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlcli.comparison import VERDICTS, Comparison
from dlcli.ops.operation import Array

if TYPE_CHECKING:
    from dlcli.isolation import Containment
    from dlcli.mistakes import Diagnosis


@dataclass(frozen=True)
class ValueCheck:
    """A quantity that `forward` returned: its value, ours, and the largest difference that rounding explains."""

    name: str
    given: Array
    expected: Array
    resolution: Array
    verdict: str


@dataclass(frozen=True)
class CodePoint:
    """One call of a student's function.

    where: "the homework's numbers" or "fresh numbers, 1 of 2"; problems: why something could not be compared, each
    a FAIL; remarks: what was put right before comparing. comparison: of `backward`; values: of `forward`.
    """

    where: str
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    comparison: Comparison | None = None
    values: tuple[ValueCheck, ...] = ()
    undecided: str | None = None

    @property
    def verdict(self) -> str:
        """The worst of what was compared; "inconclusive" where nothing was."""
        found = [check.verdict for check in self.values]
        if self.comparison is not None:
            found.append(self.comparison.verdict)
        found += ["fail"] * bool(self.problems) + ["inconclusive"] * (self.undecided is not None)
        return max(found, key=VERDICTS.index, default="inconclusive")

    @property
    def right(self) -> frozenset[str]:
        """The quantities that are right here."""
        names = {value.name for value in self.values if value.verdict == "pass"}
        if self.comparison is not None:
            names |= {t.name for t in self.comparison.tensors if t.verdict in ("pass", "kink")}
        return frozenset(names)

    @property
    def wrong(self) -> frozenset[str]:
        """The quantities that are wrong here, and the problems by their texts."""
        names = {value.name for value in self.values if value.verdict == "fail"}
        if self.comparison is not None:
            names |= {t.name for t in self.comparison.tensors if t.verdict == "fail"}
        return frozenset(names) | frozenset(self.problems)


@dataclass(frozen=True)
class CodeCheck:
    """A function of a student's file, checked.

    code: `student.py::backward`; homework: the file it belongs to, None where the code was checked by itself.
    asked: the quantities that it had to return; stopped: why the code could not be run to its end; printed: what it
    wrote to its standard output and error.
    """

    code: str
    kind: str
    homework: str | None
    points: tuple[CodePoint, ...]
    asked: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None
    stopped: str | None = None
    printed: str = ""
    containment: Containment | None = None
    index_base: int = 0

    @property
    def verdict(self) -> str:
        """The worst of all points; code that was stopped fails."""
        found = [point.verdict for point in self.points] + ["fail"] * (self.stopped is not None)
        return max(found, key=VERDICTS.index, default="inconclusive")

    @property
    def right(self) -> tuple[str, ...]:
        """The quantities asked for that are right at every point."""
        if not self.points:
            return ()
        return tuple(name for name in self.asked if all(name in point.right for point in self.points))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong, to the student: why it stopped, what could not be compared, which mistake it is.

        Never a number that the right gradients could be computed from.
        """
        found = [] if self.stopped is None else [self.stopped]
        for point in self.points:
            found += [text for text in (*point.problems, point.undecided) if text is not None]
        found += [remark for point in self.points for remark in point.remarks]
        if self.diagnosis is not None and self.diagnosis.wrong:
            found.append(self.diagnosis.discreet)
        return tuple(dict.fromkeys(found))


Numbers = Mapping[str, Array]
