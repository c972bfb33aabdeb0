"""Fresh numbers keep what a derivation rests on, stay in every domain, and are missed where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.errors import Source
from dlcli.graph import Graph
from dlcli.mistakes import Context, diagnose, generic_point
from dlcli.ops.operation import Array
from dlcli.probing import probe
from dlcli.render.console import Medium
from dlcli.render.probe_text import probe_document, probe_text
from dlcli.solving import Checked, check_spec
from dlcli.spec import load
from dlcli.student_code import CodeCheck, check_code, parse_target
from dlcli.student_code.fresh import fresh_graphs

SEEDS = range(6)
# x must lie strictly between the bounds: no numbers drawn far from these do.
BARRIER = """
inputs: {lo: [1.0, 2.0, 3.0], hi: [1.1, 2.1, 3.1]}
weights: {x: [1.05, 2.03, 3.08]}
network:
  - s = log(x - lo) + log(hi - x)
loss: -sum(s)
"""
BAND = "weights: {x: 1}\nloss: 2*x + log(1e-14 - square(x - 1))\n"  # defined for |x - 1| < 1e-7 only
COLUMN = """
inputs: {x: [[0.5], [-1.2]]}
weights: {W: [[0.8, 0.3], [0.2, -0.4], [0.1, 0.6]]}
targets: {y: [[0], [1], [0]]}
network:
  - p = softmax(W @ x, axis=0)
loss: -sum(y*log(p))
"""
ONE_SECTION = COLUMN.replace("targets: {y: [[0], [1], [0]]}\n", "").replace("-1.2]]", "-1.2]], y: [[0], [1], [0]]")
COLUMN_CODE = """
import numpy as np
def backward(x, W, y):
    z = W @ x
    p = np.exp(z - z.max())
    return {"W": (p/p.sum() - y) @ x.T}
"""
COUNTED = """
inputs: {X: [[0.5, 1], [-1, 2], [0.3, 0.7], [1.5, -1]]}
weights: {w: [0.3, -0.2], b: 0.1}
targets: {t: [1, 2, 0.5, -1]}
constants: {N: 4}
network:
  - o = X @ w + b
loss: sum((o - t)**2)/(2*N)
"""
COUNTED_CODE = """
def backward(X, w, b, t, N):
    d = (X @ w + b - t)/X.shape[0]
    return {"w": X.T @ d, "b": d.sum()}
"""
GRAPH = """
inputs: {X: [[1, 0.5], [0.2, -1], [-0.7, 0.3]]}
constants: {A: [[0.5, 0.4, 0], [0.4, 0.3, 0.4], [0, 0.4, 0.5]]}
weights: {W: [[0.3], [0.5]]}
targets: {t: [[1], [0.3], [-0.4]]}
network:
  - O = A @ X @ W
loss: sum((O - t)**2)
"""
GRAPH_CODE = "def backward(X, A, W, t):\n    return {'W': 2*(A @ X).T @ (A @ X @ W - t)}\n"
GRAPH_CODE_SYMMETRIC = "def backward(X, A, W, t):\n    return {'W': 2*X.T @ A @ (A @ X @ W - t)}\n"


def homework(text: str) -> Checked:
    return check_spec(load(Source("homework.yaml", text), None))


def coded(text: str, source: str) -> CodeCheck:
    return check_code(parse_target("student.py::backward"), source, homework(text))


def drawn(graph: Graph, name: str, seed: int) -> Array:
    point = generic_point(graph, seed)
    assert point is not None
    return point[graph.names[name]]


def test_numbers_in_a_narrow_domain_are_fresh_and_inside() -> None:
    graph = homework(BARRIER).graph
    for seed in SEEDS:
        lo, x, hi = (drawn(graph, name, seed) for name in ("lo", "x", "hi"))
        assert (lo < x).all()
        assert (x < hi).all()
        assert not np.array_equal(x, [1.05, 2.03, 3.08])


def test_a_hard_coded_answer_in_a_narrow_domain_fails() -> None:
    # -1/(x - lo) + 1/(hi - x) by hand: 0; -1/0.03 + 1/0.07; -1/0.08 + 1/0.02
    found = coded(BARRIER, f"def backward(**k): return {{'x': [0.0, {1 / 0.07 - 1 / 0.03}, {1 / 0.02 - 1 / 0.08}]}}\n")
    assert [point.verdict for point in found.points] == ["pass", "fail", "fail"]


def test_without_other_numbers_nothing_is_decided() -> None:
    graph = homework(BAND).graph
    assert generic_point(graph, 0) is None
    assert fresh_graphs(graph) == []
    found = coded(BAND, "def backward(x): return {'x': 2.0}\n")
    assert [point.verdict for point in found.points] == ["pass", "inconclusive"]
    assert found.points[1].undecided == (
        "no other numbers lie in the domain of every operation, so a hard-coded answer would not show"
    )
    assert found.verdict == "inconclusive"
    assert coded(BAND, "def backward(x): return {'x': 3.0}\n").verdict == "fail"


def test_the_probe_says_that_there_are_no_other_numbers() -> None:
    found = probe(homework(BAND))
    assert found.generic is None
    assert found.still_hidden == found.hidden
    text = probe_text("homework.yaml", found, Medium())
    assert "INCONCLUSIVE; no other numbers lie in the domain of every operation\n" in text
    assert "generic numbers would show" not in text
    assert probe_document(found)["verdict"] == "inconclusive"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (COLUMN, COLUMN_CODE),
        (COUNTED, COUNTED_CODE),
        (GRAPH, GRAPH_CODE),
        (GRAPH, GRAPH_CODE_SYMMETRIC),
        (ONE_SECTION, COLUMN_CODE),
    ],
    ids=["one-hot column", "count", "symmetric", "symmetry used", "one-hot input"],
)  # fmt: skip
def test_right_code_that_rests_on_the_form_of_the_numbers_passes(text: str, source: str) -> None:
    found = coded(text, source)
    assert [point.verdict for point in found.points] == ["pass"] * 3


@pytest.mark.parametrize(
    ("values", "axis"),
    [
        ("[[1, 0, 1], [0, 1, 0]]", 0),
        ("[[1, 0, 0], [0, 0, 1]]", 1),
        ("[[0.2, 0.5, 0.1], [0.8, 0.5, 0.9]]", 0),
        ("[[0.2, 0.5, 0.3], [0.8, 0.1, 0.1]]", 1),
    ],
)
@pytest.mark.parametrize("section", ["inputs", "targets"])
def test_shares_sum_to_one_along_the_axis_of_the_file(values: str, axis: int, section: str) -> None:
    text = f"weights: {{Z: [[1, 2, 3], [4, 5, 7]]}}\n{section}: {{Y: {values}}}\nloss: sum(Y*Z**2)\n"
    graph = homework(text).graph
    found = [drawn(graph, "Y", seed) for seed in SEEDS]
    for array in found:
        assert np.allclose(array.sum(axis=axis), 1)
        assert (array >= 0).all()
        assert "0." in values or set(np.unique(array)) == {0.0, 1.0}
    assert any(not np.array_equal(array, found[0]) for array in found)


def test_shares_along_both_axes_stay_shares_along_both() -> None:
    text = "weights: {Z: [[1, 2], [4, 7]]}\ntargets: {Y: [[0.2, 0.8], [0.8, 0.2]]}\nloss: sum(Y*Z**2)\n"
    graph = homework(text).graph
    for seed in SEEDS:
        array = drawn(graph, "Y", seed)
        assert np.allclose(array.sum(axis=0), 1)
        assert np.allclose(array.sum(axis=1), 1)


@pytest.mark.parametrize("number", ["4", "0.25", "8", "3"])
def test_counts_and_what_is_one_over_them_stay(number: str) -> None:
    graph = homework(COUNTED.replace("N: 4", f"N: {number}")).graph
    assert all(drawn(graph, "N", seed) == float(number) for seed in SEEDS)


@pytest.mark.parametrize("number", ["1", "0", "0.7"])
def test_factors_that_may_hide_a_mistake_are_drawn_anew(number: str) -> None:
    graph = homework(COUNTED.replace("N: 4", f"N: {number}").replace("/(2*N)", "*N")).graph
    for seed in SEEDS:
        assert drawn(graph, "N", seed) not in (float(number), 0.0, 1.0)


def test_a_symmetric_constant_keeps_symmetry_and_zeros() -> None:
    graph = homework(GRAPH).graph
    for seed in SEEDS:
        array = drawn(graph, "A", seed)
        assert np.array_equal(array, array.T)
        assert np.array_equal(array == 0, [[0, 0, 1], [0, 0, 0], [1, 0, 0]])
        assert not np.array_equal(array, graph.values[graph.names["A"]])


@pytest.mark.parametrize("section", ["inputs", "constants"])
def test_an_adjacency_matrix_stays(section: str) -> None:
    text = GRAPH.replace("constants: {A: [[0.5, 0.4, 0], [0.4, 0.3, 0.4], [0, 0.4, 0.5]]}\n", "")
    matrix = "A: [[0, 1, 1], [1, 0, 0], [1, 0, 0]]"
    extra = f"constants: {{{matrix}}}\n" if section == "constants" else ""
    text = extra + (text.replace("0.3]]}", f"0.3]], {matrix}}}", 1) if section == "inputs" else text)
    graph = homework(text).graph
    assert all(np.array_equal(drawn(graph, "A", seed), [[0, 1, 1], [1, 0, 0], [1, 0, 0]]) for seed in SEEDS)


def test_a_symmetric_data_matrix_does_not_stay_symmetric() -> None:
    text = "inputs: {X: [[1, 2], [2, 1]]}\nweights: {w: [0.3, 0.4]}\ntargets: {t: [1, 2]}\nloss: sum((X @ w - t)**2)\n"
    found = coded(text, "def backward(X, w, t):\n    return {'w': 2*X @ (X @ w - t)}\n")
    assert [point.verdict for point in found.points] == ["pass", "fail", "fail"]


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        (COUNTED, 4),
        (COLUMN.replace("[[0.5], [-1.2]]", "[[0.5, 1, 2], [-1.2, 3, 1]]")
         .replace("[[0], [1], [0]]", "[[0, 1, 0], [1, 0, 0], [0, 0, 1]]"), 3),
        (COLUMN, 1),
        ("inputs: {x: [1, 2, 3]}\nweights: {w: 2}\ntargets: {t: [1, 3, 2]}\nloss: sum((w*x - t)**2)\n", 3),
        ("inputs: {x: [1, 2]}\nweights: {W: [[2, 1], [1, 4]]}\ntargets: {t: [1, 3]}\nloss: sum((W @ x - t)**2)\n", 1),
    ],
    ids=["rows", "columns", "one column", "numbers", "one vector"],
)  # fmt: skip
def test_samples_of_a_loss_written_out_are_those_of_inputs_and_targets(text: str, samples: int) -> None:
    checked = homework(text)
    assert Context(checked.graph, checked.values).samples == samples


def test_a_batch_in_a_loss_written_out_is_no_single_sample() -> None:
    reasons = [item.reason for item in probe(homework(COUNTED)).hidden]
    assert "there is one sample only, so that a sum and a mean are the same" not in reasons


@pytest.mark.parametrize("error", [1e-5, 1e-6, -1e-5])
def test_one_entry_off_by_little_is_named_and_not_called_single_precision(error: float) -> None:
    checked = homework(COUNTED)
    context = Context(checked.graph, checked.values)
    given = {name: array.copy() for name, array in context.clean.gradients.items()}
    given["w"][1] *= 1 + error
    found = diagnose(context, given)
    assert found.findings == ()
    assert found.structure is not None
    sign = "+" if error > 0 else "-"
    (tensor,) = found.structure.tensors
    assert tensor.remarks == (f"1 of 2 entries is wrong: [1] is (1 {sign} {abs(error):.2g}) times the right number",)


def test_one_number_off_by_little_is_not_called_single_precision() -> None:
    checked = homework(COUNTED)
    context = Context(checked.graph, checked.values)
    given = {name: array.copy() for name, array in context.clean.gradients.items()}
    given["b"] = given["b"] * (1 + 1e-5)
    found = diagnose(context, given)
    assert found.findings == ()
    assert found.structure is not None
    assert found.structure.tensors[0].remarks == ("(1 + 1e-05) times the right number",)


@pytest.mark.parametrize("stored", [True, False])
def test_gradients_computed_in_single_precision_are_named(stored: bool) -> None:
    checked = homework(COUNTED)
    context = Context(checked.graph, checked.values)
    leaves = {name: checked.values[checked.graph.names[name]].astype(np.float32) for name in ("X", "w", "b", "t")}
    d = (leaves["X"] @ leaves["w"] + leaves["b"] - leaves["t"]) / np.float32(4)
    single = {"w": leaves["X"].T @ d, "b": d.sum()}
    given = {name: np.asarray(array, dtype=np.float64) for name, array in single.items()}
    if not stored:
        given = {name: array / 3 * 3 * (1 + 1e-12) for name, array in given.items()}
    assert [finding.id for finding in diagnose(context, given).findings] == ["single-precision"]
