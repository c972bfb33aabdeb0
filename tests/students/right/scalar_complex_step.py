"""Python's complex numbers and cmath; the gradients are plain floats."""

import cmath

WEIGHTS = ("w03", "w13", "w23", "w04", "w14", "w24", "w05", "w35", "w45")


def sigmoid(z):
    return 1 / (1 + cmath.exp(-z))


def loss(p):
    a3 = sigmoid(p["w03"] + p["w13"] * p["x1"] + p["w23"] * p["x2"])
    a4 = sigmoid(p["w04"] + p["w14"] * p["x1"] + p["w24"] * p["x2"])
    yhat = sigmoid(p["w05"] + p["w35"] * a3 + p["w45"] * a4)
    return -(p["y"] * cmath.log(yhat) + (1 - p["y"]) * cmath.log(1 - yhat))


def backward(**p):
    return {name: loss({**p, name: p[name] + 1e-40j}).imag * 1e40 for name in WEIGHTS}
