"""Losses over entries and over samples of numbers, before they are averaged. Not here: losses over classes.

p and y have one shape here. A record gives one number an entry (reduction "entries") or one a sample
(reduction "samples": a scalar or a vector is one sample, the first axis of anything else counts samples).
Whoever builds the graph takes the average or the sum that the setting `reduction` asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import log1p, logarithm, magnitude, sigmoid
from dlcli.ops.elementwise import elementwise, named, times
from dlcli.ops.operation import (
    Array,
    Composite,
    Domain,
    Example,
    Kink,
    Operation,
    Setting,
    Settings,
    Shape,
)
from dlcli.ops.shapes import Settled, restored, shown, sum_text

FAMILY = "losses"
REDUCTION = Setting("reduction", "mean", "choice", "averaged, added up, or kept apart", ("mean", "sum", "none"))
PAIRS = (Example(((), ())), Example(((3,), (3,))), Example(((2, 3), (2, 3))))
SHARES = (
    Example(((3,), (3,)), low=0.1, high=0.9), Example(((2, 3), (2, 3)), low=0.1, high=0.9),
    Example(((3,), (3,)), low=0.1, high=0.9, values={1: [0.0, 1.0, 1.0]}),
)  # fmt: skip


def one_shape(shapes: tuple[Shape, ...], name: str, operands: tuple[str, ...]) -> Shape:
    """The shape that prediction and target share. Raises OperationError (E215) naming both."""
    p, y = shapes
    if p != y:
        first, second = operands
        raise OperationError(
            "E215",
            f"{name} needs equal shapes, but {first} has shape {shown(p)} and {second} has shape {shown(y)}",
            help="only a trailing axis of size 1 may be missing in one of them; nothing else is broadcast",
            operand=1,
        )
    return p


def _entries(name: str, operands: tuple[str, ...]) -> Callable[[tuple[Shape, ...], Settings], Settled]:
    def settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
        settled = {key: float(value) for key, value in settings.items() if key != "reduction"}
        if settled.get("delta", 1.0) <= 0:
            raise OperationError("E305", f"{name} needs a delta above 0", setting="delta")
        return one_shape(shapes, name, operands), settled

    return settle


def _entry_loss(name: str, operands: tuple[str, ...], settings: tuple[Setting, ...] = (), **fields: Any) -> Operation:
    """A loss of one number an entry; `fields` as `elementwise` takes them."""
    fields.setdefault("examples", PAIRS)
    return elementwise(
        name, FAMILY, operands,
        settle=_entries(name, operands), settings=(*settings, REDUCTION), batch="loss", reduction="entries",
        latex=named(name), **fields,
    )  # fmt: skip


def _mae_slope(p: Array, y: Array) -> Array:
    return np.asarray(np.sign((p - y).real))


def _huber(p: Array, y: Array, delta: float) -> Array:
    gap = p - y
    size = magnitude(gap)
    return np.where(size.real <= delta, 0.5 * gap * gap, delta * (size - 0.5 * delta))


def _bce(p: Array, y: Array) -> Array:
    return 0.0 - (_weighted(y, logarithm(p)) + _weighted(1 - y, log1p(-p)))


def _weighted(y: Array, log: Array) -> Array:
    """y log, and 0 where y is 0 (0 ln 0 = 0)."""
    with np.errstate(invalid="ignore"):
        return np.where(y == 0, 0.0, y * log)


def _bce_slope(p: Array, y: Array) -> Array:
    """-y/p + (1 - y)/(1 - p), each term gone where its weight is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        both = (p - y) / (p * (1 - p))
        return np.where(y == 1, -1 / p, np.where(y == 0, 1 / (1 - p), both))


def _bce_with_logits(z: Array, y: Array) -> Array:
    above = z.real > 0
    return np.where(above, z * (1 - y), -z * y) + log1p(np.exp(np.where(above, -z, z)))


def _textbook_bce(sp: Any, p: Any, y: Any) -> Any:
    first = sp.Piecewise((0, sp.And(sp.Eq(y, 0), sp.Eq(p, 0))), (y * sp.log(p), True))
    second = sp.Piecewise((0, sp.And(sp.Eq(y, 1), sp.Eq(p, 1))), ((1 - y) * sp.log(1 - p), True))
    return -(first + second)


mse = _entry_loss(
    "mse", ("p", "y"),
    forward=lambda p, y: (p - y) * (p - y),
    vjp=(lambda g, _r, p, y: g * (2 * (p - y)), lambda g, _r, p, y: g * (2 * (y - p))),
    expression=lambda _sp, p, y: (p - y) ** 2,
    formula="(p - y)**2", derivative="2*(p - y)",
    about="The squared error, averaged over all entries.",
)  # fmt: skip

mae = _entry_loss(
    "mae", ("p", "y"),
    forward=lambda p, y: magnitude(p - y),
    vjp=(lambda g, _r, p, y: g * _mae_slope(p, y), lambda g, _r, p, y: g * _mae_slope(y, p)),
    expression=lambda sp, p, y: sp.Piecewise((p - y, p > y), (y - p, p < y), (0, True)),
    formula="abs(p - y)", derivative="sign(p - y)",
    branches=lambda p, y: (p - y).real > 0, margins=lambda p, y: np.abs((p - y).real),
    kinks=(Kink((1.0, 1.0), (0.0, 0.0), "mae where p = y: slope 0"),),
    about="The absolute error, averaged over all entries.",
)  # fmt: skip

huber = _entry_loss(
    "huber", ("p", "y"), (Setting("delta", 1.0, "number", "where the parabola ends"),),
    forward=_huber,
    vjp=(
        lambda g, _r, p, y, delta: g * np.clip((p - y).real, -delta, delta),
        lambda g, _r, p, y, delta: g * np.clip((y - p).real, -delta, delta),
    ),
    expression=lambda sp, p, y, delta: sp.Piecewise(
        ((p - y) ** 2 / 2, sp.And(p - y <= delta, p - y >= -delta)),
        (delta * (p - y - delta / 2), p > y),
        (delta * (y - p - delta / 2), True),
    ),
    formula="(p - y)**2/2 where abs(p - y) <= delta, else delta*(abs(p - y) - delta/2)",
    derivative="clip(p - y, -delta, delta)",
    examples=(*PAIRS, Example(((2, 3), (2, 3)), {"delta": 0.5})),
    source="P. J. Huber, Robust Estimation of a Location Parameter, 1964",
    about="Squared near 0, absolute further out, averaged over all entries.",
)  # fmt: skip

bce = _entry_loss(
    "bce", ("p", "y"),
    forward=_bce,
    vjp=(
        lambda g, _r, p, y: times(g, _bce_slope(p, y)),
        lambda g, _r, p, _y: times(g, log1p(-p) - logarithm(p)),
    ),
    expression=_textbook_bce,
    formula="-(y*log(p) + (1 - y)*log(1 - p))", derivative="(p - y)/(p*(1 - p))",
    domain=(
        Domain(
            0, lambda p, _y: (p >= 0) & (p <= 1), "p must lie in [0, 1]",
            "a probability comes from a sigmoid: give the output unit `sigmoid`, or use bce_with_logits",
        ),
    ),
    examples=SHARES,
    about="Binary cross-entropy, averaged over all entries; 0 ln 0 = 0.",
)  # fmt: skip

bce_with_logits = _entry_loss(
    "bce_with_logits", ("z", "y"),
    forward=_bce_with_logits,
    vjp=(
        lambda g, _r, z, y: g * ((1 - y) * sigmoid(z) - y * sigmoid(-z)),
        lambda g, _r, z, _y: g * -z,
    ),
    expression=lambda sp, z, y: sp.log(1 + sp.exp(z)) - y * z,
    formula="bce(sigmoid(z), y)", derivative="sigmoid(z) - y",
    examples=(*PAIRS, Example(((3,), (3,)), values={1: [0.0, 1.0, 1.0]})),
    about="Binary cross-entropy of a sigmoid's input, finite for every finite z.",
)  # fmt: skip

hinge = _entry_loss(
    "hinge", ("s", "y"), (Setting("margin", 1.0, "number", "the score that is enough"),),
    forward=lambda s, y, margin: np.where((margin - y * s).real > 0, margin - y * s, 0.0),
    vjp=(
        lambda g, _r, s, y, margin: np.where((margin - y * s).real > 0, -y * g, 0.0),
        lambda g, _r, s, y, margin: np.where((margin - y * s).real > 0, -s * g, 0.0),
    ),
    expression=lambda sp, s, y, margin: sp.Piecewise((margin - y * s, margin - y * s > 0), (0, True)),
    formula="max(0, margin - y*s)", derivative="-y where y*s < margin, else 0",
    branches=lambda s, y, margin: (margin - y * s).real > 0,
    margins=lambda s, y, margin: np.abs((margin - y * s).real),
    kinks=(Kink((1.0, 1.0), (0.0, 0.0), "hinge at 0: slope 0"),),
    domain=(
        Domain(
            1, lambda _s, y, **_: (y == 1) | (y == -1), "y must be -1 or 1",
            "write the two classes as -1 and 1, for example as 2*y - 1",
        ),
    ),
    examples=(
        Example(((), ()), values={1: 1.0}), Example(((3,), (3,)), values={1: [1.0, -1.0, -1.0]}),
        Example(((2, 2), (2, 2)), {"margin": 0.5}, values={1: [[1.0, -1.0], [-1.0, 1.0]]}),
    ),
    about="The hinge loss of a linear classifier, averaged over all entries; y is -1 or 1.",
)  # fmt: skip


def _settle_samples(name: str) -> Callable[[tuple[Shape, ...], Settings], Settled]:
    def settle(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
        shape = one_shape(shapes, name, ("p", "y"))
        samples = shape[:1] if len(shape) > 1 else ()
        return samples, {"axes": tuple(range(len(samples) - len(shape), 0))}

    return settle


def _squares(p: Array, y: Array, axes: tuple[int, ...]) -> Array:
    gap = p - y
    return np.asarray((gap * gap).sum(axis=axes))


squared_error = Operation(
    name="squared_error", family=FAMILY, operands=("p", "y"),
    settle=_settle_samples("squared_error"),
    forward=_squares,
    vjp=(
        lambda g, _r, p, y, axes: restored(g, axes, False) * (2 * (p - y)),
        lambda g, _r, p, y, axes: restored(g, axes, False) * (2 * (y - p)),
    ),
    definition=Composite(lambda shapes, s: sum_text("square(p - y)", s["axes"], shapes[0])),
    formula="sum((p - y)**2)", derivative="2*(p - y)", latex=named("squared_error"),
    settings=(REDUCTION,), align="broadcast", batch="loss", reduction="samples", examples=PAIRS,
    about="The squared error, summed over a sample's entries, averaged over samples.",
)  # fmt: skip

half_squared_error = Operation(
    name="half_squared_error", family=FAMILY, operands=("p", "y"),
    settle=_settle_samples("half_squared_error"),
    forward=lambda p, y, axes: 0.5 * _squares(p, y, axes),
    vjp=(
        lambda g, _r, p, y, axes: restored(g, axes, False) * (p - y),
        lambda g, _r, p, y, axes: restored(g, axes, False) * (y - p),
    ),
    definition=Composite(lambda shapes, s: sum_text("square(p - y)", s["axes"], shapes[0]) + "/2"),
    formula="sum((p - y)**2)/2", derivative="p - y", latex=named("half_squared_error"),
    settings=(REDUCTION,), align="broadcast", batch="loss", reduction="samples", examples=PAIRS,
    about="Half the squared error, summed over a sample's entries, averaged over samples.",
)  # fmt: skip

SAMPLE_LOSSES: tuple[Operation, ...] = (squared_error, half_squared_error)
ENTRY_LOSSES: tuple[Operation, ...] = (mse, mae, huber, bce, bce_with_logits, hinge)
