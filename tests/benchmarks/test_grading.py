"""How many answers are marked a second: numbers and formulas on one core, a class of 10,000 on all cores.

Each figure is a time as a share of the time allowed. Take OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlcli.answers import read_sheet
from dlcli.equivalence import equivalent
from dlcli.errors import Source
from dlcli.grading.homework import Homework, prepare_source
from dlcli.grading.marking import mark_sheet
from dlcli.language import parse_expression
from dlcli.language.answer import parse_answer
from tests.equivalence_pairs import PAIRS
from tests.homeworks import CSE_471
from tests.test_equivalence_pairs import domains

HOMEWORK = (
    CSE_471
    + """\
optimizer: {sgd: {learning_rate: 0.5}}
questions: [{id: a, ask: in3}, {id: b, ask: a3}, {id: c, ask: in4}, {id: d, ask: in5}, {id: e, ask: loss},
            {id: f, ask: grad(w35)}, {id: g, ask: grad(w13)}, {id: h, ask: grad(w23)}, {id: i, ask: step(w13)},
            {id: j, ask: grad(w05)}]
"""
)
TRUE = (11, 11, -8, 23, 23, 11, -6, 10, 5, 1)
LIKELY = ((10, -11), (0, 10), (8, -7), (24, 22), (22, 0), (-11, 22), (6, -12, 3), (-10, 5), (-1, -4), (-1, 0))


def answers(draw: random.Random) -> list[str]:
    """Ten numbers of one student: three quarters right, a tenth likely slips, a tenth any number, some missing."""
    found = []
    for true, likely in zip(TRUE, LIKELY, strict=True):
        kind = draw.random()
        if kind < 0.75:
            found.append(draw.choice((str(true), f"{true:.4f}")))
        elif kind < 0.85:
            found.append(str(draw.choice(likely)))
        else:
            found.append(f"{draw.uniform(-20, 20):.4g}" if kind < 0.95 else "")
    return found


def class_file(folder: Path, count: int) -> Path:
    draw = random.Random(1)
    rows = ["student," + ",".join("abcdefghij")]
    rows += [f"s{number:05}," + ",".join(answers(draw)) for number in range(count)]
    path = folder / f"class{count}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def homework() -> Homework:
    return prepare_source(Source("homework.yaml", HOMEWORK), None)


def test_five_thousand_numbers_a_second(homework: Homework, record) -> None:
    draw = random.Random(2)
    sheets = [
        "\n".join(f"{name}: {answer}" for name, answer in zip("abcdefghij", answers(draw), strict=True)).encode()
        for _ in range(2000)
    ]
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for sheet in sheets:
            mark_sheet(homework, read_sheet(sheet, "s.yaml", homework.ids))
        best = min(best, time.perf_counter() - start)
    record("20,000 numbers read and marked, one core / 4 s", best / 4, 1)


def test_fifteen_hundred_expressions_a_second(record) -> None:
    """Pairs that were marked by hand, read and judged; the trees of a homework are read once."""
    known = [([parse_expression(pair.expected)], domains(pair.domains)) for pair in PAIRS]
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for pair, (expected, variables) in zip(PAIRS, known, strict=True):
            equivalent(parse_answer(pair.given, names=tuple(variables)).tree, expected, variables)
        best = min(best, time.perf_counter() - start)
    allowed = len(PAIRS) / 1500
    record(f"{len(PAIRS)} formulas read and judged, one core / {allowed:.3f} s", best / allowed, 1)


def run(folder: Path, count: int) -> tuple[float, int]:
    """Seconds of a whole command, and the kilobytes of its largest process."""
    (folder / "homework.yaml").write_text(HOMEWORK, encoding="utf-8")
    path = class_file(folder, count)
    command = [sys.executable, "-m", "dlcli", "grade", "homework.yaml", path.name, "-o", "grades.csv", "--exit-zero"]
    start = time.perf_counter()
    process = subprocess.Popen([*command, "--quiet", "--jobs", "2"], cwd=folder)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - start, used.ru_maxrss


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="two cores are asked for")
def test_a_class_of_ten_thousand(tmp_path: Path, record) -> None:
    _, small = run(tmp_path, 500)
    seconds, large = min(run(tmp_path, 10_000) for _ in range(2))
    record("10,000 students x 10 numbers, two cores / 10 s", seconds / 10, 1)
    record("its memory / that of 500 students", large / small, 1.25)
