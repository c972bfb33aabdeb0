"""Layers in every form that the file format knows, each with numbers by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcli
from dlcli.errors import HomeworkError
from tests.conftest import Homework

Solved = Callable[[str], dict[str, Any]]

DIGITS = 1e-12
UNIT = "dense: {weights: [[1, 0], [0, 1]]}"

SOFTMAX = """\
inputs: {x: [[1, 2], [3, 4], [5, 7]]}
targets: {y: [1, 0, 1]}
network:
  - dense: {weights: [[0.1, -0.2], [0.3, 0.4]], bias: [0.5, -0.6], activation: softmax}
loss: cross_entropy
"""

LINEAR = """\
inputs: {x: [1, 2]}
targets: {t: [0, 0]}
network:
LAYERS
loss: half_squared_error
"""


def linear(*layers: str, **sections: str) -> str:
    """A file of these layers on x = (1, 2) and t = (0, 0), with further top-level keys."""
    network = "\n".join(f"  - {layer}" for layer in layers)
    more = "".join(f"{key}: {value}\n" for key, value in sections.items())
    return LINEAR.replace("LAYERS", network) + more


def gradient(found: dict[str, Any], name: str) -> Any:
    return found["gradients"][name]["backprop"]


class TestNamesOfLayers:
    def test_unnamed_layers_with_weights_are_counted(self, solved: Solved) -> None:
        found = solved(
            linear(
                "dense: {weights: [[1, 2], [3, 4]], bias: [5, 6]}",
                "relu",
                "dense: {weights: [[1, 0], [0, 1]]}",
            )
        )
        assert list(found["gradients"]) == ["W1", "b1", "W2", "b2"]
        assert found["values"]["z1"] == found["values"]["a1"] == found["values"]["relu_1"] == [10, 17]
        assert found["values"]["z2"] == found["values"]["a2"] == [10, 17]

    def test_named_layer_gives_its_name_to_the_activation(self, solved: Solved) -> None:
        found = solved(linear("dense: {name: h, weights: [[1, 2], [-3, -4]], bias: [5, 6], activation: relu}"))
        assert found["values"]["z_h"] == [10, -5]
        assert found["values"]["h"] == [10, 0]
        assert list(found["gradients"]) == ["W_h", "b_h"]
        assert gradient(found, "W_h") == [[10, 20], [0, 0]]

    def test_quantities_of_layers_are_there_for_equations_and_wrt(self, solved: Solved) -> None:
        found = solved(
            linear("dense: {name: h, weights: [[1, 2], [3, 4]], bias: none}", "s = z_h + h", wrt="[z_h, x, W_h]")
        )
        assert found["values"]["s"] == [10, 22]
        assert gradient(found, "z_h") == [20, 44]
        assert gradient(found, "x") == [20 + 3 * 44, 2 * 20 + 4 * 44]


class TestSourcesOfWeights:
    def test_entries_of_the_top_level_are_found_by_the_layers_names(self, solved: Solved) -> None:
        found = solved(
            linear(
                "dense: {}",
                "dense: {name: o}",
                weights="{W1: [[1, 2]], b1: [3], W_o: [[2], [1]], b_o: [0, 1]}",
            )
        )
        assert found["values"]["a1"] == [8]
        assert found["values"]["o"] == [16, 9]
        assert list(found["gradients"]) == ["W1", "b1", "W_o", "b_o"]

    def test_weights_named_twice_are_tied_and_their_gradients_add_up(self, solved: Solved) -> None:
        found = solved(
            linear(
                "dense: {weights: V, bias: none}",
                "dense: {weights: V, bias: none}",
                weights="{V: [[1, 2], [0, 1]]}",
            )
        )
        # a1 = (5, 2), a2 = (9, 2); dV = a2 a1^T + (V^T a2) x^T = [[45, 18], [10, 4]] + [[9, 18], [20, 40]]
        assert gradient(found, "V") == [[54, 36], [30, 44]]
        assert list(found["gradients"]) == ["V"]
        assert found["parameters"] == 4

    def test_weights_under_constants_are_frozen(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: K, bias: k}", UNIT, constants="{K: [[1, 2], [0, 1]], k: [1, 0]}"))
        assert found["values"]["a1"] == [6, 2]
        assert list(found["gradients"]) == ["W2", "b2"]
        assert found["parameters"] == 6

    def test_units_with_an_initialiser_take_their_sizes_from_what_feeds_them(self, solved: Solved) -> None:
        found = solved(linear("dense: {units: 3, init: xavier_uniform, seed: 7}", "dense: {units: 2, init: he_normal}"))
        assert np.shape(gradient(found, "W1")) == (3, 2)
        assert np.shape(gradient(found, "W2")) == (2, 3)
        assert found["parameters"] == 6 + 3 + 6 + 2

    def test_drawn_weights_never_change(self, solved: Solved) -> None:
        """xavier_uniform of a 3 x 2 matrix: RandomState(7) between -sqrt(6/5) and sqrt(6/5)."""
        layer = "dense: {units: 3, init: xavier_uniform, seed: 7, bias: none}"
        found = solved(linear(layer).replace("half_squared_error", "sum(a1)"))
        drawn = np.random.RandomState(7).uniform(-math.sqrt(6 / 5), math.sqrt(6 / 5), size=(3, 2))
        np.testing.assert_allclose(found["values"]["z1"], drawn @ [1, 2], rtol=DIGITS)

    def test_description_as_weights(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: {shape: [2, 2], init: constant, value: 0.5}, bias: none}"))
        assert found["values"]["a1"] == [1.5, 1.5]

    def test_numbers_of_a_file_beside_the_homework(self, homework: Homework, tmp_path: Path) -> None:
        np.savez(tmp_path / "weights.npz", W2=np.array([[1.0, 2.0], [3.0, 4.0]]))
        text = linear("dense: {weights: W, bias: none}", weights="{W: {file: weights.npz, key: W2}}")
        assert dlcli.solve(homework(text)).values["a1"].tolist() == [5, 11]


class TestBias:
    def test_left_out_is_zeros_and_trained(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [3, 4]]}"))
        assert found["values"]["a1"] == [5, 11]
        assert gradient(found, "b1") == [5, 11]

    def test_number_is_a_vector_of_it(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [3, 4]], bias: 0.5}"))
        assert found["values"]["a1"] == [5.5, 11.5]
        assert gradient(found, "b1") == [5.5, 11.5]

    def test_none_is_no_bias(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [3, 4]], bias: none}"))
        assert list(found["gradients"]) == ["W1"]
        assert "b1" not in found["values"]


BATCH = """\
inputs: {x: [[1, 2], [3, 4], [5, 6]]}
network:
  - dense: {weights: WEIGHTS, bias: BIAS}
loss: sum(a1)
"""


class TestShapesOfDenseLayers:
    def test_batch_in_rows_is_x_times_w_transposed(self, solved: Solved) -> None:
        found = solved(BATCH.replace("WEIGHTS", "[[1, 0], [0, 1], [1, 1], [2, -1]]").replace("BIAS", "[0, 0, 10, 0]"))
        assert found["values"]["z1"] == [[1, 2, 13, 0], [3, 4, 17, 2], [5, 6, 21, 4]]
        assert gradient(found, "W1") == [[9, 12]] * 4
        assert gradient(found, "b1") == [3, 3, 3, 3]

    def test_row_convention_is_x_times_w(self, solved: Solved) -> None:
        text = BATCH.replace("WEIGHTS", "[[1, 0, 1, 2], [0, 1, 1, -1]]").replace("BIAS", "[0, 0, 10, 0]")
        found = solved(text + "convention: row\n")
        assert found["values"]["z1"] == [[1, 2, 13, 0], [3, 4, 17, 2], [5, 6, 21, 4]]
        assert gradient(found, "W1") == [[9] * 4, [12] * 4]

    def test_row_convention_of_one_sample(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [3, 4]], bias: none}", convention="row"))
        assert found["values"]["z1"] == [7, 10]

    def test_samples_in_columns_is_w_times_x(self, solved: Solved) -> None:
        text = BATCH.replace("WEIGHTS", "[[1, 0, 0], [1, 1, 1]]").replace("BIAS", "[10, 0]")
        found = solved(text + "samples: columns\n")
        assert found["values"]["z1"] == [[11, 12], [9, 12]]
        assert gradient(found, "W1") == [[3, 7, 11], [3, 7, 11]]
        assert gradient(found, "b1") == [2, 2]

    def test_samples_in_columns_for_softmax_and_losses(self, solved: Solved) -> None:
        rows = """\
            inputs: {x: [[1, 2], [3, 4], [5, 7]]}
            targets: {y: [1, 0, 1]}
            network:
              - dense: {weights: [[0.1, -0.2], [0.3, 0.4]], bias: [0.5, -0.6], activation: softmax}
            loss: cross_entropy
            """
        columns = rows.replace("[[1, 2], [3, 4], [5, 7]]", "[[1, 3, 5], [2, 4, 7]]") + "samples: columns\n"
        by_rows, by_columns = solved(rows), solved(columns)
        assert by_columns["loss"]["value"] == pytest.approx(by_rows["loss"]["value"])
        np.testing.assert_allclose(by_columns["values"]["a1"], np.transpose(by_rows["values"]["a1"]), rtol=DIGITS)
        np.testing.assert_allclose(gradient(by_columns, "W1"), gradient(by_rows, "W1"), rtol=1e-11)

    def test_vector_as_weights_is_one_unit(self, solved: Solved) -> None:
        found = solved("inputs: {x: [1, 2]}\nnetwork:\n  - dense: {weights: [3, 4], bias: 0.5}\nloss: a1\n")
        assert found["values"]["z1"] == 11.5
        assert gradient(found, "W1") == [1, 2]
        assert gradient(found, "b1") == 1

    def test_vector_as_weights_is_one_number_a_sample(self, solved: Solved) -> None:
        found = solved(BATCH.replace("WEIGHTS", "[1, -1]").replace("BIAS", "2"))
        assert found["values"]["z1"] == [1, 1, 1]
        assert gradient(found, "b1") == 3

    def test_rank_3_asks_to_flatten_first(self, homework: Homework) -> None:
        text = "inputs: {x: [[[1, 2], [3, 4]]]}\nnetwork:\n  - dense: {weights: [[1, 2]]}\nloss: sum(a1)\n"
        with pytest.raises(HomeworkError) as caught:
            dlcli.solve(homework(text))
        [diagnostic] = caught.value.diagnostics
        assert diagnostic.code.startswith("E2")
        assert "flatten first" in f"{diagnostic.message} {diagnostic.help}"
        assert "(1, 2, 2)" in f"{diagnostic.message} {diagnostic.notes}"


class TestOperationsInLayers:
    def test_activation_with_a_setting(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [-3, -4]], activation: leaky_relu(slope=0.1)}"))
        assert found["values"]["a1"] == pytest.approx([5, -1.1])
        assert gradient(found, "b1") == pytest.approx([5, -0.11])

    def test_activation_without_its_setting_takes_the_default(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [-3, -4]], activation: leaky_relu}"))
        assert found["values"]["a1"] == pytest.approx([5, -0.11])

    def test_operation_as_an_item_makes_a_numbered_quantity(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [-3, -4]]}", "relu"))
        assert found["values"]["relu_1"] == [5, 0]
        assert gradient(found, "W1") == [[5, 10], [0, 0]]

    def test_flatten_as_a_layer_keeps_the_samples(self, solved: Solved) -> None:
        text = """\
            inputs: {x: [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[0, 0], [0, 1]]]}
            network:
              - flatten
              - dense: {weights: [[1, 0, 0, 1]], bias: none}
            loss: sum(a1)
            """
        found = solved(text)
        assert found["values"]["flatten_1"] == [[1, 2, 3, 4], [5, 6, 7, 8], [0, 0, 0, 1]]
        assert found["values"]["a1"] == [[5], [13], [1]]

    def test_input_names_another_quantity(self, solved: Solved) -> None:
        found = solved(
            linear("dense: {name: h, weights: [[1, 2], [3, 4]], bias: none}",
                   "dense: {name: o, input: x, weights: [[1, 1], [0, 1]], bias: none}")
        )  # fmt: skip
        assert found["values"]["o"] == [3, 2]

    def test_concat_of_quantities_is_an_item(self, solved: Solved) -> None:
        found = solved(
            linear("dense: {name: h1, weights: [[1, 2]], bias: none}",
                   "dense: {name: h2, input: x, weights: [[3, 4]], bias: none}", "concat: [h1, h2]")
        )  # fmt: skip
        assert found["values"]["concat_1"] == [5, 11]
        assert gradient(found, "W_h2") == [[11, 22]]

    def test_add_of_quantities_is_an_item(self, solved: Solved) -> None:
        found = solved(linear("dense: {name: h, weights: [[1, 2], [3, 4]], bias: none}", "add: [h, x]"))
        assert found["values"]["add_1"] == [6, 13]

    def test_layers_continue_from_an_equation(self, solved: Solved) -> None:
        found = solved(
            linear(
                "dense: {weights: [[1, 2], [3, 4]], bias: none}",
                "c = a1 - 5",
                "dense: {weights: [[1, 1], [0, 1]]}",
            )
        )
        assert found["values"]["a2"] == [6, 6]


class TestLossByName:
    def test_takes_the_last_item_and_the_only_target(self, solved: Solved) -> None:
        found = solved(linear("dense: {weights: [[1, 2], [3, 4]], bias: none}", "s = 2*a1"))
        assert found["loss"]["value"] == (10**2 + 22**2) / 2

    def test_two_targets_are_refused(self, homework: Homework) -> None:
        text = linear("dense: {weights: [[1, 2], [3, 4]]}").replace("{t: [0, 0]}", "{t: [0, 0], u: [1, 1]}")
        with pytest.raises(HomeworkError, match="target"):
            dlcli.solve(homework(text))

    def test_missing_target_is_refused(self, homework: Homework) -> None:
        text = linear("dense: {weights: [[1, 2], [3, 4]]}").replace("targets: {t: [0, 0]}\n", "")
        with pytest.raises(HomeworkError, match="target"):
            dlcli.solve(homework(text))

    def test_equation_named_loss_needs_no_key(self, solved: Solved) -> None:
        found = solved("weights: {w: 3}\nnetwork:\n  - loss = w**2\n")
        assert found["loss"] == {"name": "loss", "value": 9}
        assert gradient(found, "w") == 6
