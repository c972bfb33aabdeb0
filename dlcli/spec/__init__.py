"""The homework file: `read_source` gives its text, `load` what it says; shapes are settled elsewhere."""

from dlcli.spec.exam import SEPARATOR, divided
from dlcli.spec.load import expected_code, load, load_all, problem_ids
from dlcli.spec.reading import read_source

__all__ = ["SEPARATOR", "divided", "expected_code", "load", "load_all", "problem_ids", "read_source"]
