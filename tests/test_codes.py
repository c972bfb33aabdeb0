"""The table of codes: every code that the package uses has a row, and every row reads well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlcli import codes
from dlcli.codes import CODES

PACKAGE = Path(codes.__file__).parent


def used() -> dict[str, str]:
    """Code -> a file that uses it."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path != PACKAGE / "codes.py":
            for code in re.findall(r'"([EW][0-9]{3})"', path.read_text(encoding="utf-8")):
                found[code] = path.relative_to(PACKAGE).as_posix()
    return found


def test_every_code_in_use_is_explained() -> None:
    assert {code: path for code, path in used().items() if code not in CODES} == {}


@pytest.mark.parametrize("code", CODES)
def test_row_has_a_short_title_and_a_sentence(code: str) -> None:
    row = CODES[code]
    assert 0 < len(row.title) <= 60
    assert row.explanation.endswith(".")
    assert row.explanation[0].isupper() or row.explanation[0] in "`<"


def test_rows_are_in_order() -> None:
    assert list(CODES) == sorted(CODES)
