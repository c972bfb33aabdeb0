"""Numbers with error bounds enclose the true number: checked against mpmath with hundreds of digits."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlcli.equivalence.digits import DigitBalls
from dlcli.equivalence.floats import FloatBalls
from dlcli.equivalence.records import Allowance

TRUE = mpmath.MPContext()
TRUE.dps = 300  # the balls' own digits are 60
FUNCTIONS = ("exp", "log", "sin", "cos", "tanh", "erf")

QUICK = settings(max_examples=60, deadline=None)
rationals = st.fractions(min_value=-20, max_value=20, max_denominator=10**6)
positives = st.fractions(min_value=Fraction(1, 10**6), max_value=20, max_denominator=10**6)


def true(value: Fraction) -> Any:
    return TRUE.mpf(value.numerator) / value.denominator


def encloses(kind: str, ball: Any, number: Any) -> bool:
    if kind == "floats":
        value, error = TRUE.mpf(ball[0]), TRUE.mpf(ball[1])
    else:
        value = TRUE.make_mpf(ball[0])
        error = TRUE.mpf(0) if math.isinf(ball[1]) else TRUE.mpf(2) ** TRUE.mpf(ball[1])
    return bool(abs(value - number) <= error + TRUE.mpf(10) ** -250)


def balls(kind: str) -> Any:
    return FloatBalls() if kind == "floats" else DigitBalls(200, Allowance(1e9))


@pytest.mark.parametrize("kind", ["floats", "digits"])
class TestBalls:
    """Both kinds keep the same promise."""

    @QUICK
    @given(value=rationals)
    def test_a_number_lies_in_its_ball(self, kind: str, value: Fraction) -> None:
        assert encloses(kind, balls(kind).number(value), true(value))

    @QUICK
    @given(values=st.lists(rationals, min_size=1, max_size=6), constant=rationals)
    @example(values=[Fraction(1, 3), Fraction(-1, 3)], constant=Fraction(0))
    def test_a_sum_lies_in_its_ball(self, kind: str, values: list[Fraction], constant: Fraction) -> None:
        numbers = balls(kind)
        found = numbers.total(constant, [(value, numbers.number(value)) for value in values])
        assert encloses(kind, found, true(constant + sum(v * v for v in values)))

    @QUICK
    @given(values=st.lists(st.tuples(rationals, st.integers(-5, 5)), min_size=1, max_size=4))
    def test_a_product_of_powers_lies_in_its_ball(self, kind: str, values: list[tuple[Fraction, int]]) -> None:
        numbers = balls(kind)
        values = [(value, exponent) for value, exponent in values if exponent and (value or exponent > 0)]
        if values:
            found = numbers.product([(numbers.number(value), exponent) for value, exponent in values])
            assert encloses(kind, found, true(math.prod(v**e for v, e in values) * Fraction(1)))

    @QUICK
    @given(value=positives, other=rationals)
    def test_a_function_of_an_inexact_number_lies_in_its_ball(
        self, kind: str, value: Fraction, other: Fraction
    ) -> None:
        numbers = balls(kind)
        inexact = numbers.function("exp", numbers.number(other))
        argument = numbers.total(0, [(1, numbers.number(value)), (Fraction(1, 7), inexact)])
        exact = true(value) + TRUE.exp(true(other)) / 7
        for name in FUNCTIONS:
            try:
                found = numbers.function(name, argument)
            except OverflowError:
                assert (name == "exp" and exact > 700) or (name in ("sin", "cos") and exact > 1e8) or kind == "floats"
                continue
            assert encloses(kind, found, getattr(TRUE, name)(exact)), name
        assert encloses(kind, numbers.sqrt(argument), TRUE.sqrt(exact))

    @QUICK
    @given(value=rationals)
    def test_the_sign_that_is_told_is_right(self, kind: str, value: Fraction) -> None:
        numbers = balls(kind)
        root = numbers.sqrt(numbers.number(2))
        square = numbers.product([(root, 2)])
        gap = numbers.total(value, [(1, square), (-2, numbers.number(1))])
        told = numbers.sign(gap)
        assert told is None or told == (value > 0) - (value < 0)

    @QUICK
    @given(n=st.integers(-1000, 1000))
    def test_a_whole_number_is_known_as_such(self, kind: str, n: int) -> None:
        numbers = balls(kind)
        assert numbers.whole(numbers.total(1, [(3, numbers.number(n))])) == 3 * n + 1
        assert numbers.whole(numbers.number(n + Fraction(1, 3))) is None
        assert numbers.whole(numbers.total(0, [(1, numbers.sqrt(numbers.number(4)))])) in (None, 2)


@settings(max_examples=30, deadline=None)
@given(value=st.fractions(min_value=-2, max_value=2, max_denominator=1000))
def test_more_bits_make_a_smaller_ball(value: Fraction) -> None:
    errors = []
    for bits in (200, 600, 2400):
        numbers = DigitBalls(bits, Allowance(1e9))
        errors.append(numbers.function("exp", numbers.number(value))[1])
    assert errors[0] > errors[1] + 350
    assert errors[1] > errors[2] + 1_700


def test_what_cannot_be_told_from_0_counts_as_0_at_the_last_precision_only() -> None:
    for final, sign in ((False, None), (True, 0)):
        numbers = DigitBalls(600, Allowance(1e9), final)
        square = numbers.product([(numbers.sqrt(numbers.number(2)), 2)])
        assert numbers.sign(numbers.total(-2, [(1, square)])) == sign
