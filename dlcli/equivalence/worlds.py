"""Formulas over a network's quantities: compared at numbers drawn afresh, and on which side of its kinks they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.equivalence.conditions import holding_condition
from dlcli.equivalence.draws import branches, redrawn
from dlcli.equivalence.records import Judgement
from dlcli.errors import HomeworkError
from dlcli.language.traversal import names_in, walk
from dlcli.language.tree import Binary, Tree
from dlcli.ops.operation import Array
from dlcli.ops.shapes import shown
from dlcli.questions.evaluation import evaluate
from dlcli.questions.records import ExpressionForm
from dlcli.questions.world import World

WORLDS = 8
FEWEST = 4
TOLERANCE = 1e-9  # relative, of the largest entry
ROUNDING = 1e-13  # relative, of the largest term of a sum: what float64 may lose by cancellation
NUDGE = 2.0**-51  # relative: two units in the last place

Expected = Callable[[World], Array]


@dataclass(frozen=True)
class _Seen:
    """What one world says: "agree", "differ", "nothing" (no value, or rounding hides it); why, as a clause."""

    outcome: str
    why: str = ""
    remark: str = ""


def equivalent_in_worlds(given: Tree, expected: Expected, worlds: Sequence[World]) -> Judgement:
    """Whether a formula has the expected value in each of these worlds, to 1e-9 of the largest entry.

    A formula that cannot be computed because its shapes do not fit is different; for another reason, undecided.
    Fewer than 4 worlds that say something leave it undecided, unless fewer are given.
    """
    agreed, remarks, hidden = 0, list[str](), 0
    for world in worlds:
        try:
            seen = _seen(given, expected, world)
        except HomeworkError as error:
            first = error.diagnostics[0]
            verdict = "different" if first.code.startswith("E2") else "undecided"
            return Judgement(verdict, f"the formula cannot be computed: {first.message}")  # type: ignore[arg-type]
        if seen.outcome == "differ":
            return Judgement("different", seen.why, None, agreed + 1)
        agreed += seen.outcome == "agree"
        hidden += seen.outcome == "nothing"
        remarks += [seen.remark] if seen.remark else []
    if agreed >= min(FEWEST, max(len(worlds), 1)):
        how = f"they agree at {agreed} set{'s' * (agreed != 1)} of numbers drawn afresh"
        return Judgement("equal", how, None, agreed, tuple(dict.fromkeys(remarks)))
    why = "rounding hides whether they agree" if hidden else "no numbers were found at which both have a value"
    return Judgement("undecided", why, None, agreed)


@dataclass(frozen=True)
class Drawn:
    """A network at the file's numbers, and at others: on the file's side of every kink (near), and on any (far)."""

    here: World
    near: tuple[World, ...]
    far: tuple[World, ...]


def drawn(world: World, seed: int = 0) -> Drawn:
    """The worlds in which the formulas of one network are compared; draw them once for all answers."""
    near = (redrawn(world, WORLDS * seed + k, same_branches=True) for k in range(WORLDS))
    far = (redrawn(world, 1_000_003 + 2 * WORLDS * seed + k, same_branches=False) for k in range(2 * WORLDS))
    kinks = branches(world)
    return Drawn(world, tuple(w for w in near if w), tuple(w for w in far if w) if kinks else ())


def equivalent_in_network(given: Tree, expected: Expected, worlds: Drawn, form: ExpressionForm) -> Judgement:
    """Whether a formula is right in a network, as its question asks for it.

    A formula must hold at numbers drawn afresh on the file's side of every kink; one that fails on another side is
    equal with the remark where it holds, and different with `everywhere`. One that is right at the file's numbers
    alone is equal only where the question is not `general`.
    """
    if not form.general:
        judged = equivalent_in_worlds(given, expected, [worlds.here])
        return replace(judged, how="they agree at the numbers of the file") if judged.verdict == "equal" else judged
    judged = equivalent_in_worlds(given, expected, worlds.near)
    if judged.verdict == "different" and equivalent_in_worlds(given, expected, [worlds.here]).verdict == "equal":
        return replace(judged, how="it is right at the numbers of the file alone, not at others")
    if judged.verdict != "equal":
        return judged
    verdicts = [equivalent_in_worlds(given, expected, [world]).verdict for world in worlds.far]
    failing = [world for world, verdict in zip(worlds.far, verdicts, strict=True) if verdict == "different"]
    if not failing:
        return judged
    holding = [world for world, verdict in zip(worlds.far, verdicts, strict=True) if verdict == "equal"]
    condition = holding_condition(worlds.here, failing, holding)
    if form.everywhere:
        return Judgement("different", f"it holds only while {condition}", None, judged.points)
    return replace(judged, remarks=(*judged.remarks, f"holds while {condition}"))


def _seen(given: Tree, expected: Expected, world: World) -> _Seen:
    found = np.asarray(evaluate(given, world))
    with np.errstate(all="ignore"):
        right = np.asarray(expected(world))
    if not np.isfinite(right).all():
        return _Seen("nothing")
    remark = ""
    if found.shape != right.shape:
        if found.shape == () and not right.any() and found == 0:
            found, remark = np.zeros(right.shape), f"a single 0 stands for shape {shown(right.shape)}"
        else:
            return _Seen("differ", f"the formula has shape {shown(found.shape)}, but {shown(right.shape)} is asked for")
    if not np.isfinite(found).all():
        return _Seen("nothing")  # it may be float64 alone that has no value here: log(1 - p) where p rounds to 1
    size = float(max(np.max(np.abs(found), initial=0.0), np.max(np.abs(right), initial=0.0)))
    gap = float(np.max(np.abs(found - right), initial=0.0))
    if gap <= TOLERANCE * size:
        return _Seen("agree", remark=remark)
    if gap <= _noise(given, world, found) or gap <= ROUNDING * _largest_term(given, world):
        return _Seen("nothing")
    return _Seen("differ", "the values differ")


def _noise(tree: Tree, world: World, found: Array) -> float:
    """How far off a formula may be because its quantities are rounded: by how much it moves when they do."""
    moved = 0.0
    for seed in range(2):
        stream = np.random.default_rng(seed)
        near = {
            name: world.value(name) * (1 + NUDGE * stream.choice((-1.0, 1.0), size=world.value(name).shape))
            for name in sorted({node.name for node in names_in(tree)})
            if world.knows(name)
        }
        with np.errstate(all="ignore"):
            there = np.asarray(evaluate(tree, replace(world, named={**world.named, **near})))
        if not np.isfinite(there).all():
            return float("inf")
        moved = max(moved, float(np.max(np.abs(there - found), initial=0.0)))
    return 16 * moved


def _largest_term(tree: Tree, world: World) -> float:
    """The largest entry of anything that is added or subtracted in a formula."""
    largest = 0.0
    for node in walk(tree):
        if isinstance(node, Binary) and node.operator in ("+", "-"):
            for part in (node.left, node.right):
                values = np.abs(evaluate(part, world))
                largest = max(largest, float(np.max(values, initial=0.0)))
    return largest
