"""What stands between the parts of an answer: `x =` before it, commas and semicolons outside brackets."""

from __future__ import annotations

import re

from dlcli.language.complaints import mismatched_bracket
from dlcli.language.error import LanguageError
from dlcli.language.levels import SPLIT
from dlcli.language.parser import MAX_DEPTH
from dlcli.language.tokens import Token, clipped

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}")
_LIST = "put a list in brackets, `[1, 2]`, and write numbers with a decimal point"


def partners(tokens: tuple[Token, ...]) -> dict[int, int]:
    """Position of each opening bracket -> position of the one that closes it. Raises LanguageError (E112, E113)."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for position, token in enumerate(tokens):
        if token.kind == "mark" and token.text in _CLOSING:
            opened.append(position)
            if len(opened) > MAX_DEPTH:
                raise LanguageError("E113", f"more than {MAX_DEPTH} brackets are open here", token.span, SPLIT)
        elif token.kind == "mark" and token.text in (")", "]", "}"):
            if not opened or _CLOSING[tokens[opened[-1]].text] != token.text:
                raise mismatched_bracket(tokens[opened[-1]] if opened else None, token)
            found[opened.pop()] = position
    if opened:
        raise mismatched_bracket(tokens[opened[-1]], tokens[-1])
    return found


def without_left_side(text: str, tokens: tuple[Token, ...], remarks: list[str]) -> tuple[Token, ...]:
    """The tokens after `=` or `≈` in `x = 3`; all of them where there is none. Raises LanguageError (E411)."""
    found = [p for p in _outside(tokens) if tokens[p].text in ("=", "≈")]
    if not found:
        return tokens
    sign = tokens[found[0]]
    if len(found) > 1:
        second = tokens[found[1]]
        help = "write only what is asked for, without the steps that lead to it"
        raise LanguageError("E411", "there are several `=`, so it is not clear which part counts", second.span, help)
    left = tokens[: found[0]]
    if left and not any(token.kind == "name" for token in left):
        written = clipped(text[left[0].start : sign.start].strip())
        message = f"numbers stand on both sides of `{sign.text}`, so it is not clear which one counts"
        raise LanguageError(
            "E411", message, (left[0].start, sign.end), f"write one number, without `{written} {sign.text}`"
        )
    remarks.append(f"only what follows `{text[sign.start : sign.end]}` is read")
    return tokens[found[0] + 1 :]


def with_separators(text: str, tokens: tuple[Token, ...], remarks: list[str]) -> tuple[Token, ...]:
    """The tokens with decimal commas read, and with brackets around a list that has none.

    Raises LanguageError (E302, E411).
    """
    commas, rows = _positions(tokens, ","), _positions(tokens, ";")
    if not commas and not rows:
        return tokens
    decimal = [p for p in commas if _touches_digits(tokens, p)]
    if decimal and (rows or not _is_list(tokens, commas, decimal)):
        tokens = _with_points(text, tokens, decimal, remarks)
        if not rows:
            return tokens
        commas = []
    if commas and rows:
        raise LanguageError("E411", "rows of a list stand here without brackets", tokens[commas[0]].span, _LIST)
    remarks.append("the answer is read as a list")
    first, last = tokens[0].start, tokens[-2].end
    separating = set(_positions(tokens, ";"))
    inside = tuple(
        Token("mark", ",", token.start, token.end) if position in separating else token
        for position, token in enumerate(tokens[:-1])
    )
    return (Token("mark", "[", first, first), *inside, Token("mark", "]", last, last), tokens[-1])


def _positions(tokens: tuple[Token, ...], mark: str) -> list[int]:
    return [position for position in _outside(tokens) if tokens[position].text == mark]


def _outside(tokens: tuple[Token, ...]) -> list[int]:
    """The positions of marks outside all brackets."""
    depth, found = 0, []
    for position, token in enumerate(tokens):
        if token.kind == "mark":
            depth += (token.text in _CLOSING) - (token.text in (")", "]", "}"))
            if depth == 0:
                found.append(position)
    return found


def _touches_digits(tokens: tuple[Token, ...], comma: int) -> bool:
    """Whether digits stand on both sides of a comma, without spaces."""
    before, mark, after = tokens[max(comma - 1, 0)], tokens[comma], tokens[comma + 1]
    numbers = before.kind == after.kind == "number"
    return numbers and before.end == mark.start and mark.end == after.start and after.text[:1] != "."


def _is_list(tokens: tuple[Token, ...], commas: list[int], decimal: list[int]) -> bool:
    """Whether touching commas separate the entries of a list, as in `1,2,3`. Raises LanguageError (E411)."""
    if len(decimal) < len(commas):
        span = tokens[max(commas[0] - 1, 0)].start, tokens[commas[-1] + 1].end
        raise LanguageError("E411", "some of these commas seem to be decimal commas, and some not", span, _LIST)
    if len(commas) == 1:
        return False
    only_numbers = all(token.kind == "number" or token.text in (",", "-", "+") for token in tokens[:-1])
    if only_numbers and all(_looks_grouped(tokens, comma) for comma in commas):
        raise _two_numbers(tokens, commas[0], commas[-1])
    return only_numbers


def _looks_grouped(tokens: tuple[Token, ...], comma: int) -> bool:
    return re.fullmatch(r"[0-9]{3}(?:\.[0-9]*)?", tokens[comma + 1].text) is not None


def _with_points(text: str, tokens: tuple[Token, ...], commas: list[int], remarks: list[str]) -> tuple[Token, ...]:
    """The tokens with a decimal point in place of each of these commas."""
    merged: list[Token] = []
    taken = 0
    for comma in commas:
        before, after = tokens[comma - 1], tokens[comma + 1]
        written = text[before.start : after.end]
        if not before.text.isdigit() or "." in after.text or comma - 1 < taken:
            help = "write a number with one decimal point, and nothing between thousands: `1500.25`"
            raise LanguageError(
                "E302", f"`{clipped(written)}` has more than one decimal sign", (before.start, after.end), help
            )
        if _THOUSANDS.fullmatch(before.text) and re.fullmatch("[0-9]{3}", after.text):
            raise _two_numbers(tokens, comma, comma)
        point = f"{before.text}.{after.text}"
        merged += tokens[taken : comma - 1]
        merged.append(Token("number", point, before.start, after.end))
        taken = comma + 2
        remarks.append(f"`{clipped(written)}` is read as {clipped(point)}: write a decimal point")
    return (*merged, *tokens[taken:])


def _two_numbers(tokens: tuple[Token, ...], first: int, last: int) -> LanguageError:
    """`1,500` may be one and a half, or one thousand five hundred."""
    parts = [tokens[first - 1].text, *(token.text for token in tokens[first + 1 : last + 2] if token.kind == "number")]
    span = tokens[first - 1].start, tokens[last + 1].end
    written = clipped(",".join(parts))
    whole = clipped("".join(parts))
    other = clipped(f"{parts[0]}.{parts[1]}") if len(parts) == 2 else clipped(f"[{', '.join(parts)}]")
    return LanguageError("E411", f"`{written}` may mean {whole} or {other}", span, f"write `{whole}` or `{other}`")
