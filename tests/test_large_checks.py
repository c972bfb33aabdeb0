"""Quantities too large for a ladder at every entry: units, a sample and one direction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli import adjudication
from dlcli.comparison import FAIL, PASS
from dlcli.engines.evaluation import forward
from dlcli.engines.rounding import rounding_effect
from dlcli.engines.symbolic import engine
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from tests.verdict_networks import compared, graph_of


def large(tmp_path: Path, penalty: str = "") -> Graph:
    """A 60-150-10 network: too many weights for a ladder at each."""
    rng = np.random.default_rng(6)
    np.savez(
        tmp_path / "data.npz",
        x=rng.normal(size=(64, 60)),
        w=0.2 * rng.normal(size=(150, 60)),
        y=rng.integers(0, 10, 64),
    )
    return graph_of(
        tmp_path,
        "inputs: {x: {file: data.npz, key: x}}\ntargets: {y: {file: data.npz, key: y}}\nwrt: [W_h]\nnetwork:\n"
        "  - dense: {name: h, weights: {file: data.npz, key: w}, activation: tanh}\n"
        "  - dense: {name: o, units: 10, init: he_normal, seed: 2}\n"
        f"loss: softmax_cross_entropy(o, y){penalty}\n",
    )


def test_a_large_quantity_is_checked_by_units_by_a_sample_and_along_one_direction(tmp_path: Path) -> None:
    graph = large(tmp_path)
    (tensor,) = compared(graph).tensors
    assert tensor.verdict == "pass"
    assert tensor.methods["complex_step"] == "per unit"
    assert tensor.methods["finite_difference"] == "ladder, 32 of 9,000 entries"
    assert "along a Gaussian direction through all entries backprop gives" in tensor.notes[-1]


def test_the_direction_shows_an_error_in_an_entry_at_which_nobody_looked(tmp_path: Path) -> None:
    """Without symbolic slopes and complex steps, 8,968 entries have the direction alone."""
    graph = large(tmp_path)
    for node_name in ("tanh", "softmax_cross_entropy"):
        graph = replace(
            graph,
            nodes=tuple(
                replace(n, operation=replace(n.operation, complex_safe=False))
                if n.operation is not None and n.operation.name == node_name
                else n
                for n in graph.nodes
            ),
        )
    fused = fuse(graph)
    values = forward(fused)
    symbolic = engine.symbolic(graph, fused)[0]
    nothing = replace(
        symbolic,
        gradients={"W_h": np.full((150, 60), np.nan)},
        looked={"W_h": np.zeros((150, 60), bool)},
    )

    def verdicts(gradient: Array) -> Array:
        rounding = rounding_effect(fused, values)
        (tensor,) = adjudication.compare(fused, values, nothing, rounding, given={"W_h": gradient}).tensors
        assert tensor.symbolic is None
        assert tensor.complex_step is None
        alone = ~tensor.looked["finite_difference"]
        assert int(alone.sum()) >= 8950
        assert tensor.verdict == ("pass" if np.all(tensor.verdicts == PASS) else "fail")
        return np.unique(tensor.verdicts[alone])

    right = symbolic.gradients["W_h"]
    assert verdicts(right).tolist() == [PASS]
    entry = np.unravel_index(int(np.argsort(np.abs(right).ravel())[4500]), right.shape)  # of middling size
    wrong = np.array(right)
    wrong[entry] *= -1
    assert verdicts(wrong).tolist() == [FAIL]


def test_full_climbs_a_ladder_at_every_entry_and_tells_how_far_it_is(tmp_path: Path) -> None:
    graph = large(tmp_path)
    fused = fuse(graph)
    values = forward(fused)
    told: list[tuple[str, int, int]] = []
    (tensor,) = adjudication.compare(
        fused,
        values,
        engine.symbolic(graph, fused)[0],
        rounding_effect(fused, values),
        full=True,
        progress=lambda *told_now: told.append(told_now),
    ).tensors
    assert tensor.verdict == "pass"
    assert tensor.methods["finite_difference"] == "ladder"
    assert "finite_difference" not in tensor.looked
    assert tensor.notes == ()
    assert told == [("W_h", 4096, 9000), ("W_h", 8192, 9000), ("W_h", 9000, 9000)]


@pytest.mark.parametrize("penalty", [" + 0.01*l2(W_h)", " + 0.01*l1(W_h)", " + 0.01*l1(W_h)*l2(W_h)"])
def test_penalties_leave_every_weight_to_the_complex_step(penalty: str, tmp_path: Path) -> None:
    (tensor,) = compared(large(tmp_path, penalty)).tensors
    assert tensor.verdict == "pass"
    assert tensor.methods["complex_step"] == "per unit"
    assert "complex_step" not in tensor.looked
    np.testing.assert_allclose(tensor.complex_step, tensor.backprop, rtol=1e-9, atol=1e-14)
