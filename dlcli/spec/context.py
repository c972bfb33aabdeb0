"""What every reader of a part of the file is given, and how a mapping is read by a table of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.errors import did_you_mean
from dlcli.layers import Key
from dlcli.spec.nodes import Node, Pairs, Scalar
from dlcli.spec.numbers import NumberRules
from dlcli.spec.report import Report, kind_of
from dlcli.spec.slips import joined_pair

Reader = Callable[[Node, Key, "Context"], Any]


@dataclass(frozen=True)
class Context:
    """The file that is read, and what its parts need to know of the whole.

    folder: where value files may be; sections: name -> section of each declared name; readers: how each
    kind of key is read; a reader returns None after an error that it has reported.
    """

    report: Report
    folder: Path | None
    sections: Mapping[str, str]
    readers: Mapping[str, Reader]
    convention: str = "column"

    def rules(self, allow_infinite: bool = False) -> NumberRules:
        return NumberRules(self.report, self.sections.keys(), allow_infinite)


def read_mapping(node: Node, keys: Sequence[Key], context: Context, what: str) -> dict[str, Any] | None:
    """The values by key, each read by the reader of its kind; None where `node` is no mapping.

    Keys that the table does not know, and required ones that are missing, are reported; keys whose value
    is wrong are left out.
    """
    report = context.report
    if not isinstance(node, Pairs):
        if isinstance(node, Scalar) and joined_pair(node, report) is not None:
            return None
        message = f"{what} takes a mapping of keys, but {kind_of(node)} stands here"
        report.error("E122", message, node, f"write {keys[0].name}: … and further keys")
        return None
    known = {key.name: key for key in keys}
    values: dict[str, Any] = {}
    for name, value in node.pairs:
        key = known.get(name.text)
        if key is None:
            help = did_you_mean(name.text, list(known)) or f"{what} knows: {', '.join(known)}"
            report.error("E101", f"unknown key `{name.text}` in {what}", name, help)
            continue
        read = context.readers[key.kind](value, key, context)
        if read is not None:
            values[key.name] = read
    given = {name.text for name, _ in node.pairs}
    for key in keys:
        if key.required and key.name not in given:
            example = f": {key.examples[0]}" if key.examples else ""
            report.error("E107", f"{what} needs the key `{key.name}`", node, f"add `{key.name}{example}`")
    return values


def value_places(node: Pairs, context: Context) -> dict[str, Any]:
    """The place of each key's value."""
    return {name.text: context.report.place(value) for name, value in node.pairs}
