"""Whether the slopes that a question's value is made of come out by all witnesses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dlcli.comparison import VERDICTS
from dlcli.engines.evaluation import forward
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.language import to_text
from dlcli.language.traversal import walk
from dlcli.language.tree import Call, Name, Tree
from dlcli.lowering.builder import Builder
from dlcli.lowering.expressions import lower_tree
from dlcli.lowering.scope import Scope
from dlcli.questions.evaluation import uses_functions
from dlcli.questions.expected import asked_world
from dlcli.questions.records import Ask, Question
from dlcli.questions.world import World

MOST_ROWS = 16  # entries of an array whose rows of the Jacobian are checked one by one


@dataclass(frozen=True)
class Witnessed:
    """One derivative in a question: its text, and its verdict ("pass", "kink", "inconclusive", "fail")."""

    text: str
    verdict: str


def witnessed(question: Question, world: World, known: Mapping[str, str] | None = None) -> tuple[Witnessed, ...]:
    """Every derivative that the question's expression takes, checked.

    known: quantity -> verdict of the loss's gradient by it, where that has been checked at the file's numbers. A
    derivative of a derivative is computed in two ways wherever it is evaluated, and is left out here.
    """
    if not isinstance(question.task, Ask):
        return ()
    known = {} if question.task.replaced else known or {}
    world = asked_world(question, world)
    found: dict[str, Witnessed] = {}
    for call, f, names in _derivatives(question.task.formula.tree, world):
        text = to_text(call)
        if text in found:
            continue
        if f == Name("loss") and known.keys() >= set(names):
            verdict = max((known[name] for name in names), key=VERDICTS.index, default="pass")
        else:
            verdict = _verdict(f, names, world)
        found[text] = Witnessed(text, verdict)
    return tuple(found.values())


def _derivatives(tree: Tree, world: World) -> Iterator[tuple[Call, Tree, tuple[str, ...]]]:
    loss = Name("loss")
    for node in walk(tree):
        if not isinstance(node, Call):
            continue
        if node.name == "grad" and len(node.arguments) == 1 and isinstance(node.arguments[0], Name):
            yield node, loss, (node.arguments[0].name,)
        elif node.name in ("grad", "jacobian", "hessian") and len(node.arguments) == 2:
            f, q = node.arguments
            if isinstance(q, Name) and not uses_functions(f):
                yield node, f, (q.name,)
        elif node.name == "step":
            yield node, loss, tuple(world.lowered.trained)


def _verdict(f: Tree, names: tuple[str, ...], world: World) -> str:
    from dlcli.solving import compared

    builder = Builder()
    builder.nodes, builder.values, builder.names = (
        list(world.graph.nodes),
        dict(world.graph.values),
        dict(world.graph.names),
    )
    if world.graph.loss is not None:
        builder.names.setdefault("loss", world.graph.loss)
    columns = world.lowered.spec.samples == "columns"
    number = lower_tree(f, Scope(builder, columns=columns, convention=world.lowered.spec.convention))
    worst = "pass"
    for entry in _entries(builder, number):
        graph = Graph(tuple(builder.nodes), builder.values, world.graph.exact, builder.names, (), names, entry)
        spared = fuse(graph, names)
        verdict = compared(replace(graph, wrt=names), spared, forward(spared)).verdict
        worst = max(worst, verdict, key=VERDICTS.index)
    return worst


def _entries(builder: Builder, number: int) -> list[int]:
    """The scalars whose gradients make up the Jacobian: each entry, or of many a few sums with random weights."""
    shape = builder.shape(number)
    if shape == ():
        return [number]
    places = list(np.ndindex(shape))
    if len(places) <= MOST_ROWS:
        return [builder.apply("index", [number], {"items": place}) for place in places]
    draws = np.random.default_rng(0).standard_normal((2, *shape))
    return [builder.apply("sum", [builder.apply("multiply", [number, builder.leaf(draw)])]) for draw in draws]
