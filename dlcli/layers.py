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
    if record is None or record.hidden or not record.operands:
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
