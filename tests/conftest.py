"""What several test files need: homework files on disk, the command line in this process, relative errors."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background: the programs under test would too
    signal.signal(signal.SIGINT, signal.default_int_handler)

Homework = Callable[..., Path]
Run = Callable[..., Result]


@pytest.fixture
def homework(tmp_path: Path) -> Homework:
    """homework(text, name="homework.yaml") writes a file beside no other and returns its path."""

    def write(text: str, name: str = "homework.yaml") -> Path:
        path = tmp_path / name
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run() -> Run:
    """run("solve", "-", input=text): the command line in this process, with its streams and exit code."""
    from dlcli.cli.main import cli

    def invoke(*arguments: str, **settings: Any) -> Result:
        return CliRunner().invoke(cli, list(arguments), prog_name="dlcli", **settings)

    return invoke


@pytest.fixture
def solved(run: Run) -> Callable[[str], dict[str, Any]]:
    """solved(text): the document that `dlcli solve - --format json` prints for a homework file."""

    def document(text: str) -> dict[str, Any]:
        result = run("solve", "-", "--format", "json", input=dedent(text))
        assert result.exit_code == 0, result.output + result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return document


def relative_difference(found: Any, expected: Any) -> float:
    """norm(found - expected) / norm(expected), and the norm of the difference where nothing is expected."""
    expected = np.asarray(expected, dtype=float)
    difference = float(np.linalg.norm(np.asarray(found, dtype=float) - expected))
    size = float(np.linalg.norm(expected))
    return difference / size if size > 0 else difference
