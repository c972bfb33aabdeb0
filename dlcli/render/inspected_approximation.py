"""The section of an inspection about approximation by width, as lines of text with bars."""

from __future__ import annotations

from dlcli.inspection.approximation import Approximation, Fit
from dlcli.render.inspected_layers import Style, table
from dlcli.render.text import counted

BAR = 24  # characters of the largest error
BLOCK, ASCII_BLOCK = "█", "#"


def approximation_lines(found: Approximation, style: Style) -> list[str]:
    """A row for each width with its error as a bar, a row for the file's own weights, and what the numbers mean."""
    longest = max(fit.error for fit in found.fits)

    def row(name: str, fit: Fit) -> tuple[str, ...]:
        bar = block * min(BAR, round(BAR * fit.error / longest)) if longest else ""
        return name, bar, style.number(fit.error), style.number(fit.largest)

    block = BLOCK if _shows_blocks(style) else ASCII_BLOCK
    rows = [row(str(fit.width), fit) for fit in found.fits]
    rows.append(row(f"{found.own.width}, the file's", found.own))
    lines = table(("hidden units", "", "root mean square error", "largest error"), rows, style, left=2)
    lines += [
        f"Hidden layers of {found.activation} units and a linear output, fitted to the {found.samples} samples:",
        f"units chosen from {found.candidates:,} and the file's own, one after the other and exchanged, output weights",
        "and an output bias by least squares. A layer of this width can do at least as well as its row.",
    ]
    if found.exact is not None:
        lines.append(f"{counted(found.exact, 'unit')} can meet every sample.")
    return lines


def _shows_blocks(style: Style) -> bool:
    if not style.on.letters:
        return False
    try:
        BLOCK.encode(style.on.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
