"""`dlcli solve`: options, streams, files, several files."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from dlcli import solving
from dlcli.comparison import Comparison
from tests.conftest import Homework, Run
from tests.handmade import solution, tensor

LINE = """
title: One line
inputs:  {x: 2}
weights: {w: 1/3, b: -1}
network:
  - z = w*x + b
  - a = relu(z)
loss: z*z
"""
LAYER = """
inputs: {x: [1, 2]}
targets: {t: 1}
weights: {W: [1, -1]}
network:
  - dense: {name: o, weights: W, activation: sigmoid}
loss: bce
optimizer: {sgd: {learning_rate: 0.5}}
"""
KINK = "inputs: {x: 0}\nnetwork:\n  - a = relu(x)\n  - f = a*2\nloss: f\n"
VALUES = "inputs: {x: 2}\nnetwork:\n  - y = x*x\n"
WRONG = "inputs: {x: 2}\nnetwork:\n  - y = q*x\nloss: y\n"


def test_report_has_every_section(run: Run, homework: Homework) -> None:
    result = run("solve", str(homework(LINE)))
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith(f"One line ({homework(LINE)})\n\nForward\n")
    for part in (
        "  z    ≈ -0.333333 ",
        "exactly -1/3",
        "  loss ≈  0.111111",
        "  delta_z ",
        "  ∂loss/∂w ",
        "\n  w          -4/3       -1.33333    -1.33333       -1.33333  ±",
        "\n✓ PASS: all 2 entries agree by 4 ways; all exercised.\n",
    ):
        assert part in result.stdout


def test_standard_input_is_a_file_too(run: Run) -> None:
    result = run("solve", "-", "--quiet", input=LINE)
    assert result.stdout == "<stdin>: ✓ PASS: all 2 entries agree by 4 ways; all exercised.\n"


def test_equations_of_layers_are_printed(run: Run, homework: Homework) -> None:
    path = str(homework(LAYER))
    assert "Equations\n" not in run("solve", path).stdout
    text = run("solve", path, "--equations").stdout
    assert "\nEquations\n  z_o  = " in text
    assert "# activation of o\n" in text
    document = json.loads(run("solve", path, "--equations", "--format", "json").stdout)
    assert [equation["names"] for equation in document["equations"]][-1] == ["loss"]


def test_optimizer_shows_the_weights_after_one_step(run: Run, homework: Homework) -> None:
    path = str(homework(LAYER))
    assert "\nWeights after one step of sgd\n  W " in run("solve", path).stdout
    assert set(json.loads(run("solve", path, "--format", "json").stdout)["step"]) == {"W", "b_o"}


@pytest.mark.parametrize("wrt", [("--wrt", "x", "--wrt", "z"), ("--wrt", "x,z"), ("--wrt", "x, z")])
def test_wrt_may_be_repeated_or_hold_commas(run: Run, homework: Homework, wrt: tuple[str, ...]) -> None:
    result = run("solve", str(homework(LINE)), "--format", "json", *wrt)
    assert list(json.loads(result.stdout)["gradients"]) == ["x", "z"]


def test_unknown_wrt_exits_2(run: Run, homework: Homework) -> None:
    result = run("solve", str(homework(LINE)), "--wrt", "weight")
    assert result.exit_code == 2
    assert "`weight`" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("digits", "text"), [("1", "-0.3 "), ("3", "-0.333 "), ("12", "-0.333333333333 ")])
def test_digits(run: Run, homework: Homework, digits: str, text: str) -> None:
    assert f"  z    ≈ {text}" in run("solve", str(homework(LINE)), "--digits", digits).stdout


def test_expand_prints_formulas_in_inputs_and_weights(run: Run, homework: Homework) -> None:
    assert "\nIn inputs and weights alone\n" in run("solve", str(homework(LINE)), "--expand").stdout


def test_all_prints_every_entry(run: Run, homework: Homework) -> None:
    text = "inputs: {x: {shape: [30], init: normal, seed: 1}}\nnetwork:\n  - y = x @ x\nloss: y\n"
    path = str(homework(text))
    assert "x[29]" in run("solve", path, "--all").stdout
    short = run("solve", path).stdout
    assert "Of 30 entries, 25 are not shown" in short


def test_ascii_is_ascii(run: Run, homework: Homework) -> None:
    result = run("solve", str(homework(LINE.replace("One", "Übung"))), "--ascii")
    assert result.stdout.isascii()
    assert result.stdout.startswith(r"\xdcbung line")
    assert "\nPASS: " in result.stdout


def test_color_always_and_never(run: Run, homework: Homework) -> None:
    path = str(homework(LINE))
    assert "\x1b[32m✓ PASS" in run("solve", path, "--color", "always").stdout
    assert "\x1b" not in run("solve", path, "--color", "never").stdout
    assert "\x1b[1;31merror" in run("solve", str(homework(WRONG, "w.yaml")), "--color", "always").stderr


def test_kink_passes(run: Run, homework: Homework) -> None:
    result = run("solve", str(homework(KINK)), "--strict")
    assert result.exit_code == 0
    assert "~ KINK: 1 of 1 entry (x) lies on a kink" in result.stdout


def test_values_alone_pass(run: Run, homework: Homework) -> None:
    result = run("solve", str(homework(VALUES)), "--strict")
    assert result.exit_code == 0
    assert result.stdout.endswith("Values only: the file names no loss, so there is nothing to differentiate.\n")


@pytest.mark.parametrize(
    ("verdict", "options", "code"),
    [
        ("fail", (), 1),
        ("inconclusive", (), 0),
        ("inconclusive", ("--strict",), 1),
        ("kink", ("--strict",), 0),
    ],
)
def test_verdict_decides_the_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, verdict: str, options: tuple[str, ...], code: int
) -> None:
    found = solution(tensor("w", 1.0, verdict))
    monkeypatch.setattr(solving, "solve", lambda *_, **__: found)
    assert run("solve", "a.yaml", *options).exit_code == code
    assert run("solve", "a.yaml", "--format", "json", *options).exit_code == code
    assert run("solve", "a.yaml", "--quiet", *options).stdout.count("\n") == 1


def test_error_goes_to_standard_error_with_its_place(run: Run, homework: Homework) -> None:
    path = homework(WRONG)
    result = run("solve", str(path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f" --> {path}:3:9\n" in result.stderr
    assert "3 |   - y = q*x\n  |         ^\n" in result.stderr


def test_error_in_json_mode_is_a_document(run: Run, homework: Homework) -> None:
    result = run("solve", str(homework(WRONG)), "--format", "json")
    document = json.loads(result.stdout)
    assert result.exit_code == 2
    assert document["schema"] == "dlcli/error/v1"
    assert (document["errors"][0]["line"], document["errors"][0]["column"]) == (3, 9)
    assert "error[E" in result.stderr


def test_several_files_go_on_after_a_bad_one(run: Run, homework: Homework) -> None:
    good, bad = str(homework(LINE)), str(homework(WRONG, "bad.yaml"))
    result = run("solve", bad, good, good)
    assert result.exit_code == 2
    assert result.stdout.count("One line (") == 2
    assert result.stderr.count("error[") == 1
    assert "exercised.\n\nOne line" in result.stdout


def test_several_files_in_json_are_a_list(run: Run, homework: Homework) -> None:
    good, bad = str(homework(LINE)), str(homework(WRONG, "bad.yaml"))
    result = run("solve", good, bad, "--format", "json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["schema"]) == (2, "dlcli/solve-list/v1")
    assert [found["schema"] for found in document["results"]] == ["dlcli/solve/v1", "dlcli/error/v1"]


def test_expected_error_is_still_an_error_here(run: Run, homework: Homework) -> None:
    text = "expect: E103\n" + WRONG
    result = run("solve", str(homework(text)))
    assert result.exit_code == 2
    assert "error[E103]" in result.stderr


def test_warnings_go_to_standard_error(run: Run, homework: Homework) -> None:
    text = "inputs: {p: 0}\ntargets: {y: 1}\nnetwork:\n  - q = p * 1\nloss: bce(q, y)\n"
    result = run("solve", str(homework(text)))
    assert "warning[W" in result.stderr
    assert "warning[" not in result.stdout
    assert run("solve", str(homework(text)), "--quiet").stderr == ""


class TestOutputFile:
    def test_result_is_written_and_nothing_printed(self, run: Run, homework: Homework, tmp_path: Path) -> None:
        path, out = str(homework(LINE)), tmp_path / "new" / "out.txt"
        result = run("solve", path, "-o", str(out))
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
        assert out.read_text(encoding="utf-8") == run("solve", path).stdout

    def test_json_is_written(self, run: Run, homework: Homework, tmp_path: Path) -> None:
        out = tmp_path / "out.json"
        run("solve", str(homework(LINE)), "--format", "json", "-o", str(out))
        assert json.loads(out.read_text(encoding="utf-8"))["verdict"] == "pass"

    def test_nothing_is_written_when_a_file_is_wrong(self, run: Run, homework: Homework, tmp_path: Path) -> None:
        out = tmp_path / "out.txt"
        out.write_text("before", encoding="utf-8")
        bad = str(homework(WRONG, "bad.yaml"))
        for form in ("table", "json"):
            result = run("solve", str(homework(LINE)), bad, "-o", str(out), "--format", form)
            assert result.exit_code == 2
            assert out.read_text(encoding="utf-8") == "before"
        assert json.loads(result.stdout)["schema"] == "dlcli/error/v1"
        assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []

    def test_file_in_ascii(self, run: Run, homework: Homework, tmp_path: Path) -> None:
        out = tmp_path / "out.txt"
        run("solve", str(homework(LINE)), "--ascii", "-o", str(out))
        assert out.read_text(encoding="ascii").endswith("PASS: all 2 entries agree by 4 ways; all exercised.\n")

    def test_several_files_stand_below_each_other(self, run: Run, homework: Homework, tmp_path: Path) -> None:
        path, out = str(homework(LINE)), tmp_path / "out.txt"
        run("solve", path, path, "-o", str(out))
        assert out.read_text(encoding="utf-8") == run("solve", path, path).stdout

    def test_folder_cannot_be_written(self, run: Run, homework: Homework, tmp_path: Path) -> None:
        result = run("solve", str(homework(LINE)), "-o", str(tmp_path))
        assert result.exit_code == 2
        assert f"cannot write '{tmp_path}': it is a folder" in result.stderr

    def test_path_through_a_file_cannot_be_written(self, run: Run, homework: Homework) -> None:
        path = homework(LINE)
        result = run("solve", str(path), "-o", str(path / "out.txt"))
        assert result.exit_code == 2
        assert "cannot write" in result.stderr

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions and links are those of POSIX")
    def test_link_is_followed_and_permissions_are_usual(self, run: Run, homework: Homework, tmp_path: Path) -> None:
        real, link = tmp_path / "real.txt", tmp_path / "link.txt"
        real.write_text("before", encoding="utf-8")
        link.symlink_to(real)
        run("solve", str(homework(LINE)), "-o", str(link))
        assert link.is_symlink()
        assert real.read_text(encoding="utf-8").startswith("One line")
        umask = os.umask(0)
        os.umask(umask)
        assert stat.S_IMODE(real.stat().st_mode) == 0o666 & ~umask

    @pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/null")
    def test_device_can_be_written(self, run: Run, homework: Homework) -> None:
        assert run("solve", str(homework(LINE)), "-o", os.devnull).exit_code == 0


def test_nothing_to_differentiate_by_is_inconclusive(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = solution(comparison=Comparison(()))
    monkeypatch.setattr(solving, "solve", lambda *_, **__: found)
    assert run("solve", "a.yaml", "--strict").exit_code == 1
