"""Tokens of an answer -> tokens of the grammar: products, bars, calls, powers and lists as people write them.

Every token keeps its place in the text. Products without a sign become `·`, which `answer_products` reads when
the whole tree is known.
"""

from __future__ import annotations

from difflib import get_close_matches

from dlcli.language.answer_functions import ASKING, function_named, takes_one
from dlcli.language.answer_levels import AnswerLevel, divided_product, exponent_product, spaced_list
from dlcli.language.answer_names import LOOK_ALIKES, Names, look_alike, spelt_out
from dlcli.language.answer_separators import partners
from dlcli.language.complaints import missing_operator
from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token, clipped, unknown_character
from dlcli.ops import OPERATIONS

_WORDS = ("and", "or", "not")
_OPENING = ("(", "[", "{")
_REACHING = (*_OPENING, "**", "'", "|", "‖", ".", "·", "⊗", "*", "/", "@", "%")
_SUMS = ("+", "-", "<", "<=", ">", ">=", "==", "!=", "=", ":")


def rewritten(text: str, tokens: tuple[Token, ...], names: Names, remarks: list[str]) -> tuple[Token, ...]:
    """The tokens in the grammar of `parser`, with `·` and `⊗` as operators. Raises LanguageError (E11x, E41x)."""
    return _Rewriter(text, tokens, names, remarks).run()


class _Rewriter:
    """Reads the tokens from left to right; `complete` says that an operand has just ended."""

    def __init__(self, text: str, tokens: tuple[Token, ...], names: Names, remarks: list[str]) -> None:
        self.text, self.tokens, self.names, self.remarks = text, tokens, names, remarks
        self.partner = partners(tokens)
        self.at = 0
        self.out: list[Token] = []
        self.level = AnswerLevel("text", tokens[-1])
        self.outer: list[AnswerLevel] = []
        self.complete = False

    def run(self) -> tuple[Token, ...]:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.kind == "number" or token.kind == "text":
                self.number(token)
            elif token.kind == "name":
                self.name(token)
            elif token.kind == "mark":
                self.mark(token)
        if self.outer:
            bar = self.level.opening
            raise LanguageError("E112", f"this `{bar.text}` is never closed", bar.span, f"add `{bar.text}`")
        self.out.append(self.tokens[-1])
        return tuple(self.out)

    # The tokens around the present one

    @property
    def next(self) -> Token:
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    @property
    def before(self) -> Token:
        """The token before the present one."""
        return self.tokens[max(self.at - 2, 0)]

    def follows(self, *texts: str) -> bool:
        """Whether these marks come next."""
        ahead = self.tokens[self.at : self.at + len(texts)]
        return len(ahead) == len(texts) and all(
            t.kind == "mark" and t.text == w for t, w in zip(ahead, texts, strict=True)
        )

    def gap(self, token: Token) -> bool:
        """Whether a space stands before the present token."""
        return self.before.end < token.start

    # Writing

    def emit(self, text: str, start: int, end: int) -> None:
        self.out.append(Token("mark", text, start, end))

    def operand(self, token: Token) -> None:
        """Writes a number or name, the present product in front of it where one is missing."""
        self.out.append(token)
        level = self.level
        level.exponent = token.end if level.exponent == "next" else None
        self.complete = True

    def push(self, level: AnswerLevel) -> None:
        self.level.exponent = None
        self.outer.append(self.level)
        self.level = level
        self.complete = False

    def starts(self, token: Token, end: int) -> None:
        """An operand starts here and ends at `end`: writes the product or comma that is understood before it."""
        level = self.level
        if not self.complete:
            level.term = token.start if level.term is None else level.term
            return
        if level.spaced and (self.gap(token) or token.text in _OPENING):
            self.emit(",", token.start, token.start)
            level.starts_term()
            level.term = token.start
            self.complete = False
            return
        if token.kind == "number" or token.kind == "text" or self.before.kind == "text":
            raise missing_operator(self.text, self.before, token)
        if level.bare and self.gap(token):
            raise spaced_list(self.text, level, end)
        if level.exponent == token.start:
            raise exponent_product(self.text, level, token.start, end)
        if level.slash is not None:
            raise divided_product(self.text, level, token.start, end)
        level.exponent = None
        self.emit("·", token.start, token.start)
        self.complete = False

    # Operands

    def number(self, token: Token) -> None:
        self.starts(token, token.end)
        if self.follows("%"):
            percent = self.next
            self.at += 1
            self.emit("(", token.start, token.start)
            self.out.append(token)
            self.emit("/", percent.start, percent.start)
            self.out.append(Token("number", "100", percent.start, percent.end))
            self.emit(")", percent.end, percent.end)
            self.level.exponent, self.complete = None, True
        else:
            self.operand(token)

    def name(self, token: Token) -> None:
        if token.text in _WORDS:
            self.out.append(token)
            self.level.starts_term()
            self.complete = False
            return
        if self.is_times_sign(token):
            return
        meant = self.names.meant_by(token.text)
        if len(meant) > 1:
            listed = " or ".join(meant)
            message = f"`{clipped(token.text)}` may mean {listed}"
            raise LanguageError("E411", message, token.span, "write the name as the homework does")
        known = meant[0] if meant else None
        if self.follows("'"):
            self.primed(token, known)
            return
        written = token.text if known is None else known
        function = function_named(token.text) or function_named(spelt_out(token.text))
        if self.next.kind == "mark" and self.next.text == "(" and written in ASKING:
            help = "write the formula or the number itself"
            raise LanguageError("E415", f"`{written}(…)` asks dlcli for the answer", token.span, help)
        if function is not None and self.is_called(function, known):
            self.call(token, function)
        elif known is not None:
            self.starts(token, token.end)
            self.operand(Token("name", known, token.start, token.end))
        else:
            self.unknown(token, function)

    def is_times_sign(self, token: Token) -> bool:
        """Reads the x of `1.5 x 10^-3`."""
        if token.text[:1] not in ("x", "X") or self.before.kind != "number":
            return False
        if not self.complete:
            return False
        apart = token.text in ("x", "X") and self.next.kind == "number" and self.next.text == "10"
        if not apart and not (token.text[1:] == "10" and self.follows("**") and token.text not in self.names.exact):
            return False
        self.emit("*", token.start, token.start + 1)
        self.complete = False
        if not apart:
            self.operand(Token("number", "10", token.start + 1, token.end))
        return True

    def is_called(self, function: str, known: str | None) -> bool:
        """Whether a name that is also a function is one here."""
        ahead = self.next
        if ahead.kind == "mark" and ahead.text == "(":
            return known is None or known == function
        if known is not None:
            return False
        if ahead.kind == "mark":
            power = self.power_of_call()
            return ahead.text in ("[", "{", "|", "‖") or power > 0
        return (ahead.kind == "number" or (ahead.kind == "name" and ahead.text not in _WORDS)) and takes_one(function)

    def power_of_call(self) -> int:
        """The number of tokens of the power in `tanh^2(z)`, 0 where there is none."""
        if not self.follows("**"):
            return 0
        inner = self.tokens[self.at + 1 : self.at + 4]
        if inner and inner[0].kind == "number":
            length = 2
        elif len(inner) == 3 and inner[0].text in ("{", "(") and inner[1].kind == "number" and inner[2].text in ("}", ")"):
            length = 4
        else:
            return 0
        after = self.tokens[min(self.at + length, len(self.tokens) - 1)]
        return length if after.kind == "mark" and after.text in _OPENING else 0

    def call(self, token: Token, function: str, primes: str = "") -> None:
        """Writes the call of a function: `exp(…)`, `exp[…]`, `tanh^2(…)`, `ln|…|`, `ln 2`."""
        length = self.power_of_call()
        after: list[Token] = []
        if length:
            digits = self.tokens[self.at + (1 if length == 2 else 2)]
            after = [digits]
        opening = self.at + length
        if self.tokens[opening].kind == "mark" and self.tokens[opening].text in _OPENING:
            self.starts(token, self.tokens[self.partner[opening]].end)
            self.at = opening + 1
            self.out.append(Token("name", function + primes, token.start, token.end))
            bracket = self.tokens[opening]
            self.emit("(", bracket.start, bracket.end)
            self.push(AnswerLevel("call", bracket, (")",), after))
        elif self.tokens[opening].kind == "mark":
            bar = self.tokens[opening]
            self.starts(token, bar.end)
            self.at = opening + 1
            self.out.append(Token("name", function + primes, token.start, token.end))
            self.emit("(", bar.start, bar.start)
            self.complete = False
            self.open_bar(bar)
            self.level.wrapped = True
        else:
            self.starts(token, self.next.end)
            self.without_brackets(token, function + primes)

    def without_brackets(self, token: Token, function: str) -> None:
        """`ln 2`, `sin x`: one number or name, after which nothing may belong to it as well."""
        operand, after = self.next, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        more = after.kind in ("number", "name", "text") and after.text not in _WORDS
        more = more or (after.kind == "mark" and after.text in _REACHING)
        inner = function_named(operand.text) if operand.kind == "name" else None
        if more or (inner and not self.names.meant_by(operand.text)):
            message = f"it is not clear how far `{token.text}` reaches here"
            raise LanguageError("E411", message, (token.start, after.end), f"write brackets: `{token.text}(…)`")
        self.at += 1
        self.out.append(Token("name", function, token.start, token.end))
        self.emit("(", operand.start, operand.start)
        if operand.kind == "name":
            known = self.names.meant_by(operand.text)
            name = known[0] if len(known) == 1 else self.checked(operand)
            self.out.append(Token("name", name, operand.start, operand.end))
        else:
            self.out.append(operand)
        self.emit(")", operand.end, operand.end)
        self.complete, self.level.exponent = True, None

    def primed(self, token: Token, known: str | None) -> None:
        """A name with primes is the derivative of a function, before a bracket."""
        primes = 0
        while self.follows("'"):
            primes += 1
            self.at += 1
        end = self.tokens[self.at - 1].end
        function = function_named(token.text) or function_named(spelt_out(token.text))
        if function is None or (known is not None and known != function):
            help = "write the derivative out as a formula, and `W^T` for a transposed matrix"
            raise LanguageError("E413", f"`{clipped(token.text)}'` is a derivative of no known function", (token.start, end), help)
        if not (self.next.kind == "mark" and self.next.text in _OPENING):
            help = f"write at which point: `{token.text}'(z)`"
            raise LanguageError("E413", f"`{token.text}'` stands here without brackets", (token.start, end), help)
        self.call(Token("name", token.text, token.start, end), function, "'" * primes)

    def unknown(self, token: Token, function: str | None) -> None:
        """A name that the homework does not know: a function without brackets, names side by side, or a new name."""
        bracket = self.next.kind == "mark" and self.next.text == "("
        if function is not None and self.follows("**"):
            message = f"the power of `{token.text}` stands before its brackets"
            raise LanguageError("E411", message, token.span, f"write `({token.text}(x))^n`; for an inverse, its name")
        if function is not None and self.names.exact:
            help = f"write brackets: `{token.text}(…)`"
            raise LanguageError("E415", f"`{token.text}` is a function, but no brackets follow", token.span, help)
        transposed = self.next.kind == "mark" and self.next.text == "**"
        ways = self.names.products(token.text, transposed)
        if len(ways) > 1:
            readings = " or ".join("*".join(way) for way in ways)
            message = f"`{clipped(token.text)}` may mean {readings}"
            raise LanguageError("E411", message, token.span, "write the product with `*`")
        if ways:
            self.side_by_side(token, ways[0])
            return
        if bracket and len(token.text) > 3:
            near = get_close_matches(token.text.lower(), OPERATIONS, n=1, cutoff=0.8)
            if near:
                help = f"did you mean '{near[0]}'?"
                raise LanguageError("E415", f"there is no operation `{clipped(token.text)}`", token.span, help)
        written = self.checked(token)
        self.starts(token, token.end)
        self.operand(Token("name", written, token.start, token.end))

    def side_by_side(self, token: Token, way: tuple[str, ...]) -> None:
        self.remarks.append(f"`{token.text}` is read as `{'*'.join(way)}`")
        start = token.start
        for number, part in enumerate(way):
            piece = Token("name", part, start, start + len(part))
            if number:
                self.starts_within(piece)
            else:
                self.starts(piece, piece.end)
            self.operand(piece)
            start += len(part)

    def starts_within(self, piece: Token) -> None:
        level = self.level
        if level.exponent == piece.start:
            raise exponent_product(self.text, level, piece.start, piece.end)
        if level.slash is not None:
            raise divided_product(self.text, level, piece.start, piece.end)
        self.emit("·", piece.start, piece.start)

    def checked(self, token: Token) -> str:
        """An unknown name as it is spelt in homework files. Raises LanguageError (E412) for letters that deceive."""
        place = look_alike(token.text)
        if place is None:
            return spelt_out(token.text)
        letter = token.text[place]
        at = self.text.find(letter, token.start, token.end)
        latin = LOOK_ALIKES[letter]
        described = str(unknown_character(letter, 0)).split(" (", 1)[1].split(") has", 1)[0]
        message = f"the letter `{letter}` ({described}) only looks like the Latin `{latin}`"
        raise LanguageError("E412", message, (at, at + 1), f"write `{latin}` with a Latin keyboard")

    # Marks

    def mark(self, token: Token) -> None:
        text = token.text
        if text in _OPENING:
            self.open(token)
        elif text in (")", "]", "}"):
            self.close(token)
        elif text in ("|", "‖"):
            self.bar(token)
        elif text == "√":
            self.root(token)
        elif text == "\\frac":
            self.fraction(token)
        elif text == "**":
            self.power(token)
        elif text in ("∂", "∇"):
            raise LanguageError("E413", f"`{text}` is a derivative; an answer is its formula or its value", token.span, _OUT)
        elif text == ";" and self.level.kind != "rows":
            help = "put rows into square brackets: `[1, 2; 3, 4]`"
            raise LanguageError("E111", "`;` separates the rows of a matrix", token.span, help)
        elif text == ";":
            self.end_row(token)
        elif text in ("'", "%", "≈"):
            help = {"'": "write a derivative as `sigmoid'(z)`, and `W^T` for a transposed matrix"}.get(text)
            help = help or "write a percentage as `50%`, and only the result"
            raise LanguageError("E111", f"`{text}` cannot stand here", token.span, help)
        elif text == ".":
            self.out.append(token)
            if self.next.kind == "name":
                self.out.append(self.next)
                self.at += 1
            self.complete, self.level.exponent = True, None
        else:
            self.operator(token)

    def operator(self, token: Token) -> None:
        text, level = token.text, self.level
        if level.spaced and self.complete and text in ("+", "-"):
            touching = self.next.start == token.end
            if self.gap(token) and touching:
                self.emit(",", token.start, token.start)
                level.starts_term()
                self.complete = False
        self.out.append(token)
        if text == ",":
            level.starts_term()
        elif text in _SUMS:
            if self.complete or level.exponent != "next":
                level.starts_term()
            elif level.term is None:
                level.term = token.start
        elif text == "/":
            level.slash, level.exponent = token, None
        else:
            level.slash = level.exponent = None
        self.complete = False

    def end_row(self, token: Token) -> None:
        if self.follows("]") or self.follows(")"):
            return
        self.emit("]", token.start, token.start)
        self.emit(",", token.start, token.end)
        self.emit("[", token.end, token.end)
        self.level.starts_term()
        self.complete = False

    def open(self, token: Token) -> None:
        end = self.tokens[self.partner[self.at - 1]].end
        inside = self.own_tokens()
        marks = {t.text for t in inside if t.kind == "mark"}
        if token.text == "[" and self.complete and self.is_index(token, inside):
            self.out.append(token)
            self.push(AnswerLevel("index", token, ("]",)))
            return
        self.starts(token, end)
        has_names = any(t.kind == "name" for t in inside)
        if ";" in marks and token.text in ("[", "("):
            self.emit("[", token.start, token.end)
            self.emit("[", token.end, token.end)
            self.push(AnswerLevel("rows", token, ("]", "]"), spaced="," not in marks))
        elif token.text == "[":
            self.out.append(token)
            bare = "," not in marks
            self.push(AnswerLevel("list", token, ("]",), spaced=bare and not has_names, bare=bare and has_names))
        else:
            self.emit("(", token.start, token.end)
            self.push(AnswerLevel("group", token, (")",)))

    def own_tokens(self) -> list[Token]:
        """The tokens inside the bracket that is being opened, without those of brackets in it."""
        found = []
        position, end = self.at, self.partner[self.at - 1]
        while position < end:
            token = self.tokens[position]
            found.append(token)
            position = self.partner.get(position, position) + 1
        return found

    def is_index(self, token: Token, inside: list[Token]) -> bool:
        """Whether brackets right behind a name hold whole numbers, as in `W1[0, 1]`."""
        whole = all(
            t.text.isdigit() if t.kind == "number" else t.kind == "mark" and t.text in (",", ":", "-") for t in inside
        )
        named = self.before.kind == "name" or self.before.text in (")", "]")
        return bool(inside) and whole and named and not self.gap(token)

    def close(self, token: Token) -> None:
        level = self.level
        if level.kind in ("abs", "norm", "text"):
            bar = level.opening
            raise LanguageError("E112", f"this `{bar.text}` is never closed", bar.span, f"add `{bar.text}`")
        for mark in level.closing:
            self.emit(mark, token.start, token.end)
        self.level = self.outer.pop()
        self.complete, self.level.exponent = True, None
        if level.kind == "numerator":
            if not self.follows("{"):
                raise LanguageError("E416", "a fraction has two parts", token.span, "write `\\frac{a}{b}` or `a/b`")
            opening = self.next
            self.at += 1
            self.emit("/", token.end, token.end)
            self.emit("(", opening.start, opening.end)
            self.push(AnswerLevel("denominator", opening, (")", ")")))
        for power in level.after:
            self.emit("**", token.end, token.end)
            self.out.append(Token("number", power.text, token.end, token.end))

    def bar(self, token: Token) -> None:
        """A bar opens where an operand is wanted, closes the bar that is open, or opens after a product."""
        double = token.text == "|" and self.follows("|") and self.next.start == token.end
        kind = "norm" if token.text == "‖" else "abs"
        if self.complete and self.level.kind == kind:
            self.close_bar(token)
        elif self.complete and self.level.kind == "norm" and double:
            self.at += 1
            self.close_bar(Token("mark", "‖", token.start, token.end + 1))
        else:
            self.starts(token, token.end)
            if double:
                self.at += 1
                token = Token("mark", "‖", token.start, token.end + 1)
            self.open_bar(token)

    def open_bar(self, token: Token) -> None:
        kind = "norm" if token.text == "‖" else "abs"
        self.out.append(Token("name", kind, token.start, token.end))
        self.emit("(", token.end, token.end)
        if len(self.outer) > 100:
            raise LanguageError("E113", "more than 100 bars are open here", token.span, "write abs(x)")
        self.push(AnswerLevel("norm" if kind == "norm" else "abs", token, (")",)))

    def close_bar(self, token: Token) -> None:
        wrapped = self.level.wrapped
        self.emit(")", token.start, token.end)
        if wrapped:
            self.emit(")", token.end, token.end)
        self.level = self.outer.pop()
        self.complete, self.level.exponent = True, None

    def root(self, token: Token) -> None:
        ahead = self.next
        if ahead.kind == "mark" and ahead.text in ("(", "{"):
            self.call(token, "sqrt")
        elif ahead.kind == "number" or ahead.kind == "name":
            self.starts(token, ahead.end)
            self.at += 1
            self.out.append(Token("name", "sqrt", token.start, token.end))
            self.emit("(", ahead.start, ahead.start)
            known = self.names.meant_by(ahead.text) if ahead.kind == "name" else ()
            name = known[0] if len(known) == 1 else self.checked(ahead)
            self.out.append(ahead if ahead.kind == "number" else Token("name", name, ahead.start, ahead.end))
            self.emit(")", ahead.end, ahead.end)
            self.complete, self.level.exponent = True, None
        else:
            raise LanguageError("E416", "a root needs what it is taken of", token.span, "write `sqrt(x)`")

    def fraction(self, token: Token) -> None:
        if not self.follows("{"):
            raise LanguageError("E416", "a fraction has two parts in braces", token.span, "write `\\frac{a}{b}` or `a/b`")
        opening, first = self.next, self.partner[self.at]
        second = self.partner.get(first + 1, first)
        self.starts(token, self.tokens[second].end)
        self.at += 1
        self.emit("(", token.start, token.start)
        self.emit("(", token.start, opening.end)
        self.push(AnswerLevel("numerator", opening, (")",)))

    def power(self, token: Token) -> None:
        level = self.level
        if self.complete and (self.transposes(token) or self.numbers_layer()):
            return
        base = self.out[-1] if self.out else token
        risky = self.complete and (base.kind == "number" or (base.kind == "name" and base.text == "e"))
        self.out.append(token)
        level.exponent = "next" if risky else None
        level.power = base.start
        self.complete = False

    def transposes(self, token: Token) -> bool:
        """Reads `^T`, `^{T}`, `^\\top`."""
        ahead = self.tokens[self.at : self.at + 3]
        inner = 1 if ahead and ahead[0].kind == "mark" and ahead[0].text in ("{", "(") else 0
        if len(ahead) <= 2 * inner or ahead[inner].kind != "name" or (inner and ahead[2].text not in ("}", ")")):
            return False
        name = ahead[inner]
        rest = ""
        if name.text != "⊤" and (self.names.meant_by("T") or name.text != "T"):
            rest = name.text[1:]
            if inner or name.text[:1] != "T" or self.names.meant_by(name.text):
                return False
            if not rest or (rest[0].isascii() and not self.names.meant_by(rest)):
                return False
        end = ahead[2 * inner].end if inner else name.start + len(name.text) - len(rest)
        self.emit(".", token.start, token.end)
        self.out.append(Token("name", "T", token.end, end))
        self.at += 2 * inner + 1
        self.level.exponent = None
        if rest:
            known = self.names.meant_by(rest)
            piece = Token("name", known[0] if known else spelt_out(rest), end, name.end)
            self.starts_within(piece)
            self.operand(piece)
        return True

    def numbers_layer(self) -> bool:
        """Reads `W^{(1)}` and `a^{[1]}` as the names W1 and a1, where the homework has them."""
        ahead = self.tokens[self.at : self.at + 5]
        texts = [t.text for t in ahead]
        if len(ahead) < 5 or texts[0] != "{" or texts[4] != "}" or (texts[1], texts[3]) not in (("(", ")"), ("[", "]")):
            return False
        last = self.out[-1]
        meant = self.names.meant_by(f"{last.text}{texts[2]}") if last.kind == "name" else ()
        if len(meant) != 1:
            return False
        self.out[-1] = Token("name", meant[0], last.start, ahead[4].end)
        self.at += 5
        return True


_OUT = "write the formula or the number itself"

