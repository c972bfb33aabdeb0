"""The error goes back in time by U where U^T belongs; U is square, so the shapes fit.

Known from hand-ins on recurrent networks; no published case cited.
"""

import numpy as np


class Cell:
    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b
        self.dW, self.dU, self.db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)

    def step(self, x, h):
        return np.tanh(self.W @ x + self.U @ h + self.b)

    def step_backward(self, x, h, h_next, grad):
        dz = grad * (1 - h_next**2)
        self.dW += np.outer(dz, x)
        self.dU += np.outer(dz, h)
        self.db += dz
        return self.U @ dz


def backward(X, h0, W, U, b, V, c, Y):
    cell, states = Cell(W, U, b), [h0]
    for x in X:
        states.append(cell.step(x, states[-1]))
    H = np.array(states[1:])
    dO = H @ V.T + c - Y
    carried = np.zeros(3)
    for t in range(len(X) - 1, -1, -1):
        carried = cell.step_backward(X[t], states[t], states[t + 1], V.T @ dO[t] + carried)
    return {"W": cell.dW, "U": cell.dU, "b": cell.db, "V": dO.T @ H, "c": dO.sum(axis=0)}
