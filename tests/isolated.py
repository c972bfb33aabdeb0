"""What the tests of isolation share: a call by its source, and the proof that it leaves nothing behind."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from dlcli.isolation import Call, Limits, Reply, conversation, process

MIB = 2**20


@pytest.fixture
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the workers' folders. After the test it is empty, and no process that was started in it runs."""
    folders, beside = tmp_path / "workers", tmp_path / "beside"
    folders.mkdir()
    beside.mkdir()
    marker = f"DLCLI_WORKER_OF_{os.getpid()}_{tmp_path.name}"
    monkeypatch.setattr(process, "MARKER", marker)
    monkeypatch.setattr(tempfile, "tempdir", str(folders))
    yield beside
    assert processes_of(marker) == []
    assert list(folders.iterdir()) == []
    assert list(beside.iterdir()) == []


def processes_of(marker: str) -> list[str]:
    """The command lines of living processes whose arguments name the marker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(argument.startswith(f"{marker}=") for argument in arguments):
            found.append(f"{path.parent.name}: {' '.join(arguments)}")
    return found


def asked(
    source: str,
    *,
    without: Collection[str] = (),
    imports: Collection[str] = (),
    arguments: dict[str, Any] | None = None,
    function: str = "f",
    **limits: Any,
) -> Reply:
    """The reply to one call of `f`, without some of the mechanisms that contain it."""
    mechanisms = set(process.MECHANISMS) - set(without)
    limit = Limits(**({"cpu_seconds": 5.0, "wall_seconds": 10.0} | limits))
    with conversation(dedent(source), "student.py", limit, imports, mechanisms) as worker:
        return worker.ask(Call(function, arguments or {}))


def within(seconds: float, condition: Any) -> bool:
    """Whether a condition becomes true in that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
