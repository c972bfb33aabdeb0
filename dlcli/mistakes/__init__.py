"""Naming the bug: classic mistakes in backward passes, and the search for the one behind wrong gradients.

A row of the catalogue is a `Mistake`: words for people, and the wrong backward passes that it stands for on a network,
each a small change of the plain reverse sweep. `diagnose` compares given gradients with all of them.
"""

from dlcli.mistakes.blindness import Blind, applicable, blind
from dlcli.mistakes.catalogue import MISTAKES
from dlcli.mistakes.context import Context
from dlcli.mistakes.diagnosis import diagnose
from dlcli.mistakes.finding import Diagnosis, Finding
from dlcli.mistakes.generic_point import generic_point, moved_to
from dlcli.mistakes.mistake import Mistake
from dlcli.mistakes.search import Search
from dlcli.mistakes.single_number import diagnose_entry
from dlcli.mistakes.structure import Structure

__all__ = [
    "MISTAKES",
    "Blind",
    "Context",
    "Diagnosis",
    "Finding",
    "Mistake",
    "Search",
    "Structure",
    "applicable",
    "blind",
    "diagnose",
    "diagnose_entry",
    "generic_point",
    "moved_to",
]
