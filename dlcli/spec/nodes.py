"""The YAML tree: scalars, lists and mappings as written, with their character offsets."""

from __future__ import annotations

from typing import NamedTuple

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})


class Scalar(NamedTuple):
    """Characters; `plain` when without quotes, so that `null` may be nothing and `true` a truth value."""

    text: str
    plain: bool
    start: int
    end: int

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in NULLS

    @property
    def is_boolean(self) -> bool:
        return self.plain and self.text in BOOLEANS


class Items(NamedTuple):
    """A list; `flow` when written in brackets."""

    items: list[Node]
    flow: bool
    start: int
    end: int


class Pairs(NamedTuple):
    """A mapping: keys and values in file order; keys are distinct."""

    pairs: list[tuple[Scalar, Node]]
    flow: bool
    start: int
    end: int

    def get(self, key: str) -> Node | None:
        return next((value for name, value in self.pairs if name.text == key), None)


Node = Scalar | Items | Pairs


def end_of(node: Node, text: str) -> int:
    """One past the last character of a node, without the line ends that block forms reach over."""
    while not isinstance(node, Scalar) and not node.flow:
        last: Node
        if isinstance(node, Items):
            if not node.items:
                break
            last = node.items[-1]
        else:
            if not node.pairs:
                break
            key, last = node.pairs[-1]
            if last.end <= key.end:  # nothing stands after the key, or an alias to something earlier
                last = key
        if last.start < node.start:  # an alias
            break
        node = last
    end = node.end
    while end > node.start and text[end - 1] in " \t\r\n":
        end -= 1
    return end


def as_data(node: Node) -> object:
    """Plain lists, dicts and texts of a node; nothing is None."""
    if isinstance(node, Items):
        return [as_data(item) for item in node.items]
    if isinstance(node, Pairs):
        return {key.text: as_data(value) for key, value in node.pairs}
    return None if node.is_null else node.text
