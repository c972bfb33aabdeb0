"""Solutions made by hand, so that what is printed does not depend on any engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.comparison import VERDICTS, Comparison, TensorCheck
from dlcli.graph import Equation, Graph
from dlcli.language.tree import Binary, Call, Name
from dlcli.solution import Solution, StepResult


def texts(values: Any) -> np.ndarray[Any, Any]:
    """An object array of texts; `None` stays."""
    return np.array(values, dtype=object)


def tensor(name: str, slope: Any, verdict: Any = "pass", **fields: Any) -> TensorCheck:
    """A gradient that every witness agrees on, with the fields given in place of that."""
    values = np.asarray(slope, dtype=np.float64)
    words = np.broadcast_to(np.asarray(verdict, dtype=object), values.shape)
    positions = np.array([VERDICTS.index(word) for word in words.reshape(-1)], dtype=np.int8)
    known: dict[str, Any] = {
        "name": name,
        "shape": values.shape,
        "backprop": values,
        "symbolic": values,
        "complex_step": values,
        "finite_difference": values,
        "error_bar": np.full(values.shape, 2.5e-13),
        "relative_error": np.zeros(values.shape),
        "verdicts": positions.reshape(values.shape),
        "vacuous": values == 0,
        "coarse": np.zeros(values.shape, dtype=bool),
        "methods": {"symbolic": "50 digits", "complex_step": "every entry", "finite_difference": "ladder"},
    }
    return TensorCheck(**(known | fields))


EQUATIONS = (
    Equation(("z",), Binary("*", Name("w"), Name("x")), (2,), 2, role="pre-activation", group="layer 1"),
    Equation(("yhat",), Call("sigmoid", (Name("z"),)), (3,), 3, role="activation", group="layer 1"),
    Equation(("loss",), Call("bce", (Name("yhat"), Name("y"))), (4,), 4, role="loss"),
)


def graph(loss: int | None = 4, loss_name: str = "loss") -> Graph:
    return Graph((), {}, {}, {}, EQUATIONS, ("w",), loss, loss_name)


def solution(*tensors: TensorCheck, **fields: Any) -> Solution:
    """z = w x, yhat = sigmoid(z), loss = bce(yhat, y), with these gradients."""
    known: dict[str, Any] = {
        "file": "homework.yaml",
        "title": "One unit",
        "graph": graph(),
        "values": {"z": np.asarray(-2.5), "yhat": np.asarray(0.0758581800212435), "loss": np.asarray(12.25)},
        "exact": {"z": texts("-5/2"), "yhat": texts("1/(exp(5/2) + 1)")},
        "loss": 12.25,
        "comparison": Comparison(tensors),
        "deltas": {"yhat": "(1 - y)/(1 - yhat) - y/yhat", "z": "delta_yhat*sigmoid'(z)"},
        "parameters": sum(t.backprop.size for t in tensors),
    }
    return Solution(**(known | fields))


def step(weights: dict[str, Any], exact: dict[str, Any] | None = None) -> StepResult:
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in weights.items()}
    return StepResult("sgd", arrays, {name: texts(value) for name, value in (exact or {}).items()})
