"""Dialects of the language: how operators are spelt, and what is refused, with advice.

One grammar reads them all; homework files are written in `STRICT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """spellings: text of one or two characters -> the operator or mark of the grammar that it means.
    refused: text of one or two characters -> what to write instead."""

    spellings: Mapping[str, str]
    refused: Mapping[str, str]


_MARKS = (
    "+",
    "-",
    "*",
    "/",
    "**",
    "@",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "=",
    ".",
)

_PRODUCT = "write `*` for a product: `a*b`"
_ONCE = "each quantity is computed once: write an equation with a new name, `q2 = q + x`"
_QUOTES = 'write straight quotes: "sum"'
_INDEX = "write an index in square brackets: `x[0]`"

STRICT = Dialect(
    spellings={mark: mark for mark in _MARKS},
    refused={
        "^": "write `**` for a power: `x**2`",
        "//": "write `/` for a division",
        "%": "write a fraction for a percentage: `5/100`",
        "!": "write `not x`, and `!=` for unequal",
        "~": "write `not x`, and `-x` for a negative",
        "&": "write `and`: `(a > 0) and (b > 0)`",
        "&&": "write `and`: `(a > 0) and (b > 0)`",
        "|": "write `abs(x)` for an absolute value, and `or` between conditions",
        "||": "write `or` between conditions, and `norm(x)` for a norm",
        "<>": "write `!=` for unequal",
        "=<": "write `<=`",
        "=>": "write `>=`",
        "<-": "write `=` in an equation, and put a space before a minus: `a < -b`",
        "->": "leave the arrow out",
        ":=": "write `=` in an equation",
        "+=": _ONCE,
        "-=": _ONCE,
        "*=": _ONCE,
        "/=": _ONCE,
        "{": "write round brackets: `(a + b)*c`",
        "}": "write round brackets: `(a + b)*c`",
        ";": "separate by commas: `[[1, 2], [3, 4]]`",
        "$": "write the formula without dollar signs",
        "#": "leave it out",
        "?": "leave it out",
        "\\": "write names instead of LaTeX commands: `lambda*x`",
        "`": "leave it out",
        "−": "write an ordinary minus sign, `-`",
        "–": "write an ordinary minus sign, `-`",
        "—": "write an ordinary minus sign, `-`",
        "‐": "write an ordinary minus sign, `-`",
        "‑": "write an ordinary minus sign, `-`",
        "－": "write an ordinary minus sign, `-`",
        "＋": "write an ordinary plus sign, `+`",
        "×": _PRODUCT,
        "·": _PRODUCT,
        "⋅": _PRODUCT,
        "∙": _PRODUCT,
        "•": _PRODUCT,
        "∗": _PRODUCT,
        "＊": _PRODUCT,
        "⊙": "write `*` for an element-wise product: `a*b`",
        "∘": "write `*` for an element-wise product: `a*b`",
        "⊗": "write `outer(a, b)` for an outer product",
        "÷": "write `/` for a division: `a/b`",
        "∕": "write `/` for a division: `a/b`",
        "⁄": "write `/` for a division: `a/b`",
        "≤": "write `<=`",
        "≥": "write `>=`",
        "≠": "write `!=`",
        "≈": "write `==` for equal",
        "＝": "write an ordinary `=`",
        "（": "write ordinary brackets, `(` and `)`",
        "）": "write ordinary brackets, `(` and `)`",
        "，": "write an ordinary comma, `,`",
        "、": "write an ordinary comma, `,`",
        "．": "write an ordinary point, `.`",
        "“": _QUOTES,
        "”": _QUOTES,
        "„": _QUOTES,
        "«": _QUOTES,
        "»": _QUOTES,
        "‘": _QUOTES,
        "’": _QUOTES,
        "‚": _QUOTES,
        "′": "write an ordinary name for a derivative, such as `dz`",
        "√": "write `sqrt(x)`",
        "∑": "write `sum(x)`",
        "∞": "write `inf`",
        "∂": "write an ordinary name for a derivative, such as `dz`",
        "∇": "write an ordinary name for a gradient, such as `dz`",
        "²": "write `**2` for a square: `x**2`",
        "³": "write `**3` for a cube: `x**3`",
        "½": "write `1/2`",
        "¼": "write `1/4`",
        "¾": "write `3/4`",
        "…": "write every entry out",
        **{
            mark: f"write a power with `**`: `x**{digit}`"
            for digit, mark in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")
            if digit not in (2, 3)
        },
        **{
            mark: f"write `{digit}` as part of the name (`x{digit}`), or an index (`x[{digit}]`)"
            for digit, mark in enumerate("₀₁₂₃₄₅₆₇₈₉")
        },
    },
)
