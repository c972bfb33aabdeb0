"""Bounds on the number of linear regions of a ReLU network of this shape."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import comb, lgamma, log, log10, prod

import numpy as np

from dlcli.inspection.section import Skipped, Subject
from dlcli.inspection.weight_layers import WeightLayer, fed_by

WIDEST_EXACT = 2000  # units of a layer up to which the counts are exact whole numbers


@dataclass(frozen=True)
class LinearRegions:
    """inputs: n_0; widths: units of each hidden layer.

    upper: no weights give more; None where a layer is too wide to count exactly, upper_log10 is then all there is.
    lower: some weights reach it, None where Montufar et al. have none (a layer narrower than the input, or without
    biases).
    """

    inputs: int
    widths: tuple[int, ...]
    formula: str
    upper: int | None
    upper_log10: float
    lower: int | None
    lower_log10: float | None


def linear_regions(subject: Subject, layers: tuple[WeightLayer, ...]) -> LinearRegions | Skipped:
    """Of a chain of ReLU layers on an input.

    One hidden layer of n units on d inputs: sum over j <= d of C(n, j) (Zaslavsky 1975). Deeper: the product of
    such sums over the layers, as each cuts a region of the layers before it, of dimension at most n_0. Layers before
    the first bias are linear in each region, so that all their hyperplanes pass through 0: 2 times the sum over j < d
    of C(n - 1, j) (Cover 1965). Lower: prod over l < L of floor(n_l/n_0)^n_0, times the sum of the last layer
    (Montufar et al. 2014, Theorem 4).
    """
    hidden = [layer for layer in layers if layer.activation == "relu"]
    if not hidden:
        return Skipped("there is no layer of weights with a ReLU")
    for before, layer in pairwise(hidden):
        if not fed_by(subject, layer, before.activated):
            return Skipped("the ReLU layers do not feed one another in a chain")
    others = [layer for layer in layers if not layer.linear and layer not in (*hidden, layers[-1])]
    first = hidden[0]
    computed = any(subject.graph.nodes[n].operation is not None for n in first.inputs)
    if others or computed:
        return Skipped("something other than ReLU layers stands before or between them")
    inputs, widths = first.weights.shape[1], tuple(len(layer.weights) for layer in hidden)
    central = next((k for k, layer in enumerate(hidden) if layer.bias is not None), len(hidden))
    exact = max(widths) <= WIDEST_EXACT
    upper = None
    if exact:
        upper = prod(central_cuts(width, inputs) for width in widths[:central])
        upper *= prod(cuts(width, inputs) for width in widths[central:])
    size = sum(log10(2) + _log10_cuts(width - 1, inputs - 1) for width in widths[:central])
    size += sum(_log10_cuts(width, inputs) for width in widths[central:])
    biased = all(layer.bias is not None for layer in hidden)
    lower = _lower(inputs, widths) if exact and biased else None
    formula = _formula(len(widths), central)
    return LinearRegions(inputs, widths, formula, upper, float(size), lower, None if lower is None else log10(lower))


def _formula(count: int, central: int) -> str:
    """The bound in words. central: how many of the layers stand before the first bias."""
    layer = "n_1" if count == 1 else "n_l"
    affine, through = f"sum over j <= n_0 of C({layer}, j)", f"2 sum over j < n_0 of C({layer} - 1, j)"
    product = "" if count == 1 else "product over layers l of "
    if central == 0:
        return product + affine
    why = ", as without biases all kinks pass through 0"
    if central == count:
        return product + through + why
    return f"{product}{affine}; of those before the first bias of {through}{why}"


def cuts(hyperplanes: int, dimension: int) -> int:
    """Into how many regions hyperplanes in general position cut a space (Zaslavsky 1975)."""
    return sum(comb(hyperplanes, j) for j in range(min(hyperplanes, dimension) + 1))


def central_cuts(hyperplanes: int, dimension: int) -> int:
    """Into how many regions hyperplanes through one point, otherwise in general position, cut a space (Cover 1965)."""
    return 2 * cuts(hyperplanes - 1, dimension - 1)


def _log10_cuts(hyperplanes: int, dimension: int) -> float:
    n = hyperplanes
    terms = [lgamma(n + 1) - lgamma(j + 1) - lgamma(n - j + 1) for j in range(min(n, dimension) + 1)]
    return float(np.logaddexp.reduce(terms)) / log(10)


def _lower(inputs: int, widths: tuple[int, ...]) -> int | None:
    if min(widths) < inputs:
        return None
    folded: int = prod((width // inputs) ** inputs for width in widths[:-1])
    return folded * cuts(widths[-1], inputs)
