"""Mistakes where several ways lead back to one quantity: added up, they must be; cut or doubled, they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from dlcli.engines.evaluation import ancestors
from dlcli.mistakes.altered_sweep import Alteration, Place
from dlcli.mistakes.anatomy import CELLS, source_of
from dlcli.mistakes.context import Context
from dlcli.mistakes.mistake import Mistake, Mutant, Mutants, rule_at, times
from dlcli.ops.operation import Array

FAMILY = "several paths"
MOST_STEPS = 64  # steps of a sequence up to which each is cut by itself


def _joints(context: Context) -> dict[int, list[int]]:
    """Quantities that several ways lead back to -> which of the parts that reach them come from the data."""
    clean, penalties = context.clean, {p.place[0] for p in context.parts.penalties}
    found = {}
    for number, users in clean.users.items():
        ways = [index for index, place in enumerate(users) if not _from_penalty(context, place, penalties)]
        if len(ways) > 1:
            found[number] = ways
    return found


def _from_penalty(context: Context, place: Place, penalties: set[int]) -> bool:
    return place[0] in penalties or place in {p.place for p in context.parts.penalties}


Choice = Callable[[list[int]], list[int]]


def _gathering(ways: list[int], kept: Choice) -> Callable[[Sequence[Array]], Array]:
    """The sum of the parts, those of the data only as far as `kept` says."""

    def gather(parts: Sequence[Array]) -> Array:
        chosen = [index for index in range(len(parts)) if index not in ways] + kept(ways)
        total = parts[chosen[0]]
        for index in chosen[1:]:
            total = total + parts[index]
        return total

    return gather


def _gathered(*kept: Choice) -> Mutants:
    def mutants(context: Context) -> Iterator[Mutant]:
        joints = _joints(context)
        graph = context.clean.graph
        leaves = [n for n in joints if graph.nodes[n].operation is None and graph.nodes[n].role == "weight"]
        for choice in kept:
            if len(leaves) > 1:
                gathered = {n: _gathering(joints[n], choice) for n in leaves}
                yield Mutant(Alteration(gathered=gathered), " and ".join(graph.label(n) for n in sorted(leaves)))
            for number, ways in joints.items():
                yield Mutant(Alteration(gathered={number: _gathering(ways, choice)}), graph.label(number))

    return mutants


def _one_missing(context: Context) -> Iterator[Mutant]:
    graph = context.clean.graph
    for number, ways in _joints(context).items():
        for missing in ways if len(ways) > 2 else ():
            left = [index for index in ways if index != missing]
            if len(ways) <= MOST_STEPS:
                gather = _gathering(ways, _only(left))
                yield Mutant(Alteration(gathered={number: gather}), graph.label(number))


def _only(left: list[int]) -> Choice:
    return lambda _ways: left


def _steps(context: Context) -> list[list[Place]]:
    """The ways from each step of a recurrent layer to the step before it, in order; several at one step."""
    graph, clean = context.clean.graph, context.clean
    uses: dict[int, list[Place]] = {}
    for product in context.parts.products:
        uses.setdefault(product.leaf, []).append((product.node, product.data))
    for number in sorted(clean.users):
        operation = graph.nodes[number].operation
        if operation is not None and operation.name in CELLS:
            h, weights = CELLS[operation.name][0], CELLS[operation.name][2]
            states = range(h, h + (2 if operation.name == "lstm_cell" else 1))
            leaf = source_of(graph, graph.nodes[number].operands[weights])
            uses.setdefault(leaf, []).extend((number, s) for s in states)
    chains: list[list[Place]] = []
    for places in uses.values():
        nodes = sorted({number for number, _ in places})
        linked = [
            [p for p in places if p[0] == later and p in clean.parts]
            for earlier, later in pairwise(nodes)
            if earlier in ancestors(graph, later)
        ]
        linked = [ways for ways in linked if any(_leads_back(context, way, nodes) for way in ways)]
        chains += linked
    return chains


def _leads_back(context: Context, place: Place, nodes: list[int]) -> bool:
    """Whether what an edge leads to depends on an earlier use of the same weight."""
    number, position = place
    before = ancestors(context.clean.graph, context.clean.graph.nodes[number].operands[position])
    return any(node in before for node in nodes if node < number)


def _truncated(context: Context) -> Iterator[Mutant]:
    steps = _steps(context)
    if not steps:
        return
    everything = [way for ways in steps for way in ways]
    yield Mutant(rule_at(everything, times(0.0)), "every step", {"kept": "one step"})
    for count, ways in enumerate(reversed(steps[-MOST_STEPS:]), start=1):
        if len(steps) > 1:
            where = context.clean.graph.label(context.clean.graph.nodes[ways[0][0]].operands[ways[0][1]])
            yield Mutant(rule_at(ways, times(0.0)), where, {"kept": f"the last {count} step{'s' if count > 1 else ''}"})


RECORDS = (
    Mistake(
        "gradient-overwritten", FAMILY,
        "a quantity used several times keeps the gradient of one use, where the uses add up (= for +=)",
        "too small by whole terms: residual connections, tied weights, steps of a sequence",
        "This is what comes out if only one of several uses of {where} is counted: their gradients add up.",
        _gathered(lambda ways: ways[-1:], lambda ways: ways[:1]),
    ),
    Mistake(
        "path-missing", FAMILY,
        "one of more than two uses of a quantity is not counted",
        "too small by one term",
        "This is what comes out if one use of {where} is not counted.",
        _one_missing,
    ),
    Mistake(
        "path-counted-twice", FAMILY,
        "one of several uses of a quantity is counted twice",
        "too large by whole terms",
        "This is what comes out if one of several uses of {where} is counted twice.",
        _gathered(lambda ways: [*ways, ways[-1]], lambda ways: [*ways, ways[0]]),
    ),
    Mistake(
        "time-truncated", FAMILY,
        "the gradient is not passed back through all steps of the sequence",
        "right for weights above; too few terms in the recurrent weights",
        "This is what comes out if the gradient is passed back through {kept} only.",
        _truncated,
    ),
)  # fmt: skip
