"""One step of a gated recurrent unit, in the form of its authors and in torch's. Other cells: `cells`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import sigmoid, sigmoid_slope, tanh_slope
from dlcli.ops.cells import affine, gate_text, outer, product_text, rows, settle_cell, unrows
from dlcli.ops.elementwise import named
from dlcli.ops.operation import VJP, Array, Composite, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled

PYTORCH = "pytorch"


def _settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    variant = settings["variant"]
    if len(shapes) == 6 and variant != PYTORCH:
        raise OperationError(
            "E106", "gru_cell has a second bias only in torch's form", help='add variant="pytorch"', operand=5
        )
    shape, settled = settle_cell("gru_cell", 3, 1, shapes)
    return shape, settled | {"variant": variant}


@dataclass(frozen=True)
class _Gates:
    """The pre-activations of r, z and n; `recurrent` is what r multiplies inside n: h, or torch's U_n h + b2_n."""

    r: Array
    z: Array
    n: Array
    recurrent: Array

    def shares(self, variant: str) -> tuple[Array, Array]:
        """The weights of the old state and of n in the new state."""
        kept = sigmoid(self.z) if variant == PYTORCH else sigmoid(-self.z)
        return kept, sigmoid(-self.z) if variant == PYTORCH else sigmoid(self.z)


def _gates(operands: tuple[Array, ...], rank: int, units: int, variant: str) -> _Gates:
    x, h, W, U, *biases = operands
    old = rows(h, rank)
    from_x = affine(rows(x, rank), W, *biases[:1])
    first = slice(0, 2 * units)
    from_h = affine(old, U[..., first, :], *(b[..., first] for b in biases[1:]))
    both = from_x[..., first] + from_h
    r, z = both[..., :units], both[..., units:]
    if variant == PYTORCH:
        recurrent = affine(old, U[..., 2 * units :, :], *(b[..., 2 * units :] for b in biases[1:]))
        n = from_x[..., 2 * units :] + sigmoid(r) * recurrent
    else:
        recurrent = old
        n = from_x[..., 2 * units :] + affine(sigmoid(r) * old, U[..., 2 * units :, :])
    return _Gates(r, z, n, recurrent)


def _gru(*operands: Array, rank: int, units: int, variant: str) -> Array:
    gates = _gates(operands, rank, units, variant)
    kept, new = gates.shares(variant)
    return unrows(kept * rows(operands[1], rank) + new * np.tanh(gates.n), rank)


@dataclass(frozen=True)
class _Deltas:
    """Cotangents of W x + b (r, z, n), of U h + b2 (r, z, n) without the authors' U_n (r h), and of h directly."""

    from_x: Array
    from_h: Array
    by_h: Array


def _deltas(g: Array, operands: tuple[Array, ...], rank: int, units: int, variant: str) -> _Deltas:
    gates = _gates(operands, rank, units, variant)
    kept, new = gates.shares(variant)
    old, cotangent = rows(operands[1], rank), rows(g, rank)
    gap = np.tanh(gates.n) - old
    by_z = cotangent * (-gap if variant == PYTORCH else gap) * sigmoid_slope(gates.z)
    by_n = cotangent * new * tanh_slope(gates.n)
    by_h = cotangent * kept
    if variant == PYTORCH:
        by_gated = by_n
        last = by_n * sigmoid(gates.r)
    else:
        by_gated = by_n @ operands[3][..., 2 * units :, :]
        by_h = by_h + by_gated * sigmoid(gates.r)
        last = np.zeros_like(by_n)
    by_r = by_gated * gates.recurrent * sigmoid_slope(gates.r)
    return _Deltas(np.concatenate([by_r, by_z, by_n], axis=-1), np.concatenate([by_r, by_z, last], axis=-1), by_h)


def _vjp(position: int) -> VJP:
    def vjp(g: Array, _y: Array, *operands: Array, rank: int, units: int, variant: str) -> Array:
        deltas = _deltas(g, operands, rank, units, variant)
        x, h, W, U = operands[:4]
        if position == 0:
            return unrows(np.asarray(deltas.from_x @ W), rank)
        if position == 1:
            return unrows(np.asarray(deltas.by_h + deltas.from_h @ U), rank)
        if position == 2:
            return outer(deltas.from_x, rows(x, rank))
        if position == 3:
            own = outer(deltas.from_h, rows(h, rank))
            if variant != PYTORCH:
                gated = sigmoid(_gates(operands, rank, units, variant).r) * rows(h, rank)
                own[..., 2 * units :, :] = outer(deltas.from_x[..., 2 * units :], gated)
            return own
        return np.asarray((deltas.from_x if position == 4 else deltas.from_h).sum(axis=-2))

    return vjp


def _text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    rank, units, is_torch = settings["rank"], settings["units"], settings["variant"] == PYTORCH
    count = len(shapes) - 4
    last = f"[{2 * units}:{3 * units}]"
    seconds = [f" + b2[{block * units}:{(block + 1) * units}]" if count == 2 else "" for block in range(3)]
    r, z = (f"sigmoid({gate_text(block, settings, count)}{seconds[block]})" for block in range(2))
    new = product_text(f"W{last}", "x", rank) + (f" + b{last}" if count else "")
    if is_torch:
        n = f"tanh({new} + {r}*({product_text(f'U{last}', 'h', rank)}{seconds[2]}))"
        return f"(1 - {z})*{n} + {z}*h"
    n = f"tanh({new} + {product_text(f'U{last}', f'({r}*h)', rank)})"
    return f"(1 - {z})*h + {z}*{n}"


gru_cell = Operation(
    name="gru_cell", family="layers", operands=("x", "h", "W", "U", "b", "b2"), optional=2,
    settle=_settle, forward=_gru, vjp=tuple(_vjp(position) for position in range(6)),
    definition=Composite(_text),
    formula="(1 - z)*h + z*n with r = sigmoid(W_r @ x + U_r @ h + b_r), z = sigmoid(W_z @ x + U_z @ h + b_z), "
    'n = tanh(W_n @ x + U_n @ (r*h) + b_n); variant="pytorch": (1 - z)*n + z*h with '
    "n = tanh(W_n @ x + b_n + r*(U_n @ h + b2_n))",
    derivative="d_n = g*z*tanh'(n), d_z = g*(n - h)*sigmoid'(z), d_r = (U_n.T @ d_n)*h*sigmoid'(r), and from them "
    "as from a dense layer",
    latex=named("gru_cell"),
    settings=(Setting("variant", "standard", "choice", "whose form", ("standard", PYTORCH)),),
    examples=(
        Example(((3,), (2,), (6, 3), (6, 2), (6,))), Example(((2, 1), (2, 2), (6, 1), (6, 2), (6,))),
        Example(((1,), (1,), (3, 1), (3, 1))),
        Example(((3,), (2,), (6, 3), (6, 2), (6,), (6,)), {"variant": PYTORCH}),
        Example(((2, 3), (2, 2), (6, 3), (6, 2), (6,), (6,)), {"variant": PYTORCH}),
        Example(((2, 1), (2, 2), (6, 1), (6, 2), (6,)), {"variant": PYTORCH}),
    ),
    source="K. Cho et al., 2014; torch.nn.GRUCell",
    about="One step of a GRU; the update gate z decides how much of the new state comes in.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (gru_cell,)
