"""`dlcli template`: blank forms that can be filled in and marked, and a homework that tells nothing of its key."""

from __future__ import annotations

import ast
import csv
from pathlib import Path
from textwrap import dedent

import pytest

from dlcli.answers.sheets import read_sheet
from dlcli.grading.homework import prepare
from dlcli.questions.reading import read_all
from dlcli.questions.records import Ask, Manual
from dlcli.spec import load, read_source
from tests.class_samples import HOMEWORK
from tests.conftest import Run

QUESTIONS = dedent(
    """\
    title: All kinds of questions  # the sum is 7
    inputs: {x: [1, 2], lambda: 3}
    weights: {w: [0.10, 1/3], "\u00e4": 1}
    targets: {y: 0}
    constants: {μ: 2}
    network:
      - z = w @ x + ä*lambda  # 1 + 2
      - out = z*μ
    loss: squared_error(out, y)
    grading: {follow_through: 0.5, tolerance: {digits: 3}}
    questions:
      - {id: a, ask: "w[0] + z", points: 2, tolerance: {relative: 1e-3}, hint: Add., solution: secret sum}
      - id: p
        prompt: Two parts.
        solution: secret parts
        parts:
          - {id: one, ask: grad(w), prompt: The first.}
          - {id: two, answer: 2*u*secret, variables: {u: positive, secret: "(0, 1)"}, accept: [secret*u*2]}
      - id: i
        choices: [exp, log, "1/x"]
        answer: [A, B]
        prompt: |
          Which are smooth
          on x > 0?
      - {id: "odd: id", manual: true, bonus: true}
      - {id: g, give: [w, ä], check: "z > 100"}
      - {id: c, code: backward}
      - {id: f, ask: grad(w), form: {expression: {in: [x, out]}}}
    """
)


@pytest.fixture
def homework(tmp_path: Path) -> str:
    path = tmp_path / "homework.yaml"
    path.write_text(QUESTIONS, encoding="utf-8")
    return str(path)


def test_answer_file_asks_everything_and_answers_nothing(run: Run, homework: str) -> None:
    result = run("template", homework)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == dedent(
        """\
        # All kinds of questions (8 points)
        student:
        answers:

          # a (2 points): w[0] + z
          a:

          # Two parts.

          # p.one (1 point): The first.
          p.one:

          # p.two (1 point):
          # (a formula in u, secret)
          p.two:

          # i (1 point): Which are smooth
          # on x > 0?
          #   A: exp
          #   B: log
          #   C: 1/x
          # (several labels: [A, B])
          i:

          # odd: id (1 point, bonus):
          # (marked by hand)
          "odd: id":

          # g (1 point): values of w, ä with z > 100
          g:
            w:
            ä:

          # c (1 point): code of `backward`
          # (a function `backward` in a file beside this one: {file: solution.py})
          c:

          # f (1 point): grad(w)
          # (a formula in x, out)
          f:
        """
    )


def test_blank_answer_file_is_read_as_no_answers(run: Run, homework: str, tmp_path: Path) -> None:
    out = tmp_path / "answers.yaml"
    assert run("template", homework, "-o", str(out)).stdout == ""
    prepared = prepare(homework)
    sheet = read_sheet(out.read_bytes(), "s7.yaml", prepared.ids)
    assert (sheet.student, sheet.error) == ("s7", None)
    assert not [answer for answer in sheet.answers.values() if answer.text or answer.items or answer.invalid]
    assert not sheet.remarks


def test_filled_in_answer_file_is_marked(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text(HOMEWORK, encoding="utf-8")
    text = run("template", str(path)).stdout.replace("student:", "student: ada").replace("  a:\n", "  a: 0.46257015\n")
    (tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    result = run("grade", str(path), str(tmp_path / "x.yaml"), "--format", "csv")
    [row] = csv.DictReader(result.stdout.splitlines())
    assert (row["student"], row["a"], row["total"]) == ("ada", "1", "1")


def test_csv_has_a_column_a_question_but_none_for_code(run: Run, homework: str) -> None:
    assert run("template", homework, "--csv").stdout == "student,a,p.one,p.two,i,odd: id,g,f\n"


def test_code_stub_is_python_with_the_arguments_of_the_call(run: Run, homework: str) -> None:
    text = run("template", homework, "--code").stdout
    [function] = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert function.name == "backward"
    assert [argument.arg for argument in function.args.args] == ["x", "w", "ä", "y", "μ"]
    assert function.args.kwarg is not None
    document = ast.get_docstring(function)
    assert document is not None
    assert "others['lambda']: float" in document
    assert "w: array of shape (2,)" in document
    assert 'Returns a dict, {"w": ..., "ä": ...}, of arrays' in document


def test_public_homework_holds_nothing_that_is_right(run: Run, homework: str, tmp_path: Path) -> None:
    out = tmp_path / "public.yaml"
    assert run("template", homework, "--public", "-o", str(out)).exit_code == 0
    text = out.read_text(encoding="utf-8")
    for hidden in ("2*u", "u*2", "secret sum", "secret parts", "#", "sum is 7", "[A, B]", "answer"):
        assert hidden not in text
    assert "0.10, 1/3" in text
    assert "  A: exp\n" in text


def test_public_homework_asks_the_same_and_solves_the_same(run: Run, homework: str, tmp_path: Path) -> None:
    out = tmp_path / "public.yaml"
    run("template", homework, "--public", "-o", str(out))
    before, after = (load(read_source(path), tmp_path) for path in (homework, str(out)))
    asked, left = read_all(before), read_all(after)
    assert [(q.id, q.points, q.bonus, q.hint) for q in left.questions] == [
        (q.id, q.points, q.bonus, q.hint) for q in asked.questions
    ]
    assert left.grading == asked.grading
    kinds = {q.id: type(q.task) for q in left.questions}
    assert (kinds["a"], kinds["p.one"], kinds["p.two"], kinds["i"]) == (Ask, Ask, Manual, Manual)
    assert left.questions[2].prompts == ("Two parts.", "(a formula in u: positive, secret: (0, 1))")
    assert left.questions[3].prompts == ("Which are smooth\non x > 0?\nA: exp\nB: log\nC: 1/x",)
    solved = [run("solve", path, "--format", "json").stdout for path in (homework, str(out))]
    assert (
        solved[0].replace("homework.yaml", "").split('"warnings"')[0]
        == (solved[1].replace("public.yaml", "").split('"warnings"')[0])
    )


def test_public_homework_of_a_public_one_is_itself(run: Run, homework: str, tmp_path: Path) -> None:
    once = run("template", homework, "--public").stdout
    (tmp_path / "once.yaml").write_text(once, encoding="utf-8")
    assert run("template", str(tmp_path / "once.yaml"), "--public").stdout == once


def test_one_form_at_a_time(run: Run, homework: str) -> None:
    result = run("template", homework, "--csv", "--code")
    assert result.exit_code == 2
    assert "name one at a time" in " ".join(result.stderr.split())


def test_homework_without_questions_has_no_answer_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_text("inputs: {x: 1}\nnetwork:\n  - y = x*x\n", encoding="utf-8")
    result = run("template", str(path))
    assert (result.exit_code, "error[E407]" in result.stderr) == (2, True)


def test_no_homework_is_overwritten(run: Run, homework: str) -> None:
    assert run("template", homework, "--public", "-o", homework).exit_code == 2
    assert Path(homework).read_text(encoding="utf-8") == QUESTIONS
