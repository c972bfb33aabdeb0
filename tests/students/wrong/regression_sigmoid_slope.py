"""A tanh layer differentiated as a sigmoid: a(1 - a).

Known from exercises that swap the activation and keep the derivative; no published case cited.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    samples, outputs = Y.shape
    a1 = np.tanh(X @ W1.T + b1)
    error = a1 @ W2.T + b2 - Y
    delta_out = 2 * error / (samples * outputs)
    delta_hidden = delta_out.dot(W2) * a1 * (1 - a1)
    return {
        "W2": delta_out.T.dot(a1),
        "b2": delta_out.sum(axis=0),
        "W1": delta_hidden.T.dot(X),
        "b1": delta_hidden.sum(axis=0),
    }
