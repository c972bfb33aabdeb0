"""Comparisons and the words that join conditions. Conditions are the numbers 1 and 0; their slope is 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dlcli.ops.elementwise import elementwise, truth
from dlcli.ops.operation import Array, Operation

FAMILY = "comparisons"


def holds(c: Array) -> Array:
    """Where a condition is not 0."""
    return np.asarray(c.real != 0).astype(bool)


def _comparison(name: str, sign: str, latex_sign: str, compare: Callable[[Array, Array], Array]) -> Operation:
    return elementwise(
        name, FAMILY, ("a", "b"),
        forward=lambda a, b: truth(compare(a.real, b.real), a),
        vjp=(None, None),
        expression=None,
        formula=f"1 where a {sign} b, else 0", derivative="0",
        latex=lambda a, b, **_: f"{a} {latex_sign} {b}",
        branches=lambda a, b: np.asarray(compare(a.real, b.real)).astype(bool),
        margins=lambda a, b: np.abs(a.real - b.real),
        about=f"Whether a {sign} b, as 1 or 0.",
    )  # fmt: skip


less = _comparison("less", "<", "<", lambda a, b: np.less(a, b))
less_equal = _comparison("less_equal", "<=", r"\le", lambda a, b: np.less_equal(a, b))
greater = _comparison("greater", ">", ">", lambda a, b: np.greater(a, b))
greater_equal = _comparison("greater_equal", ">=", r"\ge", lambda a, b: np.greater_equal(a, b))
equal = _comparison("equal", "==", "=", lambda a, b: np.equal(a, b))
not_equal = _comparison("not_equal", "!=", r"\ne", lambda a, b: np.not_equal(a, b))


logical_and = elementwise(
    "logical_and", FAMILY, ("a", "b"),
    forward=lambda a, b: truth(holds(a) & holds(b), a), vjp=(None, None), expression=None,
    formula="1 where a and b are not 0, else 0", derivative="0",
    latex=lambda a, b, **_: rf"{a} \land {b}", about="Whether both conditions hold, as 1 or 0.",
)  # fmt: skip

logical_or = elementwise(
    "logical_or", FAMILY, ("a", "b"),
    forward=lambda a, b: truth(holds(a) | holds(b), a), vjp=(None, None), expression=None,
    formula="1 where a or b is not 0, else 0", derivative="0",
    latex=lambda a, b, **_: rf"{a} \lor {b}", about="Whether one of the conditions holds, as 1 or 0.",
)  # fmt: skip

logical_not = elementwise(
    "logical_not", FAMILY, ("a",),
    forward=lambda a: truth(~holds(a), a), vjp=(None,), expression=None,
    formula="1 where a is 0, else 0", derivative="0",
    latex=lambda a, **_: rf"\lnot {a}", about="Whether the condition does not hold, as 1 or 0.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (
    less, less_equal, greater, greater_equal, equal, not_equal, logical_and, logical_or, logical_not,
)  # fmt: skip
