"""What Xavier initialisation would choose, and the variance of each layer's output against n_in sigma^2 gamma^2."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from dlcli.inspection.section import Skipped, Subject
from dlcli.inspection.weight_layers import WeightLayer, inputs_by_sample


@dataclass(frozen=True)
class LayerVariance:
    """sigma, gamma: root of the mean square of weights and inputs; the formula takes their means to be 0.

    xavier_sigma = sqrt(2/(n_in + n_out)), xavier_bound = sqrt(6/(n_in + n_out)); balance = (n_in + n_out)
    sigma^2/2, which Xavier makes 1. predicted = n_in sigma^2 gamma^2; measured: the mean square of W x.
    """

    name: str
    n_in: int
    n_out: int
    sigma: float
    xavier_sigma: float
    xavier_bound: float
    balance: float
    gamma: float
    predicted: float
    measured: float


def initial_variance(subject: Subject, layers: tuple[WeightLayer, ...]) -> tuple[LayerVariance, ...] | Skipped:
    """For each layer of weights (Glorot and Bengio 2010)."""
    if not layers:
        return Skipped("there is no layer of weights z = W x + b")
    rows = []
    for layer in layers:
        n_out, n_in = layer.weights.shape
        x = inputs_by_sample(layer, subject.values)
        with np.errstate(all="ignore"):
            sigma2, gamma2 = float(np.mean(layer.weights**2)), float(np.mean(x**2))
            measured = float(np.mean((x @ layer.weights.T) ** 2))
        fans = n_in + n_out
        rows.append(
            LayerVariance(
                layer.name, n_in, n_out, sqrt(sigma2), sqrt(2 / fans), sqrt(6 / fans), fans * sigma2 / 2,
                sqrt(gamma2), n_in * sigma2 * gamma2, measured,
            )
        )  # fmt: skip
    return tuple(rows)
