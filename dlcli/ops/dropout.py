"""Dropout by a mask that is given or drawn from a seed, and the draws that its definition refers to."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.elementwise import named
from dlcli.ops.operation import Array, Composite, Declared, Domain, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, shown

FAMILY = "layers"


def _settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    x, p, *masks = shapes
    seed = settings["seed"]
    if p != ():
        raise OperationError(
            "E201", f"dropout takes one probability p, but it has shape {shown(p)}",
            help="p is the share of values that are dropped: dropout(x, 0.5, mask=m)", operand=1,
        )  # fmt: skip
    if masks and masks[0] != x:
        raise OperationError(
            "E201", f"the mask has shape {shown(masks[0])}, but x has shape {shown(x)}",
            help="a mask holds one 0 or 1 for each value of x", operand=2,
        )  # fmt: skip
    if bool(masks) == (seed is not None):
        raise OperationError(
            "E107",
            "dropout takes a mask or a seed, not both"
            if masks
            else "dropout needs a mask or a seed: which values "
            "are dropped must be known, so that others find the same gradient",
            help="write dropout(x, p, mask=m) with zeros and ones in m, or dropout(x, p, seed=1); in prediction "
            "leave dropout out",
            setting="seed",
        )
    if seed is not None and not 0 <= seed < 2**32:
        raise OperationError("E305", f"a seed is a whole number from 0 to 4294967295, not {seed}", setting="seed")
    return x, {"seed": seed, "shape": x}


def _drawn(seed: int, shape: Shape) -> Array:
    """One number in [0, 1) for each value, from the stream that NumPy has frozen."""
    return np.asarray(np.random.RandomState(seed).random_sample(shape))


def _kept(p: Array, masks: tuple[Array, ...], seed: int | None, shape: Shape) -> Array:
    if masks:
        return np.asarray(masks[0].real)
    assert seed is not None
    return np.asarray(_drawn(seed, shape) >= p.real).astype(p.real.dtype)


def _scaled(x: Array, p: Array, *masks: Array, seed: int | None, shape: Shape) -> Array:
    return np.asarray(x * _kept(p, masks, seed, shape) / (1 - p))


def _by_x(g: Array, _y: Array, _x: Array, p: Array, *masks: Array, seed: int | None, shape: Shape) -> Array:
    return np.asarray(g * _kept(p, masks, seed, shape) / (1 - p))


def _by_p(g: Array, y: Array, _x: Array, p: Array, *_masks: Array, **_settings: Any) -> Array:
    return np.asarray(g * y / (1 - p))


def _text(_shapes: tuple[Shape, ...], settings: Settings) -> str:
    kept = "mask" if settings["seed"] is None else f"(draws(x, seed={settings['seed']}) >= p)"
    return f"x*{kept}/(1 - p)"


def _zeros_and_ones(_x: Array, _p: Array, *masks: Array, **_settings: Any) -> Array:
    return np.asarray((masks[0] == 0) | (masks[0] == 1) if masks else True)


def _settle_draws(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    return shapes[0], {"seed": settings["seed"], "shape": shapes[0]}


dropout = Operation(
    name="dropout", family=FAMILY, operands=("x", "p", "mask"), optional=1,
    settle=_settle, forward=_scaled, vjp=(_by_x, _by_p, None),
    definition=Composite(_text),
    formula="x*mask/(1 - p)", derivative="mask/(1 - p)", latex=named("dropout"),
    settings=(Setting("seed", None, "integer", "draws the mask: 1 with probability 1 - p"),),
    align="broadcast",
    domain=(
        Domain(
            1, lambda _x, p, *_masks, **_: np.asarray((p >= 0) & (p < 1)), "p must lie in [0, 1)",
            "p is the share of values that are dropped",
        ),
        Domain(
            2, _zeros_and_ones, "a mask holds only 0 (dropped) and 1 (kept)",
            "dropout divides by 1 - p itself: leave the factor out of the mask",
        ),
    ),
    examples=(
        Example(((3,), (), (3,)), values={1: 0.5, 2: [1.0, 0.0, 1.0]}),
        Example(((2, 3), (), (2, 3)), low=0.1, high=0.9, values={2: [[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]}),
        Example(((2, 4), ()), {"seed": 3}, values={1: 0.25}), Example(((), ()), {"seed": 1}, values={1: 0.5}),
    ),
    source="N. Srivastava et al., Dropout, 2014; inverted: the kept values grow, so that prediction needs no factor",
    about="Values kept where the mask is 1, divided by 1 - p, so that their expectation is unchanged.",
)  # fmt: skip

draws = Operation(
    name="draws", family=FAMILY, operands=("x",),
    settle=_settle_draws,
    forward=lambda x, seed, shape: np.broadcast_to(_drawn(seed, shape).astype(_precision(x)), x.shape),
    vjp=(None,),
    definition=Declared(),
    formula="one number in [0, 1) for each entry, from a seed", derivative="0", latex=named("draws"),
    settings=(Setting("seed", 0, "integer", "the seed of the draw"),),
    examples=(Example(((2, 3),), {"seed": 3}),),
    hidden=True, about="Uniform numbers in the shape of x.",
)  # fmt: skip


def _precision(x: Array) -> Any:
    """The precision of x; float64 where its numbers are exact."""
    kind = np.asarray(x).real.dtype
    return kind if kind.kind == "f" else np.dtype(np.float64)


RECORDS: tuple[Operation, ...] = (dropout, draws)
