"""What `dlcli inspect` says about approximation by width, against fits worked out by hand."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from dlcli.inspection import Inspection, Skipped, inspect
from dlcli.inspection.approximation import Approximation
from dlcli.solving import check
from tests.conftest import Homework, Run

PROBLEM = Path(__file__).parent.parent / "problems" / "feedforward" / "approximation-by-width.yaml"


def network(points: dict[float, float], activation: str = "relu", units: int = 1, loss: str = "mse") -> str:
    x, y = ([[number] for number in numbers] for numbers in (points.keys(), points.values()))
    return f"""
        inputs: {{x: {x}}}
        targets: {{y: {y}}}
        network:
          - dense: {{weights: {[[1]] * units}, bias: {[0.1] * units}, activation: {activation}}}
          - dense: {{weights: {[[1] * units]}, bias: [0]}}
        loss: {loss}
    """


def found(homework: Homework, text: str) -> Approximation:
    section = inspect(check(homework(text))).approximation
    assert isinstance(section, Approximation)
    return section


def test_absolute_value_needs_two_relu_units(homework: Homework) -> None:
    """|x| = ReLU(x) + ReLU(-x). One unit, ReLU(x) say, meets (1, 1), and 1/2 is best for the other two targets, 1
    and 0: errors (1/2, 1/2, 0). A straight line does worse: 2/3 for all, errors (1/3, 2/3, 1/3), sqrt(2/9)."""
    fits = found(homework, network({-1: 1, 0: 0, 1: 1}))
    assert [fit.width for fit in fits.fits] == [1, 2]
    assert fits.fits[0].error == pytest.approx(sqrt(1 / 6), rel=1e-12)
    assert fits.fits[0].largest == pytest.approx(1 / 2, rel=1e-12)
    assert (fits.fits[1].error, fits.fits[1].largest, fits.exact) == (0, 0, 2)


def test_absolute_value_needs_two_relu_units_on_many_samples(homework: Homework) -> None:
    fits = found(homework, network({x / 8: abs(x / 8) for x in range(-24, 25)}))
    assert (fits.exact, fits.samples, fits.candidates) == (2, 49, 98)


def test_four_bends_at_the_samples_meet_five_points(homework: Homework) -> None:
    """A zig-zag of slopes 1, -3, 4, -5: the bends at 1, 2, 3 have the weights -4, 7, -9. Units of those three alone
    give a first slope of minus the weights that look to the left: 4, -7, 9, -3, 13, 2, 6 or 0, never 1."""
    fits = found(homework, network({0: 0, 1: 1, 2: -2, 3: 2, 4: -3}))
    assert [fit.width for fit in fits.fits] == [1, 2, 4]
    assert fits.exact == 4
    assert fits.fits[1].error > 0.1


def test_straight_line_needs_one_unit_of_the_identity_s_kind(homework: Homework) -> None:
    """ReLU(x - a) with a at the first sample is a straight line on all samples."""
    assert found(homework, network({-2: -3, 0: 1, 5: 11})).exact == 1


def test_sigmoid_fits_its_own_kind(homework: Homework) -> None:
    """Samples of 3 sigmoid(2 x) - 1: of steepness 2 = 4/half the range, with the bend at a sample."""
    numbers = [-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
    fits = found(homework, network({x: float(3 / (1 + np.exp(-2 * x)) - 1) for x in numbers}, "sigmoid"))
    assert fits.exact == 1


def test_file_s_own_network_has_a_row(homework: Homework) -> None:
    """ReLU(x + 1/10) at -1, 0, 1: 0, 1/10, 11/10, targets 1, 0, 1: errors -1, 1/10, 1/10."""
    own = found(homework, network({-1: 1, 0: 0, 1: 1})).own
    assert own.width == 1
    assert (own.error, own.largest) == pytest.approx((sqrt(1.02 / 3), 1), rel=1e-12)


def test_no_row_is_worse_than_the_file_s_own_network(homework: Homework) -> None:
    """1/4 + 4 ReLU(x - 1) meets x^2 at 1/2, 3/2, 5/2, with its bend between two samples."""
    text = """
        inputs: {x: [[0.5], [1.5], [2.5]]}
        targets: {y: [[0.25], [2.25], [6.25]]}
        network:
          - dense: {weights: [[1]], bias: [-1], activation: relu}
          - dense: {weights: [[4]], bias: [0.25]}
        loss: mse
    """
    fits = found(homework, text)
    assert fits.own.error == 0
    assert ([fit.width for fit in fits.fits], fits.fits[0].error, fits.exact) == ([1], 0, 1)


def test_errors_fall_with_the_width(homework: Homework) -> None:
    points = {round(x, 3): round(float(np.sin(2 * x)), 6) for x in np.linspace(-3, 3, 60).tolist()}
    fits = found(homework, network(points, "tanh"))
    errors = [fit.error for fit in fits.fits]
    assert [fit.width for fit in fits.fits] == [1, 2, 4, 8, 16, 32]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 100


def test_fit_is_the_same_on_every_run(homework: Homework) -> None:
    text = network({x / 4: (x / 4) ** 3 for x in range(-8, 9)}, "tanh")
    assert found(homework, text) == found(homework, text)


def test_six_units_meet_the_bundled_parabola(run: Run) -> None:
    """Slopes -6, -4, … 6 between eight points: six bends of 2, and the three that look to the left give the first
    slope, -6. The file's 4|x| - 2 misses x^2 by 1/4 or 7/4: root mean square 5/4."""
    section = inspect(check(PROBLEM)).approximation
    assert isinstance(section, Approximation)
    assert section.exact == 6
    assert (section.own.width, section.own.error, section.own.largest) == (2, 1.25, 1.75)
    document = json.loads(run("inspect", str(PROBLEM), "--format", "json").stdout)["approximation"]
    assert document["own"] == {"width": 2, "error": 1.25, "largest": 1.75}
    assert document["fits"][-1] == {"width": 6, "error": 0.0, "largest": 0.0}


def test_best_single_unit_for_the_parabola(homework: Homework) -> None:
    """x^2 at -1, 0, 1, 2. ReLU(x - 1) meets (2, 4), and 2/3 is best for the other targets, 1, 0 and 1: the squares
    add up to 1/9 + 4/9 + 1/9 = 2/3. NumPy's least squares finds no better bend."""
    numbers = np.array([-1.0, 0, 1, 2])
    errors = []
    for bend in numbers:
        for sign in (1, -1):
            columns = np.stack([np.ones(4), np.maximum(0, sign * (numbers - bend))], axis=1)
            errors.append(np.linalg.lstsq(columns, numbers**2)[1])
    best = min(float(error[0]) for error in errors if error.size)
    fits = found(homework, network({-1: 1, 0: 0, 1: 1, 2: 4}))
    assert fits.fits[0].error == pytest.approx(sqrt(best / 4), rel=1e-12)
    assert best == pytest.approx(2 / 3, rel=1e-12)


def test_report_draws_the_errors(run: Run) -> None:
    printed = run("inspect", str(PROBLEM), "--ascii").stdout
    lines = printed[printed.index("Approximation by width") :].splitlines()
    assert lines[3].split() == ["1", "#" * 24, "3.70701", "8.45161"]
    assert lines[6].split() == ["6", "0", "0"]
    assert lines[7].split() == ["2,", "the", "file's", "#" * 8, "1.25", "1.75"]
    assert lines[-1] == "  6 units can meet every sample."


def reason(found: Inspection) -> str:
    assert isinstance(found.approximation, Skipped)
    return found.approximation.reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("x: [[-1], [0], [1]]", "x: [[-1], [0], [0]]"), "there are not between 3 and 400 samples, each with an input"),
        (("activation: relu", "activation: identity"), "the hidden layer has no non-linear activation"),
        (("activation: relu", "activation: softmax"), "the hidden layer has no non-linear activation"),
        (("loss: mse", "loss: sum(a2)"), "the loss is none of squared_error, half_squared_error, mse, mae, huber"),
        (("bias: [0]}", "bias: [0], activation: sigmoid}"), "the output is not one linear unit"),
        (("x: [[-1], [0], [1]]", "x: [[1e200], [0], [1]]"), "a sample or a prediction is too large to be squared"),
    ],
)
def test_networks_of_other_kinds_are_left_out(homework: Homework, change: tuple[str, str], why: str) -> None:
    text = network({-1: 1, 0: 0, 1: 1})
    assert change[0] in text
    assert reason(inspect(check(homework(text.replace(*change))))).startswith(why)
