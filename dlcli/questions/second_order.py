"""The Jacobian of a function that is itself made of slopes, by complex steps held against a ladder of differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcli.engines.ladder import EPS, RATIO, RUNGS, extrapolate
from dlcli.ops.operation import Array

STEP = 1e-20
RESOLVED = 1e-6  # a bar, relative to the largest entry, up to which differences alone are an answer


def numerical_jacobian(function: Callable[[Array], Array], at: Array) -> Array | None:
    """df/dx, shape f + shape x, of a function that is real-analytic off its kinks; None where it is not known.

    The complex step (Squire and Trapp 1998, SIAM Review 40(1), 110-112) is exact to rounding, but only where
    every slope on the way is computed by analytic expressions; so it counts where central differences agree with
    it, and the extrapolated differences count elsewhere.
    """
    here = np.asarray(function(at), dtype=np.float64)
    columns = []
    for place in np.ndindex(at.shape):
        central, bar = _differences(function, at, place, here)
        stepped = _complex(function, at, place)
        if stepped is not None and bool(np.all(np.abs(stepped - central) <= 3 * bar + 1e-12 * np.abs(stepped))):
            columns.append(stepped)
        elif np.all(bar <= RESOLVED * max(float(np.max(np.abs(central), initial=0.0)), 1e-300)):
            columns.append(central)
        else:
            return None
    stacked = np.stack(columns, axis=-1) if columns else np.zeros((*here.shape, 0))
    return stacked.reshape(here.shape + at.shape)


def _complex(function: Callable[[Array], Array], at: Array, place: tuple[int, ...]) -> Array | None:
    moved = at.astype(np.complex128)
    moved[place] += 1j * STEP
    try:
        found = np.asarray(function(moved))
    except (TypeError, ValueError):
        return None
    slopes = found.imag / STEP if np.iscomplexobj(found) else np.zeros(found.shape)
    return slopes if np.isfinite(slopes).all() else None


def _differences(
    function: Callable[[Array], Array], at: Array, place: tuple[int, ...], here: Array
) -> tuple[Array, Array]:
    """Extrapolated central differences of every entry of f, and their error bars."""
    first = 0.05 * max(abs(float(at[place])), float(np.sqrt(np.mean(at**2))), 1e-3)
    quotients, steps = [], []
    for rung in range(RUNGS):
        high, low = at.copy(), at.copy()
        high[place] += first * RATIO**-rung
        low[place] -= first * RATIO**-rung
        gap = float(high[place] - low[place])
        quotients.append((np.asarray(function(high)) - np.asarray(function(low))).reshape(-1) / gap)
        steps.append(gap / 2)
    table = np.stack(quotients, axis=1)
    heights = np.broadcast_to(np.array(steps), table.shape)
    noise = 8 * EPS * max(float(np.max(np.abs(here), initial=0.0)), 1e-300)
    found = extrapolate(table, heights, np.isfinite(table), noise, RATIO**2)
    return found.value.reshape(here.shape), found.error.reshape(here.shape)
