"""The backward pass entry by entry, right, under a name of its own."""

import math


def dot(row, column):
    return sum(float(row[i]) * column[i] for i in range(len(column)))


def my_backward(X, W1, b1, W2, b2, Y, decay):
    n = len(X)
    grads = {
        "W1": [[decay * w for w in row] for row in W1.tolist()],
        "b1": [0.0] * len(b1),
        "W2": [[decay * w for w in row] for row in W2.tolist()],
        "b2": [0.0] * len(b2),
    }
    for x, y in zip(X.tolist(), Y.tolist(), strict=True):
        a = [1 / (1 + math.exp(-dot(W1[j], x) - b1[j])) for j in range(len(b1))]
        z = [dot(W2[k], a) + b2[k] for k in range(len(b2))]
        top = max(z)
        powers = [math.exp(v - top) for v in z]
        delta2 = [(power / sum(powers) - t) / n for power, t in zip(powers, y, strict=True)]
        for k, slope in enumerate(delta2):
            grads["b2"][k] += slope
            for j, v in enumerate(a):
                grads["W2"][k][j] += slope * v
        for j, v in enumerate(a):
            slope = sum(delta2[k] * W2[k][j] for k in range(len(delta2))) * v * (1 - v)
            grads["b1"][j] += slope
            for i, u in enumerate(x):
                grads["W1"][j][i] += slope * u
    return grads
