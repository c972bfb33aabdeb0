"""Answers of students -> trees: what people write by hand, on a keyboard or in LaTeX, read without being evaluated.

One grammar reads homework files and answers; here an answer is first put into its words. Accepted beyond it are
`^` and `x²` for powers, products without a sign (`2x`, `a b`, `a(1 - a)`, and `ab` where a and b are known and ab
is not), bars, every kind of bracket, Greek letters, subscripts, accents, `sigmoid'(z)`, `tanh^2(z)`, `ln 2`, rows as
`[1 2; 3 4]`, percentages, the common LaTeX commands. What people read in two ways is refused, with both readings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dlcli.language.answer_indicators import PRODUCT, with_indicators
from dlcli.language.answer_names import Names, known_names
from dlcli.language.answer_products import with_products
from dlcli.language.answer_rewriting import rewritten
from dlcli.language.answer_separators import with_separators, without_left_side
from dlcli.language.answer_tokens import MAX_LENGTH, tokenize_answer
from dlcli.language.error import LanguageError
from dlcli.language.parser import PRECEDENCE, parse_tokens
from dlcli.language.tokens import Token, clipped, number_value
from dlcli.language.tree import Number, Tree, Unary

MAX_AXES = 32
MAX_SIZE_DIGITS = 12

_PRECEDENCE = MappingProxyType({**PRECEDENCE, **dict.fromkeys(("·", "⊗", PRODUCT), PRECEDENCE["*"])})
_MINUS = str.maketrans(dict.fromkeys("−–‐‑－﹣", "-"))
_PLAIN = re.compile(r"\s*(?:([+−-])\s*)?((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*", re.ASCII)
_DECIMAL = re.compile(r"(?:[+-]\s?)?(?:[0-9]+(?:[.,]([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]{1,5}))?\s*(%?)")
_TIMES_TEN = re.compile(
    r"(?<=[0-9.])\s*(?:\*|×|·|⋅|x|X|\\cdot|\\times)\s*10\s*(?:\^|\*\*)\s*[({]?\s*([+-]?[0-9]{1,5})\s*[)}]?\Z"
)


@dataclass(frozen=True)
class Reading:
    """An answer as read. remarks: what was taken for granted, to be told to the student.

    unit: the value of one unit of the last digit where the answer is a plain decimal number, else None.
    """

    tree: Tree
    remarks: tuple[str, ...] = ()
    unit: float | None = None


def parse_answer(text: str, names: Collection[str] = (), axes: Mapping[str, int] | None = None) -> Reading:
    """The tree of an answer, with spans in `text`.

    names: the quantities that are known. A name is matched however it is written (`w_{13}`, `w₁₃`, `δ5`); one that
    is an operation is a call before a bracket; a word that is no name is a product where it falls into known
    names in exactly one way. axes: the number of axes of known quantities; with it `W x` is W @ x. Raises
    LanguageError (E11x, E302, E304, E41x). Nothing is evaluated.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None and len(text) <= MAX_LENGTH:
        return _plain_number(text, plain)
    remarks: list[str] = []
    known = known_names(names)
    tokens = tokenize_answer(text)
    refuse_derivative(tokens, known)
    tokens = without_left_side(text, tokens, remarks)
    tokens = with_indicators(tokens, known)
    tokens = with_separators(text, tokens, remarks)
    tokens = rewritten(text, tokens, known, remarks)
    tree = parse_tokens(text, tokens, _PRECEDENCE)
    tree = with_products(tree, axes or {}, text)
    return Reading(tree, tuple(dict.fromkeys(remarks)), last_digit(text))


def _plain_number(text: str, plain: re.Match[str]) -> Reading:
    """A decimal number with or without a sign, which most answers are."""
    start, end = plain.span(2)
    token = Token("number", plain.group(2), start, end)
    tree: Tree = Number(number_value(token), token.text, token.span)
    if plain.group(1):
        tree = Unary("+" if plain.group(1) == "+" else "-", tree, (plain.start(1), end))
    return Reading(tree, (), last_digit(text))


def last_digit(text: str) -> float | None:
    """The value of one unit of the last digit of a plain decimal number (`-0.50`: 0.01, `5e3`: 1000), else None."""
    plain = text.strip().translate(_MINUS).strip("$ ").lstrip("=≈~ ")
    power = _TIMES_TEN.search(plain)
    if power is not None:
        plain = plain[: power.start()]
    found = _DECIMAL.fullmatch(plain)
    if found is None:
        return None
    decimals, more, exponent, percent = found.groups()
    order = int(exponent or 0) - len(decimals or more or "") - 2 * bool(percent)
    order += 0 if power is None else int(power.group(1))
    return float(f"1e{order}") if -320 < order < 308 else None


def refuse_derivative(tokens: tuple[Token, ...], known: Names) -> None:
    """Raises LanguageError (E413) for `dL/dz`, unless it is the quotient of two quantities."""
    for position, token in enumerate(tokens[:-2]):
        if not _differential(token, known, whole=True):
            continue
        after = position + 1
        while after < len(tokens) - 1 and tokens[after].text in ("}", ")") and tokens[after].kind == "mark":
            after += 1
        if tokens[after].text == "/" and tokens[after].kind == "mark":
            after += 1
        elif after == position + 1 or tokens[position - 2].text != "\\frac":
            continue
        while tokens[after].text in ("{", "(") and tokens[after].kind == "mark":
            after += 1
        if _differential(tokens[after], known, whole=False):
            span = (token.start, tokens[after].end)
            message = "a derivative stands here; an answer is its formula or its value"
            raise LanguageError("E413", message, span, "write what the derivative is equal to")


def _differential(token: Token, known: Names, whole: bool) -> bool:
    """Whether a name looks like `dz`; with `whole`, `d` alone as well."""
    name = token.text
    if token.kind != "name" or name[:1] != "d" or name.startswith("delta") or known.meant_by(name):
        return False
    return len(name) > 1 or whole


def parse_shape(text: str) -> tuple[int, ...]:
    """The sizes of a shape: `[2, 3]`, `(2, 3)`, `2x3`, `2 × 3`, `2 by 3`, `(4,)`, `4`; `()` and `scalar` have none.

    Raises LanguageError (E410, E414).
    """
    if len(text) > 1000:
        raise LanguageError("E410", f"the shape has {len(text):,} characters", (0, len(text)), _SHAPE)
    inner = _inside_brackets(text)
    if inner.casefold() in ("scalar", "a scalar", "skalar"):
        return ()
    if not inner:
        if text.strip():
            return ()
        raise LanguageError("E414", "the shape is empty", (0, len(text)), _SHAPE)
    parts = re.split(r"\s*(?:[,;xX×*·⋅х]|\bby\b|\\times|-by-)\s*|\s+", re.sub(r"[,;]\s*\Z", "", inner))
    if len(parts) > MAX_AXES:
        raise LanguageError("E414", f"a shape of {len(parts)} sizes stands here", (0, len(text)), _SHAPE)
    for part in parts:
        if not re.fullmatch(f"[0-9]{{1,{MAX_SIZE_DIGITS}}}", part):
            start = text.find(part) if part else 0
            span = (start, start + len(part)) if part else (0, len(text))
            what = f"`{clipped(part)}` is no whole number" if part else "a size is missing"
            raise LanguageError("E414", f"{what}, so this is no shape", span, _SHAPE)
    return tuple(int(part) for part in parts)


_SHAPE = "write a shape as `(2, 3)` or `2 x 3`, that of a single number as `()`"
_BRACKETS = {"(": ")", "[": "]", "{": "}", "（": "）", "<": ">", "⟨": "⟩"}


def _inside_brackets(text: str) -> str:
    inner = text.strip().strip("$").strip()
    inner = re.sub(r"\A(?:torch\.Size|np\.shape|shape)\s*(?=[(\[])", "", inner)
    for _ in range(2):
        if inner[:1] in _BRACKETS and inner[-1:] == _BRACKETS[inner[:1]]:
            inner = inner[1:-1].strip()
    return inner
