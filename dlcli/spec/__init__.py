"""The homework file: `read_source` gives its text, `load` what it says; shapes are settled elsewhere."""

from dlcli.spec.load import expected_code, load
from dlcli.spec.reading import read_source

__all__ = ["expected_code", "load", "read_source"]
