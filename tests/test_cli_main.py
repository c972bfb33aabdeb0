"""The command line as a whole: help, versions, misspelt commands, exit codes, faults, start-up."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import dlcli
from dlcli import solving
from dlcli.cli.main import COMMANDS, cli
from tests.conftest import Homework, Run

QUICK = "inputs: {x: 2}\nweights: {w: 3}\nnetwork:\n  - z = w*x\nloss: z\n"
HEAVY = {"numpy", "sympy", "rich", "yaml"}


def dlcli_process(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings.pop("environment", {})}
    command = [sys.executable, "-W", "error", "-m", "dlcli", *arguments]
    return subprocess.run(command, text=True, capture_output=True, env=environment, check=False, **settings)


def all_commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, inner) for inner in command.commands]
    return found


def test_dlcli_alone_prints_help(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout == run("--help").stdout
    assert result.stderr == ""


def test_help_lists_each_command_with_its_purpose(run: Run) -> None:
    text = run("--help").stdout
    for name, purpose in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(purpose)}$", text, re.M)


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_help_is_purpose_then_example_then_options(run: Run, path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.split("\n")]
    assert lines[0].startswith("Usage: dlcli " + " ".join(path))
    purpose, example = lines.index(lines[2]), lines.index("Example:")
    assert lines[2].endswith(".")
    assert purpose < example < lines.index("Options:")
    assert lines[example + 1].startswith("dlcli ")
    assert max(map(len, result.stdout.split("\n"))) <= 80
    if len(path) == 1:
        assert lines[2] == COMMANDS[path[0]]


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    command: click.Command | None = cli.get_command(click.Context(cli), path[0])
    for name in path[1:]:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert command is not None
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None)


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"dlcli {dlcli.__version__}\n"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("solv", "there is no command 'solv'; did you mean 'solve'?"),
        ("gradchek", "there is no command 'gradchek'; did you mean 'gradcheck'?"),
        ("qqqq", "there is no command 'qqqq'\n"),
    ],
)
def test_misspelt_command_gets_a_suggestion(run: Run, word: str, said: str) -> None:
    result = run(word)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr


@pytest.mark.parametrize("arguments", [("solve",), ("solve", "--digits", "99", "a"), ("--wrong",), ("explain", "E299")])
def test_wrong_command_line_exits_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: dlcli")


def test_wrong_command_line_in_json_mode_is_a_document_too(run: Run) -> None:
    result = run("solve", "a.yaml", "--digits", "99", "--format=json")
    document = json.loads(result.stdout)
    assert result.exit_code == 2
    assert document["schema"] == "dlcli/error/v1"
    assert document["errors"][0]["code"] == "usage"
    assert "99" in document["errors"][0]["message"]
    assert "Usage:" in result.stderr


def fails(error: BaseException) -> Callable[..., None]:
    def call(*arguments: Any, **settings: Any) -> None:
        del arguments, settings
        raise error

    return call


FAULT = KeyError("w\x1b3")


def test_own_fault_exits_70_without_a_traceback(run: Run, homework: Homework, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "solve", fails(FAULT))
    file = str(homework(QUICK))
    result = run("solve", file)
    assert result.exit_code == 70
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert f"dlcli has made a mistake of its own while it worked on {file} (KeyError: " in result.stderr
    assert "`--debug` shows where" in result.stderr


def test_own_fault_shows_its_traceback_with_debug(
    run: Run, homework: Homework, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solving, "solve", fails(FAULT))
    result = run("solve", str(homework(QUICK)), "--debug")
    assert result.exit_code == 70
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert "KeyError" in result.stderr


def test_own_fault_in_json_mode_is_a_document(run: Run, homework: Homework, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "solve", fails(FAULT))
    result = run("solve", str(homework(QUICK)), "--format", "json")
    [error] = json.loads(result.stdout)["errors"]
    assert (result.exit_code, error["code"]) == (70, "internal")


def test_fault_outside_of_any_file_exits_70(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.spec import schema

    monkeypatch.setattr(schema, "json_schema", fails(RuntimeError("x" * 1000)))
    result = run("schema")
    assert result.exit_code == 70
    assert result.stderr.startswith("dlcli has made a mistake of its own (RuntimeError: xxx")
    assert len(result.stderr) < 400
    assert "Traceback" in run("schema", "--debug").stderr


def test_worst_exit_code_wins(run: Run, homework: Homework, monkeypatch: pytest.MonkeyPatch) -> None:
    good, missing = str(homework(QUICK)), "missing.yaml"
    real = solving.solve

    def sometimes(path: str, **settings: Any) -> Any:
        if path == "fault":
            raise FAULT
        return real(path, **settings)

    monkeypatch.setattr(solving, "solve", sometimes)
    assert run("solve", good, "--quiet").exit_code == 0
    assert run("solve", missing, good, "--quiet").exit_code == 2
    result = run("solve", missing, "fault", good, "--quiet")
    assert result.exit_code == 70
    assert "PASS" in result.stdout


def test_interrupt_exits_130(run: Run, homework: Homework, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "solve", fails(KeyboardInterrupt()))
    result = run("solve", str(homework(QUICK)))
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert "Traceback" not in result.stderr


def test_reader_that_goes_away_ends_quietly(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(QUICK, encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "dlcli", "solve", "a.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(Path(dlcli.__file__).parent.parent)}
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, env=environment, check=False)
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 141


def modules_of(*arguments: str, environment: dict[str, str] | None = None) -> set[str]:
    script = (
        "import sys\nfrom dlcli.cli.main import cli\ntry:\n"
        f"    cli.main({list(arguments)!r})\nexcept SystemExit:\n    pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("solve", "--help"), ("solv",)], ids=" ".join)
def test_help_and_version_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    loaded = modules_of(*arguments)
    assert not {name.split(".")[0] for name in loaded} & HEAVY
    assert "importlib.metadata" not in loaded
    assert not loaded & {"lzma", "bz2"} or "Error" in arguments


@pytest.mark.parametrize("words", ["dlcli ", "dlcli sol", "dlcli solve --", "dlcli problems show cse"])
def test_completion_loads_nothing_heavy(words: str) -> None:
    environment = {
        "_DLCLI_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    assert not {name.split(".")[0] for name in modules_of(environment=environment)} & HEAVY


def test_completion_knows_commands_and_problems() -> None:
    environment = {"_DLCLI_COMPLETE": "bash_complete", "COMP_WORDS": "dlcli gr", "COMP_CWORD": "1"}
    assert "gradcheck" in dlcli_process(environment=environment).stdout
    environment |= {"COMP_WORDS": "dlcli problems show cse", "COMP_CWORD": "3"}
    assert "feedforward/cse471" in dlcli_process(environment=environment).stdout


def test_check_loads_neither_sympy_nor_rich(homework: Homework) -> None:
    loaded = modules_of("check", str(homework(QUICK)))
    assert not {name.split(".")[0] for name in loaded} & {"sympy", "rich"}


def test_module_runs_like_the_script() -> None:
    done = dlcli_process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"dlcli {dlcli.__version__}\n", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_every_encoding_is_served(tmp_path: Path, encoding: str) -> None:
    text = 'title: "Übung 木 [b]"\ninputs: {x: 2}\nweights: {ŵ: 3}\nnetwork:\n  - z = ŵ*x\nloss: z\n'
    (tmp_path / "ü.yaml").write_text(text, encoding="utf-8")
    environment = {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(dlcli.__file__).parent.parent)}
    for arguments in (
        ("solve", "ü.yaml"),
        ("gradcheck", "ü.yaml"),
        ("check", "ü.yaml"),
        ("problems",),
        ("ops",),
    ):
        command = [sys.executable, "-m", "dlcli", *arguments]
        done = subprocess.run(
            command, capture_output=True, cwd=tmp_path, env={**os.environ, **environment}, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
        printed = done.stdout.decode(encoding)
        if arguments[0] == "solve":
            assert r"\u6728 [b]" in printed
            assert r"\u0175" in printed
            assert " PASS" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_terminal_gets_colours_and_two_line_rows(tmp_path: Path) -> None:
    import fcntl
    import pty
    import struct
    import termios

    (tmp_path / "a.yaml").write_text(QUICK, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    environment |= {"TERM": "xterm", "PYTHONPATH": str(Path(dlcli.__file__).parent.parent)}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "dlcli", "solve", "a.yaml"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment)
    os.close(theirs)
    printed = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        printed += part
    os.close(ours)
    assert process.wait() == 0
    text = printed.decode()
    assert "\x1b[32m✓ PASS" in text
    assert "relative error" in text
    assert max(len(line) for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text, flags=0).splitlines()) <= 80
