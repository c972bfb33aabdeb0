"""Formulas over a network's quantities: right for all numbers, on one side of a kink, or at the file's alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlcli.equivalence import Judgement, drawn, equivalent_in_network, equivalent_in_worlds, redrawn
from dlcli.equivalence.draws import branches
from dlcli.errors import Source
from dlcli.language import parse_expression
from dlcli.questions.evaluation import evaluate
from dlcli.questions.records import ExpressionForm
from dlcli.questions.world import World
from dlcli.solving import check, check_spec
from dlcli.spec import load
from tests.homeworks import CSE_471

CLASSES = """
inputs: {X: [[1, 2, 3], [4, 5, 6]]}
weights: {W: [[1, -1], [0, 2], [1, 1]], b: [0, 0]}
targets: {Y: [[1, 0], [0, 1]]}
network:
  - Z = X @ W + b
  - P = softmax(Z)
loss: cross_entropy(P, Y)
"""
NUMBERED = """
inputs: {X: [[1, 2], [3, 4], [5, 6]]}
weights: {W: [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]}
targets: {y: [0, 2, 1]}
network:
  - Z = X @ W
loss: softmax_cross_entropy(Z, y)
"""
SQUARED = """
inputs: {x: [1, 0]}
weights: {w: [2, 3], b: 1}
targets: {t: 0}
constants: {lambda: 1}
network:
  - p = w @ x + b
loss: (p - t)**2 + lambda*l2(w)
"""
DROPPED = """
inputs: {x: [1, 2, 3]}
weights: {w: [1, 1, 1]}
targets: {t: 1}
constants: {m: [1, 0, 1]}
network:
  - d = dropout(w*x, 0.5, mask=m)
  - h = max(d[0], d[2])
loss: hinge(h, t)
"""


def network(text: str) -> World:
    checked = check_spec(load(Source("homework.yaml", text), None))
    return World(checked.lowered, checked.graph)


def judge(text: str, ask: str, given: str, form: ExpressionForm = ExpressionForm()) -> Judgement:  # noqa: B008
    asked = parse_expression(ask)
    return equivalent_in_network(parse_expression(given), lambda w: evaluate(asked, w), drawn(network(text)), form)


@pytest.mark.parametrize(
    ("text", "ask", "given"),
    [
        (CSE_471, "grad(w35)", "(yhat - y)*a3"),
        (CSE_471, "grad(w35)", "a3*yhat - y*a3"),
        (CSE_471, "grad(w35)", "(1/(1 + exp(-in5)) - y)*relu(w03 + w13*x1 + w23*x2)"),
        (CSE_471, "grad(w45)", "(yhat - y)*a4"),
        (CSE_471, "grad(w13)", "(yhat - y)*w35*heaviside(in3)*x1"),
        (CSE_471, "grad(in5)", "yhat - y"),
        (CSE_471, "grad(yhat)", "-y/yhat + (1 - y)/(1 - yhat)"),
        (CSE_471, "yhat", "sigmoid(w05 + w35*a3 + w45*a4)"),
        (CSE_471, "loss", "-y*log(yhat) - (1 - y)*log(1 - yhat)"),
        (CLASSES, "grad(Z)", "(P - Y)/2"),
        (CLASSES, "grad(W)", "X.T @ (P - Y)/2"),
        (CLASSES, "grad(W)", "(X.T @ P - X.T @ Y)/2"),
        (CLASSES, "grad(b)", "mean(P - Y, axis=0)"),
        (NUMBERED, "grad(W)", "X.T @ (softmax(Z) - onehot(y, 3))/3"),
        (SQUARED, "grad(w)", "2*(p - t)*x + 2*lambda*w"),
        (SQUARED, "grad(w)", "2*(w[0]*x[0] + w[1]*x[1] + b - t)*x + 2*lambda*w"),
        (DROPPED, "grad(d)", "where(h*t < 1, 0 - t, 0)*[d[0] >= d[2], 0, d[0] < d[2]]"),
    ],
)
def test_a_formula_that_holds_for_all_numbers_is_equal_without_a_remark(text: str, ask: str, given: str) -> None:
    judged = judge(text, ask, given, ExpressionForm(everywhere=True))
    assert (judged.verdict, judged.remarks) == ("equal", ()), judged
    assert judged.points >= 4


@pytest.mark.parametrize(
    ("text", "ask", "given"),
    [
        (CSE_471, "grad(w35)", "(y - yhat)*a3"),
        (CSE_471, "grad(w35)", "(yhat - y)*w35"),
        (CSE_471, "grad(w13)", "(yhat - y)*x1"),
        (CSE_471, "grad(w13)", "(yhat - y)*yhat*(1 - yhat)*w35*x1"),
        (CLASSES, "grad(W)", "X.T @ (P - Y)"),
        (CLASSES, "grad(W)", "X.T @ (Y - P)/2"),
        (CLASSES, "grad(W)", "(P - Y).T @ X/2"),
        (SQUARED, "grad(w)", "(p - t)*x + 2*lambda*w"),
        (DROPPED, "h", "d[0]"),
        (DROPPED, "d", "w*x*m"),
    ],
)
def test_a_wrong_formula_is_different(text: str, ask: str, given: str) -> None:
    assert judge(text, ask, given, ExpressionForm(general=False)).verdict == "different"
    judged = judge(text, ask, given)
    assert judged.verdict == "different"
    assert "alone" not in judged.how


@pytest.mark.parametrize(
    ("text", "ask", "given"),
    [
        (CSE_471, "grad(w35)", "yhat*a3"),  # y is 0 in the file
        (CSE_471, "grad(w35)", "11*yhat"),
        (CSE_471, "grad(w35)", "yhat*11 + 0*x1"),
        (SQUARED, "grad(b)", "2*p"),  # t is 0
        (SQUARED, "p", "w[0]*x[0] + b"),  # x[1] is 0
        (CLASSES, "Z", "X @ W"),  # b is 0
    ],
)
def test_a_formula_that_is_right_at_the_files_numbers_alone_counts_only_where_that_suffices(
    text: str, ask: str, given: str
) -> None:
    judged = judge(text, ask, given)
    assert (judged.verdict, judged.how) == ("different", "it is right at the numbers of the file alone, not at others")
    judged = judge(text, ask, given, ExpressionForm(general=False))
    assert (judged.verdict, judged.how) == ("equal", "they agree at the numbers of the file")


@pytest.mark.parametrize(
    ("ask", "given", "condition"),
    [
        ("grad(w35)", "(yhat - y)*in3", "in3 > 0"),
        ("grad(w13)", "(yhat - y)*w35*x1", "in3 > 0"),
        ("grad(w45)", "0", "in4 <= 0"),
        ("grad(w14)", "0", "in4 <= 0"),
        ("in5", "w05 + w35*in3", "in3 > 0 and in4 <= 0"),
    ],
)
def test_a_formula_of_one_side_of_a_kink_says_on_which_it_holds(ask: str, given: str, condition: str) -> None:
    judged = judge(CSE_471, ask, given)
    assert (judged.verdict, judged.remarks) == ("equal", (f"holds while {condition}",))
    judged = judge(CSE_471, ask, given, ExpressionForm(everywhere=True))
    assert (judged.verdict, judged.how) == ("different", f"it holds only while {condition}")


def test_a_single_0_stands_for_an_array_of_zeros() -> None:
    judged = judge(CLASSES, "grad(W)*0", "0")
    assert (judged.verdict, judged.remarks) == ("equal", ("a single 0 stands for shape (3, 2)",))
    assert judge(CLASSES, "grad(W)", "0").verdict == "different"


def test_shapes_that_do_not_fit_are_different_and_unknown_names_undecided() -> None:
    assert judge(CLASSES, "grad(W)", "X @ X").how.startswith("the formula cannot be computed: ")
    assert judge(CLASSES, "grad(W)", "X @ X").verdict == "different"
    assert judge(CLASSES, "grad(W)", "X.T @ Q").verdict == "undecided"
    assert "(3,)" in judge(CLASSES, "grad(b)", "[1, 2, 3]").how


def test_cancellation_in_float64_is_no_difference() -> None:
    judged = judge(SQUARED, "p", "(p + 1e9) - 1e9")
    assert judged.verdict == "undecided"
    assert judged.how == "rounding hides whether they agree"
    assert judge(SQUARED, "p", "p + 1e-7").verdict == "different"


def test_digits_that_a_saturated_sigmoid_has_lost_are_no_difference() -> None:
    right = "-y*log(yhat) - (1 - y)*log(1 - yhat)"  # 1 - yhat keeps 6 digits at the file's numbers
    assert judge(CSE_471, "loss", right, ExpressionForm(general=False)).verdict == "undecided"
    assert judge(CSE_471, "loss", right).verdict == "equal"
    wrong = "-y*log(yhat) - (1 - y)*log(1 - yhat) + 1e-4"
    assert judge(CSE_471, "loss", wrong, ExpressionForm(general=False)).verdict == "different"


def test_without_worlds_nothing_is_decided() -> None:
    assert equivalent_in_worlds(parse_expression("x"), lambda w: w.value("x"), []).verdict == "undecided"


@pytest.mark.parametrize("text", [CSE_471, CLASSES, NUMBERED, SQUARED, DROPPED])
@pytest.mark.parametrize("same", [True, False])
def test_fresh_numbers_keep_shapes_and_sides_and_are_the_same_for_the_same_seed(text: str, same: bool) -> None:
    world = network(text)
    for seed in range(6):
        fresh, again = redrawn(world, seed, same), redrawn(world, seed, same)
        assert fresh is not None
        assert again is not None
        for number, array in fresh.graph.values.items():
            assert array.shape == world.graph.values[number].shape
            np.testing.assert_array_equal(array, again.graph.values[number])
        assert np.isfinite(fresh.value("loss"))
        if same:
            for number, sides in branches(world).items():
                np.testing.assert_array_equal(branches(fresh)[number], sides)


def test_labels_masks_and_class_numbers_stay_what_they_are() -> None:
    rows = [redrawn(network(CLASSES), seed, False) for seed in range(12)]
    labels = np.array([w.value("Y") for w in rows if w is not None])
    np.testing.assert_array_equal(labels.sum(axis=-1), np.ones((12, 2)))
    assert set(labels.reshape(-1)) == {0.0, 1.0}
    numbered = [redrawn(network(NUMBERED), seed, False) for seed in range(12)]
    classes = {int(c) for w in numbered if w is not None for c in w.value("y")}
    assert classes == {0, 1, 2}
    dropped = [redrawn(network(DROPPED), seed, False) for seed in range(12)]
    assert {float(m) for w in dropped if w is not None for m in w.value("m")} == {0.0, 1.0}
    assert {float(w.value("t")) for w in dropped if w is not None} == {-1.0, 1.0}
    targets = {float(w.value("y")) for w in (redrawn(network(CSE_471), seed, False) for seed in range(12)) if w}
    assert targets == {0.0, 1.0}


def test_a_free_target_is_drawn_from_all_numbers() -> None:
    values = {float(w.value("t")) for w in (redrawn(network(SQUARED), seed, False) for seed in range(8)) if w}
    assert len(values) == 8


def test_a_network_without_other_numbers_is_given_up() -> None:
    text = "inputs: {x: 1}\nweights: {w: 1}\nnetwork:\n  - a = where(w == x, w, 0)\nloss: a\n"
    assert redrawn(network(text), 0, same_branches=True) is None
    judged = judge(text, "a", "w")
    assert judged.verdict == "undecided"


def test_every_problem_of_the_bank_can_be_drawn_afresh() -> None:
    paths = sorted(Path(__file__).parents[1].joinpath("problems").rglob("*.yaml"))
    worlds = {}
    for path in paths:
        if "expect:" not in path.read_text(encoding="utf-8"):
            checked = check(path)
            worlds[path.stem] = World(checked.lowered, checked.graph)
    assert len(worlds) > 40
    for stem, world in worlds.items():
        found = drawn(world)
        assert len(found.near) >= 4, stem
        assert redrawn(world, 0, same_branches=False) is not None, stem
