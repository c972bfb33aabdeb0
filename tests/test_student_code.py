"""Functions of students through the whole check: isolation, verdict, the name of the mistake, reports, exit codes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from dlcli.errors import UsageError
from dlcli.solving import Checked, check
from dlcli.student_code import CodeCheck, check_alone, check_code, parse_target, read_code
from tests.conftest import Homework, Run

STUDENTS = Path(__file__).parent / "students"
INDEX: dict[str, dict[str, Any]] = yaml.safe_load((STUDENTS / "index.yaml").read_text(encoding="utf-8"))
MOST_NAMED = 3  # mistakes in a list that still counts as named
UNIT = "inputs: {x: 2}\nweights: {w: 3, b: 1}\ntargets: {y: 5}\nnetwork:\n  - z = w*x + b\nloss: square(z - y)\n"


@cache
def homework_of(name: str) -> Checked:
    return check(STUDENTS / "homework" / f"{name}.yaml")


def checked(file: Path, function: str, homework: Checked) -> CodeCheck:
    target = parse_target(f"{file}::{function}")
    return check_code(target, read_code(target.path), homework)


@pytest.mark.parametrize("name", INDEX["wrong"])
def test_wrong_backward_fails_and_its_mistake_is_named(name: str) -> None:
    entry = INDEX["wrong"][name]
    found = checked(STUDENTS / "wrong" / f"{name}.py", "backward", homework_of(entry["homework"]))
    assert found.verdict == "fail"
    assert found.diagnosis is not None
    named = [finding.id for finding in found.diagnosis.findings]
    assert 1 <= len(named) <= MOST_NAMED, found.diagnosis.sentence
    assert set(named) & set(entry["ids"]), f"{named} instead of {entry['ids']}: {found.diagnosis.sentence}"


@pytest.mark.parametrize("name", INDEX["right"])
def test_right_backward_passes_however_it_is_written(name: str) -> None:
    found = checked(STUDENTS / "right" / f"{name}.py", "backward", homework_of(INDEX["right"][name]))
    assert found.verdict in ("pass", "kink"), [point.problems for point in found.points]
    assert len(found.points) == 3
    assert found.diagnosis is None


@pytest.mark.parametrize("name", INDEX["forward"])
def test_forward_is_judged_quantity_by_quantity(name: str) -> None:
    entry = INDEX["forward"][name]
    found = checked(STUDENTS / "forward" / f"{name}.py", "forward", homework_of(entry["homework"]))
    wrong = {value.name for point in found.points for value in point.values if value.verdict == "fail"}
    assert wrong == set(entry["wrong"])
    assert found.verdict == ("fail" if wrong else "pass")


@pytest.mark.parametrize("name", INDEX["alone"])
def test_a_file_is_checked_by_its_own_loss(name: str) -> None:
    file = STUDENTS / "alone" / f"{name}.py"
    found = check_alone(parse_target(str(file)), read_code(str(file)))
    assert found.verdict == ("pass" if INDEX["alone"][name]["right"] else "fail")


def code(homework: Homework, text: str, function: str = "backward") -> CodeCheck:
    return checked(homework(text, "student.py"), function, check(homework(UNIT)))


RIGHT = "def backward(x, w, b, y):\n    e = 2*(w*x + b - y)\n    return {'w': e*x, 'b': e}\n"


def test_right_unit_passes_at_three_points(homework: Homework) -> None:
    found = code(homework, RIGHT)
    assert [point.where for point in found.points] == [
        "the homework's numbers",
        "fresh numbers, 1 of 2",
        "fresh numbers, 2 of 2",
    ]
    assert found.verdict == "pass"


def test_hard_coded_answer_is_right_at_the_homework_alone(homework: Homework) -> None:
    found = code(homework, "def backward(**numbers):\n    return {'w': 8.0, 'b': 4.0}\n")
    assert [point.verdict for point in found.points] == ["pass", "fail", "fail"]
    assert found.verdict == "fail"


def test_random_answers_are_not_judged(homework: Homework) -> None:
    text = "import random\ndef backward(x, w, b, y):\n    return {'w': random.random(), 'b': random.random()}\n"
    found = code(homework, text)
    assert found.points[0].verdict == "inconclusive"
    assert found.points[0].undecided == (
        "two calls with the same numbers gave different answers: does the code draw random numbers?"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def backward(x, w, b, y):\n    return {'w': 8.0}\n", "no gradient for b was returned"),
        ("def backward(x, w, b, y):\n    return {'dw': 8.0, 'b': 4.0}\n", "no gradient for w was returned"),
        (
            "def backward(x, w, b, y):\n    return [8.0, 4.0]\n",
            'backward returned an array; it returns a dict of gradients: {"w": dw, "b": db}',
        ),
        (
            "import numpy as np\ndef backward(x, w, b, y):\n    return {'w': np.ones(3), 'b': 4.0}\n",
            "the gradient of w has shape (3,), but w has () (a scalar): a gradient has the shape of its quantity",
        ),
        (
            "def backward(x, w, b, y):\n    return 1/0\n",
            "backward raised ZeroDivisionError in line 2: division by zero",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(homework: Homework, text: str, problem: str) -> None:
    found = code(homework, text)
    assert found.verdict == "fail"
    assert any(problem in text for text in found.points[0].problems), found.points[0].problems


def test_axes_of_size_one_are_put_right_and_said(homework: Homework) -> None:
    text = RIGHT.replace("e*x", "[[e*x]]")
    found = code(homework, text)
    assert found.verdict == "pass"
    assert found.points[0].remarks == ("the gradient of w has shape (1, 1); taken as () (a scalar)",)


def test_endless_loop_is_stopped(homework: Homework) -> None:
    from dlcli.isolation import Limits

    file = homework("def backward(**numbers):\n    while True: pass\n", "student.py")
    target = parse_target(f"{file}::backward")
    found = check_code(
        target, read_code(target.path), check(homework(UNIT)), limits=Limits(cpu_seconds=1, wall_seconds=60)
    )
    assert found.verdict == "fail"
    assert found.stopped == "backward stopped after 1 s of CPU time"
    assert found.points == ()


def test_loss_in_another_base_is_recognised(homework: Homework) -> None:
    text = "def forward(x, w, b, y):\n    return {'z': w*x + b, 'loss': 2*(w*x + b - y)**2}\n"
    found = code(homework, text, "forward")
    assert found.points[0].remarks == ("loss is twice too large: is a factor 1/2 missing?",)


def test_command_reports_and_exits_with_one(run: Run) -> None:
    file = str(STUDENTS / "wrong" / "square_slope_missing_once.py")
    homework = str(STUDENTS / "homework" / "square.yaml")
    result = run("gradcheck", f"{file}::backward", homework)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"{file}::backward against {homework}"
    assert lines[1] == "  the homework's numbers: ✗ FAIL; right: W3, b3; wrong: W1, b1, W2, b2"
    assert lines[-2] == "  This is what comes out if the derivative of sigmoid is left out at A2."
    assert lines[-1] == f"✗ FAIL: {file}::backward: wrong at every point"


def test_command_takes_the_functions_that_a_file_defines(run: Run, homework: Homework) -> None:
    file = homework(RIGHT + "def forward(x, w, b, y):\n    return {'loss': (w*x + b - y)**2}\n", "student.py")
    result = run("gradcheck", str(file), str(homework(UNIT)), "--quiet")
    assert result.exit_code == 0
    assert result.stdout == (
        f"✓ PASS: {file}::backward: right at 3 points\n✓ PASS: {file}::forward: right at 3 points\n"
    )


def test_json_carries_points_and_diagnosis(run: Run) -> None:
    file = STUDENTS / "wrong" / "square_slope_missing_once.py"
    result = run("gradcheck", f"{file}::backward", str(STUDENTS / "homework" / "square.yaml"), "--format", "json")
    document = json.loads(result.stdout)
    assert document["verdict"] == "fail"
    (found,) = document["results"]
    assert found["schema"] == "dlcli/code/v1"
    assert found["diagnosis"]["mistakes"][0]["id"] == "activation-derivative-missing-in-one-layer"
    assert [point["verdict"] for point in found["points"]] == ["fail", "fail", "fail"]
    assert found["points"][0]["gradients"]["W3"]["verdict"] == "pass"
    assert found["points"][0]["gradients"]["W1"]["given"] != found["points"][0]["gradients"]["W1"]["symbolic"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["s.py::backward"], "'s.py::backward' needs the homework that it belongs to"),
        (["s.py::backward", "a.yaml", "b.yaml"], "code is checked against one homework, not 2: a.yaml, b.yaml"),
        (["s.py", "--explain", "w"], "--explain, --plot, --full and --probe are for homework files, not for code"),
        (["s.py", "--wrt", "w"], "--wrt names quantities of a homework, but there is none"),
    ],
)
def test_wrong_calls_are_explained(run: Run, arguments: list[str], message: str) -> None:
    result = run("gradcheck", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [("s.py::", "names no function"), ("::backward", "names no function"), ("s.py::backwrd", "neither backward nor")],
)
def test_targets_that_name_nothing(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_target(text)


def test_missing_file_of_code_is_an_error_with_a_suggestion(run: Run, homework: Homework) -> None:
    homework(RIGHT, "student.py")
    result = run("gradcheck", str(homework(UNIT).parent / "studnt.py") + "::backward", str(homework(UNIT)))
    assert result.exit_code == 2
    assert "error[E512]" in result.stderr
    assert "did you mean 'student.py'?" in result.stderr


def test_a_relu_that_is_open_at_the_homework_is_closed_at_a_fresh_point(homework: Homework) -> None:
    network = "inputs: {x: 2}\nweights: {w: 3}\ntargets: {y: 5}\nnetwork:\n  - a = relu(w*x)\nloss: square(a - y)\n"
    file = homework("def backward(x, w, y):\n    return {'w': 2*(max(w*x, 0) - y)*x}\n", "student.py")
    found = checked(file, "backward", check(homework(network)))
    assert found.points[0].verdict == "pass"
    assert found.verdict == "fail"


def test_what_is_wrong_in_every_answer_fails_though_the_rest_is_random(homework: Homework) -> None:
    text = "import random\ndef backward(x, w, b, y):\n    return {'w': random.random(), 'b': 7.0}\n"
    found = code(homework, text)
    assert found.points[0].verdict == "fail"
    assert "two calls with the same numbers gave different answers" in found.points[0].problems[0]


def alone(homework: Homework, text: str) -> CodeCheck:
    file = homework(text, "student.py")
    return check_alone(parse_target(str(file)), read_code(str(file)))


def test_whole_numbers_of_example_stay_whole(homework: Homework) -> None:
    text = (
        "def example():\n    return {'w': 2.0, 'n': 3}\n"
        "def loss(w, n):\n    return sum(w * w for _ in range(n))\n"
        "def backward(w, n):\n    return {'w': 2 * n * w}\n"
    )
    assert alone(homework, text).verdict == "pass"


def test_a_loss_that_is_stopped_fails(homework: Homework) -> None:
    text = (
        "import os\ncalls = 0\ndef example():\n    return {'w': 2.0}\n"
        "def loss(w):\n    global calls\n    calls += 1\n    if calls > 3:\n        os._exit(0)\n    return w * w\n"
        "def backward(w):\n    return {'w': 2 * w}\n"
    )
    found = alone(homework, text)
    assert found.verdict == "fail"
    assert found.points[0].problems == ("loss ended the process before it answered, beside the arguments of example()",)


def test_a_loss_of_none_is_no_loss(homework: Homework) -> None:
    found = code(homework, "def forward(x, w, b, y):\n    return {'z': w*x + b, 'loss': None}\n", "forward")
    assert found.points[0].problems == ("no loss was returned",)


@pytest.mark.parametrize(
    ("text", "path", "function"),
    [
        ("a::b.py::backward", "a::b.py", "backward"),
        ("OK.PY", "OK.PY", None),
        ("odd::name.py", "odd::name.py", None),
    ],
)
def test_colons_and_capitals_in_names_of_files(text: str, path: str, function: str | None) -> None:
    target = parse_target(text)
    assert (target.path, target.function) == (path, function)


def test_code_that_cannot_be_read_is_told_of_the_file(homework: Homework) -> None:
    found = code(homework, "def backward(x:\n")
    assert found.stopped is not None
    assert found.stopped.startswith(f"{homework(UNIT).parent / 'student.py'} is no Python")


def test_class_numbers_that_are_no_indices_get_a_hint(tmp_path: Path) -> None:
    (tmp_path / "homework.yaml").write_text(
        "inputs: {x: [[1, 2], [0, 1]]}\nweights: {W: [[0.1, 0.2], [0.3, -0.1]]}\ntargets: {y: [0, 1]}\n"
        "network: [z = x @ W.T]\nloss: softmax_cross_entropy(z, y)\n"
    )
    (tmp_path / "s.py").write_text(
        "import numpy as np\n"
        "def backward(x, W, y):\n    p = x @ W.T\n    p[np.arange(2), y] -= 1\n    return {'W': p}\n"
    )
    found = checked(tmp_path / "s.py", "backward", check(tmp_path / "homework.yaml"))
    told = found.points[0].problems[0]
    assert "raised IndexError in line 4" in told
    assert told.endswith("(class numbers come as floats: y.astype(int) makes indices of them)")
