"""One step of a gated recurrent unit, in the form of its authors and in torch's. Other cells: `cells`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import sigmoid, sigmoid_and_slope, tanh_slope
from dlcli.ops.cells import Parts, affine, gate_text, outer, product_text, rows, settle_cell, unrows
from dlcli.ops.elementwise import named
from dlcli.ops.operation import Array, Composite, Example, Operation, Setting, Settings, Shape, alone
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


def _together(
    needed: Sequence[bool], g: Array, y: Array, *operands: Array, rank: int, units: int, variant: str
) -> Parts:
    del y
    x, h, W, U, *biases = operands
    gates, old, cotangent = _gates(operands, rank, units, variant), rows(h, rank), rows(g, rank)
    r, r_slope = sigmoid_and_slope(gates.r)
    kept, new = gates.shares(variant)
    n = np.tanh(gates.n)
    gap = n - old
    by_z = cotangent * (-gap if variant == PYTORCH else gap) * (kept * new)
    by_n = cotangent * new * tanh_slope(gates.n)
    by_h = cotangent * kept
    last = slice(2 * units, None)
    by_gated = by_n if variant == PYTORCH else by_n @ U[..., last, :]
    by_r = by_gated * gates.recurrent * r_slope
    from_x = np.concatenate([by_r, by_z, by_n], axis=-1)  # the cotangent of W x + b
    if variant == PYTORCH:
        from_h = np.concatenate([by_r, by_z, by_n * r], axis=-1)  # and of U h + b2
    else:
        by_h = by_h + by_gated * r
        from_h = from_x[..., : 2 * units]  # of the first rows of U h; U_n (r h) is done
    found: list[Array | None] = [None] * len(operands)
    if needed[0]:
        found[0] = unrows(np.asarray(from_x @ W), rank)
    if needed[1]:
        found[1] = unrows(np.asarray(by_h + from_h @ U[..., : from_h.shape[-1], :]), rank)
    if needed[2]:
        found[2] = outer(from_x, rows(x, rank))
    if needed[3]:
        found[3] = outer(from_h, old)
        if variant != PYTORCH:
            found[3] = np.concatenate([found[3], outer(by_n, r * old)], axis=-2)
    for position, delta in enumerate((from_x, from_h)[: len(biases)], start=4):
        if needed[position]:
            found[position] = np.asarray(delta.sum(axis=-2))
    return tuple(found)


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
    settle=_settle, forward=_gru,
    together=_together, vjp=tuple(alone(_together, position) for position in range(6)),
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
