"""A network under construction: the homework file's text and, beside it, the same network as dual numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.oracle.dual import Array, Dual, constant, gradients, variables
from tests.oracle.terms import OPERATIONS, Quantities, Term, show

SECTIONS = ("inputs", "weights", "targets", "constants")


@dataclass(frozen=True)
class Network:
    """A homework file and what it yields: each quantity, the loss, and dloss/dq of each q in `wrt`."""

    yaml_text: str
    values: dict[str, Array]
    loss: float
    gradients: dict[str, Array]
    margin: float  # distance from the nearest kink or tie


@dataclass
class Draft:
    """What has been written so far. Leaves are numbers; steps are named formulas, in order.

    `written` holds the leaves of each section of the file; the leaves of a layer's own weights are in none.
    `known` holds the values so far, as dual numbers without directions.
    """

    rng: np.random.Generator
    convention: str = "column"
    samples: str = "rows"
    leaves: dict[str, Array] = field(default_factory=dict)
    trained: list[str] = field(default_factory=list)
    written: dict[str, list[str]] = field(default_factory=lambda: {section: [] for section in SECTIONS})
    items: list[str] = field(default_factory=list)
    steps: list[tuple[str, Term]] = field(default_factory=list)
    known: dict[str, Dual] = field(default_factory=dict)
    layers: int = 0

    def fresh(self, stem: str) -> str:
        """stem1, stem2 …: a name not in use."""
        number = 1
        while f"{stem}{number}" in self.known:
            number += 1
        return f"{stem}{number}"

    def numbers(self, *shape: int, low: float = 0.2, high: float = 1.5, places: int = 2) -> Array:
        """Decimals of a few places with both signs, no smaller than `low`."""
        drawn = self.rng.uniform(low, high, size=shape) * self.rng.choice([-1, 1], size=shape)
        rounded: Array = np.round(drawn, places)
        return rounded

    def leaf(self, section: str | None, name: str, value: Array, trained: bool = False) -> str:
        """A quantity given by numbers; without a section the numbers stand in a layer."""
        self.leaves[name] = np.asarray(value, dtype=float)
        self.known[name] = constant(value, 0)
        if section is not None:
            self.written[section].append(name)
        if trained:
            self.trained.append(name)
        return name

    def weight(self, *shape: int, stem: str = "w") -> str:
        return self.leaf("weights", self.fresh(stem), self.numbers(*shape), trained=True)

    def step(self, name: str, term: Term) -> str:
        """A quantity that a layer makes: nothing is written for it."""
        self.steps.append((name, term))
        self.known[name] = term.compute(self.known)
        return name

    def equation(self, term: Term, name: str | None = None) -> str:
        name = name or self.fresh("q")
        self.items.append(f"{name} = {term.text}")
        return self.step(name, term)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.known[name].shape

    def pick_one(self, *options: str) -> str:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)


def finished(draft: Draft, loss: Term, loss_line: str | None, wrt: list[str] | None = None) -> Network:
    """The file's text, and everything computed again with one direction for each entry to differentiate by.

    An intermediate quantity q in `wrt` is varied by adding an independent zero to it.
    """
    names = wrt or [*dict.fromkeys(draft.trained)] or draft.written["inputs"]
    moved = [draft.leaves.get(name, np.zeros(draft.shape(name))) for name in names]
    varied = dict(zip(names, variables(moved), strict=True))
    directions = sum(value.size for value in moved)
    known: dict[str, Dual] = {
        name: varied.get(name, constant(value, directions)) for name, value in draft.leaves.items()
    }
    for name, term in draft.steps:
        result = term.compute(known)
        known[name] = result + varied[name] if name in varied else result
    scalar = loss.compute(known)
    found = gradients(scalar, [varied[name] for name in names])
    return Network(
        _text(draft, loss_line, wrt),
        {name: quantity.value for name, quantity in known.items()},
        float(scalar.value),
        dict(zip(names, found, strict=True)),
        scalar.margin,
    )


def _text(draft: Draft, loss_line: str | None, wrt: list[str] | None) -> str:
    lines = ["title: A random network"]
    for section in SECTIONS:
        if draft.written[section]:
            lines.append(f"{section}:")
            lines += [f"  {name}: {show(_plain(draft.leaves[name]))}" for name in draft.written[section]]
    if draft.convention != "column":
        lines.append(f"convention: {draft.convention}")
    if draft.samples != "rows":
        lines.append(f"samples: {draft.samples}")
    lines += ["network:", *(f"  - {item}" for item in draft.items)]
    if loss_line is not None:
        lines.append(f"loss: {loss_line}")
    if wrt is not None:
        lines.append(f"wrt: [{', '.join(wrt)}]")
    return "\n".join(lines) + "\n"


def _plain(value: Array) -> object:
    """Whole numbers without a point, where all entries are whole (class numbers are)."""
    whole = np.all(value == np.round(value))
    return (value.astype(int) if whole else value).tolist()


@dataclass(frozen=True)
class Dense:
    """How a dense layer is written: where its weights and its bias come from, and its activation.

    weights: "inline", "entry" (of the top level, found by name), "named", "tied" or "frozen";
    bias: "left out", "number", "inline", "entry", "named", "frozen" or "none".
    """

    units: int | None  # None: a vector as weights, one unit
    weights: str
    bias: str
    activation: str = "identity"
    settings: tuple[tuple[str, float], ...] = ()
    name: str | None = None
    source: str | None = None  # `input:`
    shared: str | None = None  # the tied entry


def dense(draft: Draft, previous: str, layer: Dense) -> str:
    """Writes a dense layer and computes its z and its activation; returns the activation's name.

    Column convention: W is out x in; row convention: W is in x out. Samples in rows: z = x W^T + b of a batch
    x (n, in); in columns: z = W x + b with b down each column of x (in, n).
    """
    draft.layers += 1
    after = f"_{layer.name}" if layer.name else str(draft.layers)
    x_shape = draft.shape(previous)
    size = x_shape[0] if len(x_shape) == 1 or draft.samples == "columns" else x_shape[1]
    shape: tuple[int, ...] = (size,)
    if layer.units is not None:
        shape = (layer.units, size) if draft.convention == "column" else (size, layer.units)
    keys = []
    if layer.name:
        keys.append(f"name: {layer.name}")
    if layer.source:
        keys.append(f"input: {layer.source}")
    w, w_key = _weights(draft, layer, f"W{after}", shape)
    b, b_key = _bias(draft, layer, f"b{after}")
    keys += w_key + b_key
    if layer.activation != "identity" or draft.chance(0.3):
        settings = ", ".join(f"{key}={show(value)}" for key, value in layer.settings)
        keys.append(f"activation: {layer.activation}" + (f"({settings})" if settings else ""))
    draft.items.append(f"dense: {{{', '.join(keys)}}}")
    convention, samples = draft.convention, draft.samples

    def pre_activation(known: Quantities) -> Dual:
        matrix, x = known[w], known[previous]
        if matrix.ndim == 2 and convention == "row":
            matrix = matrix.T
        by_rows = x.ndim == 2 and samples == "rows"
        z = x @ (matrix.T if matrix.ndim == 2 else matrix) if by_rows else matrix @ x
        if b is None:
            return z
        bias = known[b]
        return z + (bias[:, None] if x.ndim == 2 and samples == "columns" and bias.ndim == 1 else bias)

    z = draft.step(f"z{after}", Term("", pre_activation))
    options = dict(layer.settings)
    axis = {"axis": 0} if samples == "columns" and len(draft.shape(z)) == 2 and "softmax" in layer.activation else {}
    activation = OPERATIONS[layer.activation]
    term = Term("", lambda known: activation(known[z], **axis, **options))
    return draft.step(layer.name or f"a{after}", term)


def _weights(draft: Draft, layer: Dense, own: str, shape: tuple[int, ...]) -> tuple[str, list[str]]:
    """The name of the quantity that holds the layer's weights, and the key that says so."""
    if layer.shared is not None:
        return layer.shared, [f"weights: {layer.shared}"]
    value = draft.numbers(*shape)
    if layer.weights == "inline":
        return draft.leaf(None, own, value, trained=True), [f"weights: {show(value)}"]
    if layer.weights == "entry":
        return draft.leaf("weights", own, value, trained=True), []
    section = "constants" if layer.weights == "frozen" else "weights"
    name = draft.leaf(section, draft.fresh("M"), value, trained=section == "weights")
    return name, [f"weights: {name}"]


def _bias(draft: Draft, layer: Dense, own: str) -> tuple[str | None, list[str]]:
    shape = () if layer.units is None else (layer.units,)
    if layer.bias == "none":
        return None, ["bias: none"]
    if layer.bias == "left out":
        return draft.leaf(None, own, np.zeros(shape), trained=True), []
    value = draft.numbers(*shape)
    if layer.bias == "number":
        number = float(draft.numbers())
        return draft.leaf(None, own, np.full(shape, number), trained=True), [f"bias: {number!r}"]
    if layer.bias == "inline":
        return draft.leaf(None, own, value, trained=True), [f"bias: {show(value)}"]
    if layer.bias == "entry":
        return draft.leaf("weights", own, value, trained=True), []
    section = "constants" if layer.bias == "frozen" else "weights"
    name = draft.leaf(section, draft.fresh("c"), value, trained=section == "weights")
    return name, [f"bias: {name}"]
