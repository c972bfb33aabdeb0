"""What a network is like: sizes, costs, gradients and redundancies, with numbers from the user's file."""

from dlcli.inspection.report import Inspection, inspect
from dlcli.inspection.section import Skipped

__all__ = ["Inspection", "Skipped", "inspect"]
