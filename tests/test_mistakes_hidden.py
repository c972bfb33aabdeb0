"""Which mistakes a homework's own numbers hide, and the generic point that shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dlcli
from dlcli.engines.evaluation import forward
from dlcli.errors import Source
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.mistakes import Context, blind, diagnose, moved_to
from dlcli.mistakes import generic_point as generic_point_or_none
from dlcli.mistakes.search import Search
from dlcli.solving import check, check_spec
from dlcli.spec import load
from tests.mistake_networks import NETWORKS, network
from tests.oracle.networks import random_network

HIDING = """
inputs: {X: [[1, 2], [3, 1]]}
targets: {y: [[1, 0], [0, 1]]}
constants: {lambda: 0}
network:
  - dense: {weights: [[1, 2], [2, 3]], bias: [1, 1], activation: relu}
  - dense: {weights: [[1, 1], [1, 2]], bias: [0, 0]}
loss: half_squared_error(a2, y) + lambda*l2(W1)
"""


def context_of(text: str) -> Context:
    checked = check_spec(load(Source("hiding.yaml", text), None))
    return Context(checked.graph, checked.values)


def hidden(context: Context) -> dict[str, str]:
    return {b.mistake.id: b.reason for b in blind(context)}


def test_numbers_that_hide_mistakes_are_named_with_the_reason():
    found = hidden(context_of(HIDING))
    assert found["l2-missing"] == "the penalty's factor is 0"
    assert found["weights-not-transposed"] == "the square weight matrices are symmetric"
    assert found["leaky-slope-for-relu"] == "no layer has pre-activations of both signs"
    assert found["activation-derivative-missing"] == "all pre-activations are positive"


def test_a_single_sample_hides_the_mean():
    text = "inputs: {x: [1, 2]}\ntargets: {y: 1}\nweights: {w: [0.3, -0.2], b: 0.1}\n"
    found = hidden(context_of(text + "network:\n  - p = sigmoid(w @ x + b)\nloss: bce(p, y)\n"))
    assert found["mean-missing"] == "there is one sample only, so that a sum and a mean are the same"


def test_gamma_of_one_hides_that_it_is_missing():
    text = "inputs: {X: [[1, 2], [3, 1], [0, 4]]}\ntargets: {y: [[1, 0], [0, 1], [1, 1]]}\n"
    layers = "network:\n  - dense: {units: 2, seed: 1}\n  - batchnorm\n  - tanh\nloss: mse\n"
    assert hidden(context_of(text + layers))["batchnorm-gamma-missing"] == "gamma is 1"


def test_nothing_that_shows_is_called_hidden():
    found = hidden(network("softmax"))
    assert not {"mean-missing", "l2-missing", "activation-derivative-missing", "weights-not-transposed"} & set(found)


def test_the_generic_point_shows_what_the_numbers_of_the_file_hide():
    own = context_of(HIDING)
    graph = moved_to(own.graph, generic_point(own.graph, 1))
    other = hidden(Context(graph, tuple(forward(fuse(graph)))))
    shown = set(hidden(own)) - set(other)
    assert {"l2-missing", "weights-not-transposed", "leaky-slope-for-relu", "activation-derivative-missing"} <= shown


def generic_point(graph: Graph, seed: int) -> dict[int, np.ndarray]:
    point = generic_point_or_none(graph, seed)
    assert point is not None
    return point


def leaf(graph: Graph, point: dict[int, np.ndarray], name: str) -> np.ndarray:
    return point[graph.names[name]]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_generic_point_is_finite_and_the_same_for_the_same_seed(name: str):
    graph = network(name).graph
    first, second, other = generic_point(graph, 3), generic_point(graph, 3), generic_point(graph, 4)
    assert all(np.array_equal(first[n], second[n]) for n in first)
    assert any(not np.array_equal(first[n], other[n]) for n in first)
    assert {n: a.shape for n, a in first.items()} == {n: graph.nodes[n].shape for n in first}
    assert np.isfinite(forward(fuse(moved_to(graph, first)))[graph.loss or 0]).all()


def test_targets_and_masks_keep_their_kind():
    softmax, dropped = network("softmax").graph, network("dropped").graph
    for seed in range(5):
        classes = leaf(softmax, generic_point(softmax, seed), "y")
        assert set(classes) <= {0.0, 1.0, 2.0}
        binary = leaf(network("probability").graph, generic_point(network("probability").graph, seed), "y")
        assert set(binary) == {0.0, 1.0}
        mask = leaf(dropped, generic_point(dropped, seed), "m")
        assert set(np.unique(mask)) == {0.0, 1.0}
        assert leaf(softmax, generic_point(softmax, seed), "lambda") > 0


def test_shares_and_labels_keep_their_kind():
    text = "inputs: {X: [[1, 2], [3, 1], [0, 4]]}\nweights: {W: [[0.1, 0.3], [0.2, -0.1]]}\n"
    rows = context_of(
        text + "targets: {y: [[1, 0], [0, 1], [1, 0]]}\nnetwork:\n  - p = softmax(X @ W)\nloss: cross_entropy(p, y)\n"
    ).graph
    signs = context_of(
        text + "targets: {y: [[1, -1], [-1, 1], [1, 1]]}\nnetwork:\n  - s = X @ W\nloss: hinge(s, y)\n"
    ).graph
    for seed in range(5):
        onehot = leaf(rows, generic_point(rows, seed), "y")
        assert (onehot.sum(axis=1) == 1).all()
        assert set(np.unique(onehot)) <= {0.0, 1.0}
        assert set(np.unique(leaf(signs, generic_point(signs, seed), "y"))) == {-1.0, 1.0}


def test_relus_see_both_signs_at_the_generic_point():
    graph = network("probability").graph
    values = forward(fuse(moved_to(graph, generic_point(graph, 2))))
    for name in ("z2", "z3"):
        z = values[graph.names[name]]
        assert (z > 0).any()
        assert (z < 0).any()


def test_one_unit_is_saturated_at_the_generic_point():
    graph = network("probability").graph
    values = forward(fuse(moved_to(graph, generic_point(graph, 2))))
    assert values[graph.names["z1"]].max() > 4


def test_every_bundled_problem_is_free_of_findings_and_has_a_generic_point():
    looked = 0
    for path in sorted(Path(dlcli.__file__).parents[1].glob("problems/*/*.yaml")):
        if "\nexpect:" in path.read_text(encoding="utf-8"):
            continue
        checked = check(path)
        if checked.graph.loss is None or not checked.graph.wrt:
            continue
        context = Context(checked.graph, checked.values)
        assert diagnose(context, context.clean.gradients).wrong == ()
        blind(context)
        assert generic_point(checked.graph, 0)
        looked += 1
    assert looked > 50


@pytest.mark.parametrize("chunk", range(4))
def test_random_networks_are_searched_without_a_false_name(chunk: int):
    for seed in range(15 * chunk, 15 * (chunk + 1)):
        checked = check_spec(load(Source("random.yaml", random_network(seed).yaml_text), None))
        context, random = Context(checked.graph, checked.values, 0.1), np.random.default_rng(seed)
        right = context.clean.gradients
        for candidate in Search(context, context.clean.graph.wrt).candidates():
            shapes = {name: array.shape for name, array in candidate.gradients.items()}
            assert shapes == {name: array.shape for name, array in right.items()}, (seed, candidate.row.id)
        assert diagnose(context, right).wrong == ()
        wrong = {n: a * (1 + 0.3 * random.normal(size=a.shape)) + 0.01 for n, a in right.items()}
        assert diagnose(context, wrong).findings == (), seed
        assert all(row.mistake.id for row in blind(context))
        assert np.isfinite(forward(fuse(moved_to(checked.graph, generic_point(checked.graph, seed))))[-1]).all()


def test_every_dropout_mask_is_drawn_anew_from_zeros_and_ones():
    path = Path(dlcli.__file__).parents[1] / "problems/regularisation/dropout-expectation.yaml"
    graph = check(path).graph
    point = generic_point(graph, 1)
    assert all(set(leaf(graph, point, name)) <= {0.0, 1.0} for name in ("m1", "m2", "m3", "m4"))
    assert not np.array_equal(leaf(graph, point, "w"), [3, -2])
