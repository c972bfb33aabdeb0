"""Tables: rich and the plain layout print the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.render import grid as module
from dlcli.render.console import Medium
from dlcli.render.grid import Grid, grid_text, plain_grid
from tests.handmade import solution, tensor

GRID = Grid(
    ("\nname", "value\nother", "\nverdict"),
    [("w", " 1.5\n-2", "PASS"), ("木", "3", "FAIL odd\n1e-3")],
    ["green", "red"],
)
TEXT = """\
       value
name   other   verdict
───────────────────────
w       1.5    PASS
       -2
木     3       FAIL odd
               1e-3
"""


def uncolored(text: str) -> list[str]:
    """Lines without colours."""
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")]


@pytest.mark.parametrize("on", [Medium(), Medium(color=True), Medium(letters=False)])
def test_both_layouts_print_the_same(on: Medium) -> None:
    expected = (TEXT if on.letters else TEXT.replace("─", "-")).split("\n")
    assert uncolored(grid_text(GRID, on)) == expected
    assert uncolored(plain_grid(GRID, on)) == expected


@given(st.lists(st.tuples(st.text("abc 木", max_size=5), st.text("12.\n", max_size=6), st.just("PASS")), max_size=5))
def test_cells_keep_their_columns(rows: list[tuple[str, str, str]]) -> None:
    grid = Grid(("name", "value", "verdict"), rows, ["green"] * len(rows))
    assert grid_text(grid, Medium()) == plain_grid(grid, Medium())


def test_many_rows_are_laid_out_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.render.solution_text import Detail, solution_text

    found = solution(tensor("W", [[0.5, -1e-5], [3, 0]]))
    by_rich = solution_text(found, Detail(), Medium())
    monkeypatch.setattr(module, "MOST_BY_RICH", 0)
    assert solution_text(found, Detail(), Medium()) == by_rich


def test_width_is_that_of_the_longest_line() -> None:
    assert GRID.width() == 23
