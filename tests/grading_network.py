"""The homework of tests/grading_class in plain NumPy: what is right, and what each classic slip gives.

Backward by hand, in one place, with a switch for each slip. Nothing here comes from dlcli.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

X = np.array([[0.5, -1.2, 0.3], [1.5, 0.8, -0.4], [-0.7, 0.4, 1.1]])
W1 = np.array([[0.3, -0.4, 0.9], [0.7, 0.2, -0.5]])
B1 = np.array([0.1, -0.2])
W2 = np.array([[0.4, -0.8], [-0.7, 0.9]])
B2 = np.array([0.15, -0.35])
Y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
DECAY = 0.05
RATE = 0.03


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Array) -> Array:
    powers = np.exp(z)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Pass:
    """One way through the network. inputs: (3, 3); hidden: (3, 2) z1; a1, p, delta2: (3, 2), None to compute it."""

    inputs: Array
    bias: Array
    weights: Array
    a1: Array
    p: Array
    delta2: Array
    z1: Array

    @property
    def data_loss(self) -> float:
        return float(-(Y * np.log(self.p)).sum() / 3)

    @property
    def loss(self) -> float:
        return self.data_loss + 0.5 * DECAY * float((self.weights**2).sum() + (W2**2).sum())

    @property
    def grad_w2(self) -> Array:
        return self.delta2.T @ self.a1 + DECAY * W2

    @property
    def grad_b2(self) -> Array:
        return np.asarray(self.delta2.sum(axis=0))

    @property
    def back(self) -> Array:
        return np.asarray(self.delta2 @ W2)

    def grad_w1(self, slope: Array | None = None, w2: Array = W2, decay: float = DECAY) -> Array:
        """dloss/dW1, with the slope of the activation, the W2 passed through, and the decay given."""
        through = self.a1 * (1 - self.a1) if slope is None else slope
        return np.asarray(((self.delta2 @ w2) * through).T @ self.inputs + decay * self.weights)

    @property
    def softmax_jacobian(self) -> Array:
        return np.diag(self.p[0]) - np.outer(self.p[0], self.p[0])


def forward(inputs: Array = X, bias: Array = B1, w1: Array = W1, w2: Array = W2, b2: Array = B2) -> Pass:
    z1 = inputs @ w1.T + bias
    a1 = sigmoid(z1)
    p = softmax(a1 @ w2.T + b2)
    return Pass(inputs, bias, w1, a1, p, (p - Y) / 3, z1)


def adversarial(start: Pass) -> Pass:
    """The pass at X + 0.1 sign(dloss/dX)."""
    delta1 = start.back * start.a1 * (1 - start.a1)
    return forward(X + 0.1 * np.sign(delta1 @ W1), start.bias)


def loss_after_step(rate: float = RATE) -> float:
    """The loss after one step of gradient descent, all weights at once."""
    now = forward()
    delta1 = now.back * now.a1 * (1 - now.a1)
    w1, b1 = W1 - rate * now.grad_w1(), B1 - rate * delta1.sum(axis=0)
    w2, b2 = W2 - rate * now.grad_w2, B2 - rate * now.grad_b2
    later = forward(bias=b1, w1=w1, w2=w2, b2=b2)
    return later.data_loss + 0.5 * DECAY * float((w1**2).sum() + (w2**2).sum())


RIGHT = forward()


def answers_from(start: Pass) -> Mapping[str, Array]:
    """The answer to each question that asks for numbers, from the quantities of a pass."""
    found = {
        "a": start.a1,
        "b": start.p[0, 0],
        "c": start.loss,
        "d": start.delta2,
        "e": start.grad_w2,
        "f": start.grad_b2,
        "g": start.back,
        "u": start.delta2.sum(),
        "h": start.grad_w1()[0, 1],
        "i": start.softmax_jacobian,
        "k": B2 - RATE * start.grad_b2,
        "o": adversarial(start).loss,
    }
    return {name: np.asarray(value, dtype=float) for name, value in found.items()}


def truth() -> Mapping[str, Array]:
    """The right answers; the sum of delta2 is exactly 0, whatever its floats add up to."""
    counts = {"j.w": [2, 3], "j.s": 6, "j.k": 14, "t": loss_after_step(), "u": 0}
    return {**answers_from(RIGHT), **{name: np.asarray(value, dtype=float) for name, value in counts.items()}}


def chain(name: str) -> Pass:
    """A pass that goes on rightly from one wrong step."""
    p, a1 = RIGHT.p, RIGHT.a1
    wrong: dict[str, Callable[[], Pass]] = {
        "mean-missing": lambda: replace(RIGHT, delta2=p - Y),
        "sign": lambda: replace(RIGHT, delta2=(Y - p) / 3),
        "prediction-for-error": lambda: replace(RIGHT, delta2=p / 3),
        "onehot-off-by-one": lambda: replace(RIGHT, delta2=(p - np.roll(Y, 1, axis=1)) / 3),
        "mean-over-entries": lambda: replace(RIGHT, delta2=(p - Y) / 6),
        "softmax-derivative-twice": lambda: replace(RIGHT, delta2=_through_softmax((p - Y) / 3, p)),
        "zero": lambda: replace(RIGHT, delta2=np.zeros_like(p)),
        "first-bias-forgotten": lambda: forward(bias=np.zeros(2)),
        "a1-rounded": lambda: _from_hidden(np.round(a1, 2)),
        "delta2-rounded": lambda: replace(RIGHT, delta2=np.round((p - Y) / 3, 2)),
    }
    return wrong[name]()


def _through_softmax(cotangent: Array, p: Array) -> Array:
    return np.asarray(p * (cotangent - (cotangent * p).sum(axis=1, keepdims=True)))


def _from_hidden(a1: Array) -> Pass:
    p = softmax(a1 @ W2.T + B2)
    return replace(RIGHT, a1=a1, p=p, delta2=(p - Y) / 3)


def slips() -> Mapping[str, Array]:
    """Wrong numbers by `name(question)`: one classic slip, everything else right."""
    now, a1, z1 = RIGHT, RIGHT.a1, RIGHT.z1
    w2_after = W2 - RATE * now.grad_w2
    data2 = now.delta2.T @ a1
    log10 = now.data_loss / float(np.log(10)) + (now.loss - now.data_loss)
    found: dict[str, Any] = {
        "other-class(b)": now.p[0, 1],
        "l2-missing(c)": now.data_loss,
        "log-base-10(c)": log10,
        "log-base-2(c)": now.data_loss / float(np.log(2)) + (now.loss - now.data_loss),
        "weight-gradient-transposed(e)": now.grad_w2.T,
        "preactivation-for-activation(e)": now.delta2.T @ z1 + DECAY * W2,
        "input-forgotten(e)": np.outer(now.grad_b2, np.ones(2)) + DECAY * W2,
        "cache-shuffled(e)": now.delta2.T @ a1[::-1] + DECAY * W2,
        "one-sample-only(e)": np.outer(now.delta2[0], a1[0]) + DECAY * W2,
        "l2-missing(e)": data2,
        "l2-doubled(e)": data2 + 2 * DECAY * W2,
        "l2-halved(e)": data2 + DECAY * W2 / 2,
        "l2-sign(e)": data2 - DECAY * W2,
        "l2-divided-by-batch(e)": data2 + DECAY * W2 / 3,
        "l1-for-l2(e)": data2 + DECAY * np.sign(W2),
        "l2-on-biases(f)": now.grad_b2 + DECAY * B2,
        "bias-one-sample(f)": now.delta2[-1],
        "mean-extra-on-biases(f)": now.grad_b2 / 3,
        "learning-rate-included(f)": RATE * now.grad_b2,
        "factor-two-extra(f)": 2 * now.grad_b2,
        "weights-not-transposed(g)": now.delta2 @ W2.T,
        "activation-derivative-missing(h)": now.grad_w1(np.ones_like(a1))[0, 1],
        "derivative-at-activation(h)": now.grad_w1(sigmoid(a1) * (1 - sigmoid(a1)))[0, 1],
        "derivative-at-preactivation(h)": now.grad_w1(z1 * (1 - z1))[0, 1],
        "derivative-of-another-activation(h)": now.grad_w1(1 - a1**2)[0, 1],
        "activation-derivative-twice(h)": now.grad_w1((a1 * (1 - a1)) ** 2)[0, 1],
        "activation-for-derivative(h)": now.grad_w1(a1)[0, 1],
        "weights-not-transposed(h)": now.grad_w1(w2=W2.T)[0, 1],
        "weights-skipped(h)": now.grad_w1(w2=np.eye(2))[0, 1],
        "weights-updated-before-use(h)": now.grad_w1(w2=w2_after)[0, 1],
        "l2-missing(h)": now.grad_w1(decay=0)[0, 1],
        "l2-doubled(h)": now.grad_w1(decay=2 * DECAY)[0, 1],
        "mean-missing(h)": replace(now, delta2=3 * now.delta2).grad_w1()[0, 1],
        "factor-two-extra(h)": replace(now, delta2=2 * now.delta2).grad_w1()[0, 1],
        "sign(h)": -now.grad_w1()[0, 1],
        "y-minus-p(h)": replace(now, delta2=-now.delta2).grad_w1()[0, 1],
        "p-and-slope-missing(h)": replace(now, delta2=now.p / 3).grad_w1(np.ones_like(a1))[0, 1],
        "softmax-derivative-diagonal(i)": np.diag(np.diag(now.softmax_jacobian)),
        "gradient-added(k)": B2 + RATE * now.grad_b2,
        "bias-forgotten(k)": B2,
        "rate-left-out(k)": B2 - now.grad_b2,
        "loss-copied(o)": now.data_loss,
        "loss-copied(t)": now.data_loss,
        "sum-of-rounded(u)": np.asarray(1e-4),
    }
    return {name: np.asarray(value, dtype=float) for name, value in found.items()}
