"""delta = y - y_hat, so that every gradient points uphill.

Seen in https://github.com/dennybritz/nn-from-scratch/issues/11
"""

import numpy as np


def backward(X, W1, b1, W2, b2, y):
    num_examples = len(X)
    z1 = X.dot(W1) + b1
    a1 = np.maximum(z1, 0)
    exp_scores = np.exp(a1.dot(W2) + b2)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

    delta3 = -probs
    delta3[range(num_examples), y.astype(int)] += 1
    delta3 /= num_examples
    dW2 = (a1.T).dot(delta3)
    db2 = np.sum(delta3, axis=0)
    delta2 = delta3.dot(W2.T) * (a1 > 0)
    dW1 = np.dot(X.T, delta2)
    db1 = np.sum(delta2, axis=0)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
