"""No backward pass: the imaginary part of the loss at w + ih, entry by entry; relu decides by the real part."""

import numpy as np

STEP = 1e-30


def loss(X, W1, b1, W2, b2, y):
    z1 = X @ W1 + b1
    z2 = np.where(z1.real > 0, z1, 0) @ W2 + b2
    z2 = z2 - z2.real.max(axis=1, keepdims=True)
    log_p = z2 - np.log(np.exp(z2).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(X)), y.astype(int)].mean()


def backward(**parameters):
    gradients = {}
    for name in ("W1", "b1", "W2", "b2"):
        gradients[name] = np.empty(parameters[name].shape)
        for entry in np.ndindex(parameters[name].shape):
            moved = parameters[name].astype(complex)
            moved[entry] += 1j * STEP
            gradients[name][entry] = loss(**(parameters | {name: moved})).imag / STEP
    return gradients
