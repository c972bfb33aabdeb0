"""The loss is a sum over the samples, but the gradients are divided by their number.

Known from formulas with 1/m used where the assignment's loss has none; compare
https://github.com/heyxhh/nnet-numpy/issues/1
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    m = len(y)
    dW1, db1, dW2, db2 = (np.zeros_like(w) for w in (W1, b1, W2, b2))
    for i in range(m):
        z = X[i] @ W1 + b1
        a = np.log1p(np.exp(z))
        error = a @ W2[:, 0] + b2[0] - y[i]
        dW2[:, 0] += error * a
        db2 += error
        dz = error * W2[:, 0] / (1 + np.exp(-z))
        dW1 += np.outer(X[i], dz)
        db1 += dz
    return {"W1": dW1 / m, "b1": db1 / m, "W2": dW2 / m, "b2": db2 / m}
