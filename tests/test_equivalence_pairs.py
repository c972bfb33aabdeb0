"""The grader's verdict on pairs of formulas that were marked by hand."""

from __future__ import annotations

import pytest

from dlcli.equivalence import Judgement, equivalent
from dlcli.language import parse_expression
from dlcli.questions.domains import NAMED
from dlcli.questions.records import Domain
from tests.equivalence_pairs import PAIRS, Marked


def domains(text: str) -> dict[str, Domain]:
    """ "x positive, p (0, 1)" as domains."""
    parts = [part.split() for part in text.replace("(0, 1)", "unit").split(",") if part.strip()]
    return {name: Domain(0.0, 1.0) if kind == "unit" else NAMED[kind] for name, kind in parts}


def judge(given: str, expected: str, variables: dict[str, Domain]) -> Judgement:
    return equivalent(parse_expression(given), [parse_expression(expected)], variables)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.given} | {pair.expected} | {pair.domains}")
def test_a_pair_gets_the_mark_that_it_has_by_hand(pair: Marked) -> None:
    judged = judge(pair.given, pair.expected, domains(pair.domains))
    assert judged.verdict == pair.mark, judged


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.given} | {pair.expected} | {pair.domains}")
def test_the_verdict_does_not_depend_on_which_of_the_two_is_the_students(pair: Marked) -> None:
    assert judge(pair.expected, pair.given, domains(pair.domains)).verdict == pair.mark


def test_there_are_more_than_a_hundred_pairs_of_each_mark() -> None:
    assert min(sum(pair.mark == mark for pair in PAIRS) for mark in ("equal", "different")) > 100
