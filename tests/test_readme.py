"""The README's examples are run: what it prints is what the commands print. `python tests/test_readme.py` renews it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CONSOLE = re.compile(r"```console\n\$ (dlcli [^\n]*)\n(.*?)```", re.DOTALL)


def output(command: str) -> str:
    """What a command prints, errors included, at the width of a page."""
    environment = os.environ | {"COLUMNS": "110", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "dlcli", *command.split()[1:]],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    lines = done.stdout.decode("utf-8").replace("\r\n", "\n").splitlines()
    return "".join(line.rstrip() + "\n" for line in lines)


def examples() -> list[tuple[str, str]]:
    return CONSOLE.findall(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("command", "printed"), examples(), ids=lambda text: text.partition("\n")[0][:60])
def test_console_example_is_what_the_command_prints(command: str, printed: str) -> None:
    assert printed == output(command)


YAML = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_yaml_examples_are_homework_or_steps_of_a_ci_job() -> None:
    assert sum("network:" in text for text in YAML) >= 3
    assert all("network:" in text or text.startswith("- run: dlcli") for text in YAML)


@pytest.mark.parametrize("text", [text for text in YAML if "network:" in text])
def test_yaml_example_passes(text: str, tmp_path: Path) -> None:
    import dlcli
    from dlcli.homework_files import each_problem

    (tmp_path / "homework.yaml").write_text(YAML[0], encoding="utf-8")  # an exam names it
    path = tmp_path / ("midterm.yaml" if "problems:" in text else "homework.yaml")
    path.write_text(text, encoding="utf-8")
    problems = each_problem([path])
    assert len(problems) == 1 + ("problems:" in text)
    assert {dlcli.gradcheck(problem).verdict for problem in problems} == {"pass"}


@pytest.mark.parametrize("number", range(2))
def test_python_example_prints_what_the_text_says(number: int, tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    homework = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0]
    (tmp_path / "homework.yaml").write_text(homework, encoding="utf-8")
    command = [sys.executable, "-c", examples[number]]
    done = subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    assert ("pass 0.", "b[0]: grad is 0.5 times the difference")[number] in done.stdout


if __name__ == "__main__":
    whole = README.read_text(encoding="utf-8")
    README.write_text(CONSOLE.sub(lambda m: f"```console\n$ {m[1]}\n{output(m[1])}```", whole), encoding="utf-8")
