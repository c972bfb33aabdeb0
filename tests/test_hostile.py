"""Hostile and clumsy use: closed and full streams, results over inputs, floods of errors, help for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dlcli
from tests.conftest import Homework, Run

GOOD = "inputs: {x: 3}\nnetwork: [h = x*x]\nloss: h\n"


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command line of the shell, with `dlcli` the one of this process's Python."""
    text = command.replace("dlcli", f"'{sys.executable}' -m dlcli", 1)
    return subprocess.run(["sh", "-c", text], cwd=folder, capture_output=True, text=True, check=False)


def test_standard_input_that_is_closed_is_an_error_of_the_call(tmp_path: Path) -> None:
    done = shell("dlcli check - <&-", tmp_path)
    assert done.returncode == 2
    assert "error[E003]: standard input is closed" in done.stderr


def test_standard_output_that_is_closed_is_an_error_of_the_call(homework: Homework) -> None:
    done = shell("dlcli check homework.yaml >&-", homework(GOOD).parent)
    assert (done.returncode, done.stderr) == (2, "Error: standard output is closed\n")


def test_standard_error_may_be_closed(homework: Homework) -> None:
    done = shell("dlcli check homework.yaml 2>&-", homework(GOOD).parent)
    assert (done.returncode, done.stdout) == (0, "homework.yaml: fine (1 equation)\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_under_standard_output_is_said(homework: Homework) -> None:
    done = shell("dlcli check homework.yaml > /dev/full", homework(GOOD).parent)
    assert (done.returncode, done.stderr) == (2, "Error: cannot write standard output: no space left on device\n")


@pytest.mark.parametrize("command", ["solve", "gradcheck"])
def test_a_result_never_takes_the_place_of_the_homework(homework: Homework, run: Run, command: str) -> None:
    path = homework(GOOD)
    result = run(command, str(path), "-o", str(path.parent / "." / path.name))
    assert result.exit_code == 2
    assert "would overwrite the homework file" in result.stderr
    assert path.read_text(encoding="utf-8") == GOOD


def test_a_flood_of_errors_is_counted_and_not_printed_whole(homework: Homework, run: Run) -> None:
    result = run("check", str(homework("inputs: {x: [" + ", ".join("a" * 500) + "]}\nnetwork: [h = sum(x)]\n")))
    assert result.exit_code == 2
    assert result.stderr.count("error[E301]") == 200
    assert "300 more like these are not printed" in result.stderr
    assert "500 errors in" in result.stderr


def test_a_shape_error_shows_where_both_operands_come_from(homework: Homework) -> None:
    path = homework(
        "inputs: {x: [1, 2]}\nweights:\n  W: [[1, 2, 3]]\nnetwork:\n  - h = 2*x\n  - z = W @ h\nloss: sum(z)\n"
    )
    with pytest.raises(dlcli.HomeworkError) as caught:
        dlcli.check(path)
    (found,) = caught.value.diagnostics
    assert found.code == "E202"
    assert [(label.place.line, label.text) for label in found.labels] == [
        (3, "W has shape (1, 3)"),
        (5, "h has shape (2,)"),
    ]


def test_a_named_loss_shows_where_prediction_and_target_come_from(homework: Homework) -> None:
    path = homework("inputs: {x: [1, 2]}\ntargets: {t: [1, 2, 3]}\nnetwork:\n  - h = 2*x\nloss: mse\n")
    with pytest.raises(dlcli.HomeworkError) as caught:
        dlcli.check(path)
    (found,) = caught.value.diagnostics
    assert [(label.place.line, label.text) for label in found.labels] == [
        (4, "h has shape (2,)"),
        (2, "t has shape (3,)"),
    ]


def test_all_unknown_names_of_one_formula_are_told(homework: Homework) -> None:
    path = homework('inputs: {x: 1}\nnetwork: ["h = foo + bar*maximum(baz, foo)"]\n')
    with pytest.raises(dlcli.HomeworkError) as caught:
        dlcli.check(path)
    places = [(d.place.column, d.message) for d in caught.value.diagnostics if d.place is not None]
    assert places == [
        (16, "unknown name `foo`"),
        (22, "unknown name `bar`"),
        (34, "unknown name `baz`"),
        (39, "unknown name `foo`"),
    ]


@pytest.mark.parametrize(
    "formula",
    [
        "x + None",
        'x + "abc"',
        "x[1.5]",
        "x[nosuch]",
        "relu(x, 1)",
        "maximum(x)",
        "xlogy(x)",
        "leaky_relu(x, slope=1, slope=2)",
        'leaky_relu(x, slope="a")',
        "softmax(x, temperature=[1, 2])",
        "stack([])",
        "sum(x, axis=7)",
    ],
)
def test_every_error_of_a_formula_has_help(homework: Homework, formula: str) -> None:
    path = homework(f"inputs: {{x: [1, 2]}}\nnetwork:\n  - 'h = {formula}'\n")
    with pytest.raises(dlcli.HomeworkError) as caught:
        dlcli.check(path)
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.help, diagnostic.message
        assert diagnostic.place is not None


def test_an_unknown_name_under_wrt_has_help(homework: Homework) -> None:
    path = homework("inputs: {x: 1}\nnetwork: [h = x]\nloss: h\nwrt: [qqq]\n")
    with pytest.raises(dlcli.HomeworkError) as caught:
        dlcli.check(path)
    assert caught.value.diagnostics[0].help == "known here: x, h"


@pytest.mark.parametrize(
    "arguments", [("train", "--steps", "1", "-o"), ("train", "--steps", "1", "--csv"), ("inspect", "-o")]
)
def test_train_and_inspect_keep_the_homework_that_they_read(arguments: tuple[str, ...], tmp_path: Path, run) -> None:
    path = tmp_path / "homework.yaml"
    text = "weights: {w: 3}\nloss: w**2\noptimizer: {sgd: {learning_rate: 0.1}}\n"
    path.write_text(text, encoding="utf-8")
    done = run(*arguments, str(path), str(path))
    assert done.exit_code == 2
    assert "would overwrite the homework file; name another file" in done.stderr
    assert path.read_text(encoding="utf-8") == text
