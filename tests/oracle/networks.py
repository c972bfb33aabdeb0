"""Random networks, written in four ways, drawn again until away from kinks and neither huge nor dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.oracle.draft import Dense, Draft, Network, dense, finished
from tests.oracle.dual import Array, Dual
from tests.oracle.moves import ELEMENTWISE, MATRIX_MOVES, VECTOR_MOVES
from tests.oracle.terms import OPERATIONS, Quantities, Term, apply, binary, quantity, scaled, show

ACTIVATIONS = (
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "softplus",
    "softmax",
    "log_softmax",
    "sin",
)
LARGEST = 50.0  # of any value
SMALLEST = 1e-5  # of a gradient entry that counts as exercised
SHARE = 0.97  # of entries exercised; some networks with dead units are let through
NEAREST_KINK = 4e-3


def random_network(seed: int) -> Network:
    """The network of this number: its homework file and its gradients by dual numbers."""
    for attempt in range(200):
        rng = np.random.default_rng([seed, attempt])
        recipe, number = RECIPES[seed % len(RECIPES)], seed // len(RECIPES)
        with np.errstate(all="ignore"):
            network = recipe(rng, number)
        if acceptable(network, SHARE if rng.random() < 0.8 else 0.6):
            return network
    raise RuntimeError(f"no acceptable network of number {seed}")


def acceptable(network: Network, share: float) -> bool:
    """Finite and moderate values, away from kinks, each gradient exercised."""
    values = [*network.values.values(), *network.gradients.values(), np.asarray(network.loss)]
    if not all(np.all(np.isfinite(value)) and np.all(np.abs(value) < LARGEST) for value in values):
        return False
    if network.margin < NEAREST_KINK or not 0 < exercised(network)[1] <= 60:
        return False
    if any(np.max(np.abs(gradient)) < SMALLEST for gradient in network.gradients.values()):
        return False
    alive, entries = exercised(network)
    tiny = sum(int(np.sum((g != 0) & (np.abs(g) < SMALLEST))) for g in network.gradients.values())
    return alive >= share * entries and tiny == 0


def exercised(network: Network) -> tuple[int, int]:
    """How many gradient entries are not zero, and how many there are."""
    gradients = network.gradients.values()
    return sum(int(np.sum(np.abs(g) >= SMALLEST)) for g in gradients), sum(g.size for g in gradients)


def scalar_equations(rng: np.random.Generator, _number: int) -> Network:
    """Units one by one, as in lecture slides: in3 = w03 + w13*x1 + w23*x2, a3 = relu(in3)."""
    draft = Draft(rng)
    current = [draft.leaf("inputs", f"x{i + 1}", draft.numbers()) for i in range(int(rng.integers(1, 4)))]
    if draft.chance(0.3):
        draft.leaf("inputs", "x", draft.numbers(len(current)))
        current = [f"x[{i}]" for i in range(len(current))]
        entries = {f"x[{i}]": _entry("x", i) for i in range(len(current))}
    else:
        entries = {name: quantity(name) for name in current}
    unit = 0
    for width in (int(rng.integers(1, 4)), 1):
        units = []
        for _ in range(width):
            unit += 1
            total = quantity(draft.weight())
            for name in current:
                total = binary("+", total, binary("*", quantity(draft.weight()), entries[name]))
            pre = draft.equation(total, f"in{unit}")
            chosen = draft.pick_one("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "sin", "identity")
            units.append(draft.equation(apply(chosen, quantity(pre)), f"a{unit}"))
            entries[units[-1]] = quantity(units[-1])
        current = units
    return _with_loss(draft, current[0], by_name=draft.chance(0.5))


def vector_equations(rng: np.random.Generator, number: int) -> Network:
    """A vector or a batch in rows through moves from the tables: each in turn by `number`, then others."""
    draft = Draft(rng)
    turns = ELEMENTWISE + VECTOR_MOVES + MATRIX_MOVES
    turn = turns[number % len(turns)]
    batch = turn in MATRIX_MOVES or (turn in ELEMENTWISE and draft.chance(0.5))
    shape = (int(rng.integers(2, 4)), int(rng.integers(2, 4))) if batch else (int(rng.integers(2, 5)),)
    current = draft.leaf("inputs", "x", draft.numbers(*shape))
    current = draft.equation(turn(draft, quantity(current), current))
    for _ in range(int(rng.integers(1, 4))):
        current = _move(draft, current)
    return _with_loss(draft, current, by_name=draft.chance(0.3))


def layers(rng: np.random.Generator, _number: int) -> Network:
    """Dense layers in every form, with a loss given by name or as an expression with penalties."""
    draft, current = _with_input(rng)
    current = _chain(draft, current, int(rng.integers(1, 4)))
    return _with_loss(draft, current, by_name=draft.chance(0.6))


def layers_and_equations(rng: np.random.Generator, _number: int) -> Network:
    """Dense layers, then an equation, then a layer that continues from the equation or names its input."""
    draft, current = _with_input(rng, samples="rows")
    current = _chain(draft, current, 1)
    skipped = current
    if len(draft.shape(current)) > 0:
        current = _move(draft, current)
    if len(draft.shape(current)) > 0 and draft.chance(0.8):
        elsewhere = draft.chance(0.3) and len(draft.shape(skipped)) > 0
        before = draft.layers
        reached = _chain(draft, skipped if elsewhere else current, 1, named_source=elsewhere)
        current = reached if draft.layers > before or not elsewhere else current
    return _with_loss(draft, current, by_name=draft.chance(0.4))


RECIPES: tuple[Callable[[np.random.Generator, int], Network], ...] = (
    scalar_equations,
    vector_equations,
    layers,
    layers_and_equations,
    vector_equations,
)


def _entry(name: str, i: int) -> Term:
    return Term(f"{name}[{i}]", lambda known: known[name][i])


def _with_input(rng: np.random.Generator, samples: str | None = None) -> tuple[Draft, str]:
    draft = Draft(rng, convention="row" if rng.random() < 0.4 else "column")
    draft.samples = samples or draft.pick_one("rows", "rows", "columns")
    n, size = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    shape: tuple[int, ...] = (size,)
    if draft.chance(0.65):
        shape = (n, size) if draft.samples == "rows" else (size, n)
    return draft, draft.leaf("inputs", "x", draft.numbers(*shape))


def _chain(draft: Draft, current: str, count: int, named_source: bool = False) -> str:
    """Dense layers after each other, all named or all unnamed."""
    named = (draft.layers == 0 and draft.chance(0.5)) or any(item.startswith("dense: {name") for item in draft.items)
    for _ in range(count):
        last_shape = draft.shape(current)
        if len(last_shape) == 0 or (len(last_shape) == 1 and _is_single_unit(draft, current)):
            return current
        layer = Dense(
            units=None if draft.chance(0.12) else int(draft.rng.integers(1 if draft.chance(0.1) else 2, 5)),
            weights=draft.pick_one("inline", "inline", "entry", "named", "frozen"),
            bias=draft.pick_one("inline", "left out", "number", "entry", "named", "frozen", "none"),
            activation=draft.pick_one(*ACTIVATIONS),
            name=f"h{draft.layers + 1}" if named else None,
            source=current if named_source else None,
        )
        layer = _fitting(draft, current, layer)
        current = dense(draft, current, layer)
    if draft.chance(0.15):
        current = _operation_item(draft, current)
    return current


def _is_single_unit(draft: Draft, name: str) -> bool:
    """Whether a vector holds one number a sample: such a vector is no input to another layer here."""
    return len(draft.shape(draft.written["inputs"][0])) == 2 and len(draft.shape(name)) == 1


def _fitting(draft: Draft, current: str, layer: Dense) -> Dense:
    """The layer with settings for its activation, with softmax only where there are classes, and weights tied
    where an earlier entry of the right shape exists."""
    if layer.units in (None, 1) and "softmax" in layer.activation:
        layer = replace(layer, activation="tanh")
    if layer.activation == "leaky_relu" and draft.chance(0.6):
        layer = replace(layer, settings=(("slope", 0.1),))
    if layer.activation == "softmax" and draft.chance(0.3):
        layer = replace(layer, settings=(("temperature", 2.0),))
    x_shape = draft.shape(current)
    size = x_shape[0] if len(x_shape) == 1 or draft.samples == "columns" else x_shape[1]
    earlier = [name for name in draft.trained if name.startswith("M") and draft.shape(name)[-1:] == (size,)]
    square = [name for name in earlier if draft.shape(name) == (size, size)]
    if square and draft.chance(0.9):
        return replace(layer, units=size, shared=square[0])
    if draft.chance(0.25) and layer.units is not None:
        return replace(layer, units=size, weights="named")
    return layer


def _operation_item(draft: Draft, current: str) -> str:
    """`- tanh`: an operation as an item, which makes tanh_1."""
    name = draft.pick_one("sigmoid", "tanh", "softplus", "sin")
    number = 1 + sum(item == name for item in draft.items)
    draft.items.append(name)
    return draft.step(f"{name}_{number}", apply(name, quantity(current)))


def _move(draft: Draft, current: str) -> str:
    rank = len(draft.shape(current))
    if rank == 0:
        return current
    table = ELEMENTWISE if draft.chance(0.4) else (VECTOR_MOVES if rank == 1 else MATRIX_MOVES)
    move = table[int(draft.rng.integers(len(table)))]
    return draft.equation(move(draft, quantity(current), current))


def _with_loss(draft: Draft, prediction: str, by_name: bool) -> Network:
    """Closes the network with a loss that fits the values of its last quantity."""
    value = draft.known[prediction].value
    if draft.samples == "rows" and not by_name and draft.chance(0.12):
        total = apply(draft.pick_one("sum", "mean", "logsumexp"), apply("square", quantity(prediction)))
        return _closed(draft, total)
    name, target, options = _loss_and_target(draft, value)
    draft.leaf("targets", "y", target)
    if by_name and not options:
        loss = _loss(draft, name, prediction, {})
        return finished(draft, loss, name)
    return _closed(draft, _loss(draft, name, prediction, options))


def _closed(draft: Draft, loss: Term) -> Network:
    """With or without a penalty and a list `wrt`; the loss under its key or as an equation `loss = …`."""
    if draft.trained and draft.chance(0.35):
        draft.leaf("constants", "lambda", np.asarray(0.1))
        penalty = apply(draft.pick_one("l1", "l2"), quantity(draft.trained[-1]))
        loss = binary("+", loss, scaled(0.5, binary("*", quantity("lambda"), penalty)))
    wrt = None
    if draft.chance(0.25):
        named = [name for name, _ in draft.steps]
        wrt = [*draft.trained[:2], draft.written["inputs"][-1], named[int(draft.rng.integers(len(named)))]]
    if wrt is None and draft.chance(0.2):
        draft.equation(loss, "loss")
        return finished(draft, quantity("loss"), None)
    return finished(draft, loss, loss.text, wrt)


def _loss(draft: Draft, name: str, prediction: str, options: dict[str, float | str]) -> Term:
    """The loss of the last quantity; samples in columns are turned into rows first."""
    columns = draft.samples == "columns" and len(draft.shape(prediction)) == 2
    function = OPERATIONS[name]

    def compute(known: Quantities) -> Dual:
        p, y = known[prediction], known["y"]
        return function(p.T, y.T, **options) if columns else function(p, y, **options)

    settings = "".join(f", {key}={show(value)}" for key, value in options.items())
    return Term(f"{name}({prediction}, y{settings})", compute)


def _loss_and_target(draft: Draft, value: Array) -> tuple[str, Array, dict[str, float | str]]:
    """A loss, a target and settings that fit the prediction's values."""
    classes_axis = 0 if draft.samples == "columns" and value.ndim == 2 else -1
    classes = value.shape[classes_axis] if value.ndim else 1
    sample_shape = tuple(np.delete(value.shape, classes_axis)) if value.ndim else ()
    options: dict[str, float | str] = {}
    if draft.chance(0.15):
        options["reduction"] = "sum"
    probabilities = bool(np.all((value > 0.02) & (value < 0.98)))
    if probabilities and classes > 1 and draft.chance(0.6):
        name = draft.pick_one("cross_entropy", "cross_entropy", "kl_divergence")
        if name == "cross_entropy" and draft.chance(0.5):
            return name, draft.rng.integers(classes, size=sample_shape).astype(float), options
        return name, _distribution(draft, value, classes_axis), options
    if probabilities and draft.chance(0.7):
        target = (
            draft.rng.integers(2, size=value.shape) if draft.chance(0.6) else np.abs(draft.numbers(*value.shape)) / 2
        )
        return "bce", np.round(target, 3).astype(float), options
    if classes > 1 and draft.chance(0.4):
        name = draft.pick_one("softmax_cross_entropy", "softmax_cross_entropy", "multiclass_hinge")
        if name == "multiclass_hinge" or draft.chance(0.5):
            return name, draft.rng.integers(classes, size=sample_shape).astype(float), options
        return name, _distribution(draft, value, classes_axis), options
    name = draft.pick_one(
        "squared_error", "half_squared_error", "mse", "mae", "huber", "bce_with_logits", "hinge", "mse"
    )
    if name == "bce_with_logits":
        return name, draft.rng.integers(2, size=value.shape).astype(float), options
    if name == "hinge":
        return name, draft.rng.choice([-1.0, 1.0], size=value.shape), options
    if name == "huber" and draft.chance(0.5):
        options["delta"] = 0.5
    return name, draft.numbers(*value.shape), options


def _distribution(draft: Draft, value: Array, axis: int) -> Array:
    """Tenths that add up to 1 along the classes, zeros among them."""
    count = value.shape[axis]
    rows = draft.rng.multinomial(10, np.full(count, 1 / count), size=tuple(np.delete(value.shape, axis))) / 10
    return np.moveaxis(rows, -1, axis)
