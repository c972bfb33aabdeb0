"""The sample class in every format of a report: each tells the scores that were written down by hand."""

from __future__ import annotations

import csv
import json
import re
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from dlcli.cli.main import cli
from tests.grading_class_files import FOLDER, asked, hand_marks

HAND = hand_marks()
FORMATS = ("table", "json", "csv", "markdown", "junit", "github")
ERRORS = {name for name, student in HAND.items() if student.status == "error"}
GRADED = {name: student for name, student in HAND.items() if student.status == "graded"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One run with a report in each format that is of a class, and the feedback files."""
    folder = tmp_path_factory.mktemp("reports")
    options = [f"--report={form}={folder / form}" for form in FORMATS]
    arguments = ["grade", str(FOLDER / "homework.yaml"), str(FOLDER / "answers"), "--exit-zero", "--all", "--jobs", "2"]
    result = CliRunner().invoke(cli, [*arguments, *options, "--feedback", str(folder / "feedback")])
    assert result.exit_code == 0, result.stderr
    found = {form: (folder / form).read_text(encoding="utf-8") for form in FORMATS}
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (folder / "feedback").iterdir()}
    assert set(pages) == set(HAND)
    return found | {f"feedback/{name}": text for name, text in pages.items()}


def test_json_has_every_mark(reports: dict[str, str]) -> None:
    found = {result["student"]: result for result in json.loads(reports["json"])["results"]}
    assert {name for name, result in found.items() if result["status"] == "error"} == ERRORS
    for name, student in GRADED.items():
        assert found[name]["score"] == pytest.approx(float(student.score))
        marks = {q["id"]: (q["verdict"], q["points"]) for q in found[name]["questions"]}
        assert marks == {m.id: (m.verdict, pytest.approx(float(m.points))) for m in student.marks.values()}
        assert all(question["expected"] is None for question in found[name]["questions"])


def test_gradebook_has_every_point_and_total(reports: dict[str, str]) -> None:
    rows = {row["student"]: row for row in csv.DictReader(reports["csv"].splitlines())}
    assert set(rows) == set(HAND)
    for name, student in GRADED.items():
        assert float(rows[name]["total"]) == pytest.approx(float(student.score), abs=1e-3)
        for mark in student.marks.values():
            assert float(rows[name][mark.id]) == pytest.approx(float(mark.points), abs=1e-3)
    assert {name for name, row in rows.items() if row["status"] == "error"} == ERRORS


def test_junit_fails_what_is_not_right(reports: dict[str, str]) -> None:
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(reports["junit"])}
    assert set(suites) == set(HAND)
    for name, student in GRADED.items():
        cases = {case.get("name"): case for case in suites[name].iter("testcase")}
        assert len(cases) == len(student.marks)
        for mark in student.marks.values():
            children = {child.tag for child in cases[f"{name}: {mark.id}"]}
            wanted = {"correct": set(), "follow_through": set(), "undecided": {"skipped"}}
            lost = set() if asked()[mark.id].bonus else {"failure"}
            assert children == wanted.get(mark.verdict, lost), mark


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_a_row_of_every_student_has_the_score(reports: dict[str, str], form: str) -> None:
    for name, student in GRADED.items():
        row = re.compile(rf"^\W*{name}\W+([0-9./]+)/35\W", re.MULTILINE)
        found = row.search(reports[form])
        assert found is not None, name
        assert float(found.group(1)) == pytest.approx(float(student.score), abs=5e-3)


def test_annotations_are_of_wrong_answers_alone(reports: dict[str, str]) -> None:
    lines = reports["github"].splitlines()
    named = [re.search(r"title=([^,:%]+)(?:%3A ([^%]+)%3A)?", line) for line in lines if line.startswith("::error")]
    assert len(named) >= 10
    for found in named:
        assert found is not None
        student = HAND[found.group(1)]
        if found.group(2) is not None:
            assert student.marks[found.group(2)].verdict not in ("correct", "follow_through", "undecided")


@pytest.mark.parametrize("name", GRADED)
def test_feedback_and_gradescope_have_every_point(reports: dict[str, str], name: str) -> None:
    student = GRADED[name]
    page = reports[f"feedback/{name}"]
    for mark in student.marks.values():
        heading = next(line for line in page.splitlines() if line.startswith(f"### {mark.id}: "))
        points = re.search(r"([0-9.]+)/[0-9.]+", heading)
        assert points is not None
        assert float(points.group(1)) == pytest.approx(float(mark.points), abs=5e-3)
    arguments = ["grade", str(FOLDER / "homework.yaml"), str(FOLDER / "answers" / f"{name}.yaml"), "--exit-zero"]
    result = CliRunner().invoke(cli, [*arguments, "--format", "gradescope"])
    tests = {test["name"]: test for test in json.loads(result.stdout)["tests"]}
    assert sum(test["score"] for test in tests.values()) == pytest.approx(float(student.score))


def test_no_factor_tells_the_right_gradient(reports: dict[str, str]) -> None:
    for name, text in reports.items():
        assert "the right gradient times" not in text, name
        assert "times the right number" not in text, name
