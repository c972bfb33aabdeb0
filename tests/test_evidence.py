"""The evidence for single entries: it leads to the verdict that the check gives, and its numbers are right by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli import adjudication
from dlcli.comparison import FAIL, INCONCLUSIVE, PASS, VERDICTS, judge
from dlcli.engines.evaluation import forward
from dlcli.engines.ladder import extrapolate
from dlcli.engines.rounding import rounding_effect
from dlcli.engines.symbolic import engine
from dlcli.entry_ladder import extrapolated
from dlcli.evidence import EntryEvidence, entry_evidence, judged_graph
from dlcli.fusion import fuse
from dlcli.ops.operation import Operation
from dlcli.render.decision import decision
from dlcli.solution import Solution
from dlcli.solving import Checked, check, solve, solve_checked
from tests.oracle.networks import random_network

TANH = """\
inputs: {x: [0.5, -1.2, 0.8]}
targets: {t: [0.3, -0.4]}
network:
  - dense: {name: h, weights: [[0.2, -0.4, 0.1], [0.7, 0.3, -0.6]], bias: [0.1, -0.2], activation: tanh}
  - dense: {name: o, weights: [[0.5, -0.3], [0.4, 0.9]], bias: [0.05, 0.02]}
loss: half_squared_error
"""
# z[0] = 0 stands on the kink of relu, z[2] = -1 is dead
RELU = """\
inputs: {x: [1, 2]}
weights: {W1: [[0.5, -0.25], [0.3, 0.4], [1, -1]], W2: [[1, -1, 2]]}
targets: {t: [0.3]}
network: [z = W1 @ x, a = relu(z), y = W2 @ a]
loss: mse(y, t)
"""
CASES = {
    "smooth": TANH,
    "on a kink, and dead": RELU,
    "near a kink": "inputs: {x: 1}\nweights: {w: 1, b: -0.999}\nnetwork: ['f = relu(x*w + b)']\nloss: f\n",
    "jump": "inputs: {z: 0}\nnetwork: ['f = sign(z)']\nloss: f\n",
    "two kinks that add up": "inputs: {z: 0}\nnetwork: ['f = relu(z) - relu(-z)']\nloss: f\n",
    "stable form passes p by": "inputs: {x: [1, 2]}\nweights: {w: [0.5, -2]}\ntargets: {y: 1}\nwrt: [w, p]\n"
    "network: [z = w @ x, p = sigmoid(z)]\nloss: bce(p, y)\n",
    "difference too coarse or none": "weights: {z: [30, 0, -5]}\nnetwork: [p = softmax(z)]\nloss: '-log(p[0])'\n",
    "infinite slope": "weights: {z: 0}\nloss: sqrt(z**2)\n",
    "edge of a domain": "weights: {w: 0.05}\nnetwork: [f = log(w)]\nloss: f\n",
    "perfect fit": "weights: {a: 0.1, b: 0.2}\ntargets: {t: 0.3}\nnetwork: [s = a + b]\nloss: (s - t)**2\n",
}


def solved(folder: Path, text: str) -> Solution:
    path = folder / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    return solve(path)


def solved_with(folder: Path, change: Callable[[Operation], Operation]) -> Solution:
    """The tanh network with its tanh changed."""
    path = folder / "homework.yaml"
    path.write_text(TANH, encoding="utf-8")
    checked = check(path)
    nodes = tuple(
        replace(node, operation=change(node.operation)) if node.operation and node.operation.name == "tanh" else node
        for node in checked.graph.nodes
    )
    graph = replace(checked.graph, nodes=nodes)
    return solve_checked(Checked(checked.spec, graph, (), tuple(forward(fuse(graph))), checked.lowered))


def every_entry(solution: Solution) -> Iterator[tuple[str, EntryEvidence]]:
    """Each entry's verdict by the check, and its evidence."""
    for tensor in solution.comparison.tensors:
        for entry in np.ndindex(tensor.shape):
            yield VERDICTS[int(tensor.verdicts[entry])], entry_evidence(solution, tensor.name, entry)


def verdict_by_hand(found: EntryEvidence) -> str | None:
    """The verdict from the numbers in the evidence by the plain rule; None at kinks and where slopes are infinite."""
    t = found.tolerances
    known = {"m": (found.symbolic, 0.0), "c": (found.complex_step, 0.0)}
    if found.difference is not None:
        known["d"] = (found.difference.value, found.difference.error)
    slopes = [(value, bar) for value, bar in known.values() if value is not None and not math.isnan(value)]
    if found.stands_on_kink or not slopes or not all(math.isfinite(v) for v, _ in [*slopes, (found.backprop, 0)]):
        return None
    if any(abs(x - y) > t.tau + 3 * (e + f) for x, e in slopes for y, f in slopes):
        return "inconclusive"
    reference, bar = slopes[0]
    gap = abs(found.backprop - reference)
    if gap > t.tau + 3 * bar:
        return "fail"
    return "pass" if gap <= t.tau + bar and bar <= t.cap else "inconclusive"


def assert_consistent(solution: Solution, decided: set[str]) -> None:
    seen = set()
    for verdict, found in every_entry(solution):
        seen.add(verdict)
        assert found.verdict == verdict
        assert verdict_by_hand(found) in (None, verdict)
        assert decision(found, 6).startswith(f"{verdict.upper()}: ")
        combined = found.ladder.extrapolated
        assert (combined is None) == (found.difference is None)
        if combined is not None and found.difference is not None:
            assert combined.value == found.difference.value
            assert combined.error == pytest.approx(found.difference.error, rel=1e-9)
            assert [r.chosen for r in found.ladder.rungs].count(True) == combined.last - combined.first + 1
            assert all(r.status == "clean" for r in found.ladder.rungs if r.chosen)
    assert seen == decided


@pytest.mark.parametrize(
    ("case", "decided"),
    [("smooth", {"pass"}), ("on a kink, and dead", {"pass", "kink"}), ("near a kink", {"pass"}),
     ("jump", {"inconclusive"}), ("two kinks that add up", {"kink"}), ("stable form passes p by", {"pass"}),
     ("infinite slope", {"inconclusive"}), ("edge of a domain", {"pass"}), ("perfect fit", {"pass"})],
)  # fmt: skip
def test_evidence_gives_the_verdict_of_the_check_on_every_entry(case: str, decided: set[str], tmp_path: Path) -> None:
    assert_consistent(solved(tmp_path, CASES[case]), decided)


def test_lost_digits_of_the_loss_are_told_on_every_entry(tmp_path: Path) -> None:
    solution = solved(tmp_path, CASES["difference too coarse or none"])
    for verdict, found in every_entry(solution):
        assert (found.verdict, decision(found, 6).split(":")[0]) == (verdict, verdict.upper())


def test_planted_wrong_vjp_fails_with_its_numbers(tmp_path: Path) -> None:
    def wrong(tanh: Operation) -> Operation:
        return replace(tanh, vjp=(lambda g, y, x: 1.001 * g * (1 - y * y),))

    solution = solved_with(tmp_path, wrong)
    assert_consistent(solution, {"pass", "fail"})
    found = entry_evidence(solution, "W_h", (0, 1))
    assert found.symbolic is not None
    assert found.backprop == pytest.approx(1.001 * found.symbolic, rel=1e-12)
    t = found.tolerances
    assert t.gap == pytest.approx(0.001 * abs(found.symbolic), rel=1e-9)
    text = decision(found, 6)
    assert text.startswith("FAIL: backprop a = -0.127543 and symbolic m = -0.127416 differ by 1.3e-4, more than tau = ")
    assert text.endswith("backprop is the odd one out: the other witnesses agree.")


def test_witnesses_that_disagree_are_told_pair_by_pair(tmp_path: Path) -> None:
    def wrong(tanh: Operation) -> Operation:
        return replace(tanh, forward=lambda x: np.tanh(x.real) if np.iscomplexobj(x) else np.tanh(x))

    solution = solved_with(tmp_path, wrong)
    assert_consistent(solution, {"pass", "inconclusive"})
    text = decision(entry_evidence(solution, "W_h", (0, 1)), 6)
    assert "symbolic m = -0.127416 and complex step c = 0 differ by 0.13, more than tau = " in text
    assert "complex step c = 0 and finite difference d = -0.127416 differ by 0.13, more than tau + 3 E = " in text
    assert "symbolic m = -0.127416 and finite difference" not in text


def given_verdict(solution: Solution, name: str, entry: tuple[int, ...], slope: float) -> str:
    """The check's own verdict on an entry when another slope stands there."""
    graph, values = judged_graph(solution.graph, name)
    tensor = next(t for t in solution.comparison.tensors if t.name == name)
    changed = np.array(tensor.backprop)
    changed[entry] = slope
    symbolic = engine.symbolic(solution.graph, graph)[0]
    found = adjudication.compare(graph, values, symbolic, rounding_effect(graph, values), given={name: changed})
    return VERDICTS[int(found.tensors[0].verdicts[entry])]


@pytest.mark.parametrize(("text", "name", "entry"), [(TANH, "W_h", (0, 1)), (TANH, "b_o", (1,)), (RELU, "W1", (1, 0))])
def test_tau_is_where_the_check_turns_from_pass_to_fail(
    text: str, name: str, entry: tuple[int, ...], tmp_path: Path
) -> None:
    solution = solved(tmp_path, text)
    found = entry_evidence(solution, name, entry)
    assert found.symbolic is not None
    for sign in (1, -1):
        assert given_verdict(solution, name, entry, found.symbolic + sign * 0.999 * found.tolerances.tau) == "pass"
        assert given_verdict(solution, name, entry, found.symbolic + sign * 1.001 * found.tolerances.tau) == "fail"


def test_cap_is_where_a_difference_alone_stops_to_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def spy(evidence):
        seen[evidence.name] = evidence
        return judge(evidence)

    monkeypatch.setattr(adjudication, "judge", spy)
    solution = solved(tmp_path, TANH)
    found = entry_evidence(solution, "W_h", (0, 1))
    evidence = replace(seen["W_h"], symbolic=None, complex_step=None)
    assert evidence.differences is not None
    for share, verdict in ((0.999, PASS), (1.001, INCONCLUSIVE)):
        error = np.array(evidence.differences.central_error)
        error[0, 1] = share * found.tolerances.cap
        wider = replace(evidence, differences=replace(evidence.differences, central_error=error))
        assert judge(wider).verdicts[0, 1] == verdict
    assert judge(replace(evidence, backprop=evidence.backprop + 1)).verdicts[0, 1] == FAIL


def test_rungs_of_a_cube_by_hand(tmp_path: Path) -> None:
    """L = w^3 at w = 2 through z = w x with x = 1: h0 = 0.2, the central difference is 12 + h^2."""
    text = "inputs: {x: 1}\nweights: {w: 2}\nnetwork: [z = w*x, 'f = z**3']\nloss: f\n"
    found = entry_evidence(solved(tmp_path, text), "w", ())
    rungs = found.ladder.rungs
    assert [rung.step for rung in rungs] == pytest.approx([0.2 * 4.0**-i for i in range(9)], rel=1e-9)
    assert (rungs[0].above, rungs[0].below) == pytest.approx((2.2**3, 1.8**3), rel=1e-14)
    assert [rung.quotient for rung in rungs] == pytest.approx([12 + (0.2 * 4.0**-i) ** 2 for i in range(9)], rel=1e-8)
    assert found.ladder.extrapolated is not None
    assert found.ladder.extrapolated.value == pytest.approx(12, rel=1e-12)
    assert found.ladder.extrapolated.last > found.ladder.extrapolated.first
    assert (found.point, found.loss, found.backprop, found.symbolic) == (2, 8, 12, 12)
    assert found.noise >= 8 * 2.2e-16
    assert found.tolerances.tau == pytest.approx(1.2e-6, rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_combined_rungs_are_those_of_the_extrapolation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = 0.3 * 4.0 ** -np.arange(9)
    quotients = 1 + rng.normal() * steps**2 + rng.normal() * steps**4 + 1e-14 * rng.normal(size=9) / steps
    clean = rng.random(9) > 0.15
    expected = extrapolate(quotients[None], steps[None], clean[None], 1e-14, 16)
    found = extrapolated(quotients, steps, clean, np.full(9, 1e-14))
    if found is None:
        assert np.isinf(expected.error[0])
    else:
        assert found.value == expected.value[0]
        assert found.error == pytest.approx(expected.error[0], rel=1e-12)


def test_step_out_of_the_domain_is_not_finite_and_the_rest_is_combined(tmp_path: Path) -> None:
    rungs = entry_evidence(solved(tmp_path, CASES["edge of a domain"]), "w", ()).ladder.rungs
    assert [rung.status for rung in rungs[:3]] == ["not finite", "not finite", "clean"]  # h = 0.2, 0.05, 0.0125
    assert not any(rung.chosen for rung in rungs[:2])


def test_side_that_flips_is_named_with_its_node_and_entry(tmp_path: Path) -> None:
    found = entry_evidence(solved(tmp_path, RELU), "W1", (0, 1))
    assert found.verdict == "kink"
    assert {(f.label, f.entry) for rung in found.ladder.rungs for f in rung.flips} == {("relu at a", (0,))}
    assert all(rung.status == "flipped" for rung in found.ladder.rungs)
    assert found.kink is not None
    assert (found.kink.distance, [(f.label, f.entry) for f in found.kink.flips]) == (0, [("relu at a", (0,))])
    # y = W2 a = -1.1, dL/dy = 2(-1.1 - 0.3) = -2.8, dz/dW1[0,1] = x[1] = 2
    assert (found.left.value, found.right.value) == pytest.approx((0, -5.6), abs=1e-9)


def test_nearest_kink_lies_where_the_unit_dies(tmp_path: Path) -> None:
    """relu(w - 0.999) at w = 1 dies at w = 0.999."""
    found = entry_evidence(solved(tmp_path, CASES["near a kink"]), "w", ())
    assert found.kink is not None
    assert (found.kink.direction, found.stands_on_kink) == ("left", False)
    assert found.kink.distance == pytest.approx(1e-3, rel=1e-6)
    assert [rung.status for rung in found.ladder.rungs] == [
        "clean" if rung.step < 1e-3 else "flipped" for rung in found.ladder.rungs
    ]


def test_linear_entry_without_kinks_has_none(tmp_path: Path) -> None:
    found = entry_evidence(solved(tmp_path, TANH), "b_o", (0,))
    assert found.kink is None
    assert not any(rung.flips for rung in found.ladder.rungs)


def test_entry_left_out_of_the_sample_has_a_ladder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.engines import finite_difference

    monkeypatch.setattr(finite_difference, "EVERY_ENTRY", 0)
    monkeypatch.setattr(finite_difference, "SAMPLED", 0)
    rng = np.random.default_rng(3)
    text = f"inputs: {{x: {rng.normal(size=12).tolist()}}}\nweights: {{w: {rng.normal(size=12).tolist()}}}\n"
    solution = solved(tmp_path, text + "network: [z = w @ x, f = tanh(z)]\nloss: f\n")
    looked = solution.comparison.tensors[0].looked["finite_difference"]
    outside = tuple(map(int, np.argwhere(~looked)[0]))
    found = entry_evidence(solution, "w", outside)
    assert (found.sampled, found.difference, found.verdict) == (True, None, "pass")
    assert found.ladder.extrapolated is not None
    assert found.ladder.extrapolated.value == pytest.approx(found.backprop, abs=found.ladder.extrapolated.error)
    assert decision(found, 6).endswith("this ladder was climbed for you to see.")


@pytest.mark.parametrize("seed", range(40, 46))
def test_entries_of_random_networks_are_explained_by_their_numbers(seed: int, tmp_path: Path) -> None:
    solution = solved(tmp_path, random_network(seed).yaml_text)
    rng = np.random.default_rng(seed)
    for tensor in solution.comparison.tensors:
        entry = tuple(int(rng.integers(size)) for size in tensor.shape)
        found = entry_evidence(solution, tensor.name, entry)
        assert found.verdict == VERDICTS[int(tensor.verdicts[entry])]
        assert verdict_by_hand(found) in (None, found.verdict)
        combined = found.ladder.extrapolated
        if combined is not None and found.difference is not None:
            assert combined.value == pytest.approx(found.difference.value, rel=1e-12, abs=found.difference.error)
            assert combined.error == pytest.approx(found.difference.error, rel=1e-6)
