"""Tables with a rule under their head: laid out by rich on a terminal, plainly elsewhere and for many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dlcli.render.console import Medium, painted, rendered
from dlcli.render.text import display_width, own

MOST_BY_RICH = 500  # rows; rich lays out about two thousand a second
GAP = "   "


@dataclass(frozen=True)
class Grid:
    """Headers and cells, each of one or several lines; `colors`: of each row's last cell, its first line."""

    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    colors: Sequence[str]

    def widths(self) -> list[int]:
        """Columns that each column of the table takes."""
        return [_widest(column) for column in zip(self.headers, *self.rows, strict=True)]

    def width(self) -> int:
        """Columns that the table takes."""
        return sum(self.widths()) + len(GAP) * (len(self.headers) - 1)


def grid_text(grid: Grid, on: Medium) -> str:
    """The table as text, without blanks at the ends of lines; without colours there is no need to load rich."""
    return _by_rich(grid, on) if on.color and len(grid.rows) <= MOST_BY_RICH else plain_grid(grid, on)


def _by_rich(grid: Grid, on: Medium) -> str:
    from rich.box import Box
    from rich.table import Table
    from rich.text import Text

    line = own("─", on)
    rule = Box("    \n" * 2 + f" {line * 2} \n" + "    \n" * 5, ascii=not on.letters)
    table = Table(box=rule, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    for header in grid.headers:
        table.add_column(Text(header), no_wrap=True)
    for row, color in zip(grid.rows, grid.colors, strict=True):
        *cells, last = map(Text, row)
        last.stylize(color, 0, len(row[-1].split("\n")[0]))
        table.add_row(*cells, last)
    return rendered(on, table)


def plain_grid(grid: Grid, on: Medium) -> str:
    """The same text, quickly."""
    widths = grid.widths()
    lines = list(_lines(grid.headers, widths))
    lines = [painted(line, "bold", on) for line in lines]
    lines.append(own("─", on) * grid.width())
    for row, color in zip(grid.rows, grid.colors, strict=True):
        first, _, rest = row[-1].partition("\n")
        last = painted(first, color, on) + ("\n" + rest if rest else "")
        lines += _lines((*row[:-1], last), widths)
    return "".join(line.rstrip() + "\n" for line in lines)


def _lines(cells: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for parts in zip_longest(*(cell.split("\n") for cell in cells), fillvalue=""):
        yield GAP.join(part + " " * (width - display_width(part)) for part, width in zip(parts, widths, strict=True))


def _widest(cells: Iterable[str]) -> int:
    return max((display_width(line) for cell in cells for line in cell.split("\n")), default=0)
