"""dlcli: solves, checks and grades neural-network homework.

>>> import dlcli
>>> result = dlcli.solve("homework.yaml")  # doctest: +SKIP
>>> result.loss, result.verdict  # doctest: +SKIP
(23.00000000010262, 'pass')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlcli.errors import DlcliError, HomeworkError, UsageError
    from dlcli.file_check import FileCheck, gradcheck
    from dlcli.gradient_check import GradientCheck, assert_gradients, check_gradients
    from dlcli.solution import Solution
    from dlcli.solving import check, load, solve, train
    from dlcli.training import Training

__version__ = "0.1.0"
__all__ = [
    "DlcliError",
    "FileCheck",
    "GradientCheck",
    "HomeworkError",
    "Solution",
    "Training",
    "UsageError",
    "__version__",
    "assert_gradients",
    "check",
    "check_gradients",
    "gradcheck",
    "load",
    "solve",
    "train",
]

_HOMES = {
    "DlcliError": "dlcli.errors",
    "HomeworkError": "dlcli.errors",
    "UsageError": "dlcli.errors",
    "GradientCheck": "dlcli.gradient_check",
    "assert_gradients": "dlcli.gradient_check",
    "check_gradients": "dlcli.gradient_check",
    "Solution": "dlcli.solution",
    "FileCheck": "dlcli.file_check",
    "check": "dlcli.solving",
    "gradcheck": "dlcli.file_check",
    "load": "dlcli.solving",
    "solve": "dlcli.solving",
    "train": "dlcli.solving",
    "Training": "dlcli.training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dlcli' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(set(__all__) | set(globals()))
