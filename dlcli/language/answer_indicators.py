"""Indicators as lectures write them, `1[z > 0]`, `I(z > 0)`, `𝟙{z > 0}`: the comparison itself, which is 0 or 1."""

from __future__ import annotations

from dlcli.language.answer_names import Names
from dlcli.language.answer_separators import partners
from dlcli.language.answer_writing import OPENING
from dlcli.language.tokens import Token

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
NAMED = ("I",)
PRODUCT = "◦"  # of an indicator: entry by entry, but for a row behind it


def with_indicators(tokens: tuple[Token, ...], known: Names) -> tuple[Token, ...]:
    """The tokens with each indicator as a comparison in brackets, and PRODUCT where no sign stands beside it.

    Behind `/` none is written, so that `a/1[z > 0]b` is refused like `a/2b`. Raises LanguageError (E11x).
    """
    heads = [at for at, token in enumerate(tokens[:-1]) if _is_head(token, tokens[at + 1], known)]
    if not heads:
        return tokens
    partner = partners(tokens)
    found = {at: partner[at + 1] for at in heads if _compares(tokens, at + 2, partner[at + 1], partner)}
    out: list[Token] = []
    closing = {end: at for at, end in found.items()}
    for at, token in enumerate(tokens):
        if at in found:
            if out and _ends_operand(out[-1]):
                out.append(Token("mark", PRODUCT, token.start, token.start))
        elif at - 1 in found:
            out.append(Token("mark", "(", token.start, token.end))
        elif at in closing:
            out.append(Token("mark", ")", token.start, token.end))
            divides = closing[at] > 0 and tokens[closing[at] - 1].text == "/"
            if _starts_operand(tokens[at + 1]) and not divides:
                out.append(Token("mark", PRODUCT, token.end, token.end))
        else:
            out.append(token)
    return tuple(out)


def _is_head(token: Token, following: Token, known: Names) -> bool:
    one = token.kind == "number" and token.text == "1"
    named = token.kind == "name" and token.text in NAMED and not known.meant_by(token.text)
    return (one or named) and following.kind == "mark" and following.text in OPENING


def _compares(tokens: tuple[Token, ...], start: int, end: int, partner: dict[int, int]) -> bool:
    """Whether a comparison stands between the brackets themselves."""
    position = start
    while position < end:
        if tokens[position].kind == "mark" and tokens[position].text in COMPARISONS:
            return True
        position = partner.get(position, position) + 1
    return False


def _ends_operand(token: Token) -> bool:
    return token.kind in ("number", "name") or token.text in (")", "]", "}", "'")


def _starts_operand(token: Token) -> bool:
    return token.kind in ("number", "name") or token.text in OPENING
