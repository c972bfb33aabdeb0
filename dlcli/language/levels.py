"""The brackets of a formula that are open while it is read, and how a level of them becomes a tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from dlcli.language.error import LanguageError
from dlcli.language.tokens import Token
from dlcli.language.tree import Binary, Call, Index, Name, Sequence, Slice, Tree, Unary

MAX_HEIGHT = 200  # levels of the tree
MAX_NODES = 5_000

CLOSING = {"(": ")", "[": "]"}
SPLIT = "split the formula into several equations"


class Operand(NamedTuple):
    """A finished part: its tree, the characters it takes with its brackets, and the height of its tree."""

    tree: Tree
    start: int
    end: int
    height: int


class Operator(NamedTuple):
    """An operator that waits for its right operand."""

    token: Token
    precedence: int
    prefix: bool


@dataclass(eq=False)
class Level:
    """What is known inside one pair of brackets that is still open, or of the whole text.

    operators, operands: of the expression being read; items: the expressions that a comma has ended; keyword:
    the name before `=` of the argument being read; bounds: of the slice being read; subject: what is called
    or indexed.
    """

    kind: Literal["text", "brackets", "list", "call", "index"]
    opening: Token
    subject: Operand | None = None
    operators: list[Operator] = field(default_factory=list)
    operands: list[Operand] = field(default_factory=list)
    items: list[Operand] = field(default_factory=list)
    keywords: dict[str, Operand] = field(default_factory=dict)
    keyword: Token | None = None
    bounds: list[Operand | None] = field(default_factory=list)
    bounds_start: int = 0
    commas: int = 0

    @property
    def fresh(self) -> bool:
        """Nothing of the present expression has been read."""
        return not self.operands and not self.operators

    def is_closed_by(self, mark: str) -> bool:
        """Whether the mark is the bracket that belongs to the opening one."""
        return self.kind != "text" and mark == CLOSING[self.opening.text]


class Builder:
    """Makes the nodes of one tree, and refuses a tree that is too large. Raises LanguageError (E113)."""

    def __init__(self) -> None:
        self.nodes = 0

    def operand(self, tree: Tree, start: int, end: int, *parts: Operand) -> Operand:
        """A new node above its parts."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            message = f"the formula has more than {MAX_NODES:,} numbers, names and operators"
            raise LanguageError("E113", message, (start, end), SPLIT)
        height = 1 + max((part.height for part in parts), default=0)
        if height > MAX_HEIGHT:
            message = f"the formula is more than {MAX_HEIGHT} operations deep"
            raise LanguageError("E113", message, (start, end), SPLIT)
        return Operand(tree, start, end, height)

    def reduce(self, level: Level) -> None:
        """Applies the last operator of a level to its operands."""
        operator, right = level.operators.pop(), level.operands.pop()
        symbol = operator.token.text
        if operator.prefix:
            start = operator.token.start
            tree: Tree = Unary(symbol, right.tree, (start, right.end))
            level.operands.append(self.operand(tree, start, right.end, right))
        else:
            left = level.operands.pop()
            tree = Binary(symbol, left.tree, right.tree, (left.start, right.end))
            level.operands.append(self.operand(tree, left.start, right.end, left, right))

    def expression(self, level: Level) -> Operand:
        """The expression of a level as read so far; the level is fresh again."""
        while level.operators:
            self.reduce(level)
        return level.operands.pop()

    def item(self, level: Level, end: int) -> Operand:
        """The argument, entry or index of a level that ends at the character `end`."""
        if not level.bounds:
            return self.expression(level)
        last = None if level.fresh else self.expression(level)
        bounds = [*level.bounds, last, None][:3]
        level.bounds = []
        trees = [None if bound is None else bound.tree for bound in bounds]
        tree = Slice(trees[0], trees[1], trees[2], (level.bounds_start, end))
        return self.operand(tree, level.bounds_start, end, *(b for b in bounds if b is not None))

    def closed(self, level: Level, end: int) -> Operand:
        """What a pair of brackets stands for, when all its items are read."""
        items, subject = level.items, level.subject
        trees = tuple(item.tree for item in items)
        start = level.opening.start if subject is None else subject.start
        if level.kind == "brackets" and len(items) == 1 and level.commas == 0:
            return Operand(trees[0], start, end, items[0].height)
        if subject is None:
            return self.operand(Sequence(trees, (start, end)), start, end, *items)
        if level.kind == "index":
            return self.operand(Index(subject.tree, trees, (start, end)), start, end, subject, *items)
        assert isinstance(subject.tree, Name)
        keywords = tuple((name, item.tree) for name, item in level.keywords.items())
        call = Call(subject.tree.name, trees, keywords, (start, end), subject.tree.span)
        return self.operand(call, start, end, *items, *level.keywords.values())
