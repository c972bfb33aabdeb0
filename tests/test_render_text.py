"""Text from files is printed safely on every medium."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.render.console import Medium
from dlcli.render.text import counted, display_width, own, visible, visible_lines

UNICODE = Medium()
ASCII = Medium(encoding="ascii", letters=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [bold]x[/bold]", "plain [bold]x[/bold]"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\tc", r"a\nb\tc"),
        ("\x9b31m", r"\x9b31m"),
        ("left\u202eright", r"left\u202eright"),
        ("Übung 木 ŷ", "Übung 木 ŷ"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_become_visible(text: str, shown: str) -> None:
    assert visible(text, UNICODE) == shown


def test_what_cannot_be_encoded_is_escaped() -> None:
    assert visible("Übung 木", Medium(encoding="cp1252", letters=False)) == r"Übung \u6728"
    assert visible("Übung 木", ASCII) == r"\xdcbung \u6728"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
@given(text=st.text())
def test_every_text_can_be_written(encoding: str, text: str) -> None:
    shown = visible(text, Medium(encoding=encoding, letters=False))
    assert shown.encode(encoding).decode(encoding).isprintable() or not text.isprintable()
    assert "\x1b" not in shown
    assert "\n" not in shown


def test_lines_and_tabs_stay_in_a_text_of_several_lines() -> None:
    assert visible_lines("a\tb\n\x07c", UNICODE) == "a\tb\n\\x07c"


def test_own_letters_have_plain_forms() -> None:
    assert own("∂ ± ✓ ✗ ≈ – …", ASCII) == "d +- + x ~ - ..."
    assert own("∂ ±", UNICODE) == "∂ ±"


def test_display_width_counts_columns() -> None:
    assert [display_width(text) for text in ("abc", "é", "e\u0301", "木", "Ａ")] == [3, 1, 1, 2, 2]


def test_counted_nouns() -> None:
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(235146, "entry", "entries") == "235,146 entries"
    assert counted(0, "file") == "0 files"
