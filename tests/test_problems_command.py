"""`dlcli problems`: the bank is listed, shown and copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlcli import problem_bank
from dlcli.problem_bank import Problem
from dlcli.render.console import Medium
from dlcli.render.problem_list import problem_list
from tests.conftest import Run

CSE = "feedforward/cse471"


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bank of two problems with one stem, one of them with a file of numbers."""
    folder = tmp_path / "bank"
    for name, text in {
        "a/net.yaml": "# comment\ntitle: >\n  Two\n  lines\nnetwork: [{title: not this}]\nsource: S\n",
        "b/net.yaml": "title: B\nweights: {W: {file: data/w.csv}, V: {file: ../../secret.csv}, U: {file: u.npy}}\n",
        "b/other.yml": "inputs: {x: 1}\n",
        "b/data/w.csv": "1,2\n",
        "homework.schema.json": "{}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (tmp_path / "secret.csv").write_text("1\n", encoding="utf-8")
    monkeypatch.setattr(problem_bank, "folder", lambda: folder)
    return folder


def test_list_shows_names_titles_and_sources(run: Run) -> None:
    result = run("problems")
    assert result.exit_code == 0
    assert result.stdout == run("problems", "list").stdout
    found = problem_bank.bundled()
    assert len(found) >= 6
    for problem in found:
        assert problem.title is not None
        assert problem.source is not None
        assert f"{problem.name} " in result.stdout
        assert problem.title in result.stdout
        assert problem.source in result.stdout


def test_list_wraps_titles_on_a_terminal() -> None:
    problems = [
        Problem("a/b", Path("b.yaml"), "word " * 20, "source"),
        Problem("longer/name", Path("n.yaml"), None, None),
    ]
    assert problem_list(problems, Medium(width=60)) == (
        "a/b          word word word word word word word word word\n"
        "             word word word word word word word word word\n"
        "             word word\n"
        "             source\n"
        "longer/name  n.yaml\n"
    )
    assert problem_list(problems[1:], Medium(width=30)) == "longer/name\n    n.yaml\n"


def test_titles_are_read_from_the_first_level(bank: Path) -> None:
    assert bank.is_dir()
    assert [(p.name, p.title, p.source) for p in problem_bank.bundled()] == [
        ("a/net", "Two lines", "S"),
        ("b/net", "B", None),
        ("b/other", None, None),
    ]


@pytest.mark.parametrize("name", [CSE, "cse471", "cse471.yaml"])
def test_show_prints_the_file(run: Run, name: str) -> None:
    assert run("problems", "show", name).stdout == problem_bank.names()[CSE].read_text(encoding="utf-8")


def test_unknown_problem_gets_a_suggestion(run: Run) -> None:
    result = run("problems", "show", "cse47")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no problem 'cse47'" in result.stderr
    assert "did you mean 'cse471'?" in result.stderr
    assert "`dlcli problems` lists them" in run("problems", "show", "qqqqqq").stderr


def test_ambiguous_stem_lists_the_names(run: Run, bank: Path) -> None:
    assert bank.is_dir()
    result = run("problems", "show", "net")
    assert result.exit_code == 2
    assert "several problems are called 'net'" in result.stderr
    assert "say which: a/net, b/net" in result.stderr


def test_copy_writes_the_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "new" / "homework.yaml"
    result = run("problems", "copy", "cse471", str(target))
    assert (result.exit_code, result.stdout) == (0, f"{target}\n")
    assert target.read_bytes() == problem_bank.names()[CSE].read_bytes()


def test_copy_into_a_folder_or_here_keeps_the_name(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("problems", "copy", "cse471", str(tmp_path)).stdout == f"{tmp_path / 'cse471.yaml'}\n"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert run("problems", "copy", "cse471").stdout == "cse471.yaml\n"
    assert (here / "cse471.yaml").is_file()


def test_copy_does_not_overwrite_without_force(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "homework.yaml"
    target.write_text("mine", encoding="utf-8")
    result = run("problems", "copy", "cse471", str(target))
    assert result.exit_code == 2
    assert f"'{target}' exists; --force overwrites it" in result.stderr
    assert target.read_text(encoding="utf-8") == "mine"
    assert run("problems", "copy", "cse471", str(target), "--force").exit_code == 0
    assert "CSE 471" in target.read_text(encoding="utf-8")


def test_copy_takes_the_files_of_numbers_along(run: Run, bank: Path, tmp_path: Path) -> None:
    assert bank.is_dir()
    target = tmp_path / "copy" / "mine.yaml"
    result = run("problems", "copy", "b/net", str(target))
    assert result.stdout.split() == [str(target), str(target.parent / "data" / "w.csv")]
    assert (target.parent / "data" / "w.csv").read_text(encoding="utf-8") == "1,2\n"
    assert not (tmp_path / "copy" / "secret.csv").exists()


def test_bank_lies_beside_the_package_or_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "dlcli"
    package.mkdir()
    monkeypatch.setattr(problem_bank, "__file__", str(package / "problem_bank.py"))
    assert problem_bank.folder() == tmp_path / "problems"
    (package / "problems").mkdir()
    assert problem_bank.folder() == package / "problems"
