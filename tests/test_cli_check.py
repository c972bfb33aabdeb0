"""`dlcli check`: validation alone."""

from __future__ import annotations

import pytest

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


EXCHANGED = "inputs: {x: [1, 2]}\nweights: {W: [[0.1, 0.2], [0.3, -0.1]]}\ntargets: {y: [0.5, 0.5]}\n"


@pytest.mark.parametrize(
    ("network", "loss", "right"),
    [
        ("p = softmax(W @ x)", "cross_entropy(y, p)", "cross_entropy(p, y)"),
        ("p = sigmoid(W @ x)", "bce(y, p)", "bce(p, y)"),
        ("z = W @ x", "bce_with_logits(y, z)", "bce_with_logits(z, y)"),
        ("q = softmax(W @ x)", "kl_divergence(y, q)", "kl_divergence(q, y)"),
    ],
)
def test_exchanged_prediction_and_target_are_told(run: Run, network: str, loss: str, right: str) -> None:
    found = run("check", "-", input=f"{EXCHANGED}network: ['{network}']\nloss: {loss}\n")
    assert found.exit_code == 0
    assert "warning[W907]" in found.stderr
    assert f"help: write {right}" in found.stderr
    assert "W906" not in found.stderr
    told = run("check", "-", input=f"{EXCHANGED}network: ['{network}']\nloss: {right}\n")
    assert "W907" not in told.stderr


@pytest.mark.parametrize("loss", ["mse(y, z)", "squared_error(y, z)", "bce_with_logits(y, y)", "sum(y*z)"])
def test_losses_without_an_order_are_not_warned_of(run: Run, loss: str) -> None:
    assert "W907" not in run("check", "-", input=f"{EXCHANGED}network: [z = W @ x]\nloss: {loss}\n").stderr


def test_a_domain_that_exchanged_operands_leave_is_explained_by_that(run: Run) -> None:
    text = EXCHANGED.replace("[0.5, 0.5]", "[-1, 1]") + "network: ['p = sigmoid(W @ x)']\nloss: bce(y, p)\n"
    found = run("check", "-", input=text)
    assert found.exit_code == 2
    assert "help: write bce(p, y)" in found.stderr
