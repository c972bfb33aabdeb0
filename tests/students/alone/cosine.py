"""Wrong: the norms in a cosine similarity are treated as constants."""

import numpy as np


def example():
    return {"u": np.array([0.7, -1.1, 0.4]), "v": np.array([-0.2, 0.9, 1.6]), "target": 0.5}


def cosine(u, v):
    return u @ v / np.sqrt((u @ u) * (v @ v))


def loss(u, v, target):
    return (cosine(u, v) - target) ** 2


def backward(u, v, target):
    upstream = 2 * (cosine(u, v) - target) / np.sqrt((u @ u) * (v @ v))
    return {"u": upstream * v, "v": upstream * u}
