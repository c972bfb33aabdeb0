"""The loss of the rest of the sequence is a function of the state; its gradient is found by recursion over time."""

import numpy as np


def rest(t, h, p, grads):
    if t == len(p["X"]):
        return np.zeros_like(h)
    h_next = np.tanh(p["W"] @ p["X"][t] + p["U"] @ h + p["b"])
    error = p["V"] @ h_next + p["c"] - p["Y"][t]
    dz = (p["V"].T @ error + rest(t + 1, h_next, p, grads)) * (1 - h_next) * (1 + h_next)
    for name, part in (("W", np.outer(dz, p["X"][t])), ("U", np.outer(dz, h)), ("b", dz)):
        grads[name] = grads[name] + part
    grads["V"] = grads["V"] + error[:, None] * h_next
    grads["c"] = grads["c"] + error
    return p["U"].T @ dz


def backward(**parameters):
    grads = dict.fromkeys("WUbVc", 0.0)
    rest(0, parameters["h0"], parameters, grads)
    return grads
