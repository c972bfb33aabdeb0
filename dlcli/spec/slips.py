"""Slips that YAML accepts but nobody means: a missing space after a colon, a text that a comma has split.

Each is reported once and mended, so that the rest of the file is still checked for what it means.
"""

from __future__ import annotations

import re

from dlcli.errors import Place
from dlcli.spec.nodes import Node, Scalar
from dlcli.spec.report import Report

_JOINED = re.compile(r"([^\W\d]\w*):(\S.*)", re.DOTALL)
_WHOLE_NUMBER = re.compile(r"[-+]?[0-9]+")
_DIGITS = re.compile(r"[0-9]+([eE][-+]?[0-9]+)?")
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def mend_mapping(pairs: list[tuple[Scalar, Node]], report: Report) -> list[tuple[Scalar, Node]]:
    """The pairs of a mapping in braces as they were meant."""
    mended: list[tuple[Scalar, Node]] = []
    for key, value in pairs:
        if not (key.plain and isinstance(value, Scalar) and value.plain and value.start == value.end):
            mended.append((key, value))
        elif (joined := joined_pair(key, report)) is not None:
            mended.append(joined)
        elif mended and (whole := _rejoined(mended[-1][1], key, report)) is not None:
            mended[-1] = (mended[-1][0], whole)
        else:
            mended.append((key, value))
    return mended


def joined_pair(text: Scalar, report: Report) -> tuple[Scalar, Scalar] | None:
    """`x1:-3` taken apart and reported, or None where the text is something else."""
    found = _JOINED.fullmatch(text.text) if text.plain else None
    if found is None:
        return None
    name, rest = found.groups()
    first_line = rest.split()[0]
    message = f"`{name}:{first_line}` has no space after the colon, so YAML reads it as one word"
    place = Place(report.source, text.start, text.start + len(name) + 1 + len(first_line))
    report.error("E016", message, place, f"write `{name}: {first_line}`")
    middle = text.start + len(name)
    return Scalar(name, True, text.start, middle), Scalar(rest, True, middle + 1, text.end)


def mend_list(items: list[Node], flow: bool, start: int, end: int, report: Report) -> list[Node]:
    """The items of a list; texts in brackets that a comma has split are reported and put together again."""
    if not flow or report.source.text.find("(", start, end) < 0:
        return items
    mended: list[Node] = []
    for item in items:
        whole = _rejoined(mended[-1], item, report, in_list=True) if mended else None
        if whole is None:
            mended.append(item)
        else:
            mended[-1] = whole
    return mended


def _rejoined(before: Node, after: Node, report: Report, in_list: bool = False) -> Scalar | None:
    """The text that the comma between two plain texts has split, or None where it has not."""
    if not (isinstance(before, Scalar) and isinstance(after, Scalar) and before.plain and after.plain):
        return None
    source = report.source
    if after.start < before.end:
        return None
    written = source.text[before.start : after.end]
    if _depth(before.text) > 0:
        if not _is_told(before, report):
            whole = _closed(written, source.text, before.start)
            message = f"the comma splits `{whole}` in two"
            help = f'inside {{}} and [] a text with a comma needs quotes: "{whole}"'
            report.error("E017", message, Place(source, before.start, after.end), help)
        return Scalar(written, True, before.start, after.end)
    if not in_list and _WHOLE_NUMBER.fullmatch(before.text) and _DIGITS.fullmatch(after.text):
        message = f"`{written}` has a decimal comma; between braces a comma starts a new entry"
        help = f"write the number with a point: {before.text}.{after.text}"
        report.error("E302", message, Place(source, before.start, after.end), help)
        return Scalar(f"{before.text}.{after.text}", True, before.start, after.end)
    return None


def _depth(text: str) -> int:
    return sum(_BRACKETS.get(character, 0) for character in text)


def _is_told(before: Scalar, report: Report) -> bool:
    """Whether the split of this text has been reported at an earlier comma of it."""
    last = report.diagnostics[-1] if report.diagnostics else None
    return last is not None and last.code == "E017" and last.place is not None and last.place.start == before.start


def _closed(written: str, text: str, start: int) -> str:
    """The whole text up to the bracket that closes it, where that is on the same line."""
    depth = 0
    for position, character in enumerate(text[start : start + 200]):
        step = _BRACKETS.get(character, 0)
        if character == "\n" or depth + step < 0:
            break
        depth += step
        if depth == 0 and position >= len(written) - 1:
            return text[start : start + position + 1]
    return written
