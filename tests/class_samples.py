"""A small homework with questions, sheets that were marked by hand, and reports made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from textwrap import dedent

from dlcli.errors import Source
from dlcli.grading.class_report import ClassReport, class_report
from dlcli.grading.homework import prepare_source
from dlcli.grading.records import Graded, Mark, Verdict

HOMEWORK = dedent(
    """\
    title: "Exercise 7: one neuron"
    inputs: {x1: -3, x2: 5}
    weights: {w1: 0.2, w2: 0.07, b: 0.1}
    targets: {y: 0}
    network:
      - z = w1*x1 + w2*x2 + b
      - yhat = sigmoid(z)
    loss: bce(yhat, y)
    grading: {pass_mark: 60%}
    questions:
      - {id: a, ask: yhat, prompt: What does the neuron predict?}
      - {id: b, ask: grad(w1), points: 2, hint: Start at the loss.}
      - {id: c, ask: "[z, loss]", points: 4}
      - {id: i, choices: {A: sigmoid, B: tanh, C: relu}, answer: C, prompt: Which one does not saturate?,
         solution: relu is linear for z > 0}
      - {id: l, manual: true, points: 2, prompt: Explain.}
      - {id: t, ask: grad(w2), bonus: true}
    """
)
VERSIONS = {"dlcli": "1.2.3", "numpy": "2.4.0", "sympy": "1.14.0"}
SECRET = {"a": "0.46257015", "b": "-1.38771046", "c": "[-0.15, 0.62095705]", "i": "C", "t": "2.31285077"}


def mark(question: str, verdict: Verdict, points: Fraction | int, most: int, **settings: object) -> Mark:
    """A mark; `given` and the rest by keyword."""
    return Mark(question, verdict, Fraction(points), Fraction(most), **settings)  # type: ignore[arg-type]


def marks_of(student: str, *, reveal: bool = False) -> tuple[Mark, ...]:
    """Six marks, one of each important kind; the feedback names the student so that texts can be told apart."""
    expected = SECRET if reveal else dict.fromkeys(SECRET)
    return (
        mark("a", "correct", 1, 1, given="0.4626", expected=expected["a"], feedback="Right.", line=3, column=6),
        mark(
            "b", "wrong", 0, 2, given="1.3877", expected=expected["b"], diagnosis="sign", line=4, column=6,
            feedback=f"Wrong. This is what comes out with the wrong sign, {student}.",
        ),
        mark(
            "c", "partial", 2, 4, given="[-0.15, 9]", expected=expected["c"], feedback="Wrong at [1].", line=5, column=6
        ),
        mark("i", "missing", 0, 1, expected=expected["i"], feedback="There is no answer."),
        mark(
            "l", "undecided", 0, 2, given="Because | it\nis.", feedback="This answer is marked by hand.", line=6
        ),
        mark("t", "wrong", 0, 1, given="7", expected=expected["t"], feedback="Wrong.", bonus=True, line=7, column=6),
    )  # fmt: skip


def graded(
    student: str, file: str | None = None, marks: tuple[Mark, ...] | None = None, *, reveal: bool = False
) -> Graded:
    """A sheet that was marked."""
    found = marks_of(student, reveal=reveal) if marks is None else marks
    return Graded(student, file or f"answers/{student}.yaml", "graded", found, Fraction(10))


def all_right(student: str) -> Graded:
    """A sheet with full marks and the bonus."""
    points = {"a": 1, "b": 2, "c": 4, "i": 1, "l": 2, "t": 1}
    marks = tuple(
        mark(question, "correct", most, most, given="-", feedback="Right.", bonus=question == "t")
        for question, most in points.items()
    )
    return graded(student, marks=marks)


def unreadable(student: str) -> Graded:
    """A sheet that could not be read."""
    return Graded(student, f"answers/{student}.yaml", "error", (), Fraction(10), "the file is empty")


def report_of(*students: Graded, faults: Mapping[int, str] | None = None) -> ClassReport:
    """The report of these students on HOMEWORK."""
    homework = prepare_source(Source("homework.yaml", HOMEWORK), None)
    found: Sequence[Graded] = students
    return class_report(homework, found, VERSIONS, faults or {})


def write_class(folder: Path, count: int = 5) -> tuple[Path, Path]:
    """HOMEWORK and answer files of so many students, some right, some wrong, one no text: paths of file and folder."""
    homework = folder / "homework.yaml"
    homework.write_text(HOMEWORK, encoding="utf-8")
    answers = folder / "answers"
    answers.mkdir(exist_ok=True)
    for k in range(count):
        slope = ("-1.3877", "1.3877", "-0.6938", "nonsense", "")[k % 5]
        text = f"answers:\n  a: 0.46257\n  b: {slope}\n  c: [-0.15, {k}]\n  i: {'ABC'[k % 3]}\n"
        (answers / f"s{k:04}.yaml").write_bytes(b"a: \0\1" if k % 5 == 4 else text.encode())
    return homework, answers
