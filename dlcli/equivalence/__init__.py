"""When two formulas are equal: of free symbols, and of the quantities of a network."""

from __future__ import annotations

from dlcli.equivalence.draws import redrawn
from dlcli.equivalence.judging import equivalent
from dlcli.equivalence.records import Counterexample, Judgement, Limits
from dlcli.equivalence.worlds import Drawn, drawn, equivalent_in_network, equivalent_in_worlds

__all__ = [
    "Counterexample",
    "Drawn",
    "Judgement",
    "Limits",
    "drawn",
    "equivalent",
    "equivalent_in_network",
    "equivalent_in_worlds",
    "redrawn",
]
