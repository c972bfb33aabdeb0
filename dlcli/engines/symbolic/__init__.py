"""The symbolic witness: SymPy derivatives of each operation's definition, chained over the graph."""

from dlcli.engines.symbolic.engine import ExactResult, exact_sweep, symbolic

__all__ = ["ExactResult", "exact_sweep", "symbolic"]
