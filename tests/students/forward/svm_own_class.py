"""Wrong: the right class is counted among the others and adds its margin of 1 to each sample's loss."""

import numpy as np


def forward(X, W, b, y, reg):
    S = X @ W + b
    right = S[np.arange(len(X)), y.astype(int)][:, None]
    return {"S": S, "loss": np.maximum(0, S - right + 1).sum(axis=1).mean() + reg * (W**2).sum()}
