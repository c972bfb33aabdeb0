"""Exams: several homeworks in one file, solved one by one and graded as one."""

from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml

import dlcli
from dlcli.answers import read_sheet
from dlcli.cli.gradescope_submission import main as mark_submission
from dlcli.errors import HomeworkError
from dlcli.grading.gradescope import autograder
from dlcli.grading.homework import prepare
from dlcli.grading.marking import mark_sheet
from dlcli.homework_files import each_problem
from dlcli.spec import read_source
from dlcli.spec.schema import json_schema
from tests.conftest import Run

EXAM = """\
title: Midterm
grading: {pass_mark: 50%, diagnosed: 1/2}
problems:
  - id: P1
    title: A unit
    inputs: {x: 2}
    weights: {w: 3, b: 1}
    network: [z = w*x + b, y = z**2]
    loss: y/2
    optimizer: {sgd: {learning_rate: 1/10}}
    questions:
      - {id: a, ask: z}
      - {id: b, ask: grad(w), points: 2}
      - {id: c, ask: grad(b), points: 2}
  - {id: P2, file: more/p2.yaml}
  - title: Words
    grading: {diagnosed: 0}
    questions:
      - {id: a, choices: {A: sigmoid, B: relu}, answer: B}
      - {id: b, manual: true, points: 3, prompt: Explain.}
"""
SECOND = """\
title: A matrix
inputs: {x: [1, 2]}
weights:
  W: {file: weights.npy}
network: [h = W @ x]
loss: sum(h**2)
questions:
  - {id: a, ask: "grad(W)", points: 4}
  - {id: b, parts: [{id: i, ask: loss}, {id: ii, ask: "h[0]"}]}
"""


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "p2.yaml").write_text(SECOND, encoding="utf-8")
    np.save(tmp_path / "more" / "weights.npy", np.array([[1.0, 2.0], [0.0, -1.0]]))
    path = tmp_path / "exam.yaml"
    path.write_text(EXAM, encoding="utf-8")
    return path


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "exam.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def marks(exam: Path, text: str) -> dict[str, tuple[str, Fraction]]:
    homework = prepare(exam)
    sheet = read_sheet(text.encode(), "s1.yaml", homework.ids)
    return {mark.id: (mark.verdict, mark.points) for mark in mark_sheet(homework, sheet).marks}


def codes(path: Path | str) -> list[tuple[str, int | None]]:
    with pytest.raises(HomeworkError) as caught:
        prepare(path)
    return [(d.code, d.place.line if d.place else None) for d in caught.value.diagnostics]


# Solving


def test_each_problem_is_solved_by_itself(exam: Path, run: Run) -> None:
    result = run("solve", str(exam), "--format", "json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == "dlcli/solve-list/v1"
    first, second, third = document["results"]
    assert [r["file"] for r in document["results"]] == [f"{exam}::{name}" for name in ("P1", "P2", "P3")]
    assert first["values"] == {"z": 7.0, "y": 49.0, "loss": 24.5}
    assert first["gradients"]["w"]["backprop"] == 14.0
    assert first["answers"] == {"P1.a": 7.0, "P1.b": 14.0, "P1.c": 7.0}
    assert second["gradients"]["W"]["backprop"] == [[10.0, 20.0], [-4.0, -8.0]]
    assert second["answers"]["P2.b.i"] == 29.0
    assert third["verdict"] is None


def test_one_problem_is_named_behind_the_file(exam: Path, run: Run) -> None:
    assert dlcli.solve(f"{exam}::P1").values["z"] == 7
    assert dlcli.solve(f"{exam}::P2").loss == 29
    trained = run("train", f"{exam}::P1", "--steps", "1", "--format", "json")
    assert json.loads(trained.stdout)["weights"] == {"w": pytest.approx(1.6), "b": pytest.approx(0.3)}
    assert run("inspect", f"{exam}::P1").exit_code == 0
    assert run("gradcheck", f"{exam}::P2", "--explain", "W[0,1]").exit_code == 0


def test_trained_weights_are_written_into_their_problem(exam: Path, run: Run, tmp_path: Path) -> None:
    new = tmp_path / "trained.yaml"
    assert run("train", f"{exam}::P1", "--steps", "1", "--save", str(new)).exit_code == 0
    before, after = exam.read_text().splitlines(), new.read_text().splitlines()
    assert [line.split(":")[0].strip() for line, old in zip(after, before, strict=True) if line != old] == ["weights"]
    assert yaml.safe_load(new.read_text())["problems"][0]["weights"] == {
        "w": pytest.approx(1.6),
        "b": pytest.approx(0.3),
    }


@pytest.mark.parametrize("command", [("train", "--steps", "1"), ("inspect",), ("template", "--code")])
def test_what_works_on_one_network_asks_for_the_problem(exam: Path, run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, str(exam))
    assert result.exit_code == 2
    assert f"help: name it: {exam}::P1" in result.stderr
    with pytest.raises(HomeworkError, match="E131"):
        dlcli.solve(exam)


@pytest.mark.parametrize(
    ("name", "help"),
    [("p1", "did you mean 'P1'?"), ("Q", "its problems are P1, P2, P3"), ("P22", "did you mean 'P2'?")],
)
def test_unknown_problems_are_refused(exam: Path, run: Run, name: str, help: str) -> None:
    result = run("solve", f"{exam}::{name}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"the exam {exam} has no problem `{name}`" in result.stderr
    assert help in result.stderr


def test_a_homework_has_no_problems(exam: Path, run: Run) -> None:
    result = run("solve", f"{exam.parent / 'more' / 'p2.yaml'}::P1")
    assert result.exit_code == 2
    assert "is no exam, so it has no problem `P1`" in result.stderr
    assert "leave out `::P1`" in result.stderr


def test_an_exam_from_standard_input_is_wanted_as_a_file(run: Run) -> None:
    result = run("solve", "-", input=EXAM)
    assert result.exit_code == 2
    assert "give the exam as a file: exam.yaml::P1" in result.stderr


def test_check_and_gradcheck_go_through_the_problems(exam: Path, run: Run) -> None:
    checked = run("check", str(exam))
    assert checked.exit_code == 0
    assert [line.split(": ")[0] for line in checked.stdout.splitlines()] == each_problem([exam])
    found = json.loads(run("gradcheck", str(exam), "--format", "json").stdout)
    assert [result["verdict"] for result in found["results"]] == ["pass", "pass", "inconclusive"]
    folder = run("gradcheck", str(exam.parent), "--quiet")
    assert [f"{exam}::P1" in folder.stdout, f"{exam}::P3" in folder.stdout] == [True, True]


def test_a_file_whose_name_has_colons_is_that_file(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "a::b.yaml"
    path.write_text("weights: {w: 2}\nnetwork: [y = w**2]\nloss: y\n")
    assert run("solve", str(path), "--quiet").exit_code == 0


# Reading


def test_ids_follow_from_the_order_where_there_are_none(tmp_path: Path) -> None:
    one = "  - questions: [{id: a, choices: {A: x, B: y}, answer: A}]\n"
    path = written(tmp_path, f"problems:\n{one}{one}")
    assert prepare(path).ids == ("P1.a", "P2.a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("problems: []\n", [("E122", 1)]),
        ("problems:\n", [("E122", 1)]),
        ("problems: {P1: {}}\n", [("E122", 1)]),
        ("problems: [1]\n", [("E122", 1)]),
        ("loss: y\nproblems: [{id: A, loss: '1'}]\n", [("E124", 1)]),
        ("questions: []\nproblems: [{id: A, loss: '1'}]\n", [("E124", 1)]),
        ("titel: x\nproblems: [{id: A, loss: '1'}]\n", [("E101", 1)]),
        ("problems:\n  - {id: A, loss: '1'}\n  - {id: A, loss: '1'}\n", [("E129", 3)]),
        ("problems:\n  - {id: 'A::B', loss: '1'}\n", [("E122", 2)]),
        ("problems:\n  - {id: \"A\\nB\", loss: '1'}\n", [("E122", 2)]),
        ("problems:\n  - {id: Student, loss: '1'}\n", [("E122", 2)]),
        ("problems:\n  - {id: A, loss: '1'}\n  - {id: a, loss: '1'}\n", [("E129", 3)]),
        ("problems:\n  - {id: A.b, loss: '1'}\n  - {id: A, loss: '1'}\n", [("E129", 2)]),
        ("problems:\n  - {id: [A], loss: '1'}\n", [("E122", 2)]),
        ("problems:\n  - {id: A, loss: '1', expect: E204}\n", [("E101", 2)]),
        ("problems:\n  - {id: A, problems: []}\n", [("E125", 2), ("E101", 2)]),
        ("problems:\n  - {id: A}\n", [("E125", 2)]),
        ("problems:\n  - {id: A, file: p.yaml, loss: '1'}\n", [("E101", 2), ("E320", 2)]),
        ("problems:\n  - {id: A, file: none.yaml}\n", [("E320", 2)]),
        ("problems:\n  - {id: A, file: ../up.yaml}\n", [("E321", 2)]),
        ("problems:\n  - {id: A, file: [a]}\n", [("E122", 2)]),
        ("problems:\n  - {id: A, file: exam.yaml}\n", [("E131", 2)]),
        ("problems:\n  - {id: A, file: data.npy}\n", [("E322", 2)]),
        ("problems:\n  - {id: A, loss: q}\n  - {id: B, network: [a = b]}\n", [("E102", 2), ("E103", 3)]),
        ("problems:\n  - id: A\n    los: 1\n  - id: B\n    loss: '1 +'\n", [("E125", 2), ("E101", 3), ("E111", 5)]),
    ],
)  # fmt: skip
def test_errors_of_all_problems_are_told_at_once(
    tmp_path: Path, text: str, expected: list[tuple[str, int | None]]
) -> None:
    np.save(tmp_path / "data.npy", np.zeros(2))
    assert codes(written(tmp_path, text)) == expected


def test_errors_of_a_problem_in_a_file_have_its_place(exam: Path) -> None:
    (exam.parent / "more" / "p2.yaml").write_text("weights: {w: 1}\nloss: v\n")
    with pytest.raises(HomeworkError) as caught:
        prepare(exam)
    (found,) = caught.value.diagnostics
    assert found.place is not None
    assert (found.code, found.place.file, found.place.line) == ("E102", (exam.parent / "more/p2.yaml").as_posix(), 2)


def test_the_schema_takes_exams() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    assert [error.message for error in validator.iter_errors(yaml.safe_load(EXAM))] == []
    assert list(validator.iter_errors({"problems": [{"id": "A", "problems": []}]}))
    assert list(validator.iter_errors({"problems": []}))


# Grading


def test_marks_of_all_problems_add_up(exam: Path) -> None:
    homework = prepare(exam)
    assert homework.ids == ("P1.a", "P1.b", "P1.c", "P2.a", "P2.b.i", "P2.b.ii", "P3.a", "P3.b")
    assert homework.full_marks == 15
    found = marks(exam, "P1.a: 7\nP1.b: 14\nP1.c: 7\nP2.a: [[10, 20], [-4, 17]]\nP2.b.i: 29\nP2.b.ii: 5\nP3.a: A\n")
    assert found == {
        "P1.a": ("correct", 1), "P1.b": ("correct", 2), "P1.c": ("correct", 2), "P2.a": ("partial", 3),
        "P2.b.i": ("correct", 1), "P2.b.ii": ("correct", 1), "P3.a": ("wrong", 0), "P3.b": ("undecided", 0),
    }  # fmt: skip


NESTED = """\
student: s1
answers:
  P1:
    a: 7
    b: 14
  p2:
    a:
      - [10, 20]
      - [-4, -8]
    b:
      i: 29
      ii: 5
  P3: {a: B, b: "words, and more"}
"""


@pytest.mark.parametrize(
    "text",
    [
        NESTED,
        NESTED.replace("  p2:", "  P2:"),
        "\n".join(line[2:] if line.startswith("  ") else line for line in NESTED.splitlines() if line != "answers:"),
        "P1.a: 7\nP1.b: 14\nP2:\n  a: [[10, 20], [-4, -8]]\nP2.b: {i: 29, ii: 5}\nP3.a: B\nP3.b: words, and more\n",
        '{"P1": {"a": 7, "b": 14}, "P2": {"a": [[10, 20], [-4, -8]], "b": {"i": 29, "ii": 5}}, "P3": {"a": "B"}}',
        "answers: {P1: {a: 7, b: 14}, P2: {a: [[10, 20], [-4, -8]], b: {i: 29, ii: 5}}, P3: {a: B, b: words}}",
    ],
)
def test_answers_may_stand_below_their_problem(exam: Path, text: str) -> None:
    sheet = read_sheet(text.encode(), "s1.yaml", prepare(exam).ids)
    assert sheet.remarks == ()
    assert {name: verdict for name, (verdict, _) in marks(exam, text).items()} == {
        "P1.a": "correct", "P1.b": "correct", "P1.c": "missing", "P2.a": "correct", "P2.b.i": "correct",
        "P2.b.ii": "correct", "P3.a": "correct", "P3.b": "undecided",
    }  # fmt: skip


def test_keys_below_a_problem_that_are_no_question_are_told(exam: Path) -> None:
    sheet = read_sheet(b"P1:\n  a: 7\n  zz: 1\nP9:\n  a: 2\n", "s.yaml", prepare(exam).ids)
    assert sheet.answers["P1.a"].text == "7"
    assert [remark.split(";")[0] for remark in sheet.remarks] == [
        "line 3: there is no question `zz`", "line 4: there is no question `P9`",
    ]  # fmt: skip


def test_the_grading_of_the_exam_holds_where_a_problem_has_none(exam: Path) -> None:
    assert marks(exam, "P1.b: -14\n")["P1.b"] == ("wrong", 1)  # half for a mistake that is named
    own = EXAM.replace("    title: A unit\n", "    title: A unit\n    grading: {tolerance: {relative: 1e-3}}\n")
    exam.write_text(own)
    assert marks(exam, "P1.b: -14\n")["P1.b"] == ("wrong", 0)
    homework = prepare(exam)
    assert homework.grading.pass_mark == Fraction(1, 2)
    assert homework.title == "Midterm"


def test_a_pass_mark_belongs_to_the_whole_exam(tmp_path: Path) -> None:
    text = "problems:\n  - id: A\n    loss: '1'\n    grading: {pass_mark: 1/2}\n    questions: [{id: a, ask: loss}]\n"
    assert codes(written(tmp_path, text)) == [("E401", 4)]


def test_follow_through_stays_inside_a_problem(tmp_path: Path) -> None:
    unit = (
        "    inputs: {x: 2}\n    weights: {w: 3}\n    network: [z = w*x, y = z**2]\n"
        "    questions: [{id: a, ask: z}, {id: b, ask: y}]\n"
    )
    path = written(tmp_path, f"problems:\n  - id: A\n{unit}  - id: B\n{unit}")
    found = marks(path, "A.a: 5\nA.b: 25\nB.b: 25\n")
    assert (found["A.b"][0], found["B.b"][0]) == ("follow_through", "wrong")


def test_a_class_is_graded_and_one_problem_of_it(exam: Path, run: Run) -> None:
    answers = exam.parent / "answers"
    answers.mkdir()
    (answers / "s1.yaml").write_text(NESTED)
    (answers / "s2.yaml").write_text("P1.a: 7\n")
    whole = run("grade", str(exam), str(answers), "--format", "csv", "--exit-zero", "--jobs", "2")
    header, *rows = [line.split(",") for line in whole.stdout.splitlines()]
    assert header[:11] == ["student", *prepare(exam).ids, "total", "out_of"]
    assert [(row[0], row[9], row[10]) for row in rows] == [("s1", "10", "15"), ("s2", "1", "15")]
    part = json.loads(run("grade", f"{exam}::P2", str(answers), "--format", "json", "--exit-zero").stdout)
    assert [(r["score"], r["max_score"]) for r in part["results"]] == [(6.0, 6.0), (0.0, 6.0)]
    assert prepare(exam).hash != prepare(f"{exam}::P2").hash != prepare(f"{exam}::P3").hash


def test_the_files_of_an_exam_are_no_answers(exam: Path, run: Run) -> None:
    (exam.parent / "more" / "p2.yaml").rename(exam.parent / "p2.yaml")
    np.save(exam.parent / "weights.npy", np.eye(2))
    exam.write_text(EXAM.replace("more/p2.yaml", "p2.yaml"))
    (exam.parent / "s1.yaml").write_text("P1.a: 7\n")
    found = json.loads(run("grade", str(exam), str(exam.parent), "--format", "json", "--exit-zero").stdout)
    assert [Path(result["file"]).name for result in found["results"]] == ["s1.yaml"]


def test_a_change_of_a_problems_own_file_is_seen(exam: Path) -> None:
    before = prepare(exam).hash
    second = exam.parent / "more" / "p2.yaml"
    second.write_text(second.read_text().replace("points: 4", "points: 5"))
    assert prepare(exam).hash != before


def test_questions_are_reviewed_problem_by_problem(exam: Path, run: Run) -> None:
    result = run("grade", "--check", str(exam))
    assert result.exit_code == 0
    assert "question P1.a has the same answer" in result.stdout  # z = 7, and so is the slope by b


# What is handed out


def test_templates_of_an_exam(exam: Path, run: Run) -> None:
    sheet = run("template", str(exam)).stdout
    assert "# Midterm (15 points)" in sheet
    assert sheet.index("# P1: A unit (5 points)") < sheet.index("  P1.a:") < sheet.index("# P2: A matrix (6 points)")
    assert {mark for mark, _ in marks(exam, sheet).values()} == {"missing", "undecided"}
    header = run("template", "--csv", str(exam)).stdout
    assert header == "student,P1.a,P1.b,P1.c,P2.a,P2.b.i,P2.b.ii,P3.a,P3.b\n"
    assert run("template", f"{exam}::P2").stdout.startswith("# Midterm (6 points)")
    assert "def backward(x, w, b)" in run("template", "--code", f"{exam}::P1").stdout


def test_the_public_exam_has_no_key(exam: Path, run: Run) -> None:
    result = run("template", "--public", str(exam))
    assert "more/p2.yaml, which has a key of its own" in result.stderr
    public = yaml.safe_load(result.stdout)
    assert public["problems"][2]["questions"][0] == {"id": "a", "prompt": "A: sigmoid\nB: relu", "manual": True}
    assert public["problems"][1] == {"id": "P2", "file": "more/p2.yaml"}
    assert run("template", "--public", f"{exam}::P1").exit_code == 2


def test_the_autograder_holds_every_file(exam: Path) -> None:
    data = autograder(read_source(exam), exam.parent)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        inside = {name for name in archive.namelist() if name.startswith("homework/")}
        archive.extractall(exam.parent / "unpacked")
    assert inside == {"homework/homework.yaml", "homework/more/p2.yaml", "homework/more/weights.npy"}
    assert prepare(exam.parent / "unpacked" / "homework" / "homework.yaml").full_marks == 15


def test_the_autograder_of_an_exam_marks_though_a_problem_is_called_homework(exam: Path) -> None:
    (exam.parent / "more" / "p2.yaml").rename(exam.parent / "homework.yaml")
    (exam.parent / "more" / "weights.npy").rename(exam.parent / "weights.npy")
    exam.write_text(EXAM.replace("more/p2.yaml", "homework.yaml"))
    root = exam.parent / "autograder"
    with zipfile.ZipFile(BytesIO(autograder(read_source(exam), exam.parent))) as archive:
        archive.extractall(root / "source")
    (root / "submission").mkdir()
    (root / "submission" / "answers.yaml").write_text(NESTED)
    assert mark_submission(root) == 0
    assert sum(test["score"] for test in json.loads((root / "results" / "results.json").read_text())["tests"]) == 10


def test_autograders_are_made_of_whole_exams(exam: Path, run: Run) -> None:
    result = run("gradescope", f"{exam}::P1", "-o", str(exam.parent / "a.zip"))
    assert result.exit_code == 2
    assert f"name {exam}" in result.stderr.replace("\n", "")


def test_answers_may_stand_as_far_in_as_their_problem(exam: Path) -> None:
    found = marks(exam, "P1:\na: 7\nb: 14\nP2:\nb.i: 29\nP3:\na: B\n")
    right = ["P1.a", "P1.b", "P2.b.i", "P3.a"]
    assert [name for name, (verdict, _) in found.items() if verdict == "correct"] == right


def test_groups_of_parts_are_told_apart_by_case(tmp_path: Path) -> None:
    parts = "parts: [{id: i, ask: loss}, {id: ii, ask: 2*loss}]"
    path = written(tmp_path, f"loss: '3'\nquestions: [{{id: q, {parts}}}, {{id: Q, {parts}}}]\n")
    found = marks(path, "q:\n  i: 3\nQ:\n  ii: 6\n")
    assert {name for name, (verdict, _) in found.items() if verdict == "correct"} == {"q.i", "Q.ii"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("solve", "exam.yaml::P1"), ("solve", "exam.yaml"), ("gradcheck", "exam.yaml"), ("inspect", "exam.yaml::P1"),
        ("train", "exam.yaml::P1", "--steps", "1"), ("template", "exam.yaml"), ("gradescope", "exam.yaml"),
        ("grade", "exam.yaml", "s.yaml"), ("grade", "--check", "exam.yaml::P1"),
    ],
)  # fmt: skip
def test_no_result_takes_the_place_of_an_exam(
    exam: Path, run: Run, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exam.parent)
    Path("s.yaml").write_text("P1.a: 7\n")
    assert run(*arguments, "-o", "exam.yaml").exit_code == 2
    assert exam.read_text() == EXAM


@pytest.mark.parametrize("arguments", [("template", "exam.yaml"), ("grade", "exam.yaml", "s.yaml")])
def test_no_result_takes_the_place_of_a_problem(
    exam: Path, run: Run, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exam.parent)
    Path("s.yaml").write_text("P1.a: 7\n")
    assert run(*arguments, "-o", "more/p2.yaml").exit_code == 2
    assert Path("more/p2.yaml").read_text() == SECOND
