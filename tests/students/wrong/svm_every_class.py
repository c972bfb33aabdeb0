"""All wrong classes are pushed down, also those that are beyond the margin and cost nothing.

Known from loops whose `if margin > 0` was lost; no published case cited.
"""

import numpy as np


def backward(X, W, b, y, reg):
    num_train, num_classes = len(X), W.shape[1]
    dW, db = np.zeros_like(W), np.zeros_like(b)
    for i in range(num_train):
        correct = int(y[i])
        for j in range(num_classes):
            if j == correct:
                continue
            dW[:, j] += X[i]
            dW[:, correct] -= X[i]
            db[j] += 1
            db[correct] -= 1
    return {"W": dW / num_train + 2 * reg * W, "b": db / num_train}
