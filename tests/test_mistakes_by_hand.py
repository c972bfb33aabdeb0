"""Wrong backward passes written out in NumPy, as students write them, are named rightly.

Nothing here goes through the altered sweep: forward and backward are written from the formulas.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dlcli.mistakes import diagnose
from tests.mistake_networks import network

Arrays = dict[str, np.ndarray]


def leaves(name: str) -> Arrays:
    """The numbers of the network's inputs, weights, targets and constants."""
    context = network(name)
    return {n: context.graph.values[i] for n, i in context.graph.names.items() if i in context.graph.values}


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_network(**wrong: bool) -> Arrays:
    """relu, tanh, softmax with cross-entropy, lambda/2 times the sum of squares."""
    q = leaves("softmax")
    X, labels, penalty = q["X"], q["y"].astype(int), float(q["lambda"])
    W1, b1, W2, b2, W3, b3 = (q[n] for n in ("W1", "b1", "W2", "b2", "W3", "b3"))
    m = len(X)
    z1 = X @ W1.T + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2.T + b2
    a2 = np.tanh(z2)
    p = softmax(a2 @ W3.T + b3)
    y = np.eye(3)[(labels + 1) % 3 if wrong.get("shifted") else labels]
    d3 = p - y
    if wrong.get("twice"):
        d3 = np.array([(np.diag(row) - np.outer(row, row)) @ d for row, d in zip(p, d3, strict=True)])
    if wrong.get("prediction"):
        d3 = p
    if not wrong.get("no_mean"):
        d3 = d3 / m
    if wrong.get("sign"):
        d3 = -d3
    g = {"W3": d3.T @ a2, "b3": d3.sum(axis=0)}
    slope2 = 1.0 if wrong.get("no_tanh") else 1 - (np.tanh(a2) if wrong.get("at_a") else a2) ** 2
    if wrong.get("sigmoid_slope"):
        slope2 = a2 * (1 - a2)
    d2 = (d3 @ W3) * slope2
    g |= {"W2": d2.T @ (z1 if wrong.get("z_for_a") else a1), "b2": d2.sum(axis=0)}
    d1 = (d2 @ (W2.T if wrong.get("not_transposed") else W2)) * (z1 > 0)
    inputs = X[::-1] if wrong.get("shuffled") else X
    g |= {"W1": d1.T @ inputs, "b1": d1.mean(axis=0) if wrong.get("bias_mean") else d1.sum(axis=0)}
    if wrong.get("last_bias"):
        g["b1"] = d1[-1]
    factor = 0.0 if wrong.get("no_penalty") else 2.0 if wrong.get("double_penalty") else 1.0
    for name, weight in (("W1", W1), ("W2", W2), ("W3", W3)):
        g[name] = g[name] + factor * penalty * weight
    return g


def probability_network(**wrong: bool) -> Arrays:
    """sigmoid, relu, relu, sigmoid with binary cross-entropy."""
    q = leaves("probability")
    X, y, m = q["X"], q["y"], len(q["X"])
    a0, cache = X, []
    for k, f in ((1, sigmoid), (2, lambda z: np.maximum(z, 0)), (3, lambda z: np.maximum(z, 0))):
        z = a0 @ q[f"W{k}"].T + q[f"b{k}"]
        cache.append((a0, z))
        a0 = f(z)
    p = sigmoid(a0 @ q["W4"] + q["b4"])
    d = (p - y) / m
    if wrong.get("output_twice"):
        d = d * p * (1 - p)
    if wrong.get("epsilon"):
        d = (-y / (p + 1e-3) + (1 - y) / (1 - p + 1e-3)) * p * (1 - p) / m
    g = {"W4": a0.T @ d, "b4": d.sum()}
    back = np.outer(d, q["W4"])
    for k in (3, 2, 1):
        before, z = cache[k - 1]
        if k == 1:
            delta = back * (np.sqrt(sigmoid(z)) if wrong.get("root") else sigmoid(z) * (1 - sigmoid(z)))
            if wrong.get("value"):
                delta = back * sigmoid(z)
            if wrong.get("at_z"):
                delta = back * z * (1 - z)
        elif k == 3 and wrong.get("from_gradient"):
            delta = back * (back > 0)
        elif k == 3 and wrong.get("other_mask"):
            delta = back * (cache[1][1] > 0)
        elif wrong.get("inverted") and k == 2:
            delta = back * (z <= 0)
        else:
            delta = back * (z > 0)
        g |= {f"W{k}": delta.T @ before, f"b{k}": delta.sum(axis=0)}
        weight = q["W2"] if wrong.get("other_weights") and k == 3 else q[f"W{k}"]
        back = delta if wrong.get("skipped") and k == 3 else delta @ weight
    return g


def recurrent_network(**wrong: bool) -> Arrays:
    """h_t = tanh(W x_t + U h_t-1 + b), a linear output on the last state, mean squared error."""
    q = leaves("sequence")
    X, y, W, U, b, w, c = (q[n] for n in ("X", "y", "W1", "U1", "b1", "W2", "b2"))
    h = [np.zeros((3, 3))]
    for t in range(4):
        h.append(np.tanh(X[:, t] @ W.T + h[-1] @ U.T + b))
    d = 2 * (h[-1] @ w + c - y) / 3
    g = {"W2": h[-1].T @ d, "b2": d.sum(), "W1": np.zeros_like(W), "U1": np.zeros_like(U), "b1": np.zeros_like(b)}
    back = np.outer(d, w)
    for t in (3, 2, 1, 0):
        delta = back * (1 - h[t + 1] ** 2)
        parts = {"W1": delta.T @ X[:, t], "U1": delta.T @ h[t], "b1": delta.sum(axis=0)}
        g |= {n: part if wrong.get("overwritten") else g[n] + part for n, part in parts.items()}
        back = delta @ U
        if wrong.get("truncated") and t == 2:
            break
    return g


def normalised_network(**wrong: bool) -> Arrays:
    """Batch normalisation, tanh, layer normalisation, mean squared error over all entries."""
    q = leaves("normalised")
    X, y = q["X"], q["y"]
    gamma, beta = q["gamma_batchnorm_1"], q["beta_batchnorm_1"]
    z1 = X @ q["W1"].T
    deviation = np.sqrt(z1.var(axis=0) + 1e-5)
    n1 = (z1 - z1.mean(axis=0)) / deviation
    t = np.tanh(gamma * n1 + beta)
    z2 = t @ q["W2"].T + q["b2"]
    spread = np.sqrt(z2.var(axis=1, keepdims=True) + 1e-5)
    n2 = (z2 - z2.mean(axis=1, keepdims=True)) / spread
    last = q["gamma_layernorm_1"] * n2 + q["beta_layernorm_1"]
    d3 = 2 * (last @ q["W3"].T + q["b3"] - y) / y.size
    g = {"W3": d3.T @ last, "b3": d3.sum(axis=0)}
    dl = d3 @ q["W3"]
    g |= {"gamma_layernorm_1": (dl * n2).sum(axis=0), "beta_layernorm_1": dl.sum(axis=0)}
    dn2 = dl * q["gamma_layernorm_1"]
    d2 = dn2 / spread
    if not wrong.get("layer_constant"):
        d2 = (dn2 - dn2.mean(axis=1, keepdims=True) - n2 * (dn2 * n2).mean(axis=1, keepdims=True)) / spread
    g |= {"W2": d2.T @ t, "b2": d2.sum(axis=0)}
    dt = (d2 @ q["W2"]) * (1 - t**2)
    g |= {"gamma_batchnorm_1": (dt * n1).sum(axis=0), "beta_batchnorm_1": dt.sum(axis=0)}
    dn = dt if wrong.get("no_gamma") else dt * gamma
    d1 = dn / deviation
    if not wrong.get("constant"):
        d1 = (dn - dn.mean(axis=0) - n1 * (dn * n1).mean(axis=0)) / deviation
    return g | {"W1": d1.T @ X}


def dropped_network(**wrong: bool) -> Arrays:
    """tanh, dropout with a mask, half the squared error a sample."""
    q = leaves("dropped")
    X, y, mask, keep = q["X"], q["y"], q["m"], 0.7
    a = np.tanh(X @ q["W1"].T + q["b1"])
    h = a * mask / keep
    d2 = (h @ q["W2"].T + q["b2"] - y) / 3
    back = d2 @ q["W2"]
    again = np.array([[1, 1, 0, 1], [1, 0, 1, 1], [0, 1, 1, 1.0]])
    factor = mask / keep
    if wrong.get("no_mask"):
        factor = 1.0
    if wrong.get("no_scale"):
        factor = mask
    if wrong.get("again"):
        factor = again / keep
    d1 = back * factor * (1 - a**2)
    return {"W2": d2.T @ h, "b2": d2.sum(axis=0), "W1": d1.T @ X, "b1": d1.sum(axis=0)}


def hinge_network(**wrong: bool) -> Arrays:
    """tanh, then the multiclass hinge with margin 1."""
    q = leaves("margins")
    X, labels = q["X"], q["y"].astype(int)
    a = np.tanh(X @ q["W1"].T + q["b1"])
    s = a @ q["W2"].T + q["b2"]
    rows = np.arange(5)
    over = (s - s[rows, labels][:, None] + 1 > 0).astype(float)
    if wrong.get("no_margin_test"):
        over = np.ones_like(over)
    over[rows, labels] = 0
    d = over.copy()
    d[rows, labels] = -over.max(axis=1) if wrong.get("once") else 0 if wrong.get("no_class") else -over.sum(axis=1)
    d = d / 5
    d1 = (d @ q["W2"]) * (1 - a**2)
    return {"W2": d.T @ a, "b2": d.sum(axis=0), "W1": d1.T @ X, "b1": d1.sum(axis=0)}


def scalar_network(**wrong: bool) -> Arrays:
    """The 2-2-1 network in single numbers: sigmoid and tanh, sigmoid with cross-entropy."""
    q = {n: float(v) for n, v in leaves("numbers").items()}
    a3 = float(sigmoid(np.array(q["w03"] + q["w13"] * q["x1"] + q["w23"] * q["x2"])))
    a4 = float(np.tanh(q["w04"] + q["w14"] * q["x1"] + q["w24"] * q["x2"]))
    e = float(sigmoid(np.array(q["w05"] + q["w35"] * a3 + q["w45"] * a4))) - q["y"]
    d3 = e * (1.0 if wrong.get("no_weight") else q["w35"]) * (1.0 if wrong.get("no_slope") else a3 * (1 - a3))
    d4 = e * q["w45"] * (1 - a4**2)
    g = {"w05": e, "w35": e if wrong.get("no_input") else e * a3, "w45": e * a4}
    g |= {"w03": d3, "w13": d3 * q["x1"], "w23": d3 * q["x2"], "w04": d4, "w14": d4 * q["x1"], "w24": d4 * q["x2"]}
    return {name: np.asarray(value) for name, value in g.items()}


BACKWARDS: dict[str, Callable[..., Arrays]] = {
    "softmax": softmax_network,
    "probability": probability_network,
    "sequence": recurrent_network,
    "normalised": normalised_network,
    "dropped": dropped_network,
    "margins": hinge_network,
    "numbers": scalar_network,
}

WRONG = (
    ("softmax", "twice", "softmax-derivative-twice"),
    ("softmax", "prediction", "prediction-for-error"),
    ("softmax", "shifted", "onehot-off-by-one"),
    ("softmax", "no_mean", "mean-missing"),
    ("softmax", "sign", "sign-everywhere"),
    ("softmax", "no_tanh", "activation-derivative-missing-in-one-layer"),
    ("softmax", "at_a", "derivative-at-activation"),
    ("softmax", "z_for_a", "preactivation-for-activation"),
    ("softmax", "not_transposed", "weights-not-transposed"),
    ("softmax", "shuffled", "cache-shuffled"),
    ("softmax", "bias_mean", "mean-extra-on-biases"),
    ("softmax", "last_bias", "bias-one-sample"),
    ("softmax", "no_penalty", "l2-missing"),
    ("softmax", "double_penalty", "l2-doubled"),
    ("probability", "output_twice", "output-derivative-twice"),
    ("probability", "epsilon", "log-epsilon"),
    ("probability", "value", "activation-for-derivative"),
    ("probability", "at_z", "derivative-at-preactivation"),
    ("probability", "from_gradient", "relu-mask-from-gradient"),
    ("probability", "other_mask", "relu-mask-of-another-layer"),
    ("probability", "inverted", "relu-mask-inverted"),
    ("probability", "other_weights", "weights-of-another-layer"),
    ("probability", "skipped", "weights-skipped"),
    ("sequence", "overwritten", "gradient-overwritten"),
    ("sequence", "truncated", "time-truncated"),
    ("normalised", "constant", "batchnorm-statistics-constant"),
    ("normalised", "no_gamma", "batchnorm-gamma-missing"),
    ("normalised", "layer_constant", "layernorm-statistics-constant"),
    ("dropped", "no_mask", "dropout-mask-missing"),
    ("dropped", "no_scale", "dropout-not-rescaled"),
    ("dropped", "again", "dropout-drawn-again"),
    ("margins", "no_margin_test", "hinge-margin-ignored"),
    ("margins", "once", "hinge-counted-once"),
    ("margins", "no_class", "hinge-correct-class-missing"),
    ("numbers", "no_weight", "weights-skipped"),
    ("numbers", "no_slope", "activation-derivative-missing-in-one-layer"),
    ("numbers", "no_input", "input-forgotten"),
)


@pytest.mark.parametrize("name", BACKWARDS)
def test_the_right_backward_pass_has_no_finding(name: str):
    assert diagnose(network(name), BACKWARDS[name]()).wrong == ()


@pytest.mark.parametrize(("name", "slip", "mistake"), WRONG, ids=lambda value: value)
def test_a_slip_is_named(name: str, slip: str, mistake: str):
    diagnosis = diagnose(network(name), BACKWARDS[name](**{slip: True}))
    assert mistake in [finding.id for finding in diagnosis.findings]
    assert len(diagnosis.findings) + len(diagnosis.also) <= 3
    assert not diagnosis.together


def test_the_sentence_names_the_layer_and_the_function():
    diagnosis = diagnose(network("softmax"), softmax_network(no_tanh=True))
    assert diagnosis.sentence == "This is what comes out if the derivative of tanh is left out at a2 (layer 2)."


def test_a_slope_that_is_no_classic_mistake_is_located():
    diagnosis = diagnose(network("probability"), probability_network(root=True))
    assert diagnosis.findings == ()
    assert diagnosis.structure is not None
    assert diagnosis.structure.first in ("W1", "b1")
    assert set(diagnosis.structure.right) == {"W2", "b2", "W3", "b3", "W4", "b4"}


def test_two_slips_in_different_layers_are_named_together():
    wrong = softmax_network(last_bias=True) | {"W2": softmax_network(z_for_a=True)["W2"]}
    diagnosis = diagnose(network("softmax"), wrong)
    assert diagnosis.together
    assert {f.id for f in diagnosis.findings} == {"bias-one-sample", "preactivation-for-activation"}
