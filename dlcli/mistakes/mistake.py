"""The record of a classic mistake, and the ways to write wrong backward passes that many of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from dlcli.mistakes.altered_sweep import Alteration, Edge, Gradients, Place, Rule, usual
from dlcli.mistakes.context import Context
from dlcli.ops.operation import Array


@dataclass(frozen=True)
class Mutant:
    """One wrong backward pass. where: the layer or quantity at which it goes wrong, "" where it does everywhere;
    words: for the further blanks of the mistake's sentence."""

    alteration: Alteration
    where: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Clue:
    """What a search by property found: where, the words of the sentence, and how far from the numbers given."""

    where: str
    distance: float
    words: Mapping[str, str] = field(default_factory=dict)


Mutants = Callable[[Context], Iterator[Mutant]]
Search = Callable[[Context, Gradients], Iterator[Clue]]


@dataclass(frozen=True)
class Mistake:
    """A row of the catalogue.

    does      what goes wrong in the backward pass
    looks     how it shows in the numbers
    sentence  for the student; {where} is the layer or quantity, other blanks are a mutant's words
    mutants   the wrong backward passes, one a place where the mistake can be made in a network
    search    for what no single wrong pass stands for (a bound, a mask, a precision): finds it in given gradients
    hidden    why a network's own numbers may not show it, keys of `blindness.REASONS`
    """

    id: str
    family: str
    does: str
    looks: str
    sentence: str
    mutants: Mutants
    search: Search | None = None
    hidden: tuple[str, ...] = ()


def mutants_of(row: Mistake, context: Context) -> Iterator[Mutant]:
    """The wrong backward passes of a row, made without warnings: a wrong formula may divide by 0."""
    found = row.mutants(context)
    while True:
        with np.errstate(all="ignore"):
            mutant = next(found, None)
        if mutant is None:
            return
        yield mutant


def several(*parts: Mutants) -> Mutants:
    """The wrong backward passes of one kind after those of another."""

    def mutants(context: Context) -> Iterator[Mutant]:
        for part in parts:
            yield from part(context)

    return mutants


def no_mutants(_context: Context) -> Iterator[Mutant]:
    """Of a mistake that is found by its properties alone."""
    return iter(())


def nothing(edge: Edge) -> Array:
    """A cotangent that is forgotten."""
    return np.zeros_like(edge.operands[edge.position])


def unchanged(edge: Edge) -> Array:
    """The cotangent as it arrives."""
    return edge.cotangent


def times(factor: float | Array) -> Rule:
    """The usual cotangent, multiplied."""
    return lambda edge: usual(edge) * factor


def with_operand(position: int, value: Array) -> Rule:
    """The usual cotangent, computed with another value in place of an operand's."""

    def rule(edge: Edge) -> Array:
        operands = (*edge.operands[:position], value, *edge.operands[position + 1 :])
        return usual(Edge(edge.node, edge.position, edge.cotangent, edge.result, operands))

    return rule


def rule_at(places: Iterable[Place], rule: Rule) -> Alteration:
    """The same other rule on several edges."""
    return Alteration(rules=dict.fromkeys(places, rule))


def of_gradient(name: str, function: Callable[[Array], Array]) -> dict[str, Callable[[Gradients], Array]]:
    """A final change of one gradient."""
    return {name: lambda found: function(found[name])}


def multiplied(factors: Mapping[str, float]) -> Alteration:
    """Gradients multiplied after everything else."""
    final: dict[str, Callable[[Gradients], Array]] = {}
    for name, factor in factors.items():
        final |= of_gradient(name, lambda found, factor=factor: found * factor)  # type: ignore[misc]
    return Alteration(final=final)


def data_multiplied(context: Context, factors: Mapping[str, float]) -> Iterator[Alteration]:
    """Gradients multiplied: the part that comes from the data alone, where there is a penalty, and all of it."""
    graph = context.clean.graph
    names = {p.place: graph.nodes[p.leaf].name for p in context.parts.penalties}
    spared = {place: factors[name] for place, name in names.items() if name is not None and name in factors}
    whole = multiplied(factors)
    if spared and all(spared.values()):
        yield Alteration(rules={place: times(1 / f) for place, f in spared.items()}, final=whole.final)
    yield whole


def each_and_all(places: Mapping[str, list[tuple[Place, Rule]]]) -> Iterator[Mutant]:
    """Rules in one place after the other, and in all places at once where there are several."""
    if len(places) > 1:
        yield Mutant(Alteration(rules=dict(item for rules in places.values() for item in rules)), "every layer")
    for where, rules in places.items():
        yield Mutant(Alteration(rules=dict(rules)), where)
