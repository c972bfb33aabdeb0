"""One step of a recurrent network: rnn_cell, lstm_cell, gru_cell.

z = W x + U h + b, one row of W, U and b a unit; of a batch, one sample a row, z = x W^T + h U^T + b. The gates of an
LSTM stand one below the other in the order i, f, g, o, those of a GRU in the order r, z, n.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import product, sigmoid, sigmoid_and_slope, tanh_slope
from dlcli.ops.elementwise import named
from dlcli.ops.operation import Array, Composite, Example, Operation, Settings, Shape, alone
from dlcli.ops.shapes import Settled, shown

FAMILY = "layers"
Parts = tuple[Array | None, ...]  # cotangents, one an operand


def settle_cell(name: str, blocks: int, states: int, shapes: tuple[Shape, ...]) -> Settled:
    """The shapes of x, the states, W, U and the biases checked. Raises OperationError (E201, E211)."""
    x, h = shapes[:2]
    U, *biases = shapes[2 + states :]
    names = (*("x", "h", "c")[: 1 + states], "W", "U", "b", "b2")
    if len(x) not in (1, 2):
        raise OperationError(
            "E211", f"{name} takes one step, x of shape (inputs,) or (batch, inputs), not {shown(x)}",
            help="a sequence is taken step by step: x[0], x[1], …, or by a layer", operand=0,
        )  # fmt: skip
    if len(U) != 2 or U[0] != blocks * U[1]:
        times = f"{blocks}*" if blocks > 1 else ""
        raise OperationError(
            "E201", f"{name}: U has shape {shown(U)}, but needs ({times}units, units)",
            help="one row for each unit" + (f" of each of {blocks} gates" if blocks > 1 else ""), operand=2 + states,
        )  # fmt: skip
    units = U[1]
    needed = dict.fromkeys(range(1, 1 + states), (*x[:-1], units))
    needed |= {1 + states: (blocks * units, x[-1])}
    needed |= {3 + states + position: (blocks * units,) for position in range(len(biases))}
    for position, shape in needed.items():
        if shapes[position] != shape:
            raise OperationError(
                "E201",
                f"{name}: {names[position]} has shape {shown(shapes[position])}, but with {units} units (U has shape "
                f"{shown(U)}) and x of shape {shown(x)} it needs {shown(shape)}",
                operand=position,
            )
    return h, {"rank": len(x), "units": units}


def rows(x: Array, rank: int) -> Array:
    """x as rows, one a sample: (…, batch, n)."""
    return x if rank == 2 else x[..., None, :]


def affine(x: Array, W: Array, *biases: Array) -> Array:
    """x W^T + b for rows x."""
    z = product(x, np.swapaxes(W, -1, -2))
    for bias in biases:
        z = z + bias[..., None, :]
    return z


def unrows(part: Array, rank: int) -> Array:
    """The inverse of `rows`."""
    return part if rank == 2 else part[..., 0, :]


def outer(delta: Array, x: Array) -> Array:
    """The cotangent of W: delta^T x, summed over the samples."""
    return np.asarray(np.swapaxes(delta, -1, -2) @ x)


def through_weights(
    needed: Sequence[bool],
    delta: Array,
    states: Sequence[Array],
    weights: Sequence[Array],
    biases: Sequence[Array],
    rank: int,
) -> Parts:
    """The cotangents of x and h, of W and U and of the biases, from those of z; None where not needed."""
    by_states = [unrows(np.asarray(delta @ w), rank) if n else None for n, w in zip(needed, weights, strict=False)]
    by_weights = [outer(delta, rows(x, rank)) if n else None for n, x in zip(needed[2:], states, strict=False)]
    by_biases = [delta.sum(axis=-2) if n else None for n, _ in zip(needed[4:], biases, strict=True)]
    return (*by_states, *by_weights, *by_biases)


def product_text(weights: str, x: str, rank: int) -> str:
    """W x, or x W^T for a batch, in dlcli's language."""
    return f"{weights} @ {x}" if rank == 1 else f"{x} @ {weights}.T"


def gate_text(block: int, settings: Settings, count: int, first: str = "b") -> str:
    """W x + U h + b of one block of rows, in dlcli's language; without b where count is 4 operands of an RNN."""
    rank, units = settings["rank"], settings["units"]
    part = f"[{block * units}:{(block + 1) * units}]"
    bias = f" + {first}{part}" if count else ""
    return f"{product_text(f'W{part}', 'x', rank)} + {product_text(f'U{part}', 'h', rank)}{bias}"


def _rnn_z(operands: tuple[Array, ...], rank: int) -> Array:
    x, h, W, U, *biases = operands
    return affine(rows(x, rank), W, *biases) + affine(rows(h, rank), U)


def _rnn(*operands: Array, rank: int, units: int) -> Array:
    del units
    return unrows(np.tanh(_rnn_z(operands, rank)), rank)


def _rnn_together(needed: Sequence[bool], g: Array, y: Array, *operands: Array, rank: int, units: int) -> Parts:
    del y, units
    x, h, W, U, *biases = operands
    delta = rows(g, rank) * tanh_slope(_rnn_z(operands, rank))
    return through_weights(needed, delta, (x, h), (W, U), biases, rank)


rnn_cell = Operation(
    name="rnn_cell", family=FAMILY, operands=("x", "h", "W", "U", "b"), optional=1,
    settle=lambda shapes, _settings: settle_cell("rnn_cell", 1, 1, shapes),
    forward=_rnn, together=_rnn_together, vjp=tuple(alone(_rnn_together, position) for position in range(5)),
    definition=Composite(lambda shapes, settings: f"tanh({gate_text(0, settings, len(shapes) - 4)})"),
    formula="tanh(W @ x + U @ h + b)", derivative="with d = g*(1 - tanh(…)**2): W.T @ d by x, U.T @ d by h, "
    "outer(d, x) by W, outer(d, h) by U, d by b", latex=named("rnn_cell"),
    examples=(
        Example(((3,), (2,), (2, 3), (2, 2), (2,))), Example(((2, 3), (2, 2), (2, 3), (2, 2), (2,))),
        Example(((1,), (1,), (1, 1), (1, 1))),
    ),
    source="J. L. Elman, 1990",
    about="One step of a recurrent network; of a batch, one sample a row.",
)  # fmt: skip


def _gates(operands: tuple[Array, ...], rank: int, units: int) -> tuple[Array, ...]:
    """The pre-activations of i, f, g, o, each (…, batch, units)."""
    x, h, _c, W, U, *biases = operands
    z = affine(rows(x, rank), W, *biases) + affine(rows(h, rank), U)
    return tuple(z[..., block * units : (block + 1) * units] for block in range(4))


def _lstm(*operands: Array, rank: int, units: int) -> Array:
    i, f, g, o = _gates(operands, rank, units)
    c = sigmoid(f) * rows(operands[2], rank) + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return np.stack([unrows(h, rank), unrows(c, rank)], axis=-rank - 1)


def _lstm_deltas(cotangent: Array, operands: tuple[Array, ...], rank: int, units: int) -> tuple[Array, Array]:
    """The cotangents of all pre-activations, (…, batch, 4 units), and of the old c."""
    i, f, g, o = _gates(operands, rank, units)
    old = rows(operands[2], rank)
    both = np.moveaxis(cotangent, -rank - 1, 0)
    by_h, by_c = rows(both[0], rank), rows(both[1], rank)
    (kept, kept_slope), (let_in, in_slope), (shown, shown_slope) = map(sigmoid_and_slope, (f, i, o))
    new = np.tanh(g)
    c = kept * old + let_in * new
    by_c = by_c + by_h * shown * tanh_slope(c)
    deltas = (
        by_c * new * in_slope, by_c * old * kept_slope,
        by_c * let_in * tanh_slope(g), by_h * np.tanh(c) * shown_slope,
    )  # fmt: skip
    return np.concatenate(deltas, axis=-1), by_c * kept


def _lstm_together(needed: Sequence[bool], g: Array, y: Array, *operands: Array, rank: int, units: int) -> Parts:
    del y
    x, h, _c, W, U, *biases = operands
    delta, by_c = _lstm_deltas(g, operands, rank, units)
    by_x, by_h, *others = through_weights([*needed[:2], *needed[3:]], delta, (x, h), (W, U), biases, rank)
    return by_x, by_h, unrows(by_c, rank) if needed[2] else None, *others


def _lstm_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    i, f, g, o = (gate_text(block, settings, len(shapes) - 5) for block in range(4))
    c = f"sigmoid({f})*c + sigmoid({i})*tanh({g})"
    return f"stack([sigmoid({o})*tanh({c}), {c}])"


def _settle_lstm(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    shape, settled = settle_cell("lstm_cell", 4, 2, shapes)
    return (2, *shape), settled


lstm_cell = Operation(
    name="lstm_cell", family=FAMILY, operands=("x", "h", "c", "W", "U", "b"), optional=1,
    settle=_settle_lstm, forward=_lstm,
    together=_lstm_together, vjp=tuple(alone(_lstm_together, position) for position in range(6)),
    definition=Composite(_lstm_text),
    formula="h', c' with c' = sigmoid(f)*c + sigmoid(i)*tanh(g), h' = sigmoid(o)*tanh(c'); i, f, g, o the four blocks "
    "of W @ x + U @ h + b",
    derivative="with gc = g_c + g_h*sigmoid(o)*(1 - tanh(c')**2): gc*sigmoid(f) by c; the blocks' d_i = "
    "gc*tanh(g)*sigmoid'(i), d_f = gc*c*sigmoid'(f), d_g = gc*sigmoid(i)*tanh'(g), d_o = g_h*tanh(c')*sigmoid'(o)",
    latex=named("lstm_cell"), results=2,
    examples=(
        Example(((3,), (2,), (2,), (8, 3), (8, 2), (8,))), Example(((2, 1), (2, 2), (2, 2), (8, 1), (8, 2), (8,))),
        Example(((1,), (1,), (1,), (4, 1), (4, 1))),
    ),
    source="S. Hochreiter and J. Schmidhuber, 1997; forget gate: F. Gers et al., 2000",
    about="One step of an LSTM; it gives two quantities, h1, c1 = lstm_cell(x, h0, c0, W, U, b).",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (rnn_cell, lstm_cell)
