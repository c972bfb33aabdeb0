"""The loss of each homework as plain NumPy: a function of its inputs, weights, targets and constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def relu(z: Any) -> Any:
    return np.where(z > 0, z, 0.0)


def log_softmax(z: Any) -> Any:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def class_loss(z: Any, y: Any) -> Any:
    return -np.mean(log_softmax(z)[np.arange(len(z)), np.asarray(y).astype(int)])


def bce(p: Any, y: Any) -> Any:
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def softmax(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> Any:
    return class_loss(relu(X @ W1 + b1) @ W2 + b2, y)


def binary(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Any:
    return bce(sigmoid(W2 @ sigmoid(W1 @ X + b1) + b2), Y)


def regression(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any) -> Any:
    return np.mean((np.tanh(X @ W1.T + b1) @ W2.T + b2 - Y) ** 2)


def square(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, T: Any) -> Any:
    out = sigmoid(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3 + b3
    return np.sum((out - T) ** 2) / 2 / len(X)


def prices(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, y: Any) -> Any:
    predicted = np.log1p(np.exp(X @ W1 + b1)) @ W2 + b2
    return sum((p - t) ** 2 / 2 for p, t in zip(predicted[:, 0], y, strict=True))


def deep(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, W3: Any, b3: Any, W4: Any, b4: Any, y: Any) -> Any:
    h1 = relu(X @ W1 + b1)
    z3 = (h1 + relu(h1 @ W2 + b2)) @ W3 + b3
    return np.sum((np.where(z3 > 0, z3, 0.2 * z3) @ W4 + b4 - y) ** 2) / 2 / len(X)


def penalised(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, Y: Any, reg: Any) -> Any:
    error = np.tanh(X @ W1 + b1) @ W2 + b2 - Y
    return np.sum(error**2) / len(X) + reg / 2 * (np.sum(W1**2) + np.sum(W2**2))


def dropout(X: Any, W1: Any, b1: Any, W2: Any, b2: Any, T: Any, p: Any, mask: Any) -> Any:
    return -np.sum(T * log_softmax(relu(X @ W1 + b1) * mask / (1 - p) @ W2 + b2)) / len(X)


def batchnorm(X: Any, W1: Any, gamma: Any, beta: Any, W2: Any, b2: Any, Y: Any) -> Any:
    z = X @ W1
    n = (z - z.mean(axis=0)) / np.sqrt(np.mean((z - z.mean(axis=0)) ** 2, axis=0) + 0.01)
    return np.sum((relu(gamma * n + beta) @ W2 + b2 - Y) ** 2) / 2 / len(X)


def correlate(x: Any, k: Any, c: Any) -> Any:
    rows, columns = x.shape[2] - k.shape[2] + 1, x.shape[3] - k.shape[3] + 1
    out = np.zeros((len(x), len(k), rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, None, :, i : i + k.shape[2], j : j + k.shape[3]]
            out[:, :, i, j] = (window * k).sum(axis=(2, 3, 4)) + c
    return out


def blocks(x: Any) -> Any:
    n, channels, rows, columns = x.shape
    return x.reshape(n, channels, rows // 2, 2, columns // 2, 2)


def convnet(x: Any, K1: Any, c1: Any, K2: Any, c2: Any, W: Any, b: Any, y: Any) -> Any:
    pooled = blocks(relu(correlate(x, K1, c1))).max(axis=(3, 5))
    averaged = blocks(np.tanh(correlate(pooled, K2, c2))).mean(axis=(3, 5))
    return class_loss(averaged.reshape(len(x), -1) @ W + b, y)


def recurrent(X: Any, h0: Any, W: Any, U: Any, b: Any, V: Any, c: Any, Y: Any) -> Any:
    h, loss = h0, 0.0
    for x, y in zip(X, Y, strict=True):
        h = np.tanh(W @ x + U @ h + b)
        loss += np.sum((V @ h + c - y) ** 2) / 2
    return loss


def svm(X: Any, W: Any, b: Any, y: Any, reg: Any) -> Any:
    scores, loss = X @ W + b, 0.0
    for row, label in zip(scores, np.asarray(y).astype(int), strict=True):
        loss += sum(max(0.0, s - row[label] + 1) for j, s in enumerate(row) if j != label)
    return loss / len(X) + reg * np.sum(W**2)


def scalar(**p: Any) -> Any:
    a3 = sigmoid(p["w03"] + p["w13"] * p["x1"] + p["w23"] * p["x2"])
    a4 = sigmoid(p["w04"] + p["w14"] * p["x1"] + p["w24"] * p["x2"])
    return bce(sigmoid(p["w05"] + p["w35"] * a3 + p["w45"] * a4), p["y"])


def attention(X: Any, Wq: Any, Wk: Any, Wv: Any, gamma: Any, beta: Any, Wo: Any, Y: Any) -> Any:
    scores = (X @ Wq) @ (X @ Wk).T / np.sqrt(2)
    a = np.exp(log_softmax(scores)) @ (X @ Wv)
    centred = a - a.mean(axis=1, keepdims=True)
    n = centred / np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 0.01)
    return np.mean(((gamma * n + beta) @ Wo - Y) ** 2)


def pixels(X: Any, W: Any, b: Any, y: Any) -> Any:
    return class_loss(X @ W + b, y)


HOMEWORKS = (
    *(softmax, binary, regression, square, prices, deep, penalised, dropout),
    *(batchnorm, convnet, recurrent, svm, scalar, attention, pixels),
)
LOSSES: Mapping[str, Callable[..., Any]] = MappingProxyType({f.__name__: f for f in HOMEWORKS})
