"""On which side of a network's kinks a formula holds, in words: `in3 > 0`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.equivalence.draws import branches
from dlcli.ops.operation import Array
from dlcli.questions.world import World

AT_ZERO = ("relu", "leaky_relu", "prelu", "elu", "selu", "abs", "heaviside")
RELATIONS = {
    "maximum": (">=", "<"), "minimum": ("<=", ">"), "less": ("<", ">="), "less_equal": ("<=", ">"),
    "greater": (">", "<="), "greater_equal": (">=", "<"), "equal": ("==", "!="), "not_equal": ("!=", "=="),
}  # fmt: skip
MOST_NAMED = 3

Kink = tuple[int, tuple[int, ...]]  # an operation's node, and an entry of its branches


def holding_condition(world: World, failing: Sequence[World], holding: Sequence[World]) -> str:
    """The side of the kinks on which a formula holds, as a clause.

    failing, holding: worlds in which it does not, and does. The kinks that are named were crossed in failing worlds;
    the fewest that explain all of these are taken, such as are crossed in no holding world first.
    """
    here = branches(world)
    crossed = [_crossed(here, branches(w)) for w in failing]
    harmless = [_crossed(here, branches(w)) for w in holding]
    named: list[Kink] = []
    left = [kinks for kinks in crossed if kinks]
    while left and len(named) < MOST_NAMED:
        candidates = sorted({kink for kinks in left for kink in kinks})
        best = max(candidates, key=lambda k: sum(k in kinks for kinks in left) - sum(k in kinks for kinks in harmless))
        named.append(best)
        left = [kinks for kinks in left if best not in kinks]
    if left or not named:
        return "every kink is on the side that the file's numbers take"
    return " and ".join(dict.fromkeys(_text(world, kink, here[kink[0]]) for kink in sorted(named)))


def _crossed(here: object, there: object) -> set[Kink]:
    assert isinstance(here, dict)
    assert isinstance(there, dict)
    return {
        (number, tuple(int(i) for i in place))
        for number, sides in here.items()
        for place in np.argwhere(np.atleast_1d(sides != there[number]))
    }


def _text(world: World, kink: Kink, sides: Array) -> str:
    number, place = kink
    node = world.graph.nodes[number]
    assert node.operation is not None
    name = node.operation.name
    index = f"[{', '.join(map(str, place))}]" if sides.shape else ""
    labels = [_label(world, operand, index) for operand in node.operands]
    side = bool(np.atleast_1d(sides)[place])
    if name in AT_ZERO and labels[0]:
        return f"{labels[0]} {'>' if side else '<='} 0"
    if name in RELATIONS and labels[0] and labels[1]:
        return f"{labels[0]} {RELATIONS[name][0 if side else 1]} {labels[1]}"
    whole = _label(world, number, index)
    return f"{name}{f' in {whole}' if whole else ''} is on the side that the file's numbers take"


def _label(world: World, number: int, index: str) -> str:
    """A quantity's name with the entry, a constant as a number; empty for a part without a name."""
    node = world.graph.nodes[number]
    if node.name is not None:
        return node.name + (index if node.shape else "")
    if node.operation is None and node.shape == ():
        return f"{float(world.graph.values[number]):g}"
    return ""
