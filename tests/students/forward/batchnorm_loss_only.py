"""Right: nothing but the loss."""

import numpy as np


def forward(X, W1, gamma, beta, W2, b2, Y):
    Z = np.einsum("ni,ij->nj", X, W1)
    moment = (Z**2).mean(axis=0) - Z.mean(axis=0) ** 2
    A = np.maximum(gamma * (Z - Z.mean(axis=0)) / np.sqrt(moment + 0.01) + beta, 0)
    return {"loss": 0.5 * np.square(A @ W2 + b2 - Y).sum(axis=1).mean()}
