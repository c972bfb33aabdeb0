"""Answer files: each line stands for itself, in whatever encoding and form a student saves it."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.answers.records import Sheet
from dlcli.answers.sheets import MOST_LINES, read_sheet

IDS = ("a", "b", "c", "g", "i", "k", "m", "W", "P2.a")


def sheet(text: str | bytes, name: str = "answers/s1024.yaml") -> Sheet:
    data = text if isinstance(text, bytes) else dedent(text).encode()
    return read_sheet(data, name, IDS)


def texts(text: str | bytes) -> dict[str, str]:
    return {key: answer.text for key, answer in sheet(text).answers.items()}


EXAMPLE = """\
    student: 0012345          # as written
    answers:
      a: 0.99999999989738
      b: -6                   # a number
      g: (yhat - y) * a3
      i: C
      m: {file: s1024.py}
    """


def test_the_example_of_the_format() -> None:
    found = sheet(EXAMPLE)
    assert (found.student, found.file, found.error, found.remarks) == ("0012345", "answers/s1024.yaml", None, ())
    given = {key: answer.text for key, answer in found.answers.items() if key != "m"}
    assert given == {"a": "0.99999999989738", "b": "-6", "g": "(yhat - y) * a3", "i": "C"}
    assert found.answers["m"].file == "s1024.py"
    assert [(answer.line, answer.column) for answer in found.answers.values()] == [
        (3, 6),
        (4, 6),
        (5, 6),
        (6, 6),
        (7, 6),
    ]


def test_student_is_named_by_the_file_otherwise() -> None:
    assert sheet("a: 1").student == "s1024"
    assert sheet("student:\na: 1").student == "s1024"


@pytest.mark.parametrize(
    "written",
    [
        *(
            "|x|",
            "*2",
            "- 6",
            ">0",
            ">1",
            "|2",
            "&x",
            "!x",
            "@x",
            "%5",
            "`x`",
            "? x",
            "x: 3",
            "[1, 2",
            "(1, 2",
            "{a+b}/2",
        ),
        *("[1, 2; 3, 4]", "[a+b]*2", "2,5", "'x'(z)", "sigmoid'(z)", r"\frac{a}{b}", "#5", "=3", "yes", "no", "1.10"),
    ],
)
def test_text_that_yaml_would_not_keep_counts_as_written(written: str) -> None:
    found = sheet(f"answers:\n  a: {written}\n  b: 2\n")
    expected = "" if written.startswith("#") else written
    assert (found.answers["a"].text, found.answers["a"].items, found.answers["a"].invalid) == (expected, None, None)
    assert found.answers["b"].text == "2"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"0.5"', "0.5"),
        ("'it''s'", "it's"),
        (r'"\frac{a}{b}"', r"\frac{a}{b}"),
        (r'"\\frac{a}{b}"', r"\frac{a}{b}"),
        ('"x # y"', "x # y"),
        ("x # y", "x"),
        ("x#y", "x#y"),
        ("~", ""),
        ("null", ""),
        ('"', '"'),
    ],
)
def test_quotes_comments_and_nothing(written: str, text: str) -> None:
    assert texts(f"a: {written}\nb: 1") == {"a": text, "b": "1"}


def test_lists_become_items() -> None:
    found = sheet("""\
        a: [1, -2.50, 1/3]
        b: [[1, 2],
            [3, 4]]
        c:
          - 1
          - - 2
            - 3
        g: [1 2; 3 4]
        """).answers
    assert found["a"].items == ("1", "-2.50", "1/3")
    assert found["b"].items == (("1", "2"), ("3", "4"))
    assert found["b"].text == "[[1, 2], [3, 4]]"
    assert found["c"].items == ("1", ("2", "3"))
    assert (found["g"].items, found["g"].text) == (None, "[1 2; 3 4]")


def test_mappings_become_fields_or_files() -> None:
    found = sheet("""\
        k: {W_h: [[1, 2]], b_h: 0}
        m:
          file: work.py::my_backward
        g:
          W: [1, 2]
          b: 3
        """).answers
    assert found["k"].fields["W_h"].items == (("1", "2"),)
    assert found["k"].fields["b_h"].text == "0"
    assert found["m"].file == "work.py::my_backward"
    assert found["g"].fields["W"].items == ("1", "2")


def test_long_answers_may_take_several_lines() -> None:
    assert texts("a: x +\n   y\nb: |\n  x +\n  y # kept\nc: >\n  x\n") == {"a": "x + y", "b": "x +\ny # kept", "c": "x"}


@pytest.mark.parametrize("key", ["W[0,1]", "W[0, 1]", "W[0][1]", '"W[0,1]"', "w[0,1]", "W [0,1]"])
def test_one_entry_of_an_array(key: str) -> None:
    answer = sheet(f"{key}: 3\nW[1,0]: -4\n").answers["W"]
    assert {index: entry.text for index, entry in answer.entries.items()} == {(0, 1): "3", (1, 0): "-4"}
    assert (answer.text, answer.invalid) == ("", None)


def test_an_entry_given_twice_is_invalid_alone() -> None:
    entries = sheet("W[0,1]: 3\nW[0][1]: 4\nW[0,0]: 5\n").answers["W"].entries
    assert entries[0, 1].invalid == "the answer is given twice: `3` (line 1) and `4` (line 2)"
    assert entries[0, 0].invalid is None


def test_an_array_given_as_a_whole_and_by_entries_is_invalid() -> None:
    found = sheet("W: [[1, 2], [3, 4]]\nW[0,0]: 5\na: 1\n").answers
    assert found["W"].invalid == "the answer is given as a whole and entry by entry, so it is not clear which counts"
    assert found["a"].invalid is None


def test_an_answer_given_twice_is_invalid_and_both_are_shown() -> None:
    found = sheet("a: 1\nb: 2\na: 3\nb: 2\nc:\nc: 5\n").answers
    assert found["a"].invalid == "the answer is given twice: `1` (line 1) and `3` (line 3)"
    assert (found["b"].text, found["b"].invalid) == ("2", None)
    assert (found["c"].text, found["c"].invalid) == ("5", None)


def test_the_key_answers_is_not_needed() -> None:
    assert texts("a: 1\nP2.a: 2\n") == {"a": "1", "P2.a": "2"}
    assert texts("Answers:\n  a: 1\n") == {"a": "1"}
    assert texts("anwsers:\n  a: 1\n") == {"a": "1"}
    assert texts("answers:\na: 1\n") == {"a": "1"}
    assert texts("answers:\n  - a: 1\n  - b: 2\n") == {"a": "1", "b": "2"}


def test_json_is_read_as_well() -> None:
    found = sheet(
        '{"student": "x9",\n "answers": {"a": 1,\n  "b": "\\\\frac{1}{2}", "c": [1, 2], "m": {"file": "f.py"}}}'
    )
    assert found.student == "x9"
    assert {key: answer.text for key, answer in found.answers.items() if key in "ab"} == {"a": "1", "b": r"\frac{1}{2}"}
    assert found.answers["c"].items == ("1", "2")
    assert found.answers["m"].file == "f.py"
    assert [found.answers[key].line for key in "abcm"] == [2, 3, 3, 3]


def test_a_mapping_in_braces_is_split_at_keys() -> None:
    assert texts("answers: {a: |x|, b: 2,5, c: (1, 2)}") == {"a": "|x|", "b": "2,5", "c": "(1, 2)"}


def test_case_and_colons_are_forgiven() -> None:
    found = sheet("A: 1\nb:2\nc=3\ng：4\n(i): C\n")
    assert {key: answer.text for key, answer in found.answers.items()} == {
        "a": "1",
        "b": "2",
        "c": "3",
        "g": "4",
        "i": "C",
    }
    assert found.remarks == ("line 1: `A` is read as question a", "line 5: `(i)` is read as question i")


def test_ids_that_differ_in_case_alone_are_told_apart() -> None:
    found = read_sheet(b"a: 1\nA: 2\n", "s.yaml", ("a", "A"))
    assert {key: answer.text for key, answer in found.answers.items()} == {"a": "1", "A": "2"}


def test_unknown_ids_are_remarked() -> None:
    found = sheet("a: 1\nP2a: 3\nzzz: 4\nhello\n")
    assert list(found.answers) == ["a"]
    assert sorted(found.remarks) == [
        "line 2: there is no question `P2a`; did you mean 'P2.a'?",
        "line 3: there is no question `zzz`",
        "line 4 is no `id: answer`, and is ignored: `hello`",
    ]


def test_a_line_without_colon_is_invalid_for_its_question_alone() -> None:
    found = sheet("a: 1\nb 2\nc: 3\n").answers
    assert found["b"].invalid == "line 2 has no colon behind the question: `b 2`"
    assert (found["a"].text, found["c"].text) == ("1", "3")


def test_crooked_margins_and_tabs_do_no_harm() -> None:
    assert texts("answers:\n  a: 1\n   b: 2\n c: 3\n\tg: 4\n") == {"a": "1", "b": "2", "c": "3", "g": "4"}
    assert texts("a:\t1\r\nb: 2\r\n") == {"a": "1", "b": "2"}
    assert texts("a: [1, 2\nb: 3\n") == {"a": "[1, 2", "b": "3"}


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfa: \xce\xbb\n",
        "a: λ\n".encode("utf-16"),
        "a: λ\n".encode("utf-16-le"),
        "a: λ\r\n".encode("utf-16-be"),
        "a: λ\n".encode("utf-32"),
    ],
)
def test_encodings(data: bytes) -> None:
    assert texts(data) == {"a": "λ"}


def test_latin_1_is_read_with_a_remark() -> None:
    found = sheet("b: 1\na: é\n".encode("latin-1"))
    assert found.answers["a"].text == "é"
    assert found.remarks == ("line 2 is not UTF-8; the file is read as Windows-1252",)


@pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\xef\xbb\xbf"])
def test_an_empty_file_is_a_sheet_without_answers(data: bytes) -> None:
    assert sheet(data) == Sheet("s1024", "answers/s1024.yaml", remarks=("the file is empty",))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"PK\x03\x04\0\0", "the file is not text: byte 5 is 0"),
        (b"\xff\xfea", "the file starts as UTF-16-LE, but byte 1 fits no character"),
        (b"\x89\x01\x02\x03\x04\x05\x06", "the file is not text"),
        (b"a" * 10_000_001, "the file has 10,000,001 bytes; 10,000,000 are allowed"),
        (b"a: 1\n" * (MOST_LINES + 1), "the file has more than 100,000 lines"),
        (b"a: [" + b"1," * 500_001 + b"1]", "the file has more than 500,000 commas"),
        (b"hello world", "no answer is found in the file: write `id: answer`, one a line"),
        (b"[1, 2]", "no answer is found in the file: write `id: answer`, one a line"),
        (b"# nothing\n---\n", "no answer is found in the file: write `id: answer`, one a line"),
    ],
)
def test_a_file_without_answers_says_why(data: bytes, error: str) -> None:
    assert sheet(data) == Sheet("s1024", "answers/s1024.yaml", error=error)


@pytest.mark.parametrize(
    "data",
    [
        b"a: " + b"[" * 500_000,
        b"a: " + b'"' * 500_000,
        b"{a: " + b"," * 400_000 + b"}",
        b"a" + b" " * 1_000_000 + b"b",
        b"a: [\n" + b"1,\n" * 20_000 + b"]",
        b"a: " + b"9" * 1_000_000,
        b"&a " * 1_000 + b"a: *a",
        b"a: &x [*x, *x]",
        b"a: {file: {file: {file: x}}}",
    ],
)
def test_hostile_files_give_one_question_at_most(data: bytes) -> None:
    found = sheet(data)
    assert set(found.answers) <= {"a"}


def test_remarks_do_not_grow_without_end() -> None:
    found = sheet("zz: 1\n" * 500 + "a: 1\n")
    assert len(found.remarks) == 21
    assert found.remarks[-1] == "and 480 more remarks of this kind"


lines = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["a: 1", "  b: [1,", "answers:", "student: x", "W[0,1]: 3", "c: |", "   - 1", "{a: 1, b: 2}", "k:"]
        ),
    ),
    max_size=8,
)


@given(lines)
def test_any_text_gives_a_sheet(written: list[str]) -> None:
    data = "\n".join(written).encode("utf-8", errors="surrogatepass")
    found = sheet(data)
    assert set(found.answers) <= set(IDS)
    assert found.error is None or not found.answers


@given(st.binary(max_size=80))
def test_any_bytes_give_a_sheet(data: bytes) -> None:
    found = sheet(data)
    assert found.error is None or not found.answers
