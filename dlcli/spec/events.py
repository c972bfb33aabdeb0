"""YAML text -> nodes with positions, from PyYAML's event stream: no tags, no duplicate keys, within limits.

The C parser of libyaml is used where PyYAML has it; PyYAML's own parser gives the same events, slower.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from dlcli.errors import Place
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.report import Report
from dlcli.spec.slips import mend_list, mend_mapping
from dlcli.spec.syntax import explain

try:
    from yaml import cyaml

    CParser: Any = vars(cyaml)["CParser"]
except ImportError:  # PyYAML was built without libyaml
    CParser = None

MAX_DEPTH = 64
MAX_NODES = 1_000_000
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class _PlainParser(Reader, Scanner, Parser):
    """PyYAML's own parser without its composer, which needs libraries to be put together by inheritance."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


class _Open:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("anchor", "before", "children", "event", "height")

    def __init__(self, event: Any, before: int) -> None:
        self.event, self.anchor, self.before = event, event.anchor, before
        self.children: list[Node] = []
        self.height = 1


class _UnreadableError(Exception):
    """The rest of the file cannot be read; the report says why."""


def compose(report: Report) -> Node | None:
    """The node of the only document, or None where the report says why there is none.

    Duplicate keys, tags and merge keys are reported and reading goes on; after wrong syntax it stops.
    """
    text = report.source.text
    odd = _UNPRINTABLE.search(text)
    if odd is not None:
        what = f"the character U+{ord(odd.group()):04X}, which no text holds,"
        place = Place(report.source, odd.start(), odd.end())
        report.error("E020", f"{what} stands here", place, "delete it; it may have come in by copying")
        return None
    try:
        parser: Any = (CParser or _PlainParser)(text)
        return _compose(parser.get_event, report)
    except yaml.YAMLError as error:
        report.add([explain(error, report.source)])
    except _UnreadableError:
        pass
    return None


def _compose(next_event: Callable[[], Any], report: Report) -> Node | None:
    anchors: dict[str, tuple[Node, int, int]] = {}  # node, its expanded size, its height
    stack: list[_Open] = []
    root: list[Node] = []
    children = root
    count = documents = 0
    while (event := next_event()) is not None:
        kind = type(event)
        if kind is ScalarEvent:
            count += 1
            start, end = event.start_mark.index, event.end_mark.index
            node: Node = Scalar(event.value, not event.style, start, end)
            if event.anchor is not None:
                anchors[event.anchor] = (node, 1, 0)
            if event.tag is not None:
                _refuse_tag(event, report)
            children.append(node)
        elif kind is SequenceStartEvent or kind is MappingStartEvent:
            count += 1
            if event.tag is not None:
                _refuse_tag(event, report)
            stack.append(_Open(event, count))
            children = stack[-1].children
            if len(stack) > MAX_DEPTH:
                _too_deep(event, report)
        elif kind is SequenceEndEvent or kind is MappingEndEvent:
            opened = stack.pop()
            start, end, flow = (
                opened.event.start_mark.index,
                event.end_mark.index,
                bool(opened.event.flow_style),
            )
            if kind is SequenceEndEvent:
                node = Items(mend_list(children, flow, start, end, report), flow, start, end)
            else:
                node = Pairs(_pairs(children, flow, report), flow, start, end)
            if opened.anchor is not None:
                anchors[opened.anchor] = (node, count - opened.before + 1, opened.height)
            children = stack[-1].children if stack else root
            if stack:
                stack[-1].height = max(stack[-1].height, opened.height + 1)
            children.append(node)
        elif kind is AliasEvent:
            node, size, height = _aliased(event, anchors, stack, report)
            count += size
            if stack:
                stack[-1].height = max(stack[-1].height, height + 1)
            if len(stack) + height > MAX_DEPTH:
                _too_deep(event, report)
            children.append(node)
        elif kind is DocumentStartEvent:
            documents += 1
            if documents > 1:
                message = "a second YAML document starts here, but a homework file holds one"
                report.error("E011", message, _place(event, report), "put the second homework into a file of its own")
                break
        if count > MAX_NODES:
            message = f"the file has more than {MAX_NODES:,} values, aliases written out"
            report.error("E013", message, _place(event, report), "put large arrays into a .npy, .npz or .csv file")
            raise _UnreadableError
    return root[0] if root else None


def _pairs(children: list[Node], flow: bool, report: Report) -> list[tuple[Scalar, Node]]:
    """Keys and values from the flat list of a mapping's children; keys normalised, slips mended."""
    pairs: list[tuple[Scalar, Node]] = []
    for key, value in zip(children[::2], children[1::2], strict=True):
        if not isinstance(key, Scalar):
            message = "a list or mapping stands where a key belongs"
            report.error("E019", message, key, "a key is a name; `{}` and `[]` in a text need quotes around it")
            continue
        if key.plain and key.text == "<<":
            help = "write the keys out, or use the anchor as a whole value"
            report.error("E015", "merge keys (`<<`) are not part of the homework format", key, help)
            continue
        text = key.text if key.text.isascii() else unicodedata.normalize("NFC", key.text)
        pairs.append((key if text == key.text else key._replace(text=text), value))
    if flow:
        pairs = mend_mapping(pairs, report)
    seen: dict[str, Scalar] = {}
    for key, _ in pairs:
        if key.text in seen:
            label = (seen[key.text], "first given here")
            report.error("E009", f"the key `{key.text}` is given twice", key, "keep one of the two", [label])
        seen.setdefault(key.text, key)
    return pairs if len(seen) == len(pairs) else [pair for pair in pairs if seen[pair[0].text] is pair[0]]


def _aliased(
    event: Any, anchors: dict[str, tuple[Node, int, int]], stack: list[_Open], report: Report
) -> tuple[Node, int, int]:
    if any(opened.anchor == event.anchor for opened in stack):
        message = f"the alias `*{event.anchor}` stands inside the value that it repeats"
        report.error("E014", message, _place(event, report), "a value cannot contain itself; write it out")
        raise _UnreadableError
    if event.anchor not in anchors:
        message = f"`*{event.anchor}` repeats a value marked `&{event.anchor}`, but nothing above is marked so"
        help = "a text that starts with * needs quotes"
        report.error("E014", message, _place(event, report), help)
        return Scalar("", True, event.start_mark.index, event.end_mark.index), 1, 0
    return anchors[event.anchor]


def _refuse_tag(event: Any, report: Report) -> None:
    start = event.start_mark.index
    text = report.source.text
    found = re.compile(r"![^\s,\[\]{}]*").search(text, start)
    place = Place(report.source, *found.span()) if found else _place(event, report)
    written = text[place.start : place.end]
    help = "leave the tag out; a text that starts with ! needs quotes"
    report.error("E010", f"the tag `{written}` is not allowed: a homework file is data only", place, help)


def _too_deep(event: Any, report: Report) -> None:
    message = f"lists and mappings are nested more than {MAX_DEPTH} deep here"
    report.error("E012", message, _place(event, report), "close some brackets, or put the array into a file")
    raise _UnreadableError


def _place(event: Any, report: Report) -> Place:
    start, end = event.start_mark.index, event.end_mark.index
    return Place(report.source, start, max(end, start))
