"""The laws of every operation, run on the machine at hand; nothing of it depends on a homework.

Forward, vjp, definition, complex step and differences are held against each other, with the slopes declared at kinks.
"""

from __future__ import annotations

import platform
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from dlcli.laws import LAWS, Case, cases, kink_error
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Operation

CONVENTIONS = "conventions"  # the law of the slopes declared at kinks
CONVENTION_TOLERANCE = 1e-12
BROKEN = 1e-6  # error of a complex step that shows that an operation has no complex form


@dataclass(frozen=True)
class LawCheck:
    """One law on all examples of one operation.

    error: the worst, relative to the largest number compared, inf where it could not be computed; tolerance: up to
    which it holds, None where the law must fail (an operation declared to have no complex form); problem: what went
    wrong in words, empty where the numbers say it.
    """

    law: str
    error: float
    tolerance: float | None
    passed: bool
    problem: str = ""

    @property
    def strain(self) -> float:
        """The error as a share of what is allowed; inf where the law failed."""
        if not self.passed:
            return np.inf
        return self.error / self.tolerance if self.tolerance else 0.0


@dataclass(frozen=True)
class OperationCheck:
    """All laws on one operation: so many examples, so many conventions at kinks."""

    name: str
    examples: int
    conventions: int
    laws: tuple[LawCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every law holds, on at least one example."""
        return self.examples > 0 and all(law.passed for law in self.laws)

    @property
    def strain(self) -> float:
        """The largest of its laws."""
        return max((law.strain for law in self.laws), default=np.inf)


@dataclass(frozen=True)
class SelfCheck:
    """The checks of all operations, the versions they ran on, and how long it took, in seconds."""

    operations: tuple[OperationCheck, ...]
    versions: Mapping[str, str]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every operation passed; without an operation nothing has."""
        return bool(self.operations) and all(operation.passed for operation in self.operations)


def self_check(operations: Sequence[Operation] | None = None) -> SelfCheck:
    """The laws of dlcli.laws on these operations, or on all of the table."""
    start = perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = tuple(_checked(operation) for operation in (OPERATIONS.values() if operations is None else operations))
    return SelfCheck(found, versions(), perf_counter() - start)


def versions() -> dict[str, str]:
    """What the numbers depend on: Python, NumPy, SymPy, the processor, and NumPy's BLAS where it says which."""
    import sympy

    known = {"Python": platform.python_version(), "NumPy": np.__version__, "SymPy": sympy.__version__}
    found = {"BLAS": _blas(), "machine": platform.machine()}
    return {**known, **{name: text for name, text in found.items() if text}}


def _blas() -> str:
    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{found['name']} {found.get('version', '')}".strip()
    except (KeyError, TypeError, AttributeError):
        return ""


def _checked(operation: Operation) -> OperationCheck:
    try:
        examples = cases(operation)
    except Exception as error:
        problem = f"its examples cannot be built: {_named(error)}"
        return OperationCheck(operation.name, 0, 0, (LawCheck("shape", np.inf, 0.0, False, problem),))
    laws = [_law(operation, law, examples) for law in LAWS]
    if operation.kinks:
        errors = [_error(lambda kink=kink: kink_error(operation, kink)) for kink in operation.kinks]  # type: ignore[misc]
        laws.append(_judged(CONVENTIONS, errors, CONVENTION_TOLERANCE))
    return OperationCheck(operation.name, len(examples), len(operation.kinks), tuple(laws))


def _law(operation: Operation, law: str, examples: Sequence[Case]) -> LawCheck:
    function, tolerance = LAWS[law]
    errors = [_error(lambda case=case: function(case)) for case in examples]  # type: ignore[misc]
    if law == "complex step" and not operation.complex_safe:
        worst = max((error for error, _ in errors), default=0.0)
        problem = "" if worst > BROKEN else "declared to have no complex form, but it is right on every example"
        return LawCheck(law, worst, None, worst > BROKEN, problem)
    return _judged(law, errors, tolerance)


def _error(measure: Callable[[], float]) -> tuple[float, str]:
    """The error, or inf and what was raised: a law that cannot be computed does not hold."""
    try:
        return float(measure()), ""
    except Exception as error:
        return np.inf, _named(error)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _judged(law: str, errors: Sequence[tuple[float, str]], tolerance: float) -> LawCheck:
    worst, problem = max(errors, key=lambda found: np.inf if np.isnan(found[0]) else found[0], default=(np.inf, ""))
    return LawCheck(law, worst, tolerance, bool(worst <= tolerance), problem)
