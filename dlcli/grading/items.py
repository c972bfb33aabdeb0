"""Item analysis: how often each question and each diagnosed mistake occurred in a class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from dlcli.grading.records import Graded, Verdict
from dlcli.questions.records import Question


@dataclass(frozen=True)
class Item:
    """One question. points: of all students together; verdicts, diagnoses: how many students have each."""

    id: str
    max_points: Fraction
    points: Fraction
    verdicts: Mapping[Verdict, int]
    diagnoses: Mapping[str, int]

    @property
    def students(self) -> int:
        """Students whose sheet could be marked."""
        return sum(self.verdicts.values())

    @property
    def mean(self) -> Fraction | None:
        """Points of a student, of those whose answer is decided; None where there are none."""
        decided = self.students - self.verdicts.get("undecided", 0)
        return self.points / decided if decided else None

    @property
    def share(self) -> Fraction | None:
        """The mean as a share of the question's points, 0 to 1; None where there are none."""
        return self.mean / self.max_points if self.mean is not None and self.max_points else None


@dataclass(frozen=True)
class ItemAnalysis:
    """The questions in the order of the homework."""

    items: tuple[Item, ...]

    @property
    def hardest_first(self) -> tuple[Item, ...]:
        """By the mean share of the points; questions without one last, equal ones in the order of the homework."""
        return tuple(sorted(self.items, key=lambda item: (item.share is None, item.share or Fraction(0))))

    @property
    def diagnoses(self) -> tuple[tuple[str, int], ...]:
        """Each mistake with the number of its occurrences, the most frequent first."""
        total: Counter[str] = Counter()
        for item in self.items:
            total.update(item.diagnoses)
        return tuple(sorted(total.items(), key=lambda pair: (-pair[1], pair[0])))


def item_analysis(results: Iterable[Graded], questions: Sequence[Question]) -> ItemAnalysis:
    """The analysis of all students whose sheets could be marked."""
    points: dict[str, Counter[Fraction]] = {question.id: Counter() for question in questions}
    verdicts: dict[str, Counter[Verdict]] = {question.id: Counter() for question in questions}
    diagnoses: dict[str, Counter[str]] = {question.id: Counter() for question in questions}
    for graded in results:
        for mark in graded.marks:
            points[mark.id][mark.points] += 1
            verdicts[mark.id][mark.verdict] += 1
            if mark.diagnosis is not None:
                diagnoses[mark.id][mark.diagnosis] += 1
    return ItemAnalysis(
        tuple(
            Item(q.id, q.points, _sum(points[q.id]), dict(verdicts[q.id]), _frequent(diagnoses[q.id]))
            for q in questions
        )
    )


def _sum(counts: Counter[Fraction]) -> Fraction:
    return sum((points * number for points, number in counts.items()), Fraction(0))


def _frequent(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
