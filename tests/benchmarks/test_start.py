"""How fast a command starts, as a ratio to the imports that it cannot do without."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

HOMEWORK = Path(__file__).parents[2] / "problems"
ROUNDS = 15


def ratio(ours: list[str], peer: list[str]) -> float:
    """The fastest of several runs of each whole process, taken in turns."""
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for which, command in enumerate((ours, peer)):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            best[which] = min(best[which], time.perf_counter() - start)
    return best[0] / best[1]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_start_within_1_2_times_click(option: str, record) -> None:
    found = ratio([sys.executable, "-m", "dlcli", option], [sys.executable, "-c", "import click"])
    record(f"dlcli {option} / import click", found, 1.2)


def test_solve_of_the_first_homework_within_1_3_times_its_imports(record) -> None:
    homework = next(HOMEWORK.rglob("cse471.yaml"))
    ours = [sys.executable, "-m", "dlcli", "solve", str(homework)]
    peer = [sys.executable, "-c", "import numpy, sympy, click, rich.table, yaml"]
    record("dlcli solve cse471 / imports", ratio(ours, peer), 1.3)
