"""The files of tests/grading_class as plain texts and records, read without dlcli."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "grading_class"
VERDICTS = ("correct", "partial", "follow_through", "wrong", "missing", "invalid", "undecided")


@dataclass(frozen=True)
class HandMark:
    """One line of marks.yaml. facts: its other keys, as nested texts."""

    student: str
    id: str
    verdict: str
    points: Fraction
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class HandStudent:
    """The marks of one student; status "error" where the file cannot be read."""

    name: str
    status: str
    score: Fraction
    score_diagnosed: Fraction
    marks: Mapping[str, HandMark]


@dataclass(frozen=True)
class Asked:
    """What homework.yaml says of a question: all texts as they stand."""

    id: str
    points: Fraction
    bonus: bool
    keys: Mapping[str, Any]


def texts(path: Path) -> Any:
    """A YAML file with every scalar as the text that it is."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


@cache
def hand_marks() -> Mapping[str, HandStudent]:
    """marks.yaml by student."""
    found = {}
    for name, entry in texts(FOLDER / "marks.yaml")["students"].items():
        marks = {}
        for identity, line in entry["marks"].items():
            facts = {key: value for key, value in line.items() if key not in ("verdict", "points")}
            marks[identity] = HandMark(name, identity, line["verdict"], Fraction(line["points"]), facts)
        score, diagnosed = Fraction(entry["score"]), Fraction(entry["score_diagnosed"])
        found[name] = HandStudent(name, entry["status"], score, diagnosed, marks)
    return found


@cache
def asked() -> Mapping[str, Asked]:
    """The questions of homework.yaml, parts unfolded."""
    found: dict[str, Asked] = {}
    for question in texts(FOLDER / "homework.yaml")["questions"]:
        for part in question.get("parts", [None]):
            keys = question if part is None else part
            identity = question["id"] if part is None else f"{question['id']}.{part['id']}"
            bonus = keys.get("bonus") == "true"
            found[identity] = Asked(identity, Fraction(keys.get("points", "1")), bonus, keys)
    return found


@cache
def answers(student: str) -> Mapping[str, Any]:
    """The answers of a student's file by id: nested texts; `{}` of an empty file.

    A file that is no YAML is read line by line. Raises UnicodeDecodeError where the bytes are neither UTF-8 nor text
    in Latin-1.
    """
    data = (FOLDER / "answers" / f"{student}.yaml").read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        if b"\x00" in data:
            raise
        text = data.decode("latin-1")
    try:
        found = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return dict(re.findall(r"^  ([^:\s]+): (.*)$", text, flags=re.MULTILINE))
    return {} if found is None else found["answers"]


@cache
def lines_as_written(student: str) -> Mapping[str, str]:
    """Each line `id: text` of a student's file, with the text as it stands, quotes included."""
    text = (FOLDER / "answers" / f"{student}.yaml").read_text(encoding="utf-8", errors="replace")
    return dict(re.findall(r"^  \"?([^:\"]+)\"?: (.*)$", text, flags=re.MULTILINE))


def csv_rows(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV file by column."""
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))
