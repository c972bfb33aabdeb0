"""Right: loops over numbers, the states as lists."""

import math


def forward(X, h0, W, U, b, V, c, Y):
    h, out, loss = h0.tolist(), {}, 0.0
    units = range(len(h))
    for t, (x, y) in enumerate(zip(X.tolist(), Y.tolist(), strict=True), start=1):
        inner = [b[i] + sum(W[i][j] * x[j] for j in range(2)) + sum(U[i][k] * h[k] for k in units) for i in units]
        h = [math.tanh(z) for z in inner]
        out[f"h{t}"] = h
        for o in range(len(c)):
            loss += (sum(V[o][i] * h[i] for i in units) + c[o] - y[o]) ** 2 / 2
    return out | {"loss": loss}
