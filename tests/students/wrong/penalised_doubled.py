"""The penalty has the factor 1/2, its gradient reg*W; here it is 2*reg*W.

Seen in https://github.com/cs231n/cs231n.github.io/issues/89, where notes and code differ by that 1/2.
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y, reg):
    N = X.shape[0]
    hidden = np.tanh(X.dot(W1) + b1)
    dscores = 2 * (hidden.dot(W2) + b2 - Y) / N
    grads = {"W2": hidden.T.dot(dscores), "b2": np.sum(dscores, axis=0)}
    dhidden = dscores.dot(W2.T) * (1 - hidden**2)
    grads["W1"] = X.T.dot(dhidden)
    grads["b1"] = np.sum(dhidden, axis=0)
    grads["W2"] += 2 * reg * W2
    grads["W1"] += 2 * reg * W1
    return grads
