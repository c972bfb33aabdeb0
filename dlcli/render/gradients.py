"""The table of gradients: one row an entry, one column a witness; large tensors by their worst entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dlcli.comparison import VERDICTS, Comparison, TensorCheck
from dlcli.ops.operation import Array
from dlcli.render.console import ROOM, Medium, console
from dlcli.render.numbers import aligned, aligned_pairs, is_plain, magnitude, number, reads_as
from dlcli.render.text import counted, own, visible
from dlcli.render.verdicts import COLORS, entry_name, verdict_mark

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

FEW = 16  # entries up to which a tensor is printed in full
INDENT = 2  # columns before the table
WORST = 5  # entries shown of a larger one
LONGEST_EXACT = 14  # characters of an exact value that takes the place of the symbolic one


Entry = tuple[TensorCheck, tuple[int, ...]]


@dataclass(frozen=True)
class Row:
    """One entry as printed; numbers are not padded yet."""

    name: str
    symbolic: str
    backprop: str
    complex_step: str
    difference: tuple[str, str]
    relative_error: str
    verdict: str
    tags: str


def gradient_table(entries: Sequence[Entry], digits: int, base: int, on: Medium) -> Table:
    """The entries in the first layout that fits: one line an entry, two, or one a witness."""
    rows = [_row(tensor, entry, digits, base, on) for tensor, entry in entries]
    for layout in (_wide, _stacked):
        table = layout(rows, on)
        if on.width is None or _columns(table, on) + INDENT <= on.width:
            return table
    return _tall(rows, on)


def _columns(table: Table, on: Medium) -> int:
    printer = console(on)
    return printer.measure(table).maximum


def shown_entries(comparison: Comparison, every: bool) -> list[Entry]:
    """Entries that get a row: all, or of large tensors the worst by verdict and relative error."""
    return [(tensor, entry) for tensor in comparison.tensors for entry in _shown(tensor, every)]


def entries_not_passed(comparison: Comparison, most: int) -> list[Entry]:
    """The entries without a PASS, the first so many of each tensor."""
    return [
        (tensor, tuple(entry))
        for tensor in comparison.tensors
        for entry in np.argwhere(np.asarray(tensor.verdicts) != VERDICTS.index("pass"))[:most].tolist()
    ]


def _shown(tensor: TensorCheck, every: bool) -> list[tuple[int, ...]]:
    size = int(np.size(tensor.backprop))
    if every or size <= FEW:
        return [tuple(map(int, entry)) for entry in np.ndindex(tensor.shape)]
    verdicts = np.asarray(tensor.verdicts).reshape(-1)
    error = np.nan_to_num(np.asarray(tensor.relative_error).reshape(-1), nan=np.inf)
    worst = np.lexsort((-error, -verdicts.astype(np.int64)))[:WORST]
    return [tuple(int(i) for i in np.unravel_index(int(flat), tensor.shape)) for flat in sorted(worst.tolist())]


def left_out(comparison: Comparison) -> str | None:
    """What a table without --all does not show, in one sentence."""
    large = [t for t in comparison.tensors if np.size(t.backprop) > FEW]
    if not large:
        return None
    sizes = ", ".join(f"{t.name} ({int(np.size(t.backprop)):,})" for t in large)
    missing = sum(int(np.size(t.backprop)) - WORST for t in large)
    return (
        f"Of {counted(comparison.entries, 'entry', 'entries')}, {missing:,} are not shown: of {sizes} "
        f"only the {WORST} worst each; --all prints every entry."
    )


def _row(tensor: TensorCheck, entry: tuple[int, ...], digits: int, base: int, on: Medium) -> Row:
    def cell(array: Array | None, witness: str) -> str:
        mask = tensor.looked.get(witness)
        if array is None or (mask is not None and not np.asarray(mask)[entry]):
            return own("–", on)
        return number(float(np.asarray(array)[entry]), digits)

    difference = cell(tensor.finite_difference, "finite_difference")
    known = difference != own("–", on) and tensor.error_bar is not None
    bar = magnitude(float(np.asarray(tensor.error_bar)[entry])) if known else ""
    exact = None if tensor.exact is None else tensor.exact[entry]
    symbolic = cell(tensor.symbolic, "symbolic")
    if exact is not None and is_plain(exact) and len(exact) <= LONGEST_EXACT and not reads_as(symbolic, exact):
        symbolic = str(exact)
    verdict = VERDICTS[int(np.asarray(tensor.verdicts)[entry])]
    tags = [
        tag for tag, mask in (("vacuous", tensor.vacuous), ("coarse", tensor.coarse)) if bool(np.asarray(mask)[entry])
    ]
    return Row(
        visible(entry_name(tensor.name, entry, base), on),
        symbolic,
        cell(tensor.backprop, "backprop"),
        cell(tensor.complex_step, "complex_step"),
        (difference, bar),
        magnitude(float(np.asarray(tensor.relative_error)[entry])),
        verdict,
        ", ".join(tags),
    )


def _wide(rows: Sequence[Row], on: Medium) -> Table:
    from rich.text import Text

    table = ruled_table(
        [
            "quantity",
            "symbolic",
            "backprop",
            "complex step",
            own("finite difference ±", on),
            "rel. error",
            "verdict",
        ],
        on,
    )
    columns = [
        [row.name for row in rows],
        aligned(row.symbolic for row in rows),
        aligned(row.backprop for row in rows),
        aligned(row.complex_step for row in rows),
        aligned_pairs([row.difference for row in rows], own(" ± ", on)),
        aligned(row.relative_error for row in rows),
    ]
    for row, *cells in zip(rows, *columns, strict=True):
        table.add_row(*map(Text, cells), _verdict(row, on))
    return table


def _stacked(rows: Sequence[Row], on: Medium) -> Table:
    from rich.text import Text

    table = ruled_table(
        [
            "quantity",
            "symbolic\nbackprop",
            own("complex step\nfinite difference ±", on),
            "verdict\nrelative error",
        ],
        on,
    )
    first = aligned(text for row in rows for text in (row.symbolic, row.backprop))
    pairs = [pair for row in rows for pair in ((row.complex_step, ""), row.difference)]
    second = aligned_pairs(pairs, own(" ± ", on))
    for number_, row in enumerate(rows):
        two = slice(2 * number_, 2 * number_ + 2)
        verdict = _verdict(row, on)
        verdict.append("\n" + row.relative_error, style="dim")
        table.add_row(Text(row.name), Text("\n".join(first[two])), Text("\n".join(second[two])), verdict)
    return table


def _tall(rows: Sequence[Row], on: Medium) -> Table:
    from rich.text import Text

    table = ruled_table(["quantity", "gradient by", "", "verdict"], on)
    witnesses = "symbolic\nbackprop\ncomplex step\nfinite difference"
    singles = [(row.symbolic, row.backprop, row.complex_step, row.difference[0]) for row in rows]
    values = aligned(text for four in singles for text in four)
    for position, row in enumerate(rows):
        column = values[4 * position : 4 * position + 4]
        if row.difference[1]:
            column[3] = f"{column[3].rstrip()} {own('±', on)} {row.difference[1]}"
        table.add_row(Text(row.name), Text(witnesses), Text("\n".join(column)), _verdict(row, on))
    return table


def _verdict(row: Row, on: Medium) -> Text:
    from rich.text import Text

    text = Text(verdict_mark(row.verdict, on), style=COLORS[row.verdict])
    if row.tags:
        text.append(" " + row.tags, style="dim")
    return text


def ruled_table(headers: Sequence[str], on: Medium) -> Table:
    """A table with a rule under its head and nothing else, in ASCII where the medium has no other lines."""
    from rich.box import Box
    from rich.table import Table

    line = own("─", on)
    rule = Box("    \n" * 2 + f" {line * 2} \n" + "    \n" * 5, ascii=not on.letters)
    table = Table(box=rule, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    for header in headers:
        table.add_column(header, no_wrap=True, min_width=0, max_width=ROOM)
    return table
