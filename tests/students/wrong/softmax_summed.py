"""The gradient is summed over the samples, but the loss is their mean: nothing divides by the batch size.

Seen in https://github.com/hunkim/DeepLearningZeroToAll/issues/173
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0)
    scores = A1 @ W2 + b2
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    P = exps / exps.sum(axis=1, keepdims=True)

    dZ2 = P.copy()
    dZ2[np.arange(len(y)), y.astype(int)] -= 1
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    return {"W1": X.T @ dZ1, "b1": dZ1.sum(axis=0), "W2": dW2, "b2": db2}
