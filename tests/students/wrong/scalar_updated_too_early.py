"""The weights of the output unit are updated first, and the new values carry the error down.

Seen in https://github.com/joelgrus/data-science-from-scratch/issues/31
"""

import math

RATE = 0.5


def sigma(z):
    return 1 / (1 + math.exp(-z))


def backward(**p):
    a = {3: sigma(p["w03"] + p["w13"] * p["x1"] + p["w23"] * p["x2"])}
    a[4] = sigma(p["w04"] + p["w14"] * p["x1"] + p["w24"] * p["x2"])
    delta = {5: sigma(p["w05"] + p["w35"] * a[3] + p["w45"] * a[4]) - p["y"]}
    grads = {"w05": delta[5], "w35": delta[5] * a[3], "w45": delta[5] * a[4]}
    new = {name: p[name] - RATE * grads[name] for name in grads}
    for unit in (3, 4):
        delta[unit] = delta[5] * new[f"w{unit}5"] * a[unit] * (1 - a[unit])
        grads[f"w0{unit}"] = delta[unit]
        grads[f"w1{unit}"] = delta[unit] * p["x1"]
        grads[f"w2{unit}"] = delta[unit] * p["x2"]
    return grads
