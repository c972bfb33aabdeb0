"""No arrays at all: lists, loops and math; the gradients are nested lists."""

import math


def backward(X, W1, b1, W2, b2, y):
    X, W1, b1, W2, b2 = (v.tolist() for v in (X, W1, b1, W2, b2))
    n, width, hidden, classes = len(X), len(W1), len(b1), len(b2)
    dW1 = [[0.0] * hidden for _ in range(width)]
    db1 = [0.0] * hidden
    dW2 = [[0.0] * classes for _ in range(hidden)]
    db2 = [0.0] * classes
    for x, label in zip(X, y, strict=True):
        z1 = [b1[j] + sum(x[i] * W1[i][j] for i in range(width)) for j in range(hidden)]
        a1 = [max(z, 0.0) for z in z1]
        z2 = [b2[k] + sum(a1[j] * W2[j][k] for j in range(hidden)) for k in range(classes)]
        top = max(z2)
        total = sum(math.exp(z - top) for z in z2)
        for k in range(classes):
            error = (math.exp(z2[k] - top) / total - (k == label)) / n
            db2[k] += error
            for j in range(hidden):
                dW2[j][k] += error * a1[j]
                if z1[j] > 0:
                    db1[j] += error * W2[j][k]
                    for i in range(width):
                        dW1[i][j] += error * W2[j][k] * x[i]
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
