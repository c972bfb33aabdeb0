"""Mistakes with a penalty on the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Gradients, Rule
from dlcli.mistakes.anatomy import Penalty
from dlcli.mistakes.averages import bias_names
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, each_and_all, times
from dlcli.ops.operation import Array

FAMILY = "penalties"
HIDDEN = ("lambda is zero",)


def _penalised(rule_of: Callable[[Context, Penalty], Rule | None]) -> Mutants:
    def mutants(context: Context) -> Iterator[Mutant]:
        places: dict[str, list[tuple[tuple[int, int], Rule]]] = {}
        for penalty in context.parts.penalties:
            rule = rule_of(context, penalty)
            if rule is not None:
                places.setdefault(penalty.name, []).append((penalty.place, rule))
        yield from each_and_all(places)

    return mutants


def _times(factor: float) -> Mutants:
    return _penalised(lambda _context, _penalty: times(factor))


def _absolute(factor: float) -> Callable[[Context, Penalty], Rule | None]:
    def rule_of(_context: Context, penalty: Penalty) -> Rule | None:
        return None if penalty.order != 2 else lambda edge: edge.cotangent * factor * np.sign(edge.operands[0])

    return rule_of


def _l1_for_l2(context: Context) -> Iterator[Mutant]:
    for factor in (1.0, 2.0):
        yield from _penalised(_absolute(factor))(context)


def _l2_for_l1(context: Context) -> Iterator[Mutant]:
    def rule_of(factor: float) -> Callable[[Context, Penalty], Rule | None]:
        def found(_context: Context, penalty: Penalty) -> Rule | None:
            return None if penalty.order != 1 else _linear(factor)

        return found

    for factor in (1.0, 2.0):
        yield from _penalised(rule_of(factor))(context)


def _linear(factor: float) -> Rule:
    def rule(edge: Edge) -> Array:
        return np.asarray(edge.cotangent * factor * edge.operands[0])

    return rule


def _on_biases(context: Context) -> Iterator[Mutant]:
    graph, penalties = context.clean.graph, context.parts.penalties
    own = {p.name for p in penalties}
    names = [name for name in bias_names(context) if name not in own]
    if not penalties or not names:
        return
    first = penalties[0]
    factor = float(np.mean(first.factor))
    values = {name: context.clean.values[graph.names[name]] for name in names}
    for chosen in ([names] if len(names) > 1 else []) + [[name] for name in names]:
        final = {name: _with_penalty(name, values[name], factor, first.order) for name in chosen}
        yield Mutant(Alteration(final=final), " and ".join(chosen))


def _with_penalty(name: str, value: Array, factor: float, order: int) -> Callable[[Gradients], Array]:
    term = factor * (2 * value if order == 2 else np.sign(value))
    return lambda found: found[name] + term


def _averaged(context: Context) -> Iterator[Mutant]:
    yield from _times(1 / context.samples)(context)


RECORDS = (
    Mistake(
        "l2-missing", FAMILY,
        "the derivative of the penalty is left out",
        "biases right, weights off by a multiple of themselves",
        "This is what comes out if the penalty on {where} is left out of the gradient.",
        _times(0.0), hidden=HIDDEN,
    ),
    Mistake(
        "l2-doubled", FAMILY,
        "the penalty's term is twice its size: the half in front of lambda is forgotten",
        "biases right, weights off by a multiple of themselves",
        "This is what comes out if the penalty's term for {where} is twice its size.",
        _times(2.0), hidden=HIDDEN,
    ),
    Mistake(
        "l2-halved", FAMILY,
        "the penalty's term is half its size: the 2 of the square is forgotten",
        "biases right, weights off by a multiple of themselves",
        "This is what comes out if the penalty's term for {where} is half its size: the 2 of the square is left out.",
        _times(0.5), hidden=HIDDEN,
    ),
    Mistake(
        "l2-divided-by-batch", FAMILY,
        "the penalty's term is divided by the number of samples as well",
        "biases right, weights off by a multiple of themselves",
        "This is what comes out if the penalty's term for {where} is divided by the number of samples.",
        _averaged, hidden=("lambda is zero", "batch of one"),
    ),
    Mistake(
        "l2-sign", FAMILY,
        "the penalty's term is subtracted",
        "biases right, weights off by a multiple of themselves",
        "This is what comes out if the penalty's term for {where} is subtracted where it is added.",
        _times(-1.0), hidden=HIDDEN,
    ),
    Mistake(
        "l2-on-biases", FAMILY,
        "the biases are penalised as well",
        "weights right, biases off by a multiple of themselves",
        "This is what comes out if {where} is penalised as well.",
        _on_biases, hidden=("lambda is zero", "biases are zero"),
    ),
    Mistake(
        "l1-for-l2", FAMILY,
        "sign(W), the derivative of absolute values, is used for the sum of squares",
        "weights off by plus or minus one constant",
        "This is what comes out if sign(W) is used in the penalty's term for {where}: the penalty is a sum of squares.",
        _l1_for_l2, hidden=HIDDEN,
    ),
    Mistake(
        "l2-for-l1", FAMILY,
        "W, the derivative of squares, is used for the sum of absolute values",
        "weights off by a multiple of themselves",
        "This is what comes out if {where} itself is used in the penalty's term in place of its sign.",
        _l2_for_l1, hidden=HIDDEN,
    ),
)  # fmt: skip
