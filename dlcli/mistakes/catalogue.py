"""The catalogue of classic mistakes: one row each, family by family, from the loss down."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.mistakes import (
    arithmetic,
    averages,
    biases,
    factors,
    inputs,
    layers,
    normalisations,
    outputs,
    paths,
    penalties,
    slopes,
    weights,
)
from dlcli.mistakes.mistake import Mistake

MISTAKES: Mapping[str, Mistake] = {
    row.id: row
    for row in (
        *averages.RECORDS,
        *factors.RECORDS,
        *outputs.RECORDS,
        *slopes.RECORDS,
        *weights.RECORDS,
        *inputs.RECORDS,
        *biases.RECORDS,
        *paths.RECORDS,
        *penalties.RECORDS,
        *layers.RECORDS,
        *normalisations.RECORDS,
        *arithmetic.RECORDS,
    )
}
