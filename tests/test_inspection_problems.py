"""What `dlcli inspect` says of the bundled problems, against the numbers in their notes and others by hand."""

from __future__ import annotations

from math import sqrt

import pytest

from dlcli.inspection import Inspection, Skipped, inspect
from dlcli.inspection.gradient_routes import Route
from dlcli.inspection.jacobians import Jacobian, Jacobians
from dlcli.inspection.linear_regions import LinearRegions
from dlcli.solving import check
from tests.conftest import Homework, Run
from tests.test_problems import PROBLEMS


def of(name: str) -> Inspection:
    return inspect(check(PROBLEMS / f"{name}.yaml"))


def jacobian(found: Inspection, f: str, q: str) -> Jacobian:
    assert isinstance(found.jacobians, Jacobians)
    return next(row for row in found.jacobians.rows if (row.of, row.by) == (f, q))


def parts(found: Inspection, kind: str) -> dict[str, float]:
    assert not isinstance(found.routes, Skipped)
    route: Route = next(one for one in found.routes if one.kind == kind)
    return {name: float(part) for name, _, part in route.parts}


def test_jacobian_of_relu_is_a_mask(run: Run) -> None:
    """z = (3, -2, 1, -1): ones and zeros on the diagonal, two each; 16 numbers of 8 bytes, but 4 + 4 for a product."""
    row = jacobian(of("activations/relu-jacobian"), "h", "z")
    assert (row.pattern, row.zeros, row.outputs, row.inputs, row.entries) == ("diagonal", 2, 4, 4, 16)
    assert (row.bytes, row.product_bytes) == (128, 64)
    printed = run("inspect", str(PROBLEMS / "activations/relu-jacobian.yaml"), "--ascii").stdout
    assert "diagonal, 2 of 4 are 0" in printed


@pytest.mark.parametrize(
    ("z", "pattern", "zeros"),
    [
        ("[3, 2]", "identity", 0),
        ("[3, -2]", "diagonal", 1),
        ("[-3, -2]", "zero", 2),
        ("[[1, -1], [-1, 1]]", "diagonal", 2),
    ],
)
def test_jacobian_of_relu_by_what_is_on(homework: Homework, z: str, pattern: str, zeros: int) -> None:
    found = inspect(check(homework(f"inputs: {{z: {z}}}\nnetwork: [h = relu(z)]\n")))
    row = jacobian(found, "h", "z")
    assert (row.pattern, row.zeros) == (pattern, zeros)


@pytest.mark.parametrize(
    ("equation", "pattern", "zeros"),
    [
        ("f = 0*x", "zero", 2),
        ("f = x + 3", "identity", 0),
        ("f = x*x", "diagonal", 0),
        ("f = x*stop_gradient(x)", "diagonal", 0),
        ("f = stop_gradient(x)", "zero", 2),
        ("f = [[1, 0], [0, -4]] @ x", "diagonal", 0),
        ("f = [[1, 0], [2, -4]] @ x", "full", 0),
        ("f = x - mean(x)", "full", 0),
        ("f = [x[1], x[0]]", "full", 0),
    ],
)
def test_jacobian_patterns_follow_from_its_numbers(homework: Homework, equation: str, pattern: str, zeros: int) -> None:
    """At x = (2, 3). A matrix that swaps two numbers is neither 0 nor diagonal."""
    found = inspect(check(homework(f"inputs: {{x: [2, 3]}}\nnetwork:\n  - {equation}\n")))
    row = jacobian(found, "f", "x")
    assert (row.pattern, row.zeros) == (pattern, zeros)


def test_relu_jacobian_of_a_dead_layer_is_said_to_be_zero(run: Run) -> None:
    printed = run("inspect", "-", "--ascii", input="inputs: {z: [-3, -2]}\nnetwork: [h = relu(z)]\n").stdout
    line = next(line for line in printed.splitlines() if line.startswith("  h by z"))
    assert line.split() == ["h", "by", "z", "zero", "2", "x", "2", "32", "32"]


def test_collapsed_layers_are_the_ones_of_the_notes() -> None:
    """x W_hat + b_hat with W_hat = (3 -2; 0 1) and b_hat = (0, 2); as W x the matrix is turned. 2*3 + 3 + 3*2 + 2
    numbers become 2*2 + 2."""
    found = of("feedforward/collapsed-layers").collapsed
    assert not isinstance(found, Skipped)
    (one,) = found
    assert one.weights.tolist() == [[3, 0], [-2, 1]]
    assert one.bias.tolist() == [0, 2]
    assert (one.parameters, one.needed) == (17, 6)


def test_units_that_start_equal_are_found() -> None:
    found = of("initialisation/equal-weights").equal_units
    assert not isinstance(found, Skipped)
    assert [(one.units, one.equal_gradients) for one in found] == [((0, 1), True)]


def test_xavier_of_the_notes() -> None:
    """n_in = 2, n_out = 3: sigma sqrt(2/5), bound sqrt(6/5). x = (2, -1): gamma^2 = 5/2, predicted 2 sigma^2 5/2."""
    found = of("initialisation/xavier-uniform").initial_variance
    assert not isinstance(found, Skipped)
    (row,) = found
    assert (row.n_in, row.n_out) == (2, 3)
    assert (row.xavier_sigma, row.xavier_bound, row.gamma) == pytest.approx((sqrt(0.4), sqrt(1.2), sqrt(2.5)))
    assert row.sigma < row.xavier_bound
    assert row.predicted == pytest.approx(5 * row.sigma**2, rel=1e-14)
    assert row.balance == pytest.approx(2.5 * row.sigma**2, rel=1e-14)


def test_a_convolution_has_four_weights_where_a_dense_layer_has_36() -> None:
    work = of("convolution/shared-kernel").work
    (one,) = work.convolutions
    assert (one.inputs, one.outputs, one.convolution, one.dense) == (9, 4, 4, 36)
    assert (work.parameters, work.forward) == (5, 16)


def test_the_dead_unit_of_the_homework() -> None:
    """in4 = -8. Units 3, 4 and 5 have two products each; backwards two each, and one for each of a3 and a4."""
    found = of("feedforward/cse471")
    assert not isinstance(found.dead_units, Skipped)
    assert sum(len(row.dead) for row in found.dead_units) == 1
    assert (found.work.parameters, found.work.forward, found.work.backward) == (9, 6, 8)


def test_a_dead_unit_is_off_for_every_sample_and_a_leaky_one_is_none() -> None:
    found = of("activations/dying-relu").dead_units
    assert not isinstance(found, Skipped)
    assert [(row.units, len(row.dead), row.off, row.entries) for row in found] == [(1, 1, 3, 3)]


def test_routes_of_the_small_graphs() -> None:
    """c max(a, b): 5 to a, 0 to b. q y + q with y = 4: the copies of q get 4 and 1. f = (x + y) z: -4 to both."""
    assert parts(of("graphs/max-routing"), "max") == {"a": 5, "b": 0}
    assert sorted(parts(of("graphs/copied-quantity"), "copy").values()) == [1, 4]
    assert parts(of("graphs/sum-times"), "add") == {"x": -4, "y": -4}
    assert parts(of("graphs/sum-times"), "multiply") == {"q": -4, "z": 3}


def test_three_units_on_a_line_make_four_pieces() -> None:
    found = of("feedforward/universal-approximation").linear_regions
    assert isinstance(found, LinearRegions)
    assert (found.inputs, found.widths, found.upper) == (1, (3,), 4)
    assert found.formula == "sum over j <= n_0 of C(n_1, j)"


def test_differences_of_the_worked_example_need_nine_passes() -> None:
    """Eight weights; the biases of the file are constants."""
    found = of("feedforward/two-two-two")
    assert not isinstance(found.passes, Skipped)
    assert (found.passes.numbers, found.passes.forward_passes, found.work.parameters) == (8, 9, 8)
