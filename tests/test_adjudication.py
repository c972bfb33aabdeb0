"""The adjudication rule on thousands of entries: no right gradient fails, no wrong one passes, units do not matter.

340 networks, 10,540 entries; DLCLI_VERDICT_NETWORKS in the environment takes another number of networks, and with
DLCLI_VERDICT_UNITS=all each of them is judged in other units too, not only every ninth.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dlcli import adjudication
from dlcli.comparison import FAIL, INCONCLUSIVE, KINK, PASS, Comparison, Evidence, Judgement, TensorCheck, judge
from dlcli.engines.evaluation import forward
from dlcli.engines.rounding import rounding_effect
from dlcli.engines.symbolic import engine
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.solving import check, solve
from tests.verdict_networks import Drawn, drawn

CHUNK = 34
CHUNKS = -(-int(os.environ.get("DLCLI_VERDICT_NETWORKS", "340")) // CHUNK)
SAMPLED = range(
    0, CHUNK * CHUNKS, 1 if os.environ.get("DLCLI_VERDICT_UNITS") == "all" else 9
)  # of these also every unit, and every gradient from outside


def graph_of(folder: Path, text: str) -> Graph:
    path = folder / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    return check(path).graph


def compared(graph: Graph, given: Mapping[str, Array] | None = None, full: bool = False) -> Comparison:
    fused = fuse(graph)
    values = forward(fused)
    symbolic = engine.symbolic(graph, fused)[0]
    return adjudication.compare(fused, values, symbolic, rounding_effect(fused, values), given=given, full=full)


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


NET = """\
inputs: {x: [[0.5, -1.2], [0.8, 0.3]]}
targets: {t: [[0.3], [-0.4]]}
network:
  - dense: {name: h, weights: [[0.2, -0.4], [0.7, 0.3]], bias: [0.1, -0.2], activation: tanh}
  - dense: {name: o, weights: [[0.5, -0.3]], bias: [0.05]}
loss: mse
"""


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


# -- what other checkers get wrong ------------------------------------------------------------------------------------


def elementwise(tmp_path: Path, size: int, loss: str) -> tuple[Graph, Array]:
    """loss of x with `size` entries, and x."""
    x = np.random.default_rng(4).uniform(-2, 2, size)
    np.savez(tmp_path / "data.npz", x=x)
    return graph_of(tmp_path, f"inputs: {{x: {{file: data.npz, key: x}}}}\nwrt: [x]\nloss: '{loss}'\n"), x


@pytest.mark.parametrize("size", [1000, 20_000])
def test_a_sign_flip_fails_however_many_entries_there_are(size: int, tmp_path: Path) -> None:
    """jax.test_util.check_grads in its default precision multiplies its tolerance by the size, and passes this."""
    graph, x = elementwise(tmp_path, size, "sum(sin(x))")
    assert compared(graph, {"x": np.cos(x)}).count("pass") == size
    assert compared(graph, {"x": -np.cos(x)}).count("fail") == size


def test_a_gradient_of_zeros_fails_at_a_hundred_thousand_entries(tmp_path: Path) -> None:
    """torch.autograd.gradcheck in its fast mode passes this."""
    graph, x = elementwise(tmp_path, 100_000, "sum(sin(x))")
    assert compared(graph, {"x": np.zeros_like(x)}).count("fail") == 100_000


@pytest.mark.parametrize(("loss", "size"), [("1e-6*sum(tanh(x))", 20), ("1e-7*mean(tanh(x))", 20)])
def test_a_sign_flip_of_a_tiny_gradient_fails(loss: str, size: int, tmp_path: Path) -> None:
    """The slow mode of torch.autograd.gradcheck (atol 1e-5) passes the first, autograd's check_grads the second."""
    graph, x = elementwise(tmp_path, size, loss)
    slope = (1 - np.tanh(x) ** 2) * (1e-6 if "sum" in loss else 1e-7 / size)
    assert compared(graph, {"x": slope}).count("pass") == size
    assert compared(graph, {"x": -slope}).count("fail") == size


def notebook_net(tmp_path: Path) -> tuple[Graph, dict[str, Array]]:
    """The 4-5-3-1 net that many course notebooks check against a threshold of 1e-7, and its gradient by hand."""
    draws = np.random.RandomState(1)
    x = draws.randn(4, 3)
    y = np.array([[1, 1, 0]])
    w1, b1, w2, b2, w3, b3 = (draws.randn(*s) for s in ((5, 4), (5, 1), (3, 5), (3, 1), (1, 3), (1, 1)))
    text = (
        f"inputs: {{x: {x.T.tolist()}}}\ntargets: {{y: {y.T.tolist()}}}\nnetwork:\n"
        f"  - dense: {{name: a1, weights: {w1.tolist()}, bias: {b1.ravel().tolist()}, activation: relu}}\n"
        f"  - dense: {{name: a2, weights: {w2.tolist()}, bias: {b2.ravel().tolist()}, activation: relu}}\n"
        f"  - dense: {{name: a3, weights: {w3.tolist()}, bias: {b3.ravel().tolist()}, activation: sigmoid}}\n"
        "loss: bce\n"
    )
    z1 = w1 @ x + b1
    a1 = np.maximum(z1, 0)
    z2 = w2 @ a1 + b2
    a2 = np.maximum(z2, 0)
    d3 = (1 / (1 + np.exp(-(w3 @ a2 + b3))) - y) / 3
    d2 = w3.T @ d3 * (z2 > 0)
    d1 = w2.T @ d2 * (z1 > 0)
    gradients = {"W_a1": d1 @ x.T, "W_a2": d2 @ a1.T, "W_a3": d3 @ a2.T}
    gradients |= {"b_a1": d1.sum(axis=1), "b_a2": d2.sum(axis=1), "b_a3": d3.sum(axis=1)}
    return graph_of(tmp_path, text), gradients


def relative_error_of_the_notebook(graph: Graph, gradients: Mapping[str, Array]) -> float:
    """norm(g - d)/(norm(g) + norm(d)) with d the difference quotients of one step of 1e-7."""
    quotients = []
    for name, gradient in gradients.items():
        number = graph.names[name]
        for entry in np.ndindex(gradient.shape):
            losses = []
            for sign in (1, -1):
                moved = np.array(graph.values[number])
                moved[entry] += sign * 1e-7
                values = forward(replace(graph, values={**graph.values, number: moved}))
                losses.append(float(values[graph.loss or 0]))
            quotients.append((losses[0] - losses[1]) / 2e-7)
    g, d = np.concatenate([g.ravel() for g in gradients.values()]), np.array(quotients)
    return float(np.linalg.norm(g - d) / (np.linalg.norm(g) + np.linalg.norm(d)))


def test_the_right_notebook_net_passes_though_its_customary_error_is_above_the_customary_threshold(
    tmp_path: Path,
) -> None:
    graph, gradients = notebook_net(tmp_path)
    assert relative_error_of_the_notebook(graph, gradients) == pytest.approx(1.19e-7, rel=0.02)
    assert compared(graph, gradients).verdict == "pass"
    wrong = gradients | {"W_a2": gradients["W_a2"] * (1 + 1e-5)}
    assert compared(graph, wrong).verdict == "fail"


# -- each clause of the rule ------------------------------------------------------------------------------------------


def only(tmp_path: Path, text: str) -> TensorCheck:
    """The check of a homework's single quantity, with all digits that it takes."""
    path = tmp_path / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    (tensor,) = solve(path).comparison.tensors
    return tensor


# weights, loss; right and no kink, though each defeats a witness or a plain comparison
HARD = (
    ("0", "w**1.5"),
    ("[0, 1, 4]", "sum(w**1.5)"),
    ("[1.0e-300, 1.0e-12, 1]", "sum(sqrt(w))"),
    ("[1.0e-300, 1.0e-12, 1]", "sum(log(w))"),
    ("[1.0e-12, 1]", "sum(w*log(w))"),
    ("[1, 1.0000001, 0.9999995]", "sum(softmax(w, temperature=1e-6)*[1, 2, 3])"),
    ("[700, 0, -5]", "kl_divergence(softmax(w), [0.2, 0.3, 0.5])"),
    ("[700, 0, -5]", "-log(softmax(w)[1])"),
    ("[800, 0, -5]", "-log(softmax(w)[1])"),
    ("[30, 0, -5]", "-log(softmax(w)[0])"),
    ("[1.0e-170, 2.0e-160]", "sum(w**2)"),
    ("[1.0e+150, 2.0e+140]", "sum(w**2)"),
    ("[0.1, 0.2, 0.3]", "(w[0] + w[1] - w[2])**3"),
    ("[1.0e+8, 1]", "(w[0] + w[1]) - w[0]"),
    ("0.0001", "(exp(w) - 1 - w)/w**2"),
    ("[2, 2, 2]", "sum((w - mean(w))/sqrt(var(w) + 1e-12)*[1, 2, 3])"),
    ("[0, 0, 2]", "prod(w)"),
    ("0", "relu(w)**2"),
    ("[0, 1]", "sum(elu(w))"),
    ("[3.0e+5, 1.0e-6]", "sum(tanh(w)*w)"),
)


@pytest.mark.parametrize(("weights", "loss"), HARD)
def test_hard_but_right_gradient_passes(weights: str, loss: str, tmp_path: Path) -> None:
    assert only(tmp_path, f"weights: {{w: {weights}}}\nloss: '{loss}'\n").verdict == "pass"


@pytest.mark.parametrize("distance", [1e-13, -1e-13, 1e-14])
def test_a_kink_nearer_than_every_step_is_no_kink_and_no_jump(distance: float, tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    path.write_text(f"weights: {{w: 1, b: {distance - 1!r}}}\nloss: relu(w + b) + w\n", encoding="utf-8")
    comparison = solve(path).comparison
    assert comparison.verdict == "pass"
    for tensor in comparison.tensors:
        assert "every step of 1 entry crosses a kink that is not at the point" in tensor.notes[0]


def test_slopes_of_a_kink_are_never_printed_as_minus_zero(tmp_path: Path) -> None:
    tensor = only(tmp_path, "weights: {w: 0}\nloss: 5*relu(w)\n")
    assert tensor.reasons[()].endswith("(slope 0 on the left, 5 on the right)")


# weights, loss, the reason
UNDECIDED = (
    ("[800, 0, -5]", "kl_divergence(softmax(w), [0.2, 0.3, 0.5])", "the loss is not finite here"),
    ("[1.0e+170, 1]", "sum(w**2)", "the loss is not finite here"),
    ("[0, 1]", "sum(sqrt(w))", "the slope is infinite here, as declared"),
    ("0", "sqrt(w)**3", "no witness could look at this entry"),
    ("0", "w + heaviside(w)", "the loss jumps here: differences grow as 1/h"),
)


@pytest.mark.parametrize(("weights", "loss", "reason"), UNDECIDED)
def test_what_cannot_be_decided_says_why(weights: str, loss: str, reason: str, tmp_path: Path) -> None:
    tensor = only(tmp_path, f"weights: {{w: {weights}}}\nloss: '{loss}'\n")
    assert tensor.verdict == "inconclusive"
    assert reason in tensor.reasons.values()


def with_forward(graph: Graph, name: str, change: object) -> Graph:
    """The graph with another forward formula for the operation of this name."""
    nodes = tuple(
        replace(node, operation=replace(node.operation, forward=change))
        if node.operation is not None and node.operation.name == name
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def test_a_loss_that_is_drawn_anew_at_every_evaluation_is_inconclusive(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noisy = with_forward(graph_of(tmp_path, NET), "tanh", lambda x: np.tanh(x) + 1e-7 * rng.normal(size=x.shape))
    found = compared(noisy)
    assert found.count("inconclusive") == found.entries
    assert {reason for t in found.tensors for reason in t.reasons.values()} == {"two evaluations of the loss differ"}


def test_noise_that_repeats_widens_the_error_bar_and_changes_no_verdict(tmp_path: Path) -> None:
    """A forward pass that keeps 36 bits: far from smooth, the same at every evaluation."""
    graph = graph_of(tmp_path, NET)

    def rounded(x: Array) -> Array:
        return np.tanh(x) if np.iscomplexobj(x) else np.round(np.tanh(x) * 2**36) / 2**36

    exact, coarse = compared(graph), compared(with_forward(graph, "tanh", rounded))
    assert coarse.verdict == "pass"
    for before, after in zip(exact.tensors, coarse.tensors, strict=True):
        if before.name in ("W_h", "b_h"):
            assert before.error_bar is not None
            assert after.error_bar is not None
            assert np.all(after.error_bar > 100 * before.error_bar)
            assert np.all(np.abs(after.finite_difference - before.backprop) <= after.error_bar)


def test_a_loss_rounded_down_to_steps_is_inconclusive_at_a_step(tmp_path: Path) -> None:
    """floor by its sides: the loss jumps where w is whole."""
    text = "weights: {w: 2}\nloss: w + where(w >= 2, 2, 1)\n"
    tensor = only(tmp_path, text)
    assert tensor.reasons == {(): "the loss jumps here: differences grow as 1/h"}


def test_no_quantity_and_no_entry_is_never_a_pass(tmp_path: Path) -> None:
    assert compared(replace(graph_of(tmp_path, NET), wrt=())).verdict == "inconclusive"
    assert Comparison(()).verdict == "inconclusive"


def test_what_meets_at_a_point_with_several_kinks_is_accepted_only_within_its_sides(tmp_path: Path) -> None:
    """relu(w) + relu(2 w) + relu(-4 w) at 0: slopes by sides from -4 to 3, one-sided slopes -4 and 3."""
    graph = graph_of(tmp_path, "weights: {w: 0}\nloss: relu(w) + relu(2*w) + relu(-4*w) - relu(-w)\n")
    verdicts = {a: compared(graph, {"w": np.array(a)}).verdict for a in (-4.0, -3.5, 0.0, 2.5, 4.0, -4.1, 4.1)}
    assert verdicts == {-4.0: "kink", -3.5: "kink", 0.0: "kink", 2.5: "kink", 4.0: "kink", -4.1: "fail", 4.1: "fail"}


# -- large quantities -------------------------------------------------------------------------------------------------


def large(tmp_path: Path, penalty: str = "") -> Graph:
    """A 60-150-10 network: too many weights for a ladder at each."""
    rng = np.random.default_rng(6)
    np.savez(
        tmp_path / "data.npz",
        x=rng.normal(size=(32, 60)),
        w=0.2 * rng.normal(size=(150, 60)),
        y=rng.integers(0, 10, 32),
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


def test_inconclusive_is_worse_than_pass_and_fail_is_worst() -> None:
    assert PASS < KINK < INCONCLUSIVE < FAIL
