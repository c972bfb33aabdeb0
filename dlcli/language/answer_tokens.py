"""An answer's text -> tokens of the answer dialect: Unicode scripts, primes and LaTeX commands are read here."""

from __future__ import annotations

import re
import unicodedata

from dlcli.errors import did_you_mean
from dlcli.language.answer_dialect import (
    ACCENT_COMMANDS,
    ANSWER,
    COMMAND_MARKS,
    COMMAND_NAMES,
    DIGIT_FONTS,
    FONT_COMMANDS,
    MATRICES,
    SKIPPED_COMMANDS,
)
from dlcli.language.answer_names import GREEK
from dlcli.language.error import LanguageError
from dlcli.language.tokens import CONTINUING, LETTERS, NUMBER, Token, clipped, quoted_text, unknown_character
from dlcli.ops import find

MAX_LENGTH = 10_000

_SUBSCRIPT = re.compile(
    r"_\s*\{((?:[^{}]|\{[^{}]*\})*)\}|_\s*\\(?:text|mathrm|mathit|mathbf)\s*\{([^{}]*)\}|_\\([A-Za-z]+)"
)
_CONDITION = re.compile(r"\s*_\s*(?=\{[^{}]*(?:[<>≤≥≠]|\\[gl]eq?|\\ne)[^{}]*\})")
_ONE = re.compile(r"\s*(?:\{\s*1\s*\}|1)")
_PRIME = re.compile(r"\^\s*(?:\{\s*((?:\\prime\s*)+)\}|(\\prime)(?![A-Za-z]))")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_ARGUMENT = re.compile(r"\s*(?:\{\s*(\\?[^\W\d_][\w]*)\s*\}|(\\[A-Za-z]+|[A-Za-z](?![A-Za-z])))")
_ENVIRONMENT = re.compile(r"\s*\{([A-Za-z]+)\*?\}")
_GREEK_WORDS = frozenset(GREEK.values())


def tokenize_answer(text: str) -> tuple[Token, ...]:
    """The tokens of an answer, the last of kind "end".

    Names come as written (accents and Greek letters too), but for subscripts, which become part of the name:
    `w_{13}` and `w₁₃` are w13, `W_{h}` is W_h. Raises LanguageError (E110, E114, E410, E416).
    """
    if len(text) > MAX_LENGTH:
        message = f"the answer has {len(text):,} characters; {MAX_LENGTH:,} are allowed"
        raise LanguageError("E410", message, (0, len(text)), "give the result, not the way to it")
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in " \t\r\n$" or (character > "\x7f" and unicodedata.category(character) == "Zs"):
            position += 1
        elif character == "\\":
            position = _command(text, position, tokens)
        else:
            position = _plain(text, position, tokens)
    tokens.append(Token("end", "", len(text), len(text)))
    return tuple(tokens)


def _plain(text: str, position: int, tokens: list[Token]) -> int:
    """Reads what is no LaTeX command; the place after it."""
    number = NUMBER.match(text, position)
    if number is not None:
        tokens.append(Token("number", number.group(), position, number.end()))
        below = _CONDITION.match(text, number.end()) if number.group() == "1" else None
        return number.end() if below is None else below.end()
    character = text[position]
    if _is_styled(character) and unicodedata.normalize("NFKC", character) == "1":  # of an indicator
        tokens.append(Token("number", "1", position, position + 1))
        return position + 1
    raised = _script_end(text, position, "<super>")
    if raised > position:
        _superscript(text, position, raised, tokens)
        return raised
    if unicodedata.category(character) in LETTERS or character == "_" or _is_sub(character):
        end = position
        while end < len(text) and _continues(text[end]) and not _SUBSCRIPT.match(text, end):
            if not unicodedata.category(text[end]).startswith("L") and _is_invisible(text[end]):
                raise unknown_character(text, end)
            end += 1
        written = "".join(
            unicodedata.normalize("NFKC", c) if _is_sub(c) or _is_styled(c) else c for c in text[position:end]
        )
        return _name(unicodedata.normalize("NFC", written), text, position, end, tokens)
    if character == "∞":
        tokens.append(Token("name", "inf", position, position + 1))
        return position + 1
    if character == "⊤":
        tokens.append(Token("name", "⊤", position, position + 1))
        return position + 1
    if character == '"':
        tokens.append(quoted_text(text, position))
        return tokens[-1].end
    prime = _PRIME.match(text, position)
    if prime is not None:
        for _ in range((prime.group(1) or "\\prime").count("\\prime")):
            tokens.append(Token("mark", "'", position, prime.end()))
        return prime.end()
    if (character == "~" and not tokens) or (character == "&" and r"\begin{" in text):
        tokens.append(Token("mark", "≈" if character == "~" else ",", position, position + 1))
        return position + 1
    for length in (2, 1):
        written = text[position : position + length]
        if written in ANSWER.spellings:
            end = position + len(written)
            tokens.append(Token("mark", ANSWER.spellings[written], position, end))
            return end
        if written in ANSWER.refused:
            span = (position, position + len(written))
            raise LanguageError("E110", f"`{written}` has no meaning in an answer", span, ANSWER.refused[written])
    raise unknown_character(text, position)


def _name(written: str, text: str, start: int, end: int, tokens: list[Token]) -> int:
    """Adds a name with the subscripts that follow it; the place after them."""
    while (found := _SUBSCRIPT.match(text, end)) is not None:
        below = next(part for part in found.groups() if part is not None)
        below = re.sub(r"\\(?:text|mathrm|mathit|mathbf)\s*|[\s,\\{}]", "", below)
        if not below or not all(_continues(character) for character in below):
            message = f"`{clipped(found.group())}` is no subscript of a name"
            raise LanguageError("E416", message, found.span(), "write the name as the homework does")
        written += below if below.isdigit() else f"_{below}"
        end = found.end()
    tokens.append(Token("name", written, start, end))
    return end


def _superscript(text: str, start: int, end: int, tokens: list[Token]) -> None:
    """A raised number or name as a power, a raised T as a transposed matrix."""
    raised = unicodedata.normalize("NFKC", text[start:end]).replace("−", "-").replace("\u2212", "-")
    found = re.fullmatch(r"([+-]?)(?:([0-9]+)|([^\W\d_]+))", raised)
    if found is None:
        raise LanguageError("E110", f"`{text[start:end]}` is no power", (start, end), "write a power with `^`")
    sign, digits, name = found.groups()
    tokens.append(Token("mark", "**", start, end))
    if name == "T" and not sign:
        tokens.append(Token("name", "⊤", start, end))
        return
    tokens.append(Token("mark", "(", start, end))
    if sign:
        tokens.append(Token("mark", sign, start, end))
    tokens.append(Token("number", digits, start, end) if digits else Token("name", name, start, end))
    tokens.append(Token("mark", ")", start, end))


def _command(text: str, position: int, tokens: list[Token]) -> int:
    """Reads a LaTeX command; the place after it."""
    found = _COMMAND.match(text, position)
    if found is None:
        raise LanguageError("E416", "the answer ends with a backslash", (position, position + 1), "delete it")
    command, end = found.group(1), found.end()
    if command in SKIPPED_COMMANDS:
        return end + 1 if command in ("left", "right") and text[end : end + 1] == "." else end
    if command in COMMAND_MARKS:
        tokens.append(Token("mark", COMMAND_MARKS[command], position, end))
        return end
    if command == "\\":
        tokens.append(Token("mark", ";", position, end))
        return end
    one = _ONE.match(text, end) if command in DIGIT_FONTS else None
    if one is not None:
        below = _CONDITION.match(text, one.end())
        tokens.append(Token("number", "1", position, one.end()))
        return one.end() if below is None else below.end()
    if command in ("begin", "end"):
        environment = _ENVIRONMENT.match(text, end)
        if environment is not None and environment.group(1) in MATRICES:
            tokens.append(Token("mark", "[" if command == "begin" else "]", position, environment.end()))
            return environment.end()
    if command in ACCENT_COMMANDS or command in FONT_COMMANDS:
        argument = _ARGUMENT.match(text, end)
        if argument is not None:
            written = (argument.group(1) or argument.group(2)).removeprefix("\\")
            return _name(written + ACCENT_COMMANDS.get(command, ""), text, position, argument.end(), tokens)
        if command in ("boldsymbol", "bm", "mathbf", "text", "mathrm"):
            return end
    name = COMMAND_NAMES.get(command, command)
    if command in COMMAND_NAMES or name in _GREEK_WORDS or find(name) is not None:
        below = re.compile("_([A-Za-z0-9])").match(text, end)
        if below is not None:
            name, end = (
                f"{name}_{below.group(1)}" if not below.group(1).isdigit() else name + below.group(1),
                below.end(),
            )
        return _name(name, text, position, end, tokens)
    help = did_you_mean(command, (*COMMAND_MARKS, *sorted(_GREEK_WORDS)))
    raise LanguageError("E416", f"the LaTeX command `\\{command}` is not understood here", (position, end), help)


def _continues(character: str) -> bool:
    """Whether a character belongs to a name that has begun."""
    if character == "_" or _is_sub(character):
        return True
    if character > "\x7f" and unicodedata.decomposition(character).startswith("<super>"):
        return False
    return unicodedata.category(character) in CONTINUING


def _is_sub(character: str) -> bool:
    return character > "\x7f" and unicodedata.decomposition(character).startswith("<sub>")


def _is_styled(character: str) -> bool:
    """A letter or digit of mathematical alphabets, as copied from typeset pages, or of full width."""
    return "\U0001d400" <= character <= "\U0001d7ff" or "\uff10" <= character <= "\uff5a"


def _is_invisible(character: str) -> bool:
    return character == "\u034f" or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _script_end(text: str, position: int, kind: str) -> int:
    end = position
    while end < len(text) and text[end] > "\x7f" and unicodedata.decomposition(text[end]).startswith(kind):
        end += 1
    return end
