"""A tree as LaTeX that needs amsmath only: fractions, powers, subscripts and matrices as in a textbook."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.language.calls import call_latex
from dlcli.language.parser import COMPARISON, NOT, POWER, PRECEDENCE, SIGN
from dlcli.language.printing import ATOM
from dlcli.language.symbols import name_latex, text_latex
from dlcli.language.traversal import fold
from dlcli.language.tree import (
    Binary,
    Call,
    Index,
    Name,
    Number,
    Sequence,
    Slice,
    Text,
    Transpose,
    Tree,
    Unary,
)
from dlcli.language.typeset import PRODUCT, Typeset, base_of, measured, within

WIDEST_PMATRIX = 10  # amsmath's MaxMatrixCols
_SIGNS: Mapping[str, str] = {
    "<=": r"\le",
    ">=": r"\ge",
    "==": "=",
    "!=": r"\ne",
    "and": r"\land",
    "or": r"\lor",
}


def to_latex(tree: Tree, names: Mapping[str, str] | None = None) -> str:
    """The formula in LaTeX; `names` gives the LaTeX of single quantities in place of `name_latex`.

    Calls are written as the operation's record says; a call that no record fits, as a named operator.
    """
    known = names or {}
    return fold(tree, lambda node, parts: _typeset(node, parts, known)).latex


def _typeset(node: Tree, parts: tuple[Typeset, ...], names: Mapping[str, str]) -> Typeset:
    match node:
        case Number(text=text):
            return _number(text)
        case Name(name=name):
            return measured(names[name]) if name in names else Typeset(name_latex(name), ATOM)
        case Text(value=value):
            return Typeset(rf"\text{{{text_latex(value)}}}", ATOM)
        case Unary(operator="not"):
            return Typeset(rf"\lnot {within(parts[0], COMPARISON + 1)}", NOT)
        case Unary(operator=operator):
            return Typeset(operator + within(parts[0], PRODUCT, follows=True), SIGN)
        case Binary(operator="/"):
            return Typeset(rf"\frac{{{parts[0].latex}}}{{{parts[1].latex}}}", POWER)
        case Binary(operator="**"):
            return Typeset(f"{base_of(parts[0])}^{{{parts[1].latex}}}", POWER)
        case Binary(operator="*" | "@" as operator):
            return _product(operator, *parts)
        case Binary(operator=operator):
            precedence = PRECEDENCE[operator]
            left = within(parts[0], precedence + (precedence == COMPARISON))
            right = within(parts[1], precedence + 1, follows=True)
            return Typeset(f"{left} {_SIGNS.get(operator, operator)} {right}", precedence)
        case Call():
            return call_latex(node, parts)
        case Index():
            items = ",".join(part.latex for part in parts[1:])
            return Typeset(f"{base_of(parts[0])}_{{{items}}}", POWER)
        case Transpose():
            return Typeset(rf"{base_of(parts[0])}^{{\top}}", POWER)
        case Sequence():
            return Typeset(_matrix(parts), ATOM, parts)
        case Slice():
            return Typeset(_slice(node, parts), ATOM)


def _number(text: str) -> Typeset:
    mantissa, _, exponent = text.lower().partition("e")
    mantissa = f"0{mantissa}" if mantissa.startswith(".") else mantissa.removesuffix(".")
    if not exponent:
        return Typeset(mantissa, SIGN if text.startswith("-") else ATOM)
    return Typeset(rf"{mantissa} \cdot 10^{{{int(exponent)}}}", PRODUCT)


def _product(operator: str, left: Typeset, right: Typeset) -> Typeset:
    first, second = within(left, PRODUCT), within(right, PRODUCT + 1, follows=True)
    digits = second[:1].isdigit() or (first[-1:].isdigit() and second.startswith(r"\frac"))
    between = r" \cdot " if digits else r" \, " if operator == "*" else " "
    return Typeset(first + between + second, PRODUCT)


def _matrix(rows: tuple[Typeset, ...]) -> str:
    """A row vector, or a matrix where all entries are lists of one length."""
    widths = {None if row.entries is None else len(row.entries) for row in rows}
    if len(widths) == 1 and widths != {None}:
        lines = [[entry.latex for entry in row.entries or ()] for row in rows]
    else:
        lines = [[entry.latex for entry in rows]]
    body = r" \\ ".join(" & ".join(line) for line in lines)
    width = len(lines[0])
    if width > WIDEST_PMATRIX:
        return rf"\left(\begin{{array}}{{*{{{width}}}{{c}}}} {body} \end{{array}}\right)"
    return rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"


def _slice(node: Slice, parts: tuple[Typeset, ...]) -> str:
    left = iter(parts)
    start, stop, step = ("" if b is None else next(left).latex for b in (node.start, node.stop, node.step))
    return f"{start}:{stop}:{step}" if node.step is not None else f"{start}:{stop}"
