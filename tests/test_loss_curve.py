"""The loss curve: lines of characters, SVG, PNG."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from dlcli.render.console import Medium
from dlcli.render.loss_curve import MOST_COLUMNS, curve_lines, curve_png, curve_scale, curve_svg

SVG = "{http://www.w3.org/2000/svg}"


def test_curve_in_block_characters() -> None:
    assert curve_lines([8, 6, 4.5, 3.25, 2, 1, 0], 4, Medium()) == [
        "  8 |████",
        "    |████",
        "    |████████",
        "    |████████▄▄▄▄",
        "    |████████████▂▂▂▂",
        "    |████████████████",
        "    |████████████████████",
        "  0 |████████████████████████▁▁▁▁",
        "    +----------------------------",
        "     0                          6  step",
    ]


def test_curve_in_ascii() -> None:
    assert curve_lines([8, 3.5, 0.125], 4, Medium(encoding="ascii", letters=False)) == [
        "      8 |####",
        "        |####",
        "        |####",
        "        |####",
        "        |####....",
        "        |########",
        "        |########",
        "  0.125 |########....",
        "        +------------",
        "         0          2  step",
    ]


def test_plain_encoding_gets_ascii() -> None:
    lines = curve_lines([3.0, 2.0, 1.0], 4, Medium(encoding="latin-1"))
    assert "".join(lines).isascii()


@pytest.mark.parametrize("width", [None, 40, 80])
def test_curve_fits_the_terminal(width: int | None) -> None:
    lines = curve_lines([1 / (1 + t) for t in range(5000)], 4, Medium(width=width))
    assert max(map(len, lines[:-1])) <= (width or MOST_COLUMNS + 20)
    assert lines[-1].split() == ["0", "4999", "step"]


@pytest.mark.parametrize("losses", [[], [1.0], [1.0, math.inf], [math.nan, 2.0]])
def test_single_point_is_no_curve(losses: list[float]) -> None:
    assert curve_lines(losses, 4, Medium()) == []


def test_losses_far_apart_are_drawn_logarithmically() -> None:
    losses = [10.0**-k for k in range(9)]
    assert curve_scale(losses) == "logarithmic"
    assert curve_scale([1.0, 0.5]) == curve_scale([1e9, 0.0]) == curve_scale([]) == "linear"
    bars = [line.partition("|")[2] for line in curve_lines(losses, 4, Medium())[:8]]
    assert [bar.count("█") for bar in bars] == [3 * k for k in range(1, 9)]


@pytest.mark.parametrize("losses", [[0.25] * 4, [0.0, 0.0], [-1e308, 1e308], [5e-324, 1e308]])
def test_extreme_losses_are_drawn(losses: list[float]) -> None:
    assert len(curve_lines(losses, 4, Medium())) == 10
    ElementTree.fromstring(curve_svg(losses, "t"))


def points(losses: list[float]) -> list[tuple[float, float]]:
    line = ElementTree.fromstring(curve_svg(losses, "t")).find(f"{SVG}polyline")
    assert line is not None
    x_and_y = [point.split(",") for point in line.attrib["points"].split()]
    return [(float(x), float(y)) for x, y in x_and_y]


def test_svg_has_a_point_a_step() -> None:
    assert points([4.0, 2.0, 0.0]) == [(80.0, 40.0), (350.0, 195.0), (620.0, 350.0)]


def test_svg_of_many_steps_keeps_the_least_and_the_greatest() -> None:
    losses = [1.0 + 0.001 * (t % 7) for t in range(50_000)]
    losses[12_345], losses[23_456] = 9.0, -3.0
    found = points(losses)
    assert len(found) <= 1002
    assert {40.0, 350.0} <= {y for _, y in found}
    assert found == sorted(found)


def test_svg_has_axes_ticks_and_title() -> None:
    svg = curve_svg([3.0, 2.0, 1.0], 'x < "y" & z\x07')
    root = ElementTree.fromstring(svg)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts == ['x < "y" & z ', "1", "1.5", "2", "2.5", "3", "0", "1", "2", "step", "loss"]
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == 'x < "y" & z : loss by training step'
    assert "loss (logarithmic)" in curve_svg([1.0, 1e-9], "t")


def test_svg_leaves_out_what_is_not_finite() -> None:
    assert len(points([3.0, 2.0, math.inf])) == 2
    assert "<circle" in curve_svg([3.0, math.nan], "t")
    assert "<circle" in curve_svg([math.nan], "t")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("losses", [[3.0, 2.0, 1.0], [1.0], [1.0, 1e-9]])
def test_png_is_a_png(losses: list[float]) -> None:
    pytest.importorskip("matplotlib")
    assert curve_png(losses, "$x_").startswith(b"\x89PNG\r\n\x1a\n")
