"""Softmax rows against 50 digits, below and above the number of classes at which their sums run another way."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from dlcli.ops.softmax import FEW, MANY, Relative, relative

EPS = 2.0**-52
COUNTS = (1, 2, 3, 10, FEW, FEW + 1, 100)


def drawn(count: int) -> np.ndarray:
    """Rows of all kinds: generic, large gaps, ties of the largest, all equal, nearly saturated."""
    rng = np.random.default_rng(count)
    rows = [rng.standard_normal(count), 300 * rng.standard_normal(count), np.round(rng.standard_normal(count))]
    rows += [np.full(count, 2.5), np.where(np.arange(count) == count // 2, 40.0, rng.standard_normal(count))]
    return np.array(rows).reshape(5, 1, count)


def by_digits(row: np.ndarray) -> tuple[list[mpmath.mpf], list[mpmath.mpf], list[mpmath.mpf]]:
    with mpmath.workdps(400):
        powers = [mpmath.exp(mpmath.mpf(float(x))) for x in row]
        total = mpmath.fsum(powers)
        shares = [p / total for p in powers]
        return shares, [1 - s for s in shares], [mpmath.log(s) for s in shares]


def assert_close(found: np.ndarray, true: list[mpmath.mpf], row: np.ndarray) -> None:
    """To within the rounding of the gaps, which exp magnifies."""
    for ours, theirs in zip(found, true, strict=True):
        assert abs(ours - theirs) <= EPS * (8 + np.ptp(row)) * abs(theirs) + mpmath.mpf("1e-300")


def repeated(rows: np.ndarray, times: int) -> np.ndarray:
    """Copies stacked along the second axis."""
    return np.repeat(rows, times, axis=1)


@pytest.mark.parametrize("times", [1, MANY])
@pytest.mark.parametrize("kind", [np.float64, np.complex128])
@pytest.mark.parametrize("count", COUNTS)
def test_shares_rests_and_logarithms_keep_their_digits(count: int, kind: type, times: int) -> None:
    rows = drawn(count)
    part = relative(repeated(rows.astype(kind), -(-times // rows.size)))
    for place, row in enumerate(rows[:, 0]):
        shares, rests, logarithms = by_digits(row)
        assert_close(part.shares()[place, 0].real, shares, row)
        assert_close(part.left_over()[place, 0].real, rests, row)
        assert_close(part.logarithms()[place, 0].real, logarithms, row)


@pytest.mark.parametrize("count", COUNTS)
def test_the_logarithm_at_a_class_is_one_of_the_logarithms(count: int) -> None:
    part, classes = relative(repeated(drawn(count), MANY)), np.arange(5).reshape(5, 1) % count
    picked = np.take_along_axis(part.logarithms(), classes[..., None], axis=-1)[..., 0]
    assert np.array_equal(part.logarithm_at(classes), picked)
    part = relative(drawn(count))
    every = part.logarithm_at(np.arange(count).reshape(count, 1, 1))
    assert np.array_equal(np.moveaxis(every, 0, -1), part.logarithms())


@pytest.mark.parametrize("count", [2, FEW, FEW + 1])
def test_the_rows_given_are_left_as_they_are(count: int) -> None:
    whole = repeated(drawn(count), MANY)
    for rows in (whole, np.moveaxis(np.ascontiguousarray(np.moveaxis(whole, -1, 0)), 0, -1)):
        before = rows.copy()
        relative(rows)
        assert np.array_equal(rows, before)


@pytest.mark.parametrize("times", [1, MANY])
@pytest.mark.parametrize("count", [3, FEW + 1])
def test_infinite_entries(count: int, times: int) -> None:
    below = np.zeros((2 * times, count))
    below[0, 0], below[1, :] = -np.inf, -np.inf
    part: Relative = relative(below)
    assert part.shares()[0, 0] == 0
    assert np.allclose(part.shares()[0, 1:], 1 / (count - 1), rtol=1e-15)
    above = np.zeros((2 * times, count))
    above[0, 1] = np.inf
    assert relative(above).shares()[0].tolist() == [float(k == 1) for k in range(count)]
