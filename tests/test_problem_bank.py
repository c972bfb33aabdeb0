"""The problem bank, beside test_problems.py: values, gradients and steps worked out by hand; sources; the index."""

from __future__ import annotations

from fractions import Fraction
from math import erf, exp, log, pi, sqrt
from typing import Any

import numpy as np
import pytest

import dlcli
from dlcli.problem_bank import bundled
from tests import problem_index
from tests.test_problems import BY_HAND, FILES, KINKS, PROBLEMS, REFUSED

L2, L3 = log(2), log(3)
F = Fraction
LECTURES = (
    "Deep Feedforward Networks, notes for DL1, University of Amsterdam",
    "Lecture notes on neural networks and computation graphs",
    "CSE 471: Machine Learning, Deep Learning (lecture slides)",
    "Subir Varma, Dense Feed Forward Networks, Lecture 4",
    "Applied Deep Learning, P. Blaettchen, Bayes Business School",
)


def gelu_slopes() -> dict[str, list[float]]:
    """Phi(z) + z phi(z), and by the product rule z (1 + tanh u)/2 with u = sqrt(2/pi) (z + 0.044715 z^3)."""
    exact, approximate = [], []
    for z in (-1, 0, 1):
        exact.append((1 + erf(z / sqrt(2))) / 2 + z * exp(-z * z / 2) / sqrt(2 * pi))
        t = np.tanh(sqrt(2 / pi) * (z + 0.044715 * z**3))
        approximate.append((1 + t) / 2 + z * (1 - t * t) / 2 * sqrt(2 / pi) * (1 + 3 * 0.044715 * z * z))
    return {"z": exact, "u": approximate}


def softmax_at(temperature: float) -> np.ndarray:
    raised = np.exp(np.array([2.1, 0.9, 1.5]) / temperature)
    return np.asarray(raised / raised.sum())


DELTA = L2 / 3 - L3 / 2  # of deltas-with-softmax: (ln 2, ln 3) . (1/3, -1/2), by the one active unit
SELU = 1.7580993408473766  # lambda * alpha

GRADIENTS: dict[str, dict[str, Any]] = {
    "activations/absolute-relu.yaml": {"z": [-1, 1], "u": [-1, 1]},
    "activations/dying-relu.yaml": {"w": 0, "b": 0, "wl": F(6, 100), "bl": F(3, 100)},
    "activations/elu.yaml": {"z": [F(1, 2), 1], "u": [1, 1]},
    "activations/gelu.yaml": gelu_slopes(),
    "activations/leaky-relu.yaml": {"z": [F(1, 10), 1], "u": [F(1, 10), 1]},
    "activations/new-ones.yaml": {
        "z1": SELU / 2, "z2": 0.75 + L3 * 3 / 16, "z3": F(1, 4), "z4": F(1, 6), "z5": 1, "z6": F(1, 4), "z7": F(3, 5),
    },
    "activations/parametric-relu.yaml": {"alpha": 1 * -2 + 4 * -1, "z": [F(1, 4), 2, 1]},
    "activations/relu-at-zero.yaml": {"x": [0, 0, 1]},
    "activations/relu-jacobian.yaml": {"z": [1, 0, -3, 0], "v": [3, 0, 1, 0], "h": [1, 2, -3, 4]},
    "activations/sigmoid-slope.yaml": {"x": [F(3, 16), F(2, 9), F(1, 4)]},
    "activations/sine-chain.yaml": {"x": F(1, 32), "u": 1},
    "activations/softplus.yaml": {"x": [F(3, 4), F(1, 4)]},
    "activations/tanh-from-sigmoid.yaml": {"x": [F(16, 25), F(9, 25)], "u": [F(16, 25), F(9, 25)]},
    "activations/tanh-slope.yaml": {"z": [F(16, 25), F(9, 25)]},
    "activations/vanishing-gradient.yaml": {"x": F(1, 256), "u": 1},
    "classification/batch-step.yaml": {
        "W": [[F(1, 6), F(-5, 6)], [F(4, 6), F(1, 6)], [F(-5, 6), F(4, 6)]],
    },
    "classification/cross-entropy-sum.yaml": {
        "scores": [[F(1, 6), F(1, 3) - 1, F(1, 2)], [F(2, 3) - 1, F(1, 6), F(1, 6)]],
    },
    "classification/multiclass-fruit.yaml": {"z": [F(6, 11) - 1, F(4, 11), F(1, 11)]},
    "classification/multiclass-svm-margin.yaml": {"W": [[0, F(2, 3), F(-2, 3)], [F(1, 3), F(1, 3), F(-2, 3)]]},
    "classification/multilabel-image.yaml": {"z": [F(-1, 12), F(-1, 9), F(-2, 9)]},
    "classification/scores-to-probabilities.yaml": {
        "s": [F(1, 2), F(-2, 3), F(1, 6)], "W": [[F(1, 2), F(-1, 2)], [F(-2, 3), F(2, 3)], [F(1, 6), F(-1, 6)]],
    },
    "classification/softmax-gradient.yaml": {
        "W": [[F(1, 3), F(1, 6)], [F(-4, 3), F(-2, 3)], [1, F(1, 2)]], "b": [F(1, 6), F(-2, 3), F(1, 2)],
    },
    "classification/softmax-temperature.yaml": {
        "z": (softmax_at(2) - [1, 0, 0]) / 2, "u": (softmax_at(1 / 2) - [1, 0, 0]) * 2,
    },
    "classification/softmax-with-minus.yaml": {
        "z": [F(1, 6), F(1, 3), F(-1, 2)], "u": [F(-6, 11), F(-3, 11), F(9, 11)],
    },
    "classification/squared-error-saturates.yaml": {
        "z": F(-99, 100), "u": 2 * F(-99, 100) * F(1, 100) * F(99, 100),
    },
    "convolution/pooling.yaml": {
        "x": [[0, 0, 0, 0], [1, 0, 2, 0], [0, 3, 0, 0], [0, 0, 4, 0]],
        "u": [[F(1, 4)] * 2 + [F(1, 2)] * 2] * 2 + [[F(3, 4)] * 2 + [1] * 2] * 2,
    },
    "convolution/shared-kernel.yaml": {
        "w": [[1 + 2 + 0 + 1, 2 + 0 + 1 + 3], [0 + 1 + 2 - 1, 1 + 3 - 1 + 1]], "b": 4,
        "x": [[1, 0, -1], [3, 2, -1], [2, 2, 0]],
    },
    "feedforward/approximation-by-width.yaml": {
        "W1": [[6], [-6]], "b1": [3, 3], "W2": [[F(3, 2), F(3, 2)]], "b2": [F(3, 2)],
    },
    "feedforward/collapsed-layers.yaml": {
        "W1": [[1, 4, -1], [2, 8, -2]], "b1": [1, 4, -1], "W2": [[0, 0], [2, 4], [3, 6]], "b2": [1, 2],
    },
    "feedforward/deltas-with-softmax.yaml": {
        "a3": [F(1, 6), F(1, 3), F(-1, 2)], "a2": [DELTA, 0], "a1": [3 * DELTA, -DELTA],
        "W3": [[F(1, 6), 0], [F(1, 3), 0], [F(-1, 2), 0]], "W2": [[DELTA, 2 * DELTA], [0, 0]],
        "W1": [[3 * DELTA, -3 * DELTA], [-DELTA, DELTA]],
    },
    "feedforward/feature-learning.yaml": {"A": [[0, 0], [2, 4]], "B": [[0, 8], [0, 0]], "C": [4, 0]},
    "feedforward/functional-model.yaml": {
        "W_output_tensor": [[F(-7, 12), F(-1, 6), F(3, 4)], [F(-5, 6), F(1, 3), F(1, 2)]],
        "b_output_tensor": [F(-7, 24), F(-1, 12), F(3, 8)],
        "W_y": [[L2 / 24, L3 / 4], [-L2 / 8, 0]], "b_y": [-L2 / 24, L3 / 8],
        "W_x": [[L2 / 24 + L3 / 4, -L2 / 8], [-L2 / 3 - L3 / 8, -L2 / 4]], "b_x": [-L2 / 24 + L3 / 8, -L2 / 8],
    },
    "feedforward/jacobian-chain.yaml": {"h2": F(-1, 3), "w2": F(-1, 18), "h1": -8 * L2 / 81, "w1": -L2 / 54},
    "feedforward/single-unit-softmax.yaml": {"W1": [[0, 0], [0, 0]], "W2": [[0, 0]]},
    "feedforward/universal-approximation.yaml": {
        "W1": [[F(3, 4)], [F(4, 3)], [F(5, 6)]], "b1": [F(1, 2), F(2, 3), F(1, 3)],
        "W2": [[F(3, 4), F(1, 3), F(1, 12)]],
    },
    "graphs/chain-of-functions.yaml": {"w1": F(1, 2), "w2": 1, "f1": F(1, 8), "f2": F(1, 4), "f3": -1},
    "graphs/copied-quantity.yaml": {"q": 5, "x": 30, "y": 9},
    "graphs/logistic-graph.yaml": {"p": F(-4, 3), "u": F(-1, 4), "w": [F(-1, 2), F(1, 4)]},
    "graphs/max-routing.yaml": {"a": 5, "b": 0, "c": 2, "m": 5},
    "graphs/max-tie.yaml": {"a": 5, "b": 0, "c": 2},
    "graphs/numerical-differentiation.yaml": {"w": 12},
    "initialisation/equal-weights.yaml": {
        "W1": [[F(3, 8)] * 2, [F(6, 8)] * 2, [F(9, 8)] * 2], "b1": [F(3, 8)] * 2, "a1": [2, 2],
        "W2": [[F(3, 4)], [F(3, 4)]], "b2": [1],
    },
    "initialisation/xavier-uniform.yaml": {"W": [[2, -1]] * 3},
    "initialisation/xavier-variance.yaml": {"sigma": 4 * F(1, 2) * 9, "gamma": 4 * F(1, 4) * 3},
    "normalisation/batch-normalisation.yaml": {
        "beta": 3 + 5, "gamma": 3 + 5, "z": [0, 0, -2, 2], "w": [-4 + 2, -2 + 4], "b": 0,
    },
    "normalisation/batch-normalisation-prediction.yaml": {"z": [F(3, 2), 3, 6], "gamma": 0 + 2 + 4 * 2, "beta": 7},
    "recurrent/two-steps.yaml": {
        "U": [[F(9, 25) * F(3, 5)]], "h1": [F(9, 25) * F(5, 3) * L3],
        "W": [[F(48, 125) * L3]], "b": [F(9, 25) + F(48, 125) * L3],
    },
    "regression/multi-dimensional.yaml": {"W_yhat": [[F(1, 2), F(-1, 2)], [1, -2]], "b_yhat": [F(1, 2), F(-3, 2)]},
    "regression/squared-loss-sigmoid.yaml": {
        "w": [-2 * F(1, 4) * F(3, 16), 2 * F(2, 3) * F(2, 9)],
    },
    "regression/squared-loss-update.yaml": {"w": [-2 * (1 * 1 - 2 * 3), -2 * (1 * 2 + 2 * 1 + 2)]},
    "regularisation/dropout-expectation.yaml": {"w": [5, 8]},
    "regularisation/dropout-mask.yaml": {"h": [F(32, 9), 0, F(64, 9), F(16, 3)], "w": [F(64, 9), 0, F(256, 9), -16]},
    "regularisation/l2-regularised.yaml": {"W": [[-6 + 1, -12 - 2], [2 + 3, 4 + 1]]},
    "topologies/ensemble.yaml": {name: [F(-1, 3), F(-2, 3)] for name in ("w1", "w2", "w3")},
    "topologies/multi-input.yaml": {
        "w": [-6, 0, -8], "h": [-2, -10, 2], "Wu": [[-2, -4], [0, 0]], "Wv": [[4]],
    },
    "topologies/multi-label.yaml": {"W1": [[F(-1, 8), F(1, 8)], [F(1, 6), F(-1, 6)]], "b1": [F(-1, 8), F(1, 6)]},
    "topologies/residual.yaml": {"W1": [[0, 0], [1, 2]], "W2": [[0, 5], [0, -5]], "x": [1 + 1, -1 + 2]},
}  # fmt: skip

VALUES: dict[str, dict[str, Any]] = {
    "activations/absolute-relu.yaml": {"f": [2, 3], "g": [2, 3]},
    "activations/elu.yaml": {"h": [F(-1, 2), 3], "g": [-1, 3]},
    "activations/leaky-relu.yaml": {"f": [F(-1, 5), 3], "g": [F(-1, 5), 3]},
    "activations/new-ones.yaml": {
        "f1": -SELU / 2, "f2": 0.75 * L3, "f3": F(-1, 2), "f4": F(2, 3), "f5": F(1, 2), "f6": log(3 / 4), "f7": 0,
    },
    "activations/parametric-relu.yaml": {"f": [F(-1, 2), 3, F(-1, 4)]},
    "activations/sigmoid-slope.yaml": {
        "quotient": [F(3, 16), F(2, 9), F(1, 4)], "product": [F(3, 16), F(2, 9), F(1, 4)],
    },
    "activations/sine-chain.yaml": {"h5": sqrt(3) / 2, "r5": 2},
    "activations/softplus.yaml": {"a": [log(4), log(4 / 3)], "gap": [log(4 / 3), log(4 / 3)]},
    "activations/tanh-from-sigmoid.yaml": {
        "t": [F(3, 5), F(-4, 5)], "s": [F(3, 5), F(-4, 5)], "difference": [0, 0],
    },
    "activations/tanh-slope.yaml": {"definition": [F(3, 5), F(-4, 5)], "sech2": [F(16, 25), F(9, 25)]},
    "classification/multiclass-fruit.yaml": {"p": [F(6, 11), F(4, 11), F(1, 11)]},
    "classification/multilabel-image.yaml": {"p": [F(3, 4), F(2, 3), F(1, 3)]},
    "classification/scores-to-probabilities.yaml": {"P": [F(1, 2), F(1, 3), F(1, 6)]},
    "classification/softmax-gradient.yaml": {"y": [F(1, 6), F(1, 3), F(1, 2)]},
    "classification/softmax-temperature.yaml": {"soft": softmax_at(2), "sharp": softmax_at(1 / 2)},
    "classification/softmax-with-minus.yaml": {
        "meant": [F(1, 6), F(1, 3), F(1, 2)], "printed": [F(6, 11), F(3, 11), F(2, 11)],
    },
    "convolution/pooling.yaml": {
        "largest": [[4, 5], [1, 7]], "average": [[F(10, 4), F(5, 4)], [F(-1, 2), 4]],
    },
    "convolution/shared-kernel.yaml": {"y": [[1 - 2 + 0 + 1, 2 + 2 + 1], [-1 + 4 + 1, 1 - 3 - 2 + 1]]},
    "feedforward/collapsed-layers.yaml": {
        "a2": [3, 2], "W_hat": [[3, -2], [0, 1]], "b_hat": [0, 2], "difference": [0, 0],
    },
    "feedforward/jacobian-chain.yaml": {"h1": F(3, 4), "h2": F(2, 3)},
    "feedforward/single-unit-softmax.yaml": {"y": [1]},
    "feedforward/universal-approximation.yaml": {"error": [[F(1, 4)]] * 3},
    "graphs/numerical-differentiation.yaml": {"quotient": F(1261, 100)},
    "initialisation/xavier-uniform.yaml": {
        "o": np.random.RandomState(1).uniform(-sqrt(6 / 5), sqrt(6 / 5), (3, 2)) @ [2, -1],
    },
    "initialisation/xavier-variance.yaml": {"variance": F(9, 2)},
    "normalisation/batch-normalisation.yaml": {"n": [-1, -1, 3, 3], "h": [0, 0, 3, 3]},
    "normalisation/batch-normalisation-prediction.yaml": {"h": [-1, 2, 5]},
    "recurrent/two-steps.yaml": {"h1": [F(3, 5)], "h2": [F(4, 5)]},
    "regularisation/dropout-expectation.yaml": {"h": [3, -8], "expected": [3, -8]},
    "regularisation/dropout-mask.yaml": {"kept": [F(8, 3), 0, F(16, 3), 4]},
    "topologies/ensemble.yaml": {"y": 2, "average_loss": F(5, 6)},
    "topologies/multi-label.yaml": {"a1": [F(3, 4), F(1, 3)]},
}  # fmt: skip

LOSSES: dict[str, Any] = {
    "classification/batch-step.yaml": L3,
    "classification/multiclass-svm-margin.yaml": F(4, 3),
    "feedforward/approximation-by-width.yaml": F(25, 16),
    "feedforward/single-unit-softmax.yaml": 0,
    "regression/squared-loss-update.yaml": 1 + 4 + 4,
    "regularisation/dropout-mask.yaml": F(232, 9),
    "regularisation/l2-regularised.yaml": 9 + 1 + F(15, 2),
    "topologies/ensemble.yaml": F(1, 2),
}

STEPS: dict[str, dict[str, Any]] = {
    "classification/batch-step.yaml": {"W": [[F(-1, 10), F(1, 2)], [F(-2, 5), F(-1, 10)], [F(1, 2), F(-2, 5)]]},
    "initialisation/equal-weights.yaml": {
        "W1": [[L3 / 6 - 0.0375] * 2, [L3 / 6 - 0.075] * 2, [L3 / 6 - 0.1125] * 2], "b1": [-0.0375] * 2,
        "W2": [[2 - 0.075], [2 - 0.075]], "b2": [-0.1],
    },
    "regression/squared-loss-update.yaml": {"w": [0, F(1, 5)]},
}  # fmt: skip


def assert_equal(found: Any, expected: Any, name: str) -> None:
    """found is expected to 12 digits, of its shape."""
    numbers = np.array(expected, dtype=float)
    assert np.shape(found) == numbers.shape
    np.testing.assert_allclose(found, numbers, rtol=1e-12, atol=1e-14, err_msg=name)


def test_every_problem_has_its_numbers_by_hand() -> None:
    derived = {file for file in FILES if file.startswith("derivations/")}  # tests/test_derivations.py
    assert set(FILES) == {*BY_HAND, *REFUSED, *GRADIENTS, *derived}
    assert derived.isdisjoint({*BY_HAND, *REFUSED, *GRADIENTS})
    assert not GRADIENTS.keys() & BY_HAND.keys()


@pytest.mark.parametrize("file", sorted(GRADIENTS))
def test_solution_is_the_one_worked_out_by_hand(file: str) -> None:
    solution = dlcli.solve(PROBLEMS / file)
    assert solution.verdict == ("kink" if file in KINKS else "pass")
    assert not solution.warnings
    tensors = {tensor.name: tensor for tensor in solution.comparison.tensors}
    assert set(tensors) == set(GRADIENTS[file])
    for name, expected in GRADIENTS[file].items():
        assert_equal(tensors[name].backprop, expected, name)
        assert_equal(tensors[name].symbolic, expected, name)
    for name, expected in VALUES.get(file, {}).items():
        assert_equal(solution.values[name], expected, name)
    if file in LOSSES:
        assert_equal(solution.loss, LOSSES[file], "loss")
    if file in STEPS:
        assert solution.step is not None
        assert set(solution.step.weights) == set(STEPS[file])
        for name, expected in STEPS[file].items():
            assert_equal(solution.step.weights[name], expected, name)


@pytest.mark.parametrize("lecture", LECTURES)
def test_every_lecture_is_the_source_of_at_least_five_problems(lecture: str) -> None:
    assert sum((problem.source or "").startswith(lecture) for problem in bundled()) >= 5


def test_softmax_predicts_the_cat_at_every_temperature() -> None:
    values = dlcli.solve(PROBLEMS / "classification/softmax-temperature.yaml").values
    cat = [values["soft"][0], softmax_at(1)[0], values["sharp"][0]]
    assert cat == sorted(cat)
    assert {int(values[name].argmax()) for name in ("soft", "sharp")} == {0}


def test_index_is_current() -> None:
    """`python -m tests.problem_index` writes it."""
    assert {f"{name}.yaml" for name in problem_index.LESSONS} == set(FILES)
    assert problem_index.PATH.read_text(encoding="utf-8") == problem_index.index()
