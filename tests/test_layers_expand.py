"""Layers beyond dense: the equations they stand for, their names and weights, and numbers by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcli
from dlcli.errors import HomeworkError
from tests.conftest import Homework, Run

Solved = Callable[[str], dict[str, Any]]


def gradient(found: dict[str, Any], name: str) -> Any:
    return found["gradients"][name]["backprop"]


def equations(run: Run, text: str) -> str:
    result = run("solve", "-", "--equations", input=text)
    assert result.exit_code == 0, result.stderr
    return result.stdout


CONVOLUTION = """\
inputs: {x: [[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]}
weights: {K: [[[[1, 0], [0, 1]]], [[[0, 1], [-1, 0]]]], b: [1, 0]}
network:
  - conv2d: {LAYER}
loss: sum(a1)
"""


class TestConvolution:
    def test_takes_weights_by_name_and_an_activation(self, solved: Solved) -> None:
        found = solved(CONVOLUTION.replace("LAYER", "weights: K, bias: b, stride: 2, activation: relu"))
        # 1 + 5 + 1 and 2 - 4
        assert found["values"]["z1"] == [[[7]], [[-2]]]
        assert found["values"]["a1"] == [[[7]], [[0]]]
        assert gradient(found, "K") == [[[[1, 2], [4, 5]]], [[[0, 0], [0, 0]]]]
        assert gradient(found, "b") == [1, 0]

    def test_draws_kernels_for_the_channels_of_its_input(self, solved: Solved) -> None:
        text = CONVOLUTION.replace("LAYER", "name: h, units: 4, size: [3, 1], padding: 1, bias: 0.5, seed: 1")
        found = solved(text.replace("a1", "h"))
        assert np.shape(gradient(found, "W_h")) == (4, 1, 3, 1)
        assert np.shape(found["values"]["h"]) == (4, 3, 5)
        assert found["values"]["z_h"] == found["values"]["h"]
        assert gradient(found, "b_h") == [15, 15, 15, 15]

    def test_of_a_plane_has_one_kernel_and_one_bias(self, solved: Solved) -> None:
        found = solved(
            "inputs: {x: [[1, 2], [3, 4]]}\nnetwork:\n  - conv2d: {weights: [[1, 1]], bias: 3}\nloss: sum(a1)\n"
        )
        assert found["values"]["a1"] == [[6], [10]]
        assert gradient(found, "b1") == 2

    def test_along_a_sequence(self, solved: Solved) -> None:
        text = "inputs: {x: [[1, 2, 4]]}\nnetwork:\n  - conv1d: {weights: [[[1, -1]]], bias: none}\nloss: sum(a1)\n"
        found = solved(text)
        assert found["values"]["a1"] == [[-1, -2]]
        assert gradient(found, "W1") == [[[3, 6]]]

    @pytest.mark.parametrize(
        ("layer", "code", "message"),
        [
            ("{}", "E208", "there is no `W1` under `weights`, and no `units` with `size`"),
            ("{units: 2, size: 4}", "E201", "a window of 4 rows does not fit into 3"),
            ("{weights: K, bias: [1, 2, 3]}", "E204", "b1 has shape (3,), but this layer needs (2,)"),
            ("{weights: K, bias: b, groups: 2}", "E305", "2 groups do not divide 1 channels"),
        ],
    )
    def test_what_does_not_fit_is_told(self, homework: Homework, layer: str, code: str, message: str) -> None:
        with pytest.raises(HomeworkError) as caught:
            dlcli.solve(homework(CONVOLUTION.replace("{LAYER}", layer)))
        assert caught.value.diagnostics[0].code == code
        assert message in caught.value.diagnostics[0].message
        assert caught.value.diagnostics[0].place is not None

    def test_several_kernels_need_an_axis_of_channels(self, homework: Homework) -> None:
        text = "inputs: {x: [[1, 2], [3, 4]]}\nnetwork:\n  - conv2d: {units: 2, size: 2}\nloss: sum(a1)\n"
        with pytest.raises(HomeworkError, match="with several kernels takes x with channels"):
            dlcli.solve(homework(text))


def test_a_whole_convolutional_network_passes(solved: Solved) -> None:
    found = solved("""\
        inputs: {x: {shape: [2, 1, 6, 6], init: uniform, seed: 1}}
        targets: {t: [1, 0]}
        network:
          - conv2d: {units: 2, size: 3, padding: 1, activation: relu}
          - batchnorm
          - maxpool2d: {size: 2}
          - flatten
          - dropout: {p: 0.5, seed: 3}
          - layernorm
          - dense: {units: 2, activation: softmax}
        loss: cross_entropy
        """)
    assert found["verdict"] == "pass"
    names = ["W1", "b1", "gamma_batchnorm_1", "beta_batchnorm_1", "gamma_layernorm_1", "beta_layernorm_1", "W2", "b2"]
    assert list(found["gradients"]) == names


class TestNormalisation:
    @pytest.mark.parametrize("kind", ["batchnorm", "layernorm"])
    def test_samples_as_columns_are_turned(self, solved: Solved, kind: str) -> None:
        rows = f"inputs: {{x: [[1, 2, 4], [3, 5, 9], [4, 9, 1]]}}\nnetwork:\n  - {kind}: {{name: h}}\n"
        rows += "loss: sum(h**3)\nwrt: [x]\n"
        columns = rows.replace("[1, 2, 4], [3, 5, 9], [4, 9, 1]", "[1, 3, 4], [2, 5, 9], [4, 9, 1]")
        columns += "samples: columns\n"
        first, second = solved(rows), solved(columns)
        np.testing.assert_allclose(np.transpose(second["values"]["h"]), first["values"]["h"], rtol=1e-14)
        np.testing.assert_allclose(np.transpose(gradient(second, "x")), gradient(first, "x"), rtol=1e-9, atol=1e-15)

    def test_prediction_takes_given_statistics(self, solved: Solved) -> None:
        found = solved("""\
            inputs: {x: [[1, 10]]}
            weights: {g: [2, 1], b: [0, 5]}
            constants: {m: [1, 4], v: [3, 8]}
            network:
              - batchnorm: {gamma: g, beta: b, mean: m, var: v, eps: 1}
            loss: sum(batchnorm_1)
            """)
        assert found["values"]["batchnorm_1"] == [[0, 7]]
        assert gradient(found, "g") == [0, 2]

    def test_a_batch_of_one_is_refused_with_its_place(self, homework: Homework) -> None:
        with pytest.raises(HomeworkError, match="a batch of one") as caught:
            dlcli.solve(homework("inputs: {x: [[1, 2]]}\nnetwork:\n  - batchnorm\nloss: sum(batchnorm_1)\n"))
        assert caught.value.diagnostics[0].place.line == 3


class TestDropout:
    TEXT = "inputs: {x: [1, 2]}\nconstants: {m: [0, 1]}\nnetwork:\n  - dropout: {LAYER}\nloss: sum(dropout_1)\n"

    def test_mask_by_name(self, solved: Solved) -> None:
        found = solved(self.TEXT.replace("LAYER", "p: 0.75, mask: m"))
        assert found["values"]["dropout_1"] == [0, 8]
        assert gradient(found, "x") == [0, 4]

    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ("p: 0.5", "dropout needs a mask or a seed"),
            ("p: 1, mask: m", r"p must lie in \[0, 1\)"),
            ("p: 0.5, mask: x", "a mask holds only 0 .dropped. and 1 .kept."),
            ("p: 0.5, mask: '[1]'", r"the mask has shape \(1,\), but x has shape \(2,\)"),
        ],
    )
    def test_what_cannot_be_is_told(self, homework: Homework, keys: str, message: str) -> None:
        with pytest.raises(HomeworkError, match=message):
            dlcli.solve(homework(self.TEXT.replace("LAYER", keys)))

    def test_a_call_without_p_is_told_what_is_missing(self, homework: Homework) -> None:
        text = "inputs: {x: [1, 2], m: [0, 1]}\nnetwork:\n  - y = dropout(x, mask=m)\nloss: sum(y)\n"
        with pytest.raises(HomeworkError, match="dropout is given `mask`, but not `p` before it"):
            dlcli.solve(homework(text))


class TestEmbeddingAndAttention:
    def test_embedding_takes_rows(self, solved: Solved) -> None:
        found = solved("""\
            inputs: {x: [2, 0, 2]}
            weights: {E: [[1, 2], [3, 4], [5, 6]]}
            network:
              - embedding: {weights: E}
            loss: sum(a1)
            wrt: [E]
            """)
        assert found["values"]["a1"] == [[5, 6], [1, 2], [5, 6]]
        assert gradient(found, "E") == [[1, 1], [0, 0], [2, 2]]

    def test_embedding_without_table_is_refused(self, homework: Homework) -> None:
        with pytest.raises(HomeworkError, match="this layer has no table"):
            dlcli.solve(homework("inputs: {x: [0]}\nnetwork:\n  - embedding\nloss: sum(a1)\n"))

    def test_embedding_draws_its_table(self, solved: Solved) -> None:
        text = "inputs: {x: [1]}\nnetwork:\n  - embedding: {rows: 3, units: 2}\nloss: sum(a1)\nwrt: [W1]\n"
        assert gradient(solved(text), "W1") == [[0, 0], [1, 1], [0, 0]]

    def test_attention_of_a_sequence_to_itself(self, run: Run) -> None:
        text = "inputs: {x: [[1, 2], [3, 4]]}\nconstants: {m: [[1, 0], [1, 1]]}\nnetwork:\n  - attention: {mask: m}\n"
        shown = equations(run, text + "loss: sum(attention_1)\n")
        assert "attention_1 = attention(x, x, x, mask=m)" in shown
        assert "PASS" in shown


SEQUENCE = """\
inputs: {x: [[1], [2], [3]]}
network:
  - LAYER
loss: sum(h)
"""


class TestRecurrent:
    def test_rnn_is_unrolled_over_the_steps(self, solved: Solved, run: Run) -> None:
        text = SEQUENCE.replace("LAYER", "rnn: {name: h, weights: [[2]], recurrent: [[10]], activation: identity}")
        found = solved(text)
        assert [found["values"][f"h_{t}"] for t in (1, 2, 3)] == [[2], [24], [246]]
        assert gradient(found, "W_h") == [[123]]  # 3 + 10*2 + 100*1
        assert gradient(found, "U_h") == [[44]]  # h_2 + 10*h_1
        assert gradient(found, "b_h") == [111]
        assert "z_h_2 = W_h @ x[1] + U_h @ h_1 + b_h" in equations(run, text)

    def test_sequence_of_numbers_and_all_states(self, solved: Solved) -> None:
        text = SEQUENCE.replace("[[1], [2], [3]]", "[1, 2, 3]")
        layer = "rnn: {name: h, weights: [[2]], recurrent: [[10]], bias: none, activation: identity, output: sequence}"
        assert solved(text.replace("LAYER", layer))["values"]["h"] == [[2], [24], [246]]

    def test_initial_state_may_be_given(self, solved: Solved) -> None:
        text = SEQUENCE.replace("}\nnetwork", ", h0: [1]}\nnetwork").replace(
            "LAYER", "rnn: {name: h, input: x, weights: [[2]], recurrent: [[1]], activation: relu, initial: h0}"
        )
        assert solved(text)["values"]["h"] == [13]

    @pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
    def test_convention_row_turns_the_weights(self, solved: Solved, kind: str) -> None:
        text = SEQUENCE.replace("[[1], [2], [3]]", "[[[1, 2], [3, 4]], [[0, 1], [1, 0]]]")
        text = text.replace("LAYER", f"{kind}: {{name: h, units: 3, seed: 1}}")
        column, row = solved(text), solved(text + "convention: row\n")
        assert column["verdict"] == row["verdict"] == "pass"
        np.testing.assert_allclose(column["values"]["h"], row["values"]["h"], rtol=1e-14)
        np.testing.assert_allclose(np.transpose(gradient(column, "U_h")), gradient(row, "U_h"), rtol=1e-10)

    def test_lstm_layer_is_its_cell_step_by_step(self, solved: Solved) -> None:
        found = solved("""\
            inputs: {x: [[1, 2], [3, 4]], h0: [0.1, 0.2], c0: [0.3, 0.4]}
            weights:
              W_h: {shape: [8, 2], init: normal, seed: 1}
              U_h: {shape: [8, 2], init: uniform, seed: 2}
              b_h: {shape: [8], init: uniform, seed: 3}
            network:
              - lstm: {name: h, input: x, initial: h0, initial_cell: c0}
              - k1, m1 = lstm_cell(x[0], h0, c0, W_h, U_h, b_h)
              - k2, m2 = lstm_cell(x[1], k1, m1, W_h, U_h, b_h)
            loss: sum(k2*m2)
            """)
        np.testing.assert_allclose(found["values"]["h"], found["values"]["k2"], rtol=1e-14)
        np.testing.assert_allclose(found["values"]["c_h_2"], found["values"]["m2"], rtol=1e-14)
        assert found["verdict"] == "pass"

    def test_gru_in_torchs_form_has_a_second_bias(self, solved: Solved) -> None:
        layer = (
            "gru: {name: h, units: 1, weights: [[0], [0], [0]], recurrent: [[0], [0], [0]], variant: pytorch, bias2: B}"
        )
        text = SEQUENCE.replace("LAYER", layer) + "weights: {B: [0, 0, 2]}\n"
        # r = z = 1/2, n = tanh(1/2*2): the states are n/2, 3n/4, 7n/8
        assert solved(text)["values"]["h"][0] == pytest.approx(7 / 8 * math.tanh(1), rel=1e-14)

    @pytest.mark.parametrize(
        ("layer", "code", "message"),
        [
            ("rnn: {name: h}", "E208", "there is no `W_h` under `weights`, and no `units`"),
            (
                "rnn: {name: h, units: 2, weights: [[1, 2]]}",
                "E204",
                "W_h has shape (1, 2), but this layer needs",
            ),
            ("lstm: {name: h, units: 2, bias: [1]}", "E204", "b_h has shape (1,), but this layer needs (8,)"),
            ("gru: {name: h, units: 1, bias2: 0}", "E124", "a second bias belongs to torch's form"),
            ("rnn: {name: h, units: 1, initial: h0}", "E103", "unknown name `h0`"),
            ("rnn: {name: h, units: 2, initial: x}", "E204", "x has shape (3, 1), but this layer needs (2,)"),
        ],
    )
    def test_what_does_not_fit_is_told(self, homework: Homework, layer: str, code: str, message: str) -> None:
        with pytest.raises(HomeworkError) as caught:
            dlcli.solve(homework(SEQUENCE.replace("LAYER", layer)))
        assert caught.value.diagnostics[0].code == code
        assert message in caught.value.diagnostics[0].message

    def test_start_of_a_layer_may_not_be_taken(self, homework: Homework) -> None:
        text = SEQUENCE.replace("LAYER", "rnn: {name: h, units: 1, input: x}").replace("x: [[", "h_0: 1, x: [[")
        with pytest.raises(HomeworkError, match="`h_0` is defined twice: the layer starts from it"):
            dlcli.solve(homework(text))

    def test_an_array_of_images_is_no_sequence(self, homework: Homework) -> None:
        text = SEQUENCE.replace("LAYER", "rnn: {name: h, units: 1}").replace("[[1], [2], [3]]", "[[[[1]]]]")
        with pytest.raises(HomeworkError, match="`rnn` takes a sequence, but x is an array of shape"):
            dlcli.solve(homework(text))

    def test_sequences_of_unequal_length_are_refused(self, homework: Homework) -> None:
        text = SEQUENCE.replace("LAYER", "rnn: {name: h, units: 1}").replace("[[1], [2], [3]]", "[[[1], [2]], [[3]]]")
        with pytest.raises(HomeworkError) as caught:
            dlcli.solve(homework(text))
        assert caught.value.diagnostics[0].code == "E205"


class TestSeveralResults:
    TEXT = """\
        inputs: {x: [1], h: [0], c: [2]}
        weights: {W: [[0], [0], [0], [0]], U: [[0], [0], [0], [0]], b: [0, 0, 0, 0]}
        network:
          - EQUATION
        loss: sum(h1)
        """

    def test_a_cell_names_its_state_and_its_cell(self, solved: Solved) -> None:
        found = solved(self.TEXT.replace("EQUATION", "h1, c1 = lstm_cell(x, h, c, W, U, b)"))
        assert found["values"]["c1"] == [1]
        assert found["values"]["h1"][0] == pytest.approx(math.tanh(1) / 2, rel=1e-15)

    @pytest.mark.parametrize(
        ("equation", "message"),
        [
            ("h1 = lstm_cell(x, h, c, W, U, b)", "one name stands before the sign, but `lstm_cell` gives 2 quantities"),
            ("h1, c1 = tanh(x)", "2 names stand before the sign, but `tanh` gives one quantity"),
            ("h1, c1 = x + h", "2 names stand before the sign, but this formula gives one quantity"),
        ],
    )
    def test_names_and_results_must_be_as_many(self, homework: Homework, equation: str, message: str) -> None:
        with pytest.raises(HomeworkError) as caught:
            dlcli.solve(homework(self.TEXT.replace("EQUATION", equation)))
        assert message in caught.value.diagnostics[0].message
