"""How a person names one entry of a gradient: `w13`, `W1[0,1]`."""

from __future__ import annotations

import re

from dlcli.errors import Diagnostic, UsageError, did_you_mean
from dlcli.graph import Graph

_WRITTEN = re.compile(r"\s*(\w+)\s*(?:\[([-\d\s,]*)\])?\s*")

Entry = tuple[str, tuple[int, ...]]


def named_entry(written: str, graph: Graph, index_base: int) -> Entry:
    """The quantity and the position, from 0, of the entry that a text names; a negative index counts from the end.

    index_base: what the first index is called. Raises UsageError for an unknown name, for one that is not
    differentiated by, and for indices that do not name one entry.
    """
    match = _WRITTEN.fullmatch(written)
    if match is None:
        message = f"`{written}` names no entry"
        raise UsageError(Diagnostic("E216", message, help="write a name, or a name and indices: w13, W1[0,1]"))
    name, inside = match.groups()
    if name not in graph.wrt:
        raise UsageError(_unknown(name, graph))
    shape = graph.nodes[graph.names[name]].shape
    try:
        indices = [int(text) for text in inside.split(",")] if inside and inside.strip() else []
    except ValueError:
        message = f"`{written}` names no entry: its indices are not whole numbers"
        raise UsageError(Diagnostic("E216", message, help=_entries(name, shape, index_base))) from None
    if len(indices) != len(shape):
        message = f"`{written}` gives {_counted(len(indices))}, but {_described(name, shape)}"
        raise UsageError(Diagnostic("E216", message, help=_entries(name, shape, index_base)))
    entry = []
    for axis, (index, size) in enumerate(zip(indices, shape, strict=True)):
        position = index - index_base if index >= 0 else index + size
        if not 0 <= position < size:
            place = f" of axis {axis}" if len(shape) > 1 else ""
            message = f"index {index}{place} in `{written}` is out of range: {_described(name, shape)}"
            raise UsageError(Diagnostic("E213", message, help=_entries(name, shape, index_base)))
        entry.append(position)
    return name, tuple(entry)


def _unknown(name: str, graph: Graph) -> Diagnostic:
    if name in graph.names:
        message = f"nothing is differentiated by `{name}` here"
        return Diagnostic("E103", message, help=f"add `--wrt {name}`")
    known = list(graph.wrt)
    help = did_you_mean(name, known) or "known: " + ", ".join(known)
    return Diagnostic("E103", f"unknown name `{name}`", help=help)


def _counted(count: int) -> str:
    return "1 index" if count == 1 else f"{count or 'no'} indices"


def _described(name: str, shape: tuple[int, ...]) -> str:
    return f"{name} has shape {shape}" if shape else f"{name} is a single number"


def _entries(name: str, shape: tuple[int, ...], base: int) -> str:
    """The first and the last entry, in words."""
    if not shape:
        return f"write `{name}`"
    first = ",".join(str(base) for _ in shape)
    last = ",".join(str(size - 1 + base) for size in shape)
    return f"its entries are {name}[{first}] to {name}[{last}]"
