"""Which mistakes the numbers of a homework cannot show, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dlcli.mistakes.catalogue import MISTAKES
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake
from dlcli.mistakes.nearness import distance
from dlcli.mistakes.overflow import naive
from dlcli.mistakes.search import BUDGET, Search
from dlcli.ops.operation import Array

SAME = 1e-9  # relative distance below which a wrong pass gives the right gradients


@dataclass(frozen=True)
class Blind:
    """A mistake that can be made in a network, but that its numbers do not show. reason: in words, "" if unknown."""

    mistake: Mistake
    reason: str


def blind(context: Context, budget: int = BUDGET) -> tuple[Blind, ...]:
    """The mistakes that apply to this network and give the right gradients at its own numbers, wherever made."""
    right = context.clean.gradients
    hidden: dict[str, bool] = {}
    for candidate in Search(context, context.clean.graph.wrt, budget).candidates():
        if hidden.get(candidate.row.id, True):
            hidden[candidate.row.id] = distance(right, candidate.gradients) < SAME
    rows = [MISTAKES[name] for name, same in hidden.items() if same]
    return tuple(Blind(row, _reason(context, row)) for row in rows)


def applicable(context: Context) -> int:
    """How many mistakes of the catalogue can be made in this network."""
    return sum(next(iter(row.mutants(context)), None) is not None for row in MISTAKES.values())


def _reason(context: Context, row: Mistake) -> str:
    found = [REASONS[key][1] for key in row.hidden if REASONS[key][0](context)]
    if not found and not any(array.any() for array in context.clean.gradients.values()):
        return "every gradient is 0 here"
    return " and ".join(found)


def _zs(context: Context) -> list[Array]:
    graph = context.clean.graph
    return [context.clean.values[graph.nodes[a.node].operands[0]] for a in context.parts.activations]


def _leaves(context: Context, kind: str) -> list[Array]:
    parts = context.parts.products if kind == "weights" else context.parts.biases
    return [context.clean.values[part.leaf] for part in parts]


def _operands(context: Context, names: str, position: int) -> list[Array]:
    graph = context.clean.graph
    return [
        context.clean.values[node.operands[position]]
        for number in sorted(context.clean.users)
        if (node := graph.nodes[number]).operation is not None
        and node.operation.name in names.split()
        and len(node.operands) > position
    ]


def _symmetric(arrays: list[Array]) -> bool:
    square = [a for a in arrays if a.ndim == 2 and a.shape[0] == a.shape[1] > 1]
    return bool(square) and all(np.allclose(a, a.T, rtol=1e-9, atol=0) for a in square)


def _no_learning_rate(context: Context) -> bool:
    return context.learning_rate is None


def _turned(context: Context) -> bool:
    return all(
        np.array_equal(kernel, np.flip(kernel, axis=tuple(range(2, kernel.ndim)) or None))
        for kernel in _operands(context, "conv1d conv2d", 1)
    )


def _overflows(context: Context) -> bool:
    graph = context.clean.graph
    logits = [(o.kind, context.clean.values[graph.nodes[o.place[0]].operands[0]]) for o in context.parts.outputs]
    return any(not np.isfinite(naive(kind, z)).all() for kind, z in logits)


def _targets(context: Context) -> list[Array]:
    graph = context.clean.graph
    return [context.clean.values[n] for n, node in enumerate(graph.nodes) if node.role == "target"]


REASONS: Mapping[str, tuple[Callable[[Context], bool], str]] = {
    "batch of one": (lambda c: c.samples == 1, "there is one sample only, so that a sum and a mean are the same"),
    "lambda is zero": (lambda c: all(not p.factor.any() for p in c.parts.penalties), "the penalty's factor is 0"),
    "biases are zero": (lambda c: all(not b.any() for b in _leaves(c, "biases")), "all biases are 0"),
    "all z of one sign": (
        lambda c: all(bool(np.all(z > 0) or np.all(z <= 0)) for z in _zs(c)),
        "no layer has pre-activations of both signs",
    ),
    "all z positive": (lambda c: all(bool(np.all(z > 0)) for z in _zs(c)), "all pre-activations are positive"),
    "slopes of 0 and 1": (
        lambda c: all(a.kind == "relu" for a in c.parts.activations),
        "a relu's slope is 0 or 1, and its square the same",
    ),
    "symmetric weights": (lambda c: _symmetric(_leaves(c, "weights")), "the square weight matrices are symmetric"),
    "symmetric gradient": (
        lambda c: _symmetric(list(c.clean.gradients.values())),
        "the gradients of the square weight matrices are symmetric",
    ),
    "symmetric kernel": (_turned, "the kernels are the same when turned"),
    "inputs are one": (
        lambda c: all(
            bool(np.all(c.clean.values[c.clean.graph.nodes[p.node].operands[p.data]] == 1)) for p in c.parts.products
        ),
        "all inputs of weights are 1",
    ),
    "gamma is one": (
        lambda c: all(bool(np.all(g == 1)) for g in _operands(c, "batchnorm layernorm", 1)),
        "gamma is 1",
    ),
    "nothing dropped": (
        lambda c: all(bool(np.all(m == 1)) for m in _operands(c, "dropout", 2)),
        "the dropout mask drops nothing",
    ),
    "p is zero": (lambda c: all(not p.any() for p in _operands(c, "dropout", 1)), "dropout's p is 0"),
    "d is one": (
        lambda c: all(q.shape[-1] == 1 for q in _operands(c, "attention", 0)),
        "queries and keys have one entry, and the root of 1 is 1",
    ),
    "no ties": (lambda _c: True, "no window has two equal maxima"),
    "one unit": (
        lambda c: all(b.size == 1 for b in _leaves(c, "biases")),
        "each layer has one unit",
    ),
    "gradient is zero": (
        lambda c: all(not g.any() for g in c.clean.gradients.values()),
        "the gradient is 0 at these numbers",
    ),
    "target is zero": (lambda c: all(not y.any() for y in _targets(c)), "the targets are 0"),
    "all within the margin": (lambda _c: True, "every term of the hinge is above 0"),
    "nothing overflows": (lambda c: not _overflows(c), "no exponential overflows"),
    "whole numbers": (
        lambda c: all(bool(np.all(g == np.trunc(g))) for g in c.clean.gradients.values()),
        "the gradients are whole numbers",
    ),
    "no learning rate": (_no_learning_rate, "the homework has no optimizer"),
}
