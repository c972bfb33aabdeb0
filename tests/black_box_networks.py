"""Networks as a student writes them: a loss in plain NumPy, and its gradient by hand. All gradients are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = dict[str, Any]


@dataclass(frozen=True)
class Network:
    """loss(weights) -> float and gradient(weights) -> the same names, at `point`; kinks: some lie at the point."""

    name: str
    loss: Callable[[Weights], float]
    gradient: Callable[[Weights], Weights]
    point: Weights
    kinks: bool = False


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def cross_entropy(z: Array, y: Array) -> float:
    shifted = z - z.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return float(-logs[np.arange(len(y)), y].mean())


def cross_entropy_slope(z: Array, y: Array) -> Array:
    return np.asarray((softmax(z) - np.eye(z.shape[-1])[y]) / len(y))


def two_layers(activation: str, seed: int, scale: float = 1.0, unit: float = 1.0, size: int = 6) -> Network:
    """A 4-5-3 classifier. scale: of the inputs, taken back by the first weights; unit: of the loss."""
    rng = generator(seed)
    x, y = scale * rng.normal(size=(size, 4)), rng.integers(0, 3, size)
    forward, slope = {
        "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
        "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
        "leaky relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
        "softplus": (lambda z: np.logaddexp(0, z), sigmoid),
    }[activation]
    point = {
        "W1": rng.normal(size=(4, 5)) / scale,
        "b1": rng.normal(size=5),
        "W2": rng.normal(size=(5, 3)),
        "b2": np.zeros(3),
    }

    def loss(w: Weights) -> float:
        return unit * cross_entropy(forward(x @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"], y)

    def gradient(w: Weights) -> Weights:
        z = x @ w["W1"] + w["b1"]
        a = forward(z)
        delta2 = unit * cross_entropy_slope(a @ w["W2"] + w["b2"], y)
        delta1 = (delta2 @ w["W2"].T) * slope(z)
        return {"W1": x.T @ delta1, "b1": delta1.sum(0), "W2": a.T @ delta2, "b2": delta2.sum(0)}

    where = f", inputs {scale:g}" if scale != 1 else ""
    return Network(f"{activation}{where}{f', loss {unit:g}' if unit != 1 else ''}", loss, gradient, point)


def deep_relu(seed: int) -> Network:
    """8-10-10-10-2 with a squared error: many kinks on every stencil."""
    rng = generator(seed)
    x, t = rng.normal(size=(12, 8)), rng.normal(size=(12, 2))
    sizes = (8, 10, 10, 10, 2)
    point = {f"W{k}": rng.normal(size=(m, n)) / np.sqrt(m / 2) for k, (m, n) in enumerate(pairwise(sizes), 1)}
    point |= {f"b{k}": 0.1 * rng.normal(size=n) for k, n in enumerate(sizes[1:], 1)}

    def layers(w: Weights) -> list[Array]:
        found = [x]
        for k in range(1, 5):
            z = found[-1] @ w[f"W{k}"] + w[f"b{k}"]
            found.append(np.maximum(z, 0) if k < 4 else z)
        return found

    def gradient(w: Weights) -> Weights:
        a = layers(w)
        delta, result = 2 * (a[-1] - t) / len(x), {}
        for k in range(4, 0, -1):
            result[f"W{k}"], result[f"b{k}"] = a[k - 1].T @ delta, delta.sum(0)
            delta = (delta @ w[f"W{k}"].T) * (a[k - 1] > 0)
        return result

    return Network("deep relu", lambda w: float(((layers(w)[-1] - t) ** 2).sum() / len(x)), gradient, point)


def hinge(seed: int) -> Network:
    """A linear support vector machine of several classes with an L2 term."""
    rng = generator(seed)
    x, y = rng.normal(size=(10, 5)), rng.integers(0, 4, 10)
    rows = np.arange(10)

    def margins(w: Weights) -> Array:
        scores = x @ w["W"]
        found = np.maximum(scores - scores[rows, y][:, None] + 1, 0)
        found[rows, y] = 0
        return np.asarray(found)

    def gradient(w: Weights) -> Weights:
        over = (margins(w) > 0).astype(float)
        over[rows, y] = -over.sum(1)
        return {"W": x.T @ over / 10 + 0.02 * w["W"]}

    point = {"W": rng.normal(size=(5, 4))}
    return Network("hinge", lambda w: float(margins(w).sum() / 10 + 0.01 * (w["W"] ** 2).sum()), gradient, point)


def largest_of_groups(seed: int) -> Network:
    """Maxout: the largest of three pieces a unit."""
    rng = generator(seed)
    x, t = rng.normal(size=(7, 4)), rng.normal(size=(7, 2))
    point = {"W": rng.normal(size=(3, 4, 2)), "b": rng.normal(size=(3, 2))}

    def pieces(w: Weights) -> Array:
        return np.asarray(np.einsum("ni,kio->kno", x, w["W"]) + w["b"][:, None])

    def gradient(w: Weights) -> Weights:
        z = pieces(w)
        chosen = np.arange(3)[:, None, None] == z.argmax(0)
        delta = chosen * (z.max(0) - t)
        return {"W": np.einsum("kno,ni->kio", delta, x), "b": delta.sum(1)}

    return Network("max", lambda w: float(0.5 * ((pieces(w).max(0) - t) ** 2).sum()), gradient, point)


def convolution(seed: int) -> Network:
    """One channel, 3 x 3 kernels, relu, mean pooling, a linear output."""
    rng = generator(seed)
    images, t = rng.normal(size=(3, 6, 6)), rng.normal(size=3)
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    point = {"K": 0.5 * rng.normal(size=(2, 3, 3)), "b": np.array([0.1, -0.2]), "v": rng.normal(size=2)}

    def maps(w: Weights) -> Array:
        return np.asarray(np.einsum("nijpq,cpq->ncij", windows, w["K"]) + w["b"][:, None, None])

    def loss(w: Weights) -> float:
        return float(((np.maximum(maps(w), 0).mean((2, 3)) @ w["v"] - t) ** 2).mean())

    def gradient(w: Weights) -> Weights:
        z = maps(w)
        pooled = np.maximum(z, 0).mean((2, 3))
        delta = 2 * (pooled @ w["v"] - t) / 3
        inner = (z > 0) * (delta[:, None] * w["v"])[:, :, None, None] / 16
        return {"K": np.einsum("ncij,nijpq->cpq", inner, windows), "b": inner.sum((0, 2, 3)), "v": pooled.T @ delta}

    return Network("convolution", loss, gradient, point)


def recurrent(seed: int) -> Network:
    """A tanh cell over six steps, one output at the end."""
    rng = generator(seed)
    x, t = rng.normal(size=(6, 3)), 0.7
    point = {
        "U": 0.6 * rng.normal(size=(4, 3)),
        "V": 0.6 * rng.normal(size=(4, 4)),
        "c": rng.normal(size=4),
        "h0": np.zeros(4),
    }

    def states(w: Weights) -> list[Array]:
        found = [w["h0"]]
        for step in x:
            found.append(np.tanh(w["U"] @ step + w["V"] @ found[-1]))
        return found

    def gradient(w: Weights) -> Weights:
        h = states(w)
        error = w["c"] @ h[-1] - t
        result = {"U": np.zeros((4, 3)), "V": np.zeros((4, 4)), "c": error * h[-1]}
        delta = error * w["c"]
        for k in range(6, 0, -1):
            delta = delta * (1 - h[k] ** 2)
            result["U"] += np.outer(delta, x[k - 1])
            result["V"] += np.outer(delta, h[k - 1])
            delta = w["V"].T @ delta
        return {**result, "h0": delta}

    return Network("recurrent", lambda w: float(0.5 * (w["c"] @ states(w)[-1] - t) ** 2), gradient, point)


def batch_norm(seed: int) -> Network:
    """A linear layer, normalised over the batch, gamma and beta, squared error. W's bias has the gradient 0."""
    rng = generator(seed)
    x, t = rng.normal(size=(8, 3)), rng.normal(size=(8, 4))
    point = {
        "W": rng.normal(size=(3, 4)),
        "b": rng.normal(size=4),
        "gamma": rng.normal(size=4),
        "beta": rng.normal(size=4),
    }

    def normal(w: Weights) -> tuple[Array, Array]:
        z = x @ w["W"] + w["b"]
        deviation = np.sqrt(z.var(0) + 1e-5)
        return (z - z.mean(0)) / deviation, deviation

    def loss(w: Weights) -> float:
        return float(((normal(w)[0] * w["gamma"] + w["beta"] - t) ** 2).mean())

    def gradient(w: Weights) -> Weights:
        u, deviation = normal(w)
        delta = 2 * (u * w["gamma"] + w["beta"] - t) / t.size
        inner = delta * w["gamma"]
        inner = (inner - inner.mean(0) - u * (inner * u).mean(0)) / deviation
        return {"W": x.T @ inner, "b": inner.sum(0), "gamma": (delta * u).sum(0), "beta": delta.sum(0)}

    return Network("batch normalisation", loss, gradient, point)


def attention(seed: int) -> Network:
    """One head of scaled dot-product attention over five positions."""
    rng = generator(seed)
    x, t = rng.normal(size=(5, 4)), rng.normal(size=(5, 3))
    point = {name: rng.normal(size=(4, 3)) for name in ("Q", "K", "V")}

    def parts(w: Weights) -> tuple[Array, Array, Array, Array]:
        q, k, v = (x @ w[name] for name in ("Q", "K", "V"))
        return q, k, v, softmax(q @ k.T / np.sqrt(3))

    def loss(w: Weights) -> float:
        _, _, v, p = parts(w)
        return float(((p @ v - t) ** 2).sum())

    def gradient(w: Weights) -> Weights:
        q, k, v, p = parts(w)
        delta = 2 * (p @ v - t)
        slope = delta @ v.T
        scores = p * (slope - (slope * p).sum(1, keepdims=True)) / np.sqrt(3)
        return {"Q": x.T @ (scores @ k), "K": x.T @ (scores.T @ q), "V": x.T @ (p.T @ delta)}

    return Network("attention", loss, gradient, point)
