"""Tokens of an answer -> tokens of the grammar: products, bars, calls, powers and lists as people write them.

Every token keeps its place in the text. Products without a sign become `·`, which `answer_products` reads when
the whole tree is known.
"""

from __future__ import annotations

from dlcli.language.answer_brackets import (
    close_bracket,
    end_row,
    open_bracket,
    read_bar,
    read_fraction,
    read_operator,
    read_power,
)
from dlcli.language.answer_names import Names
from dlcli.language.answer_words import read_name, read_root
from dlcli.language.answer_writing import OPENING, Writer
from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token


def rewritten(text: str, tokens: tuple[Token, ...], names: Names, remarks: list[str]) -> tuple[Token, ...]:
    """The tokens in the grammar of `parser`, with `·` and `⊗` as operators. Raises LanguageError (E11x, E41x)."""
    writer = Writer(text, tokens, names, remarks)
    while writer.at < len(writer.tokens):
        token = writer.tokens[writer.at]
        writer.at += 1
        if token.kind == "number" or token.kind == "text":
            _read_number(writer, token)
        elif token.kind == "name":
            read_name(writer, token)
        elif token.kind == "mark":
            _read_mark(writer, token)
    if writer.outer:
        bar = writer.level.opening
        raise LanguageError("E112", f"this `{bar.text}` is never closed", bar.span, f"add `{bar.text}`")
    writer.out.append(writer.tokens[-1])
    return tuple(writer.out)


def _read_number(writer: Writer, token: Token) -> None:
    writer.starts(token, token.end)
    if writer.follows("%"):
        percent = writer.next
        writer.at += 1
        writer.emit("(", token.start, token.start)
        writer.out.append(token)
        writer.emit("/", percent.start, percent.start)
        writer.out.append(Token("number", "100", percent.start, percent.end))
        writer.emit(")", percent.end, percent.end)
        writer.level.exponent, writer.complete = None, True
    else:
        writer.operand(token)


def _read_mark(writer: Writer, token: Token) -> None:
    text = token.text
    if text in OPENING:
        open_bracket(writer, token)
    elif text in (")", "]", "}"):
        close_bracket(writer, token)
    elif text in ("|", "‖"):
        read_bar(writer, token)
    elif text == "√":
        read_root(writer, token)
    elif text == "\\frac":
        read_fraction(writer, token)
    elif text == "**":
        read_power(writer, token)
    elif text in ("∂", "∇"):
        raise LanguageError(
            "E413",
            f"`{text}` is a derivative; an answer is its formula or its value",
            token.span,
            "write the formula or the number itself",
        )
    elif text == ";" and writer.level.kind != "rows":
        help = "put rows into square brackets: `[1, 2; 3, 4]`"
        raise LanguageError("E111", "`;` separates the rows of a matrix", token.span, help)
    elif text == ";":
        end_row(writer, token)
    elif text == "'" and writer.before.kind == writer.next.kind == "number":
        written = writer.text[writer.before.start : writer.next.end]
        span = (writer.before.start, writer.next.end)
        raise LanguageError("E111", f"`{written}` is no number", span, "write the digits without `'` between them")
    elif text in ("'", "%", "≈"):
        derivative = "write a derivative as `sigmoid'(z)`, and `W^T` for a transposed matrix"
        help = derivative if text == "'" else "write a percentage as `50%`, and only the result"
        raise LanguageError("E111", f"`{text}` cannot stand here", token.span, help)
    elif text == ".":
        writer.out.append(token)
        if writer.next.kind == "name":
            writer.out.append(writer.next)
            writer.at += 1
        writer.complete, writer.level.exponent = True, None
    else:
        read_operator(writer, token)
