"""Printed gradient formulas: what they say, and that their values are the gradients."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import dlcli
from tests.conftest import Homework
from tests.formula_values import formula_value
from tests.oracle.networks import random_network
from tests.test_problems import FILES, PROBLEMS, REFUSED

# 1/(1 - yhat) at yhat = 1 - 1e-10: the formula as it is written loses ten digits, the gradients do not
ROUNDED = {"feedforward/cse471.yaml": 1e-6}
CLOSED = re.compile(r"[a-z]_d[a-zA-Z]+\(")  # inside of one another they do not tell the shapes between them
SOLVED = [file for file in FILES if file not in REFUSED]


def assert_formulas_give_the_gradients(path: Path, rtol: float = 1e-10) -> dlcli.Solution:
    """Each delta from those before it, each gradient from the deltas; a delta that is a gradient too, as well."""
    solution = dlcli.solve(path, expand=True)
    values = {name: solution.graph.values[n] for name, n in solution.graph.names.items() if n in solution.graph.values}
    values |= solution.values
    for name, text in solution.deltas.items():
        values[f"delta_{name}"] = formula_value(text, values, np.shape(values[name]))
    for tensor in solution.comparison.tensors:
        shape = np.shape(tensor.backprop)
        assert tensor.formula is not None
        expanded = solution.expanded[tensor.name]
        if dlcli.load(path).samples == "columns":
            expanded = re.sub(r"\b((?:log_)?softmax\()", r"columns_\1", expanded)
        for text in (tensor.formula, expanded):
            if "left out" not in text and len(CLOSED.findall(text)) < 2:
                found = formula_value(text, values, shape)
                np.testing.assert_allclose(found, tensor.backprop, rtol=rtol, atol=1e-12, err_msg=text)
    return solution


@pytest.mark.parametrize("file", SOLVED)
def test_formulas_of_a_problem_give_its_gradients(file: str) -> None:
    assert_formulas_give_the_gradients(PROBLEMS / file, ROUNDED.get(file, 1e-10))


CONVOLUTIONS = """
    inputs: {x: {shape: [2, 2, 5, 5], init: normal, std: 1, seed: 3}}
    weights:
      K: {shape: [4, 1, 2, 2], init: normal, std: 1, seed: 1}
      k: {shape: [4], init: normal, std: 1, seed: 5}
      gamma: [1, 2, -1, 3]
      beta: [0, 1, 0, 2]
    network:
      - c = conv2d(x, K, k, stride=2, padding=1, groups=2)
      - n = batchnorm(c, gamma, beta)
      - r = relu(n)
      - m = maxpool2d(r, 2, stride=1)
      - a = avgpool2d(m, 2)
    loss: sum(a**2)
    wrt: [x, K, k, gamma, beta, n]
"""
SEQUENCE = """
    inputs: {x: {shape: [2, 3, 2], init: normal, std: 1, seed: 4}}
    weights: {v: {shape: [2], init: normal, std: 1, seed: 1}}
    network:
      - %s: {units: 2, name: h, init: normal, seed: 7}
      - s = h @ v
    loss: sum(s**2)
"""
CELL = """
    inputs: {x: [1, -2], h0: [0.5], c0: [0.25]}
    weights:
      W: {shape: [4, 2], init: normal, std: 1, seed: 2}
      U: {shape: [4, 1], init: normal, std: 1, seed: 3}
      b: [0.1, -0.2, 0.3, 0]
    network:
      - h, c = lstm_cell(x, h0, c0, W, U, b)
      - h2, c2 = lstm_cell(x, h, c, W, U, b)
    loss: sum(h2) + 2*sum(h*c)
    wrt: [W, U, b, h, c, x]
"""
ATTENTION = """
    inputs: {q: {shape: [2, 4], init: normal, std: 1, seed: 1}}
    weights: {E: {shape: [5, 4], init: normal, std: 1, seed: 2}, g: [1, 2, 3, 4], o: [0, 1, 0, 1]}
    constants: {rows: [1, 3, 3], mask: [[1, 0, 1], [1, 1, 1]]}
    network:
      - k = take(E, rows)
      - a = attention(q, k, E[1:4], mask)
      - n = layernorm(a, g, o)
      - l = log_softmax(n[:, 1])
    loss: n[0, 2]*l[1] + max(n[1]) + dot(n[0], n[1])
    wrt: [q, E, g, o, k, a]
"""
PIECES = """
    inputs: {u: [1, 2, 3], v: [4]}
    weights: {w: [1, -1, 2, 3], A: {shape: [2, 3, 2], init: normal, std: 1, seed: 1}}
    network:
      - h = concat([u, v])
      - p = w[0]*h[0] + w[1]*h[1]**2 + w[2]*exp(h[2]/9)*w[3]
      - B = stack([h[:2], u[1:]], axis=1)
      - T = transpose(A, axes=[2, 0, 1])
      - r = reshape(T, [4, 3]) @ u
      - y = outer(r, u)
    loss: p + sum(B @ B) + sum(y) + max(A[0, 1]) + sum(std(y, axis=0)) + multiclass_hinge(r, 2) + sum(softplus(y))
    wrt: [u, v, w, A, h, B, T, r, y]
"""
LOSSES = """
    inputs: {z: [[1, 2, -1], [0.5, 0, 1]], s: [[1, 2, -1], [0.5, 0, 1]]}
    targets: {t: [[0.5, 0.25, 0.25], [0, 1, 0]], c: [2, 0]}
    network:
      - p = softmax(z, temperature=2)
      - q = log_softmax(s, axis=0)
      - one = cross_entropy(p, t) + cross_entropy(p, c, reduction="sum")
      - two = softmax_cross_entropy(s, t) + softmax_cross_entropy(2*s, c) + kl_divergence(p, t)
    loss: one + two + sum(q**2) + multiclass_hinge(z, c) + huber(s, z) + bce_with_logits(s, t)
    wrt: [z, s, p, q]
"""


@pytest.mark.parametrize(
    "text",
    [CONVOLUTIONS, SEQUENCE % "lstm", SEQUENCE % "gru", SEQUENCE % "rnn", CELL, ATTENTION, PIECES, LOSSES],
    ids=["convolutions", "lstm", "gru", "rnn", "cell", "attention", "pieces", "losses"],
)
def test_formulas_of_a_network_give_its_gradients(text: str, homework: Homework) -> None:
    assert assert_formulas_give_the_gradients(homework(text)).verdict in ("pass", "kink")


@pytest.mark.parametrize("chunk", range(6))
def test_formulas_of_random_networks_give_their_gradients(chunk: int, tmp_path: Path) -> None:
    for seed in range(10 * chunk, 10 * chunk + 10):
        path = tmp_path / f"network_{seed}.yaml"
        path.write_text(random_network(seed).yaml_text, encoding="utf-8")
        assert_formulas_give_the_gradients(path)


def deltas(homework: Homework, text: str) -> dict[str, str]:
    solution = dlcli.solve(homework(text))
    gradients = {tensor.name: tensor.formula or "" for tensor in solution.comparison.tensors}
    return {f"delta_{name}": formula for name, formula in solution.deltas.items()} | gradients


def test_layers_stay_closed(homework: Homework) -> None:
    found = deltas(homework, CONVOLUTIONS)
    assert found["delta_m"] == "avgpool2d_dx(delta_a, size=2)"
    assert found["delta_r"] == "maxpool2d_dx(delta_m, r, size=2, stride=1)"
    assert found["delta_c"] == "batchnorm_dx(delta_n, c, gamma)"
    assert found["gamma"] == "batchnorm_dgamma(delta_n, c)"
    assert found["beta"] == "sum(delta_n, axis=[0, 2, 3])"
    assert found["K"] == "conv2d_dw(delta_c, x, stride=2, padding=1, groups=2)"
    assert found["k"] == "sum(delta_c, axis=[0, 2, 3])"


def test_both_results_of_a_cell_give_one_gradient(homework: Homework) -> None:
    """Of c2 nothing reaches the loss."""
    found = deltas(homework, CELL)
    assert (
        found["W"] == "lstm_cell_dW(delta_h2, 0, x, h, c, W, U, b) + lstm_cell_dW(delta_h, delta_c, x, h0, c0, W, U, b)"
    )


def test_gates_are_put_together_and_items_are_printed(homework: Homework) -> None:
    found = deltas(homework, SEQUENCE % "lstm")
    assert found["delta_z_h_3"] == (
        "concat([delta_i_h_3*sigmoid'(z_h_3[:, 0:2]), delta_f_h_3*sigmoid'(z_h_3[:, 2:4]), "
        "delta_g_h_3*tanh'(z_h_3[:, 4:6]), delta_o_h_3*sigmoid'(z_h_3[:, 6:8])], axis=1)"
    )
    assert found["W_h"] == "delta_z_h_3.T @ x[:, 2] + delta_z_h_2.T @ x[:, 1] + delta_z_h_1.T @ x[:, 0]"


def test_single_entries_are_scattered_or_listed(homework: Homework) -> None:
    text = (
        "inputs: {x: [2, 3]}\nweights: {w: [1, 5, 7]}\nnetwork:\n  - p = w[0]*x[0] + w[1]*x[1]\nloss: p\nwrt: [w, x]\n"
    )
    found = deltas(homework, text)
    assert found["w"] == "scatter(x[1], w[1]) + scatter(x[0], w[0])"
    assert found["x"] == "[w[0], w[1]]"


@pytest.mark.parametrize(
    ("targets", "formula"),
    [("[0, 1, 0]", "softmax(z) - t"), ("1", "softmax(z) - onehot(t, 3)"), ("[0, 2, 0]", "sum(t)*softmax(z) - t")],
)
def test_softmax_with_cross_entropy_is_probability_less_target(homework: Homework, targets: str, formula: str) -> None:
    text = f"inputs: {{z: [1, 2, 3]}}\ntargets: {{t: {targets}}}\nloss: softmax_cross_entropy(z, t)\nwrt: [z]\n"
    assert deltas(homework, text) == {"z": formula}


def test_numbers_of_an_array_are_written_as_one(homework: Homework) -> None:
    """The loss is a sum, so its cotangent is 1 at both outputs: dloss/dW = (1, 1)^T x^T."""
    text = "inputs: {x: [1, 2]}\nweights: {W: [[1, 0], [2, 1]]}\nloss: sum(W @ x)\n"
    assert deltas(homework, text) == {"W": "outer(ones([2]), x)"}


def test_a_long_network_has_formulas(homework: Homework) -> None:
    """One term a step; the last one has no delta, because h400 is the loss."""
    steps = "".join(f"  - h{n + 1} = w*h{n}\n" for n in range(400))
    found = deltas(homework, f"inputs: {{h0: 3}}\nweights: {{w: 0.5}}\nnetwork:\n{steps}loss: h400\n")
    assert found["w"].count("delta_h") == 399
