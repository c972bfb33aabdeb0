"""Answers by the thousand for the tests of grading: right, wrong by one edit, and hostile. None of it reads dlcli."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.grading_hostile import FAMILIES, Family, hostile
from tests.grading_rewriting import Domains, Wrong, broken, number_texts, rewritten

__all__ = ["FAMILIES", "FORMULAS", "Family", "Formula", "hostile", "hostile_answers", "right_answers",
           "right_numbers", "wrong_answers"]  # fmt: skip


@dataclass(frozen=True)
class Formula:
    """A model answer with the open interval of each of its symbols."""

    text: str
    domains: Domains


FORMULAS: tuple[Formula, ...] = (
    Formula("exp(-z)/(1 + exp(-z))^2", {"z": (-4, 4)}),
    Formula("sigmoid(u)*(1 - sigmoid(u))", {"u": (-4, 4)}),
    Formula("1 - tanh(x)^2", {"x": (-3, 3)}),
    Formula("(p - y)*a", {"p": (0, 1), "y": (0, 1), "a": (-5, 5)}),
    Formula("2*(w*x + b - y)*x", {"w": (-3, 3), "x": (-3, 3), "b": (-3, 3), "y": (-3, 3)}),
    Formula("softplus(z) - y*z", {"z": (-5, 5), "y": (0, 1)}),
    Formula("-y/p + (1 - y)/(1 - p)", {"p": (0, 1), "y": (0, 1)}),
    Formula("w - r*(g + 0.9*v)", {"w": (-2, 2), "r": (0, 1), "g": (-2, 2), "v": (-2, 2)}),
    Formula("g/sqrt(s + 1)", {"g": (-2, 2), "s": (0, 5)}),
    Formula("exp(a)/(exp(a) + exp(b))", {"a": (-3, 3), "b": (-3, 3)}),
    Formula("sin(t)^2 + t*cos(t)", {"t": (-3, 3)}),
    Formula("(x^2 - 1)/(x + 3)", {"x": (-2, 2)}),
    Formula("ln(1 + x^2)/2", {"x": (-6, 6)}),
)


def right_answers(formula: Formula, seed: int, count: int, steps: int = 6) -> Iterator[str]:
    """Formulas equal to the model answer; the same for the same seed."""
    for number in range(count):
        random = Random(f"right/{seed}/{number}/{formula.text}")
        yield rewritten(formula.text, formula.domains, random, steps=random.randint(1, steps))


def wrong_answers(formula: Formula, seed: int, count: int) -> Iterator[Wrong]:
    """Formulas one edit from the model answer and different, with a point that shows it; every second rewritten."""
    for number in range(count):
        random = Random(f"wrong/{seed}/{number}/{formula.text}")
        found = broken(formula.text, formula.domains, random)
        if number % 2 and found.given is not None:
            found = Wrong(rewritten(found.text, formula.domains, random, 3), found.edit, *_point(found))
        yield found


def _point(wrong: Wrong) -> tuple[dict[str, str], object, object]:
    return dict(wrong.point), wrong.given, wrong.right


def right_numbers(seed: int, count: int, digits: int = 4) -> Iterator[tuple[str, str, str]]:
    """(number, kind, text): right ways to write random decimal numbers of all sizes and both signs."""
    for number in range(count):
        random = Random(f"number/{seed}/{number}")
        size = random.randint(-4, 4)
        sign = random.choice(("", "-"))
        text = f"{sign}{10.0**size * random.uniform(1, 9.99):.{max(9 - size, 6)}f}"
        kinds = number_texts(text, random, digits)
        kind = random.choice(sorted(kinds))
        yield text, kind, kinds[kind]


def hostile_answers(seed: int, each: int) -> Iterator[tuple[str, str]]:
    """(family, text), so many of each family."""
    for name in FAMILIES:
        for number in range(each):
            yield name, hostile(name, seed * 1_000 + number)
