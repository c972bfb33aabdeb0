"""The stencil's shortcuts against the forward pass of a network in which one entry was replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli.engines.evaluation import forward
from dlcli.engines.stencil import stencil
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.solving import check
from tests.verdict_networks import drawn


def sides(graph: Graph, values: list[Array]) -> list[Array]:
    """Which side of its kinks every entry of every node is on."""
    return [
        np.asarray(n.operation.branches(*(values[o] for o in n.operands), **n.settings))
        for n in graph.nodes
        if n.operation is not None and n.operation.branches is not None
    ]


@pytest.mark.parametrize("seed", range(24))
def test_losses_and_sides_are_those_of_the_whole_forward_pass(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text(drawn(seed).text(), encoding="utf-8")
    graph = fuse(check(path).graph)
    values = forward(graph)
    here, crossed, compared = sides(graph, values), 0, 0
    assert graph.loss is not None
    for name in graph.wrt:
        root = graph.names[name]
        points = stencil(graph, values, root)
        theta = values[root].reshape(-1)
        for step in (1e-3, -0.4):
            losses, marks = points.at(np.arange(theta.size), theta + step)
            for entry in range(theta.size):
                moved = theta.copy()
                moved[entry] += step
                after = forward(replace(graph, values={**graph.values, root: moved.reshape(values[root].shape)}))
                assert losses[entry] == pytest.approx(float(after[graph.loss]), rel=1e-12, abs=1e-13)
                flipped = any(np.any(a != b) for a, b in zip(here, sides(graph, after), strict=True))
                assert (marks[entry] != points.base) == flipped
                crossed, compared = crossed + flipped, compared + 1
    assert compared == 62
    if drawn(seed).place == "kinks":
        assert 0 < crossed < compared
