"""When two formulas are equal: of free symbols, and of the quantities of a network."""

from __future__ import annotations

from dlcli.equivalence.judging import equivalent
from dlcli.equivalence.records import Counterexample, Judgement, Limits
from dlcli.equivalence.worlds import equivalent_in_network, equivalent_in_worlds, redrawn

__all__ = [
    "Counterexample",
    "Judgement",
    "Limits",
    "equivalent",
    "equivalent_in_network",
    "equivalent_in_worlds",
    "redrawn",
]
