"""Spec -> Graph: layers become equations, equations become nodes, shapes are settled."""

from dlcli.lowering.lower import Lowered, lower

__all__ = ["Lowered", "lower"]
