"""A reader of formulas for the tests alone: text -> tree -> value by mpmath. It shares nothing with dlcli's parser.

Grammar: sums, products (also side by side), powers (`^`, `**`, grouping to the right), a sign, calls, brackets, |x|,
percentages, decimal commas; matrices as lists or `[1 2; 3 4]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath

DIGITS = 50


class UnreadableError(Exception):
    """The text is no formula of this grammar."""


@dataclass(frozen=True)
class Number:
    text: str


@dataclass(frozen=True)
class Name:
    text: str


@dataclass(frozen=True)
class Minus:
    operand: Tree


@dataclass(frozen=True)
class Operation:
    symbol: str
    left: Tree
    right: Tree


@dataclass(frozen=True)
class Call:
    function: str
    argument: Tree


Tree = Number | Name | Minus | Operation | Call

_TOKEN = re.compile(r"\s*(?:(\d+(?:[.,]\d+)?(?:e[+-]?\d+)?|\.\d+)|([^\W\d]\w*'?)|(\*\*|[-+*/^()|%]))", re.ASCII)
_SPELLINGS = {"\u2212": "-", "σ": "sigmoid", "²": "^2", "·": "*", "×": "*"}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 4}


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


FUNCTIONS = {
    "exp": mpmath.exp,
    "ln": mpmath.log,
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "abs": abs,
    "sigmoid": _sigmoid,
    "sigmoid'": lambda x: _sigmoid(x) * (1 - _sigmoid(x)),
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
}


def read(text: str) -> Tree:
    """The tree of a formula. Raises UnreadableError."""
    for written, plain in _SPELLINGS.items():
        text = text.replace(written, plain)
    tokens, position = [], 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise UnreadableError(f"{text[position:][:10]!r} has no meaning")
        tokens.append(found.group().strip().replace("**", "^"))
        position = found.end()
    tree, rest = _sum(tokens, 0)
    if rest != len(tokens):
        raise UnreadableError(f"{tokens[rest]!r} stands too late")
    return tree


def _sum(tokens: list[str], at: int) -> tuple[Tree, int]:
    left, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] in "+-":
        right, after = _product(tokens, at + 1)
        left, at = Operation(tokens[at], left, right), after
    return left, at


def _product(tokens: list[str], at: int) -> tuple[Tree, int]:
    left, at = _signed(tokens, at)
    while at < len(tokens) and tokens[at] not in "+-)|":
        symbol = tokens[at] if tokens[at] in "*/" else "*"
        right, at = _signed(tokens, at + 1 if tokens[at] in "*/" else at)
        left = Operation(symbol, left, right)
    return left, at


def _signed(tokens: list[str], at: int) -> tuple[Tree, int]:
    if at < len(tokens) and tokens[at] == "-":
        operand, at = _signed(tokens, at + 1)
        return Minus(operand), at
    base, at = _atom(tokens, at)
    if at < len(tokens) and tokens[at] == "^":
        exponent, at = _signed(tokens, at + 1)
        return Operation("^", base, exponent), at
    return base, at


def _atom(tokens: list[str], at: int) -> tuple[Tree, int]:
    token = tokens[at] if at < len(tokens) else ""
    tree: Tree
    if token[:1].isdigit() or token[:1] == ".":
        tree, at = Number(token.replace(",", ".")), at + 1
    elif token in FUNCTIONS and tokens[at + 1 : at + 2] == ["("]:
        argument, at = _bracketed(tokens, at + 1, ")")
        tree = Call(token, argument)
    elif token == "(":
        tree, at = _bracketed(tokens, at, ")")
    elif token == "|":
        inner, at = _bracketed(tokens, at, "|")
        tree = Call("abs", inner)
    elif token[:1].isalpha() or token[:1] == "_":
        tree, at = Name(token), at + 1
    else:
        raise UnreadableError(f"{token!r} where a number or name is wanted")
    if at < len(tokens) and tokens[at] == "%":
        tree, at = Operation("/", tree, Number("100")), at + 1
    return tree, at


def _bracketed(tokens: list[str], at: int, closing: str) -> tuple[Tree, int]:
    inner, at = _sum(tokens, at + 1)
    if tokens[at : at + 1] != [closing]:
        raise UnreadableError(f"{closing!r} is missing")
    return inner, at + 1


def write(tree: Tree) -> str:
    """A text that `read` takes back to an equal tree; brackets only where they are needed."""
    return _written(tree, 0)


def _written(tree: Tree, rank: int) -> str:
    match tree:
        case Number(text) | Name(text):
            return text
        case Call(function, argument):
            return f"{function}({_written(argument, 0)})"
        case Minus(operand):
            text = f"-{_written(operand, 3)}"
            return f"({text})" if rank > 1 else text
        case Operation(symbol, left, right):
            own = _RANK[symbol]
            text = f"{_written(left, 5 if symbol == '^' else own)} {symbol} {_written(right, own + (symbol != '^'))}"
            return f"({text})" if own < rank else text


def value(tree: Tree, variables: Mapping[str, Any] | None = None) -> Any:
    """The value at 50 digits; None where it is not a finite real number. Raises UnreadableError for an unknown name."""
    with mpmath.workdps(DIGITS):
        try:
            found = _value(tree, variables or {})
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
        if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found):
            return None
        return found


def _value(tree: Tree, variables: Mapping[str, Any]) -> Any:
    match tree:
        case Number(text):
            return mpmath.mpf(text)
        case Name("e") if "e" not in variables:
            return mpmath.e
        case Name("pi") if "pi" not in variables:
            return mpmath.pi
        case Name(text):
            if text not in variables:
                raise UnreadableError(f"unknown name {text!r}")
            return mpmath.mpf(variables[text])
        case Minus(operand):
            return -_value(operand, variables)
        case Call(function, argument):
            return FUNCTIONS[function](_value(argument, variables))
        case Operation(symbol, left, right):
            x, y = _value(left, variables), _value(right, variables)
            match symbol:
                case "+":
                    return x + y
                case "-":
                    return x - y
                case "*":
                    return x * y
                case "/":
                    return x / y
            return x**y


def numbers(written: object) -> Any:
    """Nested lists of mpmath numbers: of a text, a matrix in brackets, lists of texts. Raises UnreadableError."""
    if isinstance(written, list):
        return [numbers(entry) for entry in written]
    text = str(written).strip()
    if text.startswith("[") and text.endswith("]"):
        rows = [row.split() for row in text[1:-1].split(";")]
        return [[numbers(entry) for entry in row] for row in rows]
    found = value(read(text))
    if found is None:
        raise UnreadableError(f"{text!r} is no finite number")
    return found
