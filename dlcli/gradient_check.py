"""Gradients of Python functions: `check_gradients` and `assert_gradients` judge them as the gradients of homework.

The function is a black box, so its only witness is the ladder of differences in `engines.black_box`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.callable_check import compared, unchecked
from dlcli.comparison import Comparison, TensorCheck
from dlcli.engines.leaves import Leaves, Tree, gradients_of, leaves_of
from dlcli.engines.user_function import UserFunction

Loss = Callable[[Any], Any]  # takes the tree, whatever it is; what it returns is looked at when it does


@dataclass(frozen=True)
class GradientCheck:
    """The verdict on the gradients of a function at one point.

    comparison: the check of each array in x; where only a sample of an array was looked at, a check of its slope
    along one random direction follows it. loss: f(x); evaluations: how often f was called; notes: what else was seen.
    """

    comparison: Comparison
    loss: float
    evaluations: int
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """pass, kink, inconclusive or fail: the worst entry's; inconclusive where nothing was checked."""
        return self.comparison.verdict

    @property
    def passed(self) -> bool:
        """Whether every entry was decided, and for the gradient."""
        return self.verdict in ("pass", "kink")

    @property
    def tensors(self) -> tuple[TensorCheck, ...]:
        return self.comparison.tensors

    def __str__(self) -> str:
        """The table of verdicts in plain letters, at most 110 columns wide."""
        from dlcli.render.gradient_check import gradient_check_text

        return gradient_check_text(self.comparison, self.loss, self.evaluations, self.notes)


def check_gradients(
    f: Loss,
    grad: Tree | Callable[[Any], Tree],
    x: Tree,
    *,
    names: str | Sequence[str] | None = None,
    full: bool = False,
) -> GradientCheck:
    """The verdict on every entry of the gradient of f at x, by finite differences with error bars.

    f: takes x, returns one number. x: a float, an array, or a list, tuple or dict of them; f gets copies of the same
    structure, with whole numbers as float64. grad: takes x and returns the gradient in the structure of x, or is
    that gradient; it is called right after f(x). names: of the arrays of x in order, for the report. full: look at
    every entry; otherwise, where x has more than 2,000, at up to 64 entries of each large array, and at its slope along
    one random direction.

    Raises UsageError where x, f's value or the gradient cannot be used (E501 to E503). What f raises at x itself is
    passed on; elsewhere it only takes away that step. f is called about 9 times an entry, up to 40 times near a kink.

    >>> import numpy as np
    >>> check_gradients(lambda w: np.sum(w**3), lambda w: 3 * w**2, np.array([1.0, -2.0])).verdict
    'pass'
    """
    leaves = leaves_of(x, names)
    calls = UserFunction(f, leaves)
    here, unit = calls.at_point()
    gradients, units = gradients_of(_gradient(grad, leaves, calls), leaves)
    if not leaves.vector.size:
        return GradientCheck(Comparison(()), here, calls.count, ("x holds no number",))
    again, _ = calls.at_point()
    undecided = _undecided(here, again)
    if undecided is None:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tensors = compared(calls, here, unit, gradients, units, full)
            undecided = _undecided(here, calls.value(leaves.vector))
    if undecided is not None:
        tensors = [unchecked(leaf, a, undecided) for leaf, a in zip(leaves.leaves, gradients, strict=True)]
    return GradientCheck(Comparison(tuple(tensors)), here, calls.count, calls.remarks())


def assert_gradients(
    f: Loss,
    grad: Tree | Callable[[Any], Tree],
    x: Tree,
    *,
    names: str | Sequence[str] | None = None,
    full: bool = False,
) -> None:
    """Nothing where `check_gradients` passes; AssertionError with its table where it fails or cannot decide."""
    __tracebackhide__ = True
    check = check_gradients(f, grad, x, names=names, full=full)
    if not check.passed:
        raise AssertionError(f"\n{check}")


def _gradient(grad: Tree | Callable[[Any], Tree], leaves: Leaves, calls: UserFunction) -> Tree:
    if not callable(grad):
        return grad
    tree = leaves.tree(leaves.vector)
    found = grad(tree)
    calls.watch("grad", tree)
    return found


def _undecided(here: float, again: float) -> str | None:
    """Why nothing can be decided at this point; None where it can."""
    if not np.isfinite(here):
        return f"f is {here} here, so it has no slope"
    if here != again:
        return f"f is not deterministic: two evaluations at the same point gave {here!r} and {again!r}"
    return None
