"""The problems that come with dlcli: each is right, and its gradients are those worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcli
from dlcli.file_check import gradcheck
from tests.conftest import Run
from tests.oracle import losses
from tests.oracle.dual import Dual, gradients, variables
from tests.oracle.functions import sigmoid, softmax, tanh

PROBLEMS = Path(__file__).parent.parent / "problems"
FILES = sorted(path.relative_to(PROBLEMS).as_posix() for path in PROBLEMS.rglob("*.yaml"))
SCHEMA_LINE = "# yaml-language-server: $schema=../homework.schema.json\n"

S2, S23 = 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(-23.0))

# Delta_5 = 2 (yhat - y) yhat (1 - yhat); Delta_3 = Delta_5 w35 a3 (1 - a3), and so for unit 4
DELTA5 = 2 * (3 / 4) * (3 / 4) * (1 / 4)
DELTA3, DELTA4 = DELTA5 * 3 * 2 / 9, DELTA5 * -6 * 2 / 9

BY_HAND: dict[str, dict[str, Any]] = {
    "feedforward/cse471.yaml": {
        "w03": 2 * S23, "w04": 0, "w05": S23, "w13": -6 * S23, "w14": 0,
        "w23": 10 * S23, "w24": 0, "w35": 11 * S23, "w45": 0,
    },
    "feedforward/unit-by-unit.yaml": {
        "in5": DELTA5, "in3": DELTA3, "in4": DELTA4,
        "w05": DELTA5, "w35": DELTA5 * 2 / 3, "w45": DELTA5 / 3,
        "w03": DELTA3, "w13": DELTA3, "w23": DELTA3 * 2,
        "w04": DELTA4, "w14": DELTA4, "w24": DELTA4 * 2,
    },
    "feedforward/two-hidden-layers.yaml": {
        "a3": S2, "a2": [0, 0.4 * S2], "a1": [0.8 * S2, 0.4 * S2],
        "W3": [0, 5 * S2], "W2": [[0, 0], [0.4 * S2, 1.2 * S2]],
        "W1": [[0.8 * S2, 1.6 * S2], [0.4 * S2, 0.8 * S2]],
    },
    "feedforward/row-vectors.yaml": {
        "W1": [[-0.1, -0.44], [1.2, -1.02]], "b1": [0.3, -0.48], "W2": [[2.3], [1.06]], "b2": [0.3],
    },
    "graphs/sum-times.yaml": {"x": -4, "y": -4, "z": 3, "q": -4},
    "classification/logistic-regression.yaml": {"w": [-2 / 9, 1 / 4], "b": 1 / 4},
    "classification/multiclass-svm.yaml": {
        "W": [[-4, 2], [2, -1], [2, -1], [0, 0]], "b": [-2, 1, 1, 0],
    },
    "regularisation/l1-regularised.yaml": {"W": [[-5, -13], [3, 5]]},
}  # fmt: skip


def mazur() -> dict[str, Any]:
    w1, w2 = variables([[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]])
    h = sigmoid(w1 @ np.array([0.05, 0.10]) + 0.35)
    loss = losses.half_squared_error(sigmoid(w2 @ h + 0.60), np.array([0.01, 0.99]))
    return dict(zip(["W1", "W2"], gradients(loss, [w1, w2]), strict=True))


def k_ary() -> dict[str, Any]:
    """dL/dA = (Y - T)/B, dL/dW = (Y - T) X^T / B, dL/db its sum over the samples."""
    x = np.array([[1.0, 0, 2, -1], [2, 1, -1, 0]])
    w, b = np.array([[1, 0], [0.5, -1], [-0.25, 2]]), np.array([[0.5], [0], [-0.5]])
    t = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1]])
    raised = np.exp(w @ x + b)
    error = (raised / raised.sum(axis=0) - t) / 4
    return {"A": error, "W": error @ x.T, "b": error.sum(axis=1, keepdims=True)}


def softmax_rows() -> dict[str, Any]:
    numbers: list[Any] = [[[0.5, -0.25], [0.25, 1]], [0, 0.5], [[1, 0, -1], [0.5, -0.5, 1]], [0, 0.25, 0]]
    leaves = variables([*numbers, np.zeros((2, 3))])
    w_h, b_h, w, b, shift = leaves
    h: Dual = tanh(np.array([[1, -1], [0.5, 2]]) @ w_h + b_h)
    loss = losses.cross_entropy(softmax(h @ w + b + shift), [2, 0])
    names = ["W_h", "b_h", "W_yhat", "b_yhat", "z_yhat"]
    return dict(zip(names, gradients(loss, leaves), strict=True))


def softmax_scores() -> dict[str, Any]:
    raised = np.exp([2.1, 0.9, 1.5])
    return {"z": raised / raised.sum() - [1, 0, 0]}


BY_HAND["feedforward/two-two-two.yaml"] = mazur()
BY_HAND["classification/k-ary-batch.yaml"] = k_ary()
BY_HAND["classification/softmax-rows.yaml"] = softmax_rows()
BY_HAND["classification/softmax-scores.yaml"] = softmax_scores()
REFUSED = {"feedforward/cse471-relu-output.yaml": "E310"}
KINKS = {"activations/relu-at-zero.yaml", "graphs/max-tie.yaml"}


@pytest.mark.parametrize("file", sorted(BY_HAND))
def test_gradients_are_those_worked_out_by_hand(file: str) -> None:
    solution = dlcli.solve(PROBLEMS / file)
    assert solution.verdict == "pass"
    tensors = {tensor.name: tensor for tensor in solution.comparison.tensors}
    assert set(tensors) == set(BY_HAND[file])
    for name, expected in BY_HAND[file].items():
        tensor = tensors[name]
        for found in (tensor.backprop, tensor.symbolic, tensor.complex_step):
            assert found is not None
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("file", FILES)
def test_problem_is_right(file: str) -> None:
    check = gradcheck(PROBLEMS / file)
    assert check.verdict == ("kink" if file in KINKS else "pass")
    assert check.error is None or file in REFUSED


@pytest.mark.parametrize("file", sorted(REFUSED))
def test_counter_example_is_refused_with_the_error_it_expects(file: str) -> None:
    with pytest.raises(dlcli.HomeworkError) as caught:
        dlcli.solve(PROBLEMS / file)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [REFUSED[file]]


@pytest.mark.parametrize("file", FILES)
def test_problem_starts_with_its_schema_and_says_what_it_is(file: str) -> None:
    text = (PROBLEMS / file).read_text(encoding="utf-8")
    assert text.startswith(SCHEMA_LINE)
    for key in ("title:", "source:", "notes:"):
        assert f"\n{key}" in text


def test_schema_beside_the_problems_is_current(run: Run) -> None:
    result = run("schema")
    assert result.exit_code == 0
    assert json.loads((PROBLEMS / "homework.schema.json").read_text(encoding="utf-8")) == json.loads(result.stdout)


def test_values_of_the_exercises_by_hand() -> None:
    yhat = dlcli.solve(PROBLEMS / "feedforward/unit-by-unit.yaml").values
    assert [float(yhat[name]) for name in ("a3", "a4", "yhat")] == pytest.approx([2 / 3, 1 / 3, 3 / 4], rel=1e-14)
    predictions = dlcli.solve(PROBLEMS / "classification/logistic-regression.yaml").values["yhat"]
    np.testing.assert_allclose(predictions, [2 / 3, 3 / 4, 1 / 3], rtol=1e-14)
    deep = dlcli.solve(PROBLEMS / "feedforward/two-hidden-layers.yaml").values
    assert (deep["a1"].tolist(), deep["a2"].tolist(), float(deep["a3"])) == ([1, 3], [-2, 5], 2)
    hinge = dlcli.solve(PROBLEMS / "classification/multiclass-svm.yaml")
    assert (hinge.values["s"].tolist(), hinge.loss) == ([3, 4.5, 2.5, -2.75], 3)
    assert dlcli.solve(PROBLEMS / "regularisation/l1-regularised.yaml").loss == 17


def test_step_of_the_worked_example_is_the_published_one() -> None:
    solution = dlcli.solve(PROBLEMS / "feedforward/two-two-two.yaml")
    assert solution.loss == pytest.approx(0.298371109, abs=1e-9)
    assert solution.step is not None
    assert float(solution.step.weights["W2"][0, 0]) == pytest.approx(0.35891648, abs=1e-8)
    assert float(solution.step.weights["W1"][0, 0]) == pytest.approx(0.149780716, abs=1e-8)


def test_check_counts_an_expected_error_as_right(run) -> None:
    path = str(PROBLEMS / "feedforward/cse471-relu-output.yaml")
    done = run("check", path)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{path}: fine (expected E310)\n", "")
