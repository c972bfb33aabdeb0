"""Each row of the table of losses with numbers by hand, and where the naive formulas fail."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcli
from dlcli.errors import HomeworkError
from tests.conftest import Homework, Run

Solved = Callable[[str], dict[str, Any]]

LN2, LN4, LN8 = math.log(2), math.log(4), math.log(8)
ROWS_P, ROWS_Y = [[1, 4], [0, 2]], [[3, 3], [0, 1]]
DISTRIBUTIONS = [[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]]

# expression in p and y, p, y, value, gradient by p (of the sum of the values where they are kept apart)
TABLE: list[tuple[str, Any, Any, Any, Any]] = [
    ("squared_error(p, y)", 3, 1, 4, 4),
    ("squared_error(p, y)", [1, 4], [3, 3], 5, [-4, 2]),
    ("squared_error(p, y)", ROWS_P, ROWS_Y, 3, [[-2, 1], [0, 1]]),
    ('squared_error(p, y, reduction="sum")', ROWS_P, ROWS_Y, 6, [[-4, 2], [0, 2]]),
    ('squared_error(p, y, reduction="none")', ROWS_P, ROWS_Y, [5, 1], [[-4, 2], [0, 2]]),
    ("squared_error(p, y)", [[1], [4]], [3, 3], 2.5, [[-2], [1]]),
    ("squared_error(p, y)", [1, 4], [[3], [3]], 2.5, [-2, 1]),
    ("half_squared_error(p, y)", [1, 4], [3, 3], 2.5, [-2, 1]),
    ("half_squared_error(p, y)", ROWS_P, ROWS_Y, 1.5, [[-1, 0.5], [0, 0.5]]),
    ('half_squared_error(p, y, reduction="sum")', ROWS_P, ROWS_Y, 3, [[-2, 1], [0, 1]]),
    ('half_squared_error(p, y, reduction="none")', ROWS_P, ROWS_Y, [2.5, 0.5], [[-2, 1], [0, 1]]),
    ("cross_entropy(p, y)", DISTRIBUTIONS[0], [0, 1, 0], LN4, [0, -4, 0]),
    ("cross_entropy(p, y)", DISTRIBUTIONS[0], 1, LN4, [0, -4, 0]),
    ("cross_entropy(p, y)", DISTRIBUTIONS, [0, 2], 2 * LN2, [[-1, 0, 0], [0, 0, -4]]),
    (
        "cross_entropy(p, y)",
        DISTRIBUTIONS,
        [[0.5, 0.5, 0], [0, 0, 1]],
        2.25 * LN2,
        [[-0.5, -1, 0], [0, 0, -4]],
    ),
    ('cross_entropy(p, y, reduction="sum")', DISTRIBUTIONS, [0, 2], LN2 + LN8, [[-2, 0, 0], [0, 0, -8]]),
    ('cross_entropy(p, y, reduction="none")', DISTRIBUTIONS, [0, 2], [LN2, LN8], [[-2, 0, 0], [0, 0, -8]]),
    ("cross_entropy(p, y)", [DISTRIBUTIONS], [[0, 2]], 2 * LN2, [[[-1, 0, 0], [0, 0, -4]]]),
    ("softmax_cross_entropy(z, y)", [0, 0, 0, 0], 1, LN4, [0.25, -0.75, 0.25, 0.25]),
    ("softmax_cross_entropy(z, y)", [7, 7, 7, 7], [0, 0.5, 0.5, 0], LN4, [0.25, -0.25, -0.25, 0.25]),
    ("softmax_cross_entropy(z, y)", [[0, 0], [5, 5]], [0, 1], LN2, [[-0.25, 0.25], [0.25, -0.25]]),
    ('softmax_cross_entropy(z, y, reduction="sum")', [[0, 0]], [0], LN2, [[-0.5, 0.5]]),
    ('softmax_cross_entropy(z, y, reduction="none")', [[0, 0]], [0], [LN2], [[-0.5, 0.5]]),
    ("multiclass_hinge(s, y)", [1, 3, 2], 0, 5, [-2, 1, 1]),
    ("multiclass_hinge(s, y, margin=0.5)", [1, 3, 2], 0, 4, [-2, 1, 1]),
    ("multiclass_hinge(s, y)", [[1, 3, 2], [5, 1, 4.5]], [0, 0], 2.75, [[-1, 0.5, 0.5], [-0.5, 0, 0.5]]),
    ('multiclass_hinge(s, y, reduction="none")', [[1, 3, 2]], [0], [5], [[-2, 1, 1]]),
    ("kl_divergence(q, y)", [0.25, 0.75], [0.5, 0.5], 0.5 * LN2 + 0.5 * math.log(2 / 3), [-2, -2 / 3]),
    ("kl_divergence(q, y)", [0.25, 0.75], [1, 0], LN4, [-4, 0]),
    ("kl_divergence(q, y)", [[0.25, 0.75], [0.5, 0.5]], [[1, 0], [0, 1]], 1.5 * LN2, [[-2, 0], [0, -1]]),
    ('kl_divergence(q, y, reduction="sum")', [[0.25, 0.75]], [[1, 0]], LN4, [[-4, 0]]),
    ("mse(p, y)", [1, 4], [3, 3], 2.5, [-2, 1]),
    ("mse(p, y)", ROWS_P, ROWS_Y, 1.5, [[-1, 0.5], [0, 0.5]]),
    ("mse(p, y)", [[1], [4]], [3, 3], 2.5, [[-2], [1]]),
    ('mse(p, y, reduction="sum")', ROWS_P, ROWS_Y, 6, [[-4, 2], [0, 2]]),
    ('mse(p, y, reduction="none")', ROWS_P, ROWS_Y, [[4, 1], [0, 1]], [[-4, 2], [0, 2]]),
    ("mae(p, y)", [1, 4], [3, 3], 1.5, [-0.5, 0.5]),
    ('mae(p, y, reduction="sum")', [1, 4], [3, 3], 3, [-1, 1]),
    ("huber(p, y)", [1, 3.5], [3, 3], 0.8125, [-0.5, 0.25]),
    ("huber(p, y, delta=0.25)", [1, 3.5], [3, 3], 0.28125, [-0.125, 0.125]),
    ("huber(p, y, 0.25)", [1, 3.5], [3, 3], 0.28125, [-0.125, 0.125]),
    ("bce(p, y)", [0.25, 0.5], [0, 1], (math.log(4 / 3) + LN2) / 2, [2 / 3, -1]),
    ("bce(p, y)", [[0.25], [0.5]], [0, 1], (math.log(4 / 3) + LN2) / 2, [[2 / 3], [-1]]),
    ('bce(p, y, reduction="sum")', [0.25, 0.5], [0, 1], math.log(4 / 3) + LN2, [4 / 3, -2]),
    ("bce(p, y)", 0.5, 0.25, LN2, 1),
    ("bce_with_logits(z, y)", [0, 0], [0, 1], LN2, [0.25, -0.25]),
    ('bce_with_logits(z, y, reduction="none")', [0, 0], [0, 1], [LN2, LN2], [0.5, -0.5]),
    ("hinge(s, y)", [0.5, -2], [1, 1], 1.75, [-0.5, -0.5]),
    ("hinge(s, y)", [2, -2], [1, -1], 0, [0, 0]),
    ("hinge(s, y, margin=2)", [0.5, -0.5], [1, -1], 1.5, [-0.5, 0.5]),
]


@pytest.mark.parametrize(
    ("expression", "p", "y", "value", "slopes"),
    [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in TABLE],
)
def test_loss_and_its_slope_are_those_worked_out_by_hand(
    solved: Solved, expression: str, p: Any, y: Any, value: Any, slopes: Any
) -> None:
    first = expression[expression.index("(") + 1]
    loss = "sum(q_)" if isinstance(value, list) else "q_"
    text = f"inputs: {{{first}: {p}}}\ntargets: {{y: {y}}}\nnetwork:\n  - 'q_ = {expression}'\nloss: {loss}\n"
    found = solved(text)
    assert np.shape(found["values"]["q_"]) == np.shape(value)
    np.testing.assert_allclose(found["values"]["q_"], value, rtol=1e-12, atol=1e-15)
    for witness in ("backprop", "symbolic", "complex_step"):
        np.testing.assert_allclose(found["gradients"][first][witness], slopes, rtol=1e-12, atol=1e-15)
    assert found["verdict"] == "pass"


@pytest.mark.parametrize(("p", "y"), [([1, 2], [1, 2, 3]), ([1, 2], [[1, 2], [3, 4]]), ([[1, 2]], [1, 2]), ([1, 2], 1)])
def test_prediction_and_target_of_other_shapes_are_refused(homework: Homework, p: Any, y: Any) -> None:
    text = f"inputs: {{p: {p}}}\ntargets: {{y: {y}}}\nloss: mse(p, y)\nnetwork: [q = p]\n"
    with pytest.raises(HomeworkError) as caught:
        dlcli.solve(homework(text))
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code.startswith("E2")
    assert str(np.shape(p)) in str(caught.value)


def test_loss_that_keeps_samples_apart_is_no_loss(homework: Homework) -> None:
    text = 'inputs: {p: [1, 2]}\ntargets: {y: [1, 1]}\nnetwork: [q = p]\nloss: mse(p, y, reduction="none")\n'
    with pytest.raises(HomeworkError, match="single number"):
        dlcli.solve(homework(text))


def extreme(solved: Solved, z: Any, target: Any, equation: str, loss: str) -> tuple[Any, Any]:
    """The loss and the gradient by z of an example where the naive formula fails."""
    text = f"inputs: {{z: {z}}}\ntargets: {{y: {target}}}\nnetwork:\n  - {equation}\nloss: {loss}\nwrt: [z]\n"
    found = solved(text)
    assert found["verdict"] == "pass"
    return found["loss"]["value"], found["gradients"]["z"]["backprop"]


class TestWhereTheNaiveFormulaFails:
    def test_bce_of_sigmoid_at_40_is_40_with_slope_1(self, solved: Solved) -> None:
        assert extreme(solved, 40, 0, "p = sigmoid(z)", "bce(p, y)") == (pytest.approx(40, rel=1e-15), 1)

    def test_bce_of_sigmoid_at_minus_800_is_800(self, solved: Solved) -> None:
        assert extreme(solved, -800, 1, "p = sigmoid(z)", "bce(p, y)") == (800, -1)

    @pytest.mark.parametrize("loss", ["cross_entropy(p, y)", "softmax_cross_entropy(z, y)"])
    def test_logits_of_1000_are_finite(self, solved: Solved, loss: str) -> None:
        value, slopes = extreme(solved, [1000, 0, -1000], 1, "p = softmax(z)", loss)
        assert value == 1000
        assert slopes == [1, -1, 0]

    def test_log_of_softmax_of_logits_of_1000_is_finite(self, solved: Solved) -> None:
        value, slopes = extreme(solved, [1000, 0], 1, "p = log(softmax(z))", "-sum(y*p)")
        assert value == 1000
        assert slopes == [1, -1]

    def test_slope_of_sigmoid_at_40(self, solved: Solved) -> None:
        _, slope = extreme(solved, 40, 0, "p = sigmoid(z)", "p")
        assert slope == pytest.approx(4.248354255291589e-18, rel=1e-12)

    def test_0_ln_0_is_0(self, run: Run) -> None:
        for loss in ("cross_entropy(p, y)", "bce(p, y)", "kl_divergence(p, y)", "-sum(xlogy(y, p))"):
            text = f"inputs: {{p: [0, 1]}}\ntargets: {{y: [0, 1]}}\nnetwork: [q = p]\nloss: {loss}\n"
            result = run("solve", "-", "--format", "json", input=text)
            assert json.loads(result.stdout)["loss"]["value"] == 0, loss
