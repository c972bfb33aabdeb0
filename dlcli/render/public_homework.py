"""A homework file without its key: for students, and for public repositories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from dlcli.errors import Source
from dlcli.spec.events import compose
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.report import Report

ENDLESS = 1_000_000_000  # columns: no line of a formula is broken
HIDDEN = ("answer", "accept", "solution", "choices", "variables", "prompt")


def public_homework(source: Source) -> str:
    """The file as YAML without what is right: model answers, the right choices, solutions.

    A question that these were needed for is one that is marked by hand, its choices and variables part of its prompt.
    Comments are left out, because nobody knows what they tell, and aliases are written out. Problems of an exam that
    are files of their own stay named. Raises HomeworkError.
    """
    report = Report(source)
    root = compose(report)
    report.stop_if_wrong()
    assert isinstance(root, Pairs)
    events = [StreamStartEvent(), DocumentStartEvent(), *_events(_without_key(root)), DocumentEndEvent()]
    text: str = yaml.emit([*events, StreamEndEvent()], width=ENDLESS, allow_unicode=True)
    return text


def _without_key(homework: Pairs) -> Pairs:
    pairs: list[tuple[Scalar, Node]] = []
    for key, value in homework.pairs:
        if key.text == "problems" and isinstance(value, Items):
            value = value._replace(
                items=[_without_key(item) if isinstance(item, Pairs) else item for item in value.items]
            )
        pairs.append((key, _questions(value) if key.text == "questions" else value))
    return homework._replace(pairs=pairs)


def _questions(node: Node) -> Node:
    if not isinstance(node, Items):
        return node
    return node._replace(items=[_question(item) if isinstance(item, Pairs) else item for item in node.items])


def _question(node: Pairs) -> Pairs:
    parts = node.get("parts")
    if parts is not None:
        kept = [(key, _questions(value) if key.text == "parts" else value) for key, value in node.pairs]
        return node._replace(pairs=[(key, value) for key, value in kept if key.text != "solution"])
    choices, answer = node.get("choices"), node.get("answer")
    if choices is None and answer is None:
        return node._replace(pairs=[(key, value) for key, value in node.pairs if key.text != "solution"])
    pairs = [(key, value) for key, value in node.pairs if key.text not in HIDDEN]
    prompt = node.get("prompt")
    lines = [prompt.text.strip()] if isinstance(prompt, Scalar) and not prompt.is_null else []
    lines += _choices(choices) if choices is not None else _variables(node.get("variables"))
    pairs.append((_scalar("prompt"), _scalar("\n".join(lines), plain=False)))
    pairs.append((_scalar("manual"), _scalar("true")))
    return node._replace(pairs=pairs)


def _choices(node: Node) -> list[str]:
    if isinstance(node, Items):
        return [f"{chr(ord('A') + place)}: {_text(item)}" for place, item in enumerate(node.items)]
    return [f"{key.text}: {_text(value)}" for key, value in node.pairs] if isinstance(node, Pairs) else []


def _variables(node: Node | None) -> list[str]:
    if not isinstance(node, Pairs):
        return ["(a formula)"]
    return [f"(a formula in {', '.join(f'{key.text}: {_text(value)}' for key, value in node.pairs)})"]


def _text(node: Node) -> str:
    if isinstance(node, Items):
        return "[" + ", ".join(map(_text, node.items)) + "]"
    if isinstance(node, Pairs):
        return "{" + ", ".join(f"{key.text}: {_text(value)}" for key, value in node.pairs) + "}"
    return node.text


def _scalar(text: str, plain: bool = True) -> Scalar:
    return Scalar(text, plain, 0, 0)


def _events(node: Node) -> Iterator[Any]:
    if isinstance(node, Scalar):
        style = None if node.plain else "|" if "\n" in node.text else '"'
        yield ScalarEvent(None, None, (True, True), node.text, style=style)
    elif isinstance(node, Items):
        yield SequenceStartEvent(None, None, True, flow_style=node.flow)
        for item in node.items:
            yield from _events(item)
        yield SequenceEndEvent()
    else:
        yield MappingStartEvent(None, None, True, flow_style=node.flow)
        for key, value in node.pairs:
            yield from _events(key)
            yield from _events(value)
        yield MappingEndEvent()
