"""`dlcli explain`: codes, mistakes by the names that reports give them, and the list of all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dlcli.codes import CODES
from dlcli.mistakes import MISTAKES
from dlcli.mistakes.simple import explained, known_mistakes
from tests.conftest import Run

PACKAGE = Path(__file__).parents[1] / "dlcli"
NAMING = ("mistakes/single_number.py", "grading/forward_mistakes.py", "grading/diagnosing.py")


def test_every_code_and_mistake_is_listed(run: Run) -> None:
    result = run("explain")
    assert result.exit_code == 0
    listed = [line.split()[0] for line in result.stdout.splitlines() if line]
    assert listed == [*CODES, *known_mistakes()]


@pytest.mark.parametrize("name", known_mistakes())
def test_every_mistake_is_explained(run: Run, name: str) -> None:
    result = run("explain", name)
    assert result.exit_code == 0
    head, _, what, *shows = result.stdout.splitlines()
    assert head == name
    assert what.startswith("What goes wrong: ")
    assert (name not in MISTAKES) or any(line.startswith("How it shows: ") for line in shows)


def test_every_name_that_a_report_can_give_is_known() -> None:
    texts = "".join((PACKAGE / file).read_text(encoding="utf-8") for file in NAMING)
    names = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', texts))
    assert len(names) > 20
    assert [name for name in names if explained(name) is None] == []


@pytest.mark.parametrize(
    ("given", "hint"),
    [("step-uphil", "did you mean 'step-uphill'?"), ("no-such-mistake-at-all", "`dlcli explain` lists all")],
)
def test_unknown_mistakes_are_refused(run: Run, given: str, hint: str) -> None:
    result = run("explain", given)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_a_mistake_may_be_written_in_capitals(run: Run) -> None:
    assert run("explain", "STEP-UPHILL").stdout.startswith("step-uphill")
