"""LaTeX of a part of a formula with how tightly it binds, so that brackets stand where they must."""

from __future__ import annotations

import re
from typing import NamedTuple

from dlcli.language.parser import COMPARISON, POWER, PRECEDENCE
from dlcli.language.printing import ATOM

SUM, PRODUCT = PRECEDENCE["+"], PRECEDENCE["*"]
_PIECES = re.compile(r"\\(?:[A-Za-z]+|.)|\s+|.", re.DOTALL)
_DEPTHS = {"{": 1, "}": -1, "(": 1, ")": -1, "[": 1, "]": -1, r"\begin": 1, r"\end": -1}
_LOOSENESS = {
    **dict.fromkeys(("=", "<", ">", r"\le", r"\ge", r"\ne"), COMPARISON),
    **dict.fromkeys(("+", "-", r"\sum", r"\prod", r"\max", r"\min"), SUM),
    **dict.fromkeys((r"\,", r"\cdot", r"\odot", r"\circ"), PRODUCT),
    **dict.fromkeys(("^", r"\frac", r"\sqrt"), POWER),
}


class Typeset(NamedTuple):
    """LaTeX of a part, how tightly it binds, and of a list its entries."""

    latex: str
    precedence: int
    entries: tuple[Typeset, ...] | None = None


def within(part: Typeset, lowest: int, follows: bool = False) -> str:
    """The part's LaTeX, in brackets where it binds more loosely than `lowest` or has a sign after a sign."""
    signed = follows and part.latex.startswith(("-", "+"))
    return rf"\left({part.latex}\right)" if part.precedence < lowest or signed else part.latex


def base_of(part: Typeset) -> str:
    """The part's LaTeX as something that can carry a power or an index."""
    if part.precedence < ATOM:
        return rf"\left({part.latex}\right)"
    return f"{{{part.latex}}}" if "_" in part.latex or "^" in part.latex else part.latex


def measured(latex: str) -> Typeset:
    """LaTeX that comes from elsewhere, with the precedence of what stands outside its brackets."""
    depth, precedence, before = 0, ATOM, "\\"
    for found in _PIECES.finditer(latex.strip()):
        piece = found.group()
        depth += _DEPTHS.get(piece, 0)
        if depth == 0:
            side_by_side = piece.isspace() and not before.startswith("\\") and before not in _LOOSENESS
            precedence = min(precedence, PRODUCT if side_by_side else _LOOSENESS.get(piece, ATOM))
        before = piece
    return Typeset(latex, precedence)
