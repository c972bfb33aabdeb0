"""Every operation, read by its definition into nodes of single numbers, has the values that it computes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from dlcli.equivalence.ancestry import reachable
from dlcli.equivalence.evaluation import Evaluation, Missing
from dlcli.equivalence.floats import FloatBalls
from dlcli.equivalence.formulas import formula_of
from dlcli.equivalence.records import Allowance
from dlcli.equivalence.scalars import Scalars
from dlcli.language.constants import number_tree
from dlcli.language.tree import Call, Name, Sequence, Text, Tree
from dlcli.lowering.builder import Builder, apply_loss
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Example, Operation

# operators have no name to be called by; the position of the largest entry jumps; no formula holds inf or a draw
SPOKEN = [r for r in OPERATIONS.values() if not r.hidden and r.family not in ("arithmetic", "comparisons")]
NOT_FORMULAS = ("argmax",)
CASES = [
    pytest.param(record, example, id=f"{record.name}-{number}")
    for record in SPOKEN
    if record.name not in (*NOT_FORMULAS, "matmul", "index")
    for number, example in enumerate(record.examples)
    if "seed" not in example.settings and all(np.isfinite(v).all() for v in example.values.values())
]


def spread(values: np.ndarray, name: str, fixed: bool, point: dict[str, Any]) -> Tree:
    """An array as nested lists of symbols, or of numbers where they are fixed."""
    if values.ndim:
        return Sequence(tuple(spread(row, f"{name}_{k}", fixed, point) for k, row in enumerate(values)))
    exact = Fraction(float(values))
    if fixed:
        return number_tree(exact)
    point[name] = exact
    return Name(name)


def constant(value: Any) -> Tree:
    if isinstance(value, str):
        return Text(value)
    if value is None or isinstance(value, bool):
        return Name(str(value))
    if isinstance(value, tuple):
        return Sequence(tuple(map(constant, value)))
    return number_tree(Fraction(repr(value)))


@pytest.mark.parametrize(("record", "example"), CASES)
def test_the_definition_gives_the_value_of_the_operation(record: Operation, example: Example) -> None:
    stream = np.random.default_rng(3)
    arrays = [
        np.asarray(example.values[p], dtype=float).reshape(shape) if p in example.values
        else stream.uniform(example.low, example.high, size=shape)
        for p, shape in enumerate(example.shapes)
    ]  # fmt: skip
    point: dict[str, Any] = {}
    trees = [spread(array, f"q{p}", p in example.values, point) for p, array in enumerate(arrays)]
    arguments = (Sequence(tuple(trees)),) if record.variadic else tuple(trees)
    keywords = tuple((name, constant(value)) for name, value in example.settings.items())
    found = formula_of(Call(record.name, arguments, keywords), Scalars(Allowance(1e6)))
    values = Evaluation(reachable(found.entries), FloatBalls()).at(point)

    builder = Builder()
    numbers = [builder.leaf(array) for array in arrays]
    if record.reduction is None:
        node = builder.nodes[builder.apply(record, numbers, example.settings)]
        expected = np.asarray(node.operation.forward(*arrays, **node.settings))  # type: ignore[union-attr]
    else:
        apply_loss(builder, record, numbers, example.settings, columns=False)
        computed = list[Any](arrays)
        for node in builder.nodes[len(arrays) :]:
            assert node.operation is not None
            computed.append(node.operation.forward(*(computed[o] for o in node.operands), **node.settings))
        expected = np.asarray(computed[-1])
    assert found.shape == expected.shape
    for entry, value in zip(found.entries, expected.reshape(-1), strict=True):
        ball = values[entry]
        assert not isinstance(ball, Missing)
        assert abs(ball[0] - value) <= ball[1] + 1e-12 * (1 + abs(value))
