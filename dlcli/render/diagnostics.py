"""Errors and advice with their places in the file: lines and carets for people, records for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.errors import Diagnostic, Label, Place
from dlcli.render.console import Medium, painted
from dlcli.render.text import own, shown_characters, visible, visible_lines

MOST_LINES = 3  # of the file, in one report
PIPE_WIDTH = 120  # where a line of the file is cropped when nobody's terminal limits it


@dataclass(frozen=True)
class _Mark:
    """A stretch of one line, columns from 1 with `end` exclusive, and what is said about it."""

    line: int
    start: int
    end: int
    text: str
    main: bool


def diagnostics_text(diagnostics: Sequence[Diagnostic], on: Medium) -> str:
    """All diagnostics of a file, in the order given, a blank line between two."""
    return "\n".join(diagnostic_text(diagnostic, on) for diagnostic in diagnostics)


def diagnostic_text(diagnostic: Diagnostic, on: Medium) -> str:
    """One diagnostic: code and sentence, place, lines with carets, help, notes."""
    advice = diagnostic.code.startswith("W")
    word, color = ("warning", "yellow") if advice else ("error", "red")
    head = painted(f"{word}[{diagnostic.code}]", color, on)
    message = painted(": " + visible(own(diagnostic.message, on), on), "bold", on)
    lines = [head + message]
    marks = _marks(diagnostic)
    gutter = max((len(str(mark.line)) for mark in marks), default=1)
    place = diagnostic.place
    if place is not None:
        lines.append(_arrow("-->", place, gutter, on))
        lines += _snippet(place, marks, gutter, color, on)
    elif diagnostic.file is not None:
        lines.append(" " * gutter + painted("-->", "blue", on) + " " + visible(diagnostic.file, on))
    for label in diagnostic.labels:
        if place is None or label.place.source is not place.source:
            lines.append(_arrow(":::", label.place, gutter, on) + ": " + visible(own(label.text, on), on))
    notes = [("help", diagnostic.help)] if diagnostic.help else []
    for kind, text in [*notes, *(("note", note) for note in diagnostic.notes)]:
        lines += _remark(kind, text, gutter, on)
    return "\n".join(lines) + "\n"


def _arrow(arrow: str, place: Place, gutter: int, on: Medium) -> str:
    where = f"{visible(place.file, on)}:{place.line}:{place.column}"
    return " " * gutter + painted(arrow, "blue", on) + " " + where


def _remark(kind: str, text: str, gutter: int, on: Medium) -> list[str]:
    first, *more = visible_lines(own(text, on), on).split("\n")
    margin = " " * (gutter + 1)
    head = f"{margin}{painted('=', 'blue', on)} {painted(kind + ':', 'cyan', on)} {first}"
    return [head, *(f"{margin}  {' ' * len(kind)}  {line}" for line in more)]


def _marks(diagnostic: Diagnostic) -> list[_Mark]:
    """What is marked: the place, the labels in the same source, at most MOST_LINES lines, in line order."""
    place = diagnostic.place
    if place is None:
        return []
    said = [label.text for label in diagnostic.labels if label.place == place]
    others = [x for x in diagnostic.labels if x.place != place and x.place.source is place.source]
    first, *last = _stretches(place, said[0] if said else "", main=True)
    labels = [_stretches(label.place, label.text, main=False)[0] for label in _nearest(others, first.line)]
    kept: list[_Mark] = []
    for mark in [first, *labels, *last]:
        if len({m.line for m in kept} | {mark.line}) <= MOST_LINES:
            kept.append(mark)
    return sorted(kept, key=lambda mark: mark.line)


def _nearest(labels: Iterable[Label], line: int) -> list[Label]:
    return sorted(labels, key=lambda label: abs(label.place.line - line))


def _stretches(place: Place, text: str, main: bool) -> list[_Mark]:
    """The first line of a place, and of a place over several lines the last one."""
    source = place.source
    line, start = source.position(place.start)
    last, end = source.position(max(place.end - 1, place.start))
    if last == line:
        return [_Mark(line, start, max(end, start) + 1, text, main)]
    length = len(source.line(line))
    indent = len(source.line(last)) - len(source.line(last).lstrip())
    return [
        _Mark(line, start, max(length, start) + 1, text, main),
        _Mark(last, indent + 1, max(end, indent + 1) + 1, "", main),
    ]


def _snippet(place: Place, marks: Sequence[_Mark], gutter: int, color: str, on: Medium) -> list[str]:
    bar = painted("|", "blue", on)
    lines = [" " * (gutter + 1) + bar]
    shown = (0, "")
    for mark in marks:
        text, before, width = _window(place.source.line(mark.line), mark, on, gutter + 3)
        if (mark.line, text) != shown:
            lines.append(f"{painted(str(mark.line).rjust(gutter), 'blue', on)} {bar} {text}".rstrip())
            shown = (mark.line, text)
        carets = painted(("^" if mark.main else "-") * width, color if mark.main else "blue", on)
        said = " " + visible(own(mark.text, on), on) if mark.text else ""
        lines.append(f"{' ' * (gutter + 1)}{bar} {' ' * before}{carets}{said}")
    return lines


def _window(line: str, mark: _Mark, on: Medium, margin: int) -> tuple[str, int, int]:
    """The line, or the part of it around the mark: its text, columns before the mark, columns of the mark."""
    room = max((on.width or PIPE_WIDTH) - margin, 20)
    dots = own("…", on)
    cut = max(0, mark.start - 1 - 4 * room)  # so that a line of megabytes costs no more than a short one
    start = mark.start - 1 - cut
    end = min(mark.end - 1 - cut, start + 5 * room)
    shown = list(shown_characters(line[cut : cut + end + 4 * room], on))
    if sum(width for _, width in shown) <= room and len(shown) == len(line):
        return _joined(shown), _columns(shown[:start]), _marked(shown, start, end)
    first, last = _around(shown, start, end, room - 2 * len(dots))
    left, right = dots if first + cut > 0 else "", dots if last + cut < len(line) else ""
    before = len(left) + _columns(shown[first:start])
    return left + _joined(shown[first:last]) + right, before, _marked(shown, start, min(end, last))


def _around(shown: Sequence[tuple[str, int]], start: int, end: int, room: int) -> tuple[int, int]:
    """Characters [first, last) that fit: at most a third of the room before the mark, the rest from it on."""
    first, used = min(start, len(shown)), 0
    wanted = max(room // 3, room - _columns(shown[start:end]) - room // 3)
    while first > 0 and used + shown[first - 1][1] <= wanted:
        first -= 1
        used += shown[first][1]
    last = first
    used = 0
    while last < len(shown) and used + shown[last][1] <= room:
        used += shown[last][1]
        last += 1
    return first, last


def _joined(shown: Sequence[tuple[str, int]]) -> str:
    return "".join(text for text, _ in shown)


def _columns(shown: Sequence[tuple[str, int]]) -> int:
    return sum(width for _, width in shown)


def _marked(shown: Sequence[tuple[str, int]], start: int, end: int) -> int:
    return max(_columns(shown[start:end]), 1)


def summary(diagnostics: Sequence[Diagnostic], file: str, on: Medium) -> str:
    """One line under several errors; nothing under one."""
    errors = sum(not diagnostic.code.startswith("W") for diagnostic in diagnostics)
    return f"{errors} errors in {visible(file, on)}; nothing was computed from it\n" if errors > 1 else ""


def diagnostic_record(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic as a JSON object; positions count from 1, the end is exclusive."""
    place = diagnostic.place
    record: dict[str, Any] = {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": place.file if place else diagnostic.file,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "end_column": place.end_column if place else None,
        "help": diagnostic.help,
    }
    if diagnostic.notes:
        record["notes"] = list(diagnostic.notes)
    if diagnostic.labels:
        record["labels"] = [
            {
                "text": label.text,
                "file": label.place.file,
                "line": label.place.line,
                "column": label.place.column,
            }
            for label in diagnostic.labels
        ]
    return record
