"""Losses over classes, one number a sample: cross-entropy, with softmax, multiclass hinge, KL divergence.

Classes are the last axis, all other axes count samples. The target has the prediction's shape, or one axis
less: then it holds class numbers, counted from 0, and has no slope (settled as labels=True).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import are_whole_numbers, logarithm, whole_numbers
from dlcli.ops.elementwise import named, times
from dlcli.ops.losses import REDUCTION
from dlcli.ops.operation import Array, Composite, Domain, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, shown, sum_text
from dlcli.ops.softmax import log_softmax_vjp, relative

FAMILY = "class losses"
EXAMPLES = (
    Example(((3,), (3,)), low=0.1, high=1.0), Example(((2, 3), (2, 3)), low=0.1, high=1.0),
    Example(((2, 3), (2, 3)), low=0.1, high=1.0, values={1: [[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]]}),
    Example(((3,), ()), low=0.1, values={1: 2}), Example(((2, 3), (2,)), low=0.1, values={1: [0, 2]}),
    Example(((2, 2, 3), (2, 2)), low=0.1, values={1: [[0, 2], [1, 1]]}),
)  # fmt: skip


def _settle(name: str) -> Callable[[tuple[Shape, ...], Settings], Settled]:
    def settle(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
        p, y = shapes
        if p == ():
            raise OperationError(
                "E215", f"{name} takes a vector of classes, or one row of classes a sample, not a scalar",
                help="for one output unit use bce (probabilities) or bce_with_logits", operand=0,
            )  # fmt: skip
        if y not in (p, p[:-1]):
            raise OperationError(
                "E215",
                f"{name} needs targets of shape {shown(p)} (a share for each class) or {shown(p[:-1])} "
                f"(class numbers) for a prediction of shape {shown(p)}, but they have shape {shown(y)}",
                help="classes are the last axis; there is no broadcasting",
                operand=1,
            )
        settled: dict[str, Any] = {"labels": y != p}
        return p[:-1], settled | {key: float(value) for key, value in settings.items() if key != "reduction"}

    return settle


def _shares(y: Array, like: Array, labels: bool) -> Array:
    """The target as a share for each class; of class numbers, rows with a single 1."""
    if not labels:
        return y
    count = like.shape[-1]
    return np.asarray(whole_numbers(y, count)[..., None] == np.arange(count)).astype(like.real.dtype)


def _holds_classes(p: Array, y: Array, labels: bool, **_settings: Any) -> Array:
    return are_whole_numbers(y, p.shape[-1]) if labels else np.ones(np.shape(y), dtype=bool)


CLASSES = Domain(
    1, _holds_classes, "class numbers are whole, counted from 0, and below the number of classes",
    "count classes from 0",
)  # fmt: skip


def _weighted(y: Array, log: Array) -> Array:
    """The sum over classes of y log, 0 where y is 0 (0 ln 0 = 0)."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(y == 0, 0.0, y * log).sum(axis=-1))


def _over(y: Array, p: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(y == 0, 0.0, y / p)


def _class_loss(
    name: str,
    operands: tuple[str, str],
    vjp: tuple[Callable[..., Array], Callable[..., Array]],
    text: Callable[[tuple[Shape, ...], Settings], str],
    **fields: Any,
) -> Operation:
    """The record of a loss over classes; `vjp` for targets that are shares: class numbers have no slope."""
    settings: tuple[Setting, ...] = fields.pop("settings", ())
    domain: tuple[Domain, ...] = fields.pop("domain", ())

    def by_target(g: Array, r: Array, p: Array, y: Array, labels: bool, **others: Any) -> Array:
        return np.zeros(np.shape(y)) if labels else vjp[1](g[..., None], r, p, y, **others)

    def by_prediction(g: Array, r: Array, p: Array, y: Array, labels: bool, **others: Any) -> Array:
        return vjp[0](g[..., None], r, p, _shares(y, p, labels), **others)

    fields.setdefault("examples", EXAMPLES)
    return Operation(
        name=name, family=FAMILY, operands=operands, settle=_settle(name),
        vjp=(by_prediction, by_target), definition=Composite(text), latex=named(name),
        settings=(*settings, REDUCTION), domain=(CLASSES, *domain),
        batch="loss", reduction="samples", **fields,
    )  # fmt: skip


def _sum(term: str, shapes: tuple[Shape, ...]) -> str:
    return sum_text(term, (-1,), shapes[0])


def _cross_entropy(p: Array, y: Array, labels: bool) -> Array:
    return 0.0 - _weighted(_shares(y, p, labels), logarithm(p))


def _cross_entropy_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    return "-log(pick(p, y))" if settings["labels"] else f"-{_sum('xlogy(y, p)', shapes)}"


cross_entropy = _class_loss(
    "cross_entropy", ("p", "y"),
    (lambda g, _r, p, y: times(-g, _over(y, p)), lambda g, _r, p, y: times(-g, _entropy_slope(y, p))),
    _cross_entropy_text,
    forward=_cross_entropy,
    formula="-sum(y*log(p))", derivative="-y/p",
    domain=(
        Domain(
            0, lambda p, _y, **_: p >= 0, "p must be 0 or more",
            "probabilities come from a softmax: use `softmax` at the output, or softmax_cross_entropy",
        ),
    ),
    about="The cross-entropy of predicted probabilities p and a target, averaged over samples; 0 ln 0 = 0.",
)  # fmt: skip


def _entropy_slope(y: Array, p: Array) -> Array:
    """The slope of y ln p by y: ln p, and 0 where both are 0."""
    return np.where((y == 0) & (p == 0), 0.0, logarithm(p))


def _softmax_cross_entropy(z: Array, y: Array, labels: bool) -> Array:
    if labels:
        return 0.0 - relative(z).logarithm_at(whole_numbers(y, z.shape[-1]))
    return 0.0 - _weighted(y, relative(z).logarithms())


def _softmax_cross_entropy_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    largest = f"log({sum_text('exp(z)', (-1,), shapes[0])})"
    if settings["labels"]:
        return f"{largest} - pick(z, y)"
    return f"{sum_text('y', (-1,), shapes[1])}*{largest} - {sum_text('y*z', (-1,), shapes[0])}"


softmax_cross_entropy = _class_loss(
    "softmax_cross_entropy", ("z", "y"),
    (lambda g, _r, z, y: log_softmax_vjp(-g * y, z), lambda g, _r, z, _y: -g * relative(z).logarithms()),
    _softmax_cross_entropy_text,
    forward=_softmax_cross_entropy,
    formula="cross_entropy(softmax(z), y)", derivative="softmax(z)*sum(y) - y",
    examples=(*EXAMPLES, Example(((2, 3), (2, 3)), low=-2.0, values={1: [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]})),
    about="The cross-entropy of a softmax's input, averaged over samples, finite for every finite z.",
)  # fmt: skip


def _gaps(s: Array, y: Array, margin: float) -> Array:
    """s_j - s_y + margin of each class j."""
    return np.asarray(s - (s * y).sum(axis=-1, keepdims=True) + margin)


def _multiclass_hinge(s: Array, y: Array, labels: bool, margin: float) -> Array:
    y = _shares(y, s, labels)
    gaps = _gaps(s, y, margin)
    return np.asarray(((1 - y) * np.where(gaps.real > 0, gaps, 0.0)).sum(axis=-1))


def _active(s: Array, y: Array, margin: float) -> Array:
    return np.asarray((1 - y) * (_gaps(s, y, margin).real > 0))


def _hinge_by_scores(g: Array, _r: Array, s: Array, y: Array, margin: float) -> Array:
    active = _active(s, y, margin)
    return np.asarray(g * (active - y * active.sum(axis=-1, keepdims=True)))


def _hinge_by_target(g: Array, _r: Array, s: Array, y: Array, margin: float) -> Array:
    gaps, active = _gaps(s, y, margin), _active(s, y, margin)
    return np.asarray(-g * (np.where(gaps > 0, gaps, 0.0) + s * active.sum(axis=-1, keepdims=True)))


def _multiclass_hinge_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    y = f"onehot(y, {shapes[0][-1]})" if settings["labels"] else "y"
    right = sum_text(f"s*{y}", (-1,), shapes[0], keepdims=True)
    return _sum(f"(1 - {y})*relu(s - {right} + ({settings['margin']!r}))", shapes)


def _hinge_branches(s: Array, y: Array, labels: bool, margin: float) -> Array:
    y = _shares(y, s, labels)
    return np.asarray((_gaps(s, y, margin).real > 0) | (y == 1))


def _hinge_margins(s: Array, y: Array, labels: bool, margin: float) -> Array:
    y = _shares(y, s, labels)
    return np.where(y == 1, np.inf, np.abs(_gaps(s, y, margin).real))


multiclass_hinge = _class_loss(
    "multiclass_hinge", ("s", "y"),
    (_hinge_by_scores, _hinge_by_target),
    _multiclass_hinge_text,
    forward=_multiclass_hinge,
    formula="sum over j != y of max(0, s_j - s_y + margin)",
    derivative="s_j: 1 where s_j - s_y + margin > 0, else 0; s_y: minus their number",
    settings=(Setting("margin", 1.0, "number", "by how much the right class must win"),),
    branches=_hinge_branches, margins=_hinge_margins,
    examples=(
        Example(((2, 3), (2, 3)), values={1: [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]}),
        Example(((3,), ()), values={1: 2}), Example(((2, 3), (2,)), {"margin": 0.5}, values={1: [0, 2]}),
        Example(((2, 2, 3), (2, 2)), values={1: [[0, 2], [1, 1]]}),
    ),
    source="K. Crammer and Y. Singer, 2001; J. Weston and C. Watkins, 1999 (the sum over classes)",
    about="The hinge loss of several classes, averaged over samples, not divided by the number of classes; "
    "slope 0 where a term is just 0.",
)  # fmt: skip


def _kl_divergence(q: Array, p: Array, labels: bool) -> Array:
    p = _shares(p, q, labels)
    return _weighted(p, logarithm(p)) - _weighted(p, logarithm(q))


def _kl_by_target(g: Array, _r: Array, q: Array, p: Array) -> Array:
    return times(g, np.where(p == 0, 0.0, logarithm(p) + 1) - _entropy_slope(p, q))


def _kl_divergence_text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    return "-log(pick(q, p))" if settings["labels"] else _sum("(xlogy(p, p) - xlogy(p, q))", shapes)


kl_divergence = _class_loss(
    "kl_divergence", ("q", "p"),
    (lambda g, _r, q, p: times(-g, _over(p, q)), _kl_by_target),
    _kl_divergence_text,
    forward=_kl_divergence,
    formula="sum(p*log(p/q))", derivative="-p/q by q, log(p/q) + 1 by p",
    domain=(
        Domain(0, lambda q, _p, **_: q >= 0, "q must be 0 or more", "q is a distribution, as of a softmax"),
        Domain(1, lambda _q, p, **_: p >= 0, "p must be 0 or more", "p is a distribution"),
    ),
    examples=(*EXAMPLES[:2], *EXAMPLES[3:]),
    about="How far the predicted distribution q is from the target p, averaged over samples.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (cross_entropy, softmax_cross_entropy, multiclass_hinge, kl_divergence)
