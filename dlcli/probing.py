"""What a homework's numbers cannot show: the check at generic numbers too, and the mistakes that each point hides."""

from __future__ import annotations

from dataclasses import dataclass

from dlcli.comparison import Comparison
from dlcli.engines.evaluation import forward
from dlcli.fusion import bypassed, fuse
from dlcli.graph import Graph
from dlcli.mistakes import Blind, Context, applicable, blind, generic_point, moved_to
from dlcli.solving import Checked, compared

SEED = 0  # of the generic numbers


@dataclass(frozen=True)
class Probe:
    """applicable: how many mistakes of the catalogue can be made in this network; hidden: those that the file's own
    numbers cannot show, with reasons; still_hidden: those that generic numbers of the same shapes cannot show either.

    generic: the check at those numbers; None where no other numbers lie in the domain of every operation, and
    still_hidden is then what the file's own numbers cannot show.
    """

    applicable: int
    hidden: tuple[Blind, ...]
    still_hidden: tuple[Blind, ...]
    generic: Comparison | None


def probe(checked: Checked) -> Probe:
    """The probe of a homework that has a loss and something to differentiate by."""
    graph = checked.graph
    optimizer = checked.spec.optimizer
    rate = None if optimizer is None else optimizer.settings.get("learning_rate")
    here = Context(graph, forward(graph), rate)
    hidden = blind(here)
    point = generic_point(graph, SEED)
    if point is None:
        return Probe(applicable(here), hidden, hidden, None)
    moved = moved_to(graph, point)
    there = Context(moved, forward(moved), rate)
    return Probe(applicable(here), hidden, blind(there), _comparison(moved))


def _comparison(graph: Graph) -> Comparison:
    fused = fuse(graph, bypassed(graph, fuse(graph)))
    return compared(graph, fused, forward(fused))
