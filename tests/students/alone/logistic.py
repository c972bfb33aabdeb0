"""Right: logistic regression with its loss, its gradients and an example."""

import numpy as np


def example():
    return {
        "X": np.array([[0.5, -1.2, 0.3], [1.5, 0.4, -0.7], [-0.9, 0.8, 1.1], [0.2, -0.6, 0.9]]),
        "w": np.array([0.8, -0.3, 0.6]),
        "b": -0.2,
        "y": np.array([1.0, 0.0, 1.0, 1.0]),
    }


def loss(X, w, b, y):
    z = X @ w + b
    return np.mean(np.logaddexp(0, z) - y * z)


def backward(X, w, b, y):
    error = (1 / (1 + np.exp(-(X @ w + b))) - y) / len(y)
    return {"w": X.T @ error, "b": error.sum()}
