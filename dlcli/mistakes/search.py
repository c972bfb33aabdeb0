"""The wrong backward passes of the whole catalogue on one network, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dlcli.mistakes.altered_sweep import Gradients, altered_gradients
from dlcli.mistakes.catalogue import MISTAKES
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake, Mutant, mutants_of

BUDGET = 300_000_000  # numbers to compute after which a search stops
SMALL = 4000  # entries of all gradients up to which the wrong gradients of a network are kept
LEAST = 1000  # numbers that a backward pass counts as at least


@dataclass(frozen=True)
class Candidate:
    """A wrong backward pass of the catalogue, and its gradients of the quantities looked at."""

    row: Mistake
    mutant: Mutant
    gradients: Gradients


@dataclass
class Search:
    """A walk through the catalogue: what it may still compute, and whether it came to the end."""

    context: Context
    names: Sequence[str]
    left: int = BUDGET
    complete: bool = True

    def candidates(self, promising: Callable[[Gradients], bool] | None = None) -> Iterator[Candidate]:
        """Every wrong pass, in the catalogue's order; small networks remember theirs.

        promising: of a large network, whether the gradients of its small quantities, which cost little, leave room
        for an explanation; where not, the pass is dropped.
        """
        if sum(array.size for array in self.context.clean.gradients.values()) <= SMALL:
            yield from _remembered(self.context)
            return
        little = [name for name in self.names if self.context.clean.gradients[name].size <= SMALL]
        for row in MISTAKES.values():
            for mutant in mutants_of(row, self.context):
                if self.left <= 0:
                    self.complete = False
                    return
                if promising is None or not little or promising(self._gradients(mutant, little)):
                    yield Candidate(row, mutant, self._gradients(mutant, self.names))

    def _gradients(self, mutant: Mutant, names: Sequence[str]) -> Gradients:
        gradients, work = altered_gradients(self.context.clean, mutant.alteration, names)
        self.left -= max(work, LEAST)
        return gradients


@lru_cache(maxsize=8)
def _remembered(context: Context) -> tuple[Candidate, ...]:
    wrt = context.clean.graph.wrt
    return tuple(
        Candidate(row, mutant, altered_gradients(context.clean, mutant.alteration, wrt)[0])
        for row in MISTAKES.values()
        for mutant in mutants_of(row, context)
    )
