"""The V of a finite difference: its numbers against closed forms, and its pictures."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from dlcli.evidence import entry_evidence
from dlcli.render.console import Medium
from dlcli.render.difference_curve import Decades, curve_document, frame, keys, summary
from dlcli.render.difference_png import difference_png
from dlcli.render.difference_svg import difference_svg
from dlcli.render.difference_text import ROWS, curve_text
from dlcli.solving import solve
from dlcli.step_errors import StepErrors, leading_truncation, step_errors

SVG = "{http://www.w3.org/2000/svg}"
EXP = "weights: {w: 0.5}\nnetwork: [f = exp(w)]\nloss: f\n"
SQUARE = "weights: {w: 3}\nnetwork: [f = w*w]\nloss: f\n"
KINK = "inputs: {x: 1}\nweights: {w: 1, b: -0.9985}\nnetwork: ['f = relu(x*w + b)']\nloss: f\n"
DEAD = "inputs: {x: 1}\nweights: {w: 1, b: -10}\nnetwork: ['f = relu(x*w + b) + 1']\nloss: f\n"


@pytest.fixture
def curve(tmp_path: Path):
    """curve(text): the curve of w."""

    def compute(text: str, name: str = "w", entry: tuple[int, ...] = ()) -> StepErrors:
        path = tmp_path / "homework.yaml"
        path.write_text(text, encoding="utf-8")
        solution = solve(path)
        found = step_errors(solution, entry_evidence(solution, name, entry))
        assert found is not None
        return found

    return compute


def test_errors_are_those_of_the_closed_form(curve) -> None:
    """Of e^w the central difference is e^w sinh(h)/h."""
    found = curve(EXP)
    large = found.steps > 1e-2
    expected = [math.exp(0.5) * (math.sinh(h) / h - 1) for h in found.steps[large]]
    assert large.sum() > 20
    assert found.errors[large] == pytest.approx(expected, rel=1e-7)
    assert found.reference == "symbolic"
    assert found.value == pytest.approx(math.exp(0.5), rel=1e-15)


def test_truncation_is_a_sixth_of_the_third_derivative(curve) -> None:
    found = curve(EXP)
    assert found.truncation == pytest.approx(math.exp(0.5) / 6, rel=0.02)
    assert found.best_step == pytest.approx((found.noise / (math.exp(0.5) / 6)) ** (1 / 3), rel=0.01)


def test_smallest_errors_lie_around_the_best_step(curve) -> None:
    found = curve(EXP)
    near = np.abs(np.log10(found.steps / found.best_step)) < 1
    assert np.median(found.errors[near]) < 1e-2 * min(
        np.median(found.errors[found.steps < 1e-3 * found.best_step]), found.errors[found.steps > 0.1].min()
    )


def test_rounding_line_bounds_the_left_side(curve) -> None:
    found = curve(EXP)
    left = found.steps < 0.1 * found.best_step
    assert left.sum() > 100
    assert np.all(found.errors[left] <= 2 * found.noise / found.steps[left])


@pytest.mark.parametrize("text", [SQUARE, DEAD])
def test_loss_without_third_derivative_has_no_truncation(text: str, curve) -> None:
    found = curve(text)
    assert (found.truncation, found.best_step) == (None, None)
    assert "truncation" not in [key.mark for key in keys(found)]


def test_power_of_four_is_no_truncation_of_order_two() -> None:
    steps = 10 ** np.linspace(-8, 0, 97)
    assert leading_truncation(steps, 3 * steps**4, 1e-30) is None
    assert leading_truncation(steps, 3 * steps**2, 1e-30) == pytest.approx(3)
    assert leading_truncation(steps, 3 * steps**2, 1.0) is None


def test_steps_across_a_kink_are_told_apart(curve) -> None:
    found = curve(KINK)
    assert found.kept.tolist() == (found.steps < 0.0015).tolist()
    assert [key.mark for key in keys(found)][:2] == ["measured", "flipped"]


def test_chosen_rungs_lie_on_the_curve(curve) -> None:
    found = curve(EXP)
    assert found.chosen.any()
    expected = [math.exp(0.5) * (math.sinh(h) / h - 1) for h in found.rung_steps[:4]]
    assert found.rung_errors[:4] == pytest.approx(expected, rel=1e-6)
    assert found.extrapolated <= found.error < 1e-10


def test_errors_of_zero_stand_on_the_lower_edge() -> None:
    axis = Decades(-12, 0)
    assert (axis.at(0.0), axis.at(1e-12), axis.at(1e-6), axis.at(1.0), axis.at(1e9)) == (0, 0, pytest.approx(0.5), 1, 1)
    assert axis.ticks() == [-12, -10, -8, -6, -4, -2, 0]


def test_dead_entry_is_zero_everywhere(curve) -> None:
    found = curve(DEAD)
    assert (found.errors[found.kept] == 0).all()
    assert summary(found) == (
        "The error is 0 at every step that crosses no kink. The reference is the symbolic slope 0. "
        "Errors of exactly 0 stand on the lower edge."
    )


@pytest.mark.parametrize("width", [None, 50, 80])
@pytest.mark.parametrize("letters", [True, False])
def test_picture_in_characters_fits_and_falls_and_rises(curve, width: int | None, letters: bool) -> None:
    found = curve(EXP)
    on = Medium(width=width, letters=letters, encoding="utf-8" if letters else "ascii")
    lines = curve_text(found, on).splitlines()
    assert lines[0] == "Error of a central difference of w against its step"
    field = [line.partition("|")[2] for line in lines[1 : ROWS + 1]]
    assert max(map(len, lines[1 : ROWS + 4])) <= (width or 80)
    assert letters or "\n".join(lines).isascii()
    dots = "•◆◇" if letters else ".#o"
    heights: dict[int, list[int]] = {}
    for row, cells in enumerate(field):
        for column, cell in enumerate(cells):
            if cell in dots:
                heights.setdefault(column, []).append(ROWS - row)
    middles = [float(np.mean(heights[column])) for column in sorted(heights)]
    lowest = int(np.argmin(middles))
    assert 0 < lowest < len(middles) - 1
    assert middles[0] - middles[lowest] > 6
    assert middles[-1] - middles[lowest] > 6


def texts(svg: str) -> list[tuple[float, float, str, str]]:
    """x, y, anchor, text of every upright text of a picture."""
    found = []
    for text in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        if "transform" not in text.attrib:
            place = float(text.attrib["x"]), float(text.attrib["y"])
            found.append((*place, text.attrib.get("text-anchor", "start"), text.text or ""))
    return found


@pytest.mark.parametrize("text", [EXP, SQUARE, KINK, DEAD])
def test_svg_labels_do_not_overlap_and_stay_inside(text: str, curve) -> None:
    """A letter of 12 px is taken as 7.2 px wide, more than those of common fonts are on average."""
    svg = difference_svg(curve(text), "w of homework.yaml")
    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    boxes = []
    for x, y, anchor, label in texts(svg):
        size = 7.2 * len(label)
        left = x - {"start": 0, "middle": size / 2, "end": size}[anchor]
        boxes.append((left, y - 10, left + size, y + 3, label))
        assert left >= 0, label
        assert left + size <= width, label
        assert y + 3 <= height, label
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a[4], b[4])


def test_svg_draws_every_point_at_its_place(curve) -> None:
    found = replace(curve(EXP), steps=np.array([1e-4, 1e-2]), errors=np.array([1e-8, 1e-4]), kept=np.array([True] * 2))
    found = replace(found, rung_steps=np.array([]), rung_errors=np.array([]), chosen=np.array([], dtype=bool))
    found = replace(found, extrapolated=None, error=1e-8, complex_step=None)
    assert frame(found) == (Decades(-4, -2), Decades(-8, -4))
    root = ElementTree.fromstring(difference_svg(found, "t"))
    field = list(root.iter(f"{SVG}circle"))[:2]
    assert [(c.attrib["cx"], c.attrib["cy"]) for c in field] == [("76.0", "364.0"), ("700.0", "44.0")]


def test_svg_is_described_in_words_and_has_no_background(curve) -> None:
    svg = difference_svg(curve(EXP), 'x < "y" & z\x07')
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert title.text == 'Error of a central difference of w against its step: x < "y" & z '
    assert description.text is not None
    assert description.text.startswith("The error is smallest near h = ")
    assert root.find(f"{SVG}rect") is None
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]


def test_colours_read_on_white_and_on_black(curve) -> None:
    """Contrast of 3 or more to either (WCAG 2.2, 1.4.11), 4.5 for text."""

    def contrast(color: str, other: float) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return (max(light, other) + 0.05) / (min(light, other) + 0.05)

    svg = difference_svg(curve(KINK), "t")
    used = set(re.findall(r"#[0-9a-f]{6}\b", svg))
    assert len(used) >= 5
    for color in used:
        assert contrast(color, 1.0) >= 3, color
        assert contrast(color, 0.0) >= 3, color
    ink = ElementTree.fromstring(svg).attrib["fill"]
    assert min(contrast(ink, 1.0), contrast(ink, 0.0)) >= 4.5


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("text", [EXP, SQUARE, KINK, DEAD])
def test_png_is_a_png(text: str, curve) -> None:
    pytest.importorskip("matplotlib")
    assert difference_png(curve(text), "$x_ of w").startswith(b"\x89PNG\r\n\x1a\n")


def test_document_has_the_numbers_of_the_picture(curve) -> None:
    found = curve(KINK)
    document = curve_document(found)
    assert document["steps"] == found.steps.tolist()
    assert document["crosses_a_kink"] == (found.steps >= 0.0015).tolist()
    assert (document["name"], document["entry"], document["reference"]) == ("w", [], "symbolic")


def test_long_title_is_cut_over_the_picture_and_whole_in_its_name(curve) -> None:
    root = ElementTree.fromstring(difference_svg(curve(EXP), "w of " + "a very long title " * 20))
    title, drawn = root.find(f"{SVG}title"), root.find(f"{SVG}text")
    assert title is not None
    assert drawn is not None
    assert title.text is not None
    assert title.text.count("a very long title") == 20
    assert drawn.text is not None
    assert (len(drawn.text), drawn.text[-1]) == (70, "…")
