"""The text of one answer -> an Answer: lists, files and mappings where YAML reads them, else the text as it is."""

from __future__ import annotations

import re
from textwrap import dedent

from dlcli.answers.records import Answer, Nested
from dlcli.errors import Source
from dlcli.spec.events import compose
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.report import Report

NULLS = frozenset(("", "~", "null", "Null", "NULL"))

_INDEX = re.compile(r"\s*\[?\s*(-?[0-9]{1,9}(?:\s*,\s*-?[0-9]{1,9})*)\s*\]?\s*")
_BLOCK = re.compile(r"[|>][+-]?")

_BLANK = re.compile(r"\s*(?:[^\s:]+\s*:)?\s*")


def read_value(question: str, text: str, line: int = 0, column: int = 0) -> Answer:
    """The answer that a text of one or several lines gives.

    Quotes around the whole are taken off; `[…]`, `{…}`, and blocks of lines that are YAML lists or mappings become
    items, file or fields; everything else is text. Nothing is refused here.
    """
    if "\n" in text and all(_BLANK.fullmatch(part) for part in text.split("\n")):
        return Answer(question, "", line=line, column=column)  # names to be filled in, and nothing after them
    head, _, block = text.partition("\n")
    head = head.strip()
    if _BLOCK.fullmatch(head) and block.strip():
        return Answer(question, dedent(block).strip(), line=line, column=column)
    if head[:1] in ("[", "{") or (not head and block.strip()):
        found = _structured(question, text, line, column)
        if found is not None:
            return found
    whole = " ".join(part.strip() for part in text.split("\n")).strip()
    if whole in NULLS:
        whole = ""
    return Answer(question, _unquoted(whole), line=line, column=column)


def without_comment(text: str) -> str:
    """A line without `# …` at its end, which counts as in YAML: outside quotes, after a space."""
    if "#" not in text:
        return text
    quote, before = "", ":"
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and before in "[{,:(":
            quote = character
        elif character == "#" and (position == 0 or text[position - 1].isspace()):
            return text[:position]
        if not character.isspace():
            before = character
    return text


def _unquoted(text: str) -> str:
    """A text without the quotes around it. A backslash stays as it is: it starts LaTeX, not an escape."""
    if len(text) < 2 or text[0] not in "\"'" or text[-1] != text[0]:
        return text
    inner, quote = text[1:-1], text[0]
    if quote == "'":
        return inner.replace("''", "'") if "'" not in inner.replace("''", "") else text
    plain = inner.replace('\\"', "")
    return inner.replace('\\"', '"').replace("\\\\", "\\") if '"' not in plain else text


def _structured(question: str, text: str, line: int, column: int) -> Answer | None:
    """The answer in brackets or in a block, None where it is no list or mapping of YAML."""
    if ";" in text:
        return None
    body = text if text.strip()[:1] in ("[", "{") else dedent(text.partition("\n")[2])
    report = Report(Source("", body))
    try:
        node = compose(report)
    except (ValueError, RecursionError):
        return None
    if report.diagnostics:
        return None
    written = " ".join(text.split())
    if isinstance(node, Items):
        items = _items(node)
        return None if items is None else Answer(question, written, items=items, line=line, column=column)
    if isinstance(node, Pairs):
        return _mapping(question, node, written, line, column)
    return None


def _items(node: Items) -> tuple[Nested, ...] | None:
    """The entries of a list as texts; None where spaces inside them might separate entries."""
    found: list[Nested] = []
    for item in node.items:
        if isinstance(item, Items):
            inner = _items(item)
            if inner is None:
                return None
            found.append(inner)
        elif isinstance(item, Scalar):
            if node.flow and item.plain and re.search(r"\S\s+\S", item.text):
                return None
            found.append(item.text)
        else:
            return None
    return tuple(found)


def _mapping(question: str, node: Pairs, written: str, line: int, column: int) -> Answer | None:
    if not node.pairs or any(isinstance(value, Scalar) and value.is_null for _, value in node.pairs):
        return None
    file = node.get("file")
    if len(node.pairs) == 1 and isinstance(file, Scalar):
        return Answer(question, written, file=file.text.strip(), line=line, column=column)
    indices = [_INDEX.fullmatch(key.text) for key, _ in node.pairs]
    values = [_part(key.text, value, line, column) for key, value in node.pairs]
    if all(indices):
        places = [tuple(map(int, index.group(1).split(","))) for index in indices if index]
        entries = dict(zip(places, values, strict=True))
        return Answer(question, "", entries=entries, line=line, column=column)
    fields = {key.text: part for (key, _), part in zip(node.pairs, values, strict=True)}
    return Answer(question, written, fields=fields, line=line, column=column)


def _part(key: str, node: Node, line: int, column: int) -> Answer:
    if isinstance(node, Scalar):
        return Answer(key, node.text, line=line, column=column)
    items = _items(node) if isinstance(node, Items) else None
    if items is None:
        return Answer(key, "", invalid=f"`{key}` is neither a number nor a list of numbers", line=line, column=column)
    return Answer(key, _shown(items), items=items, line=line, column=column)


def _shown(items: Nested) -> str:
    return items if isinstance(items, str) else f"[{', '.join(map(_shown, items))}]"
