"""Ratios measured in one run, printed beside the limit that each is to reach."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

MEASURED: list[tuple[str, float, float]] = []


@pytest.fixture
def record() -> Callable[[str, float, float], None]:
    """Notes a ratio and its limit, and fails above the limit: that is what a benchmark run is for."""

    def note(name: str, ratio: float, limit: float) -> None:
        MEASURED.append((name, ratio, limit))
        assert ratio <= limit, f"{name}: {ratio:.3f}, to reach {limit}"

    return note


@pytest.fixture
def threads() -> int:
    """The BLAS threads of this run: OPENBLAS_NUM_THREADS=1 in the environment, else all cores."""
    return int(os.environ.get("OPENBLAS_NUM_THREADS", os.cpu_count() or 1))


def pytest_terminal_summary(terminalreporter) -> None:
    for name, ratio, limit in MEASURED:
        word = "reached" if ratio <= limit else "missed"
        terminalreporter.write_line(f"{name:60} {ratio:8.3f}   to reach {limit:<6} {word}")
