"""The tree of the expression language: what a formula says, and where in its text each part stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

Span = tuple[int, int]  # characters [start, end) of the text that was parsed


@dataclass(frozen=True)
class Number:
    """A literal as written: `0.15` has value 3/20."""

    value: Fraction
    text: str
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Name:
    """A quantity, a constant, or `pi`, `e`, `inf`, `True`, `False`, `None`: looked up by whoever reads the tree."""

    name: str
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Text:
    """A quoted setting: `reduction="sum"`."""

    value: str
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Unary:
    """operator: "-", "+", "not"."""

    operator: str
    operand: Tree
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Binary:
    """operator: + - * / ** @, a comparison (< <= > >= == !=), "and", "or"."""

    operator: str
    left: Tree
    right: Tree
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Call:
    """`name(arguments, key=value)`; `name_span` is the place of the name alone."""

    name: str
    arguments: tuple[Tree, ...]
    keywords: tuple[tuple[str, Tree], ...] = ()
    span: Span = field(default=(0, 0), compare=False)
    name_span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Slice:
    """`start:stop:step` between index brackets."""

    start: Tree | None = None
    stop: Tree | None = None
    step: Tree | None = None
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Index:
    """`operand[items]`."""

    operand: Tree
    items: tuple[Tree, ...]
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Transpose:
    """`operand.T`."""

    operand: Tree
    span: Span = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Sequence:
    """`[a, b]` or `(a, b)`."""

    items: tuple[Tree, ...]
    span: Span = field(default=(0, 0), compare=False)


Tree = Number | Name | Text | Unary | Binary | Call | Slice | Index | Transpose | Sequence
