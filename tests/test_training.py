"""The training loop: trace, batches, samples, divergence, interruption."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dlcli.errors import HomeworkError, UsageError
from dlcli.solving import check, solve, train, training_plan
from dlcli.training import Step, training_steps
from dlcli.training import train as run
from tests.conftest import Homework

LINE = """
inputs: {{x: {x}}}
targets: {{t: {t}}}
weights: {{w: 1, b: 0}}
network:
  - p = w*x + b
loss: mse(p, t)
optimizer: {{sgd: {{learning_rate: 0.1{more}}}}}
"""
X, T = [1.0, 2.0, -1.0, 0.5, 3.0], [2.0, 4.0, 0.0, 1.0, 7.0]

# Matt Mazur, A Step by Step Backpropagation Example: biases are not trained; he prints the loss before training
# and the one that the 10,000th pass sees
MAZUR = """
inputs:  {x: [0.05, 0.10]}
targets: {t: [0.01, 0.99]}
constants: {b1: [0.35, 0.35], b2: [0.60, 0.60]}
network:
  - dense: {name: h, weights: [[0.15, 0.20], [0.25, 0.30]], bias: b1, activation: sigmoid}
  - dense: {name: o, weights: [[0.40, 0.45], [0.50, 0.55]], bias: b2, activation: sigmoid}
loss: half_squared_error
optimizer: {sgd: {learning_rate: 0.5}}
"""


def line(homework: Homework, more: str = "", x: list[float] = X, t: list[float] = T) -> str:
    return str(homework(LINE.format(x=x, t=t, more=more)))


def mean_loss(w: float, b: float) -> float:
    return math.fsum((w * x + b - t) ** 2 for x, t in zip(X, T, strict=True)) / len(X)


def by_hand(batches: list[list[int]]) -> list[tuple[float, float]]:
    """(w, b) before training and after each batch."""
    w, b = 1.0, 0.0
    path = [(w, b)]
    for rows in batches:
        errors = [w * X[i] + b - T[i] for i in rows]
        gw = math.fsum(2 * e * X[i] for e, i in zip(errors, rows, strict=True)) / len(rows)
        gb = math.fsum(2 * e for e in errors) / len(rows)
        w, b = w - 0.1 * gw, b - 0.1 * gb
        path.append((w, b))
    return path


def test_published_example(homework: Homework) -> None:
    training = train(homework(MAZUR), 9999)
    assert training.losses[0] == pytest.approx(0.298371109, abs=5e-10)
    assert training.losses[9999] == pytest.approx(0.0000351085, abs=5e-11)
    assert set(training.last.weights) == {"W_h", "W_o"}


def test_trace_has_one_loss_more_than_steps(homework: Homework) -> None:
    training = train(line(homework), 3)
    path = by_hand([[0, 1, 2, 3, 4]] * 3)
    assert training.losses == pytest.approx([mean_loss(w, b) for w, b in path], rel=1e-12)
    assert (training.last.number, training.status, training.asked) == (3, "finished", 3)


def test_gradients_are_those_that_the_last_step_used(homework: Homework) -> None:
    last = train(line(homework), 2).last
    w, b = by_hand([[0, 1, 2, 3, 4]])[1]
    expected = sum(2 * (w * x + b - t) * x for x, t in zip(X, T, strict=True)) / len(X)
    assert float(last.gradients["w"]) == pytest.approx(expected, rel=1e-12)


def test_step_0_is_before_training(homework: Homework) -> None:
    first = next(training_steps(training_plan(check(line(homework))), 5))
    assert (first.number, first.gradients, first.trouble) == (0, {}, None)
    assert {name: float(w) for name, w in first.weights.items()} == {"w": 1.0, "b": 0.0}


@pytest.mark.parametrize(
    ("size", "batches"),
    [
        (1, [[0], [1], [2], [3], [4], [0], [1]]),
        (2, [[0, 1], [2, 3], [4], [0, 1], [2, 3]]),
        (4, [[0, 1, 2, 3], [4], [0, 1, 2, 3]]),
        (5, [[0, 1, 2, 3, 4]] * 2),
    ],
)
def test_batches_take_the_samples_in_order(homework: Homework, size: int, batches: list[list[int]]) -> None:
    training = train(line(homework, f", batch_size: {size}"), len(batches))
    path = by_hand(batches)
    assert training.losses == pytest.approx([mean_loss(w, b) for w, b in path], rel=1e-12)
    assert (float(training.last.weights["w"]), float(training.last.weights["b"])) == pytest.approx(path[-1])


def test_shuffled_batches_follow_the_seed(homework: Homework) -> None:
    path = line(homework, ", batch_size: 2")
    draws = np.random.RandomState(7)
    orders = [draws.permutation(5).tolist() for _ in range(2)]
    batches = [order[at : at + 2] for order in orders for at in (0, 2, 4)]
    expected = [mean_loss(w, b) for w, b in by_hand(batches)]
    assert train(path, 6, shuffle=7).losses == pytest.approx(expected, rel=1e-12)
    assert train(path, 6, shuffle=7).losses == train(path, 6, shuffle=7).losses
    assert train(path, 6, shuffle=7).losses != train(path, 6, shuffle=8).losses


def test_each_pass_takes_every_sample_once(homework: Homework) -> None:
    """With a loss that is linear in w, a pass over all samples is one step of their sum, in whatever order."""
    text = """
        inputs: {x: [[1, 2], [3, 4], [5, 7]]}
        weights: {w: [0, 0]}
        network:
          - y = x @ w
        loss: sum(y)
        optimizer: {sgd: {learning_rate: 1, batch_size: 1}}
    """
    for seed in (None, 1, 2):
        assert train(homework(text), 3, shuffle=seed).last.weights["w"].tolist() == [-9.0, -13.0]


def test_step_of_solve_uses_the_first_batch(homework: Homework) -> None:
    step = solve(line(homework, ", batch_size: 2")).step
    assert step is not None
    w, b = by_hand([[0, 1]])[1]
    assert (float(step.weights["w"]), float(step.weights["b"])) == pytest.approx((w, b), rel=1e-12)


def test_step_of_solve_moves_all_weights_whatever_wrt_says(homework: Homework) -> None:
    step = solve(line(homework), wrt=["x"]).step
    assert step is not None
    w, b = by_hand([[0, 1, 2, 3, 4]])[1]
    assert (float(step.weights["w"]), float(step.weights["b"])) == pytest.approx((w, b), rel=1e-12)


COLUMNS = """
samples: columns
inputs:  {X: [[1, 0, 2, -1], [2, 1, -1, 0]]}
weights: {W: [[1, 0], [0.5, -1], [-0.25, 2]], b: [[0.5], [0], [-0.5]]}
targets: {T: [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1]]}
network:
  - Y = softmax(W @ X + b)
loss: cross_entropy(Y, T)
optimizer: {sgd: {learning_rate: 0.5, batch_size: 2}}
"""
ROWS = """
inputs:  {X: [[1, 2], [0, 1], [2, -1], [-1, 0]]}
weights: {W: [[1, 0], [0.5, -1], [-0.25, 2]], b: [0.5, 0, -0.5]}
targets: {T: [0, 2, 1, 2]}
network:
  - Y = softmax(X @ W.T + b)
loss: cross_entropy(Y, T)
optimizer: {sgd: {learning_rate: 0.5, batch_size: 2}}
"""


def test_samples_may_be_columns_and_targets_class_numbers(homework: Homework) -> None:
    columns, rows = train(homework(COLUMNS), 6), train(homework(ROWS, "rows.yaml"), 6)
    assert columns.losses == pytest.approx(rows.losses, rel=1e-12)
    np.testing.assert_allclose(columns.last.weights["W"], rows.last.weights["W"], rtol=1e-12)


def test_layers_take_batches(homework: Homework) -> None:
    text = """
        inputs: {x: [[0, 0], [0, 1], [1, 0], [1, 1]]}
        targets: {t: [[0], [1], [1], [0]]}
        network:
          - dense: {name: h, units: 4, seed: 1, activation: tanh}
          - dense: {name: o, units: 1, seed: 2, activation: sigmoid}
        loss: bce
        optimizer: {adam: {learning_rate: 0.1, batch_size: 3}}
    """
    training = train(homework(text), 400, shuffle=0)
    assert training.losses[-1] < 0.05 < 0.5 < training.losses[0]


TOO_LARGE = [
    (X, T, "batch_size: 6", "batch_size is 6, but the file has 5 samples", "make it 5 or less"),
    (
        2.0,
        1.0,
        "batch_size: 2",
        "batch_size is 2, but the file has 1 sample",
        "leave it out, or give a batch: a matrix, one sample a row",
    ),
]


@pytest.mark.parametrize(("x", "t", "setting", "message", "help"), TOO_LARGE)
def test_batch_larger_than_the_samples(
    homework: Homework, x: list[float], t: list[float], setting: str, message: str, help: str
) -> None:
    with pytest.raises(HomeworkError) as caught:
        check(line(homework, f", {setting}", x, t))
    [diagnostic] = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == ("E305", message, help)
    assert diagnostic.place is not None
    text = diagnostic.place.source.text
    assert text[diagnostic.place.start : diagnostic.place.end] == setting[-1]
    [label] = diagnostic.labels
    assert label.text in ("x has shape (5,)", "x is a single number")


def test_entries_of_one_sample_are_no_batch(homework: Homework) -> None:
    with pytest.raises(HomeworkError) as caught:
        check(homework(MAZUR.replace("0.5}", "0.5, batch_size: 2}")))
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.message == "batch_size is 2, but the file has 1 sample"
    assert diagnostic.notes == (
        "the 2 entries of x, t are no samples: with 3 of them, W_h has shape (2, 2), but layer h needs (2, 3)",
    )


def test_weights_that_grow_with_the_entries_show_that_these_are_no_samples(homework: Homework) -> None:
    text = """
        inputs: {x: [1, 2]}
        targets: {t: [1, 2]}
        network:
          - dense: {units: 1}
          - loss = sum(a1)*sum(t)
        optimizer: {sgd: {learning_rate: 0.1, batch_size: 2}}
    """
    with pytest.raises(HomeworkError) as caught:
        check(homework(text))
    assert caught.value.diagnostics[0].notes == (
        "the 2 entries of x, t are no samples: the shape of W1 depends on their number",
    )


def test_vector_beside_weights_of_its_length_is_no_batch(homework: Homework) -> None:
    """w*x with two weights and two inputs would broadcast over one input without a word."""
    text = """
        inputs: {x: [1, 2]}
        weights: {w: [3, 4]}
        network:
          - loss = sum(w*x)
        optimizer: {sgd: {learning_rate: 0.1, batch_size: 1}}
    """
    assert train(homework(text), 1).last.gradients["w"].tolist() == [1.0, 2.0]


def test_diverging_run_says_at_which_step_and_why(homework: Homework) -> None:
    training = train(homework(LINE.format(x=X, t=T, more="").replace("0.1", "1e30")), 100)
    assert training.status == "diverged"
    assert math.isinf(training.losses[-1])
    assert len(training.losses) == training.last.number + 2
    assert math.isfinite(training.last.loss)
    assert all(np.isfinite(w).all() for w in training.last.weights.values())
    assert training.trouble is not None
    assert training.trouble.startswith("mse overflows, with operands up to ")


@pytest.mark.parametrize(
    ("network", "rate", "trouble"),
    [
        ("loss = -log(w)", 0.5, None),
        ("loss = log(w)", 2, "log is undefined at w = -1, as x must be 0 or more"),
        ("loss = log(w)", 1, "loss is -inf: log is at the edge of its domain, with operands up to 0"),
        ("loss = 1e300*w", 1e300, "the weight w is -inf"),
        ("loss = 1e300*w**2 + exp(-w)", 1e300, "the weight w is -inf"),
    ],
)
def test_reason_of_a_divergence(homework: Homework, network: str, rate: float, trouble: str | None) -> None:
    text = f"weights: {{w: 1}}\nnetwork:\n  - {network}\noptimizer: {{sgd: {{learning_rate: {rate}}}}}\n"
    assert train(homework(text), 1).trouble == trouble


def test_gradient_that_is_infinite_is_named(homework: Homework) -> None:
    text = "weights: {w: 0}\nnetwork:\n  - loss = sqrt(w)\noptimizer: {sgd: {learning_rate: 1}}\n"
    training = train(homework(text), 5)
    assert training.trouble == "the gradient of w is inf"
    assert (training.losses[0], len(training.losses), training.last.number) == (0.0, 2, 0)


def test_loss_infinite_before_training_ends_the_run_at_step_0(homework: Homework) -> None:
    text = "weights: {w: 0}\nnetwork:\n  - loss = 1 - log(w)\noptimizer: {sgd: {learning_rate: 1}}\n"
    training = train(homework(text), 5)
    assert training.losses == (math.inf,)
    assert training.trouble == "log is at the edge of its domain, with operands up to 0"


def test_interrupted_run_keeps_what_it_has(homework: Homework) -> None:
    plan = training_plan(check(line(homework)))

    def interrupt(step: Step) -> None:
        if step.number == 4:
            raise KeyboardInterrupt

    training = run(plan, 100, after=interrupt)
    assert (training.status, training.last.number, len(training.losses)) == ("interrupted", 4, 5)
    assert training.losses == run(plan, 4).losses


def test_interrupt_after_the_last_step_changes_nothing(homework: Homework) -> None:
    def interrupt(step: Step) -> None:
        if step.number == 4:
            raise KeyboardInterrupt

    assert run(training_plan(check(line(homework))), 4, after=interrupt).status == "finished"


@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps_are_refused(homework: Homework, steps: int) -> None:
    with pytest.raises(UsageError, match=f"E305: {steps} steps train nothing"):
        train(line(homework), steps)


def test_all_that_training_lacks_is_told_at_once(homework: Homework) -> None:
    with pytest.raises(HomeworkError) as caught:
        train(homework("inputs: {x: 1}\nnetwork:\n  - y = 2*x\n"), 1)
    assert [(d.code, d.message, d.help) for d in caught.value.diagnostics] == [
        ("E107", "training needs `loss`, but the file has none", "add `loss:`, for example `loss: half_squared_error`"),
        ("E107", "training needs weights, but the file has none", "declare what is trained under `weights`"),
        (
            "E107",
            "training needs `optimizer`, but the file has none",
            "add `optimizer: {sgd: {learning_rate: 0.1}}`",
        ),
    ]


def test_solve_does_not_need_what_training_needs(homework: Homework) -> None:
    assert solve(homework("inputs: {x: 1}\nnetwork:\n  - y = 2*x\nloss: y\n")).step is None
