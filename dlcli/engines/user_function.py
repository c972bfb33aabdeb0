"""A caller's function of a tree: its value as a float, how often it was called, and what went wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcli.engines.leaves import Leaves, Tree, changed
from dlcli.errors import Diagnostic, UsageError
from dlcli.ops.operation import Array

EPS = float(np.finfo(np.float64).eps)


@dataclass
class UserFunction:
    """The function, and what was seen while it was called."""

    function: Callable[[Any], Any]
    leaves: Leaves
    count: int = 0
    failures: int = 0
    failure: str = ""
    notes: list[str] = field(default_factory=list)

    def at_point(self) -> tuple[float, float]:
        """f(x) and its rounding unit; exceptions pass. Raises UsageError for what is no number."""
        tree = self.leaves.tree(self.leaves.vector)
        self.count += 1
        result = self.function(tree)
        self.watch("f", tree)
        return scalar(result), rounding_unit(result)

    def value(self, vector: Array) -> float:
        """f elsewhere; nan where it raises or returns no number."""
        self.count += 1
        try:
            return scalar(self.function(self.leaves.tree(vector)))
        except Exception as error:
            self.failures += 1
            self.failure = self.failure or f"{type(error).__name__}: {error}"
            return np.nan

    def watch(self, called: str, tree: Tree) -> None:
        """Notes which arrays of x a call has changed."""
        for name in changed(tree, self.leaves):
            note = f"{called} changes {name} in place; each call was given a copy"
            if note not in self.notes:
                self.notes.append(note)

    def remarks(self) -> tuple[str, ...]:
        """The notes, and how often f could not be evaluated."""
        if not self.failures:
            return tuple(self.notes)
        text = (
            f"f failed at {self.failures:,} of {self.count:,} points ({self.failure[:200]}); those steps were dropped"
        )
        return (*self.notes, text)


def scalar(value: Any) -> float:
    """What f returned as a float. Raises UsageError (E502) where it is no single real number."""
    if isinstance(value, float):
        return float(value)
    shape = getattr(value, "shape", ())
    if value is None:
        raise _no_scalar("f returned None", "is a return missing?")
    if isinstance(shape, tuple) and len(shape):
        raise _no_scalar(f"f returned an array of shape {tuple(shape)}", "return one number: its sum, or its mean")
    if isinstance(value, complex | np.complexfloating):
        raise _no_scalar("f returned a complex number", "return a real one")
    if not hasattr(value, "__float__"):
        raise _no_scalar(f"f returned {type(value).__name__}", "return one number")
    return float(value)


def _no_scalar(message: str, help: str) -> UsageError:
    return UsageError(Diagnostic("E502", f"{message}, but a gradient is that of a single number", help=help))


def rounding_unit(value: Any) -> float:
    """The spacing of the floats around 1 in the dtype of a value; that of float64 for Python's own numbers."""
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        return max(EPS, float(np.finfo(dtype).eps))
    return EPS
