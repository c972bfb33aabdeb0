"""`dlcli inspect`: the report, one line, JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Homework, Run

RELU = """
    inputs: {x: [1, 2]}
    weights: {W1: [[1, 1], [-1, -1]], b1: [1, 0], W2: [[2, 5]], b2: [0]}
    targets: {y: [6]}
    network:
      - dense: {activation: relu}
      - dense: {}
    loss: half_squared_error
"""
HEADINGS = [
    "Shapes, parameters, multiply-adds",
    "Jacobians",
    "What the gradient costs",
    "Gradient flow",
    "Saturated units",
    "Dead ReLU units",
    "What operations do to a gradient",
    "Layers with nothing non-linear between them",
    "Units that training never separates",
    "Variance and Xavier initialisation",
    "Linear regions",
    "Approximation by width",
]


def test_report_has_every_section(run: Run, homework: Homework) -> None:
    result = run("inspect", str(homework(RELU)))
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line for line in lines if line in HEADINGS] == HEADINGS


def test_report_says_the_numbers(run: Run, homework: Homework) -> None:
    text = run("inspect", str(homework(RELU)), "--ascii").stdout
    assert text.isascii()
    totals = next(line for line in text.splitlines() if line.startswith("  all "))
    assert totals.split() == ["all", "9", "6", "8"]
    assert "  a1: 1 of 2 units dead for this batch (number 1); slope 0 at 1 of 2 entries.\n" in text
    assert "diagonal, 1 of 2 are 0" in text
    assert "9 + 1 = 10 forward passes" in text
    assert "  2, a factor of 2 a layer; of dL/dW it is 1.11803.\n" in text
    assert "at most 4 linear regions, the\n  sum over j <= n_0 of C(n_1, j).\n" in text
    assert "does not apply: there is no sigmoid and no tanh\n" in text


def test_first_index_is_the_file_s(run: Run, homework: Homework) -> None:
    path = homework("    index_base: 1" + RELU)
    assert "(number 2)" in run("inspect", str(path)).stdout


def test_quiet_is_one_line(run: Run, homework: Homework) -> None:
    path = homework(RELU)
    assert run("inspect", str(path), "--quiet").stdout == (
        f"{path}: 9 parameters; 6 multiply-adds forward, 8 backward; gradients: growing, first/last 2\n"
    )


def test_json_document(run: Run, homework: Homework) -> None:
    result = run("inspect", str(homework(RELU)), "--format", "json")
    document = json.loads(result.stdout)
    assert document["schema"] == "dlcli/inspect/v1"
    assert document["work"]["layers"][0]["shapes"] == {"z1": [2], "a1": [2]}
    assert document["gradient_flow"]["ratio"] == 2.0
    assert document["dead_units"][0]["dead"] == [1]
    assert document["saturation"] == {"skipped": "there is no sigmoid and no tanh"}
    assert document["linear_regions"]["upper"] == 4
    assert document["collapsed"] == []
    assert document["warnings"] == []


def test_json_gives_the_size_of_numbers_too_large_to_write(run: Run) -> None:
    text = "inputs: {x: [1, 2]}\nnetwork:\n  - repeat: {times: 20, items: [dense: {units: 99, activation: relu}]}\n"
    result = run("inspect", "-", "--format", "json", input=text)
    regions = json.loads(result.stdout)["linear_regions"]
    assert regions["upper"] is None
    assert abs(regions["upper_log10"] - 20 * 3.6947) < 0.01  # log10(1 + 99 + 4851) a layer
    assert "about 7.8" in run("inspect", "-", input=text).stdout


def test_long_tables_are_cut_unless_all_is_asked(run: Run) -> None:
    text = "inputs: {x: [1, 2]}\nnetwork:\n  - repeat: {times: 20, items: [dense: {units: 2, activation: tanh}]}\n"
    cut = run("inspect", "-", input=text).stdout
    assert "Of 80 rows, 30 are shown; --all prints every one." in cut
    assert "--all" not in run("inspect", "-", "--all", input=text).stdout


def test_output_file(run: Run, homework: Homework, tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    result = run("inspect", str(homework(RELU)), "-o", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Gradient flow\n" in target.read_text(encoding="utf-8")


def test_bad_file_is_told_and_ends_with_2(run: Run, homework: Homework) -> None:
    result = run("inspect", str(homework("inputs: {x: 2}\nnetwork:\n  - y = q*x\n")))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error[E103]: unknown name `q`" in result.stderr


def test_collapsed_weights_are_written_in_the_file_s_convention(run: Run) -> None:
    """x W1 W2 + b1 W2 + b2: (1 3; 0 1) (1; 2) = (7; 2), (1 -1) (1; 2) + 10 = 9."""
    text = (
        "convention: row\ninputs: {x: [1, 2]}\n"
        "weights: {W1: [[1, 3], [0, 1]], b1: [1, -1], W2: [[1], [2]], b2: [10]}\n"
        "network: [dense: {}, dense: {}]\nloss: sum(a2)\n"
    )
    printed = run("inspect", "-", input=text).stdout
    assert "together one layer z = x W + b, with\n    W = [[7],\n         [2]]\n    b = [9]\n" in printed
