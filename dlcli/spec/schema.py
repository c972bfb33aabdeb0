"""The JSON Schema of the homework file (draft 2020-12), made from the tables that validate it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dlcli.layers import LAYERS, Key, LayerType, layer_type
from dlcli.ops import OPERATIONS
from dlcli.spec.initialisers import INITIALISERS
from dlcli.spec.keys import (
    DESCRIPTION,
    GRADING,
    HOMEWORK,
    OPTIMIZERS,
    PROBLEM,
    PROBLEM_FILE,
    QUESTION,
    optimizer_keys,
)
from dlcli.spec.names import RESERVED

Schema = dict[str, Any]

_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_NUMBER: Schema = {"type": ["number", "string"]}
_OTHER = r"\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f"  # ASCII but letters, digits and _; \w differs between editors
_NAME: Schema = {"type": "string", "pattern": f"^[^{_OTHER}0-9][^{_OTHER}]*$"}


def json_schema() -> Schema:
    """The schema of a homework file as a fresh dict."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dlcli homework",
        "description": "A network, its data and its loss; dlcli computes every output and gradient.",
        "$ref": "#/$defs/homework",
        "$defs": {
            "homework": _mapping(HOMEWORK),
            "array": {
                "anyOf": [
                    {**_NUMBER, "description": "a number, or an expression of constants such as 1/3"},
                    {"type": "array", "items": {"$ref": "#/$defs/array"}, "minItems": 1},
                ]
            },
            "description": _mapping(DESCRIPTION, minimum=1),
            "value": {"anyOf": [_ref("array"), _ref("description"), {"type": "null"}]},
            "name": {**_NAME, "not": {"enum": list(RESERVED)}},
            "problem": {"anyOf": [_problem(), _mapping(PROBLEM_FILE)]},
            "question": _mapping(QUESTION),
            "optimizer": _one_of({name: _mapping(keys) for name, keys in _optimizers()}),
            "layers": _layers(),
            "item": {
                "anyOf": [
                    {"type": "string", "pattern": "=", "description": "an equation: q = x + y"},
                    {"enum": _bare_names(), "description": "a layer or operation without keys"},
                    _ref("layers"),
                ]
            },
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _mapping(keys: Iterable[Key], minimum: int = 0) -> Schema:
    """A mapping of these keys and no others."""
    listed = tuple(keys)
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _described(key) for key in listed},
    }
    required = [key.name for key in listed if key.required]
    if required:
        schema["required"] = required
    if minimum:
        schema["minProperties"] = minimum
    return schema


def _problem() -> Schema:
    """A mapping of the keys that a problem shares with a homework, and its id."""
    schema = _mapping(PROBLEM)
    shared = {key.name for key in HOMEWORK}
    for name in schema["properties"]:
        if name in shared:
            schema["properties"][name] = _ref(f"homework/properties/{name}")
    return schema


def _described(key: Key) -> Schema:
    schema = dict(SCHEMAS[key.kind](key))
    if key.about:
        schema["description"] = key.about
    if key.examples:
        schema["examples"] = list(key.examples)
    return schema


def _one_of(schemas: Mapping[str, Schema]) -> Schema:
    """A mapping of exactly one of these keys."""
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": dict(schemas),
    }


def _optimizers() -> Iterable[tuple[str, tuple[Key, ...]]]:
    return ((rule, optimizer_keys(rule)) for rule in OPTIMIZERS)


def _layer_types() -> list[LayerType]:
    operations = [layer_type(name) for name in OPERATIONS if name not in LAYERS]
    return [*LAYERS.values(), *(layer for layer in operations if layer is not None)]


def _bare_names() -> list[str]:
    return [layer.name for layer in _layer_types() if layer.bare or layer.name == "dense"]


def _layers() -> Schema:
    return _one_of({layer.name: _layer(layer) for layer in _layer_types()})


def _layer(layer: LayerType) -> Schema:
    mapping = _mapping(layer.keys)
    forms = [mapping]
    if layer.list_key is not None:
        forms.append({"type": "array", "items": _ref("name"), "minItems": 1})
    if layer.bare or layer.name == "dense":
        forms.append({"type": "null"})
    if len(forms) == 1:
        return {**mapping, "description": layer.about}
    return {"anyOf": forms, "description": layer.about}


def _section(key: Key) -> Schema:
    del key
    return {
        "anyOf": [
            {"type": "object", "propertyNames": _ref("name"), "additionalProperties": _ref("value")},
            {"type": "array", "items": _ref("name"), "description": "names without values"},
            {"type": "null"},
        ]
    }


def _state(key: Key) -> Schema:
    value: Schema = {
        "anyOf": [
            _ref("array"),
            {"type": "object", "propertyNames": _ref("name"), "additionalProperties": _ref("array")},
        ]
    }
    whole: Schema = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: whole if name == "t" else value for name in key.choices},
    }


def _choice(key: Key) -> Schema:
    numbers = [int(choice) for choice in key.choices if choice.isdigit()]
    return {"enum": [*key.choices, *numbers]}


def _fixed(schema: Schema) -> Callable[[Key], Schema]:
    return lambda _: schema


_WEIGHTS: Schema = {"anyOf": [_ref("array"), _ref("description")]}
_FORMULA: Schema = {"type": ["string", "number", "boolean", "array", "null"]}
_WHOLE: Schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}

SCHEMAS: Mapping[str, Callable[[Key], Schema]] = {
    "activation": _fixed({"type": "string"}),
    "any": _fixed({}),
    "bias": _fixed({"anyOf": [{"const": "none"}, *_WEIGHTS["anyOf"]]}),
    "choice": _choice,
    "code": _fixed({"type": "string", "pattern": "^E[0-9]{3}$"}),
    "formula": _fixed({"type": ["string", "number"]}),
    "fraction": _fixed({"anyOf": [{"type": "number", "minimum": 0, "exclusiveMaximum": 1}, {"type": "string"}]}),
    "grading": lambda _: _mapping(GRADING),
    "id": _fixed(_SCALAR),
    "init": _fixed({"enum": list(INITIALISERS)}),
    "name": _fixed(_ref("name")),
    "natural": _fixed(_WHOLE),
    "network": _fixed({"type": "array", "items": _ref("item"), "minItems": 1}),
    "number": _fixed(_NUMBER),
    "optimizer": _fixed(_ref("optimizer")),
    "option": _choice,
    "positive": _fixed({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]}),
    "problems": _fixed({"type": "array", "items": _ref("problem"), "minItems": 1}),
    "quantities": _fixed({"anyOf": [_ref("name"), {"type": "array", "items": _ref("name"), "minItems": 1}]}),
    "quantity": _fixed(_ref("name")),
    "questions": _fixed({"type": "array", "items": _ref("question")}),
    "section": _section,
    "seed": _fixed({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 2**32 - 1}, {"type": "string"}]}),
    "setting": _fixed(_FORMULA),
    "shape": _fixed({"anyOf": [_WHOLE, {"type": "array", "items": _WHOLE}]}),
    "state": _state,
    "text": _fixed(_SCALAR),
    "weights": _fixed(_WEIGHTS),
}
