"""Mistakes found by a property of the numbers, and mistakes behind a single number."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.mistakes import Context, diagnose, diagnose_entry
from dlcli.mistakes.nearness import size
from tests.mistake_networks import network


def ids(context: Context, given: dict[str, np.ndarray]) -> list[str]:
    return [finding.id for finding in diagnose(context, given).findings]


@pytest.mark.parametrize("name", ["softmax", "regression", "sequence", "numbers"])
def test_gradients_rounded_to_float32_are_named(name: str):
    context = network(name)
    rounded = {n: a.astype(np.float32).astype(np.float64) for n, a in context.clean.gradients.items()}
    assert ids(context, rounded)[0] == "single-precision"


def test_a_backward_pass_in_float32_is_named_even_where_it_returns_float64():
    context, q = network("column"), network("column").graph
    X, y, w, b = (q.values[q.names[n]].astype(np.float32) for n in ("X", "y", "w", "b"))
    d = np.float32(2) * (X @ w + b - y) / np.float32(3)
    given = {"w": (X.T @ d).astype(np.float64), "b": np.asarray(d.sum(), dtype=np.float64)}
    assert "single-precision" in ids(context, given)


def test_an_error_far_above_float32_is_no_rounding():
    context = network("softmax")
    given = {n: a * (1 + 1e-3 * np.sin(np.arange(a.size)).reshape(a.shape)) for n, a in context.clean.gradients.items()}
    assert ids(context, given) == []


@pytest.mark.parametrize("bound", [0.1, 0.05])
def test_gradients_held_within_a_bound_are_named(bound: float):
    context = network("softmax")
    held = {n: np.clip(a, -bound, bound) for n, a in context.clean.gradients.items()}
    diagnosis = diagnose(context, held)
    assert [f.id for f in diagnosis.findings] == ["gradient-clipped"]
    assert f"held between -{bound:g} and {bound:g}" in diagnosis.sentence


def test_gradients_scaled_down_to_a_norm_are_named():
    context = network("softmax")
    norm = size(context.clean.gradients.values())
    diagnosis = diagnose(context, {n: a * 0.5 / norm for n, a in context.clean.gradients.items()})
    assert [f.id for f in diagnosis.findings] == ["gradient-clipped"]
    assert "scaled down to a norm of 0.5" in diagnosis.sentence


def test_a_factor_that_gives_no_round_norm_is_not_called_clipping():
    context = network("softmax")
    given = {n: a * 0.7312 for n, a in context.clean.gradients.items()}
    assert "gradient-clipped" not in ids(context, given)


def test_gradients_cut_off_to_whole_numbers_are_named():
    context = network("margins")
    given = {n: np.trunc(a) for n, a in context.clean.gradients.items()}
    assert "integer-truncation" in ids(context, given)


def test_an_input_read_as_whole_numbers_is_named():
    context = network("column")
    q = {n: context.graph.values[i] for n, i in context.graph.names.items() if i in context.graph.values}
    X = q["X"].astype(int).astype(float)
    d = 2 * (X @ q["w"] + q["b"] - q["y"]) / 3
    assert ids(context, {"w": X.T @ d, "b": np.asarray(d.sum())}) == ["integer-truncation"]


@pytest.mark.parametrize("eps", [1e-2, 1e-5, 3.7e-3])
def test_an_eps_under_the_logarithm_is_found_with_its_size(eps: float):
    context = network("probability")
    q = {n: context.graph.values[i] for n, i in context.graph.names.items() if i in context.graph.values}
    p, a = context.clean.values[context.graph.names["a4"]], context.clean.values[context.graph.names["a3"]]
    d = (-q["y"] / (p + eps) + (1 - q["y"]) / (1 - p + eps)) * p * (1 - p) / 5
    diagnosis = diagnose(context, {"W4": a.T @ d, "b4": np.asarray(d.sum())})
    assert "log-epsilon" in [f.id for f in diagnosis.findings]
    assert f"{eps:.3g} is added" in diagnosis.sentence


def test_nan_where_exp_overflows_is_named():
    context = network("overflowing")
    z = context.clean.values[context.graph.names["z1"]]
    with np.errstate(all="ignore"):
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    q = {n: context.graph.values[i] for n, i in context.graph.names.items() if i in context.graph.values}
    d = (p - np.eye(3)[q["y"].astype(int)]) / 3
    diagnosis = diagnose(context, {"W1": d.T @ q["X"], "b1": d.sum(axis=0)})
    assert [f.id for f in diagnosis.findings] == ["overflow-without-shift"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_wrong_and_described(bad: float):
    context = network("softmax")
    given = dict(context.clean.gradients) | {"b1": np.array([0.1, bad, 0.2, 0.3])}
    diagnosis = diagnose(context, given)
    assert diagnosis.wrong == ("b1",)
    assert "b1: 1 of 4 entries are not finite" in diagnosis.sentence


def test_the_learning_rate_is_recognised_with_and_without_an_optimizer():
    context = network("softmax")
    given = {n: -0.1 * a for n, a in context.clean.gradients.items()}
    assert "learning-rate-included" in ids(context, given)
    assert "minus the learning rate, 0.1" in diagnose(context, given).sentence
    other = network("probability")
    assert "learning-rate-included" in ids(other, {n: 0.01 * a for n, a in other.clean.gradients.items()})


def test_numbers_rounded_to_three_digits_are_explained_within_their_tolerance():
    context = network("numbers")
    right = {n: float(a) for n, a in context.clean.gradients.items()}
    values = {n: float(context.clean.values[context.graph.names[n]]) for n in ("in3", "a3", "w35")}
    error = right["w05"]
    missing = {**right, "w03": error * values["w35"], "w13": error * values["w35"] * 0.7}
    missing["w23"] = error * values["w35"] * -1.2
    given = {n: np.asarray(float(f"{v:.3g}")) for n, v in missing.items()}
    tolerances = {n: 0.005 * abs(v) for n, v in missing.items()}
    diagnosis = diagnose(context, given, tolerances=tolerances)
    assert diagnosis.wrong == ("w03", "w13", "w23")
    assert [(f.id, f.where) for f in diagnosis.findings] == [("activation-derivative-missing-in-one-layer", "a3")]


def test_one_number_is_explained_by_the_mistake_that_gives_it():
    context = network("numbers")
    error = float(context.clean.gradients["w05"])
    w35 = 0.8
    a3 = float(context.clean.values[context.graph.names["a3"]])
    in3 = float(context.clean.values[context.graph.names["in3"]])
    found = {
        "missing": diagnose_entry(context, "w13", None, error * w35 * 0.7, 1e-6),
        "at the activation": diagnose_entry(
            context, "w13", None, error * w35 * 0.7 * np.exp(-a3) / (1 + np.exp(-a3)) ** 2, 1e-6
        ),
        "at the pre-activation": diagnose_entry(context, "w13", None, error * w35 * 0.7 * in3 * (1 - in3), 1e-6),
        "twice": diagnose_entry(context, "w13", None, 2 * float(context.clean.gradients["w13"]), 1e-6),
        "after the step": diagnose_entry(context, "w13", None, 0.9 - 0.1 * float(context.clean.gradients["w13"]), 1e-6),
    }
    named = {what: [f.id for f in findings] for what, findings in found.items()}
    assert "activation-derivative-missing-in-one-layer" in named["missing"]
    assert "derivative-at-activation" in named["at the activation"]
    assert "derivative-at-preactivation" in named["at the pre-activation"]
    assert "factor-two-extra" in named["twice"]
    assert "updated-weight" in named["after the step"]
    assert all(f.sentence.endswith(".") for findings in found.values() for f in findings)


def test_a_wrong_sign_of_one_number_is_named_once():
    context = network("numbers")
    findings = diagnose_entry(context, "w13", None, -float(context.clean.gradients["w13"]), 1e-9)
    assert [f.id for f in findings if "sign" in f.id] == ["sign-everywhere"]


def test_an_entry_of_a_matrix_may_be_another_entry_or_transposed():
    context = network("softmax")
    W2 = context.clean.gradients["W2"]
    named = [f.id for f in diagnose_entry(context, "W2", (0, 1), float(W2[1, 0]), 1e-9)]
    assert {"weight-gradient-transposed", "another-entry"} <= set(named)
    other = diagnose_entry(context, "W2", (0, 1), float(W2[2, 3]), 1e-9)
    assert [f.sentence for f in other] == ["This is the gradient at another entry: [2, 3]."]


def test_the_right_number_and_a_number_from_nowhere_have_no_finding():
    context = network("softmax")
    assert diagnose_entry(context, "W2", (0, 1), float(context.clean.gradients["W2"][0, 1]), 1e-9) == ()
    assert diagnose_entry(context, "W2", (0, 1), 12.3456789, 1e-9) == ()
    assert diagnose_entry(context, "W2", (0, 1), float("nan"), 1e-9) == ()


def test_a_quantity_that_is_not_differentiated_by_can_be_asked_for():
    context = network("numbers")
    error, w35 = float(context.clean.gradients["w05"]), 0.8
    a3 = float(context.clean.values[context.graph.names["a3"]])
    found = diagnose_entry(context, "in3", None, error * w35, 1e-9)
    assert "activation-derivative-missing-in-one-layer" in [f.id for f in found]
    assert diagnose_entry(context, "in3", None, error * w35 * a3 * (1 - a3), 1e-9) == ()
    with pytest.raises(KeyError):
        diagnose_entry(context, "in9", None, 1.0, 1e-9)


def test_a_factor_that_nothing_explains_is_named_with_its_size():
    context = network("softmax")
    given = {**context.clean.gradients, "W2": 1.7 * context.clean.gradients["W2"]}
    diagnosis = diagnose(context, given)
    assert [f.id for f in diagnosis.findings] == ["tensor-scaled"]
    assert diagnosis.sentence == "The right gradients are multiplied by a factor: W2 by 1.7."


def test_layers_updated_one_by_one_on_the_way_down_are_recognised():
    context = network("numbers")
    q = {n: float(context.graph.values[i]) for n, i in context.graph.names.items() if i in context.graph.values}
    v = {n: float(context.clean.values[context.graph.names[n]]) for n in ("a3", "a4", "yhat")}
    e = v["yhat"] - q["y"]
    w35, w45 = q["w35"] - 0.1 * e * v["a3"], q["w45"] - 0.1 * e * v["a4"]
    d3, d4 = e * w35 * v["a3"] * (1 - v["a3"]), e * w45 * (1 - v["a4"] ** 2)
    g = {"w05": e, "w35": e * v["a3"], "w45": e * v["a4"], "w03": d3, "w13": d3 * q["x1"], "w23": d3 * q["x2"]}
    g |= {"w04": d4, "w14": d4 * q["x1"], "w24": d4 * q["x2"]}
    diagnosis = diagnose(context, {n: np.asarray(a) for n, a in g.items()})
    assert [f.id for f in diagnosis.findings] == ["weights-updated-before-use"]
    assert diagnosis.findings[0].where == "every layer"
