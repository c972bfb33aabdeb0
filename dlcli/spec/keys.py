"""The table of keys of a homework file: what validation, did-you-mean and the JSON Schema are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dlcli.layers import Key

Section = Literal["inputs", "weights", "targets", "constants"]
SECTIONS: tuple[Section, ...] = ("inputs", "weights", "targets", "constants")

HOMEWORK = (
    Key(
        "title",
        "text",
        "what the homework is called",
        examples=("Forward pass and gradients of a 2-2-1 network",),
    ),
    Key("source", "text", "where the problem comes from (Markdown with $…$)"),
    Key("notes", "text", "anything readers should know (Markdown with $…$)"),
    Key(
        "inputs",
        "section",
        "name -> number, vector, matrix …; a 2-D input to a layer is a batch, one sample a row",
        examples=({"x": [0.05, 0.1]}, {"x1": -3, "x2": 5}),
    ),
    Key(
        "weights",
        "section",
        "name -> value: what is trained and differentiated",
        examples=(
            {"W1": [[0.15, 0.2], [0.25, 0.3]]},
            {"W1": {"shape": [3, 2], "init": "he_normal", "seed": 1}},
        ),
    ),
    Key("targets", "section", "name -> value: what the network should predict", examples=({"y": 1},)),
    Key(
        "constants",
        "section",
        "name -> value: anything fixed; never differentiated",
        examples=({"lambda": 0.01},),
    ),
    Key(
        "network",
        "network",
        "a list; each item is an equation (text) or a layer",
        examples=(["z = w*x + b", "yhat = sigmoid(z)"], [{"dense": {"units": 2, "activation": "relu"}}]),
    ),
    Key(
        "loss",
        "formula",
        "the name of a loss, or an expression: the scalar that is differentiated",
        examples=("half_squared_error", "bce(yhat, y)"),
    ),
    Key("wrt", "quantities", "names to differentiate by; all weights when left out", examples=(["w1", "w2"],)),
    Key(
        "convention",
        "choice",
        "of layers: column is z = W x + b with W of shape (out, in), row is z = x W + b with (in, out)",
        choices=("column", "row"),
    ),
    Key("samples", "choice", "whether the samples of a batch are rows or columns", choices=("rows", "columns")),
    Key("index_base", "choice", "whether entry names count from 0 or from 1", choices=("0", "1")),
    Key("optimizer", "optimizer", "what one training step means", examples=({"sgd": {"learning_rate": 0.5}},)),
    Key(
        "questions",
        "questions",
        "what is asked of students",
        examples=([{"id": "a", "ask": "yhat", "points": 1}],),
    ),
    Key("grading", "grading", "how answers are judged"),
    Key(
        "expect",
        "code",
        "an error code: this file is right when exactly that error comes",
        examples=("E204",),
    ),
    Key(
        "problems",
        "problems",
        "an exam: a list of homeworks like this one, each with an id, or {id: P2, file: p2.yaml}",
    ),
)
EXAM = tuple(key for key in HOMEWORK if key.name in ("title", "source", "notes", "grading", "problems"))
_ID = Key("id", "id", "what its answers start with: P1.a; P1, P2 … in order when left out", examples=("P1",))
PROBLEM = (_ID, *(key for key in HOMEWORK if key.name not in ("problems", "expect")))
PROBLEM_FILE = (
    _ID,
    Key("file", "text", "a homework file beside the exam", required=True, examples=("p2.yaml",)),
)

DESCRIPTION = (
    Key("shape", "shape", "the sizes; alone it leaves the values open", examples=([256, 784],)),
    Key("init", "init", "how the entries are drawn", examples=("xavier_normal",)),
    Key("seed", "seed", "the seed of the draw; without it one follows from the name", examples=(1,)),
    Key("std", "positive", "of normal: the standard deviation, 0.01 when left out"),
    Key("low", "number", "of uniform: the lower end, -1 when left out"),
    Key("high", "number", "of uniform: the upper end, 1 when left out"),
    Key("value", "number", "of constant: the value of all entries"),
    Key("file", "text", "a .npy, .npz or .csv file beside the homework file", examples=("weights.npz",)),
    Key("key", "text", "which array of an .npz file", examples=("W2",)),
)

_RATE = Key("learning_rate", "positive", "the step size", required=True, examples=(0.5,))
_MU = Key("mu", "fraction", "the share of the velocity that is kept, 0.9 when left out")

OPTIMIZERS: Mapping[str, tuple[Key, ...]] = {
    "sgd": (_RATE,),
    "momentum": (_RATE, _MU),
    "nesterov": (_RATE, _MU),
    "adagrad": (_RATE, Key("eps", "positive", "added to the root, 1e-10 when left out")),
    "rmsprop": (
        _RATE,
        Key("rho", "fraction", "the share of the mean square that is kept, 0.9 when left out"),
        Key("eps", "positive", "added to the root, 1e-8 when left out"),
    ),
    "adam": (
        _RATE,
        Key("beta1", "fraction", "the share of the mean that is kept, 0.9 when left out"),
        Key("beta2", "fraction", "the share of the mean square that is kept, 0.999 when left out"),
        Key("eps", "positive", "added outside the root, 1e-8 when left out"),
    ),
}
OPTIMIZER_STATE: Mapping[str, tuple[str, ...]] = {
    "sgd": (),
    "momentum": ("v",),
    "nesterov": ("v",),
    "adagrad": ("s",),
    "rmsprop": ("s",),
    "adam": ("m", "v", "t"),
}
_BATCH_SIZE = Key("batch_size", "natural", "samples a step, in order; all of them when left out", examples=(1,))


def optimizer_keys(rule: str) -> tuple[Key, ...]:
    """All keys of an optimizer: its settings, `batch_size`, and `state` of a rule that keeps something."""
    kept = OPTIMIZER_STATE[rule]
    about = "what the rule has kept from earlier steps: a value for all weights, or one by name; 0 when left out"
    state = (Key("state", "state", about, choices=kept, examples=({kept[0]: 0},)),) if kept else ()
    return (*OPTIMIZERS[rule], _BATCH_SIZE, *state)


OPTIMIZER_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "sgd": {},
    "momentum": {"mu": "0.9"},
    "nesterov": {"mu": "0.9"},
    "adagrad": {"eps": "1e-10"},
    "rmsprop": {"rho": "0.9", "eps": "1e-8"},
    "adam": {"beta1": "0.9", "beta2": "0.999", "eps": "1e-8"},
}

QUESTION = (
    Key("id", "id", "the question's name in answers", required=True, examples=("a",)),
    Key("prompt", "text", "the question in words"),
    Key("points", "any", "what a right answer is worth"),
    Key("ask", "text", "an expression over the network's quantities", examples=("yhat", "grad(w13)")),
    Key("tolerance", "any", "how far a right answer may be off", examples=({"relative": 1e-3},)),
    Key("form", "any", "expression: a formula is asked for"),
    Key("answer", "any", "the model answer"),
    Key("accept", "any", "further right answers"),
    Key("variables", "any", "the domain of each free symbol"),
    Key("choices", "any", "the choices of a multiple-choice question"),
    Key("with", "any", "asked with these quantities replaced"),
    Key("give", "any", "weights that the student chooses"),
    Key("check", "text", "what must hold with the weights that the student chose"),
    Key("manual", "any", "marked by hand"),
    Key("code", "text", "the function that the student writes"),
    Key("name", "text", "later questions may use the answer by this name"),
    Key("parts", "questions", "questions inside this one; their ids are joined with a dot"),
    Key("bonus", "any", "points beyond the full marks"),
    Key("hint", "text", "shown on request"),
    Key("solution", "text", "shown after grading"),
    Key("optimizer", "optimizer", "the optimizer of this question"),
    Key("vary", "any", "reserved for numbers of each student's own"),
    Key("require", "any", "reserved for numbers of each student's own"),
    Key("seed", "any", "reserved for numbers of each student's own"),
)

GRADING = (
    Key("tolerance", "any", "how far right answers may be off", examples=({"relative": 1e-3},)),
    Key("follow_through", "any", "the share of the points for a right step from a wrong number"),
    Key("diagnosed", "any", "the share of the points where a known mistake explains the answer"),
    Key("choice", "any", "how multiple-choice questions count"),
    Key("pass_mark", "any", "the share of the points that passes", examples=("60%",)),
    Key("imports", "any", "the modules that submitted code may import"),
)
