"""Brackets, bars, powers and operators of an answer -> tokens of the grammar: lists, rows, indices, fractions."""

from __future__ import annotations

from dlcli.language.answer_levels import AnswerLevel
from dlcli.language.answer_names import spelt_out
from dlcli.language.answer_writing import Writer
from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token

_SUMS = ("+", "-", "<", "<=", ">", ">=", "==", "!=", "=", ":")


def read_operator(writer: Writer, token: Token) -> None:
    text, level = token.text, writer.level
    if level.spaced and writer.complete and text in ("+", "-"):
        touching = writer.next.start == token.end
        if writer.gap(token) and touching:
            writer.emit(",", token.start, token.start)
            level.starts_term()
            writer.complete = False
    writer.out.append(token)
    if text == ",":
        level.starts_term()
    elif text in _SUMS:
        if writer.complete or level.exponent != "next":
            level.starts_term()
        elif level.term is None:
            level.term = token.start
    elif text == "/":
        level.slash, level.exponent = token, None
    else:
        level.slash = level.exponent = None
    writer.complete = False


def end_row(writer: Writer, token: Token) -> None:
    if writer.follows("]") or writer.follows(")"):
        return
    writer.emit("]", token.start, token.start)
    writer.emit(",", token.start, token.end)
    writer.emit("[", token.end, token.end)
    writer.level.starts_term()
    writer.complete = False


def open_bracket(writer: Writer, token: Token) -> None:
    end = writer.tokens[writer.partner[writer.at - 1]].end
    inside = own_tokens(writer)
    marks = {t.text for t in inside if t.kind == "mark"}
    if token.text == "[" and writer.complete and is_index(writer, token, inside):
        writer.out.append(token)
        writer.push(AnswerLevel("index", token, ("]",)))
        return
    writer.starts(token, end)
    has_names = any(t.kind == "name" for t in inside)
    if ";" in marks and token.text in ("[", "("):
        writer.emit("[", token.start, token.end)
        writer.emit("[", token.end, token.end)
        writer.push(AnswerLevel("rows", token, ("]", "]"), spaced="," not in marks))
    elif token.text == "[":
        writer.out.append(token)
        bare = "," not in marks
        writer.push(AnswerLevel("list", token, ("]",), spaced=bare and not has_names, bare=bare and has_names))
    else:
        writer.emit("(", token.start, token.end)
        writer.push(AnswerLevel("group", token, (")",)))


def own_tokens(writer: Writer) -> list[Token]:
    """The tokens inside the bracket that is being opened, without those of brackets in it."""
    found = []
    position, end = writer.at, writer.partner[writer.at - 1]
    while position < end:
        token = writer.tokens[position]
        found.append(token)
        position = writer.partner.get(position, position) + 1
    return found


def is_index(writer: Writer, token: Token, inside: list[Token]) -> bool:
    """Whether brackets right behind a name hold whole numbers, as in `W1[0, 1]`."""
    whole = all(
        t.text.isdigit() if t.kind == "number" else t.kind == "mark" and t.text in (",", ":", "-") for t in inside
    )
    named = writer.before.kind == "name" or writer.before.text in (")", "]")
    return bool(inside) and whole and named and not writer.gap(token)


def close_bracket(writer: Writer, token: Token) -> None:
    level = writer.level
    if level.kind in ("abs", "norm", "text"):
        bar = level.opening
        raise LanguageError("E112", f"this `{bar.text}` is never closed", bar.span, f"add `{bar.text}`")
    for mark in level.closing:
        writer.emit(mark, token.start, token.end)
    writer.level = writer.outer.pop()
    writer.complete, writer.level.exponent = True, None
    if level.kind == "numerator":
        if not writer.follows("{"):
            raise LanguageError("E416", "a fraction has two parts", token.span, "write `\\frac{a}{b}` or `a/b`")
        opening = writer.next
        writer.at += 1
        writer.emit("/", token.end, token.end)
        writer.emit("(", opening.start, opening.end)
        writer.push(AnswerLevel("denominator", opening, (")", ")")))
    for power in level.after:
        writer.emit("**", token.end, token.end)
        writer.out.append(Token("number", power.text, token.end, token.end))


def read_bar(writer: Writer, token: Token) -> None:
    """A bar opens where an operand is wanted, closes the bar that is open, or opens after a product."""
    double = token.text == "|" and writer.follows("|") and writer.next.start == token.end
    kind = "norm" if token.text == "‖" else "abs"
    if writer.complete and writer.level.kind == kind:
        close_bar(writer, token)
    elif writer.complete and writer.level.kind == "norm" and double:
        writer.at += 1
        close_bar(writer, Token("mark", "‖", token.start, token.end + 1))
    else:
        closing = next((t.end for t in writer.tokens[writer.at :] if t.text == token.text), token.end)
        writer.starts(token, closing)
        if double:
            writer.at += 1
            token = Token("mark", "‖", token.start, token.end + 1)
        open_bar(writer, token)


def open_bar(writer: Writer, token: Token) -> None:
    kind = "norm" if token.text == "‖" else "abs"
    writer.out.append(Token("name", kind, token.start, token.end))
    writer.emit("(", token.end, token.end)
    if len(writer.outer) > 100:
        raise LanguageError("E113", "more than 100 bars are open here", token.span, "write abs(x)")
    writer.push(AnswerLevel("norm" if kind == "norm" else "abs", token, (")",)))


def close_bar(writer: Writer, token: Token) -> None:
    wrapped = writer.level.wrapped
    writer.emit(")", token.start, token.end)
    if wrapped:
        writer.emit(")", token.end, token.end)
    writer.level = writer.outer.pop()
    writer.complete, writer.level.exponent = True, None


def read_fraction(writer: Writer, token: Token) -> None:
    if not writer.follows("{"):
        raise LanguageError("E416", "a fraction has two parts in braces", token.span, "write `\\frac{a}{b}` or `a/b`")
    opening, first = writer.next, writer.partner[writer.at]
    second = writer.partner.get(first + 1, first)
    writer.starts(token, writer.tokens[second].end)
    writer.at += 1
    writer.emit("(", token.start, token.start)
    writer.emit("(", token.start, opening.end)
    writer.push(AnswerLevel("numerator", opening, (")",)))


def read_power(writer: Writer, token: Token) -> None:
    level = writer.level
    if writer.complete and (reads_transpose(writer, token) or reads_layer(writer)):
        return
    base = writer.out[-1] if writer.out else token
    risky = writer.complete and (base.kind == "number" or (base.kind == "name" and base.text == "e"))
    writer.out.append(token)
    level.exponent = "next" if risky else None
    level.power = base.start
    writer.complete = False


def reads_transpose(writer: Writer, token: Token) -> bool:
    """Reads `^T`, `^{T}`, `^\\top`."""
    ahead = writer.tokens[writer.at : writer.at + 3]
    inner = 1 if ahead and ahead[0].kind == "mark" and ahead[0].text in ("{", "(") else 0
    if len(ahead) <= 2 * inner or ahead[inner].kind != "name" or (inner and ahead[2].text not in ("}", ")")):
        return False
    name = ahead[inner]
    rest = ""
    if name.text != "⊤" and (writer.names.meant_by("T") or name.text != "T"):
        rest = name.text[1:]
        if inner or name.text[:1] != "T" or writer.names.meant_by(name.text):
            return False
        if not rest or (rest[0].isascii() and not writer.names.meant_by(rest)):
            return False
    end = ahead[2 * inner].end if inner else name.start + len(name.text) - len(rest)
    writer.emit(".", token.start, token.end)
    writer.out.append(Token("name", "T", token.end, end))
    writer.at += 2 * inner + 1
    writer.level.exponent = None
    if rest:
        known = writer.names.meant_by(rest)
        piece = Token("name", known[0] if known else spelt_out(rest), end, name.end)
        writer.starts_within(piece)
        writer.operand(piece)
    return True


def reads_layer(writer: Writer) -> bool:
    """Reads `W^{(1)}` and `a^{[1]}` as the names W1 and a1, where the homework has them."""
    ahead = writer.tokens[writer.at : writer.at + 5]
    texts = [t.text for t in ahead]
    if len(ahead) < 5 or texts[0] != "{" or texts[4] != "}" or (texts[1], texts[3]) not in (("(", ")"), ("[", "]")):
        return False
    last = writer.out[-1]
    meant = writer.names.meant_by(f"{last.text}{texts[2]}") if last.kind == "name" else ()
    if len(meant) != 1:
        return False
    writer.out[-1] = Token("name", meant[0], last.start, ahead[4].end)
    writer.at += 5
    return True
