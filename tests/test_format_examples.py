"""The examples of the file format, word for word, with values by hand or from dual numbers, to 12 digits."""

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
from tests.homeworks import CSE_471
from tests.oracle.dual import Array, Dual, gradients, variables
from tests.oracle.functions import sigmoid
from tests.oracle.losses import half_squared_error

Solved = Callable[[str], dict[str, Any]]

DIGITS = 1e-12

S = 1 / (1 + math.exp(-23))
LOSS = math.log1p(math.exp(23))

COMPUTATION_GRAPH = """\
inputs: {x: -2, y: 5, z: -4}
network:
  - q = x + y
  - f = q * z
loss: f
wrt: [x, y, z, q]
"""

TWO_LAYERS = """\
inputs:  {x: [0.05, 0.10]}
targets: {t: [0.01, 0.99]}
network:
  - dense: {name: h, weights: [[0.15, 0.20], [0.25, 0.30]], bias: [0.35, 0.35], activation: sigmoid}
  - dense: {name: o, weights: [[0.40, 0.45], [0.50, 0.55]], bias: [0.60, 0.60], activation: sigmoid}
loss: half_squared_error
optimizer: {sgd: {learning_rate: 0.5}}
"""


def close(expected: Any) -> Any:
    return pytest.approx(expected, rel=DIGITS, abs=1e-300)


class TestHomeworkOfTheLecture:
    def test_values_by_hand(self, solved: Solved) -> None:
        found = solved(CSE_471)
        assert found["schema"] == "dlcli/solve/v1"
        assert found["title"] == "CSE 471: forward pass and gradients of a 2-2-1 network"
        by_hand = {
            "in3": 11,
            "a3": 11,
            "in4": -8,
            "a4": 0,
            "in5": 23,
            "yhat": S,
            "loss": math.log1p(math.exp(23)),
        }
        assert {name: found["values"][name] for name in by_hand} == close(by_hand)
        assert found["loss"]["value"] == close(23.00000000010262)

    def test_exact_values(self, solved: Solved) -> None:
        exact = solved(CSE_471)["exact"]
        assert {name: exact[name] for name in ("in3", "a3", "in4", "a4", "in5")} == {
            "in3": "11", "a3": "11", "in4": "-8", "a4": "0", "in5": "23",
        }  # fmt: skip

    @pytest.mark.parametrize("witness", ["backprop", "symbolic", "complex_step", "finite_difference"])
    def test_gradients_by_hand(self, solved: Solved, witness: str) -> None:
        by_hand = {
            "w03": 2 * S, "w04": 0, "w05": S, "w13": -6 * S, "w14": 0,
            "w23": 10 * S, "w24": 0, "w35": 11 * S, "w45": 0,
        }  # fmt: skip
        found = solved(CSE_471)
        assert found["parameters"] == 9
        assert list(found["gradients"]) == ["w03", "w04", "w05", "w13", "w14", "w23", "w24", "w35", "w45"]
        rel, absolute = (1e-9, 1e-9) if witness == "finite_difference" else (DIGITS, 1e-300)
        slopes = {name: g[witness] for name, g in found["gradients"].items()}
        assert slopes == pytest.approx(by_hand, rel=rel, abs=absolute)

    def test_verdicts(self, solved: Solved) -> None:
        found = solved(CSE_471)
        assert found["verdict"] == "pass"
        assert {g["verdict"] for g in found["gradients"].values()} == {"pass"}
        dead = {name for name, g in found["gradients"].items() if g["vacuous"]}
        assert dead == {"w04", "w14", "w24", "w45"}

    def test_python_interface_gives_the_same_numbers(self, homework: Homework, solved: Solved) -> None:
        solution = dlcli.solve(homework(CSE_471))
        printed = solved(CSE_471)
        assert solution.verdict == "pass"
        assert solution.loss == printed["loss"]["value"]
        for tensor in solution.comparison.tensors:
            assert tensor.shape == ()
            assert float(tensor.backprop) == printed["gradients"][tensor.name]["backprop"]

    def test_relu_at_the_output_is_refused_with_value_domain_and_advice(self, homework: Homework) -> None:
        text = CSE_471.replace("yhat = sigmoid(in5)", "yhat = relu(in5)")
        with pytest.raises(HomeworkError) as caught:
            dlcli.solve(homework(text))
        [diagnostic] = caught.value.diagnostics
        said = " ".join([diagnostic.message, diagnostic.help or "", *diagnostic.notes])
        assert diagnostic.code.startswith("E3")
        for part in ("yhat", "23", "[0, 1]", "sigmoid"):
            assert part in said
        assert diagnostic.place is not None
        assert diagnostic.place.line == 12

    def test_relu_at_the_output_exits_2_and_prints_nothing_on_standard_output(self, run: Run) -> None:
        text = CSE_471.replace("yhat = sigmoid(in5)", "yhat = relu(in5)")
        result = run("solve", "-", input=text)
        assert result.exit_code == 2
        assert result.stdout == ""
        for part in ("yhat", "23", "[0, 1]", "sigmoid"):
            assert part in result.stderr
        assert "Traceback" not in result.stderr
        assert "nan" not in result.stderr

    def test_relu_at_the_output_in_json_is_an_error_document(self, run: Run) -> None:
        text = CSE_471.replace("yhat = sigmoid(in5)", "yhat = relu(in5)")
        result = run("solve", "-", "--format", "json", input=text)
        assert result.exit_code == 2
        document = json.loads(result.stdout)
        assert document["schema"] == "dlcli/error/v1"
        [error] = document["errors"]
        assert (error["line"], error["code"][:2]) == (12, "E3")

    def test_prediction_on_the_edge_of_the_domain_is_infinite_and_inconclusive(self, run: Run) -> None:
        text = "inputs: {p: 0}\ntargets: {y: 1}\nnetwork:\n  - q = p * 1\nloss: bce(q, y)\n"
        result = run("solve", "-", "--format", "json", input=text)
        found = json.loads(result.stdout)
        assert found["loss"]["value"] == "inf"
        assert found["verdict"] == "inconclusive"
        assert found["warnings"]


class TestComputationGraph:
    def test_values_and_gradients_by_hand(self, solved: Solved) -> None:
        found = solved(COMPUTATION_GRAPH)
        assert {name: found["values"][name] for name in ("q", "f")} == {"q": 3, "f": -12}
        assert {name: g["backprop"] for name, g in found["gradients"].items()} == {
            "x": -4,
            "y": -4,
            "z": 3,
            "q": -4,
        }
        assert found["verdict"] == "pass"

    def test_without_weights_and_wrt_all_inputs_are_differentiated(self, solved: Solved) -> None:
        found = solved(COMPUTATION_GRAPH.replace("wrt: [x, y, z, q]\n", ""))
        assert list(found["gradients"]) == ["x", "y", "z"]


def two_layers_by_dual_numbers() -> tuple[dict[str, Array], dict[str, Array]]:
    """Values and gradients of the two-layer example."""
    names = ["W_h", "b_h", "W_o", "b_o"]
    numbers: list[Any] = [
        [[0.15, 0.20], [0.25, 0.30]],
        [0.35, 0.35],
        [[0.40, 0.45], [0.50, 0.55]],
        [0.60, 0.60],
    ]
    leaves = variables(numbers)
    w_h, b_h, w_o, b_o = leaves
    z_h: Dual = w_h @ np.array([0.05, 0.10]) + b_h
    h = sigmoid(z_h)
    z_o = w_o @ h + b_o
    o = sigmoid(z_o)
    loss = half_squared_error(o, np.array([0.01, 0.99]))
    values = {"z_h": z_h.value, "h": h.value, "z_o": z_o.value, "o": o.value, "loss": loss.value}
    return values, dict(zip(names, gradients(loss, leaves), strict=True))


class TestTwoLayers:
    def test_values_agree_with_dual_numbers(self, solved: Solved) -> None:
        values, _ = two_layers_by_dual_numbers()
        found = solved(TWO_LAYERS)["values"]
        for name, expected in values.items():
            np.testing.assert_allclose(found[name], expected, rtol=DIGITS, err_msg=name)

    def test_gradients_agree_with_dual_numbers(self, solved: Solved) -> None:
        _, expected = two_layers_by_dual_numbers()
        found = solved(TWO_LAYERS)
        assert list(found["gradients"]) == list(expected)
        for name, gradient in expected.items():
            for witness in ("backprop", "symbolic", "complex_step"):
                np.testing.assert_allclose(found["gradients"][name][witness], gradient, rtol=DIGITS, err_msg=name)
        assert found["verdict"] == "pass"
        assert found["parameters"] == 12

    def test_published_values(self, solved: Solved) -> None:
        """Matt Mazur, "A Step by Step Backpropagation Example" (2015), to the digits printed there."""
        found = solved(TWO_LAYERS)
        assert found["values"]["h"] == pytest.approx([0.593269992, 0.596884378], abs=1e-9)
        assert found["values"]["o"] == pytest.approx([0.75136507, 0.772928465], abs=1e-8)
        assert found["loss"]["value"] == pytest.approx(0.298371109, abs=1e-9)
        assert found["gradients"]["W_o"]["backprop"][0][0] == pytest.approx(0.082167041, abs=1e-9)
        assert found["gradients"]["W_h"]["backprop"][0][0] == pytest.approx(0.000438568, abs=1e-9)
        step = found["step"]
        assert np.ravel(step["W_o"]) == pytest.approx([0.35891648, 0.408666186, 0.511301270, 0.561370121], abs=1e-8)
        assert np.ravel(step["W_h"]) == pytest.approx([0.149780716, 0.19956143, 0.24975114, 0.29950229], abs=1e-8)

    def test_step_is_weight_minus_rate_times_gradient_for_every_weight(self, solved: Solved) -> None:
        _, expected = two_layers_by_dual_numbers()
        step = solved(TWO_LAYERS)["step"]
        assert set(step) == {"W_h", "b_h", "W_o", "b_o"}
        np.testing.assert_allclose(step["b_o"], 0.6 - 0.5 * expected["b_o"], rtol=DIGITS)
        np.testing.assert_allclose(step["b_h"], 0.35 - 0.5 * expected["b_h"], rtol=DIGITS)


def gradient(found: dict[str, Any], name: str) -> Any:
    return found["gradients"][name]["backprop"]


class TestIndexBase:
    HOMEWORK = "weights: {w: [3, 5]}\nnetwork:\n  - q = w[0] * w[1]\nloss: q\n"

    def test_entries_count_from_0_unless_told(self, run: Run) -> None:
        result = run("solve", "-", input=self.HOMEWORK)
        assert "w[0]" in result.stdout
        assert "w[2]" not in result.stdout

    def test_entries_count_from_1_in_output_and_from_0_in_equations(self, run: Run) -> None:
        result = run("solve", "-", input=self.HOMEWORK + "index_base: 1\n")
        assert "w[2]" in result.stdout
        assert "15" in result.stdout

    def test_json_does_not_depend_on_it(self, solved: Solved) -> None:
        assert gradient(solved(self.HOMEWORK + "index_base: 1\n"), "w") == [5, 3]


class TestNumbers:
    def test_decimals_are_exact(self, solved: Solved) -> None:
        found = solved("weights: {w: 0.15}\nnetwork:\n  - q = w * 2\nloss: q\n")
        assert found["exact"]["q"] == "3/10"

    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("1/3", 1 / 3),
            ("sqrt(2)", math.sqrt(2)),
            ("-22/7", -22 / 7),
            ("pi/4", math.pi / 4),
            ("1e-3", 0.001),
        ],
    )
    def test_arithmetic_on_constants(self, solved: Solved, written: str, value: float) -> None:
        found = solved(f"weights: {{w: {written}}}\nnetwork:\n  - q = w + 0\nloss: q\n")
        assert found["values"]["q"] == close(value)

    def test_exact_gradient_is_a_fraction(self, homework: Homework) -> None:
        [tensor] = dlcli.solve(homework("weights: {w: 3}\nnetwork:\n  - q = 22/w\nloss: q*w/w\n")).comparison.tensors
        assert tensor.exact is not None
        assert tensor.exact.item() == "-22/9"

    def test_names_read_as_the_language_of_slides(self, solved: Solved) -> None:
        found = solved("weights: {lambda: 2, θ: 3, e: 5}\nnetwork:\n  - q = -lambda**2 + θ*e + 2**3**0\nloss: q\n")
        assert found["values"]["q"] == -4 + 15 + 2
        assert {name: gradient(found, name) for name in ("lambda", "θ", "e")} == {
            "lambda": -4,
            "θ": 5,
            "e": 3,
        }
