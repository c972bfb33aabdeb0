"""Reading YAML with positions beside PyYAML's own fast loader, on the same text."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import yaml

from dlcli.errors import Source
from dlcli.spec import load

ROWS, COLUMNS = 400, 250


def text() -> str:
    rng = random.Random(0)
    rows = "\n".join("    - [" + ", ".join(f"{rng.gauss(0, 1):.4f}" for _ in range(COLUMNS)) + "]" for _ in range(ROWS))
    return f"inputs: {{x: {[1] * COLUMNS}}}\nweights:\n  W1:\n{rows}\nnetwork:\n  - z = W1 @ x\nloss: sum(z)\n"


def best(function: Callable[[], object]) -> float:
    times = []
    for _ in range(7):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def test_reading_is_not_slower_than_the_c_loader(record) -> None:
    document = text()
    ours = best(lambda: load(Source("big.yaml", document), None))
    peer = best(lambda: yaml.load(document, yaml.CSafeLoader))
    record("reading 100,000 numbers / yaml.CSafeLoader", ours / peer, 1.0)
