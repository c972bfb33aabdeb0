"""Random networks at the points where a gradient check errs: exact kinks, perfect fits, large logit gaps.

Homework files as text, not their gradients: what is asked of these networks is the verdict on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlcli import adjudication
from dlcli.comparison import Comparison
from dlcli.engines.evaluation import forward
from dlcli.engines.rounding import rounding_effect
from dlcli.engines.symbolic import engine
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.solving import check

SMOOTH = (
    "sigmoid", "tanh", "gelu", "silu", "softplus", "softsign", "log_sigmoid", "mish", "softmax", "sin", "log_softmax",
    "identity",
)  # fmt: skip
KINKED = ("relu", "leaky_relu", "elu", "selu", "hard_sigmoid", "hard_tanh")
# equations between the layers, of h (samples, 4): same shape
BETWEEN = (
    None,
    None,
    "maximum(h, 0.5*h[:, ::-1])",
    "h - max(h, axis=1, keepdims=True)",
    "abs(h) - h",
    "clip(h, -0.5, 0.75)",
    "h*min(h, axis=0)",
)
# losses of o (samples, 3) and the targets they take
LOSSES = (
    ("mse(o, t)", "numbers"),
    ("mae(o, t)", "numbers"),
    ("huber(o, t)", "numbers"),
    ("half_squared_error(o, t)", "numbers"),
    ("softmax_cross_entropy(o, y)", "classes"),
    ("cross_entropy(softmax(o), y)", "classes"),
    ("multiclass_hinge(o, y)", "classes"),
    ("hinge(o, t)", "signs"),
    ("bce_with_logits(o, t)", "bits"),
    ("bce(sigmoid(o), t)", "bits"),
    ("sum(max(o, axis=1)**2)", "none"),
    ("mse(o, t) + 0.1*l1(W_o) + 0.3*l2(W_o)", "numbers"),
)
PLACES = ("generic", "kinks", "fit", "gap")
SAMPLES, INPUTS, HIDDEN, OUTPUTS = 5, 3, 4, 3


@dataclass(frozen=True)
class Drawn:
    """A network of two dense layers, h and o, and what its text needs.

    place: one of PLACES. fitted: the values of o that targets of a "fit" are made of.
    """

    seed: int
    place: str
    activations: tuple[str, str]
    between: str | None
    loss: str
    targets: str
    arrays: dict[str, Array]

    def text(self, unit: str = "1", scale: float = 1.0) -> str:
        """The homework file, the loss times `unit`, the inputs times `scale` and the first weights over it."""
        shown = {name: value.tolist() for name, value in self.arrays.items()}
        x, w = (scale * self.arrays["x"]).tolist(), (self.arrays["W_h"] / scale).tolist()
        middle = f"  - h2 = {self.between}\n" if self.between else ""
        targets = "" if self.targets == "none" else f"targets: {{{_target(self.targets)}: {shown['target']}}}\n"
        return (
            f"inputs: {{x: {x}}}\n{targets}network:\n"
            f"  - dense: {{name: h, weights: {w}, bias: {shown['b_h']}, activation: {self.activations[0]}}}\n{middle}"
            f"  - dense: {{name: o, weights: {shown['W_o']}, bias: {shown['b_o']},"
            f" activation: {self.activations[1]}}}\nloss: '{unit}*({self.loss})'\n"
        )

    def fitted_to(self, o: Array) -> Drawn:
        """The same network with targets that its outputs `o` meet, to the last digit in most entries."""
        rng = np.random.default_rng([self.seed, 1])
        nearly = o * (1 + 2.0**-52 * rng.integers(-2, 3, size=o.shape))
        target = np.where(rng.random(o.shape) < 0.8, nearly, self.arrays["target"])
        return replace(self, arrays=self.arrays | {"target": target})


def _target(targets: str) -> str:
    return "y" if targets == "classes" else "t"


def drawn(seed: int) -> Drawn:
    """The network of this number; the numbers go through the places, losses and activations in turn."""
    rng = np.random.default_rng([seed, 77])
    place = PLACES[seed % len(PLACES)]
    loss, targets = LOSSES[int(rng.integers(len(LOSSES)))]
    if place == "gap":
        loss, targets = LOSSES[int(rng.choice([4, 5, 8, 9]))]
    if place == "fit":
        loss, targets = LOSSES[int(rng.choice([0, 1, 2, 3, 11]))]
    pool = KINKED if place == "kinks" else SMOOTH + KINKED
    first = pool[int(rng.integers(len(pool)))]
    second = "identity" if rng.random() < 0.7 or "softmax(o" in loss or "sigmoid(o" in loss else "tanh"
    between = BETWEEN[int(rng.integers(len(BETWEEN)))]
    arrays: dict[str, Any] = {
        "x": _numbers(rng, place, SAMPLES, INPUTS),
        "W_h": _numbers(rng, place, HIDDEN, INPUTS),
        "b_h": _numbers(rng, place, HIDDEN),
        "W_o": _numbers(rng, place, OUTPUTS, HIDDEN),
        "b_o": _numbers(rng, place, OUTPUTS),
    }
    if place == "kinks":
        _plant(rng, first, arrays)
    if place == "gap":
        arrays["b_o"] = np.array([30.0, 0.0, -30.0])
    draw = {
        "numbers": lambda: rng.normal(size=(SAMPLES, OUTPUTS)),
        "classes": lambda: rng.integers(0, OUTPUTS, size=SAMPLES),
        "signs": lambda: rng.choice([-1, 1], size=(SAMPLES, OUTPUTS)),
        "bits": lambda: rng.integers(0, 2, size=(SAMPLES, OUTPUTS)),
        "none": lambda: np.zeros(0),
    }
    arrays["target"] = draw[targets]()
    return Drawn(seed, place, (first, second), between, loss, targets, arrays)


def _numbers(rng: np.random.Generator, place: str, *shape: int) -> Array:
    """Eighths at planted kinks, so that sums and products are exact; else normal numbers."""
    return rng.integers(-12, 13, size=shape) / 8 if place == "kinks" else rng.normal(size=shape)


KINK_AT = {"hard_tanh": 1.0, "hard_sigmoid": 3.0}


def _plant(rng: np.random.Generator, activation: str, arrays: dict[str, Array]) -> None:
    """Sets the biases of some units so that one sample's pre-activation lies exactly at the kink; makes two units
    alike, a tie for every maximum."""
    at = KINK_AT.get(activation, 0.0)
    for unit in range(HIDDEN):
        if rng.random() < 0.6:
            sample = int(rng.integers(SAMPLES))
            arrays["b_h"][unit] = at - arrays["x"][sample] @ arrays["W_h"][unit]
    if rng.random() < 0.3:
        arrays["W_h"][1], arrays["b_h"][1] = arrays["W_h"][0], arrays["b_h"][0]


def graph_of(folder: Path, text: str) -> Graph:
    path = folder / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    return check(path).graph


def compared(graph: Graph, given: Mapping[str, Array] | None = None, full: bool = False) -> Comparison:
    fused = fuse(graph)
    values = forward(fused)
    symbolic = engine.symbolic(graph, fused)[0]
    return adjudication.compare(fused, values, symbolic, rounding_effect(fused, values), given=given, full=full)


NET = """\
inputs: {x: [[0.5, -1.2], [0.8, 0.3]]}
targets: {t: [[0.3], [-0.4]]}
network:
  - dense: {name: h, weights: [[0.2, -0.4], [0.7, 0.3]], bias: [0.1, -0.2], activation: tanh}
  - dense: {name: o, weights: [[0.5, -0.3]], bias: [0.05]}
loss: mse
"""
