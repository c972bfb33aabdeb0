"""The penalty's gradient is subtracted: the weights are driven away from zero.

Seen in https://github.com/andersbll/nnet/issues/4
"""

import numpy as np


class Linear:
    def __init__(self, W, b, weight_decay):
        self.W, self.b, self.weight_decay = W, b, weight_decay

    def fprop(self, inputs):
        self.last_input = inputs
        return np.dot(inputs, self.W) + self.b

    def bprop(self, output_grad):
        n = output_grad.shape[0]
        self.dW = np.dot(self.last_input.T, output_grad) / n - self.weight_decay * self.W
        self.db = np.mean(output_grad, axis=0)
        return np.dot(output_grad, self.W.T)


def backward(X, W1, b1, W2, b2, Y, reg):
    first, second = Linear(W1, b1, reg), Linear(W2, b2, reg)
    a = np.tanh(first.fprop(X))
    grad = second.bprop(2 * (second.fprop(a) - Y))
    first.bprop(grad * (1 - a**2))
    return {"W1": first.dW, "b1": first.db, "W2": second.dW, "b2": second.db}
