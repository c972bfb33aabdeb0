"""The error function against 50 digits, over the real line and for tiny imaginary parts."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from dlcli.ops.erf import erf, erfc

REGIONS = [(-6, 6), (-0.1, 0.1), (0.4, 0.48), (0.4800001, 0.6), (0.6, 1), (1, 4), (4, 6)]


def ulps(found: np.ndarray, exact: list[mpmath.mpf]) -> float:
    """The largest error in units of the last place."""
    return max(
        float(abs(mpmath.mpf(float(a)) - b) / mpmath.mpf(float(np.spacing(abs(a)))))
        for a, b in zip(found, exact, strict=True)
    )


@pytest.mark.parametrize(("low", "high"), REGIONS)
def test_error_is_below_2_ulp(low: float, high: float) -> None:
    x = np.random.default_rng(0).uniform(low, high, 1500)
    with mpmath.workdps(50):
        assert ulps(erf(x), [mpmath.erf(v) for v in x]) < 2


@pytest.mark.parametrize(("low", "high"), [*REGIONS, (6, 26)])
def test_complement_keeps_its_digits(low: float, high: float) -> None:
    x = np.random.default_rng(0).uniform(low, high, 1500)
    with mpmath.workdps(50):
        assert ulps(erfc(x), [mpmath.erfc(v) for v in x]) < 4


@pytest.mark.parametrize("x", [1e-300, -1e-8, 0.3, -0.479, 0.481, 1.0, -2.5, 3.999, 4.001, -5.9])
def test_tiny_imaginary_part_carries_the_slope(x: float) -> None:
    with mpmath.workdps(50):
        slope = float(2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-(mpmath.mpf(x) ** 2)))
    assert erf(np.array(x + 1e-20j)).imag / 1e-20 == pytest.approx(slope, rel=4e-15)
    assert erfc(np.array(x + 1e-20j)).imag / 1e-20 == pytest.approx(-slope, rel=4e-15)


def test_ends_of_the_line() -> None:
    np.testing.assert_array_equal(erf(np.array([math.inf, -math.inf, 1000.0, -1000.0, 0.0])), [1, -1, 1, -1, 0])
    np.testing.assert_array_equal(erfc(np.array([math.inf, -math.inf, 1000.0, -1000.0, 0.0])), [0, 2, 0, 2, 1])
    assert np.isnan(erf(np.array(math.nan)))


def test_shape_and_precision_stay() -> None:
    assert erf(np.zeros((2, 3))).shape == (2, 3)
    assert erf(np.float64(0.5)).shape == ()
    assert erf(np.zeros(2, dtype=np.float32)).dtype == np.float32
    assert erf(np.array([0, 1])).dtype == np.float64
