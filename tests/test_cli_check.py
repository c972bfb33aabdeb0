"""`dlcli check`: validation alone."""

from __future__ import annotations

from tests.conftest import Homework, Run

EQUATIONS = "inputs: {x: 2}\nweights: {w: 3, b: 1}\nnetwork:\n  - z = w*x\n  - y = z + b\nloss: y\n"
LAYER = "inputs: {x: [1, 2]}\nnetwork:\n  - dense: {units: 3, init: normal, seed: 1}\n  - y = a1 @ a1\n"
WRONG = "inputs: {x: 2}\nnetwork:\n  - y = q*x\n  - u = v*x\nloss: y\n"


def test_right_file_is_fine(run: Run, homework: Homework) -> None:
    path = homework(EQUATIONS)
    result = run("check", str(path))
    assert (result.exit_code, result.stdout) == (0, f"{path}: fine (2 equations, 2 weights)\n")


def test_layers_are_counted(run: Run, homework: Homework) -> None:
    path = homework(LAYER)
    assert run("check", str(path)).stdout == f"{path}: fine (1 layer, 1 equation, 9 weights)\n"


def test_standard_input(run: Run) -> None:
    assert run("check", "-", input=EQUATIONS).stdout == "<stdin>: fine (2 equations, 2 weights)\n"


def test_all_errors_are_told_at_once(run: Run, homework: Homework) -> None:
    path = homework(WRONG)
    result = run("check", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("error[E103]") == 2
    assert result.stderr.endswith(f"2 errors in {path}; nothing was computed from it\n")


def test_files_after_a_bad_one_are_checked(run: Run, homework: Homework) -> None:
    result = run("check", str(homework(WRONG)), str(homework(EQUATIONS, "b.yaml")))
    assert result.exit_code == 2
    assert "b.yaml: fine" in result.stdout
