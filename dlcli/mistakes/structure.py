"""What can be said of wrong gradients that no mistake of the catalogue explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.mistakes.altered_sweep import Gradients
from dlcli.mistakes.context import Context
from dlcli.mistakes.nearness import best_factor, distance
from dlcli.ops.operation import Array

SAME = 1e-6


@dataclass(frozen=True)
class TensorStructure:
    """One wrong gradient. factor: the c that brings c times the right gradient nearest, residual: what is then left,
    relative; remarks: in words, the most telling first."""

    name: str
    factor: float | None
    residual: float
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Structure:
    """first: the wrong quantity nearest to the loss; right: quantities whose gradients are right."""

    first: str
    right: tuple[str, ...]
    tensors: tuple[TensorStructure, ...]

    @property
    def text(self) -> str:
        """In sentences."""
        texts = [
            f"No classic mistake explains these numbers. From the loss down, the first wrong gradient is {self.first}."
        ]
        if self.right:
            texts.append(f"Right: {', '.join(self.right)}.")
        texts += [f"{t.name}: {'; '.join(t.remarks)}." for t in self.tensors if t.remarks]
        return " ".join(texts)


def structure(context: Context, given: Gradients, wrong: Sequence[str]) -> Structure:
    """The pattern of wrong gradients: where from the loss down they begin, factors, zeros, likenesses."""
    right = context.clean.gradients
    tensors = tuple(
        TensorStructure(name, *best_factor(given[name], right[name]), tuple(_remarks(context, given, name)))
        for name in wrong
    )
    first = max(wrong, key=lambda name: _depth(context, name))
    return Structure(first, tuple(name for name in given if name not in wrong), tensors)


def _depth(context: Context, name: str) -> int:
    """The last node that uses a quantity: the larger, the nearer to the loss."""
    users = context.clean.users.get(context.clean.graph.names[name], ())
    spared = {p.place[0] for p in context.parts.penalties}
    return max((number for number, _ in users if number not in spared), default=-1)


def _remarks(context: Context, given: Gradients, name: str) -> list[str]:
    a, right = given[name], context.clean.gradients[name]
    if not np.isfinite(a).all():
        count = int(np.sum(~np.isfinite(a)))
        return [f"{count} of {a.size} entries are not finite"]
    remarks = []
    if not a.any():
        return ["all zeros"]
    factor, residual = best_factor(a, right)
    if factor is not None and a.size > 1 and residual < SAME:
        remarks.append(f"the right gradient times {factor:.6g}")
    elif factor is not None and a.size == 1:
        remarks.append(f"{factor:.6g} times the right number")
    remarks += _likenesses(context, given, name)
    remarks += _zeros(a, right)
    if not remarks and factor is not None and residual < 0.5:
        remarks.append(f"about {factor:.3g} times the right gradient, {residual:.0%} off")
    wrong = np.abs(a - right) > SAME * max(float(np.max(np.abs(right), initial=0.0)), 1e-300)
    if 0 < wrong.sum() < a.size:
        remarks.append(_entries(wrong))
    return remarks


def _entries(wrong: Array) -> str:
    """Which entries are wrong."""
    places = [", ".join(map(str, map(int, entry))) for entry in np.argwhere(wrong)[:3]]
    more = " …" if wrong.sum() > 3 else ""
    return f"{int(wrong.sum())} of {wrong.size} entries are wrong: [{'], ['.join(places)}]{more}"


def _likenesses(context: Context, given: Gradients, name: str) -> list[str]:
    a, right = given[name], context.clean.gradients[name]
    graph = context.clean.graph
    remarks = []

    def same(other: Array) -> bool:
        return other.shape == a.shape and distance({"": a}, {"": other}) < SAME

    value = context.clean.values[graph.names[name]]
    if a.size > 1:
        factor, residual = best_factor(a, value)
        if factor is not None and residual < SAME:
            remarks.append(f"{factor:.6g} times {name} itself")
        factor, residual = best_factor(a - right, value)
        if factor is not None and residual < SAME:
            remarks.append(f"off by {factor:.6g} times {name} itself")
    if right.ndim == 2 and right.size > 1 and same(right.T):
        remarks.append("the right gradient transposed")
    for axis, what in enumerate(("rows", "columns")[: a.ndim]):
        if a.shape[axis] > 1 and _permuted(a, right, axis):
            remarks.append(f"the right {what if a.ndim > 1 else 'entries'}, in another order")
    for other in graph.wrt:
        if other != name and same(context.clean.gradients[other]):
            remarks.append(f"the gradient of {other}")
        if other != name and other in given and same(given[other]) and not remarks:
            remarks.append(f"equal to what is given for {other}")
    return remarks


def _permuted(a: Array, right: Array, axis: int) -> bool:
    first, second = (np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1) for x in (a, right))
    ordered = [x[np.lexsort(x.T[::-1])] for x in (first, second)]
    return distance({"": ordered[0]}, {"": ordered[1]}) < SAME and distance({"": a}, {"": right}) > SAME


def _zeros(a: Array, right: Array) -> list[str]:
    extra, missing = int(np.sum((a == 0) & (right != 0))), int(np.sum((a != 0) & (right == 0)))
    remarks = []
    if extra:
        remarks.append(f"0 in {extra} of {a.size} entries where the right gradient is not")
    if missing:
        remarks.append(f"not 0 in {missing} of {a.size} entries where the right gradient is")
    return remarks
