"""Networks of the size of homeworks on images and sequences: what is checked of them, and the shortcuts taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli.engines import complex_step, finite_difference, unit_deltas
from dlcli.engines.reverse import backprop
from dlcli.errors import HomeworkError
from dlcli.fusion import fuse
from dlcli.laws import cases
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Operation
from dlcli.ops.windows import overlaid
from dlcli.solving import Checked, check, solve

SHARING = [operation for operation in OPERATIONS.values() if operation.together is not None]

HEAD = "inputs: {x: {file: data.npz, key: x}}\ntargets: {y: {file: data.npz, key: y}}\nnetwork:\n"
CONVOLUTIONAL = (
    HEAD
    + """\
  - conv2d: {units: 8, size: 3, padding: 1, activation: relu, init: he_normal, seed: 1}
  - maxpool2d: {size: 2}
  - conv2d: {units: 16, size: 3, padding: 1, activation: relu, init: he_normal, seed: 2}
  - maxpool2d: {size: 2}
  - flatten
  - dense: {units: 10, init: he_normal, seed: 3}
loss: softmax_cross_entropy
"""
)
RECURRENT = (
    HEAD
    + """\
  - lstm: {units: 32, seed: 1}
  - dense: {units: 10, init: he_normal, seed: 2}
loss: softmax_cross_entropy
"""
)


def homework(folder: Path, text: str, *shape: int) -> Path:
    """The file with random inputs of this shape and a class for each sample."""
    rng = np.random.default_rng(0)
    np.savez(folder / "data.npz", x=rng.standard_normal(shape), y=rng.integers(0, 10, shape[0]))
    path = folder / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "shape", "weights"),
    [(CONVOLUTIONAL, (32, 1, 28, 28), 9_098), (RECURRENT, (8, 50, 16), 6_602)],
    ids=["convolutional net of 28x28 images", "LSTM of 50 steps"],
)
def test_every_weight_has_a_symbolic_gradient_and_passes(
    text: str, shape: tuple[int, ...], weights: int, tmp_path: Path
) -> None:
    comparison = solve(homework(tmp_path, text, *shape)).comparison
    assert comparison.entries == weights
    assert comparison.verdict == "pass"
    for tensor in comparison.tensors:
        assert tensor.symbolic is not None
        np.testing.assert_allclose(
            tensor.symbolic, tensor.backprop, rtol=0, atol=1e-11 * float(np.abs(tensor.backprop).max())
        )
        for engine in ("complex_step", "finite_difference"):
            seen = tensor.looked.get(engine, np.ones(tensor.shape, dtype=bool))
            said = f"{int(seen.sum()):,} of {seen.size:,} entries"
            assert seen.sum() >= 4
            assert seen.all() or said in tensor.methods[engine]


@pytest.mark.parametrize("operation", SHARING, ids=lambda operation: operation.name)
def test_cotangents_computed_together_are_those_computed_alone(operation: Operation) -> None:
    assert operation.together is not None
    for case in cases(operation):
        count = len(case.operands)
        settings = case.node.settings
        result = operation.forward(*case.operands, **settings)
        together = operation.together([True] * count, case.cotangent, result, *case.operands, **settings)
        assert len(together) == count
        for position, part in enumerate(together):
            function = operation.vjp[position]
            assert function is not None
            alone = function(case.cotangent, result, *case.operands, **settings)
            np.testing.assert_array_equal(part, alone)
            without = [p != position for p in range(count)]
            rest = operation.together(without, case.cotangent, result, *case.operands, **settings)
            assert [part is None for part in rest] == [p == position for p in range(count)]


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "shape"),
    [
        ((2, 2), (2, 2), (1, 1), (6, 7)), ((3, 3), (2, 2), (1, 1), (9, 8)), ((3, 2), (1, 2), (2, 1), (9, 8)),
        ((5, 5), (2, 3), (1, 2), (14, 14)), ((2, 2), (3, 1), (3, 1), (9, 9)), ((1, 1), (3, 2), (1, 1), (7, 7)),
    ],
)  # fmt: skip
def test_overlaid_windows_add_up_in_their_places(
    kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int], shape: tuple[int, int]
) -> None:
    counts = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(shape, kernel, stride, dilation, strict=True)]
    parts = np.random.default_rng(0).standard_normal((2, *counts, *kernel))
    expected = np.zeros((2, *shape))
    for i, j, a, b in np.ndindex(*counts, *kernel):
        expected[:, i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]] += parts[:, i, j, a, b]
    np.testing.assert_allclose(overlaid(parts, shape, stride, dilation), expected, rtol=0, atol=1e-14)


def kinked(folder: Path) -> Checked:
    rng = np.random.default_rng(1)
    path = folder / "homework.yaml"
    path.write_text(
        f"inputs: {{x: {rng.normal(size=(40, 6)).tolist()}}}\ntargets: {{t: {rng.normal(size=(40, 2)).tolist()}}}\n"
        "network:\n  - dense: {units: 30, activation: relu, init: he_normal, seed: 1}\n"
        "  - dense: {units: 2, init: he_normal, seed: 2}\nloss: mse\n",
        encoding="utf-8",
    )
    return check(path)


def test_ladders_among_many_kinks_begin_below_them_and_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = kinked(tmp_path)
    evaluated: list[int] = []
    at = finite_difference.Stencil.at

    def counted(self, entries, replacements):  # type: ignore[no-untyped-def]
        evaluated.append(len(entries))
        return at(self, entries, replacements)

    monkeypatch.setattr(finite_difference.Stencil, "at", counted)
    whole = finite_difference.finite_differences(checked.graph, checked.values, only=("W1",))["W1"].differences
    of_whole = sum(evaluated)
    monkeypatch.setattr(finite_difference, "FULL_LADDER", 0)
    short = finite_difference.finite_differences(checked.graph, checked.values, only=("W1",))["W1"].differences
    assert sum(evaluated) - of_whole < 0.75 * of_whole
    slopes = backprop(checked.graph, checked.values).gradients["W1"]
    for found in (whole, short):
        assert found.looked.all()
        assert np.isfinite(found.central_error).all()
        assert (np.abs(found.central - slopes) <= found.central_error + 1e-12).all()
    np.testing.assert_array_equal(whole.reach, short.reach)
    np.testing.assert_array_equal(whole.flips, short.flips)


def test_deltas_that_cost_too_much_are_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = check(homework(tmp_path, RECURRENT.replace("32", "6"), 3, 5, 4))
    graph, values = fuse(checked.graph), checked.values
    monkeypatch.setattr(complex_step, "EVERY_ENTRY", 0)
    by_unit = complex_step.complex_step(graph, values)
    assert {by_unit.methods[name] for name in ("W1", "U1")} == {"per unit"}

    def begun(*_: object) -> None:
        raise AssertionError("a delta was computed in vain")

    monkeypatch.setattr(unit_deltas, "_tracked_delta", begun)
    monkeypatch.setattr(complex_step, "IN_ALL", 1000)
    monkeypatch.setattr(complex_step, "AT_MOST", 10_000)
    sampled = complex_step.complex_step(replace(graph, wrt=("W1", "U1")), values)
    for name in ("W1", "U1"):
        seen = sampled.looked[name]
        assert sampled.methods[name] == f"{int(seen.sum())} of {seen.size} entries"
        np.testing.assert_allclose(sampled.gradients[name][seen], by_unit.gradients[name][seen], rtol=1e-12)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_batch_of_sequences_with_samples_in_columns_is_refused(kind: str, tmp_path: Path) -> None:
    layers = f"  - {kind}: {{units: 3, seed: 1}}\n"
    path = homework(tmp_path, "samples: columns\n" + HEAD + layers + "loss: sum(a1)\n", 2, 3, 4)
    with pytest.raises(HomeworkError) as caught:
        check(path)
    (found,) = caught.value.diagnostics
    assert found.code == "E207"
    assert found.message == (
        f"`{kind}` takes a batch of sequences as (batch, steps, inputs), one sample first, but the file says "
        "`samples: columns`"
    )
