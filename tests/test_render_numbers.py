"""Numbers as printed: digits, equal things, alignment."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.render.numbers import aligned, aligned_pairs, is_plain, magnitude, number, reads_as


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (11.0, 6, "11"),
        (-22 / 3, 6, "-7.33333"),
        (0.1 + 0.2, 6, "0.3"),
        (0.0, 6, "0"),
        (-0.0, 6, "0"),
        (1e-5, 6, "1e-5"),
        (1.5e300, 6, "1.5e300"),
        (1234567.0, 6, "1.23457e6"),
        (2 / 3, 1, "0.7"),
        (0.1, 17, "0.10000000000000001"),
        (math.nan, 6, "nan"),
        (math.inf, 6, "inf"),
        (-math.inf, 6, "-inf"),
    ],
)
def test_number_has_the_digits_asked_for(value: float, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_numbers_that_differ_by_rounding_alone_look_equal() -> None:
    assert number(0.1234565, 6) == number(0.12345650000000001, 6)
    assert number(0.1234565, 6) == number(math.nextafter(0.1234565, 0), 6)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_17_digits_give_the_float_back(value: float) -> None:
    assert float(number(value, 17)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (3.14e-13, "3.1e-13"), (1e-12, "1.0e-12"), (0.05, "0.05"), (1.0, "1"), (123.0, "1.2e2"),
     (math.inf, "inf"), (math.nan, "nan")],
)  # fmt: skip
def test_magnitude_has_two_digits(value: float, text: str) -> None:
    assert magnitude(value) == text


def test_decimal_points_stand_below_each_other() -> None:
    assert aligned(["11", "-7.33333", "1e-5", "-22/3", "nan"]) == [
        "   11      ",
        "   -7.33333",
        "    1e-5   ",
        "-22/3      ",
        "  nan      ",
    ]


def test_bars_stand_below_each_other() -> None:
    assert aligned_pairs([("2", "1.3e-12"), ("-10.5", "0"), ("–", "")], " ± ") == [
        "  2   ± 1.3e-12",
        "-10.5 ± 0      ",
        "  –            ",
    ]


def test_fraction_that_a_decimal_says_already() -> None:
    assert reads_as("2.5", "5/2")
    assert reads_as("-3", "-3")
    assert not reads_as("0.333333", "1/3")
    assert not reads_as("1", "exp(0) + 1")
    assert not reads_as("nan", "1/3")


def test_plain_numbers_have_nothing_to_evaluate() -> None:
    assert [is_plain(text) for text in ("11", "-22/3", "sqrt(2)", "1/3/5", "-")] == [
        True,
        True,
        False,
        False,
        False,
    ]
