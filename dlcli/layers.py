"""The table of layer types and their keys, as data. What a layer means is in `lowering`.

A row here is all that reading, checking, did-you-mean and the JSON Schema need to know of a layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dlcli.ops import find
from dlcli.ops.operation import REQUIRED, Operation


@dataclass(frozen=True)
class Key:
    """A key of a mapping in a homework file.

    kind says what may stand there; `spec.load` has a reader and `spec.schema` a schema for each kind.
    choices: the texts that are allowed, of kind "choice". examples: as plain data, for editors.
    """

    name: str
    kind: str
    about: str
    required: bool = False
    choices: tuple[str, ...] = ()
    examples: tuple[object, ...] = ()


@dataclass(frozen=True)
class LayerType:
    """A layer: `- name: {keys}`. A bare list, where it may stand for the mapping, fills `list_key`.

    bare: `- name` alone is a layer too. conflicts: pairs of keys that cannot be given together, with the
    reason.
    """

    name: str
    about: str
    keys: tuple[Key, ...]
    list_key: str | None = None
    bare: bool = False
    conflicts: tuple[tuple[str, str, str], ...] = ()


NAME = Key("name", "name", "the layer's name; its quantities are called after it", examples=("hidden",))
INPUT = Key("input", "quantity", "the quantity it works on, instead of the previous item's", examples=("x",))
_WEIGHTS_DECIDE = "the values come from `weights`"

_DRAW = (
    Key("init", "init", "how the weights are drawn", examples=("xavier_normal",)),
    Key("seed", "seed", "the seed of the draw; without it one follows from the name", examples=(1,)),
)
_DRAWN = (("weights", "init", _WEIGHTS_DECIDE), ("weights", "seed", _WEIGHTS_DECIDE))
_BIAS = Key("bias", "bias", "like `weights`, or none; zeros when left out", examples=(0, "none"))
_STATISTICS = (
    Key("mean", "formula", "given means, as in prediction, instead of the batch's", examples=("m",)),
    Key("var", "formula", "given variances, as in prediction", examples=("v",)),
)
_NORMALISED = (
    Key("gamma", "weights", "the factor of each feature; ones when left out", examples=("g", 1)),
    Key("beta", "weights", "what is added to each feature; zeros when left out", examples=("b", 0)),
    Key("eps", "setting", "added to the variance under the root; 1e-5", examples=(1e-5,)),
)


def _convolution(size: str) -> tuple[Key, ...]:
    return (
        NAME,
        Key("units", "natural", "how many kernels the layer has", examples=(8,)),
        Key("size", "shape", f"the kernel's size, as {size}; one number for all axes", examples=(3,)),
        Key("weights", "weights", "the kernels, (kernels, channels, size)", examples=("K", [[1, 0], [0, -1]])),
        _BIAS,
        Key("stride", "shape", "how far windows are apart; 1", examples=(2,)),
        Key("padding", "setting", "how many zeros are put around; 0", examples=(1,)),
        Key("dilation", "shape", "how far the entries of a window are apart; 1", examples=(2,)),
        Key("groups", "natural", "channels in so many groups; 1", examples=(2,)),
        Key("activation", "activation", "an operation, or a call without its first argument", examples=("relu",)),
        INPUT,
        *_DRAW,
    )


def _recurrent(activation: tuple[str, str, str] | None) -> tuple[Key, ...]:
    more = () if activation is None else (Key(activation[0], "activation", activation[1], examples=(activation[2],)),)
    return (
        NAME,
        Key("units", "natural", "how many units the layer has", examples=(4,)),
        Key("weights", "weights", "W, from the step's input", examples=("W", [[0.5]])),
        Key("recurrent", "weights", "U, from the state before", examples=("U", [[0.1]])),
        _BIAS,
        *more,
        Key("initial", "quantity", "the state before the first step; zeros when left out", examples=("h0",)),
        Key("output", "choice", "the last state, or all of them along the sequence", choices=("last", "sequence")),
        INPUT,
    )


LAYERS: Mapping[str, LayerType] = {
    layer.name: layer
    for layer in (
        LayerType(
            "dense",
            "a fully connected layer: z = W x + b, then an activation",
            (
                NAME,
                Key("units", "natural", "how many units the layer has", examples=(256,)),
                Key(
                    "weights",
                    "weights",
                    "numbers, the name of an entry of `weights` or `constants`, or a description",
                    examples=([[0.15, 0.2], [0.25, 0.3]], "W1", {"init": "he_normal", "seed": 1}),
                ),
                Key(
                    "bias",
                    "bias",
                    "like `weights`; a single number for all units, or none; zeros when left out",
                    examples=([0.35, 0.35], 0, "none"),
                ),
                Key(
                    "activation",
                    "activation",
                    "an operation, or a call without its first argument",
                    examples=("relu", "leaky_relu(slope=0.1)"),
                ),
                INPUT,
                Key("init", "init", "how the weights are drawn", examples=("xavier_normal",)),
                Key(
                    "seed",
                    "seed",
                    "the seed of the draw; without it one follows from the name",
                    examples=(1,),
                ),
            ),
            conflicts=(("weights", "init", _WEIGHTS_DECIDE), ("weights", "seed", _WEIGHTS_DECIDE)),
        ),
        LayerType(
            "conv1d",
            "a convolution along one axis, then an activation",
            _convolution("[3]"),
            bare=True,
            conflicts=_DRAWN,
        ),
        LayerType(
            "conv2d",
            "a convolution of images, then an activation",
            _convolution("[3, 3]"),
            bare=True,
            conflicts=_DRAWN,
        ),
        LayerType(
            "batchnorm",
            "a batch normalised over its samples, then scaled by gamma and shifted by beta",
            (
                *_NORMALISED,
                *_STATISTICS,
                INPUT,
                NAME,
            ),
            bare=True,
        ),
        LayerType(
            "layernorm",
            "each sample normalised over its features, then scaled by gamma and shifted by beta",
            (*_NORMALISED, INPUT, NAME),
            bare=True,
        ),
        LayerType(
            "embedding",
            "rows of a table by number: words, classes or users as vectors",
            (
                NAME,
                Key("weights", "weights", "the table, one row a word", examples=([[0.1, 0.2], [0.3, 0.4]], "E")),
                Key("rows", "natural", "how many rows the table has", examples=(1000,)),
                Key("units", "natural", "how long a row is", examples=(16,)),
                INPUT,
                *_DRAW,
            ),
            bare=True,
            conflicts=_DRAWN,
        ),
        LayerType(
            "attention",
            "queries, the layer's input, look at keys and take the mean of values; self-attention without k and v",
            (
                Key("k", "formula", "the keys; the layer's input when left out", examples=("keys",)),
                Key("v", "formula", "the values; the keys when left out", examples=("values",)),
                Key("mask", "formula", "1 where a query may look at a key, 0 where not", examples=("m",)),
                INPUT,
                NAME,
            ),
            bare=True,
        ),
        LayerType(
            "rnn",
            "a recurrent layer over a sequence: h_t = activation(W x_t + U h_t-1 + b), one equation a step",
            (*_recurrent(("activation", "tanh when left out", "tanh")), *_DRAW),
            bare=True,
            conflicts=_DRAWN,
        ),
        LayerType(
            "lstm",
            "an LSTM over a sequence, the gates i, f, g, o one below the other in W, U and b",
            (
                *_recurrent(None),
                Key("initial_cell", "quantity", "the cell state before the first step; zeros", examples=("c0",)),
                *_DRAW,
            ),
            bare=True,
            conflicts=_DRAWN,
        ),
        LayerType(
            "gru",
            "a GRU over a sequence, the gates r, z, n one below the other in W, U and b",
            (
                *_recurrent(None),
                Key("variant", "choice", "torch's form has a second bias", choices=("standard", "pytorch")),
                Key("bias2", "bias", "the second bias of torch's form", examples=("b2",)),
                *_DRAW,
            ),
            bare=True,
            conflicts=_DRAWN,
        ),
        LayerType(
            "add",
            "the sum of several quantities of one shape",
            (Key("items", "quantities", "the quantities to add", True, examples=(["h", "skip"],)), NAME),
            list_key="items",
        ),
        LayerType(
            "concat",
            "several quantities side by side, along their last axis",
            (Key("items", "quantities", "the quantities to join", True, examples=(["h1", "h2"],)), NAME),
            list_key="items",
        ),
        LayerType(
            "repeat",
            "the same items several times",
            (
                Key("times", "natural", "how often", True, examples=(10,)),
                Key("items", "network", "the items to repeat", True, examples=([{"dense": {"units": 4}}],)),
            ),
        ),
    )
}


def layer_type(kind: str) -> LayerType | None:
    """The row of a layer, made from its record where `kind` is an operation; None for anything else."""
    if kind in LAYERS:
        return LAYERS[kind]
    record = find(kind)
    if record is None or record.hidden or not record.operands or record.results > 1:
        return None
    return _from_operation(record)


def _from_operation(record: Operation) -> LayerType:
    if record.variadic:
        quantities = Key("items", "quantities", "the quantities it takes", True)
        return LayerType(record.name, record.about, (quantities, *_settings(record), NAME), list_key="items")
    last = len(record.operands) - record.optional
    others = tuple(
        Key(name, "formula", "a quantity, or an expression", required=position < last)
        for position, name in enumerate(record.operands)
        if position > 0
    )
    keys = (*others, *_settings(record), INPUT, NAME)
    return LayerType(record.name, record.about or record.formula, keys, bare=not any(k.required for k in keys))


def _settings(record: Operation) -> tuple[Key, ...]:
    return tuple(
        Key(
            setting.name,
            "option" if setting.kind == "choice" else "setting",
            setting.about,
            required=setting.default is REQUIRED,
            choices=setting.choices,
        )
        for setting in record.settings
    )
