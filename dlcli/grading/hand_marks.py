"""Points that were given by hand: a CSV with a row a student and a column a question."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from fractions import Fraction
from io import StringIO

from dlcli.answers.decoding import UnreadableError, decoded
from dlcli.errors import Diagnostic, UsageError, did_you_mean

MAX_BYTES = 10_000_000
_POINTS = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{0,9})?|[.,][0-9]{1,9}|[0-9]{1,9}/[0-9]{1,9}")


def read_hand_marks(data: bytes, name: str, most: Mapping[str, Fraction]) -> dict[str, dict[str, Fraction]]:
    """Student -> question -> points; an empty cell gives none. most: the points of each question.

    Raises UsageError (E423) with every error of the file: an unknown column, points that are no number or more than
    the question has, a student with two rows.
    """
    try:
        text, _ = decoded(data, MAX_BYTES)
    except UnreadableError as error:
        raise UsageError(Diagnostic("E423", f"`{name}`: {error}", file=name)) from None
    header_line = next((line for line in text.split("\n") if line.strip()), "")
    delimiter = max(",;\t", key=header_line.count)
    rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=False))
    rows_of = [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    if not rows_of or not rows_of[0][1][0].strip().casefold().startswith("student"):
        message = f"`{name}`: the first row is `student` and the ids of questions"
        raise UsageError(Diagnostic("E423", message, file=name, help="write for example: student,l"))
    header = [cell.strip() for cell in rows_of[0][1]]
    errors = [_unknown(title, name, most) for title in header[1:] if title and title not in most]
    found: dict[str, dict[str, Fraction]] = {}
    for number, row in rows_of[1:]:
        student = row[0].strip()
        if student in found:
            errors.append(Diagnostic("E423", f"`{name}`, row {number}: {student} has two rows", file=name))
        points = found.setdefault(student, {})
        for title, cell in zip(header[1:], row[1:], strict=False):
            if title in most and cell.strip():
                given = _points(cell.strip())
                if given is None or given > most[title]:
                    why = f"`{cell.strip()[:40]}` is not a number of points from 0 to {most[title]}"
                    errors.append(Diagnostic("E423", f"`{name}`, row {number}, {title}: {why}", file=name))
                else:
                    points[title] = given
    if errors:
        raise UsageError(*errors)
    return found


def _points(text: str) -> Fraction | None:
    """Points as `2`, `1.5`, `1,5` or `3/2`."""
    if not _POINTS.fullmatch(text):
        return None
    try:
        return Fraction(text.replace(",", "."))
    except ZeroDivisionError:
        return None


def _unknown(title: str, name: str, most: Mapping[str, Fraction]) -> Diagnostic:
    help = did_you_mean(title, dict(most)) or f"the questions are {', '.join(most)}"
    return Diagnostic("E423", f"`{name}`: there is no question `{title}`", file=name, help=help)
