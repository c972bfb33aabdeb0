"""Errors as printed: the form of the documentation, carets after every kind of character, crops, JSON."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from dlcli.errors import Diagnostic, Label, Place, Source
from dlcli.render.console import Medium
from dlcli.render.diagnostics import diagnostic_record, diagnostic_text, diagnostics_text, summary

PIPE = Medium()


def place(source: Source, part: str, to: str | None = None) -> Place:
    start = source.text.index(part)
    end = start + len(part) if to is None else source.text.index(to) + len(to)
    return Place(source, start, end)


def shown(text: str) -> str:
    return dedent(text).removeprefix("\n")


WRONG_SHAPE = Source(
    "homework.yaml",
    "\n" * 8
    + "  - dense: {name: hidden, units: 2, activation: sigmoid}\n"
    + "\n" * 4
    + "    W2: [[0.40, 0.45, 0.50]]\n",
)


def test_error_has_the_documented_form() -> None:
    matrix = place(WRONG_SHAPE, "[[0.40, 0.45, 0.50]]")
    diagnostic = Diagnostic(
        "E204",
        "W2 has shape (1, 3), but layer 2 needs (1, 2)",
        matrix,
        (
            Label(place(WRONG_SHAPE, "units: 2"), "the hidden layer has 2 units"),
            Label(matrix, "1 row of 3 columns"),
        ),
        "give W2 one row per output unit and one column per hidden unit",
        ("dlcli computes z = W x + b; if your course writes z = x W + b, set `convention: row`",),
    )
    assert diagnostic_text(diagnostic, PIPE) == shown(
        """
        error[E204]: W2 has shape (1, 3), but layer 2 needs (1, 2)
          --> homework.yaml:14:9
           |
         9 |   - dense: {name: hidden, units: 2, activation: sigmoid}
           |                           -------- the hidden layer has 2 units
        14 |     W2: [[0.40, 0.45, 0.50]]
           |         ^^^^^^^^^^^^^^^^^^^^ 1 row of 3 columns
           = help: give W2 one row per output unit and one column per hidden unit
           = note: dlcli computes z = W x + b; if your course writes z = x W + b, set `convention: row`
        """
    )


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("\tW: [1, bad]", "    W: [1, "),
        ("  \tW: bad", "    W: "),
        ("Übung: bad", "Übung: "),
        ("e\u0301: bad", "e\u0301: "),
        ("木: bad", "木木: ".replace("木木", "木")),
        ("\x07: bad", r"\x07: "),
    ],
)
def test_caret_stands_under_its_place(line: str, before: str) -> None:
    from dlcli.render.text import display_width

    source = Source("a.yaml", line)
    report = diagnostic_text(Diagnostic("E101", "unknown", place(source, "bad")), PIPE).split("\n")
    assert report[3] == "1 | " + before + "bad" + line.partition("bad")[2]
    assert report[4] == "  | " + " " * display_width(before) + "^^^"


def test_caret_counts_escapes_where_letters_cannot_be_encoded() -> None:
    source = Source("a.yaml", "木: bad")
    plain = Medium(encoding="ascii", letters=False)
    assert diagnostic_text(Diagnostic("E101", "unknown 木", place(source, "bad")), plain) == shown(
        r"""
        error[E101]: unknown \u6728
         --> a.yaml:1:4
          |
        1 | \u6728: bad
          |         ^^^
        """
    )


def test_columns_in_the_arrow_count_characters() -> None:
    source = Source("a.yaml", "\te\u0301木: bad")
    assert " --> a.yaml:1:7\n" in diagnostic_text(Diagnostic("E101", "x", place(source, "bad")), PIPE)


def test_long_line_is_cropped_around_the_caret() -> None:
    source = Source("a.yaml", "a, " * 100 + "HERE" + " b," * 100)
    assert diagnostic_text(Diagnostic("E101", "x", place(source, "HERE")), Medium(width=60)) == shown(
        """
        error[E101]: x
         --> a.yaml:1:301
          |
        1 | …, a, a, a, a, a, a, a, a, a, a, HERE b, b, b, b, b, b,…
          |                                  ^^^^
        """
    )


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_cropped_lines_fit_the_terminal(width: int) -> None:
    source = Source("a.yaml", "木, " * 1000 + "HERE" + " 木," * 1000)
    report = diagnostic_text(Diagnostic("E101", "x", place(source, "HERE")), Medium(width=width)).split("\n")
    from dlcli.render.text import display_width

    assert display_width(report[3]) <= width
    start = report[4].index("^")
    assert display_width(report[3][: report[3].index("HERE")]) == start


def test_label_far_away_on_a_long_line_gets_a_line_of_its_own() -> None:
    source = Source("a.yaml", "first" + " a," * 100 + "HERE")
    diagnostic = Diagnostic("E009", "x", place(source, "HERE"), (Label(place(source, "first"), "given here"),))
    lines = diagnostic_text(diagnostic, Medium(width=60)).split("\n")
    assert lines[4].index("^^^^") == lines[3].index("HERE")
    assert lines[6] == "  | ----- given here"
    assert lines[5].startswith("1 | first a,")


def test_label_on_the_same_line_stands_below_the_caret() -> None:
    source = Source("a.yaml", "inputs: {x: 1, y: 2}")
    diagnostic = Diagnostic("E009", "x is given twice", place(source, "y"), (Label(place(source, "x"), "first"),))
    assert diagnostic_text(diagnostic, PIPE) == shown(
        """
        error[E009]: x is given twice
         --> a.yaml:1:16
          |
        1 | inputs: {x: 1, y: 2}
          |                ^
          |          - first
        """
    )


def test_place_over_several_lines_shows_the_first_and_the_last() -> None:
    source = Source("a.yaml", "title: x\nnetwork:\n  - a\n  - b\n  - cc\n")
    diagnostic = Diagnostic("E105", "x", place(source, "- a", "- cc"), (Label(place(source, "title"), "here"),))
    assert diagnostic_text(diagnostic, PIPE) == shown(
        """
        error[E105]: x
         --> a.yaml:3:3
          |
        1 | title: x
          | ----- here
        3 |   - a
          |   ^^^
        5 |   - cc
          |   ^^^^
        """
    )


def test_at_most_three_lines_of_the_file_are_shown() -> None:
    source = Source("a.yaml", "a\nb\nc\nd\ne\n")
    labels = tuple(Label(place(source, letter), f"this is {letter}") for letter in "abcd")
    report = diagnostic_text(Diagnostic("E105", "x", place(source, "e"), labels), PIPE)
    assert report.count(" | ") - report.count("  | ") == 3
    assert "this is a" not in report
    assert "this is d" in report


def test_end_of_the_file_has_a_caret() -> None:
    source = Source("a.yaml", "a: [\n")
    report = diagnostic_text(Diagnostic("E008", "not closed", Place(source, 5, 5)), PIPE)
    assert report == "error[E008]: not closed\n --> a.yaml:2:1\n  |\n2 |\n  | ^\n"


def test_file_without_a_place_is_named() -> None:
    report = diagnostic_text(Diagnostic("E001", "no such file", file="a\x1bb.yaml", help="look"), PIPE)
    assert report == "error[E001]: no such file\n --> a\\x1bb.yaml\n  = help: look\n"


def test_advice_is_a_warning() -> None:
    assert diagnostic_text(Diagnostic("W901", "odd"), PIPE) == "warning[W901]: odd\n"


def test_help_of_several_lines_is_indented() -> None:
    assert diagnostic_text(Diagnostic("E101", "x", help="write\n  a: 1"), PIPE) == (
        "error[E101]: x\n  = help: write\n            a: 1\n"
    )


def test_label_in_another_file_names_it() -> None:
    here, there = Source("a.yaml", "one"), Source("b.yaml", "two")
    diagnostic = Diagnostic("E104", "x", place(here, "one"), (Label(place(there, "two"), "first here"),))
    assert " ::: b.yaml:1:1: first here\n" in diagnostic_text(diagnostic, PIPE)


def test_colour_changes_nothing_but_colour() -> None:
    import re

    diagnostic = Diagnostic("E101", "x", place(WRONG_SHAPE, "units"), help="h", notes=("n",))
    colored = diagnostic_text(diagnostic, Medium(color=True))
    assert "\x1b[1;31merror[E101]" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == diagnostic_text(diagnostic, PIPE)


def test_several_errors_are_counted() -> None:
    two = [Diagnostic("E101", "x"), Diagnostic("E102", "y")]
    assert diagnostics_text(two, PIPE) == "error[E101]: x\n\nerror[E102]: y\n"
    assert summary(two, "a.yaml", PIPE) == "2 errors in a.yaml; nothing was computed from it\n"
    assert summary(two[:1], "a.yaml", PIPE) == ""


def test_line_of_megabytes_is_cropped() -> None:
    source = Source("a.yaml", "a" * 3_000_000 + "HERE" + "b" * 3_000_000)
    report = diagnostic_text(Diagnostic("E101", "x", place(source, "HERE", "b" * 3_000_000)), Medium(width=80))
    assert all(len(line) <= 80 for line in report.split("\n"))


def test_json_has_every_position() -> None:
    record = diagnostic_record(Diagnostic("E204", "x", place(WRONG_SHAPE, "[[0.40, 0.45, 0.50]]"), help="h"))
    assert record == {
        "code": "E204", "message": "x", "file": "homework.yaml", "line": 14, "column": 9,
        "end_line": 14, "end_column": 29, "help": "h",
    }  # fmt: skip
    assert json.loads(json.dumps(record)) == record


def test_json_without_a_place_has_the_file() -> None:
    record = diagnostic_record(Diagnostic("E001", "x", file="a.yaml", notes=("n",)))
    assert (record["file"], record["line"], record["end_column"]) == ("a.yaml", None, None)
    assert record["notes"] == ["n"]
