"""db1 carries a 4/m where 1/m belongs.

Seen in https://github.com/bighuang624/Andrew-Ng-Deep-Learning-notes/issues/10
"""

import numpy as np


def backward(X, W1, b1, W2, b2, Y):
    m = X.shape[1]
    A1 = 1 / (1 + np.exp(-(np.dot(W1, X) + b1)))
    A2 = 1 / (1 + np.exp(-(np.dot(W2, A1) + b2)))
    dZ2 = A2 - Y
    dW2 = 1.0 / m * np.dot(dZ2, A1.T)
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, A1 * (1 - A1))
    dW1 = 1.0 / m * np.dot(dZ1, X.T)
    db1 = 4.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
