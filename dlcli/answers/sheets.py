"""Answer files of single students: lines `id: answer`, read one by one, so that no line spoils another.

The file is YAML, but student text breaks its rules (`a: |x|`, `b: *2`, `c: - 6`); so only what is a list or a mapping
is given to YAML, and everything else counts as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePath

from dlcli.answers.decoding import UnreadableError, decoded
from dlcli.answers.places import LONGEST_KEY, Place, Places, collected, places_of
from dlcli.answers.records import Answer, Sheet
from dlcli.answers.values import read_value, without_comment

MOST_REMARKS = 20
MOST_LINES = 100_000
MOST_COMMAS = 500_000

_HEADS = ("answers", "student")
_OPENING, _CLOSING = "([{", ")]}"
_STRUCTURE = re.compile(r'["(){},\[\]]')
_BLOCKS = ("|", ">", "|-", ">-", "|+", ">+")


@dataclass
class _Entry:
    """A key with the lines of its value. indent: of the key; places: what keys mean where it stands."""

    key: str
    lines: list[str]
    line: int
    column: int
    indent: int
    places: Places
    depth: int = 0  # brackets that are open at the end of the lines, of a value that starts with one

    def add(self, line: str) -> None:
        self.lines.append(line)
        self.count(line)

    def count(self, line: str) -> None:
        if self.lines[0][:1] in ("[", "{"):
            bare = without_comment(line)
            self.depth += sum(map(bare.count, _OPENING)) - sum(map(bare.count, _CLOSING))

    @property
    def is_block(self) -> bool:
        """Whether the lines below count as they are, after `|` or `>`."""
        return self.lines[0] in _BLOCKS

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands behind the key itself."""
        return not without_comment(self.lines[0]).strip()


@dataclass
class _Reading:
    """One sheet on its way."""

    places: Places
    student: str | None = None
    given: list[tuple[Place, Answer]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    more: int = 0
    keys: int = 0
    headed: bool = False

    def remark(self, line: int, text: str, key: str = "") -> None:
        """One more remark about a line, with the id nearest to `key`; after the first few, only their number."""
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(f"line {line}{text}{self.places.nearest(key) if key else ''}")
        else:
            self.more += 1


def read_sheet(data: bytes, name: str, ids: Collection[str]) -> Sheet:
    """The answers of one file. name: the path it has; the student is named by it unless the file says `student:`.

    ids: of the homework's questions. Never raises: what cannot be read is `invalid` for its question, a remark where
    it belongs to none, and the sheet's `error` where nothing can be read.
    """
    student = PurePath(name).stem or name
    try:
        text, remarks = decoded(data)
    except UnreadableError as error:
        return Sheet(student, name, error=str(error))
    if text.count("\n") > MOST_LINES:
        return Sheet(student, name, error=f"the file has more than {MOST_LINES:,} lines")
    if text.count(",") > MOST_COMMAS:
        return Sheet(student, name, error=f"the file has more than {MOST_COMMAS:,} commas")
    reading = _Reading(places_of(ids), remarks=list(remarks))
    start = text.lstrip()
    if start.startswith("{"):
        body = start.rstrip()
        _flow(body, 1 + text[: len(text) - len(start)].count("\n"), reading, reading.places)
    else:
        for entry in _entries(text, reading):
            _take(entry, reading)
    if not text:
        return Sheet(student, name, remarks=tuple(remarks))
    if not reading.keys:
        why = "no answer is found in the file: write `id: answer`, one a line"
        return Sheet(student, name, remarks=tuple(remarks), error=why)
    if reading.more:
        reading.remarks.append(f"and {reading.more:,} more remarks of this kind")
    return Sheet(reading.student or student, name, collected(reading.given), tuple(reading.remarks))


# Lines


def _entries(text: str, reading: _Reading) -> list[_Entry]:
    """The keys of the file, at its margin or under `answers:`, each with the lines that belong to it."""
    entries: list[_Entry] = []
    groups: list[tuple[int, Places]] = []  # indent of `P1:`, and what the keys below it mean
    ended = False  # a head stands between the last entry and this line
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if (
            not stripped
            or (stripped[0] == "#" and not (entries and entries[-1].is_block))
            or stripped in ("---", "...")
        ):
            continue
        indent = len(line.expandtabs(8)) - len(line.expandtabs(8).lstrip())
        while groups and indent <= groups[-1][0] and not _stands_below(stripped, line, indent, groups, reading):
            groups.pop()
        places = groups[-1][1] if groups else reading.places
        current = entries[-1] if entries else None
        found = _key(stripped, line, places)
        if current is not None and not ended and _belongs(current, indent, found, places):
            current.add(line)
            continue
        if found is None:
            _stray(stripped, number, reading, places)
            continue
        key, rest, column = found
        group = places.group(key)
        if (group is not None or _is_head(key, reading)) and not without_comment(rest).strip():
            reading.keys += 1
            if group is not None:
                groups.append((indent, places.inside(group)))
            else:
                reading.headed = True
            ended = True
            continue
        ended = False
        entries.append(_Entry(key, [rest], number, column, indent, places))
        entries[-1].count(rest)
    return entries


def _stands_below(stripped: str, line: str, indent: int, groups: list[tuple[int, Places]], reading: _Reading) -> bool:
    """Whether a key as far in as `P1:` itself can only be a question of it: the indent was forgotten."""
    own, around = groups[-1][1], groups[-2][1] if len(groups) > 1 else reading.places
    found = _key(stripped, line, own)
    if found is None or indent != groups[-1][0]:
        return False
    return own.find(found[0]) is not None and around.find(found[0]) is None and around.group(found[0]) is None


def _key(stripped: str, line: str, places: Places) -> tuple[str, str, int] | None:
    """Key, rest of the line, and column of the rest, where a line starts with a key."""
    body = stripped[2:].lstrip() if stripped.startswith("- ") else stripped
    start = body[: LONGEST_KEY + 1]
    if start[:1] in ("'", '"'):
        end = start.find(start[0], 1)
        key, after = start[1:end] if end > 0 else "", end + 1
    else:
        ends = [at for at in (start.find(":"), start.find("：")) if at >= 0]
        key, after = start[: min(ends)] if ends else "", min(ends, default=0)
    after += len(start[after:]) - len(start[after:].lstrip())
    if key and start[after : after + 1] in (":", "："):
        rest = body[after + 1 :]
        apart = not rest or rest[0].isspace() or start[after] == "："
        if apart or places.find(key) is not None or key.casefold() in _HEADS:
            return key.strip(), rest.strip(), _column(line, rest)
    key, equals, _ = start.partition("=")
    if equals and places.find(key.strip()) is not None and body[len(key) + 1 : len(key) + 2] != "=":
        rest = body[len(key) + 1 :]
        return key.strip(), rest.strip(), _column(line, rest)
    return None


def _column(line: str, rest: str) -> int:
    """Where a value starts that ends its line; where it would start if there is none."""
    ended = line.rstrip()
    return len(ended) - len(rest.strip()) + 1


def _belongs(current: _Entry, indent: int, found: tuple[str, str, int] | None, places: Places) -> bool:
    """Whether a line continues the value above it."""
    known = found is not None and (places.find(found[0]) is not None or found[0].casefold() in _HEADS)
    if indent > current.indent:
        return current.is_empty or current.is_block or not known
    return current.depth > 0 and not known


def _stray(stripped: str, number: int, reading: _Reading, places: Places) -> None:
    """A line that gives no answer: its question's answer is invalid, if it starts with the id of one."""
    word = re.split(r"[\s\])>,;]", stripped, maxsplit=1)[0]
    place = places.find(word)
    shown = stripped if len(stripped) <= 60 else f"{stripped[:59]}…"
    if place is not None:
        reading.keys += 1
        why = f"line {number} has no colon behind the question: `{shown}`"
        reading.given.append((place, Answer(place.id, "", invalid=why, line=number, column=1)))
    else:
        reading.remark(number, f" is no `id: answer`, and is ignored: `{shown}`")


# Keys


def _take(entry: _Entry, reading: _Reading) -> None:
    """Adds what one key gives."""
    text = "\n".join(line.rstrip() if entry.is_block else without_comment(line).rstrip() for line in entry.lines)
    _give(entry.key, text, entry.line, entry.column, reading, entry.places)


def _give(key: str, text: str, line: int, column: int, reading: _Reading, places: Places) -> None:
    place, group = places.find(key), places.group(key)
    if place is None and (group is not None or _is_head(key, reading)):
        reading.keys += 1
        if group is None:
            reading.headed = True
        if text.strip():
            _flow(text.strip(), line, reading, places if group is None else places.inside(group), key)
        return
    if place is None and key.casefold() == "student":
        reading.keys += 1
        reading.student = read_value(key, text).text or None
        return
    if place is None:
        reading.keys += 1
        shown = key if len(key) <= 60 else f"{key[:59]}…"
        reading.remark(line, f": there is no question `{shown}`", key)
        return
    reading.keys += 1
    if place.index is None and place.id not in (key, f"{places.within}.{key}"):
        reading.remark(line, f": `{key}` is read as question {place.id}")
    reading.given.append((place, read_value(place.id, text, line, column)))


def _is_head(key: str, reading: _Reading) -> bool:
    """Whether a key is `answers`, spelt well or nearly so."""
    if reading.places.find(key) is not None:
        return False
    folded = key.casefold()
    near = not reading.headed and 5 < len(key) < 10 and get_close_matches(folded, ("answers",), 1, 0.8)
    return folded == "answers" or bool(near)


# Braces


def _flow(text: str, line: int, reading: _Reading, places: Places, head: str = "answers") -> None:
    """`{a: 1, b: 2}` as JSON and YAML write it: the parts between the commas outside inner brackets."""
    if not (text.startswith("{") and text.endswith("}")):
        reading.remark(line, f": `{head}` is followed by text that is no mapping; it is ignored")
        return
    parts: list[tuple[list[str], int]] = []
    for part, at in _parts(text[1:-1], line):
        stripped = part.strip()
        if parts and stripped and _key(stripped, stripped, places) is None:
            parts[-1][0].append(part)
        elif stripped:
            parts.append(([part], at))
    for pieces, at in parts:
        whole = ",".join(pieces).strip()
        found = _key(whole, whole, places)
        if found is None:
            _stray(" ".join(whole.split()), at, reading, places)
        else:
            _give(found[0], found[1], at, 0, reading, places)


def _parts(text: str, line: int) -> list[tuple[str, int]]:
    """The pieces between commas outside brackets and quotes, each with the line that it starts on."""
    pieces: list[tuple[str, int]] = []
    depth, start, quoted = 0, 0, False
    at = line

    def end_piece(end: int) -> None:
        pieces.append((text[start:end], at + text.count("\n", start, _first(text, start, end))))

    for found in _STRUCTURE.finditer(text):
        mark = found.group()
        if mark == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif mark != ",":
            depth += 1 if mark in _OPENING else -1
        elif depth <= 0:
            end_piece(found.start())
            at += text.count("\n", start, found.start())
            start = found.end()
    end_piece(len(text))
    return pieces


def _first(text: str, start: int, end: int) -> int:
    """The place of the first character that is no space."""
    while start < end and text[start].isspace():
        start += 1
    return start
