"""Every operation by NumPy alone: its slopes against the complex step and differences, and on stacked copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Array, Declared, Example, Operation

CASES = [
    pytest.param(operation, example, id=f"{operation.name}-{number}")
    for operation in OPERATIONS.values()
    for number, example in enumerate(operation.examples)
]
COPIES = 3


def settled(operation: Operation, example: Example) -> tuple[tuple[int, ...], dict[str, Any]]:
    complete = {setting.name: setting.default for setting in operation.settings} | dict(example.settings)
    return operation.settle(example.shapes, complete)


def drawn(example: Example, seed: int = 0) -> list[Array]:
    """Random operands in the example's bounds that nothing may write to."""
    rng = np.random.default_rng(seed)
    operands = [
        np.array(example.values[p], dtype=np.float64)
        if p in example.values
        else np.asarray(rng.uniform(example.low, example.high, shape))
        for p, shape in enumerate(example.shapes)
    ]
    for operand in operands:
        operand.flags.writeable = False
    return operands


def slopes(
    operation: Operation, settings: dict[str, Any], g: Array, y: Array, operands: list[Array]
) -> dict[int, Array]:
    """The cotangents of the operands that have some, in the operands' shapes."""
    found = {}
    for position, operand in enumerate(operands):
        function = operation.vjp[0 if operation.variadic else position]
        if function is not None and not (position == 1 and settings.get("labels")):
            extra = {"position": position} if operation.variadic else {}
            found[position] = summed(np.asarray(function(g, y, *operands, **settings, **extra)), operand.shape)
    return found


def summed(part: Array, shape: tuple[int, ...]) -> Array:
    """The sum over the axes along which broadcasting repeated an operand of this shape."""
    part = part.sum(axis=tuple(range(part.ndim - len(shape))))
    repeated = tuple(a for a, n in enumerate(shape) if n == 1 and part.shape[a] != 1)
    return part.sum(axis=repeated, keepdims=True)


@pytest.mark.parametrize(("operation", "example"), CASES)
def test_slopes_are_those_of_the_complex_step_and_of_differences(operation: Operation, example: Example) -> None:
    shape, settings = settled(operation, example)
    operands = drawn(example)
    y = operation.forward(*operands, **settings)
    assert np.shape(y) == shape
    g = np.random.default_rng(1).uniform(0.5, 1.5, shape)
    for position, found in slopes(operation, settings, g, np.asarray(y), operands).items():
        assert found.shape == operands[position].shape
        analytic, quotient = np.zeros(found.size), np.zeros(found.size)
        for entry in range(found.size):

            def moved(step: complex, position: int = position, entry: int = entry) -> Array:
                copies = [np.array(x, dtype=np.result_type(step, x)) for x in operands]
                copies[position].reshape(-1)[entry] += step
                return np.asarray(operation.forward(*copies, **settings))

            analytic[entry] = np.sum(moved(1e-20j).imag * g) / 1e-20
            h = 1e-3
            steep = 8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))
            quotient[entry] = np.sum(steep * g) / (12 * h)
        np.testing.assert_allclose(found.reshape(-1), analytic, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found.reshape(-1), quotient, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("operation", "example"), CASES)
def test_stacked_copies_are_the_copies_one_by_one(operation: Operation, example: Example) -> None:
    shape, settings = settled(operation, example)
    fixed = {p for p in range(len(example.shapes)) if p in example.values}
    singles = [drawn(example, seed) for seed in range(COPIES)]
    rank = max(len(s) for s in example.shapes)
    stacked = [
        singles[0][p] if p in fixed else _aligned(np.stack([single[p] for single in singles]), rank, operation.align)
        for p in range(len(example.shapes))
    ]
    g = np.random.default_rng(1).uniform(0.5, 1.5, (COPIES, *shape))
    together = np.broadcast_to(operation.forward(*stacked, **settings), (COPIES, *shape))
    parts = {
        p: operation.vjp[0 if operation.variadic else p](  # type: ignore[misc]
            g, together, *stacked, **settings, **({"position": p} if operation.variadic else {})
        )
        for p in range(len(stacked))
        if p not in fixed and operation.vjp[0 if operation.variadic else p] is not None
    }
    for k, single in enumerate(singles):
        y = np.asarray(operation.forward(*single, **settings))
        np.testing.assert_allclose(together[k], y, rtol=1e-14, atol=1e-15)
        alone = slopes(operation, settings, g[k], y, single)
        for p, part in parts.items():
            np.testing.assert_allclose(summed(part[k], single[p].shape), alone[p], rtol=1e-13, atol=1e-14)


def _aligned(stack: Array, rank: int, align: str) -> Array:
    """A stack with its missing axes right after the leading one, as the engines align operands."""
    own = stack.ndim - 1
    if align not in ("broadcast", "matmul") or (align == "matmul" and own < 2):
        return stack
    return stack.reshape(len(stack), *(1,) * (rank - own), *stack.shape[1:])


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_branches_and_margins_have_one_shape_also_on_stacks(operation: Operation) -> None:
    if operation.branches is None:
        assert operation.margins is None
        return
    assert operation.margins is not None
    for example in operation.examples:
        _, settings = settled(operation, example)
        operands = drawn(example)
        sides = np.asarray(operation.branches(*operands, **settings))
        margins = np.asarray(operation.margins(*operands, **settings))
        assert sides.shape == margins.shape
        assert (margins >= 0).all()
        assert sides.dtype.kind in "biu" or (sides == np.round(sides)).all()
        if len(operands) == 1:
            copies = np.stack(operands * COPIES)
            assert np.asarray(operation.branches(copies, **settings)).shape == (COPIES, *sides.shape)
            assert np.asarray(operation.margins(copies, **settings)).shape == (COPIES, *sides.shape)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_single_precision_stays_single(operation: Operation) -> None:
    example = operation.examples[0]
    shape, settings = settled(operation, example)
    operands = [np.asarray(x, dtype=np.float32) for x in drawn(example)]
    y = np.asarray(operation.forward(*operands, **settings))
    assert y.dtype == np.float32
    for found in slopes(operation, settings, np.ones(shape, dtype=np.float32), y, operands).values():
        assert found.dtype == np.float32


@pytest.mark.parametrize("operation", [o for o in OPERATIONS.values() if isinstance(o.definition, Declared)])
def test_declared_operations_take_exact_numbers(operation: Operation) -> None:
    from fractions import Fraction

    settings: dict[str, Any] = {setting.name: setting.default for setting in operation.settings}
    settings = settings | ({"n": 4} if operation.name == "onehot" else {})
    numbers = np.array([Fraction(3), Fraction(1), Fraction(0)], dtype=object)
    operands = [numbers] * len(operation.operands)
    shape, settings = operation.settle(((3,),) * len(operands), settings)
    exact = np.asarray(operation.forward(*operands, **settings))
    floats = operation.forward(*(x.astype(np.float64) for x in operands), **settings)
    assert exact.shape == shape
    np.testing.assert_array_equal(exact.astype(np.float64), floats)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
def test_record_says_what_the_formula_sheet_prints(operation: Operation) -> None:
    assert operation.formula
    assert operation.derivative
    assert operation.about.endswith(".")
    assert operation.examples
    assert len(operation.vjp) == (1 if operation.variadic else len(operation.operands))
