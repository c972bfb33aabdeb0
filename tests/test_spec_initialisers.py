"""Draws of initial weights: frozen values, the transposed convention, fans, spreads."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from dlcli.spec.initialisers import INITIALISERS, draw, fans, seed_of

SETTINGS = {"constant": {"value": 2.5}}


@pytest.mark.parametrize(
    ("init", "settings", "first"),
    [
        ("xavier_normal", {}, 1.764052345967664 * np.sqrt(2 / 5)),
        ("xavier_uniform", {}, (2 * 0.5488135039273248 - 1) * np.sqrt(6 / 5)),
        ("he_normal", {}, 1.764052345967664 * np.sqrt(2 / 3)),
        ("he_uniform", {}, (2 * 0.5488135039273248 - 1) * np.sqrt(6 / 3)),
        ("normal", {}, 0.01764052345967664),
        ("normal", {"std": 3.0}, 5.292157037902992),
        ("uniform", {}, 2 * 0.5488135039273248 - 1),
        ("uniform", {"low": 10.0, "high": 12.0}, 10 + 2 * 0.5488135039273248),
        ("zeros", {}, 0.0),
        ("constant", {"value": 2.5}, 2.5),
    ],
)
def test_first_entry_of_seed_0_is_the_frozen_one(init: str, settings: dict[str, float], first: float) -> None:
    array = draw(init, (2, 3), 0, "W", "column", settings)
    assert array.shape == (2, 3)
    assert array.dtype == np.float64
    assert array[0, 0] == pytest.approx(first, rel=1e-15)


@pytest.mark.parametrize("init", INITIALISERS)
def test_row_convention_is_the_transposed_draw(init: str) -> None:
    column = draw(init, (4, 7), 5, "W", "column", SETTINGS.get(init, {}))
    row = draw(init, (7, 4), 5, "W", "row", SETTINGS.get(init, {}))
    np.testing.assert_array_equal(row, column.T)


@pytest.mark.parametrize("init", INITIALISERS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (4, 2, 3, 3)])
def test_every_shape_can_be_drawn(init: str, shape: tuple[int, ...]) -> None:
    for convention in ("row", "column"):
        assert draw(init, shape, 1, "W", convention, SETTINGS.get(init, {})).shape == shape


def test_seed_of_a_name_is_the_crc_of_its_normal_form() -> None:
    assert seed_of("W1") == zlib.crc32(b"W1")
    assert seed_of("e\u0301") == seed_of("\u00e9")
    np.testing.assert_array_equal(
        draw("normal", (3,), None, "W1", "column", {}),
        draw("normal", (3,), zlib.crc32(b"W1"), "x", "column", {}),
    )


def test_fans_of_vectors_scalars_matrices_and_kernels() -> None:
    assert fans(()) == (1, 1)
    assert fans((5,)) == (5, 1)
    assert fans((4, 3)) == (3, 4)
    assert fans((8, 3, 5, 5)) == (75, 200)


@pytest.mark.parametrize(
    ("init", "variance"),
    [
        ("xavier_normal", 2 / 500),
        ("xavier_uniform", 2 / 500),
        ("he_normal", 2 / 300),
        ("he_uniform", 2 / 300),
        ("normal", 1e-4),
    ],
)
def test_variance_is_the_textbook_one(init: str, variance: float) -> None:
    assert draw(init, (200, 300), 3, "W", "column", {}).var() == pytest.approx(variance, rel=0.02)
    assert draw(init, (300, 200), 3, "W", "row", {}).var() == pytest.approx(variance, rel=0.02)


def test_drawing_leaves_the_global_stream_alone() -> None:
    np.random.seed(1)
    expected = np.random.random_sample()
    np.random.seed(1)
    draw("normal", (10,), 0, "W", "column", {})
    assert np.random.random_sample() == expected
