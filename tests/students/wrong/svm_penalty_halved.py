"""The penalty reg*sum(W*W) is differentiated to reg*W: its 2 is missing.

Seen in https://github.com/jingtinghuang/CS231n-Spring-2017/issues/3
"""

import numpy as np


def backward(X, W, b, y, reg):
    dW = np.zeros(W.shape)
    db = np.zeros(b.shape)
    for x, label in zip(X, y.astype(int), strict=True):
        scores = x.dot(W) + b
        for j, score in enumerate(scores):
            if j != label and score - scores[label] + 1 > 0:
                dW[:, j] += x
                dW[:, label] -= x
                db[j] += 1
                db[label] -= 1
    dW /= len(X)
    db /= len(X)
    dW += reg * W
    return {"W": dW, "b": db}
