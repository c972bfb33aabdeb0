"""Counts in a matrix of integers, one matrix product at the end; the label's column by subtraction of row sums."""

import numpy as np


def backward(X, W, b, y, reg):
    labels = y.astype(np.intp)
    scores = X @ W + b
    broken = (scores - np.take_along_axis(scores, labels[:, None], axis=1) > -1).astype(int)
    np.put_along_axis(broken, labels[:, None], 0, axis=1)
    np.put_along_axis(broken, labels[:, None], -broken.sum(axis=1, keepdims=True), axis=1)
    return {"W": (X.T @ broken) / len(X) + reg * (W + W), "b": broken.sum(axis=0) / len(X), "counts": broken}
