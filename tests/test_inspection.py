"""Each section of an inspection against numbers worked out by hand."""

from __future__ import annotations

from math import acosh, cosh, sqrt

import numpy as np
import pytest

from dlcli.inspection import Inspection, Skipped, inspect
from dlcli.inspection.gradient_flow import GradientFlow
from dlcli.inspection.gradient_routes import Route
from dlcli.inspection.jacobians import Jacobian, Jacobians
from dlcli.inspection.linear_regions import LinearRegions, central_cuts, cuts
from dlcli.inspection.passes import Passes
from dlcli.solving import check
from tests.conftest import Homework

# Two hidden units with x = (1, 2): z1 = (1*1 + 1*2 + 1, -1*1 - 1*2 + 0) = (4, -3), a1 = (4, 0), z2 = 2*4 + 5*0 = 8,
# loss = (8 - 6)^2/2 = 2. Backwards: delta2 = 2, dL/da1 = (4, 10), delta1 = (4, 0), dL/dW1 = ((4, 8), (0, 0)).
RELU = """
    inputs: {x: [1, 2]}
    weights: {W1: [[1, 1], [-1, -1]], b1: [1, 0], W2: [[2, 5]], b2: [0]}
    targets: {y: [6]}
    network:
      - dense: {activation: relu}
      - dense: {}
    loss: half_squared_error
"""
# The same network, one equation a unit.
UNITS = """
    inputs: {x1: 1, x2: 2}
    weights: {w11: 1, w12: 1, b1: 1, w21: -1, w22: -1, b2: 0, v1: 2, v2: 5, c: 0}
    targets: {y: 6}
    network:
      - h1 = relu(b1 + w11*x1 + w12*x2)
      - h2 = relu(b2 + w22*x2 + w21*x1)
      - p = v1*h1 + v2*h2 + c
    loss: half_squared_error(p, y)
"""


def of(homework: Homework, text: str) -> Inspection:
    return inspect(check(homework(text)))


def jacobian(found: Inspection, f: str, q: str) -> Jacobian:
    assert isinstance(found.jacobians, Jacobians)
    return next(row for row in found.jacobians.rows if (row.of, row.by) == (f, q))


def route(found: Inspection, kind: str) -> Route:
    assert not isinstance(found.routes, Skipped)
    return next(one for one in found.routes if one.kind == kind)


def test_parameters_and_multiply_adds_by_layer(homework: Homework) -> None:
    """W1 x: 2*2 forward and backward (dW1 alone: x is not in wrt); W2 a1: 2 forward, 2 each for dW2 and da1."""
    work = of(homework, RELU).work
    first, second, loss = work.layers
    assert (first.name, first.parameters, first.forward, first.backward) == ("layer 1", 6, 4, 4)
    assert (second.name, second.parameters, second.forward, second.backward) == ("layer 2", 3, 2, 4)
    assert (loss.parameters, loss.forward) == (0, 0)
    assert first.shapes == {"z1": (2,), "a1": (2,)}
    assert (work.parameters, work.forward, work.backward) == (9, 6, 8)


def test_a_batch_multiplies_the_work(homework: Homework) -> None:
    text = RELU.replace("x: [1, 2]", "x: [[1, 2], [3, 4], [5, 6]]").replace("y: [6]", "y: [[6], [6], [6]]")
    work = of(homework, text).work
    assert (work.parameters, work.forward, work.backward) == (9, 18, 24)


def test_equations_of_units_cost_the_same(homework: Homework) -> None:
    work = of(homework, UNITS).work
    assert (work.parameters, work.forward, work.backward) == (9, 6, 8)


def test_convolution_against_dense(homework: Homework) -> None:
    """A 3 x 3 image and a 2 x 2 kernel: 4 places of 4 products; a dense layer from 9 to 4 numbers has 36 weights."""
    text = """
        inputs: {x: [[1, 2, 0], [0, 1, 3], [2, 1, 1]]}
        weights: {k: [[1, -1], [0, 2]]}
        network:
          - m = relu(conv2d(x, k))
        loss: sum(m)
    """
    work = of(homework, text).work
    assert (work.forward, work.backward) == (16, 16)
    (one,) = work.convolutions
    assert (one.inputs, one.outputs, one.convolution, one.dense) == (9, 4, 4, 36)


def test_a_bias_costs_a_convolution_no_products(homework: Homework) -> None:
    text = (
        "inputs: {x: [[1, 2, 0]]}\nweights: {k: [[[1, -1]]], b: [1]}\nnetwork:\n  - m = conv1d(x, k, b)\nloss: sum(m)\n"
    )
    work = of(homework, text).work
    assert (work.forward, work.backward) == (4, 4)


def test_products_of_a_recurrent_cell(homework: Homework) -> None:
    """Two inputs, one unit: W x has 8 products, U h 4; wrt W and U backwards 8 and 4, and nothing for x, h and b."""
    text = """
        inputs: {x: [1, 2], h0: [1], c0: [0]}
        weights: {W: {shape: [4, 2], init: normal}, U: {shape: [4, 1], init: normal}, b: [0, 0, 0, 0]}
        network:
          - h, c = lstm_cell(x, h0, c0, W, U, b)
        loss: sum(h)
    """
    work = of(homework, text).work
    assert (work.forward, work.backward) == (12, 12)


def test_products_of_an_attention(homework: Homework) -> None:
    """Two queries, three keys of size 4, values of size 1: 2*3*4 + 2*3*1. Backwards v alone: 6; all: 2*24 + 2*6."""
    text = """
        inputs: {q: {shape: [2, 4], init: normal}, k: {shape: [3, 4], init: normal}}
        weights: {v: {shape: [3, 1], init: normal}}
        network:
          - m = attention(q, k, v)
        loss: sum(m)
    """
    work = of(homework, text).work
    assert (work.forward, work.backward) == (30, 6)
    assert of(homework, text + "    wrt: [q, k, v]\n").work.backward == 60


def test_jacobian_sizes_and_memory(homework: Homework) -> None:
    """dz1/dW1: 2 outputs, 4 inputs, 8 numbers of 8 bytes; its product with a vector: 2 in and 4 out."""
    found = of(homework, RELU)
    row = jacobian(found, "z1", "W1")
    assert (row.outputs, row.inputs, row.entries, row.bytes, row.product_bytes) == (2, 4, 8, 64, 48)
    assert row.pattern == "full"
    assert isinstance(found.jacobians, Jacobians)
    assert found.jacobians.bytes == sum(one.bytes for one in found.jacobians.rows)
    assert found.jacobians.largest_product == 48


def test_jacobian_patterns(homework: Homework) -> None:
    found = of(homework, RELU)
    relu = jacobian(found, "a1", "z1")
    assert (relu.pattern, relu.zeros) == ("diagonal", 1)
    assert jacobian(found, "z1", "b1").pattern == "identity"
    assert jacobian(of(homework, RELU.replace("b1: [1, 0]", "b1: [-9, 0]")), "a1", "z1").pattern == "zero"
    assert jacobian(of(homework, RELU.replace("W2: [[2, 5]]", "W2: [[0, 0]]")), "z2", "a1").pattern == "zero"


def test_jacobian_of_softmax_is_full_and_of_sigmoid_diagonal(homework: Homework) -> None:
    text = "inputs: {x: [1, 2, 3]}\nnetwork:\n  - s = softmax(x)\n  - g = sigmoid(2*x)\n"
    found = of(homework, text)
    assert jacobian(found, "s", "x").pattern == "full"
    assert jacobian(found, "g", "x").pattern == "diagonal"


def test_numerical_differentiation_needs_one_more_pass_than_numbers(homework: Homework) -> None:
    """A clock that moves on by 1 at each look: every run takes 1, so ten forward passes take ten."""
    ticks = iter(range(1000))
    found = inspect(check(homework(RELU)), clock=lambda: float(next(ticks))).passes
    assert isinstance(found, Passes)
    assert (found.numbers, found.forward_passes) == (9, 10)
    assert (found.forward, found.both, found.numerical, found.ratio) == (1, 1, 10, 10)


@pytest.mark.parametrize("text", [RELU, UNITS], ids=["layers", "units"])
def test_gradient_flow(homework: Homework, text: str) -> None:
    """delta1 = (4, 0), delta2 = 2; dL/dW1 = ((4, 8), (0, 0)), norm sqrt(80); dL/dW2 = 2*(4, 0), norm 8."""
    flow = of(homework, text).gradient_flow
    assert isinstance(flow, GradientFlow)
    first, last = flow.layers
    assert (first.delta, last.delta) == pytest.approx((4, 2), rel=1e-15)
    assert (first.weights, last.weights) == pytest.approx((sqrt(80), 8), rel=1e-15)
    assert (flow.ratio, flow.per_layer, flow.weight_ratio) == pytest.approx((2, 2, sqrt(80) / 8), rel=1e-15)
    assert flow.verdict == "growing"


@pytest.mark.parametrize(
    ("weight", "verdict", "ratio"), [(0.01, "vanishing", 1e-4), (20, "exploding", 400), (1, "equal", 1)]
)
def test_gradients_vanish_and_explode_by_the_product_of_weights(
    homework: Homework, weight: float, verdict: str, ratio: float
) -> None:
    """Three linear units in a row: delta1 = w^2 delta3."""
    text = f"""
        inputs: {{x: [1]}}
        network:
          - dense: {{weights: [[1]]}}
          - dense: {{weights: [[{weight}]]}}
          - dense: {{weights: [[{weight}]]}}
        loss: sum(a3)
    """
    flow = of(homework, text).gradient_flow
    assert isinstance(flow, GradientFlow)
    assert flow.verdict == verdict
    assert (flow.ratio, flow.per_layer) == pytest.approx((ratio, weight), rel=1e-12)


def test_gradient_flow_passes_through_convolutions(homework: Homework) -> None:
    """x = (1, 2, 3), k1 = (1, 1): (3, 5); k2 = (2, 1): 11, the loss. Backwards 1, (2, 1), and dk1 = (1*2 + 2*1,
    2*2 + 3*1) = (4, 7), dk2 = (3, 5)."""
    text = """
        inputs: {x: [1, 2, 3]}
        weights: {k1: [1, 1], k2: [2, 1]}
        network:
          - u = conv1d(x, k1)
          - v = conv1d(u, k2)
        loss: sum(v)
    """
    flow = of(homework, text).gradient_flow
    assert isinstance(flow, GradientFlow)
    assert [row.name for row in flow.layers] == ["u", "v"]
    assert [row.delta for row in flow.layers] == pytest.approx([sqrt(5), 1])
    assert [row.weights for row in flow.layers] == pytest.approx([sqrt(65), sqrt(34)])


def test_numbers_that_overflow_are_reported_as_they_are(homework: Homework) -> None:
    found = of(homework, RELU.replace("x: [1, 2]", "x: [1e200, 2]"))
    assert not isinstance(found.initial_variance, Skipped)
    assert found.initial_variance[0].measured == float("inf")


@pytest.mark.parametrize(
    ("name", "limit", "slope"),
    [("sigmoid", 2 * acosh(sqrt(50)), 1 / (4 * cosh(3) ** 2)), ("tanh", acosh(sqrt(50)), 1 / cosh(6) ** 2)],
)
def test_saturated_units(homework: Homework, name: str, limit: float, slope: float) -> None:
    """Of z = (6, -6), (0, 6), (1, 6) by sample the second unit is saturated everywhere; 4 of 6 entries are."""
    text = f"inputs: {{x: [[6, -6], [0, 6], [1, 6]]}}\nnetwork:\n  - a = {name}(x)\nloss: sum(a)\n"
    found = of(homework, text).saturation
    assert not isinstance(found, Skipped)
    (row,) = found
    assert (row.saturated, row.entries, row.units, row.of_units) == (4, 6, 1, 2)
    assert row.limit == pytest.approx(limit, rel=1e-14)
    assert row.farthest == 6
    assert row.slope == pytest.approx(slope, rel=1e-10)


@pytest.mark.parametrize("side", [-1, 1])
def test_saturation_starts_at_its_limit(homework: Homework, side: int) -> None:
    """The sigmoid's slope at 2 arcosh(sqrt(50)) = 5.2882… is 1/50 of 1/4."""
    z = 2 * acosh(sqrt(50)) + side * 1e-6
    found = of(homework, f"inputs: {{x: [{z!r}]}}\nnetwork:\n  - a = sigmoid(x)\n").saturation
    assert not isinstance(found, Skipped)
    assert found[0].saturated == (1 if side > 0 else 0)


def test_dead_units(homework: Homework) -> None:
    """Samples (1, 2) and (-9, 0): z1 = (4, -3) and (-8, 9): neither unit is dead, each is off once."""
    found = of(homework, RELU).dead_units
    assert not isinstance(found, Skipped)
    assert (found[0].dead, found[0].units, found[0].off, found[0].entries) == ((1,), 2, 1, 2)
    batch = RELU.replace("x: [1, 2]", "x: [[1, 2], [-9, 0]]").replace("y: [6]", "y: [[6], [6]]")
    found = of(homework, batch).dead_units
    assert not isinstance(found, Skipped)
    assert (found[0].dead, found[0].off, found[0].entries) == ((), 2, 4)


def test_dead_units_with_samples_in_columns(homework: Homework) -> None:
    """z = W X with X = ((1, 2, 3)): rows (1, 2, 3) and (-1, -2, -3); the second unit is dead for all three samples."""
    text = """
        samples: columns
        inputs: {X: [[1, 2, 3]]}
        weights: {W: [[1], [-1]]}
        network:
          - A = relu(W @ X)
        loss: sum(A)
    """
    found = of(homework, text).dead_units
    assert not isinstance(found, Skipped)
    assert (found[0].dead, found[0].units, found[0].off) == ((1,), 2, 3)


def test_channels_are_the_units_of_a_convolution(homework: Homework) -> None:
    text = """
        inputs: {x: [[[1, 2], [3, 4]]]}
        weights: {k: [[[[1]]], [[[-1]]]]}
        network:
          - m = relu(conv2d(x, k))
        loss: sum(m)
    """
    found = of(homework, text).dead_units
    assert not isinstance(found, Skipped)
    assert (found[0].dead, found[0].units, found[0].off) == ((1,), 2, 4)


def test_what_operations_do_to_a_gradient(homework: Homework) -> None:
    """f = 2 max(x, y) + x w at x = 3, y = 1, w = 5: max sends 2 to x and 0 to y, x*w sends 5 to x and 3 to w."""
    text = """
        inputs: {x: 3, y: 1}
        weights: {w: 5}
        network:
          - m = maximum(x, y)
          - p = x*w
          - f = 2*m + p
        loss: f
    """
    found = of(homework, text)
    top = route(found, "max")
    assert (top.node, float(top.gradient)) == ("m", 2)
    assert [(name, float(part)) for name, _, part in top.parts] == [("x", 2), ("y", 0)]
    product = route(found, "multiply")
    assert (product.node, float(product.gradient)) == ("p", 1)
    assert [(name, float(part)) for name, _, part in product.parts] == [("x", 5), ("w", 3)]
    total = route(found, "add")
    assert [float(part) for _, _, part in total.parts] == [1, 1]
    copy = route(found, "copy")
    assert (copy.node, float(copy.gradient)) == ("x", 7)
    assert [(name, float(part)) for name, _, part in copy.parts] == [("m", 2), ("p", 5)]


def test_a_square_is_a_copy_used_twice_by_one_product(homework: Homework) -> None:
    """x*x at 3: each factor gets 3, together 6."""
    copy = route(of(homework, "inputs: {x: 3}\nnetwork:\n  - s = x*x\nloss: s\n"), "copy")
    assert [float(part) for _, _, part in copy.parts] == [3, 3]
    assert float(copy.gradient) == 6


def test_linear_layers_collapse(homework: Homework) -> None:
    """W2 W1 = (1 2) (1 0; 3 1) = (7 2), b = (1 2) (1 -1) + 10 = 9; 2*2 + 2 + 2 + 1 = 9 numbers become 3."""
    text = """
        inputs: {x: [1, 2]}
        weights: {W1: [[1, 0], [3, 1]], b1: [1, -1], W2: [[1, 2]], b2: [10]}
        network:
          - dense: {}
          - dense: {activation: sigmoid}
        loss: sum(a2)
    """
    found = of(homework, text).collapsed
    assert not isinstance(found, Skipped)
    (one,) = found
    assert one.layers == ("layer 1", "layer 2")
    assert one.weights.tolist() == [[7, 2]]
    assert one.bias.tolist() == [9]
    assert (one.parameters, one.needed) == (9, 3)


def test_linear_units_collapse_whatever_the_order_of_their_terms(homework: Homework) -> None:
    """v1 h1 + v2 h2 = 2 (x1 + x2 + 1) + 5 (-x1 - x2) = -3 x1 - 3 x2 + 2."""
    found = of(homework, UNITS.replace("relu", "").replace("v1*h1 + v2*h2", "v2*h2 + v1*h1")).collapsed
    assert not isinstance(found, Skipped)
    assert (found[0].weights.tolist(), found[0].bias.tolist()) == ([[-3, -3]], [2])


def test_row_convention_collapses_to_the_same_layer(homework: Homework) -> None:
    text = """
        convention: row
        inputs: {x: [1, 2]}
        weights: {W1: [[1, 3], [0, 1]], b1: [1, -1], W2: [[1], [2]], b2: [10]}
        network: [dense: {}, dense: {}]
        loss: sum(a2)
    """
    found = of(homework, text).collapsed
    assert not isinstance(found, Skipped)
    assert (found[0].weights.tolist(), found[0].bias.tolist()) == ([[7, 2]], [9])


def test_a_product_of_weights_is_no_layer(homework: Homework) -> None:
    text = """
        inputs: {x: [1, 2]}
        weights: {W1: [[1, 0], [3, 1]], W2: [[1, 2]]}
        network:
          - W = W2 @ W1
          - y = W2 @ (W1 @ x)
        loss: sum(y - W @ x)
    """
    found = of(homework, text)
    assert not isinstance(found.initial_variance, Skipped)
    assert [row.n_out for row in found.initial_variance] == [2, 1]
    assert not isinstance(found.collapsed, Skipped)
    assert [one.weights.tolist() for one in found.collapsed] == [[[7, 2]]]


def test_a_relu_between_layers_keeps_them_apart(homework: Homework) -> None:
    assert of(homework, RELU).collapsed == ()


EQUAL = """
    inputs: {x: [[1, 2], [0, 3]]}
    weights: {W1: [[1, 1], [2, 0], [1, 1]], b1: [1, 0, 1], W2: [[3, 5, 3]], b2: [0]}
    targets: {y: [[1], [2]]}
    network:
      - dense: {activation: tanh}
      - dense: {}
    loss: half_squared_error
"""


def test_equal_units_get_equal_gradients(homework: Homework) -> None:
    found = of(homework, EQUAL).equal_units
    assert not isinstance(found, Skipped)
    assert [(one.layer, one.units, one.equal_gradients) for one in found] == [("layer 1", (0, 2), True)]


@pytest.mark.parametrize("change", [("[[3, 5, 3]]", "[[3, 5, 4]]"), ("b1: [1, 0, 1]", "b1: [1, 0, 2]")])
def test_units_that_differ_in_one_weight_are_not_equal(homework: Homework, change: tuple[str, str]) -> None:
    assert of(homework, EQUAL.replace(*change)).equal_units == ()


def test_equal_units_written_in_scalars(homework: Homework) -> None:
    text = UNITS.replace("w21: -1, w22: -1, b2: 0", "w21: 1, w22: 1, b2: 1").replace("v2: 5", "v2: 2")
    found = of(homework, text).equal_units
    assert not isinstance(found, Skipped)
    assert [(one.units, one.equal_gradients) for one in found] == [((0, 1), True)]


def test_xavier_and_the_variance_of_outputs(homework: Homework) -> None:
    """W1 = +-1: sigma = 1; x = (1, 2): gamma^2 = 5/2; 2*1*5/2 = 5. W1 x = (3, -3): 9. Xavier: sqrt(2/4), sqrt(6/4)."""
    found = of(homework, RELU).initial_variance
    assert not isinstance(found, Skipped)
    first, second = found
    assert (first.n_in, first.n_out, first.sigma) == (2, 2, 1)
    assert (first.xavier_sigma, first.xavier_bound) == pytest.approx((sqrt(0.5), sqrt(1.5)))
    assert (first.predicted, first.measured, first.balance) == pytest.approx((5, 9, 2))
    assert (second.n_in, second.n_out) == (2, 1)
    assert second.measured == pytest.approx(64)
    assert second.xavier_sigma == pytest.approx(sqrt(2 / 3))


def test_variance_of_many_outputs_is_as_predicted(homework: Homework) -> None:
    """Weights and inputs drawn independently: 1000 outputs estimate n_in sigma^2 gamma^2 to some per cent."""
    numbers = np.random.default_rng(3).standard_normal(200).round(4).tolist()
    text = (
        f"inputs: {{x: {numbers}}}\nnetwork:\n  - dense: {{units: 1000, init: xavier_normal, seed: 1}}\nloss: sum(a1)"
    )
    found = of(homework, text).initial_variance
    assert not isinstance(found, Skipped)
    assert found[0].sigma == pytest.approx(found[0].xavier_sigma, rel=0.01)
    assert found[0].measured == pytest.approx(found[0].predicted, rel=0.1)


@pytest.mark.parametrize(("lines", "dimension", "regions"), [(3, 2, 7), (4, 2, 11), (5, 1, 6), (2, 5, 4)])
def test_regions_of_an_arrangement(lines: int, dimension: int, regions: int) -> None:
    """Three lines cut the plane into 7, four into 11; five points cut a line into 6; two planes make 4."""
    assert cuts(lines, dimension) == regions


@pytest.mark.parametrize(
    ("lines", "dimension", "regions"), [(1, 1, 2), (3, 1, 2), (1, 2, 2), (3, 2, 6), (5, 2, 10), (3, 3, 8), (4, 3, 14)]
)
def test_regions_of_an_arrangement_through_one_point(lines: int, dimension: int, regions: int) -> None:
    """Points at 0 cut a line into 2; n lines through 0 cut the plane into 2 n; three planes make 8, four 14."""
    assert central_cuts(lines, dimension) == regions


def test_without_biases_all_kinks_pass_through_zero(homework: Homework) -> None:
    """Three units of one input bend at 0 alone. Counted, not only bounded: the pattern of signs on a fine grid."""
    text = """
        inputs: {x: [[1], [2]]}
        network:
          - dense: {weights: [[1], [-2], [3]], bias: none, activation: relu}
          - dense: {units: 1}
        loss: sum(a2)
    """
    found = of(homework, text).linear_regions
    assert isinstance(found, LinearRegions)
    assert (found.upper, found.lower) == (2, None)
    assert found.upper_log10 == pytest.approx(np.log10(2))
    assert found.formula == "2 sum over j < n_0 of C(n_1 - 1, j), as without biases all kinks pass through 0"


def test_regions_without_biases_are_counted_on_a_circle(homework: Homework) -> None:
    """Two inputs: 4 lines through 0 make 8 sectors, and 3 more in each make 6 of them at most: 48. The network's own
    sectors, by the signs of all units at a million directions, are no more; the first layer's are 8."""
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(4, 2)), rng.normal(size=(3, 4))
    text = f"""
        inputs: {{x: [[1, 2], [0, 1]]}}
        network:
          - dense: {{weights: {first.tolist()}, bias: none, activation: relu}}
          - dense: {{weights: {second.tolist()}, bias: none, activation: relu}}
          - dense: {{units: 1}}
        loss: sum(a3)
    """
    found = of(homework, text).linear_regions
    assert isinstance(found, LinearRegions)
    angle = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    z1 = np.stack([np.cos(angle), np.sin(angle)], axis=1) @ first.T
    signs = np.concatenate([z1 > 0, np.maximum(z1, 0) @ second.T > 0], axis=1)

    def sectors(pattern: np.ndarray) -> int:
        return int(np.sum(np.any(pattern != np.roll(pattern, 1, axis=0), axis=1)))

    assert sectors(signs[:, :4]) == 8
    assert found.upper == 48
    assert 8 <= sectors(signs) <= found.upper


def test_linear_regions_of_two_hidden_layers(homework: Homework) -> None:
    """n_0 = 2, widths 4 and 3: at most 11*7 = 77; floor(4/2)^2 * 7 = 28 or more for some weights."""
    text = """
        inputs: {x: [1, 2]}
        network:
          - dense: {units: 4, activation: relu}
          - dense: {units: 3, activation: relu}
          - dense: {units: 1}
        loss: sum(a3)
    """
    found = of(homework, text).linear_regions
    assert isinstance(found, LinearRegions)
    assert (found.inputs, found.widths, found.upper, found.lower) == (2, (4, 3), 77, 28)
    assert found.upper_log10 == pytest.approx(np.log10(77))


def test_sections_that_do_not_apply_say_why(homework: Homework) -> None:
    found = of(homework, "inputs: {x: 2}\nnetwork:\n  - y = x*x\n")
    reasons = {name: part.reason for name, part in vars(found).items() if isinstance(part, Skipped)}
    assert reasons == {
        "passes": "there is no loss to differentiate",
        "gradient_flow": "there is no loss, so there are no gradients",
        "saturation": "there is no sigmoid and no tanh",
        "dead_units": "there is no ReLU",
        "routes": "there is no loss, so there are no gradients",
        "collapsed": "there are fewer than two layers of weights",
        "equal_units": "no layer of weights feeds another",
        "initial_variance": "there is no layer of weights z = W x + b",
        "linear_regions": "there is no layer of weights with a ReLU",
        "approximation": "the network is not one hidden layer and an output layer",
    }
