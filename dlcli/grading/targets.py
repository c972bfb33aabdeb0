"""What a question asks for, as the catalogue of mistakes takes it: entries of a slope, a step or a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dlcli.language.tree import Call, Index, Name, Tree
from dlcli.questions.expected import Expected, whole_index
from dlcli.questions.records import Ask, Question
from dlcli.questions.world import World

Entry = tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """kind: of what; name: the quantity; items: the entry that the expression picks, () for the whole array."""

    kind: Literal["grad", "step", "value"]
    name: str
    items: Entry = ()


def target_of(question: Question, expected: Expected, world: World) -> Target | None:
    """The target of a question that asks for a value.

    An expression that has the value of some quantity's slope, such as delta2 @ W2, asks for that slope. None where
    nothing in the network is asked for.
    """
    assert isinstance(question.task, Ask)
    found = _written(question.task.formula.tree, world)
    if found is not None or world.graph.loss is None or not expected.value.size or not expected.value.any():
        return found
    for name, number in world.graph.names.items():
        node = world.graph.nodes[number]
        if node.operation is None or node.shape != expected.value.shape or name in world.named:
            continue
        if np.allclose(world.slope(name), expected.value, rtol=1e-9, atol=0):
            return Target("grad", name)
    return None


def _written(tree: Tree, world: World) -> Target | None:
    items: Entry = ()
    if isinstance(tree, Index):
        found = tuple(whole_index(item) for item in tree.items)
        if any(item is None for item in found):
            return None
        items, tree = tuple(item for item in found if item is not None), tree.operand
    if isinstance(tree, Name) and tree.name in world.graph.names:
        return Target("value", tree.name, _counted(items, world, tree.name))
    if isinstance(tree, Name) and tree.name == "loss" and world.graph.loss is not None:
        return Target("value", world.graph.loss_name)
    if isinstance(tree, Call) and len(tree.arguments) == 1 and isinstance(tree.arguments[0], Name):
        name = tree.arguments[0].name
        if name in world.graph.names and tree.name == "grad":
            return Target("grad", name, _counted(items, world, name))
        if name in world.graph.names and tree.name == "step":
            return Target("step", name, _counted(items, world, name))
    return None


def _counted(items: Entry, world: World, name: str) -> Entry:
    """The entry counted from 0."""
    shape = world.graph.nodes[world.graph.names[name]].shape
    return tuple(i + n if i < 0 else i for i, n in zip(items, shape, strict=False))


def asked_slopes(targets: Mapping[str, Target | None]) -> tuple[str, ...]:
    """The quantities whose slopes are asked for, by themselves or in a step."""
    return tuple(dict.fromkeys(t.name for t in targets.values() if t is not None and t.kind in ("grad", "step")))
