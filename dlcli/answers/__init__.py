"""Answer sheets: what students wrote, as text with places. What it means is decided in `grading`."""

from dlcli.answers.classes import read_class
from dlcli.answers.records import Answer, Sheet
from dlcli.answers.sheets import read_sheet

__all__ = ["Answer", "Sheet", "read_class", "read_sheet"]
