"""The table of optimizers: what one training step does to a weight, as pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dlcli.errors import Diagnostic, HomeworkError, did_you_mean
from dlcli.ops.operation import Array
from dlcli.spec.records import Optimizer, Value

Kept = Mapping[str, Array]  # what a rule keeps of one weight, by the letter of its formula
State = Mapping[str, Kept]  # by weight
Settings = Mapping[str, float]
Update = Callable[[Array, Array, Kept, Settings, int], tuple[Array, dict[str, Array]]]


@dataclass(frozen=True)
class Rule:
    """An update rule.

    update: (w, g, kept, settings, t) -> the new w and what is kept; all arrays have the shape of w, and t
    counts steps from 1. kept: the letters; those in `squares` are never negative.
    """

    name: str
    formula: str
    update: Update
    kept: tuple[str, ...] = ()
    squares: tuple[str, ...] = ()


def _sgd(w: Array, g: Array, kept: Kept, settings: Settings, t: int) -> tuple[Array, dict[str, Array]]:
    del kept, t
    return w - settings["learning_rate"] * g, {}


def _momentum(w: Array, g: Array, kept: Kept, settings: Settings, t: int) -> tuple[Array, dict[str, Array]]:
    del t
    v = settings["mu"] * kept["v"] + g
    return w - settings["learning_rate"] * v, {"v": v}


def _nesterov(w: Array, g: Array, kept: Kept, settings: Settings, t: int) -> tuple[Array, dict[str, Array]]:
    del t
    v = settings["mu"] * kept["v"] + g
    return w - settings["learning_rate"] * (g + settings["mu"] * v), {"v": v}


def _adagrad(w: Array, g: Array, kept: Kept, settings: Settings, t: int) -> tuple[Array, dict[str, Array]]:
    del t
    s = kept["s"] + g**2
    return w - settings["learning_rate"] * g / (np.sqrt(s) + settings["eps"]), {"s": s}


def _rmsprop(w: Array, g: Array, kept: Kept, settings: Settings, t: int) -> tuple[Array, dict[str, Array]]:
    del t
    s = settings["rho"] * kept["s"] + (1 - settings["rho"]) * g**2
    return w - settings["learning_rate"] * g / (np.sqrt(s) + settings["eps"]), {"s": s}


def _adam(w: Array, g: Array, kept: Kept, settings: Settings, t: int) -> tuple[Array, dict[str, Array]]:
    """Kingma and Ba, Adam: A Method for Stochastic Optimization (2015), Algorithm 1."""
    beta1, beta2 = settings["beta1"], settings["beta2"]
    m = beta1 * kept["m"] + (1 - beta1) * g
    v = beta2 * kept["v"] + (1 - beta2) * g**2
    mean, mean_square = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - settings["learning_rate"] * mean / (np.sqrt(mean_square) + settings["eps"]), {"m": m, "v": v}


RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("sgd", "w -= lr g", _sgd),
        Rule("momentum", "v = mu v + g, w -= lr v", _momentum, ("v",)),
        Rule("nesterov", "v = mu v + g, w -= lr (g + mu v)", _nesterov, ("v",)),
        Rule("adagrad", "s += g^2, w -= lr g/(sqrt(s) + eps)", _adagrad, ("s",), ("s",)),
        Rule("rmsprop", "s = rho s + (1 - rho) g^2, w -= lr g/(sqrt(s) + eps)", _rmsprop, ("s",), ("s",)),
        Rule(
            "adam",
            "m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, "
            "w -= lr (m/(1 - beta1^t))/(sqrt(v/(1 - beta2^t)) + eps)",
            _adam,
            ("m", "v"),
            ("v",),
        ),
    )
}


def optimizer_step(
    rule: str, weights: Mapping[str, Array], gradients: Mapping[str, Array], state: State, settings: Settings, t: int
) -> tuple[dict[str, Array], dict[str, dict[str, Array]]]:
    """All weights and the state after step t (counted from 1), from gradients at the old weights.

    No array passed in is changed. A gradient too large for its square gives inf, without a warning.
    """
    update = RULES[rule].update
    new_weights: dict[str, Array] = {}
    new_state: dict[str, dict[str, Array]] = {}
    with np.errstate(all="ignore"):
        for name, weight in weights.items():
            changed, new_state[name] = update(weight, gradients[name], state[name], settings, t)
            new_weights[name] = np.asarray(changed)
    return new_weights, new_state


def starting_state(optimizer: Optimizer, weights: Mapping[str, Array]) -> State:
    """What the rule keeps of each weight before the first step: 0, or what the file's `state` says.

    Raises HomeworkError where that names no weight, has another shape, or is negative and cannot be.
    """
    rule = RULES[optimizer.name]
    state = {name: {letter: np.zeros(w.shape) for letter in rule.kept} for name, w in weights.items()}
    for letter, given in optimizer.state.items():
        by_name = dict.fromkeys(weights, given) if isinstance(given, Value) else given
        for name, value in by_name.items():
            assert isinstance(value, Value)
            _check_weight(name, weights, letter, value)
            state[name][letter] = _kept_value(value, weights[name], name, letter, letter in rule.squares)
    return state


def _check_weight(name: str, weights: Mapping[str, Array], letter: str, value: Value) -> None:
    if name not in weights:
        help = did_you_mean(name, list(weights)) or "the weights are " + ", ".join(weights)
        message = f"the state `{letter}` names `{name}`, which is no weight that is trained"
        raise HomeworkError(Diagnostic("E103", message, value.place, help=help))


def _kept_value(value: Value, weight: Array, name: str, letter: str, square: bool) -> Array:
    if value.array.shape not in ((), weight.shape):
        message = f"the state `{letter}` has shape {value.array.shape}, but {name} has {weight.shape or 'one number'}"
        help = f"give one number for all, the numbers in the shape of {name}, or write {letter}: {{{name}: …}}"
        raise HomeworkError(Diagnostic("E201", message, value.place, help=help))
    if square and np.any(value.array < 0):
        message = f"the state `{letter}` is a mean or sum of squares, but an entry is {float(value.array.min()):g}"
        raise HomeworkError(Diagnostic("E305", message, value.place, help="give numbers from 0"))
    return np.full(weight.shape, value.array) if value.array.shape == () else np.asarray(value.array)
