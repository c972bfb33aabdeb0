"""The catalogue of classic mistakes, and the search for the one that explains wrong gradients."""

from __future__ import annotations

import re
import string
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from dlcli.errors import Source
from dlcli.mistakes import MISTAKES, Context, diagnose
from dlcli.mistakes.altered_sweep import altered_gradients
from dlcli.mistakes.finding import INCLUDED_IN
from dlcli.mistakes.mistake import Mistake, mutants_of
from dlcli.mistakes.nearness import distance
from dlcli.solving import check_spec
from dlcli.spec import load
from tests.mistake_networks import NETWORKS, network

LISTED = re.findall(
    r"\S+",
    """
mean-missing mean-extra mean-missing-on-weights mean-missing-on-biases mean-extra-on-weights
mean-extra-on-biases mean-extra-per-layer mean-over-entries sign-everywhere sign-one-tensor factor-two-missing
factor-two-extra softmax-derivative-twice softmax-derivative-diagonal softmax-derivative-missing
output-derivative-twice prediction-for-error onehot-off-by-one activation-derivative-missing
activation-derivative-missing-in-one-layer activation-derivative-twice derivative-of-another-activation
derivative-at-activation derivative-at-preactivation relu-mask-for-leaky leaky-slope-for-relu
relu-mask-inverted relu-mask-of-another-layer relu-mask-from-gradient weight-gradient-transposed
weights-not-transposed weights-skipped weights-updated-before-use weights-of-another-layer cache-shuffled
cache-of-another-layer preactivation-for-activation input-forgotten one-sample-only gradient-overwritten
path-counted-twice time-truncated bias-one-sample bias-wrong-axis bias-full-sum bias-forgotten
weight-gradient-zero l2-missing l2-doubled l2-halved l2-divided-by-batch l2-sign l2-on-biases l1-for-l2
dropout-mask-missing dropout-not-rescaled dropout-drawn-again batchnorm-mean-constant
batchnorm-variance-constant batchnorm-statistics-constant batchnorm-gamma-missing batchnorm-unbiased-variance
layernorm-statistics-constant convolution-kernel-flipped convolution-shifted pooling-ties-all
pooling-average-for-max pooling-first-of-window average-pooling-not-divided attention-scale-missing
hinge-margin-ignored hinge-correct-class-missing hinge-counted-once broadcast-column integer-truncation
single-precision log-epsilon overflow-without-shift gradient-clipped learning-rate-included tensors-swapped
""",
)
SEARCHED_ALONE = {"tensor-scaled", "single-precision", "gradient-clipped", "log-epsilon", "dropout-drawn-again"}


def visible(row: Mistake, name: str):
    """The wrong passes of a row on a network, with their gradients, as far as they are not the right ones."""
    context = network(name)
    for mutant in mutants_of(row, context):
        gradients, _ = altered_gradients(context.clean, mutant.alteration, context.clean.graph.wrt)
        if distance(gradients, context.clean.gradients) > 1e-6:
            yield mutant, gradients


@cache
def explained(row: str) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """For each visible wrong pass of a row: network, place, ids that are named, ids that are listed as well."""
    found = []
    for name in NETWORKS:
        for mutant, gradients in visible(MISTAKES[row], name):
            diagnosis = diagnose(network(name), gradients)
            found.append((name, mutant.where, tuple(f.id for f in diagnosis.findings), diagnosis.also))
    return found


def test_every_classic_mistake_is_in_the_catalogue():
    assert set(LISTED) <= set(MISTAKES)


def test_ids_are_the_keys_and_rows_of_a_family_stand_together():
    assert all(row.id == key for key, row in MISTAKES.items())
    families = [row.family for row in MISTAKES.values()]
    changes = [a for a, b in pairwise(families) if a != b]
    assert len(changes) + 1 == len(set(families))


@pytest.mark.parametrize("row", MISTAKES.values(), ids=lambda row: row.id)
def test_a_row_reads_as_text(row: Mistake):
    assert row.does[0].islower() or row.does[0] in "12-pWzs(|"
    assert row.looks
    assert row.sentence.endswith((".", "}."))
    blanks = {blank for _, blank, _, _ in string.Formatter().parse(row.sentence) if blank is not None}
    assert blanks <= {"where", "m", "what", "outputs", "rate", "kind", "other", "own", "which", "n", "kept", "mask",
                      "eps", "how"}  # fmt: skip


@pytest.mark.parametrize("row", [name for name in MISTAKES if name not in SEARCHED_ALONE])
def test_a_mistake_is_named_alone_or_with_at_most_two_others(row: str):
    groups = [(*named, *also) for _, _, named, also in explained(row) if row in named]
    assert min(map(len, groups), default=99) <= 3


@pytest.mark.parametrize("row", [name for name in MISTAKES if name not in SEARCHED_ALONE])
def test_every_place_of_a_mistake_is_explained_by_it(row: str):
    known = {row, *INCLUDED_IN.get(row, ())}
    missed = [(n, where, named) for n, where, named, also in explained(row) if not known & {*named, *also}]
    assert [m for m in missed if m[0] != "overflowing"] == []


@pytest.mark.parametrize("name", NETWORKS)
def test_sentences_have_no_blanks_left_and_name_a_place(name: str):
    context = network(name)
    sentences = [
        (row, mutant, row.sentence.format(where=mutant.where, **mutant.words))
        for row in MISTAKES.values()
        for mutant in mutants_of(row, context)
    ]
    assert len(sentences) > 20
    for row, mutant, sentence in sentences:
        assert "{" not in sentence
        assert "}" not in sentence
        assert "None" not in sentence
        assert not ("{where}" in row.sentence and not mutant.where), sentence


@pytest.mark.parametrize("name", NETWORKS)
def test_right_gradients_have_no_finding(name: str):
    context = network(name)
    diagnosis = diagnose(context, context.clean.gradients)
    assert diagnosis.wrong == diagnosis.findings == ()
    assert diagnosis.sentence == ""


@pytest.mark.parametrize("name", NETWORKS)
def test_rounding_is_no_mistake(name: str):
    context, random = network(name), np.random.default_rng(4)
    noisy = {n: a * (1 + 1e-13 * random.normal(size=a.shape)) for n, a in context.clean.gradients.items()}
    assert diagnose(context, noisy).wrong == ()


@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "overflowing"])
@pytest.mark.parametrize("seed", range(3))
def test_random_errors_are_described_but_not_named(name: str, seed: int):
    context, random = network(name), np.random.default_rng(seed)
    wrong = {n: a * (1 + 0.3 * random.normal(size=a.shape)) + 0.01 for n, a in context.clean.gradients.items()}
    diagnosis = diagnose(context, wrong)
    assert diagnosis.findings == ()
    assert diagnosis.structure is not None
    assert set(diagnosis.wrong) == set(wrong)
    assert "No classic mistake explains these numbers" in diagnosis.sentence


def test_only_the_gradients_given_are_judged():
    context = network("softmax")
    assert diagnose(context, {"W2": context.clean.gradients["W2"]}).wrong == ()
    only = diagnose(context, {"W2": -context.clean.gradients["W2"]})
    assert only.wrong == ("W2",)
    assert only.findings[0].id == "sign-everywhere"


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"the gradient of b1 has shape \(3,\), but b1 has \(4,\)"):
        diagnose(network("softmax"), {"b1": np.zeros(3)})


def test_mistakes_in_different_quantities_are_named_together():
    context = network("probability")
    right = context.clean.gradients
    wrong = {**right, "b1": np.full(4, 1.0), "W3": right["W3"].T}
    diagnosis = diagnose(context, wrong)
    assert diagnosis.together
    assert {(f.id, f.explains) for f in diagnosis.findings} == {
        ("bias-derivative-alone", ("b1",)),
        ("weight-gradient-transposed", ("W3",)),
    }
    assert diagnosis.sentence.startswith("Several mistakes come together.")


def test_a_wrong_sign_on_top_of_another_mistake_is_found():
    context = network("probability")
    row = MISTAKES["weights-not-transposed"]
    _, gradients = next(visible(row, "probability"))
    diagnosis = diagnose(context, {name: -array for name, array in gradients.items()})
    assert diagnosis.together
    assert [f.id for f in diagnosis.findings] == ["weights-not-transposed", "sign-everywhere"]


def test_structure_tells_the_first_wrong_layer_and_the_likeness():
    context = network("probability")
    right = context.clean.gradients
    wrong = {**right, "W1": 1.7 * right["W1"], "b1": right["b1"][[1, 2, 3, 0]], "W2": 0.9 * right["W2"] + 0.2}
    found = diagnose(context, wrong).structure
    assert found is not None
    assert found.first == "W2"
    assert set(found.right) == {"b2", "W3", "b3", "W4", "b4"}
    texts = {t.name: t for t in found.tensors}
    assert texts["W1"].factor == pytest.approx(1.7)
    assert texts["W1"].residual < 1e-12
    assert "the right gradient times 1.7" in texts["W1"].remarks
    assert any("in another order" in remark for remark in texts["b1"].remarks)


def test_structure_sees_a_multiple_of_the_weights():
    context = network("probability")
    values = context.clean.values[context.clean.graph.names["W2"]]
    wrong = {**context.clean.gradients, "W2": context.clean.gradients["W2"] + 0.37 * values}
    assert "W2: off by 0.37 times W2 itself" in diagnose(context, wrong).sentence


WIDE = """
inputs: {X: {shape: [6, 70], init: xavier_normal, seed: 4}}
targets: {y: [0, 1, 2, 3, 1, 0]}
network:
  - dense: {units: 80, activation: relu, seed: 1}
  - dense: {units: 4, activation: softmax, seed: 2}
loss: cross_entropy
"""


def wide() -> Context:
    checked = check_spec(load(Source("wide.yaml", WIDE), None))
    return Context(checked.graph, checked.values)


def test_a_search_that_is_stopped_says_so():
    context = wide()
    wrong = {name: 1.37 * array + 0.1 for name, array in context.clean.gradients.items()}
    stopped = diagnose(context, wrong, budget=10_000)
    assert not stopped.complete
    assert stopped.sentence.endswith("Not every mistake was tried: the network is large.")
    assert diagnose(context, wrong).complete


@pytest.mark.parametrize(
    "row", ["mean-missing", "relu-mask-inverted", "weight-gradient-zero", "softmax-derivative-twice"]
)
def test_large_networks_are_diagnosed_without_keeping_every_gradient(row: str):
    context = wide()
    for mutant in mutants_of(MISTAKES[row], context):
        gradients, _ = altered_gradients(context.clean, mutant.alteration, context.clean.graph.wrt)
        diagnosis = diagnose(context, gradients)
        assert row in [*(f.id for f in diagnosis.findings), *diagnosis.also]
