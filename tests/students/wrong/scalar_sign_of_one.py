"""A minus slips into one of nine lines: w24 has the wrong sign.

Known from long derivations by hand; no published case cited.
"""

from math import exp


def sigma(z):
    return 1 / (1 + exp(-z))


def backward(x1, x2, w03, w13, w23, w04, w14, w24, w05, w35, w45, y):
    a3 = sigma(w03 + w13 * x1 + w23 * x2)
    a4 = sigma(w04 + w14 * x1 + w24 * x2)
    delta5 = sigma(w05 + w35 * a3 + w45 * a4) - y
    delta3 = delta5 * w35 * a3 * (1 - a3)
    delta4 = delta5 * w45 * a4 * (1 - a4)
    return {
        "w05": delta5, "w35": delta5 * a3, "w45": delta5 * a4,
        "w03": delta3, "w13": delta3 * x1, "w23": delta3 * x2,
        "w04": delta4, "w14": delta4 * x1, "w24": -delta4 * x2,
    }  # fmt: skip
