"""Sums and products in exact fractions; only exp and log are rounded. Returned as lists of floats."""

import math
from fractions import Fraction


def exact(values):
    return [[Fraction(v) for v in row] for row in values.tolist()]


def backward(X, W1, b1, W2, b2, y):
    rows, w1, w2 = exact(X), exact(W1), exact(W2)
    bias1, bias2 = exact(b1[None])[0], Fraction(float(b2[0]))
    units, width = range(len(bias1)), range(len(w1))
    d = {"W1": [[Fraction(0) for _ in units] for _ in width], "b1": [Fraction(0) for _ in units]}
    d |= {"W2": [[Fraction(0)] for _ in units], "b2": [Fraction(0)]}
    for x, wanted in zip(rows, y.tolist(), strict=True):
        z = [float(bias1[j] + sum(x[i] * w1[i][j] for i in width)) for j in units]
        a = [Fraction(math.log1p(math.exp(v))) for v in z]
        error = bias2 + sum(a[j] * w2[j][0] for j in units) - Fraction(wanted)
        d["b2"][0] += error
        for j in units:
            delta = error * w2[j][0] * Fraction(1 / (1 + math.exp(-z[j])))
            d["W2"][j][0] += error * a[j]
            d["b1"][j] += delta
            for i in width:
                d["W1"][i][j] += delta * x[i]
    vectors = {name: [float(v) for v in d[name]] for name in ("b1", "b2")}
    return vectors | {name: [[float(v) for v in row] for row in d[name]] for name in ("W1", "W2")}
