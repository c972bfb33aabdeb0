"""`dlcli gradcheck`: folders, the bundled problems, expected errors, exit codes, JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dlcli import file_check
from dlcli.file_check import FileCheck
from tests.conftest import Run
from tests.handmade import graph, solution, tensor

GOOD = "inputs: {x: 2}\nweights: {w: 3}\nnetwork:\n  - z = w*x\nloss: z*z\n"
KINK = "inputs: {x: 0}\nnetwork:\n  - a = relu(x)\n  - f = a*2\nloss: f\n"
WRONG = "inputs: {x: 2}\nnetwork:\n  - y = q*x\nloss: y\n"
EXPECTED = "expect: E102\ninputs: {x: 2}\nnetwork:\n  - y = relv(x)\nloss: y\n"
VALUES = "inputs: {x: 2}\nnetwork:\n  - y = x*x\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "week 1").mkdir()
    for name, text in {"b.yaml": KINK, "a.yml": GOOD, "week 1/c.yaml": EXPECTED, "notes.txt": "x"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_folder_is_searched(run: Run, folder: Path) -> None:
    result = run("gradcheck", str(folder))
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.split("\n")
    assert lines[:3] == [
        f"✓ PASS  {folder}/a.yml          1 entry    1 exercised  worst 0",
        f"~ KINK  {folder}/b.yaml         1 entry    1 exercised  worst 0",
        f"✓ PASS  {folder}/week 1/c.yaml  expected E102",
    ]
    assert f"\n{folder}/b.yaml: ~ KINK: 1 of 1 entry (x) lies on a kink" in result.stdout
    assert "0 on the left, 2 on the right" in result.stdout
    assert result.stdout.endswith("\n3 files: 2 PASS, 1 KINK; 2 entries, 2 exercised\n")


def test_quiet_is_one_line_a_file(run: Run, folder: Path) -> None:
    assert run("gradcheck", str(folder), "--quiet").stdout.count("\n") == 3


def test_bad_file_is_reported_and_the_others_checked(run: Run, folder: Path) -> None:
    (folder / "bad.yaml").write_text(WRONG, encoding="utf-8")
    result = run("gradcheck", str(folder))
    assert result.exit_code == 2
    assert "✗ ERROR" in result.stdout
    assert "E103" in result.stdout
    assert "error[E103]" in result.stderr
    assert "4 files: 2 PASS, 1 KINK, 1 ERROR" in result.stdout


def test_json_has_the_documented_form(run: Run, folder: Path) -> None:
    (folder / "zz.yaml").write_text(WRONG, encoding="utf-8")
    result = run("gradcheck", str(folder), "--format", "json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["schema"], document["verdict"]) == (
        2,
        "dlcli/gradcheck/v1",
        "inconclusive",
    )
    good, kink, wrong, expected = document["results"]
    assert (good["verdict"], good["gradients"]["w"]["backprop"]) == ("pass", 24.0)
    assert "values" not in good
    assert kink["verdict"] == "kink"
    assert (expected["verdict"], expected["expected"]) == ("pass", "E102")
    assert wrong["schema"] == "dlcli/error/v1"


def test_missing_file_exits_2(run: Run) -> None:
    result = run("gradcheck", "missing.yaml")
    assert result.exit_code == 2
    assert "error[E001]" in result.stderr
    assert result.stdout.startswith("✗ ERROR  missing.yaml  E001\n")


def test_folder_without_homework_exits_2(run: Run, tmp_path: Path) -> None:
    result = run("gradcheck", str(tmp_path))
    assert result.exit_code == 2
    assert f"there is no homework (*.yaml, *.yml) in '{tmp_path}'" in result.stderr


def test_bundled_problems_are_checked_without_a_path(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli import problem_bank

    seen: list[str] = []

    def check(path: str, **settings: Any) -> FileCheck:
        del settings
        seen.append(path)
        return FileCheck(path, "pass", solution(tensor("w", 1.0)))

    monkeypatch.setattr(file_check, "gradcheck", check)
    result = run("gradcheck", "--quiet")
    assert seen == [str(path) for path in problem_bank.names().values()]
    assert "✓ PASS  feedforward/cse471 " in result.stdout


@pytest.mark.parametrize(
    ("verdict", "options", "code"),
    [("pass", (), 0), ("fail", (), 1), ("kink", ("--strict",), 0), ("inconclusive", (), 0),
     ("inconclusive", ("--strict",), 1)],
)  # fmt: skip
def test_verdict_decides_the_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, verdict: str, options: tuple[str, ...], code: int
) -> None:
    found = FileCheck("a.yaml", verdict, solution(tensor("w", 1.0, verdict)))
    monkeypatch.setattr(file_check, "gradcheck", lambda *_, **__: found)
    assert run("gradcheck", "a.yaml", *options).exit_code == code


def test_homework_without_a_loss_is_no_failure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = FileCheck("a.yaml", "inconclusive", solution(loss=None, graph=graph(None)))
    monkeypatch.setattr(file_check, "gradcheck", lambda *_, **__: found)
    result = run("gradcheck", "a.yaml", "--strict")
    assert result.exit_code == 0
    assert "no loss, so nothing to differentiate" in result.stdout


def test_wrt_and_digits_are_obeyed(run: Run, folder: Path) -> None:
    result = run("gradcheck", str(folder / "a.yml"), "--wrt", "x", "--format", "json")
    assert list(json.loads(result.stdout)["results"][0]["gradients"]) == ["x"]


def test_result_can_be_written_to_a_file(run: Run, folder: Path) -> None:
    out = folder / "out.txt"
    result = run("gradcheck", str(folder / "a.yml"), "-o", str(out), "--ascii")
    assert result.stdout == ""
    assert out.read_text(encoding="ascii").startswith("PASS  ")


def test_interrupt_keeps_what_is_done(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = file_check.gradcheck

    def check(path: str, **settings: Any) -> FileCheck:
        if path.endswith("c.yaml"):
            raise KeyboardInterrupt
        return real(path, **settings)

    monkeypatch.setattr(file_check, "gradcheck", check)
    result = run("gradcheck", str(folder))
    assert result.exit_code == 130
    assert "interrupted after 2 of 3 files" in result.stderr
    assert "2 files: 1 PASS, 1 KINK" in result.stdout


def test_own_fault_exits_70_after_the_other_files(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = file_check.gradcheck

    def check(path: str, **settings: Any) -> FileCheck:
        if path.endswith("a.yml"):
            raise ZeroDivisionError
        return real(path, **settings)

    monkeypatch.setattr(file_check, "gradcheck", check)
    result = run("gradcheck", str(folder))
    assert result.exit_code == 70
    assert "✗ ERROR" in result.stdout
    assert "3 files: 1 PASS, 1 KINK, 1 ERROR" in result.stdout
