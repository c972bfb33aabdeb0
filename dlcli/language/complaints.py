"""What is wrong with a formula, in words: the errors that need more than a sentence to make."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token, clipped

_DIGITS = re.compile("[0-9]+")
_SPLIT = {("<", "="), (">", "="), ("*", "*")}


def missing_operator(text: str, before: Token, token: Token) -> LanguageError:
    """Two operands side by side: an implicit product, a call without brackets, digits in groups."""
    first, second = text[before.start : before.end], text[token.start : token.end]
    span = (before.start, token.end)
    touching = before.end == token.start
    written = clipped(text[before.start : token.end])
    if token.kind == "name" and token.text == "if":
        return LanguageError("E111", "`if` is no part of a formula", token.span, "write `where(condition, a, b)`")
    if token.kind == "name" and token.text == "not":
        return LanguageError("E111", f"`not` cannot follow `{clipped(first)}`", token.span, "write `a and not b`")
    if before.kind == "number" and touching and (token.kind == "number" or second.startswith("_")):
        return LanguageError("E111", f"`{written}` is no number", span, "write digits and one decimal point: `1000.5`")
    left, right = clipped(first), clipped(second)
    message = f"an operator is missing between `{left}` and `{right}`"
    if before.kind == "name" and before.text == "T" and text[: before.start].endswith(".") and second == "(":
        help = "write `.T` without brackets, or `*` for a product"
    elif before.kind == "name" and token.kind in ("name", "number"):
        help = f"write `{left}*{right}` for a product, or `{left}({right})` for a call"
    elif before.kind == "number" and token.kind == "number":
        help = "write one number without spaces, or an operator between two"
    elif token.kind in ("name", "number"):
        help = f"write `*` for a product: `{left}*{right}`"
    elif second == "(":
        help = f"write `*` for a product: `{left}*(…)`"
    else:
        help = "write `*` for a product, or a comma between two arguments"
    return LanguageError("E111", message, span, help)


def missing_operand(text: str, before: Token, token: Token, empty_index: bool) -> LanguageError:
    """An operator without something on one of its sides, or nothing at all."""
    first, second = text[before.start : before.end], text[token.start : token.end]
    if empty_index and before.text == "[" and second == "]":
        help = "write an entry, `x[0]`, or a part, `x[:, 1]`"
        return LanguageError("E111", "`[]` names no entry", (before.start, token.end), help)
    if token.kind == "end":
        if not first:
            return LanguageError("E111", "the formula is empty", (0, len(text)), "write a formula, such as `w*x + b`")
        return LanguageError("E111", f"nothing follows `{first}`", before.span, f"write something after `{first}`")
    if (first, second) in _SPLIT and before.end < token.start:
        message = f"`{first}` and `{second}` are apart"
        return LanguageError("E111", message, (before.start, token.end), f"write `{first}{second}` without a space")
    if not first or first in ("(", "[", ",", "="):
        after = f" after `{first}`" if first else ""
        message = f"nothing stands before `{clipped(second)}`{after}"
        help = f"write something before `{clipped(second)}`, or delete it"
        return LanguageError("E111", message, token.span, help)
    message = f"something is missing between `{clipped(first)}` and `{clipped(second)}`"
    return LanguageError("E111", message, (before.start, token.end), "write a number, a name or a bracket there")


def mismatched_bracket(opening: Token | None, closing: Token) -> LanguageError:
    """A bracket that is never closed, closes nothing, or closes one of the other kind."""
    if opening is None:
        help = "delete it, or add the bracket that opens"
        return LanguageError("E112", f"`{closing.text}` closes nothing", closing.span, help)
    wanted = {"(": ")", "[": "]", "{": "}"}[opening.text]
    if closing.kind == "end":
        return LanguageError("E112", f"this `{opening.text}` is never closed", opening.span, f"add `{wanted}`")
    message = f"`{closing.text}` closes what `{opening.text}` opened"
    return LanguageError("E112", message, closing.span, f"write `{wanted}` here")


def misplaced_equals(token: Token, in_call: bool) -> LanguageError:
    """`=` where it names nothing."""
    if in_call:
        help = "write a setting as name=value, `axis=0`, and a comparison with `==`"
        return LanguageError("E111", "no name of a setting stands before this `=`", token.span, help)
    help = "write `==` to compare; a second equation is an item of its own"
    return LanguageError("E111", "`=` cannot stand inside a formula", token.span, help)


def stray_comma(text: str, before: Token, comma: Token, after: Token) -> LanguageError:
    """A comma outside brackets: a decimal comma, thousands, or a list without its brackets."""
    both_numbers = before.kind == after.kind == "number" and before.end == comma.start and comma.end == after.start
    if both_numbers and _DIGITS.match(after.text) is not None:
        span = (before.start, after.end)
        written = text[before.start : after.end]
        point = f"{before.text}.{after.text}"
        help = f"write a decimal point: `{clipped(point)}`"
        if re.fullmatch("[0-9]{1,3}", before.text) and re.fullmatch("[0-9]{3}", after.text):
            help += f"; for thousands write `{before.text}{after.text}`"
        return LanguageError("E302", f"`{clipped(written)}` has a decimal comma", span, help)
    help = "put a list in brackets: `[a, b]`"
    return LanguageError("E111", "a comma cannot stand outside brackets", comma.span, help)


def unknown_attribute(point: Token, name: Token) -> LanguageError:
    """Something else than `.T` after a point."""
    if name.kind != "name":
        message = "a point follows a formula, but no `T` follows the point"
        return LanguageError("E111", message, point.span, "write `.T` for the transpose, and `@` or `*` for products")
    help = "write `x.T`" if name.text in ("transpose", "t") else f"write a call: `{name.text}(x)`"
    return LanguageError("E111", f"`.{name.text}` is unknown: only `.T` follows a point", (point.start, name.end), help)


def not_an_equation(text: str, tokens: Sequence[Token], equals: int | None) -> LanguageError:
    """A text that names no quantity, or more than names on the left."""
    if len(tokens) == 1:
        return LanguageError("E111", "the equation is empty", (0, len(text)), "write an equation, such as `q = x + y`")
    whole = (tokens[0].start, tokens[-2].end)
    if equals is None:
        compared = next((token for token in tokens if token.kind == "mark" and token.text == "=="), None)
        if compared is not None and tokens.index(compared) == 1:
            return LanguageError("E115", "`==` compares, and names nothing", compared.span, "write a single `=`")
        message = "this formula has no name: an equation starts with the quantity that it computes"
        return LanguageError("E115", message, whole, "write `q = …`, with a name of your choice")
    left = tokens[:equals]
    if not left:
        message = "no name stands before `=`"
        return LanguageError("E115", message, tokens[equals].span, "name what is computed: `q = x + y`")
    written = text[left[0].start : left[-1].end]
    span = (left[0].start, left[-1].end)
    word = next((token for token in left if token.kind == "name" and token.text in ("and", "or", "not")), None)
    if word is not None:
        message = f"`{word.text}` is an operator, so it names no quantity"
        return LanguageError("E115", message, word.span, "choose another name")
    message = f"`{clipped(written)}` is no name of a quantity"
    help = "write one new name before `=`, or several with commas between them: `h, c = …`"
    if any(token.text == "[" for token in left):
        help = "an equation computes a whole quantity; put its entries into a list: `x = [a, b]`"
    return LanguageError("E115", message, span, help)
