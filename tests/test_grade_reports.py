"""Reports of marks: their whole text at a fixed width, and what a hostile answer must not do to them."""

from __future__ import annotations

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema
from markdown_it import MarkdownIt

from dlcli.grading.class_report import ClassReport
from dlcli.grading.items import item_analysis
from dlcli.grading.records import Graded
from dlcli.render.console import Medium
from dlcli.render.graded_csv import class_csv, harmless
from dlcli.render.graded_feedback import feedback_html, file_names, safe_name
from dlcli.render.graded_github import class_github
from dlcli.render.graded_gradescope import class_gradescope
from dlcli.render.graded_json import class_json, items_json
from dlcli.render.graded_junit import class_junit
from dlcli.render.graded_markdown import class_markdown, code, escaped, feedback_markdown, items_markdown
from dlcli.render.graded_table import class_line, class_table, items_report
from dlcli.render.graded_words import points_text, share_text
from tests.class_samples import SECRET, all_right, graded, mark, report_of, unreadable

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parent / "xunit2.xsd"))
ORIGIN = "dlcli 1.2.3, numpy 2.4.0, sympy 1.14.0; homework "
HOSTILE = '=1+1,"q"\'\n<b>&amp;\x00\x1b[31m|`]]>\u202e::error::%0A$x$ \ud800'
CLASS_RENDERERS = (class_json, class_csv, class_markdown, class_junit, class_github, items_json, items_markdown)


def text(pieces: Any) -> str:
    return "".join(pieces)


def everything(report: ClassReport) -> dict[str, str]:
    """Each report by its name."""
    questions = {question.id: question for question in report.questions}
    found = {render.__name__: text(render(report)) for render in CLASS_RENDERERS}
    found["table"] = text(class_table(report, Medium(width=100)))
    found["line"] = text(class_line(report, Medium()))
    found["items"] = text(items_report(report, Medium()))
    for place, student in enumerate(report.students):
        found[f"html {place}"] = text(feedback_html(student, report, questions, False))
        found[f"feedback {place}"] = text(feedback_markdown(student, report, questions, False))
    if len(report.students) == 1:
        found["gradescope"] = text(class_gradescope(report))
    return found


def test_table_lists_the_worst_first() -> None:
    report = report_of(all_right("ada"), graded("bob"), unreadable("eve"))
    assert text(class_table(report, Medium(width=80))) == (
        "Exercise 7: one neuron (homework.yaml): 3 students, 6 questions, 10 points\n"
        "\n"
        "student   score   share   points lost\n"
        "────────────────────────────────────────────────────────────────────────────────\n"
        "eve       error   -       answers/eve.yaml: the file is empty\n"
        "bob       3/10    30 %    b 0/2 sign, c 2/4 partial, l 0/2 undecided; no answer:\n"
        "                          i\n"
        "ada       11/10   110 %\n"
        "\n"
        "Questions, hardest first\n"
        "question   mean    share   right   partly   wrong   none   open   mistakes\n"
        "──────────────────────────────────────────────────────────────────────────\n"
        "b          1/2     50 %    1       0        1       0      0      sign 1\n"
        "i          0.5/1   50 %    1       0        0       1      0\n"
        "t          0.5/1   50 %    1       0        1       0      0\n"
        "c          3/4     75 %    1       1        0       0      0\n"
        "a          1/1     100 %   2       0        0       0      0\n"
        "l          2/2     100 %   1       0        0       0      1\n"
        "\n"
        "mean 7/10 (70 %); 1 of 3 reach 60 %; 1 sheet could not be marked; 1 answer undecided\n"
        f"{ORIGIN}{report.hash}\n"
    )


def test_table_of_one_student_goes_question_by_question() -> None:
    report = report_of(graded("bob"))
    assert text(class_table(report, Medium(width=80))) == (
        "Exercise 7: one neuron (homework.yaml): 1 student, 6 questions, 10 points\n"
        "\n"
        "bob (answers/bob.yaml): 3/10 points (30 %)\n"
        "\n"
        "question   points      your answer         verdict\n"
        "─────────────────────────────────────────────────────────────────────────────\n"
        "a          1/1         0.4626              ✓ correct\n"
        "b          0/2         1.3877              ✗ wrong\n"
        "                                           Wrong. This is what comes out with\n"
        "                                           the wrong sign, bob.\n"
        "c          2/4         [-0.15, 9]          ~ partial\n"
        "                                           Wrong at [1].\n"
        "i          0/1                             ✗ missing\n"
        "l          0/2         Because | it\\nis.   ? undecided\n"
        "                                           This answer is marked by hand.\n"
        "t          0/1 bonus   7                   ✗ wrong\n"
        "\n"
        f"{ORIGIN}{report.hash}\n"
    )


def test_ascii_table_has_no_other_letters() -> None:
    report = report_of(graded("bob"), graded("zoë"))
    plain = text(class_table(report, Medium(encoding="ascii", letters=False)))
    assert plain.isascii()
    assert "zo\\xeb" in plain


def test_large_class_shows_the_worst_and_all_on_demand() -> None:
    report = report_of(*(graded(f"s{k}") for k in range(201)), all_right("best"))
    short, whole = text(class_table(report, Medium())), text(class_table(report, Medium(), every=True))
    assert "… 2 more students, with better marks; --all prints all\n" in short
    assert "\nbest" not in short
    assert "\nbest" in whole


def test_markdown_of_a_class() -> None:
    report = report_of(all_right("ada"), graded("bob"), unreadable("eve"))
    assert text(class_markdown(report)) == (
        "## Exercise 7: one neuron (homework.yaml): 3 students, 6 questions, 10 points\n"
        "\n"
        "mean 7/10 (70 %); 1 of 3 reach 60 %; 1 sheet could not be marked; 1 answer undecided\n"
        "\n"
        "| student | score | share | points lost |\n"
        "| --- | ---: | ---: | --- |\n"
        "| eve | error | | answers/eve.yaml: the file is empty |\n"
        "| bob | 3/10 | 30 % | b 0/2 sign, c 2/4 partial, l 0/2 undecided; no answer: i |\n"
        "| ada | 11/10 | 110 % |  |\n"
        "\n"
        "### Questions, hardest first\n"
        "\n"
        "| question | mean | share | right | partly | wrong | none | open | mistakes |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| b | 1/2 | 50 % | 1 | 0 | 1 | 0 | 0 | sign 1 |\n"
        "| i | 0.5/1 | 50 % | 1 | 0 | 0 | 1 | 0 |  |\n"
        "| t | 0.5/1 | 50 % | 1 | 0 | 1 | 0 | 0 |  |\n"
        "| c | 3/4 | 75 % | 1 | 1 | 0 | 0 | 0 |  |\n"
        "| a | 1/1 | 100 % | 2 | 0 | 0 | 0 | 0 |  |\n"
        "| l | 2/2 | 100 % | 1 | 0 | 0 | 0 | 1 |  |\n"
        "\n"
        "Mistakes: sign 1\n"
        "\n"
        f"<sub>{ORIGIN}{report.hash}</sub>\n"
    )


def test_markdown_escapes_what_students_write() -> None:
    assert escaped("a|b <i> *x* [l](u) `c` $z$ @all #1\nnext") == (
        "a\\|b \\<i\\> \\*x\\* \\[l\\](u) \\`c\\` \\$z\\$ \\@all \\#1 next"
    )
    assert escaped("- 6") == "&#8203;- 6"
    assert escaped("1. x") == "&#8203;1. x"
    assert code("a``b") == "``` a``b ```"
    assert code("a") == "`a`"


def test_json_has_the_documented_fields() -> None:
    report = report_of(graded("bob"), unreadable("eve"))
    document = json.loads(text(class_json(report)))
    assert (document["schema"], document["homework"]) == ("dlcli/grade/v1", "homework.yaml")
    bob, eve = document["results"]
    assert (bob["student"], bob["file"], bob["status"], bob["score"], bob["max_score"]) == (
        "bob", "answers/bob.yaml", "graded", 3.0, 10.0,
    )  # fmt: skip
    fields = ("id", "verdict", "points", "max_points", "given", "expected")
    assert {key: bob["questions"][1][key] for key in fields} == {
        "id": "b", "verdict": "wrong", "points": 0.0, "max_points": 2.0, "given": "1.3877", "expected": None,
    }  # fmt: skip
    assert bob["questions"][1]["diagnosis"] == "sign"
    assert "message" not in bob
    assert (eve["status"], eve["score"], eve["message"], eve["questions"]) == ("error", 0.0, "the file is empty", [])
    assert document["versions"] == {"dlcli": "1.2.3", "numpy": "2.4.0", "sympy": "1.14.0"}
    assert document["mistakes"] == {"sign": 1}
    assert document["summary"] == {
        "students": 2, "errors": 1, "undecided": 1, "mean": 3.0, "pass_mark": 0.6, "passed": 0,
    }  # fmt: skip


def test_gradebook_has_a_column_a_question_and_the_total() -> None:
    report = report_of(graded('O\'Neil, "Tip"\nJr'), unreadable("eve"))
    versions = "dlcli 1.2.3, numpy 2.4.0, sympy 1.14.0"
    rows = list(csv.reader(io.StringIO(text(class_csv(report)), newline="")))
    assert rows == [
        ["student", "a", "b", "c", "i", "l", "t", "total", "out_of", "status", "file", "versions", "homework"],
        ['O\'Neil, "Tip"\nJr', "1", "0", "2", "0", "0", "0", "3", "10", "graded",
         'answers/O\'Neil, "Tip"\nJr.yaml', versions, report.hash],
        ["eve", "", "", "", "", "", "", "0", "10", "error", "answers/eve.yaml", versions, report.hash],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1", "\n=1"])
def test_gradebook_neutralises_formulas(name: str) -> None:
    [_, row] = csv.reader(io.StringIO(text(class_csv(report_of(graded(name, "f.yaml")))), newline=""))
    assert row[0] == "'" + name


def test_gradebook_leaves_ordinary_names_alone() -> None:
    assert [harmless(name) for name in ("Zoë", "s-1", "'x", "a=b", "1")] == ["Zoë", "s-1", "'x", "a=b", "1"]


def test_junit_is_valid_and_says_the_points() -> None:
    fault = Graded("kim", "answers/kim.yaml", "error", (), Fraction(10), "a fault")
    report = report_of(all_right("ada"), graded("bob"), unreadable("eve"), fault, faults={3: "KeyError"})
    document = text(class_junit(report))
    SCHEMA.validate(document)
    root = ElementTree.fromstring(document)
    assert root.attrib == {
        "name": "Exercise 7: one neuron", "time": "0", "tests": "14", "failures": "4", "errors": "1",
    }  # fmt: skip
    assert [suite.get("name") for suite in root] == ["ada", "bob", "eve", "kim"]
    assert len(root[0].findall("testcase/*")) == 0
    failures = {case.get("name"): case.find("failure") for case in root.iter("testcase")}
    found = failures["bob: c"]
    assert found is not None
    assert found.get("message") == "2/4 points: Wrong at [1]."
    assert found.text == "partial: 2/4 points\ngiven: [-0.15, 9]\nWrong at [1]."
    assert failures["bob: t"] is None  # a bonus
    assert failures["eve: sheet"] is not None
    assert failures["kim: sheet"] is None
    assert [e.get("message") for e in root.iter("error")] == ["a fault"]
    assert [s.get("message") for s in root.iter("skipped")] == ["undecided: This answer is marked by hand."]


def test_junit_tells_students_of_one_name_apart() -> None:
    document = text(class_junit(report_of(graded("x"), graded("x"), graded("x (2)"), graded("\x00"))))
    SCHEMA.validate(document)
    assert [s.get("name") for s in ElementTree.fromstring(document)] == ["x", "x (2)", "x (2) (2)", "student"]


def test_the_schema_finds_what_is_wrong() -> None:
    document = text(class_junit(report_of(graded("x"))))
    for broken in (
        document.replace("<testsuite name=", "<testsuite title="),
        document.replace("<failure ", "<wrong ", 1).replace("</failure>", "</wrong>", 1),
        document.replace('name="x: b"', 'name="x: a"'),
    ):
        assert not SCHEMA.is_valid(broken)


def test_hostile_text_breaks_no_report() -> None:
    hostile = mark("b", "wrong", 0, 2, given=HOSTILE, feedback=f"Wrong. {HOSTILE}", line=2, column=1)
    report = report_of(graded(HOSTILE, HOSTILE, (hostile,)))
    found = everything(report)
    for name, shown in found.items():
        assert "\x1b" not in shown, name
        assert "\x00" not in shown, name
        if name not in ("class_csv", "class_junit"):  # programs read these
            assert "\u202e" not in shown, name
    SCHEMA.validate(found["class_junit"].encode("utf-8", "backslashreplace").decode())
    assert json.loads(found["class_json"])["results"][0]["student"] == HOSTILE
    assert len(list(csv.reader(io.StringIO(found["class_csv"], newline="")))) == 2
    assert "<b>" not in found["html 0"]
    shown = MarkdownIt("commonmark").enable("table").render(found["class_markdown"].encode(errors="ignore").decode())
    assert "&lt;b&gt;" in shown
    assert set(re.findall(r"<(?!/)(\w+)", shown)) == {"h2", "p", "h3", "code", "sub", "strong"}
    commands = found["class_github"].splitlines()
    assert [re.match("::(error|notice) ", line) is not None for line in commands] == [True, True]


def test_annotations_are_escaped_and_the_worst_come_first() -> None:
    marks = (
        mark("a", "wrong", 0, 1, given="1", feedback="100 % wrong:\r\nb", line=3, column=6),
        mark("b", "wrong", 0, 2, given="1", feedback="Wrong.", line=4, column=6),
    )
    report = report_of(graded("O: p, q", "a,b:c%.yaml", marks))
    assert text(class_github(report)) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=4,col=6,title=O%3A p%2C q%3A b%3A 0/2 points::Wrong.\n"
        "::error file=a%2Cb%3Ac%25.yaml,line=3,col=6,title=O%3A p%2C q%3A a%3A 0/1 points::"
        "wrong. 100 %25 wrong:%0Ab\n"
        "::notice title=dlcli grade::Exercise 7: one neuron (homework.yaml): 1 student, 6 questions, 10 points; "
        f"mean 0/10 (0 %25); 0 of 1 reach 60 %25%0A{ORIGIN}{report.hash}\n"
    )


def test_only_ten_annotations_are_printed() -> None:
    lines = text(class_github(report_of(*(graded(f"s{k}") for k in range(9))))).splitlines()
    assert len(lines) == 11
    assert all(": b%3A 0/2" in line or "%3A b%3A 0/2" in line or "%3A c%3A 2/4" in line for line in lines[:10])
    assert "; 26 more annotations not shown" in lines[-1]


def test_gradescope_has_the_fields_of_the_platform() -> None:
    report = report_of(graded("bob"))
    document = json.loads(text(class_gradescope(report)))
    assert document["score"] == 3.0
    assert [t["number"] for t in document["tests"]] == ["1", "2", "3", "4", "5", "6"]
    assert document["tests"][2] == {
        "score": 2.0, "max_score": 4.0, "status": "failed", "name": "c", "name_format": "text", "number": "3",
        "output": "**partial**\n\nYour answer: `[-0.15, 9]`\n\nWrong at \\[1\\].\n", "output_format": "md",
        "visibility": "visible",
    }  # fmt: skip
    assert document["tests"][0]["status"] == "passed"
    assert document["tests"][0]["name"] == "a: What does the neuron predict?"
    assert document["tests"][5]["max_score"] == 0.0  # the bonus
    assert document["extra_data"]["hash"] == report.hash


def test_gradescope_tells_why_a_sheet_was_not_marked() -> None:
    document = json.loads(text(class_gradescope(report_of(unreadable("eve")))))
    assert (document["score"], document["tests"]) == (0.0, [])
    assert document["output"].startswith("the file is empty\n\n")


def test_no_report_shows_an_expected_value_that_it_does_not_have() -> None:
    found = everything(report_of(graded("bob"))) | everything(report_of(graded("bob"), graded("eve")))
    for name, shown in found.items():
        for value in (*SECRET.values(), "0.62095705", "relu is linear"):
            if value != "C":
                assert value not in shown, f"{name} shows {value}"


def test_what_is_revealed_is_shown() -> None:
    report = report_of(graded("bob", reveal=True))
    found = everything(report)
    questions = {question.id: question for question in report.questions}
    for name in (
        "table",
        "class_json",
        "class_markdown",
        "class_junit",
        "class_github",
        "html 0",
        "feedback 0",
        "gradescope",
    ):
        assert SECRET["b"] in found[name].replace("\\", ""), name
    assert "relu is linear for z \\> 0" in text(feedback_markdown(report.students[0], report, questions, True))
    assert "relu is linear for z &gt; 0" in text(feedback_html(report.students[0], report, questions, True))


def test_every_report_names_versions_and_homework() -> None:
    report = report_of(graded("bob"))
    for name, shown in everything(report).items():
        if name != "line":
            assert report.hash in shown, name
            assert "1.2.3" in shown, name
            assert "1.14.0" in shown, name


def test_feedback_gives_hints_where_something_is_wrong() -> None:
    report = report_of(graded("bob"))
    questions = {question.id: question for question in report.questions}
    told = text(feedback_markdown(report.students[0], report, questions, False))
    assert told.startswith(
        "# Exercise 7: one neuron\n\n**bob: 3/10 points (30 %)**\n\n### a: ✓ correct, 1/1\n\n"
        "What does the neuron predict?\n\nYour answer: `0.4626`\n\nRight.\n\n\n### b: ✗ wrong, 0/2\n\n"
    )
    assert "Hint: Start at the loss.\n" in told
    right = text(feedback_markdown(all_right("ada"), report, questions, False))
    assert "Hint" not in right


@pytest.mark.parametrize(
    ("student", "name"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("/abs", "abs"),
        ("C:\\x", "C_x"),
        ("con", "student_con"),
        ("NUL.txt", "student_NUL.txt"),
        ("COM¹", "student_COM¹"),
        ("a\0b", "a_b"),
        ("..", "student"),
        ("", "student"),
        (".hidden", "hidden"),
        ("trailing. ", "trailing"),
        ("Zoë Čapek", "Zoë_Čapek"),
        ("李雷", "李雷"),
        ("x" * 300, "x" * 100),
        ("é" * 80, "é" * 50),
        ("a\u202eb", "a_b"),
    ],
)
def test_file_name_is_safe_everywhere(student: str, name: str) -> None:
    assert safe_name(student) == name


def test_file_names_differ_in_more_than_case() -> None:
    students = ["Ann", "ann", "ANN", "ann-2", "e\u0301", "\u00e9", "a/b", "a:b"]
    assert list(file_names(students, "md")) == [
        "Ann.md", "ann-2.md", "ANN-3.md", "ann-2-2.md", "é.md", "é-2.md", "a_b.md", "a_b-2.md",
    ]  # fmt: skip


def test_points_are_never_rounded_to_full_marks() -> None:
    shown = {
        Fraction(2): "2",
        Fraction(3, 2): "1.5",
        Fraction(2, 3): "0.67",
        Fraction(1999, 1000): "1.999",
        Fraction(0): "0",
    }
    assert {points: points_text(points) for points in shown} == shown
    assert [share_text(Fraction(n, 1000)) for n in (1000, 999, 1, 0, 1500)] == ["100 %", "99 %", "1 %", "0 %", "150 %"]


def test_item_analysis_counts_questions_and_mistakes() -> None:
    report = report_of(graded("bob"), graded("eve"), all_right("ada"), unreadable("kim"))
    analysis = item_analysis(report.students, report.questions)
    b = analysis.items[1]
    assert (b.id, b.students, b.share, b.diagnoses) == ("b", 3, Fraction(1, 3), {"sign": 2})
    assert b.verdicts == {"wrong": 2, "correct": 1}
    assert analysis.items[4].mean == 2  # undecided answers do not count
    assert analysis.diagnoses == (("sign", 2),)
    assert [item.id for item in analysis.hardest_first] == ["b", "i", "t", "c", "a", "l"]
