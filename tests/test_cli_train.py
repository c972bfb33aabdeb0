"""`dlcli train`: report, documents, files, messages, exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import Result

import dlcli.training
from dlcli.training import Step
from tests.conftest import Run

LINE = """\
title: A line
inputs: {x: [1, 2, 3]}
targets: {t: [2, 4, 7]}
weights: {w: 1, b: 0}
network:
  - p = w*x + b
loss: mse(p, t)
optimizer: {sgd: {learning_rate: 0.125}}
"""
BATCHES = LINE.replace("0.125", "0.125, batch_size: 2")
DIVERGING = LINE.replace("0.125", "1e100")

REPORT = """\
A line (homework.yaml)

Optimizer
  sgd: w -= lr g
       lr = 0.125

Loss
  step   loss
  ───────────────
     0   7
     1   1.2338
     2   0.363603
     3   0.225722

Curve
       7 |████
         |████
         |████
         |████
         |████
         |████
         |████▂▂▂▂
  0.2257 |████████▁▁▁▁▁▁▁▁
         +----------------
          0              3  step

Weights after step 3
  w ≈ 2.11227
  b ≈ 0.373264

✓ loss 0.225722 after 3 steps; 7 before training.
"""


@pytest.fixture
def train(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """train(text, *options) in a folder of its own, where homework.yaml holds the text."""

    def invoke(text: str, *arguments: str) -> Result:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "homework.yaml").write_text(text, encoding="utf-8")
        return run("train", "homework.yaml", *arguments)

    return invoke


def losses_by_hand(steps: int) -> list[float]:
    w, b, found = 1.0, 0.0, []
    for _ in range(steps + 1):
        errors = [w * x + b - t for x, t in ((1, 2), (2, 4), (3, 7))]
        found.append(sum(e * e for e in errors) / 3)
        w -= 0.125 * sum(2 * e * x for e, x in zip(errors, (1, 2, 3), strict=True)) / 3
        b -= 0.125 * sum(2 * e for e in errors) / 3
    return found


def test_report(train: Run) -> None:
    result = train(LINE, "--steps", "3")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == REPORT


def test_ascii_report_is_ascii(train: Run) -> None:
    result = train(LINE.replace("A line", "Übung"), "--steps", "30", "--ascii")
    assert result.stdout.isascii()
    assert result.stdout.startswith("\\xdcbung (homework.yaml)\n")


def test_long_trace_is_shortened_unless_all_is_asked_for(train: Run) -> None:
    short = train(LINE, "--steps", "100").stdout
    assert "\n    90   " in short
    assert "\n    91   " not in short
    assert "\n  Of 101 losses, 11 are shown; --all prints every one.\n" in short
    every = train(LINE, "--steps", "100", "--all").stdout
    assert "\n    91   " in every
    assert "are shown" not in every


def test_settings_and_batches_are_told(train: Run) -> None:
    text = LINE.replace("sgd: {learning_rate: 0.125}", "adam: {learning_rate: 0.125, batch_size: 2}")
    report = train(text, "--steps", "1", "--shuffle", "5").stdout
    assert report.split("\n\n")[1] == (
        "Optimizer\n"
        "  adam: m = beta1 m + (1 - beta1) g\n"
        "        v = beta2 v + (1 - beta2) g^2\n"
        "        w -= lr (m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps)\n"
        "        lr = 0.125, beta1 = 0.9, beta2 = 0.999, eps = 1e-8\n"
        "  2 of 3 samples a step, shuffled by the seed 5; the loss is over all of them"
    )
    assert "\n  2 of 3 samples a step, in order; the loss" in train(text, "--steps", "1").stdout


def test_quiet_is_one_line(train: Run) -> None:
    result = train(LINE, "--steps", "3", "--quiet", "--digits", "3")
    assert result.stdout == "homework.yaml: ✓ loss 0.226 after 3 steps; 7 before training.\n"


def test_document_is_as_the_format_says(train: Run) -> None:
    result = train(LINE, "--steps", "3", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    expected = losses_by_hand(3)
    assert document["schema"] == "dlcli/train/v1"
    assert [set(entry) for entry in document["trace"]] == [{"step", "loss"}] * 4
    assert [entry["step"] for entry in document["trace"]] == [0, 1, 2, 3]
    assert [entry["loss"] for entry in document["trace"]] == pytest.approx(expected, rel=1e-12)
    assert set(document["weights"]) == set(document["gradients"]) == {"w", "b"}
    before = json.loads(train(LINE, "--steps", "2", "--format", "json").stdout)["weights"]
    for name in ("w", "b"):
        moved = before[name] - 0.125 * document["gradients"][name]
        assert document["weights"][name] == pytest.approx(moved, rel=1e-14)
    rest = {key: document[key] for key in ("file", "title", "status", "message", "step", "optimizer", "warnings")}
    assert rest == {
        "file": "homework.yaml",
        "title": "A line",
        "status": "finished",
        "message": None,
        "step": 3,
        "optimizer": {"sgd": {"learning_rate": 0.125}},
        "warnings": [],
    }


def test_csv_has_full_precision(train: Run, tmp_path: Path) -> None:
    train(LINE, "--steps", "3", "--csv", "out/loss.csv")
    lines = (tmp_path / "out" / "loss.csv").read_text(encoding="utf-8").splitlines()
    trace = json.loads(train(LINE, "--steps", "3", "--format", "json").stdout)["trace"]
    assert lines[0] == "step,loss"
    assert [(int(s), float(v)) for s, v in (line.split(",") for line in lines[1:])] == [
        (entry["step"], entry["loss"]) for entry in trace
    ]


def test_plot_svg_needs_no_library(train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert train(LINE, "--steps", "3", "--plot", "loss.svg").exit_code == 0
    root = ElementTree.parse(tmp_path / "loss.svg").getroot()
    assert root[0].text == "A line: loss by training step"


def test_plot_png_without_matplotlib_says_what_to_do(
    train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = train(LINE, "--steps", "3", "--plot", "loss.png")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "Error: a .png needs matplotlib, which is not installed: pip install matplotlib, or write an .svg\n"
    )
    assert not (tmp_path / "loss.png").exists()


def test_saved_homework_goes_on_where_training_ended(train: Run, tmp_path: Path) -> None:
    assert train(LINE, "--steps", "3", "--save", "trained.yaml").stdout == REPORT
    text = (tmp_path / "trained.yaml").read_text(encoding="utf-8")
    first = json.loads(train(text, "--steps", "1", "--format", "json").stdout)["trace"][0]["loss"]
    assert first == pytest.approx(losses_by_hand(3)[3], rel=1e-12)


def test_saved_archive_has_the_weights(train: Run, tmp_path: Path) -> None:
    document = json.loads(train(LINE, "--steps", "3", "--save", "w.npz", "--format", "json").stdout)
    with np.load(tmp_path / "w.npz") as archive:
        assert {name: float(archive[name]) for name in archive.files} == document["weights"]


def test_output_goes_to_a_file(train: Run, tmp_path: Path) -> None:
    assert train(LINE, "--steps", "3", "-o", "report.txt").stdout == ""
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == REPORT


def test_standard_input(run: Run) -> None:
    result = run("train", "-", "--steps", "3", "--quiet", input=LINE)
    assert result.stdout == "<stdin>: ✓ loss 0.225722 after 3 steps; 7 before training.\n"


def test_warnings_go_to_standard_error(train: Run) -> None:
    text = LINE.replace("b: 0", "b: 0, u: 1")
    result = train(text, "--steps", "1")
    assert "warning[W902]: the weight `u` is never used" in result.stderr
    assert "W902" not in train(text, "--steps", "1", "--quiet").stderr
    document = json.loads(train(text, "--steps", "1", "--format", "json").stdout)
    assert [warning["code"] for warning in document["warnings"]] == ["W902"]
    assert (document["weights"]["u"], document["gradients"]["u"]) == (1.0, 0.0)


ERROR = """\
error[E311]: training diverged at step 2: mse overflows, with operands up to 4.28e+202
 --> homework.yaml:8:34
  |
8 | optimizer: {sgd: {learning_rate: 1e100}}
  |                                  ^^^^^
  = help: try a smaller learning_rate than 1e+100
  = note: step 1 is the last with finite numbers; its weights are kept
"""


def test_diverging_run_exits_1_and_says_where_and_why(train: Run, tmp_path: Path) -> None:
    result = train(DIVERGING, "--steps", "50", "--save", "w.npz")
    assert result.exit_code == 1
    assert result.stderr == ERROR
    assert result.stdout.splitlines()[-1].startswith(
        "✗ training diverged at step 2: mse overflows, with operands up to 4.28e+202; loss "
    )
    assert "\nWeights after step 1\n" in result.stdout
    with np.load(tmp_path / "w.npz") as archive:
        assert all(np.isfinite(archive[name]) for name in archive.files)


def test_document_of_a_diverging_run(train: Run) -> None:
    result = train(DIVERGING, "--steps", "50", "--format", "json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["status"], document["step"]) == (1, "diverged", 1)
    assert document["trace"][-1] == {"step": 2, "loss": "inf"}
    assert document["message"] == "training diverged at step 2: mse overflows, with operands up to 4.28e+202"


def test_loss_not_finite_before_training(train: Run) -> None:
    text = "weights: {w: 0}\nnetwork:\n  - loss = -log(w)\noptimizer: {sgd: {learning_rate: 1}}\n"
    result = train(text, "--steps", "5", "--quiet")
    assert result.exit_code == 1
    assert result.stderr == (
        "error[E311]: the loss is not finite before training: log is at the edge of its domain, with operands up to 0\n"
        " --> homework.yaml\n"
        "  = help: give other weights or inputs\n"
    )


def test_interrupted_run_reports_and_writes_what_it_has(
    train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = dlcli.training.training_steps

    def interrupted(*arguments: object) -> object:
        for step in steps(*arguments):  # type: ignore[arg-type]
            yield step
            if isinstance(step, Step) and step.number == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(dlcli.training, "training_steps", interrupted)
    result = train(LINE, "--steps", "1000", "--csv", "loss.csv", "--save", "new.yaml")
    assert result.exit_code == 130
    assert result.stderr == "interrupted after step 3 of 1,000\n"
    assert result.stdout.endswith("\ninterrupted after step 3 of 1,000; loss 0.225722 after step 3.\n")
    assert len((tmp_path / "loss.csv").read_text(encoding="utf-8").splitlines()) == 5
    assert (tmp_path / "new.yaml").exists()
    document = json.loads(train(LINE, "--steps", "1000", "--format", "json").stdout)
    assert (document["status"], document["message"]) == ("interrupted", "interrupted after step 3 of 1,000")
    assert len(document["trace"]) == 4


MISSING = """\
error[E107]: training needs `optimizer`, but the file has none
 --> homework.yaml
  = help: add `optimizer: {sgd: {learning_rate: 0.1}}`
"""


def test_file_without_an_optimizer(train: Run) -> None:
    result = train(LINE.rpartition("optimizer")[0], "--steps", "1")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", MISSING)


def test_file_that_cannot_be_used_in_json_mode(train: Run) -> None:
    result = train(BATCHES.replace("batch_size: 2", "batch_size: 4"), "--steps", "1", "--format", "json")
    assert result.exit_code == 2
    [error] = json.loads(result.stdout)["errors"]
    assert (error["code"], error["message"]) == ("E305", "batch_size is 4, but the file has 3 samples")
    assert (error["line"], error["column"]) == (8, 53)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing option '--steps'."),
        (("--steps", "0"), "Invalid value for '--steps': 0 is not in the range 1<=x<=10000000."),
        (("--steps", "-3"), "Invalid value for '--steps': -3 is not in the range 1<=x<=10000000."),
        (("--steps", "x"), "Invalid value for '--steps': 'x' is not a valid integer range."),
        (("--steps", "1", "--plot", "a.gif"), "Invalid value for '--plot': 'a.gif' does not end in .svg or .png"),
        (
            ("--steps", "1", "--save", "a.csv"),
            "Invalid value for '--save': 'a.csv' does not end in .npz or .yaml or .yml",
        ),
        (("--steps", "1", "--save", "homework.yaml"), "--save would overwrite 'homework.yaml' itself; name a new file"),
        (("--steps", "1", "--shuffle", "1"), "--shuffle needs batches; add `batch_size` to the optimizer of the file"),
    ],
)
def test_wrong_command_lines(train: Run, arguments: tuple[str, ...], message: str) -> None:
    result = train(LINE, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Usage: dlcli train [OPTIONS] FILE\nTry 'dlcli train --help' for help.\n\nError: {message}\n"
    )


def test_homework_that_cannot_be_saved_is_told_before_training(train: Run, tmp_path: Path) -> None:
    result = train(LINE.replace("{w: 1, b: 0}", "{w: &a 1, b: *a}"), "--steps", "1", "--save", "new.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        "Error: --save cannot write 'new.yaml' as a homework: several weights share one place in the text;"
        " write an .npz\n"
    )
    assert not (tmp_path / "new.yaml").exists()


def test_file_that_cannot_be_written_does_not_lose_the_result(train: Run, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    result = train(LINE, "--steps", "3", "--csv", "folder.csv")
    assert result.exit_code == 2
    assert result.stdout == REPORT
    assert result.stderr == "Error: cannot write 'folder.csv': it is a folder\n"


def test_steps_are_counted_by_the_progress_bar() -> None:
    from io import StringIO

    from dlcli.render.progress import progress
    from tests.test_render_progress import Terminal, wait_for

    stream: StringIO = Terminal()
    with progress(7, "training", stream, patience=0) as bar:
        bar.start("a.yaml")
        wait_for("training a.yaml", stream)
        for _ in range(5):
            bar.advance()
        wait_for("5/7", stream)
