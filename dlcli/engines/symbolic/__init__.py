"""The symbolic witness: SymPy derivatives of each operation's definition, chained over the graph."""

from dlcli.engines.symbolic.engine import (
    LARGEST_BY_DIGITS,
    ExactResult,
    exact_sweep,
    scalar_operations,
    symbolic,
)

__all__ = ["LARGEST_BY_DIGITS", "ExactResult", "exact_sweep", "scalar_operations", "symbolic"]
