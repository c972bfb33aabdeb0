"""Losses at the edge of what a difference can see, in plain NumPy with right gradients; and all networks in a list."""

from __future__ import annotations

import numpy as np

from tests.black_box_networks import (
    Array,
    Network,
    Weights,
    attention,
    batch_norm,
    convolution,
    cross_entropy,
    cross_entropy_slope,
    deep_relu,
    generator,
    hinge,
    largest_of_groups,
    recurrent,
    sigmoid,
    softmax,
    two_layers,
)


def temperature(value: float, seed: int) -> Network:
    """Softmax of a low temperature: the loss turns within steps of that size."""
    rng = generator(seed)
    c = rng.normal(size=4)
    point = {"z": value * rng.normal(size=4) + 0.3}

    def gradient(w: Weights) -> Weights:
        p = softmax(w["z"] / value)
        return {"z": p * (c - p @ c) / value}

    return Network(f"temperature {value:g}", lambda w: float(c @ softmax(w["z"] / value)), gradient, point)


def planted_kinks() -> Network:
    """Pre-activations that are exactly 0 in whole numbers, relu with slope 0 there, and an absolute error of 0."""
    x = np.array([[1.0, 2.0], [3.0, -1.0], [2.0, 1.0]])
    t = np.array([1.0, 2.0, 4.0])
    point = {"W": np.array([[2.0, 1.0], [-1.0, 1.0]]), "v": np.array([1.0, -1.0])}

    def gradient(w: Weights) -> Weights:
        z = x @ w["W"]
        a = np.maximum(z, 0)
        delta = np.sign(a @ w["v"] - t)
        return {"W": x.T @ (np.outer(delta, w["v"]) * (z > 0)), "v": a.T @ delta}

    return Network(
        "planted kinks", lambda w: float(np.abs(np.maximum(x @ w["W"], 0) @ w["v"] - t).sum()), gradient, point, True
    )


def perfect_fit(seed: int) -> Network:
    """Targets that are the outputs to the last digit, computed in another order: the slopes are rounding."""
    rng = generator(seed)
    x, w0 = rng.normal(size=(9, 6)), rng.normal(size=6)
    t = np.array([sum(float(a) * float(b) for a, b in zip(row[::-1], w0[::-1], strict=True)) for row in x])

    def gradient(w: Weights) -> Weights:
        return {"w": 2 * x.T @ (x @ w["w"] - t)}

    return Network("perfect fit", lambda w: float(((x @ w["w"] - t) ** 2).sum()), gradient, {"w": w0})


def tenths() -> Network:
    return Network(
        "0.1 + 0.2 - 0.3",
        lambda w: float((w["a"] + w["b"] - 0.3) ** 2),
        lambda w: dict.fromkeys("ab", 2 * (w["a"] + w["b"] - 0.3)),
        {"a": 0.1, "b": 0.2},
    )


def logit_gap(gap: float, stable: bool) -> Network:
    """A sure and right answer: the loss is exp(-gap), by the stable form, or as -log(p)."""
    y = np.array([0])

    def loss(w: Weights) -> float:
        return cross_entropy(w["z"], y) if stable else float(-np.log(softmax(w["z"])[0, 0]))

    form = "stable" if stable else "-log(p)"
    point = {"z": np.array([[gap, 0.0, -1.0]])}
    return Network(f"logit gap {gap:g}, {form}", loss, lambda w: {"z": cross_entropy_slope(w["z"], y)}, point)


def large_offset(seed: int) -> Network:
    """Regression on large, uncentred data: loss 1e10 and weights of every size."""
    rng = generator(seed)
    x = rng.normal(size=(10, 3)) * np.array([1.0, 1e3, 1e-3]) + np.array([0.0, 5e3, 0.0])
    t = 1e5 + rng.normal(size=10)

    def gradient(w: Weights) -> Weights:
        r = x @ w["w"] + w["b"] - t
        return {"w": 2 * x.T @ r / 10, "b": 2 * r.mean()}

    point = {"w": np.array([0.5, 3e-3, 700.0]), "b": 0.0}
    return Network("large offset", lambda w: float(((x @ w["w"] + w["b"] - t) ** 2).mean()), gradient, point)


def notebook(seed: int) -> Network:
    """The notebook exercise whose right gradient its own check puts at 1.19e-7 (seed 1), just above its threshold.

    Three layers, relu relu sigmoid, binary cross-entropy on logarithms; samples in columns.
    """
    rng = np.random.RandomState(seed)
    x, y = rng.randn(4, 3), np.array([1.0, 1.0, 0.0])
    point = {}
    for k, (units, inputs) in enumerate(((5, 4), (3, 5), (1, 3)), 1):
        point[f"W{k}"], point[f"b{k}"] = rng.randn(units, inputs), rng.randn(units, 1)

    def layers(w: Weights) -> tuple[Array, Array, Array]:
        a1 = np.maximum(w["W1"] @ x + w["b1"], 0)
        a2 = np.maximum(w["W2"] @ a1 + w["b2"], 0)
        return a1, a2, sigmoid(w["W3"] @ a2 + w["b3"])

    def loss(w: Weights) -> float:
        p = layers(w)[2]
        return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).sum() / 3)

    def gradient(w: Weights) -> Weights:
        a1, a2, p = layers(w)
        d3 = (p - y) / 3
        d2 = (w["W3"].T @ d3) * (a2 > 0)
        d1 = (w["W2"].T @ d2) * (a1 > 0)
        named = (("1", d1, x), ("2", d2, a1), ("3", d3, a2))
        weights = {f"W{k}": d @ a.T for k, d, a in named}
        return weights | {f"b{k}": d.sum(1, keepdims=True) for k, d, _ in named}

    return Network("notebook", loss, gradient, point)


def networks(seed: int = 0) -> list[Network]:
    """Every kind once; other seeds give other numbers."""
    return [
        two_layers("tanh", seed + 1),
        two_layers("sigmoid", seed + 2),
        two_layers("relu", seed + 3),
        two_layers("leaky relu", seed + 4),
        two_layers("softplus", seed + 5),
        two_layers("tanh", seed + 6, scale=1e5),
        two_layers("relu", seed + 7, scale=1e-6),
        two_layers("tanh", seed + 8, unit=1e12),
        two_layers("relu", seed + 9, unit=1e-12),
        deep_relu(seed + 10),
        hinge(seed + 11),
        largest_of_groups(seed + 12),
        convolution(seed + 13),
        recurrent(seed + 14),
        batch_norm(seed + 15),
        attention(seed + 16),
        temperature(1e-2, seed + 17),
        temperature(1e-6, seed + 18),
        planted_kinks(),
        perfect_fit(seed + 19),
        tenths(),
        logit_gap(25.0, True),
        logit_gap(25.0, False),
        logit_gap(40.0, True),
        logit_gap(40.0, False),
        large_offset(seed + 20),
        notebook(seed + 1),
    ]
