"""The hidden deltas leave out the weight between the hidden and the output unit.

Known from the chain rule with one link too few; no published case cited.
"""

import numpy as np


def backward(x1, x2, w03, w13, w23, w04, w14, w24, w05, w35, w45, y):
    x = np.array([1.0, x1, x2])
    hidden = np.array([[w03, w13, w23], [w04, w14, w24]])
    a = 1 / (1 + np.exp(-hidden @ x))
    yhat = 1 / (1 + np.exp(-(w05 + w35 * a[0] + w45 * a[1])))
    delta_out = yhat - y
    delta_hidden = delta_out * a * (1 - a)
    d = np.outer(delta_hidden, x)
    names = [["w03", "w13", "w23"], ["w04", "w14", "w24"]]
    grads = {names[i][j]: d[i, j] for i in range(2) for j in range(3)}
    return grads | {"w05": delta_out, "w35": delta_out * a[0], "w45": delta_out * a[1]}
