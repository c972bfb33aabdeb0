"""A text -> its tokens: numbers, names, quoted texts, operators and marks, each with its place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dlcli.language.dialect import Dialect
from dlcli.language.error import LanguageError
from dlcli.language.tree import Span

MAX_LENGTH = 20_000  # characters of a formula
MAX_DIGITS = 400  # digits of a number, without its exponent
MAX_EXPONENT = 1_000

Kind = Literal["number", "name", "text", "mark", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """Of kind "mark", `text` is an operator or mark of the grammar, however the dialect spells it; of kind
    "name", in NFC; of kind "text", without its quotes. The last token, of kind "end", is empty."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        return self.start, self.end


_SPACE = re.compile(r"[ \t\r\n]+")
NUMBER = re.compile(r"(?:([0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:[eE]([+-]?[0-9]+))?")
_ASCII_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTES = ('"', "'")
LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl"})
CONTINUING = LETTERS | {"Nd", "Mn", "Mc"}


def tokenize(text: str, dialect: Dialect) -> tuple[Token, ...]:
    """The tokens of a text, the last of kind "end". Raises LanguageError (E110, E113, E114, E304)."""
    if len(text) > MAX_LENGTH:
        message = f"a formula of {len(text):,} characters stands here; {MAX_LENGTH:,} are allowed"
        raise LanguageError("E113", message, (0, len(text)), "split it into several equations")
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        space = _SPACE.match(text, position)
        if space is not None:
            position = space.end()
            continue
        if text[position] > "\x7f" and unicodedata.category(text[position]) == "Zs":
            position += 1
            continue
        token = _token(text, position, dialect)
        tokens.append(token)
        position = token.end
    tokens.append(Token("end", "", len(text), len(text)))
    return tuple(tokens)


def number_value(token: Token) -> Fraction:
    """The exact value of a number's digits. Raises LanguageError (E304) for too many of them."""
    found = NUMBER.fullmatch(token.text)
    assert found is not None, token
    mantissa, exponent = found.group(1), found.group(2) or "0"
    digits = len(mantissa) - mantissa.count(".")
    if digits > MAX_DIGITS:
        message = f"a number of {digits:,} digits stands here; {MAX_DIGITS} are allowed"
        raise LanguageError("E304", message, token.span, "round it: float64 keeps 17 digits")
    if not mantissa.strip("0."):
        return Fraction(0)
    magnitude = exponent.lstrip("+-").lstrip("0")
    if len(magnitude) > len(str(MAX_EXPONENT)) or int(magnitude or "0") > MAX_EXPONENT:
        side = "too close to 0" if exponent.startswith("-") else "too large"
        help = "the smallest is about 5e-324" if exponent.startswith("-") else "the largest is about 1.8e308"
        raise LanguageError("E304", f"`{clipped(token.text)}` is {side} for a float64", token.span, help)
    return Fraction(token.text)


def clipped(text: str, longest: int = 40) -> str:
    """A text short enough to be quoted in a message."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _token(text: str, position: int, dialect: Dialect) -> Token:
    number = NUMBER.match(text, position)
    if number is not None:
        return Token("number", number.group(), position, number.end())
    end = _name_end(text, position)
    if end > position:
        return Token("name", unicodedata.normalize("NFC", text[position:end]), position, end)
    if text[position] in _QUOTES:
        return quoted_text(text, position)
    for length in (2, 1):
        written = text[position : position + length]
        if written in dialect.spellings:
            return Token("mark", dialect.spellings[written], position, position + len(written))
        if written in dialect.refused:
            span = (position, position + len(written))
            raise LanguageError("E110", f"`{written}` has no meaning in a formula", span, dialect.refused[written])
    raise unknown_character(text, position)


def _name_end(text: str, position: int) -> int:
    found = _ASCII_NAME.match(text, position)
    end = position if found is None else found.end()
    if end == position and unicodedata.category(text[position]) not in LETTERS:
        return position
    while end < len(text) and (text[end] == "_" or unicodedata.category(text[end]) in CONTINUING):
        end += 1
    return end


def quoted_text(text: str, position: int) -> Token:
    """The text in quotes that starts here. Raises LanguageError (E114)."""
    quote = text[position]
    end = text.find(quote, position + 1)
    newline = text.find("\n", position + 1)
    if end < 0 or 0 <= newline < end:
        help = f"close it with the same quote, {quote}sum{quote}; name a derivative by a word, such as `dz`"
        raise LanguageError("E114", f"this quote ({quote}) is never closed", (position, position + 1), help)
    return Token("text", text[position + 1 : end], position, end + 1)


def unknown_character(text: str, position: int) -> LanguageError:
    """The error of a character that no dialect has."""
    character = text[position]
    number = f"U+{ord(character):04X}"
    span = (position, position + 1)
    if not character.isprintable():
        return LanguageError("E110", f"an invisible character ({number}) stands here", span, "delete it")
    if unicodedata.category(character) in ("Nd", "No", "Nl"):
        message = f"`{character}` ({number}) is no digit of a number or name here"
        return LanguageError("E110", message, span, "write numbers with the digits 0 to 9")
    message = f"`{character}` ({described(character)}) has no meaning in a formula"
    help = "a formula holds numbers, names, calls and the operators + - * / ** @ < <= > >= == != and or not"
    return LanguageError("E110", message, span, help)


def described(character: str) -> str:
    """A character's number and name: `U+0430, cyrillic small letter a`."""
    name = unicodedata.name(character, "").lower()
    number = f"U+{ord(character):04X}"
    return f"{number}, {name}" if name else number
