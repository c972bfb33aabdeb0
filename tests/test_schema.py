"""The JSON Schema: valid by its draft, takes what the loader takes, describes every key."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from dlcli.layers import LAYERS
from dlcli.spec.homework import READERS
from dlcli.spec.keys import DESCRIPTION, GRADING, HOMEWORK, OPTIMIZER_DEFAULTS, OPTIMIZERS, QUESTION
from dlcli.spec.schema import SCHEMAS, json_schema
from tests.homeworks import CSE_471
from tests.test_spec_load import GRAPH, QUESTIONS
from tests.test_spec_load import LAYERS as LAYERS_EXAMPLE

VALUES = """\
inputs: [x, t]
weights:
  W1: {shape: [256, 784], init: xavier_normal, seed: 1}
  W2: {file: weights.npz, key: W2}
  W3: {shape: [10, 256]}
  w: 1/3
  \u03b8_1: 2
  \u0938\u094d: 2
  b:
network:
  - relu
  - flatten
  - add: [h, skip]
  - concat: {items: [h1, h2]}
  - repeat: {times: 10, items: [{dense: {units: 4, bias: none}}, h = x + 1]}
  - leaky_relu: {slope: 0.2, input: h}
  - dense: {weights: W1, activation: leaky_relu(slope=0.1)}
wrt: w
index_base: 1
convention: row
samples: columns
optimizer: {adam: {learning_rate: 1/100, beta1: 0.5}}
expect: E204
"""


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("text", [CSE_471, GRAPH, LAYERS_EXAMPLE, QUESTIONS, VALUES])
def test_examples_validate(validator: Any, text: str) -> None:
    assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        "weigths: {x: 2}",
        "inputs: {x: []}",
        "inputs: {x: {shap: 2}}",
        "inputs: {x: {}}",
        "inputs: {2x: 1}",
        "inputs: {grad: 1}",
        "inputs: {x: true}",
        "convention: rows",
        "index_base: 2",
        "expect: 204",
        "network: []",
        "network: {dense: {}}",
        "network: [{dens: {}}]",
        "network: [{dense: {unit: 2}}]",
        "network: [{dense: {units: 0}}]",
        "network: [{relu: {}, tanh: {}}]",
        "network: [rleu]",
        "network: [{add: {}}]",
        "network: [{repeat: {times: 2}}]",
        "optimizer: {sgd: {}}",
        "optimizer: {sdg: {learning_rate: 1}}",
        "optimizer: {sgd: {learning_rate: -1}}",
        "questions: [{ask: x}]",
        "questions: [{id: a, aks: x}]",
        "grading: {pass: 1}",
        "wrt: []",
        "title: [a]",
        "[]",
    ],
)
def test_mistakes_do_not_validate(validator: Any, text: str) -> None:
    assert not validator.is_valid(yaml.safe_load(text))


def test_every_kind_has_a_reader_and_a_schema() -> None:
    assert READERS.keys() == SCHEMAS.keys()
    layers = [key for layer in LAYERS.values() for key in layer.keys]
    optimizers = [key for keys in OPTIMIZERS.values() for key in keys]
    used = {key.kind for key in (*HOMEWORK, *DESCRIPTION, *QUESTION, *GRADING, *layers, *optimizers)}
    assert used <= READERS.keys()


def test_every_key_is_described_for_editors() -> None:
    definitions = json_schema()["$defs"]
    for name, keys in {"homework": HOMEWORK, "description": DESCRIPTION, "question": QUESTION}.items():
        properties = definitions[name]["properties"]
        assert list(properties) == [key.name for key in keys]
        assert all(schema["description"] for schema in properties.values())
        assert definitions[name]["additionalProperties"] is False
    layers = definitions["layers"]["properties"]
    assert LAYERS.keys() <= layers.keys()
    assert all(layers[name]["description"] for name in LAYERS)


def test_defaults_name_settings_of_their_optimizer() -> None:
    assert OPTIMIZERS.keys() == OPTIMIZER_DEFAULTS.keys()
    for rule, defaults in OPTIMIZER_DEFAULTS.items():
        optional = {key.name for key in OPTIMIZERS[rule] if not key.required}
        assert defaults.keys() == optional


def test_examples_of_keys_are_valid_themselves(validator: Any) -> None:
    for key in HOMEWORK:
        for example in key.examples:
            assert [e.message for e in validator.iter_errors({key.name: example})] == []


def test_each_call_gives_a_schema_of_its_own() -> None:
    json_schema()["$defs"].clear()
    assert json_schema()["$defs"]
