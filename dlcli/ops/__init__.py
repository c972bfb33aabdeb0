"""The table of all operations: one record each, in the order of the formula sheet."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.ops import (
    activations,
    arithmetic,
    attention,
    cells,
    class_losses,
    comparisons,
    convolution,
    dropout,
    elementary,
    extremes,
    gru,
    linear,
    losses,
    normalisation,
    penalties,
    pooling,
    reductions,
    selection,
    shaping,
    softmax,
    windows,
)
from dlcli.ops.operation import Operation

OPERATIONS: Mapping[str, Operation] = {
    record.name: record
    for record in (
        *arithmetic.RECORDS,
        linear.matmul,
        *comparisons.RECORDS,
        selection.index,
        *elementary.RECORDS,
        *selection.CHOICES,
        *activations.RECORDS,
        *softmax.RECORDS,
        *reductions.RECORDS,
        *extremes.RECORDS,
        linear.transpose,
        *shaping.RECORDS,
        linear.outer,
        linear.dot,
        *selection.LOOKUPS,
        *normalisation.RECORDS,
        *dropout.RECORDS,
        *convolution.RECORDS,
        *pooling.RECORDS,
        *windows.RECORDS,
        *attention.RECORDS,
        *cells.RECORDS,
        *gru.RECORDS,
        *losses.SAMPLE_LOSSES,
        *class_losses.RECORDS,
        *losses.ENTRY_LOSSES,
        *penalties.RECORDS,
    )
}

_ALIASES: Mapping[str, str] = {alias: record.name for record in OPERATIONS.values() for alias in record.aliases}


def find(name: str) -> Operation | None:
    """The operation of this name or alias (`ln` is `log`), None when there is none."""
    return OPERATIONS.get(_ALIASES.get(name, name))
