"""A tree as text of the language, with as few brackets as it can be read back with.

`parse_expression(to_text(tree)) == tree` for every tree that the parser makes.
"""

from __future__ import annotations

from typing import NamedTuple

from dlcli.language.parser import COMPARISON, NOT, POWER, PRECEDENCE, SIGN
from dlcli.language.traversal import fold
from dlcli.language.tree import (
    Binary,
    Call,
    Index,
    Name,
    Number,
    Sequence,
    Slice,
    Text,
    Transpose,
    Tree,
    Unary,
)

POSTFIX, ATOM = 9, 10


class _Printed(NamedTuple):
    text: str
    precedence: int
    operator: str = ""


def to_text(tree: Tree) -> str:
    """The formula as a homework file would write it: `w03 + w13*x1`, `x @ W1.T + b1`, `(yhat - y)*a3`."""
    return fold(tree, _print).text


def _print(node: Tree, parts: tuple[_Printed, ...]) -> _Printed:
    match node:
        case Number(text=text):
            return _Printed(text, SIGN if text.startswith("-") else ATOM, "number")
        case Name(name=name):
            return _Printed(name, ATOM)
        case Text(value=value):
            quote = "'" if '"' in value else '"'
            return _Printed(f"{quote}{value}{quote}", ATOM)
        case Unary(operator="not"):
            return _Printed(f"not {_within(parts[0], NOT)}", NOT, "not")
        case Unary(operator=operator):
            return _Printed(operator + _within(parts[0], SIGN), SIGN, operator)
        case Binary(operator=operator):
            return _binary(operator, *parts)
        case Call(name=name, arguments=arguments, keywords=keywords):
            given = [part.text for part in parts[: len(arguments)]]
            values = parts[len(arguments) :]
            given += [f"{key}={value.text}" for (key, _), value in zip(keywords, values, strict=True)]
            return _Printed(f"{name}({', '.join(given)})", ATOM)
        case Index():
            items = ", ".join(part.text for part in parts[1:])
            return _Printed(f"{_within(parts[0], POSTFIX)}[{items}]", POSTFIX)
        case Transpose():
            brackets = parts[0].operator == "number"  # the point would belong to the number
            return _Printed(f"({parts[0].text}).T" if brackets else f"{_within(parts[0], POSTFIX)}.T", POSTFIX)
        case Sequence():
            return _Printed(f"[{', '.join(part.text for part in parts)}]", ATOM)
        case Slice():
            return _Printed(_slice(node, parts), 0)


def _binary(operator: str, left: _Printed, right: _Printed) -> _Printed:
    precedence = PRECEDENCE[operator]
    left_text = _within(left, precedence + (precedence in (POWER, COMPARISON)))
    right_text = _within(right, SIGN if precedence == POWER else precedence + 1)
    if operator in ("*", "/") and left.operator == "@":
        left_text = f"({left.text})"  # spaces would make `a @ b*c` look like a @ (b*c)
    sign = operator if operator in ("*", "/", "**") else f" {operator} "
    return _Printed(f"{left_text}{sign}{right_text}", precedence, operator)


def _within(part: _Printed, lowest: int) -> str:
    """The part's text, in brackets where it binds more loosely than `lowest`."""
    return part.text if part.precedence >= lowest else f"({part.text})"


def _slice(node: Slice, parts: tuple[_Printed, ...]) -> str:
    left = iter(parts)
    start, stop, step = ("" if b is None else next(left).text for b in (node.start, node.stop, node.step))
    return f"{start}:{stop}:{step}" if node.step is not None else f"{start}:{stop}"
