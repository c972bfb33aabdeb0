"""The adjudication rule on thousands of entries: no right gradient fails, no wrong one passes, units do not matter.

340 networks, 10,540 entries; DLCLI_VERDICT_NETWORKS in the environment takes another number of networks, and with
DLCLI_VERDICT_UNITS=all each of them is judged in other units too, not only every ninth.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli import adjudication
from dlcli.comparison import FAIL, KINK, PASS, Comparison, Evidence, Judgement, judge
from dlcli.engines.evaluation import forward
from dlcli.fusion import fuse
from tests.verdict_networks import NET, Drawn, compared, drawn, graph_of

CHUNK = 34
CHUNKS = -(-int(os.environ.get("DLCLI_VERDICT_NETWORKS", "340")) // CHUNK)
SAMPLED = range(
    0, CHUNK * CHUNKS, 1 if os.environ.get("DLCLI_VERDICT_UNITS") == "all" else 9
)  # of these also every unit, and every gradient from outside


def network(seed: int, folder: Path) -> Drawn:
    """The network of this number; those of perfect fits with the targets that they meet."""
    found = drawn(seed)
    if found.place != "fit":
        return found
    graph = graph_of(folder, found.text())
    return found.fitted_to(forward(fuse(graph))[graph.names["o"]])


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Evidence, Judgement]]:
    """The evidence and judgement that stood last for each quantity of the last comparison."""
    found: dict[str, tuple[Evidence, Judgement]] = {}

    def spy(evidence: Evidence) -> Judgement:
        found[evidence.name] = (evidence, judge(evidence))
        return found[evidence.name][1]

    monkeypatch.setattr(adjudication, "judge", spy)
    return found


def undecided(comparison: Comparison, label: str) -> list[str]:
    return [
        f"{label}: {tensor.name}{entry} {reason}"
        for tensor in comparison.tensors
        for entry, reason in tensor.reasons.items()
        if tensor.verdicts[entry] != KINK
    ]


def not_failing(evidence: Evidence, judgement: Judgement, label: str) -> list[str]:
    """The entries that one part in 1e5, in them alone, does not turn into a FAIL."""
    found = []
    promised = (judgement.verdicts == PASS) & ~judgement.vacuous & ~judgement.coarse
    for entry in map(tuple, np.argwhere(promised)):
        wrong = np.array(evidence.backprop)
        wrong[entry] *= 1 + 1e-5
        if judge(replace(evidence, backprop=wrong)).verdicts[entry] != FAIL:
            found.append(f"{label}: {evidence.name}{entry}")
    return found


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_right_entries_never_fail_and_wrong_ones_always_do(
    chunk: int, tmp_path: Path, seen: dict[str, tuple[Evidence, Judgement]]
) -> None:
    faults, promised, entries, kinks = [], 0, 0, 0
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        drawing = network(seed, tmp_path)
        label = f"{seed} ({drawing.place})"
        seen.clear()
        comparison = compared(graph_of(tmp_path, drawing.text()))
        faults += undecided(comparison, label)
        for evidence, judgement in seen.values():
            faults += not_failing(evidence, judgement, label)
            promised += int(np.sum((judgement.verdicts == PASS) & ~judgement.vacuous & ~judgement.coarse))
        entries += comparison.entries
        kinks += comparison.count("kink")
    assert faults == []
    assert entries == 31 * CHUNK
    assert promised >= 0.5 * entries  # vacuous, coarse and kinks are the rest
    assert kinks > 0


@pytest.mark.parametrize("seed", SAMPLED)
def test_verdicts_do_not_depend_on_units(seed: int, tmp_path: Path) -> None:
    drawing = network(seed, tmp_path)
    plain = compared(graph_of(tmp_path, drawing.text()))
    for text in (
        drawing.text(unit="1e-12"),
        drawing.text(unit="1e12"),
        drawing.text(scale=1e-6),
        drawing.text(scale=1e5),
    ):
        other = compared(graph_of(tmp_path, text))
        for before, after in zip(plain.tensors, other.tensors, strict=True):
            assert before.verdicts.tolist() == after.verdicts.tolist(), before.name


@pytest.mark.parametrize("seed", SAMPLED)
def test_a_gradient_from_outside_is_judged_like_backprop(seed: int, tmp_path: Path) -> None:
    """Its mirror image fails wherever anything was exercised and no kink allows it."""
    graph = graph_of(tmp_path, network(seed, tmp_path).text())
    own = compared(graph)
    given = {tensor.name: tensor.backprop for tensor in own.tensors}
    same, mirrored = compared(graph, given), compared(graph, {name: -g for name, g in given.items()})
    for before, after, flipped in zip(own.tensors, same.tensors, mirrored.tensors, strict=True):
        assert before.verdicts.tolist() == after.verdicts.tolist()
        assert after.methods["backprop"] == "given"
        sure = (before.verdicts == PASS) & ~before.vacuous
        assert np.all(flipped.verdicts[sure] == FAIL)
        assert not any("backprop" in reason for reason in flipped.reasons.values())


def test_only_the_quantities_that_are_given_are_judged(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NET)
    right = {t.name: t.backprop for t in compared(graph).tensors}
    found = compared(graph, {"W_h": right["W_h"], "b_o": 2 * right["b_o"]})
    assert [(t.name, t.verdict) for t in found.tensors] == [("W_h", "pass"), ("b_o", "fail")]
    assert found.tensors[1].reasons == {(0,): "the given gradient is the odd one out: the other witnesses agree"}
    assert compared(graph, {}).verdict == "inconclusive"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_one_bad_given_entry_fails_and_leaves_the_others_alone(bad: float, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NET)
    given = {"W_h": np.array(next(t.backprop for t in compared(graph).tensors if t.name == "W_h"))}
    given["W_h"][0, 1] = bad
    assert compared(graph, given).tensors[0].verdicts.tolist() == [[PASS, FAIL], [PASS, PASS]]


def test_given_gradients_of_unknown_names_and_wrong_shapes_are_refused(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NET)
    with pytest.raises(ValueError, match="nothing is differentiated by 'W'"):
        compared(graph, {"W": np.zeros(2)})
    with pytest.raises(ValueError, match=r"the given gradient of 'W_h' has shape \(2,\), the quantity has \(2, 2\)"):
        compared(graph, {"W_h": np.zeros(2)})
