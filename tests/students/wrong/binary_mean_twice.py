"""The 1/m of the loss is in dA2 already, and each dW and db is divided by m again.

Discussed in https://github.com/SkalskiP/ILearnDeepLearning.py/issues/29
"""

import numpy as np


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def single_layer_backward(dA, A, W, A_prev):
    m = A_prev.shape[1]
    dZ = dA * A * (1 - A)
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return np.dot(W.T, dZ), dW, db


def backward(X, W1, b1, W2, b2, Y):
    A1 = sigmoid(np.dot(W1, X) + b1)
    A2 = sigmoid(np.dot(W2, A1) + b2)
    dA2 = -(np.divide(Y, A2) - np.divide(1 - Y, 1 - A2)) / Y.shape[1]
    dA1, dW2, db2 = single_layer_backward(dA2, A2, W2, A1)
    _, dW1, db1 = single_layer_backward(dA1, A1, W1, X)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
