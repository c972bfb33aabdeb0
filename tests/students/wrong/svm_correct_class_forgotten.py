"""The classes that break the margin get their part, the right class gets none.

Asked about in https://github.com/mantasu/cs231n/issues/9
"""

import numpy as np


def backward(X, W, b, y, reg):
    rows, labels = np.arange(len(X)), y.astype(int)
    scores = X @ W + b
    margins = np.maximum(0, scores - scores[rows, labels][:, None] + 1)
    margins[rows, labels] = 0
    binary = (margins > 0).astype(float)
    binary /= len(X)
    return {"W": X.T @ binary + 2 * reg * W, "b": binary.sum(axis=0)}
