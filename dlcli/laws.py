"""The laws that every operation obeys, each as the worst relative error over the operation's examples.

An error is relative to the largest number compared, so that 0 means agreement and 1 that nothing is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.evaluation import aligned, run
from dlcli.engines.reverse import unbroadcast, vjp_of
from dlcli.engines.symbolic.kinds import mp_kind
from dlcli.engines.symbolic.nodes import adjoint, value
from dlcli.engines.symbolic.numbers import from_floats, to_floats
from dlcli.graph import Node
from dlcli.ops.operation import Array, Declared, Example, Kink, Operation

STEP = 1e-20
COPIES = 3


@dataclass(frozen=True)
class Case:
    """One application of an operation to random numbers: the node, its operands, a cotangent for its result."""

    node: Node
    operands: tuple[Array, ...]
    cotangent: Array

    def moved(self) -> list[int]:
        """The operands that have a slope."""
        return [p for p in range(len(self.operands)) if vjp_of(self.node, p) is not None]


def cases(operation: Operation) -> list[Case]:
    """The operation's examples with seeded random operands in their bounds."""
    return [case_of(operation, example, seed) for seed, example in enumerate(operation.examples)]


def case_of(operation: Operation, example: Example, seed: int) -> Case:
    """An example with random operands from [low, high], no two entries closer than their random spacing."""
    rng = np.random.default_rng(seed)
    operands = tuple(
        np.asarray(example.values[p], dtype=np.float64)
        if p in example.values
        else rng.uniform(example.low, example.high, shape)
        for p, shape in enumerate(example.shapes)
    )
    settings = {s.name: s.default for s in operation.settings} | dict(example.settings)
    shape, settled = operation.settle(example.shapes, settings)
    node = Node(operation, tuple(range(len(operands))), tuple(shape), settled)
    return Case(node, operands, rng.uniform(0.5, 1.5, shape))


def by_vjp(case: Case) -> list[Array]:
    """The cotangents of the operands that have a slope, by the hand-written vjp."""
    operation, settings = case.node.operation, case.node.settings
    assert operation is not None
    result = operation.forward(*case.operands, **settings)
    cotangents = []
    for position in case.moved():
        extra = {"position": position} if operation.variadic else {}
        function = vjp_of(case.node, position)
        assert function is not None
        part = function(case.cotangent, result, *case.operands, **settings, **extra)
        cotangents.append(unbroadcast(np.asarray(part), case.operands[position].shape))
    return cotangents


def by_definition(case: Case) -> tuple[Array, list[Array]]:
    """The value and the cotangents by the textbook definition, with 50 digits."""
    kind = mp_kind()
    operands = [from_floats(x) for x in case.operands]
    result, memory = value(case.node, operands, kind)
    moved = case.moved()
    needed = [p in moved for p in range(len(operands))]
    parts = adjoint(case.node, operands, from_floats(case.cotangent), memory, needed, kind)
    return to_floats(np.asarray(result)), [
        np.zeros(case.operands[p].shape) if parts[p] is None else to_floats(np.asarray(parts[p])) for p in moved
    ]


def shape_error(case: Case) -> float:
    """0 where the shape rule tells the real shape, 1 where not."""
    operation = case.node.operation
    assert operation is not None
    return 0.0 if np.shape(operation.forward(*case.operands, **case.node.settings)) == case.node.shape else 1.0


def value_error(case: Case) -> float:
    """The stable forward against the textbook definition."""
    operation = case.node.operation
    assert operation is not None
    return difference(operation.forward(*case.operands, **case.node.settings), by_definition(case)[0])


def slope_error(case: Case) -> float:
    """The vjp against SymPy's derivative of the definition."""
    return worst(by_vjp(case), by_definition(case)[1])


def complex_error(case: Case) -> float:
    """The vjp against the complex step through the forward."""
    operation, settings = case.node.operation, case.node.settings
    assert operation is not None
    found = []
    for position in case.moved():
        slopes = np.zeros(case.operands[position].size)
        for entry in range(len(slopes)):
            stepped = [np.array(x, dtype=np.complex128) if p == position else x for p, x in enumerate(case.operands)]
            stepped[position].reshape(-1)[entry] += 1j * STEP
            result = operation.forward(*stepped, **settings)
            slopes[entry] = np.sum(np.imag(result) / STEP * case.cotangent)
        found.append(slopes.reshape(case.operands[position].shape))
    return worst(by_vjp(case), found)


def difference_error(case: Case) -> float:
    """The vjp against central differences of fourth order."""
    operation, settings = case.node.operation, case.node.settings
    assert operation is not None
    found = []
    for position in case.moved():
        slopes = np.zeros(case.operands[position].size)
        for entry in range(len(slopes)):

            def at(step: float, position: int = position, entry: int = entry) -> Array:
                moved = [np.array(x) for x in case.operands]
                moved[position].reshape(-1)[entry] += step
                return np.asarray(operation.forward(*moved, **settings))

            h = 1e-3
            quotient = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
            slopes[entry] = np.sum(quotient * case.cotangent)
        found.append(slopes.reshape(case.operands[position].shape))
    return worst(by_vjp(case), found)


def stacking_error(case: Case) -> float:
    """Forward and vjp on stacked copies against the copies one by one, for every operand stacked alone and all."""
    rng = np.random.default_rng(5)
    moved = case.moved()
    errors = [0.0]
    for stacked in [*([p] for p in moved), moved]:
        if not stacked:
            continue
        copies = [
            np.stack([x * rng.uniform(0.9, 1.1, x.shape) for _ in range(COPIES)]) if p in stacked else x
            for p, x in enumerate(case.operands)
        ]
        flags = [p in stacked for p in range(len(copies))]
        together = run(case.node, copies, flags, [x.ndim for x in case.operands])
        for k in range(COPIES):
            single = tuple(x[k] if p in stacked else x for p, x in enumerate(copies))
            errors.append(difference(together[k], run(case.node, single, [False] * len(flags), [])))
        if len(stacked) == len(copies):
            errors.append(_stacked_vjp_error(case, copies, together))
    return max(errors)


def _stacked_vjp_error(case: Case, copies: Sequence[Array], together: Array) -> float:
    operation, settings = case.node.operation, case.node.settings
    assert operation is not None
    ranks = [x.ndim for x in case.operands]
    arranged = aligned(case.node, copies, [True] * len(copies), ranks)
    cotangents = np.stack([case.cotangent] * COPIES)
    errors = [0.0]
    for order, position in enumerate(case.moved()):
        extra = {"position": position} if operation.variadic else {}
        function = vjp_of(case.node, position)
        assert function is not None
        part = function(cotangents, together, *arranged, **settings, **extra)
        part = unbroadcast(np.asarray(part), case.operands[position].shape, COPIES)
        for k in range(COPIES):
            single = Case(case.node, tuple(x[k] for x in copies), case.cotangent)
            errors.append(difference(part[k], by_vjp(single)[order]))
    return max(errors)


def kink_error(operation: Operation, kink: Kink) -> float:
    """The slopes declared at a kink against the vjp and the definition there."""
    settings = {s.name: s.default for s in operation.settings} | dict(kink.settings)
    shape, settled = operation.settle(((),) * len(kink.at), settings)
    node = Node(operation, tuple(range(len(kink.at))), tuple(shape), settled)
    case = Case(node, tuple(np.asarray(x, dtype=np.float64) for x in kink.at), np.ones(shape))
    moved = case.moved()
    declared = [np.asarray(kink.slopes[p]) for p in moved]
    error = worst(by_vjp(case), declared)
    if not isinstance(operation.definition, Declared):
        error = max(error, worst(by_definition(case)[1], declared))
    return error


def worst(found: Sequence[Array], expected: Sequence[Array]) -> float:
    return max((difference(a, b) for a, b in zip(found, expected, strict=True)), default=0.0)


def difference(found: Array, expected: Array) -> float:
    """The largest difference, relative to the largest number expected (at least 1e-3); 1 where one is not finite."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if found.shape != expected.shape:
        return 1.0
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    if not (same | (np.isfinite(found) & np.isfinite(expected))).all():
        return 1.0
    gap = np.where(same, 0.0, np.abs(np.where(same, 0.0, found) - np.where(same, 0.0, expected)))
    finite = np.abs(expected[np.isfinite(expected)])
    return float(gap.max(initial=0.0) / max(1e-3, float(finite.max(initial=0.0))))


LAWS: dict[str, tuple[Callable[[Case], float], float]] = {
    "shape": (shape_error, 0.0),
    "value": (value_error, 1e-13),
    "slope": (slope_error, 1e-12),
    "complex step": (complex_error, 1e-12),
    "difference": (difference_error, 1e-7),
    "stacking": (stacking_error, 1e-13),
}
