"""Text -> tree, in one pass over the tokens and without recursion.

The grammar, from the loosest operator to the tightest; NAME, NUMBER and TEXT are tokens:

    equation    = NAME { "," NAME } "=" expression
    expression  = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
    sum         = product { ( "+" | "-" ) product }
    product     = signed { ( "*" | "/" | "@" ) signed }
    signed      = ( "+" | "-" ) signed | power
    power       = postfix [ "**" signed ]
    postfix     = atom { ".T" | "[" item { "," item } [ "," ] "]" }
    item        = expression | [ expression ] ":" [ expression ] [ ":" [ expression ] ]
    atom        = NUMBER | NAME | TEXT | call | list | "(" expression ")"
    call        = NAME "(" [ argument { "," argument } [ "," ] ] ")"
    argument    = expression | NAME "=" expression     (those with a name come last, each name once)
    list        = "[" [ expression { "," expression } [ "," ] ] "]"
                | "(" ")" | "(" expression "," [ expression { "," expression } [ "," ] ] ")"

So `-x**2` is -(x**2), `2**-1` is 2**(-1), `a**b**c` is a**(b**c), and a comparison of a comparison needs
brackets. `and`, `or`, `not` are operators; every other word is a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dlcli.language.complaints import (
    mismatched_bracket,
    misplaced_equals,
    missing_operand,
    missing_operator,
    not_an_equation,
    stray_comma,
    unknown_attribute,
)
from dlcli.language.dialect import STRICT, Dialect
from dlcli.language.error import LanguageError
from dlcli.language.levels import CLOSING, SPLIT, Builder, Level, Operand, Operator
from dlcli.language.tokens import Token, clipped, number_value, tokenize
from dlcli.language.tree import (
    Name,
    Number,
    Span,
    Text,
    Transpose,
    Tree,
)

MAX_DEPTH = 100  # brackets inside each other

COMPARISON, SIGN, POWER = 4, 7, 8
NOT = 3
PRECEDENCE = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "@"), 6),
    "**": POWER,
}


class NewName(NamedTuple):
    """A quantity on the left of an equation."""

    name: str
    span: Span


class Equation(NamedTuple):
    """The quantities that an equation names, and its right side; spans are those of the whole text."""

    names: tuple[NewName, ...]
    tree: Tree


def parse_expression(text: str, dialect: Dialect = STRICT) -> Tree:
    """The tree of a formula. Raises LanguageError (E11x, E302, E304)."""
    tokens = tokenize(text, dialect)
    return _Parser(text, tokens).parse()


def parse_tokens(text: str, tokens: tuple[Token, ...], precedence: Mapping[str, int]) -> Tree:
    """The tree of tokens that another dialect has put into this grammar; precedence: of each operator in them.

    Raises LanguageError (E11x, E302, E304).
    """
    return _Parser(text, tokens, precedence=precedence).parse()


def parse_equation(text: str, dialect: Dialect = STRICT) -> Equation:
    """The names and the tree of `h, c = lstm_cell(…)`. Raises LanguageError (E11x, E302, E304)."""
    tokens = tokenize(text, dialect)
    equals = _first_equals(tokens)
    left = tokens[: equals or 0]
    wanted = ("name", ",")
    fits = all((t.kind if t.kind == "name" else t.text) == wanted[i % 2] for i, t in enumerate(left))
    if equals is None or not fits or len(left) % 2 == 0 or any(t.text in ("and", "or", "not") for t in left):
        raise not_an_equation(text, tokens, equals)
    names = tuple(NewName(token.text, token.span) for token in left[::2])
    return Equation(names, _Parser(text, tokens[equals + 1 :], after=tokens[equals]).parse())


def _first_equals(tokens: tuple[Token, ...]) -> int | None:
    depth = 0
    for position, token in enumerate(tokens):
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
            if token.text == "=" and depth <= 0:
                return position
    return None


class _Parser:
    """Reads the tokens from left to right; either an operand is wanted next, or an operator."""

    def __init__(
        self,
        text: str,
        tokens: tuple[Token, ...],
        after: Token | None = None,
        precedence: Mapping[str, int] = PRECEDENCE,
    ) -> None:
        self.text, self.tokens, self.precedence = text, tokens, precedence
        self.position = 0
        self.builder = Builder()
        self.level = Level("text", after or Token("end", "", 0, 0))
        self.outer: list[Level] = []
        self.wants_operand = True

    def parse(self) -> Tree:
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            self.position += 1
            if self.wants_operand:
                self.read_operand(token)
            else:
                self.read_operator(token)
        return self.level.items[0].tree

    @property
    def next(self) -> str:
        """The mark that comes next, or nothing."""
        token = self.tokens[min(self.position, len(self.tokens) - 1)]
        return token.text if token.kind == "mark" else ""

    @property
    def previous(self) -> Token:
        """The token before the one that is being read."""
        position = self.position - 2
        return self.tokens[position] if position >= 0 else self.level.opening

    # Where an operand is wanted

    def read_operand(self, token: Token) -> None:
        level = self.level
        if token.kind == "number":
            self.push(Number(number_value(token), token.text, token.span), token)
        elif token.kind == "text":
            self.push(Text(token.text, token.span), token)
        elif token.kind == "name" and token.text not in ("and", "or", "not"):
            self.read_name(token)
        elif token.kind == "mark" and token.text in ("+", "-"):
            level.operators.append(Operator(token, SIGN, True))
        elif token.text == "not" and token.kind == "name":
            self.read_not(token)
        elif token.kind == "mark" and token.text in CLOSING:
            self.open(Level("brackets" if token.text == "(" else "list", token))
        elif token.kind == "mark" and token.text == ":" and level.kind == "index" and level.fresh:
            self.end_bound(token)
        elif token.kind == "mark" and token.text in ("]", ",") and level.bounds and level.fresh:
            self.end_item(token)
        elif token.kind == "mark" and token.text in (")", "]") and self.may_close_here(token):
            self.close(token)
        else:
            raise self.no_operand(token)

    def read_name(self, token: Token) -> None:
        level = self.level
        if self.next == "(":
            opening = self.tokens[self.position]
            self.position += 1
            name = Operand(Name(token.text, token.span), token.start, token.end, 1)
            self.open(Level("call", opening, name))
        elif self.next == "=" and level.kind == "call" and level.fresh and level.keyword is None:
            if token.text in level.keywords:
                message = f"the setting `{token.text}` is given twice"
                raise LanguageError("E116", message, token.span, "delete one of the two")
            level.keyword = token
            self.position += 1
        else:
            self.push(Name(token.text, token.span), token)

    def read_not(self, token: Token) -> None:
        operators = self.level.operators
        if operators and operators[-1].precedence > NOT:
            message = f"`not` cannot follow `{operators[-1].token.text}`"
            raise LanguageError("E111", message, token.span, "put brackets around it: `(not x)`")
        operators.append(Operator(token, NOT, True))

    def may_close_here(self, token: Token) -> bool:
        """Whether the brackets may end before an operand: they are empty, or end with a comma."""
        level = self.level
        empty = level.fresh and level.keyword is None and not level.bounds
        if level.kind == "index" and level.commas == 0:
            return False
        return empty and level.is_closed_by(token.text)

    def no_operand(self, token: Token) -> LanguageError:
        level = self.level
        if token.kind == "end" and level.kind != "text":
            return mismatched_bracket(level.opening, token)
        closing = token.kind == "mark" and token.text in (")", "]")
        if closing and level.fresh and level.keyword is None:
            opening = None if level.kind == "text" else level.opening
            if opening is None or token.text != CLOSING[opening.text]:
                return mismatched_bracket(opening, token)
        return missing_operand(self.text, self.previous, token, level.kind == "index" and level.commas == 0)

    # Where an operator is wanted

    def read_operator(self, token: Token) -> None:
        level = self.level
        mark = token.text if token.kind == "mark" else ""
        if mark in self.precedence or (token.kind == "name" and token.text in ("and", "or")):
            self.push_operator(token)
        elif mark == "[":
            subject = level.operands.pop()
            self.open(Level("index", token, subject))
        elif mark == ".":
            self.read_attribute(token)
        elif mark == ",":
            if level.kind == "text":
                raise stray_comma(self.text, self.previous, token, self.tokens[self.position])
            self.end_item(token)
        elif mark == ":" and level.kind == "index":
            self.end_bound(token)
        elif mark in (")", "]") and level.is_closed_by(mark):
            self.end_item(token)
        elif mark in (")", "]"):
            raise mismatched_bracket(level.opening if level.kind != "text" else None, token)
        elif token.kind == "end":
            if level.kind != "text":
                raise mismatched_bracket(level.opening, token)
            level.items.append(self.builder.expression(level))
        elif mark == "=":
            raise misplaced_equals(token, level.kind == "call")
        else:
            raise missing_operator(self.text, self.previous, token)

    def push_operator(self, token: Token) -> None:
        precedence = self.precedence[token.text]
        operators = self.level.operators
        # what binds as tightly goes first, but for ** (grouping to the right) and comparisons (no grouping)
        grouping_right = precedence in (POWER, COMPARISON)
        while operators and operators[-1].precedence >= precedence + grouping_right:
            self.builder.reduce(self.level)
        if precedence == COMPARISON and operators and operators[-1].precedence == COMPARISON:
            first = operators[-1].token
            message = f"`{first.text}` and `{token.text}` compare three values at once"
            help = f"write two comparisons: `(a {first.text} b) and (b {token.text} c)`"
            raise LanguageError("E111", message, (first.start, token.end), help)
        operators.append(Operator(token, precedence, False))
        self.wants_operand = True

    def read_attribute(self, token: Token) -> None:
        name = self.tokens[self.position]
        if name.kind != "name" or name.text != "T":
            raise unknown_attribute(token, name)
        self.position += 1
        operand = self.level.operands.pop()
        tree = Transpose(operand.tree, (operand.start, name.end))
        self.level.operands.append(self.builder.operand(tree, operand.start, name.end, operand))

    # Finishing

    def push(self, tree: Tree, token: Token) -> None:
        """Puts a leaf where an operand is wanted."""
        self.level.operands.append(self.builder.operand(tree, token.start, token.end))
        self.wants_operand = False

    def open(self, level: Level) -> None:
        if len(self.outer) >= MAX_DEPTH:
            message = f"more than {MAX_DEPTH} brackets are open here"
            raise LanguageError("E113", message, level.opening.span, SPLIT)
        self.outer.append(self.level)
        self.level = level
        self.wants_operand = True

    def end_bound(self, colon: Token) -> None:
        """A colon ends a bound of a slice."""
        level = self.level
        bound = None if level.fresh else self.builder.expression(level)
        if not level.bounds:
            level.bounds_start = colon.start if bound is None else bound.start
        level.bounds.append(bound)
        if len(level.bounds) > 2:
            message = "a slice has at most three parts: start:stop:step"
            raise LanguageError("E111", message, (level.bounds_start, colon.end), "delete the last colon")
        self.wants_operand = True

    def end_item(self, mark: Token) -> None:
        """A comma or closing bracket ends an argument, entry or index."""
        level = self.level
        item = self.builder.item(level, self.previous.end)
        if level.keyword is not None:
            level.keywords[level.keyword.text] = item
            level.keyword = None
        elif level.keywords:
            written = clipped(self.text[item.start : item.end])
            message = f"`{written}` has no name, but follows a setting with one"
            help = "put it before the named settings, or name it: `axis=0`"
            raise LanguageError("E116", message, (item.start, item.end), help)
        else:
            level.items.append(item)
        self.wants_operand = True
        if mark.text == ",":
            level.commas += 1
        else:
            self.close(mark)

    def close(self, closing: Token) -> None:
        level = self.level
        self.level = self.outer.pop()
        self.level.operands.append(self.builder.closed(level, closing.end))
        self.wants_operand = False
