"""`dlcli grade`: options, exit codes, files that cannot be used, what is printed where."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.class_samples import HOMEWORK, SECRET, write_class
from tests.conftest import Run

PERFECT = "answers:\n  a: 0.46257015\n  b: -1.38771046\n  c: [-0.15, 0.620957]\n  i: C\n  t: 2.31285077\n"
NO_MANUAL = "\n".join(line for line in HOMEWORK.splitlines() if "manual" not in line) + "\n"


@pytest.fixture
def homework(tmp_path: Path) -> str:
    path = tmp_path / "homework.yaml"
    path.write_text(NO_MANUAL, encoding="utf-8")
    return str(path)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "ada.yaml"
    path.write_text(PERFECT, encoding="utf-8")
    return path


def test_full_marks_exit_0(run: Run, homework: str, sheet: Path) -> None:
    result = run("grade", homework, str(sheet))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "ada" in result.stdout
    assert "9/8 points" in result.stdout


def test_standard_input_is_a_sheet(run: Run, homework: str) -> None:
    result = run("grade", homework, "-", "--format", "json", input=PERFECT)
    [student] = json.loads(result.stdout)["results"]
    assert (result.exit_code, student["file"], student["score"]) == (0, "<stdin>", 9.0)


def test_homework_may_come_from_standard_input(run: Run, sheet: Path) -> None:
    assert run("grade", "-", str(sheet), input=NO_MANUAL).exit_code == 0
    assert "cannot both come from standard input" in run("grade", "-", "-", input=NO_MANUAL).stderr


@pytest.mark.parametrize(
    ("marks", "code"), [("60%", 0), ("87.5%", 0), ("88%", 1), ("7", 0), ("7.5", 1), ("0%", 0), ("100%", 1)]
)
def test_fail_under_takes_a_share_or_points(run: Run, homework: str, sheet: Path, marks: str, code: int) -> None:
    sheet.write_text(PERFECT.replace("t: 2.31285077", "").replace("a: 0.46257015", ""), encoding="utf-8")
    assert run("grade", homework, str(sheet), "--fail-under", marks).exit_code == code


@pytest.mark.parametrize("marks", ["", "x", "-1", "101%", "60%%", "1e999", "nan"])
def test_fail_under_refuses_anything_else(run: Run, homework: str, sheet: Path, marks: str) -> None:
    result = run("grade", homework, str(sheet), f"--fail-under={marks}")
    assert result.exit_code == 2
    assert "is neither a share such as 60% nor points such as 12.5" in " ".join(result.stderr.split())


def test_wrong_answers_exit_1_unless_told_not_to(run: Run, homework: str, sheet: Path) -> None:
    sheet.write_text("a: 1\n", encoding="utf-8")
    assert run("grade", homework, str(sheet)).exit_code == 1
    assert run("grade", homework, str(sheet), "--exit-zero").exit_code == 0


def test_undecided_answers_count_under_strict(run: Run, tmp_path: Path, sheet: Path) -> None:
    path = tmp_path / "manual.yaml"
    path.write_text(HOMEWORK, encoding="utf-8")
    assert run("grade", str(path), str(sheet), "--fail-under", "60%").exit_code == 0
    assert run("grade", str(path), str(sheet), "--fail-under", "60%", "--strict").exit_code == 1


def test_one_bad_file_is_one_row(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    result = run("grade", str(homework), str(answers), "--format", "json")
    found = json.loads(result.stdout)["results"]
    assert result.exit_code == 1
    assert [one["status"] for one in found] == ["graded"] * 4 + ["error"]
    assert found[4]["message"] == "the file is not text: byte 4 is 0"
    assert run("grade", str(homework), str(answers), "--exit-zero").exit_code == 0


def test_output_ending_chooses_the_format(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    starts = {
        "g.csv": "student,a,b",
        "g.json": '{"schema"',
        "g.md": "## Exercise",
        "g.xml": "<?xml",
        "g.txt": "Exercise 7",
    }
    for name, start in starts.items():
        out = tmp_path / "out" / name
        result = run("grade", str(homework), str(answers), "-o", str(out))
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("Exercise 7: one neuron (")
        assert out.read_text(encoding="utf-8").startswith(start)
        assert sorted(path.name for path in out.parent.glob(f"{name}*")) == [name]
    run("grade", str(homework), str(answers), "-o", str(tmp_path / "x.csv"), "--format", "json")
    assert (tmp_path / "x.csv").read_text(encoding="utf-8").startswith('{"schema"')


def test_reports_and_feedback_are_written_beside_the_result(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    (answers / "evil.yaml").write_text("student: ../../evil\nanswers:\n  a: 1\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = ["--report", f"junit={out}/j.xml", "--report", f"csv={out}/g.csv", "--feedback", f"{out}/f"]
    result = run("grade", str(homework), str(answers), *arguments, "--feedback-format", "html")
    assert result.exit_code == 1
    assert result.stdout.startswith("Exercise 7: one neuron (")
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert found == ["f/evil.html", *(f"f/s{k:04}.html" for k in range(5)), "g.csv", "j.xml"]


@pytest.mark.parametrize("text", ["junit", "junit=", "pdf=x", "=x"])
def test_report_needs_a_format_and_a_file(run: Run, homework: str, sheet: Path, text: str) -> None:
    result = run("grade", homework, str(sheet), "--report", text)
    assert result.exit_code == 2
    assert "is not FORMAT=FILE with one of table, json, csv" in " ".join(result.stderr.split())


def test_nothing_is_written_where_one_file_cannot_be(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    (tmp_path / "good.csv").write_text("previous", encoding="utf-8")
    result = run(
        "grade", str(homework), str(answers), "-o", str(tmp_path / "good.csv"), "--report", f"junit={homework}/x.xml"
    )
    assert result.exit_code == 2
    assert "cannot write '" in result.stderr
    assert (tmp_path / "good.csv").read_text(encoding="utf-8") == "previous"
    assert sorted(path.name for path in tmp_path.glob("good.csv*")) == ["good.csv", "good.csv.journal"]


def test_full_device_is_told(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    result = run("grade", str(homework), str(answers), "--report", "json=/dev/full")
    assert result.exit_code == 2
    assert "cannot write '/dev/full': no space left on device" in result.stderr


def test_no_file_that_is_read_is_overwritten(run: Run, homework: str, sheet: Path) -> None:
    for arguments in (["-o", homework], ["-o", str(sheet)], ["--report", f"json={sheet}"]):
        result = run("grade", homework, str(sheet), *arguments)
        assert result.exit_code == 2
        assert "would overwrite" in result.stderr
    assert sheet.read_text(encoding="utf-8") == PERFECT


@pytest.mark.usefixtures("sheet")
def test_missing_answers_are_told_at_once(run: Run, homework: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("grade", homework, str(tmp_path / "adda.yaml"), str(tmp_path / "empty"), homework)
    assert result.exit_code == 2
    assert "error[E421]: there is no file or folder `" in result.stderr
    assert "did you mean 'ada.yaml'?" in result.stderr
    assert "error[E420]: there are no answer files in the folder `" in result.stderr
    assert "is the homework itself" in result.stderr


def test_errors_in_json_mode_are_a_document(run: Run, homework: str) -> None:
    result = run("grade", homework, "nowhere.yaml", "--format", "json")
    document = json.loads(result.stdout)
    assert (document["schema"], document["errors"][0]["code"]) == ("dlcli/error/v1", "E421")


def test_homework_without_questions_cannot_be_graded(run: Run, tmp_path: Path, sheet: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_text("inputs: {x: 1}\nnetwork:\n  - y = x*x\n", encoding="utf-8")
    result = run("grade", str(path), str(sheet))
    assert (result.exit_code, "error[E407]" in result.stderr) == (2, True)


def test_class_in_one_csv(run: Run, homework: str, tmp_path: Path) -> None:
    path = tmp_path / "class.csv"
    path.write_text("student,a,b,mail\nada,0.46257,-1.3877,a@b\neve,1\n", encoding="utf-8")
    result = run("grade", homework, str(path), "--format", "csv")
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [(row["student"], row["status"], row["a"]) for row in rows] == [("ada", "graded", "1"), ("eve", "error", "")]
    assert "warning[W922]: columns that are no question are ignored: `mail`" in result.stderr
    path.write_text("name,a\nx,1\n", encoding="utf-8")
    result = run("grade", homework, str(path))
    assert (result.exit_code, "error[E421]" in result.stderr) == (2, True)
    path.write_text("student,a\n", encoding="utf-8")
    result = run("grade", homework, str(path))
    assert (result.exit_code, "error[E420]" in result.stderr) == (2, True)


def test_students_chooses_some(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    result = run("grade", str(homework), str(answers), "--students", "s0003,s0001", "--format", "json")
    assert [one["student"] for one in json.loads(result.stdout)["results"]] == ["s0001", "s0003"]
    result = run("grade", str(homework), str(answers), "--students", "s001")
    assert result.exit_code == 2
    assert "error[E422]: there are no answers of the student `s001`" in result.stderr
    assert "did you mean 's000" in result.stderr


def test_marks_by_hand_are_counted(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    marks = tmp_path / "marks.csv"
    marks.write_text("student;l\ns0000;1,5\ns0001;\nnobody;2\n", encoding="utf-8")
    result = run("grade", str(homework), str(answers), "--marks", str(marks), "--format", "json")
    first, second = json.loads(result.stdout)["results"][:2]
    assert first["questions"][4] | {"given": None} == {
        "id": "l", "verdict": "partial", "points": 1.5, "max_points": 2.0, "given": None, "expected": None,
        "feedback": "Marked by hand.", "diagnosis": None, "bonus": False, "line": None, "column": None,
    }  # fmt: skip
    assert second["questions"][4]["verdict"] == "undecided"
    assert "warning[W921]: there are points by hand for `nobody`, but no answers" in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("student,q\ns0000,1\n", "there is no question `q`"),
        ("student,l\ns0000,3\n", "row 2, l: `3` is not a number of points from 0 to 2"),
        ("student,l\ns0000,-1\n", "`-1` is not a number of points"),
        ("student,l\ns0000,1e9\n", "`1e9` is not a number of points"),
        ("student,l\ns0000,1/0\n", "`1/0` is not a number of points"),
        ("student,l\ns0000,1\ns0000,2\n", "row 3: s0000 has two rows"),
        ("", "the first row is `student` and the ids of questions"),
        ("l,x\n", "the first row is `student` and the ids of questions"),
    ],
)
def test_marks_by_hand_that_cannot_be_used(run: Run, tmp_path: Path, text: str, told: str) -> None:
    homework, answers = write_class(tmp_path, 1)
    marks = tmp_path / "marks.csv"
    marks.write_text(text, encoding="utf-8")
    result = run("grade", str(homework), str(answers), "--marks", str(marks))
    assert result.exit_code == 2
    assert "error[E423]" in result.stderr
    assert told in result.stderr
    assert "error[E423]" in run("grade", str(homework), str(answers), "--marks", str(tmp_path / "no.csv")).stderr


def test_two_sheets_of_one_student_are_told(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path, 1)
    (answers / "again.yaml").write_text("student: s0000\nanswers:\n  a: 1\n", encoding="utf-8")
    result = run("grade", str(homework), str(answers))
    assert "warning[W921]: 2 sheets are of the student `s0000`: " in result.stderr
    assert run("grade", str(homework), str(answers), "--quiet").stderr == ""


def test_gradescope_is_of_one_student(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path, 2)
    result = run("grade", str(homework), str(answers), "--format", "gradescope")
    assert (result.exit_code, "error[E424]" in result.stderr) == (2, True)
    result = run("grade", str(homework), str(answers), "--format", "gradescope", "--students", "s0000")
    assert json.loads(result.stdout)["extra_data"]["student"] == "s0000"


def test_items_alone(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    table = run("grade", str(homework), str(answers), "--items").stdout
    assert "s0000" not in table
    assert "question   mean" in table
    document = json.loads(run("grade", str(homework), str(answers), "--items", "--format", "json").stdout)
    assert (document["schema"], document["summary"]["students"]) == ("dlcli/items/v1", 5)
    assert [item["id"] for item in document["items"]] == ["a", "b", "c", "i", "l", "t"]
    assert run("grade", str(homework), str(answers), "--items", "--format", "csv").exit_code == 2


def test_quiet_is_one_line(run: Run, tmp_path: Path) -> None:
    homework, answers = write_class(tmp_path)
    result = run("grade", str(homework), str(answers), "--quiet")
    assert result.stdout.count("\n") == 1
    assert result.stdout.startswith("Exercise 7: one neuron (")


def test_resume_needs_a_result(run: Run, homework: str, sheet: Path) -> None:
    result = run("grade", homework, str(sheet), "--resume")
    assert result.exit_code == 2
    assert "name the result with -o" in " ".join(result.stderr.split())


def test_no_expected_value_leaves_without_reveal(run: Run, tmp_path: Path) -> None:
    """Every output, the journal of an interrupted run among them, is searched for what is right."""
    homework, answers = write_class(tmp_path, 2)
    (answers / "s0001.yaml").write_text("answers:\n  a: 9\n  b: 9\n  c: [9, 9]\n  i: A\n  t: 9\n", encoding="utf-8")
    (answers / "s0000.yaml").write_text("answers:\n  a: 8\n", encoding="utf-8")
    out = tmp_path / "out"
    texts = []
    for form in ("table", "json", "csv", "markdown", "junit", "github"):
        result = run("grade", str(homework), str(answers), "--format", form, "--feedback", str(out / form))
        texts.append(result.output)
    for ending in ("markdown", "html"):
        run("grade", str(homework), str(answers), "--feedback", str(out / ending), "--feedback-format", ending)
    run("grade", str(homework), str(answers), "-o", str(out / "x.json"), "--report", f"csv={homework}/no")
    texts.append((out / "x.json.journal").read_text(encoding="utf-8"))
    one = ["grade", str(homework), str(answers / "s0001.yaml"), "--format"]
    texts += [run(*one, form).output for form in ("gradescope", "table", "markdown", "json")]
    texts += [path.read_text(encoding="utf-8") for path in out.rglob("*.md")]
    texts += [path.read_text(encoding="utf-8") for path in out.rglob("*.html")]
    assert len(texts) > 20
    digits = {secret[:8] for secret in ("0.46257015", "1.38771046", "0.62095705", "2.31285077")}
    for text in texts:
        assert not [digit for digit in digits if digit in text]
        assert "relu is linear" not in text
    assert all(any(digit in secret for secret in SECRET.values()) for digit in digits)
    revealed = run(*one, "json", "--reveal").output
    assert all(digit in revealed for digit in digits)


def test_cluster_needs_its_package(run: Run, homework: str, sheet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    result = run("grade", homework, str(sheet), "--cluster", "tcp://127.0.0.1:1")
    assert result.exit_code == 2
    assert "error[E426]: --cluster needs the package distributed (Dask), which is not installed" in result.stderr
    assert "pip install 'dlcli[cluster]'" in result.stderr


def test_help_needs_neither_numpy_nor_rich() -> None:
    from tests.test_architecture import modules_loaded_by

    loaded = modules_loaded_by("import dlcli.cli.grade, dlcli.cli.template, dlcli.cli.gradescope")
    assert not loaded & {"numpy", "sympy", "rich", "yaml", "multiprocessing"}
