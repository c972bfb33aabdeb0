"""Wrong: the cross-entropy with the logarithm to base 10; the predictions are right."""

import numpy as np


def forward(X, W1, b1, W2, b2, Y):
    A1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    return {"A1": A1, "A2": A2, "loss": -np.mean(Y * np.log10(A2) + (1 - Y) * np.log10(1 - A2))}
