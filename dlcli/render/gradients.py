"""The table of gradients: one row an entry, one column a witness; large tensors by their worst entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.comparison import VERDICTS, Comparison, TensorCheck
from dlcli.ops.operation import Array
from dlcli.render.console import ROOM, Medium
from dlcli.render.grid import Grid, grid_text
from dlcli.render.numbers import aligned, aligned_pairs, is_plain, magnitude, number, reads_as
from dlcli.render.text import counted, own, visible
from dlcli.render.verdicts import COLORS, entry_name, verdict_mark

FEW = 16  # entries up to which a tensor is printed in full
INDENT = "  "
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


def gradient_table(entries: Sequence[Entry], digits: int, base: int, on: Medium, judged: str = "backprop") -> list[str]:
    """Lines of the first layout that fits: one line an entry, two, or one a witness.

    judged: what the column of the gradients that are judged is called.
    """
    rows = [_row(tensor, entry, digits, base, on) for tensor, entry in entries]
    room = ROOM if on.width is None else on.width - len(INDENT)
    grid = next((grid for layout in (_wide, _stacked) if (grid := layout(rows, on, judged)).width() <= room), None)
    return [INDENT + line for line in grid_text(grid or _tall(rows, on, judged), on).splitlines()]


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


def _grid(headers: tuple[str, ...], rows: Sequence[Row], columns: Sequence[Sequence[str]], on: Medium) -> Grid:
    """The columns of text between name and verdict put into a grid."""
    cells = [(row.name, *parts) for row, *parts in zip(rows, *columns, strict=True)]
    return Grid(tuple(own(header, on) for header in headers), cells, [COLORS[row.verdict] for row in rows])


def _wide(rows: Sequence[Row], on: Medium, judged: str) -> Grid:
    columns = [
        aligned(row.symbolic for row in rows),
        aligned(row.backprop for row in rows),
        aligned(row.complex_step for row in rows),
        aligned_pairs([row.difference for row in rows], own(" ± ", on)),
        aligned(row.relative_error for row in rows),
        [_verdict(row, on) for row in rows],
    ]
    headers = ("quantity", "symbolic", judged, "complex step", "finite difference ±", "rel. error", "verdict")
    return _grid(headers, rows, columns, on)


def _stacked(rows: Sequence[Row], on: Medium, judged: str) -> Grid:
    first = aligned(text for row in rows for text in (row.symbolic, row.backprop))
    pairs = [pair for row in rows for pair in ((row.complex_step, ""), row.difference)]
    second = aligned_pairs(pairs, own(" ± ", on))
    verdicts = [f"{_verdict(row, on)}\n{row.relative_error}" for row in rows]
    headers = (
        "\nquantity",
        f"symbolic\n{judged}",
        "complex step\nfinite difference ±",
        "verdict\nrelative error",
    )
    return _grid(headers, rows, [_joined(first, 2), _joined(second, 2), verdicts], on)


def _tall(rows: Sequence[Row], on: Medium, judged: str) -> Grid:
    witnesses = [f"symbolic\n{judged}\ncomplex step\nfinite difference"] * len(rows)
    values = aligned(t for row in rows for t in (row.symbolic, row.backprop, row.complex_step, row.difference[0]))
    for position, row in enumerate(rows):
        if row.difference[1]:
            last = 4 * position + 3
            values[last] = f"{values[last].rstrip()} {own('±', on)} {row.difference[1]}"
    verdicts = [_verdict(row, on) for row in rows]
    return _grid(("quantity", "gradient by", "", "verdict"), rows, [witnesses, _joined(values, 4), verdicts], on)


def _joined(texts: Sequence[str], lines: int) -> list[str]:
    """Each so many texts as one cell of several lines."""
    return ["\n".join(texts[start : start + lines]) for start in range(0, len(texts), lines)]


def _verdict(row: Row, on: Medium) -> str:
    return verdict_mark(row.verdict, on) + (f" {row.tags}" if row.tags else "")
