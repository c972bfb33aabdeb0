"""Each optimizer against its formula, written out in plain Python, over 20 steps."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest

from dlcli.errors import HomeworkError
from dlcli.optimizers import RULES, optimizer_step
from dlcli.solving import check, solve, train
from dlcli.spec.keys import OPTIMIZER_STATE, OPTIMIZERS
from tests.conftest import Homework

STEPS = 20
Weights = tuple[float, float]


def slopes(w: float, b: float) -> Weights:
    """Of (2 w + b - 3)^2 + (w - b)^4."""
    return 4 * (2 * w + b - 3) + 4 * (w - b) ** 3, 2 * (2 * w + b - 3) - 4 * (w - b) ** 3


HOMEWORK = """
weights: {{w: 0.5, b: -0.25}}
network:
  - loss = (2*w + b - 3)**2 + (w - b)**4
optimizer: {{{rule}}}
"""


def sgd() -> list[Weights]:
    w, b, path = 0.5, -0.25, []
    for _ in range(STEPS):
        gw, gb = slopes(w, b)
        w -= 0.02 * gw
        b -= 0.02 * gb
        path.append((w, b))
    return path


def momentum() -> list[Weights]:
    w, b, vw, vb, path = 0.5, -0.25, 0.0, 0.0, []
    for _ in range(STEPS):
        gw, gb = slopes(w, b)
        vw, vb = 0.8 * vw + gw, 0.8 * vb + gb
        w -= 0.01 * vw
        b -= 0.01 * vb
        path.append((w, b))
    return path


def nesterov() -> list[Weights]:
    w, b, vw, vb, path = 0.5, -0.25, 0.0, 0.0, []
    for _ in range(STEPS):
        gw, gb = slopes(w, b)
        vw, vb = 0.9 * vw + gw, 0.9 * vb + gb
        w -= 0.01 * (gw + 0.9 * vw)
        b -= 0.01 * (gb + 0.9 * vb)
        path.append((w, b))
    return path


def adagrad() -> list[Weights]:
    w, b, sw, sb, path = 0.5, -0.25, 0.0, 0.0, []
    for _ in range(STEPS):
        gw, gb = slopes(w, b)
        sw += gw * gw
        sb += gb * gb
        w -= 0.3 * gw / (sqrt(sw) + 1e-10)
        b -= 0.3 * gb / (sqrt(sb) + 1e-10)
        path.append((w, b))
    return path


def rmsprop() -> list[Weights]:
    w, b, sw, sb, path = 0.5, -0.25, 0.0, 0.0, []
    for _ in range(STEPS):
        gw, gb = slopes(w, b)
        sw = 0.9 * sw + 0.1 * gw * gw
        sb = 0.9 * sb + 0.1 * gb * gb
        w -= 0.05 * gw / (sqrt(sw) + 1e-8)
        b -= 0.05 * gb / (sqrt(sb) + 1e-8)
        path.append((w, b))
    return path


def adam() -> list[Weights]:
    w, b, path = 0.5, -0.25, []
    mw = mb = vw = vb = 0.0
    for t in range(1, STEPS + 1):
        gw, gb = slopes(w, b)
        mw, mb = 0.9 * mw + 0.1 * gw, 0.9 * mb + 0.1 * gb
        vw, vb = 0.999 * vw + 0.001 * gw * gw, 0.999 * vb + 0.001 * gb * gb
        w -= 0.1 * (mw / (1 - 0.9**t)) / (sqrt(vw / (1 - 0.999**t)) + 1e-8)
        b -= 0.1 * (mb / (1 - 0.9**t)) / (sqrt(vb / (1 - 0.999**t)) + 1e-8)
        path.append((w, b))
    return path


BY_HAND = [
    ("sgd: {learning_rate: 0.02}", sgd),
    ("momentum: {learning_rate: 0.01, mu: 0.8}", momentum),
    ("nesterov: {learning_rate: 0.01}", nesterov),
    ("adagrad: {learning_rate: 0.3}", adagrad),
    ("rmsprop: {learning_rate: 0.05}", rmsprop),
    ("adam: {learning_rate: 0.1}", adam),
]


@pytest.mark.parametrize(("rule", "formula"), BY_HAND, ids=[f.__name__ for _, f in BY_HAND])
@pytest.mark.parametrize("count", [1, 2, 7, STEPS])
def test_optimizer_follows_its_formula(
    homework: Homework, rule: str, formula: Callable[[], list[Weights]], count: int
) -> None:
    weights = train(homework(HOMEWORK.format(rule=rule)), count).last.weights
    expected = formula()[count - 1]
    assert (float(weights["w"]), float(weights["b"])) == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize(("rule", "formula"), BY_HAND, ids=[f.__name__ for _, f in BY_HAND])
def test_step_of_solve_is_the_first_step_of_training(
    homework: Homework, rule: str, formula: Callable[[], list[Weights]]
) -> None:
    step = solve(homework(HOMEWORK.format(rule=rule))).step
    assert step is not None
    assert step.optimizer == rule.partition(":")[0]
    assert (float(step.weights["w"]), float(step.weights["b"])) == pytest.approx(formula()[0], rel=1e-12)


def test_every_optimizer_of_the_format_has_a_rule() -> None:
    assert set(RULES) == set(OPTIMIZERS) == {rule.partition(":")[0] for rule, _ in BY_HAND}
    for name, rule in RULES.items():
        assert rule.name == name
        assert tuple(letter for letter in OPTIMIZER_STATE[name] if letter != "t") == rule.kept
        assert set(rule.squares) <= set(rule.kept)


@pytest.mark.parametrize("name", RULES)
def test_no_array_passed_in_is_changed(name: str) -> None:
    w, g, kept = np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([0.125, 4.0])
    settings = {"learning_rate": 0.1, "mu": 0.9, "rho": 0.9, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    state = {"w": dict.fromkeys(RULES[name].kept, kept)}
    for array in (w, g, kept):
        array.setflags(write=False)
    new, after = optimizer_step(name, {"w": w}, {"w": g}, state, settings, 1)
    assert new["w"].shape == (2,)
    assert not np.array_equal(new["w"], w)
    assert after["w"].keys() == state["w"].keys()


def test_gradient_too_large_to_square_gives_no_warning() -> None:
    settings = {"learning_rate": 1.0, "eps": 1e-10}
    new, state = optimizer_step(
        "adagrad", {"w": np.array(1.0)}, {"w": np.array(1e200)}, {"w": {"s": np.array(0.0)}}, settings, 1
    )
    assert state["w"]["s"] == np.inf
    assert new["w"] == 1.0


def test_state_starts_elsewhere_than_at_0(homework: Homework) -> None:
    rule = "momentum: {learning_rate: 0.01, mu: 0.5, state: {v: {w: 2, b: -4}}}"
    weights = train(homework(HOMEWORK.format(rule=rule)), 1).last.weights
    gw, gb = slopes(0.5, -0.25)
    assert float(weights["w"]) == pytest.approx(0.5 - 0.01 * (0.5 * 2 + gw), rel=1e-12)
    assert float(weights["b"]) == pytest.approx(-0.25 - 0.01 * (0.5 * -4 + gb), rel=1e-12)


def test_state_is_one_value_for_all_weights(homework: Homework) -> None:
    rule = "rmsprop: {learning_rate: 0.1, state: {s: 9}}"
    weights = train(homework(HOMEWORK.format(rule=rule)), 1).last.weights
    gw, gb = slopes(0.5, -0.25)
    assert float(weights["w"]) == pytest.approx(0.5 - 0.1 * gw / (sqrt(8.1 + 0.1 * gw**2) + 1e-8), rel=1e-12)
    assert float(weights["b"]) == pytest.approx(-0.25 - 0.1 * gb / (sqrt(8.1 + 0.1 * gb**2) + 1e-8), rel=1e-12)


def test_adam_goes_on_where_its_state_says(homework: Homework) -> None:
    """State after three steps, put into a file whose weights are those after three steps, gives the fourth."""
    m, v, w = [0.0, 0.0], [0.0, 0.0], [0.5, -0.25]
    for t in (1, 2, 3):
        g = slopes(*w)
        for i in range(2):
            m[i] = 0.9 * m[i] + 0.1 * g[i]
            v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2
            w[i] -= 0.1 * (m[i] / (1 - 0.9**t)) / (sqrt(v[i] / (1 - 0.999**t)) + 1e-8)
    state = f"{{m: {{w: {m[0]!r}, b: {m[1]!r}}}, v: {{w: {v[0]!r}, b: {v[1]!r}}}, t: 3}}"
    text = HOMEWORK.format(rule=f"adam: {{learning_rate: 0.1, state: {state}}}")
    text = text.replace("w: 0.5, b: -0.25", f"w: {w[0]!r}, b: {w[1]!r}")
    weights = train(homework(text), 1).last.weights
    assert (float(weights["w"]), float(weights["b"])) == pytest.approx(adam()[3], rel=1e-12)


def test_state_of_a_matrix_in_its_shape(homework: Homework) -> None:
    text = """
        inputs: {x: [1, 2]}
        weights: {W: [[1, 0], [0, 1]]}
        network:
          - y = W @ x
        loss: sum(y)
        optimizer: {momentum: {learning_rate: 1, mu: 0.5, state: {v: [[2, 4], [6, 8]]}}}
    """
    weights = train(homework(text), 1).last.weights
    assert weights["W"].tolist() == [[-1.0, -4.0], [-4.0, -5.0]]


@pytest.mark.parametrize(
    ("rule", "code", "message", "help"),
    [
        (
            "momentum: {learning_rate: 1, state: {v: {ww: 1}}}",
            "E103",
            "the state `v` names `ww`, which is no weight that is trained",
            "did you mean 'w'?",
        ),
        (
            "momentum: {learning_rate: 1, state: {v: {other: 1}}}",
            "E103",
            "the state `v` names `other`, which is no weight that is trained",
            "the weights are w, b",
        ),
        (
            "momentum: {learning_rate: 1, state: {v: [1, 2]}}",
            "E201",
            "the state `v` has shape (2,), but w has one number",
            "give one number for all, the numbers in the shape of w, or write v: {w: …}",
        ),
        (
            "rmsprop: {learning_rate: 1, state: {s: {b: -1}}}",
            "E305",
            "the state `s` is a mean or sum of squares, but an entry is -1",
            "give numbers from 0",
        ),
        (
            "adam: {learning_rate: 1, state: {v: -2}}",
            "E305",
            "the state `v` is a mean or sum of squares, but an entry is -2",
            "give numbers from 0",
        ),
        (
            "adam: {learning_rate: 1, state: {t: -1}}",
            "E305",
            "`t` must be a whole number from 0 to 10,000,000, but it is -1",
            "write for example 1",
        ),
        (
            "momentum: {learning_rate: 1, state: {s: 1}}",
            "E101",
            "unknown key `s` in `state`",
            "`state` knows: v",
        ),
        (
            "sgd: {learning_rate: 1, state: {v: 1}}",
            "E101",
            "unknown key `state` in the optimizer sgd",
            "the optimizer sgd knows: learning_rate, batch_size",
        ),
        (
            "momentum: {learning_rate: 1, state: {v: {w: {a: 1}}}}",
            "E122",
            "`v` of w is a number or an array, but a mapping stands here",
            "write the numbers",
        ),
        (
            "sgd: {learning_rate: 0}",
            "E305",
            "`learning_rate` must be positive, but it is 0",
            "give a number above 0, for example learning_rate: 0.1",
        ),
        (
            "sgd: {learning_rate: 1, batch_size: 0}",
            "E305",
            "`batch_size` must be a whole number from 1 to 10,000,000, but it is 0",
            "write for example 1",
        ),
    ],
)
def test_wrong_optimizer_is_told_with_its_place(
    homework: Homework, rule: str, code: str, message: str, help: str
) -> None:
    with pytest.raises(HomeworkError) as caught:
        check(homework(HOMEWORK.format(rule=rule)))
    [diagnostic] = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (code, message, help)
    assert diagnostic.place is not None
    assert diagnostic.place.line == 5
