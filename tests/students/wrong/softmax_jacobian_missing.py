"""The slope by the probabilities, -y/p, is taken as the slope by the logits: the softmax is skipped on the way down.

Known from hand-ins that differentiate -y ln p and stop there; no published case cited.
"""

import numpy as np


def backward(**given):
    X, W1, b1, W2, b2 = (given[k] for k in ("X", "W1", "b1", "W2", "b2"))
    y = given["y"].astype(int)
    rows = np.arange(len(X))
    cache = {"z1": X @ W1 + b1}
    cache["a1"] = np.where(cache["z1"] > 0, cache["z1"], 0)
    logits = cache["a1"] @ W2 + b2
    cache["p"] = np.exp(logits) / np.exp(logits).sum(1)[:, None]

    dz2 = np.zeros_like(cache["p"])
    dz2[rows, y] = -1 / cache["p"][rows, y]
    dz2 /= len(X)
    dz1 = dz2 @ W2.T
    dz1[cache["z1"] <= 0] = 0
    return {"W1": X.T @ dz1, "b1": dz1.sum(0), "W2": cache["a1"].T @ dz2, "b2": dz2.sum(0)}
