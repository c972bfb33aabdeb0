"""A class as one CSV file: a row a student, a column a question or an entry of one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO

from dlcli.answers.decoding import EMPTY, UnreadableError, decoded
from dlcli.answers.places import Place, Places, collected, places_of
from dlcli.answers.records import Answer, Sheet
from dlcli.answers.values import NULLS, read_value

MAX_BYTES = 100_000_000
_STUDENT = ("student", "student id", "student_id", "studentid", "student name", "students")
_DECIMAL_COMMA = re.compile(r"[+-−]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class _Row:
    line: int
    cells: tuple[str, ...]
    fault: str | None = None


@dataclass(frozen=True)
class ClassFile:
    """The rows of a class file; going through it gives a Sheet a student, in the order of the rows.

    warnings: what concerns the file as a whole; error: why no row can be read, and then there are none.
    """

    name: str
    warnings: tuple[str, ...] = ()
    error: str | None = None
    header: tuple[str, ...] = ()
    places: Mapping[int, Place] = field(default_factory=dict)
    student: int = 0
    commas: bool = False
    rows: tuple[_Row, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Sheet]:
        lines: dict[str, list[int]] = {}
        for row in self.rows:
            if row.fault is None:
                lines.setdefault(row.cells[self.student].strip(), []).append(row.line)
        for row in self.rows:
            yield self._sheet(row, lines)

    def _sheet(self, row: _Row, lines: Mapping[str, list[int]]) -> Sheet:
        student = row.cells[self.student].strip() if len(row.cells) > self.student else ""
        fault = row.fault
        if fault is None and not student:
            fault = f"line {row.line} names no student"
        elif fault is None and len(lines[student]) > 1:
            fault = f"the student has several rows, in lines {', '.join(map(str, lines[student]))}; keep one"
        if fault is not None:
            return Sheet(student or f"line {row.line}", self.name, error=fault)
        given = []
        for position, place in self.places.items():
            text = row.cells[position].strip()
            if self.commas and _DECIMAL_COMMA.fullmatch(text):
                text = text.replace(",", ".")
            if text[:1] in ("[", "{"):
                answer = read_value(place.id, text, row.line)
            else:
                answer = Answer(place.id, "" if text in NULLS else text, line=row.line)
            given.append((place, answer))
        extra = {
            title: row.cells[position]
            for position, title in enumerate(self.header)
            if position not in self.places and position != self.student
        }
        return Sheet(student, self.name, collected(given), extra=extra)


def read_class(data: bytes, name: str, ids: Collection[str]) -> ClassFile:
    """The students of a CSV file, separated by commas, semicolons or tabs. Never raises.

    The first column is `student`, the others are question ids or entries as "c[0,1]" or c[0][1]. In a file with
    semicolons, `2,5` in a cell is 2.5. A row with too few or too many cells, or of a student who has another
    row, is a Sheet with an error.
    """
    try:
        text, remarks = decoded(data, MAX_BYTES)
    except UnreadableError as error:
        return ClassFile(name, error=str(error))
    if not text:
        return ClassFile(name, error=EMPTY)
    delimiter = _delimiter(text)
    rows = list(_rows(text, delimiter))
    if not rows or rows[0].fault is not None:
        why = rows[0].fault if rows else "there is no row"
        return ClassFile(name, remarks, f"the header cannot be read: {why}")
    header, joined = _header(rows[0].cells)
    warnings = list(remarks)
    warnings += [f"the columns `{title}` of the header are joined: put quotes around it" for title in joined]
    student = next((p for p, title in enumerate(header) if title.casefold() in _STUDENT), None)
    if student is None:
        first = header[0] if header else ""
        return ClassFile(name, tuple(warnings), f"the first column must be `student`, but is `{first[:40]}`")
    if student:
        warnings.append(f"the column `{header[student]}` is not the first one")
    places = _places(header, student, places_of(ids), warnings)
    if delimiter == ";":
        warnings += [] if not _has_commas(rows) else ["decimal commas are read as decimal points"]
    checked = tuple(_checked(row, len(header), delimiter) for row in rows[1:])
    return ClassFile(name, tuple(warnings), None, header, places, student, delimiter == ";", checked)


def _delimiter(text: str) -> str:
    """The separator of the header: the one that `student` is followed by, else the most frequent."""
    header = next(line for line in text.split("\n") if line.strip())
    found = re.match(r"\s*\"?[^\",;\t]*\"?\s*([,;\t])", header)
    outside = re.sub(r"\"[^\"]*\"|\[[^\]]*\]", "", header)
    counts = Counter(character for character in outside if character in ",;\t")
    if found is not None and counts[found.group(1)] == max(counts.values(), default=0):
        return found.group(1)
    return max(counts, key=lambda c: counts[c]) if counts else ","


def _rows(text: str, delimiter: str) -> Iterator[_Row]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Row(line, (), f"line {line} is no row of a CSV file: {error}")
            continue
        if any(cell.strip() for cell in cells):
            yield _Row(line, tuple(cells))


def _header(cells: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The titles of the columns, with those that a comma inside brackets has split put together again."""
    titles: list[str] = []
    joined = []
    open_title: list[str] = []
    for cell in cells:
        open_title.append(cell.strip())
        title = ",".join(open_title)
        if title.count("[") > title.count("]") and len(open_title) < 8:
            continue
        if len(open_title) > 1:
            joined.append(title)
        titles.append(title)
        open_title = []
    titles += open_title
    while titles and not titles[-1]:
        titles.pop()
    return tuple(titles), joined


def _places(header: tuple[str, ...], student: int, known: Places, warnings: list[str]) -> dict[int, Place]:
    """Position of a column -> the question or entry that it holds."""
    places: dict[int, Place] = {}
    other = []
    for position, title in enumerate(header):
        if position == student:
            continue
        place = known.find(title)
        if place is None:
            other.append(f"`{title[:40]}`{known.nearest(title).replace('; ', ' (').replace('?', '?)')}")
            continue
        if place in places.values():
            warnings.append(f"there are several columns for `{title}`")
        places[position] = place
    if other:
        listed = ", ".join(other[:10]) + (f" and {len(other) - 10} more" if len(other) > 10 else "")
        warnings.append(f"columns that are no question are ignored: {listed}")
    given = {place.id for place in places.values()}
    missing = sorted(known.ids - given)
    if missing:
        listed = ", ".join(missing[:10]) + (" and others" if len(missing) > 10 else "")
        warnings.append(f"there is no column for {listed}")
    return places


def _has_commas(rows: list[_Row]) -> bool:
    return any(_DECIMAL_COMMA.fullmatch(cell.strip()) for row in rows[1:] for cell in row.cells)


def _checked(row: _Row, width: int, delimiter: str) -> _Row:
    """The row with as many cells as the header has, or with the reason why it has others."""
    if row.fault is not None or len(row.cells) == width:
        return row
    if len(row.cells) > width and not any(cell.strip() for cell in row.cells[width:]):
        return _Row(row.line, row.cells[:width])
    why = f"line {row.line} has {len(row.cells)} cells, but the header has {width}"
    if len(row.cells) > width:
        why += f"; put quotes around a cell that holds `{delimiter}`"
    return _Row(row.line, row.cells, why)
