"""The brackets of an answer that are open while it is rewritten, and the complaints about two readings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token, clipped

Kind = Literal["text", "group", "call", "index", "list", "rows", "numerator", "denominator", "abs", "norm"]


@dataclass(eq=False)
class AnswerLevel:
    """What is known inside one pair of brackets or bars that is still open, or of the whole text.

    closing: the marks of the grammar that end it; after: what follows them; spaced: whether spaces separate
    entries; bare: a list without any comma, so that a space might. slash: the division whose divisor is being
    read; term: where the present product starts; exponent: "next" before the operand of a power that people
    read in two ways (`e^2x`), then the place where that operand ends.
    """

    kind: Kind
    opening: Token
    closing: tuple[str, ...] = ()
    after: list[Token] = field(default_factory=list)
    wrapped: bool = False
    spaced: bool = False
    bare: bool = False
    slash: Token | None = None
    term: int | None = None
    exponent: Literal["next"] | int | None = None
    power: int = 0

    def starts_term(self) -> None:
        """A sum, a comma or a comparison: a new product begins."""
        self.slash = self.term = self.exponent = None


def divided_product(text: str, level: AnswerLevel, start: int, end: int) -> LanguageError:
    """`1/2x`: (1/2)*x, or 1/(2*x)."""
    assert level.slash is not None
    term = level.slash.start if level.term is None else level.term
    over = clipped(text[term : level.slash.start].strip(), 20)
    under = clipped(text[level.slash.end : start].strip(), 20)
    factor = clipped(text[start:end], 20)
    written = clipped(text[term:end])
    message = f"`{written}` may mean ({over}/{under})*{factor} or {over}/({under}*{factor})"
    help = f"write `({over}/{under})*{factor}` or `{over}/({under}*{factor})`"
    return LanguageError("E411", message, (term, end), help)


def exponent_product(text: str, level: AnswerLevel, start: int, end: int) -> LanguageError:
    """`e^2x`: (e^2)*x, or e^(2*x)."""
    power = clipped(text[level.power : start].strip(), 20)
    factor = clipped(text[start:end], 20)
    base, _, exponent = power.partition("^") if "^" in power else power.partition("**")
    exponent = exponent.strip("*")
    message = f"`{power}{factor}` may mean ({power})*{factor} or {base}^({exponent}*{factor})"
    help = f"write `({power})*{factor}` or `{base}^({exponent}*{factor})`"
    return LanguageError("E411", message, (level.power, end), help)


def spaced_list(level: AnswerLevel, end: int) -> LanguageError:
    """`[a b]`: a list, or a product in brackets."""
    message = "it is not clear whether this space separates two entries, or stands for a product"
    return LanguageError(
        "E411", message, (level.opening.start, end), "write a comma between entries, or `*` for a product"
    )
