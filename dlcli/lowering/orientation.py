"""Operations that look for samples along rows, on files where samples are columns, or weights are (in, out)."""

from __future__ import annotations

from dlcli.lowering.builder import Builder
from dlcli.ops.operation import Operation

CELLS = ("rnn_cell", "lstm_cell", "gru_cell")
NORMALISATIONS = ("batchnorm", "layernorm")


def oriented(
    record: Operation, operands: list[int], builder: Builder, columns: bool, convention: str
) -> tuple[list[int], bool]:
    """The operands as the operation takes them, and whether its result has to be turned back.

    Of normalisations and cells, matrices of samples are transposed where samples are columns; of cells, W and U
    where the convention is "row".
    """
    if record.name not in (*CELLS, *NORMALISATIONS):
        return operands, False
    weights = [p for p, name in enumerate(record.operands[: len(operands)]) if name in ("W", "U")]
    states = range(min(weights)) if weights else range(1)
    is_batch = columns and len(builder.shape(operands[0])) == 2
    turned = {p for p in states if is_batch} | {p for p in weights if convention == "row"}
    return [
        builder.apply("transpose", [o]) if p in turned and len(builder.shape(o)) == 2 else o
        for p, o in enumerate(operands)
    ], is_batch


def turned_back(number: int, turned: bool, builder: Builder) -> int:
    """The result with samples as columns again, where its operands were turned."""
    if not turned:
        return number
    rank = len(builder.shape(number))
    return builder.apply("transpose", [number], {"axes": (*range(rank - 2), rank - 1, rank - 2)})
