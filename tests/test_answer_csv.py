"""A class as one CSV file: columns found, joined or ignored, rows that stand for themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.answers.classes import ClassFile, read_class
from dlcli.answers.records import Sheet

IDS = ("a", "b", "c")


def class_file(text: str | bytes, ids: tuple[str, ...] = IDS) -> ClassFile:
    return read_class(text if isinstance(text, bytes) else text.encode(), "class.csv", ids)


def rows(text: str | bytes) -> dict[str, dict[str, str]]:
    return {sheet.student: {key: answer.text for key, answer in sheet.answers.items()} for sheet in class_file(text)}


def only(text: str) -> Sheet:
    (sheet,) = class_file(text)
    return sheet


def test_a_row_a_student_and_a_column_a_question() -> None:
    found = class_file("student,a,b,c\ns1,1,-22/7,(yhat - y)*a3\n0012,,x,\n")
    assert (found.warnings, found.error, len(found)) == ((), None, 2)
    first, second = found
    assert {key: (answer.text, answer.line) for key, answer in first.answers.items()} == {
        "a": ("1", 2),
        "b": ("-22/7", 2),
        "c": ("(yhat - y)*a3", 2),
    }
    assert (second.student, second.file, second.answers["a"].text, second.error) == ("0012", "class.csv", "", None)


def test_entries_of_an_array_have_columns_of_their_own() -> None:
    sheet = only('student,a,b,"c[0,1]",c[1][0],C[1]\ns1,1,2,3,4,5\n')
    entries = sheet.answers["c"].entries
    assert {index: entry.text for index, entry in entries.items()} == {(0, 1): "3", (1, 0): "4", (1,): "5"}


def test_unquoted_entries_in_the_header_are_joined_and_said() -> None:
    found = class_file("student,a,b,c[0,1],c[1,0]\ns1,1,2,3,4\n")
    assert found.warnings == (
        "the columns `c[0,1]` of the header are joined: put quotes around it",
        "the columns `c[1,0]` of the header are joined: put quotes around it",
    )
    (sheet,) = found
    assert {index: entry.text for index, entry in sheet.answers["c"].entries.items()} == {(0, 1): "3", (1, 0): "4"}


def test_other_columns_are_kept_and_ignored_with_one_warning() -> None:
    found = class_file("student,e-mail,a,b,c,time,bb\ns1,x@y.z,1,2,3,10:00,\n")
    assert found.warnings == ("columns that are no question are ignored: `e-mail`, `time`, `bb` (did you mean 'b'?)",)
    (sheet,) = found
    assert sheet.extra == {"e-mail": "x@y.z", "time": "10:00", "bb": ""}
    assert set(sheet.answers) == {"a", "b", "c"}


def test_questions_without_a_column_are_named() -> None:
    assert class_file("student,a\ns1,1\n").warnings == ("there is no column for b, c",)


def test_semicolons_and_decimal_commas() -> None:
    found = class_file("student;a;b;c\ns1;2,5;-1,125;[1, 2]\n")
    assert found.warnings == ("decimal commas are read as decimal points",)
    (sheet,) = found
    assert (sheet.answers["a"].text, sheet.answers["b"].text) == ("2.5", "-1.125")
    assert sheet.answers["c"].items == ("1", "2")


def test_tabs_separate_as_well() -> None:
    assert rows("student\ta\tb\tc\ns1\t1\t2,5\t3\n") == {"s1": {"a": "1", "b": "2,5", "c": "3"}}


def test_quoted_cells_may_hold_commas_quotes_and_lines() -> None:
    text = 'student,a,b,c\n"Doe, Jane","[1, 2]","say ""x""","1\n2"\ns2,1,2,3\n'
    found = {sheet.student: sheet for sheet in class_file(text)}
    assert found["Doe, Jane"].answers["a"].items == ("1", "2")
    assert found["Doe, Jane"].answers["b"].text == 'say "x"'
    assert found["s2"].answers["a"].line == 4


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfstudent,a,b,c\r\ns1,1,2,3\r\n",
        "student,a,b,c\ns1,1,2,3\n".encode("utf-16"),
        b"Student,A,b,c\rs1,1,2,3\r",
        b"\n\nstudent,a,b,c\n\n,,,\ns1,1,2,3\n",
        b"student,a,b,c,,\ns1,1,2,3,,\n",
        b"a,b,c,student\n1,2,3,s1\n",
    ],
)
def test_forms_of_the_same_file(data: bytes) -> None:
    assert rows(data) == {"s1": {"a": "1", "b": "2", "c": "3"}}


def test_a_ragged_row_is_an_error_of_its_own() -> None:
    sheets = {sheet.student: sheet for sheet in class_file("student,a,b,c\ns1,1,2\ns2,1,2,3,4\ns3,1,2,3\n")}
    assert sheets["s1"].error == "line 2 has 3 cells, but the header has 4"
    assert sheets["s2"].error == "line 3 has 5 cells, but the header has 4; put quotes around a cell that holds `,`"
    assert sheets["s3"].error is None


def test_a_student_with_two_rows_gets_no_marks_from_either() -> None:
    sheets = list(class_file("student,a,b,c\ns1,1,2,3\ns2,1,2,3\n s1,4,5,6\n"))
    why = "the student has several rows, in lines 2, 4; keep one"
    assert [(sheet.student, sheet.error) for sheet in sheets] == [("s1", why), ("s2", None), ("s1", why)]


def test_a_row_without_a_student_is_named_by_its_line() -> None:
    sheet = only("student,a,b,c\n,1,2,3\n")
    assert (sheet.student, sheet.error) == ("line 2", "line 2 names no student")


def test_two_columns_for_one_question() -> None:
    found = class_file("student,a,a,b,c\ns1,1,2,3,4\ns2,1,1,3,4\n")
    assert found.warnings == ("there are several columns for `a`",)
    first, second = found
    assert first.answers["a"].invalid == "the answer is given twice: `1` (line 2) and `2` (line 2)"
    assert second.answers["a"].invalid is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "the file is empty"),
        ("name,a,b\ns1,1,2\n", "the first column must be `student`, but is `name`"),
        ("ab\0", "the file is not text: byte 3 is 0"),
        (
            "x" * 200_000,
            "the header cannot be read: line 1 is no row of a CSV file: field larger than field limit (131072)",
        ),
    ],
)
def test_a_file_without_rows_says_why(text: str, error: str) -> None:
    found = class_file(text)
    assert (found.error, list(found)) == (error, [])


def test_a_cell_too_large_is_an_error_of_its_row() -> None:
    first, second = class_file("student,a,b,c\ns1," + "9" * 200_000 + ",2,3\ns2,1,2,3\n")
    assert first.error == "line 2 is no row of a CSV file: field larger than field limit (131072)"
    assert (second.student, second.answers["a"].text) == ("s2", "1")


def test_a_class_of_thousands() -> None:
    ids = tuple(f"q{number}" for number in range(10))
    lines = [",".join([f"s{k}", *(f"{k}.{number}" for number in range(10))]) for k in range(10_000)]
    sheets = list(class_file("\n".join([",".join(["student", *ids]), *lines]), ids))
    assert len(sheets) == 10_000
    assert [sheets[9_999].answers[key].text for key in ids] == [f"9999.{number}" for number in range(10)]


@given(st.lists(st.one_of(st.text(max_size=15), st.sampled_from(["s1,1,2,3", '"', "a,b;c", "s1;2,5"])), max_size=6))
def test_any_text_gives_rows_or_a_reason(written: list[str]) -> None:
    for start in ("", "student,a,b,c\n", "student;a;c[0,1]\n"):
        data = (start + "\n".join(written)).encode("utf-8", errors="surrogatepass")
        found = class_file(data)
        sheets = list(found)
        assert not (found.error and sheets)
        assert all(set(sheet.answers) <= set(IDS) for sheet in sheets)
