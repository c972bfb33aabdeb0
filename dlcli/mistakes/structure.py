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
FINER = 0.01  # of an error: what an explanation of it may leave
MOST_ENTRIES = 3  # that are listed


FACTORS = (" times ", "off by")  # in remarks that tell how far from the right gradient a wrong one is


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
        return self._said(discreet=False)

    @property
    def discreet(self) -> str:
        """The same without factors that would make the right gradients of the wrong ones."""
        return self._said(discreet=True)

    def _said(self, discreet: bool) -> str:
        texts = [
            f"No classic mistake explains these numbers. From the loss down, the first wrong gradient is {self.first}."
        ]
        if self.right:
            texts.append(f"Right: {', '.join(self.right)}.")
        for tensor in self.tensors:
            remarks = [r for r in tensor.remarks if not discreet or not any(word in r for word in FACTORS)]
            texts += [f"{tensor.name}: {'; '.join(remarks)}."] if remarks else []
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
    if not a.any():
        return ["all zeros"]
    remarks = []
    factor, residual = best_factor(a, right)
    if factor is not None and a.size > 1 and residual < _near(a, right):
        remarks.append(f"the right gradient times {_times(factor)}")
    elif factor is not None and a.size == 1:
        remarks.append(f"{_times(factor)} times the right number")
    remarks += _likenesses(context, given, name)
    remarks += _zeros(a, right)
    scale = max(float(np.max(np.abs(right), initial=0.0)), 1e-300)
    wrong = np.abs(a - right) > scale * min(SAME, FINER * float(np.max(np.abs(a - right))) / scale)
    few = 0 < wrong.sum() < a.size
    if not remarks and factor is not None and residual < 0.5 and not (few and wrong.sum() <= MOST_ENTRIES):
        remarks.append(f"about {factor:.3g} times the right gradient, {residual:.0%} off")
    if few:
        remarks.append(_entries(a, right, wrong))
    return remarks


def _near(a: Array, right: Array) -> float:
    """The relative distance below which a pattern explains a wrong gradient: far less than what it is off by."""
    return min(SAME, FINER * distance({"": a}, {"": right}))


def _times(factor: float) -> str:
    """A factor; near 1, by how much it is more or less."""
    more = factor - 1
    return f"{factor:.6g}" if abs(more) >= 1e-4 or not more else f"(1 {'+' if more > 0 else '-'} {abs(more):.2g})"


def _entries(a: Array, right: Array, wrong: Array) -> str:
    """Which entries are wrong, and by which factor where they are few."""
    found = [tuple(map(int, entry)) for entry in np.argwhere(wrong)[:MOST_ENTRIES]]
    texts = [f"[{', '.join(map(str, entry))}]" for entry in found]
    if wrong.sum() <= MOST_ENTRIES:
        texts = [
            f"{text} is {_times(float(a[entry] / right[entry]))} times the right number" if right[entry] else text
            for text, entry in zip(texts, found, strict=True)
        ]
    more = " …" if wrong.sum() > MOST_ENTRIES else ""
    verb = "is" if wrong.sum() == 1 else "are"
    return f"{int(wrong.sum())} of {wrong.size} entries {verb} wrong: {', '.join(texts)}{more}"


def _likenesses(context: Context, given: Gradients, name: str) -> list[str]:
    a, right = given[name], context.clean.gradients[name]
    graph = context.clean.graph
    remarks = []

    def same(other: Array) -> bool:
        return other.shape == a.shape and distance({"": a}, {"": other}) < _near(a, right)

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
