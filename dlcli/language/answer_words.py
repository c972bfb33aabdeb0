"""Names and functions of an answer -> tokens of the grammar: calls as people write them, products of names."""

from __future__ import annotations

from difflib import get_close_matches

from dlcli.language.answer_brackets import open_bar
from dlcli.language.answer_functions import ASKING, function_named, takes_one
from dlcli.language.answer_levels import AnswerLevel
from dlcli.language.answer_names import spelt_out
from dlcli.language.answer_writing import OPENING, Writer
from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token, clipped
from dlcli.ops import OPERATIONS

WORDS = ("and", "or", "not")
_LIBRARIES = ("np", "numpy", "jnp", "math", "torch")
_CONTAINERS = ("array", "tensor", "matrix", "asarray")
_REACHING = (*OPENING, "**", "'", "|", "‖", ".", "·", "⊗", "*", "/", "@", "%")


def read_name(writer: Writer, token: Token) -> None:
    if token.text in WORDS:
        writer.out.append(token)
        writer.level.starts_term()
        writer.complete = False
        return
    if reads_times_sign(writer, token) or reads_library(writer, token):
        return
    meant = writer.names.meant_by(token.text)
    if len(meant) > 1:
        listed = " or ".join(meant)
        message = f"`{clipped(token.text)}` may mean {listed}"
        raise LanguageError("E411", message, token.span, "write the name as the homework does")
    known = meant[0] if meant else None
    if writer.follows("'"):
        read_primed(writer, token, known)
        return
    written = token.text if known is None else known
    function = function_named(token.text) or function_named(spelt_out(token.text))
    if writer.next.kind == "mark" and writer.next.text == "(" and written in ASKING:
        help = "write the formula or the number itself"
        raise LanguageError("E415", f"`{written}(…)` asks dlcli for the answer", token.span, help)
    if function is not None and is_called(writer, function, known):
        write_call(writer, token, function)
    elif known is not None:
        writer.starts(token, token.end)
        writer.operand(Token("name", known, token.start, token.end))
    else:
        read_unknown(writer, token, function)


def reads_library(writer: Writer, token: Token) -> bool:
    """Reads over the `np.` of `np.exp(2)` and the `array` of `array([1, 2])`."""
    if writer.names.meant_by(token.text):
        return False
    if token.text in _LIBRARIES and writer.follows("."):
        writer.at += 1
        return True
    return token.text in _CONTAINERS and writer.follows("(", "[")


def reads_times_sign(writer: Writer, token: Token) -> bool:
    """Reads the x of `1.5 x 10^-3`."""
    if token.text[:1] not in ("x", "X") or writer.before.kind != "number":
        return False
    if not writer.complete:
        return False
    apart = token.text in ("x", "X") and writer.next.kind == "number" and writer.next.text == "10"
    if not apart and not (token.text[1:] == "10" and writer.follows("**") and token.text not in writer.names.exact):
        return False
    writer.emit("*", token.start, token.start + 1)
    writer.complete = False
    if not apart:
        writer.operand(Token("number", "10", token.start + 1, token.end))
    return True


def is_called(writer: Writer, function: str, known: str | None) -> bool:
    """Whether a name that is also a function is one here."""
    ahead = writer.next
    if ahead.kind == "mark" and ahead.text == "(":
        return known is None or known == function
    if known is not None:
        return False
    if ahead.kind == "mark":
        power = power_of_call(writer)
        return ahead.text in ("[", "{", "|", "‖") or power > 0
    return (ahead.kind == "number" or (ahead.kind == "name" and ahead.text not in WORDS)) and takes_one(function)


def power_of_call(writer: Writer) -> int:
    """The number of tokens of the power in `tanh^2(z)`, 0 where there is none."""
    if not writer.follows("**"):
        return 0
    inner = writer.tokens[writer.at + 1 : writer.at + 4]
    if inner and inner[0].kind == "number":
        length = 2
    elif len(inner) == 3 and inner[0].text in ("{", "(") and inner[1].kind == "number" and inner[2].text in ("}", ")"):
        length = 4
    else:
        return 0
    after = writer.tokens[min(writer.at + length, len(writer.tokens) - 1)]
    return length if after.kind == "mark" and after.text in OPENING else 0


def write_call(writer: Writer, token: Token, function: str, primes: str = "") -> None:
    """Writes the call of a function: `exp(…)`, `exp[…]`, `tanh^2(…)`, `ln|…|`, `ln 2`."""
    length = power_of_call(writer)
    after: list[Token] = []
    if length:
        digits = writer.tokens[writer.at + (1 if length == 2 else 2)]
        after = [digits]
    opening = writer.at + length
    if writer.tokens[opening].kind == "mark" and writer.tokens[opening].text in OPENING:
        writer.starts(token, writer.tokens[writer.partner[opening]].end)
        writer.at = opening + 1
        writer.out.append(Token("name", function + primes, token.start, token.end))
        bracket = writer.tokens[opening]
        writer.emit("(", bracket.start, bracket.end)
        writer.push(AnswerLevel("call", bracket, (")",), after))
    elif writer.tokens[opening].kind == "mark":
        bar = writer.tokens[opening]
        writer.starts(token, bar.end)
        writer.at = opening + 1
        writer.out.append(Token("name", function + primes, token.start, token.end))
        writer.emit("(", bar.start, bar.start)
        writer.complete = False
        open_bar(writer, bar)
        writer.level.wrapped = True
    else:
        writer.starts(token, writer.next.end)
        write_without_brackets(writer, token, function + primes)


def write_without_brackets(writer: Writer, token: Token, function: str) -> None:
    """`ln 2`, `sin x`: one number or name, after which nothing may belong to it as well."""
    operand, after = writer.next, writer.tokens[min(writer.at + 1, len(writer.tokens) - 1)]
    more = after.kind in ("number", "name", "text") and after.text not in WORDS
    more = more or (after.kind == "mark" and after.text in _REACHING)
    inner = function_named(operand.text) if operand.kind == "name" else None
    if more or (inner and not writer.names.meant_by(operand.text)):
        message = f"it is not clear how far `{token.text}` reaches here"
        raise LanguageError("E411", message, (token.start, after.end), f"write brackets: `{token.text}(…)`")
    writer.at += 1
    writer.out.append(Token("name", function, token.start, token.end))
    writer.emit("(", operand.start, operand.start)
    if operand.kind == "name":
        known = writer.names.meant_by(operand.text)
        name = known[0] if len(known) == 1 else writer.checked(operand)
        writer.out.append(Token("name", name, operand.start, operand.end))
    else:
        writer.out.append(operand)
    writer.emit(")", operand.end, operand.end)
    writer.complete, writer.level.exponent = True, None


def read_primed(writer: Writer, token: Token, known: str | None) -> None:
    """A name with primes is the derivative of a function, before a bracket."""
    primes = 0
    while writer.follows("'"):
        primes += 1
        writer.at += 1
    end = writer.tokens[writer.at - 1].end
    function = function_named(token.text) or function_named(spelt_out(token.text))
    if function is None or (known is not None and known != function):
        help = "write the derivative out as a formula, and `W^T` for a transposed matrix"
        raise LanguageError(
            "E413", f"`{clipped(token.text)}'` is a derivative of no known function", (token.start, end), help
        )
    if not (writer.next.kind == "mark" and writer.next.text in OPENING):
        help = f"write at which point: `{token.text}'(z)`"
        raise LanguageError("E413", f"`{token.text}'` stands here without brackets", (token.start, end), help)
    write_call(writer, Token("name", token.text, token.start, end), function, "'" * primes)


def read_unknown(writer: Writer, token: Token, function: str | None) -> None:
    """A name that the homework does not know: a function without brackets, names side by side, or a new name."""
    bracket = writer.next.kind == "mark" and writer.next.text == "("
    if function is not None and writer.follows("**"):
        message = f"the power of `{token.text}` stands before its brackets"
        raise LanguageError("E411", message, token.span, f"write `({token.text}(x))^n`; for an inverse, its name")
    if function is not None and writer.names.exact:
        help = f"write brackets: `{token.text}(…)`"
        raise LanguageError("E415", f"`{token.text}` is a function, but no brackets follow", token.span, help)
    transposed = writer.next.kind == "mark" and writer.next.text == "**"
    ways = writer.names.products(token.text, transposed)
    if len(ways) > 1:
        readings = " or ".join("*".join(way) for way in ways)
        message = f"`{clipped(token.text)}` may mean {readings}"
        raise LanguageError("E411", message, token.span, "write the product with `*`")
    if ways and writer.text.startswith("".join(ways[0][:-1]), token.start):
        write_side_by_side(writer, token, ways[0])
        return
    if bracket and len(token.text) > 3:
        near = get_close_matches(token.text.lower(), OPERATIONS, n=1, cutoff=0.8)
        if near:
            help = f"did you mean '{near[0]}'?"
            raise LanguageError("E415", f"there is no operation `{clipped(token.text)}`", token.span, help)
    written = writer.checked(token)
    writer.starts(token, token.end)
    writer.operand(Token("name", written, token.start, token.end))


def write_side_by_side(writer: Writer, token: Token, way: tuple[str, ...]) -> None:
    writer.remarks.append(f"`{token.text}` is read as `{'*'.join(map(spelt_out, way))}`")
    start = token.start
    for number, part in enumerate(way):
        end = token.end if number == len(way) - 1 else start + len(part)
        meant = writer.names.meant_by(part)
        piece = Token("name", meant[0] if meant else spelt_out(part), start, end)
        if number:
            writer.starts_within(piece)
        else:
            writer.starts(piece, piece.end)
        writer.operand(piece)
        start += len(part)


def read_root(writer: Writer, token: Token) -> None:
    ahead = writer.next
    if ahead.kind == "mark" and ahead.text in ("(", "{"):
        write_call(writer, token, "sqrt")
    elif ahead.kind == "number" or ahead.kind == "name":
        writer.starts(token, ahead.end)
        writer.at += 1
        writer.out.append(Token("name", "sqrt", token.start, token.end))
        writer.emit("(", ahead.start, ahead.start)
        known = writer.names.meant_by(ahead.text) if ahead.kind == "name" else ()
        name = known[0] if len(known) == 1 else writer.checked(ahead)
        writer.out.append(ahead if ahead.kind == "number" else Token("name", name, ahead.start, ahead.end))
        writer.emit(")", ahead.end, ahead.end)
        writer.complete, writer.level.exponent = True, None
    else:
        raise LanguageError("E416", "a root needs what it is taken of", token.span, "write `sqrt(x)`")
