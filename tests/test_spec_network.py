"""Items of the network: equations, layers with their keys, operations, repetition, and every refusal."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dlcli.errors import Diagnostic, HomeworkError, Source
from dlcli.language.tree import Call, Name, Text
from dlcli.spec import load
from dlcli.spec.records import Description, EquationItem, Formula, LayerItem, Reference, Spec, Value

TOP = "inputs: {x: 1}\nweights: {W: [[1]], v: [1]}\nconstants: {C: 2}\n"


def spec(items: str, top: str = TOP) -> Spec:
    return load(Source("h.yaml", f"{top}network:\n{items}"), None)


def layer(item: str) -> LayerItem:
    (found,) = spec(f"  - {item}\n").network
    assert isinstance(found, LayerItem)
    return found


def errors(items: str) -> list[Diagnostic]:
    with pytest.raises(HomeworkError) as caught:
        spec(items)
    for found in caught.value.diagnostics:
        assert found.help or found.code.startswith("E11")
    return list(caught.value.diagnostics)


def error(item: str) -> Diagnostic:
    (found,) = errors(f"  - {item}\n")
    return found


def caret(found: Diagnostic) -> str:
    assert found.place is not None
    return found.place.source.text[found.place.start : found.place.end]


def test_equation_knows_its_name_and_the_places_of_its_parts() -> None:
    (item,) = spec("  - q = x + 2\n").network
    assert isinstance(item, EquationItem)
    assert item.names == ("q",)
    text = item.place.source.text
    place = item.name_places[0]
    assert text[place.start : place.end] == "q"
    whole = item.formula.place(item.formula.tree)
    assert text[whole.start : whole.end] == "x + 2"


def test_quoted_equation_has_places_too() -> None:
    (item,) = spec("  - 'q = x + 2'\n").network
    assert isinstance(item, EquationItem)
    place = item.name_places[0]
    assert place.source.text[place.start : place.end] == "q"


def test_equation_may_name_several_quantities() -> None:
    (item,) = spec("  - h, c = f(x)\n").network
    assert isinstance(item, EquationItem)
    assert item.names == ("h", "c")


def test_dense_keys_are_read_by_kind() -> None:
    found = layer("dense: {name: h, units: 2, activation: leaky_relu(slope=0.1), input: x, init: he_normal, seed: 3}")
    assert found.kind == "dense"
    assert {key: found.keys[key] for key in ("name", "units", "input", "init", "seed")} == {
        "name": "h",
        "units": 2,
        "input": "x",
        "init": "he_normal",
        "seed": 3,
    }
    activation = found.keys["activation"]
    assert isinstance(activation, Formula)
    assert isinstance(activation.tree, Call)
    assert found.places.keys() == found.keys.keys()
    assert (found.kind_place.line, found.kind_place.column) == (5, 5)


def test_dense_weights_in_every_form() -> None:
    written = layer("dense: {weights: [[1, 2]], bias: 1/2}")
    assert isinstance(written.keys["weights"], Value)
    assert written.keys["bias"].exact == Fraction(1, 2)
    tied = layer("dense: {weights: W, bias: none}")
    assert isinstance(tied.keys["weights"], Reference)
    assert (tied.keys["weights"].name, tied.keys["bias"]) == ("W", "none")
    assert layer("dense: {weights: C}").keys["weights"].name == "C"
    drawn = layer("dense: {weights: {init: normal, std: 2, seed: 1}}").keys["weights"]
    assert isinstance(drawn, Description)
    assert (drawn.shape, drawn.init, drawn.seed, dict(drawn.settings)) == (None, "normal", 1, {"std": 2.0})
    assert float(layer("dense: {weights: [[1]], bias: pi}").keys["bias"].array) == pytest.approx(3.14159265)


def test_layers_without_keys() -> None:
    found = spec("  - relu\n  - dense\n  - relu:\n  - dense:\n").network
    assert [item.kind for item in found if isinstance(item, LayerItem)] == ["relu", "dense", "relu", "dense"]


def test_settings_of_operations_are_formulas() -> None:
    found = layer("softmax: {axis: -1, temperature: 2, name: p, input: x}")
    assert (found.keys["name"], found.keys["input"]) == ("p", "x")
    assert isinstance(found.keys["axis"], Formula)
    assert isinstance(found.keys["temperature"], Formula)


def test_yaml_truth_and_nothing_are_those_of_the_language() -> None:
    found = layer("mean: {keepdims: true, axis: null}")
    assert found.keys["keepdims"].tree == Name("True")
    assert found.keys["axis"].tree == Name("None")


def test_choices_become_texts() -> None:
    found = layer("bce: {y: t, reduction: sum}")
    assert found.keys["reduction"].tree == Text("sum")
    assert found.keys["y"].tree == Name("t")


def test_lists_of_quantities() -> None:
    assert layer("add: [h, skip]").keys["items"] == ("h", "skip")
    found = layer("concat: {items: [h, skip], name: c}")
    assert (found.keys["items"], found.keys["name"]) == (("h", "skip"), "c")


def test_list_settings_are_formulas() -> None:
    found = layer("reshape: {shape: [2, 3]}").keys["shape"]
    assert found.written.text == "[2, 3]"


def test_repeat_writes_items_out() -> None:
    found = spec("  - repeat: {times: 3, items: [relu, {dense: {units: 2}}]}\n  - tanh\n").network
    assert [item.kind for item in found if isinstance(item, LayerItem)] == ["relu", "dense"] * 3 + ["tanh"]


def test_repeat_may_be_nested_and_anchors_repeat_items() -> None:
    text = "  - repeat: {times: 2, items: [{repeat: {times: 5, items: [relu]}}]}\n  - &d dense: {units: 2}\n"
    assert len(spec(text).network) == 11
    assert len(spec("  - &d {dense: {units: 2}}\n  - *d\n").network) == 2


@pytest.mark.parametrize(
    ("item", "code", "message", "marked", "help"),
    [
        ("dens: {units: 3}", "E102", "unknown layer or operation `dens`", "dens", "did you mean 'dense'?"),
        ("rleu", "E102", "unknown layer or operation `rleu`", "rleu", "did you mean 'relu'?"),
        (
            "qqqqq",
            "E102",
            "unknown layer or operation `qqqqq`",
            "qqqqq",
            "an equation is written `q = x + y`",
        ),
        ("dense: {unit: 3}", "E101", "unknown key `unit` in `dense`", "unit", "did you mean 'units'?"),
        ("dense: {zzz: 3}", "E101", "unknown key `zzz` in `dense`", "zzz", "`dense` knows: name, units"),
        ("dense: 4", "E122", "`dense` takes keys in braces, but `4` stands here", "4", "dense: {units: 4}"),
        ("relu: x", "E122", "`relu` takes keys in braces, but `x` stands here", "x", "relu: {input: x}"),
        ("relu: [x]", "E122", "`relu` takes a mapping of keys, but a list stands here", "[x]", "input"),
        (
            "dense: {units: 0}",
            "E305",
            "`units` must be a whole number from 1 to 10,000,000, but it is 0",
            "0",
            "1",
        ),
        ("dense: {units: 2.5}", "E305", "but it is 2.5", "2.5", "1"),
        ("dense: {units: [2]}", "E301", "`units` must be a number, but a list stands here", "[2]", "number"),
        (
            "dense: {weights: V}",
            "E103",
            "unknown name `V`: neither `weights` nor `constants`",
            "V",
            "mean 'v'",
        ),
        ("dense: {weights: x}", "E103", "`x` stands under `inputs`, but `weights` takes", "x", "move it"),
        ("dense: {weights: none}", "E103", "unknown name `none`", "none", "declare it"),
        ("dense: {weights: [[1], [2, 3]]}", "E205", "`weights` is ragged", "[2, 3]", "same length"),
        ("dense: {weights: grad}", "E121", "the name `grad` is reserved", "grad", "another"),
        (
            "dense: {weights: W, init: zeros}",
            "E124",
            "`dense` has both `weights` and `init`",
            "init",
            "leave `init`",
        ),
        ("dense: {activation: rleu}", "E102", "unknown activation `rleu`", "rleu", "did you mean 'relu'?"),
        ("dense: {activation: qqqqq}", "E102", "unknown activation `qqqqq`", "qqqqq", "`dlcli ops` lists"),
        ("dense: {activation: rleu(slope=1)}", "E102", "unknown activation `rleu`", "rleu", "relu"),
        (
            "dense: {activation: 2 + x}",
            "E102",
            "`2 + x` is no activation",
            "2 + x",
            "without its first argument",
        ),
        ("dense: {activation: [relu]}", "E102", "`[relu]` is no activation", "[relu]", "operation's name"),
        ("dense: {name: grad}", "E121", "the name `grad` is reserved", "grad", "grad_1"),
        ("dense: {name: }", "E122", "`name` is a name, but nothing stands here", None, "one word"),
        (
            "dense: {input: [a]}",
            "E122",
            "`input` is the name of a quantity, but a list stands here",
            "[a]",
            "alone",
        ),
        (
            "dense: {bias: {file: a.npy}}",
            "E321",
            "a.npy is looked for beside the homework file",
            "a.npy",
            "file",
        ),
        (
            "q: x + y",
            "E128",
            "`q` is no layer or operation; an equation is written with `=`",
            "q",
            "- q = x + y",
        ),
        ("y = x[1: 2]", "E128", "the colon makes this a key and a value", "y = x[1", "in quotes"),
        ("dens: 4", "E102", "unknown layer or operation `dens`", "dens", "did you mean 'dense'?"),
        ("{}", "E122", "an item of the network is empty", "{}", "z = w*x + b"),
        (
            "[a]",
            "E122",
            "an item of the network is an equation or a layer, but a list stands here",
            "[a]",
            "z =",
        ),
        ("~", "E122", "but nothing stands here", "~", "z ="),
        ("{relu: , tanh: }", "E122", "an item of the network has 2 keys, but a layer is one", None, "indent"),
        ("{relu: {}, tanh: }", "E122", "has 2 keys, but a layer is one", None, "start each item"),
        ("add", "E107", "`add` needs `items`", "add", "add: {items: [h, skip]}"),
        ("add: []", "E122", "`items` names no quantity", "[]", "[a, b]"),
        (
            "add: [h, [k]]",
            "E122",
            "`items` lists names of quantities, but a list stands here",
            "[k]",
            "[a, b]",
        ),
        ("add: {items: ~}", "E122", "`items` names no quantity", "~", "[a, b]"),
        ("reshape", "E107", "`reshape` needs `shape`", "reshape", "reshape: {shape:"),
        ("reshape: {}", "E107", "`reshape` needs the key `shape`", "{}", "add `shape"),
        (
            "reshape: {shape: {a: 1}}",
            "E122",
            "`shape` is a formula, but a mapping stands here",
            "{a: 1}",
            "2*x",
        ),
        (
            "bce: {y: t, reduction: sun}",
            "E123",
            "`reduction` cannot be `sun`; it is `mean`",
            "sun",
            "did you mean 'sum'?",
        ),
        ("bce: {y: t, reduction: [a]}", "E122", "or `none`, not a list", "[a]", "write"),
        ("repeat: {times: 2}", "E107", "`repeat` needs the key `items`", "{times: 2}", "add `items"),
        ("repeat: {items: [relu], times: 0}", "E305", "`times` must be a whole number", "0", "1"),
        (
            "repeat: {items: relu, times: 2}",
            "E122",
            "`items` is a list of items, but text stands here",
            "relu",
            "- relu",
        ),
    ],
    ids=lambda text: repr(text)[:40],
)
def test_what_is_no_item_is_refused(item: str, code: str, message: str, marked: str | None, help: str) -> None:
    found = error(item)
    assert found.code == code
    assert message in found.message
    assert help in (found.help or "")
    if marked is not None:
        assert caret(found) == marked


def test_keys_beside_their_layer_are_explained() -> None:
    found = errors("  - dense:\n    units: 4\n")[0]
    assert found.help == "indent the keys of dense deeper, or write `- dense: {units: …}`"


def test_conflicting_keys_show_both_places() -> None:
    (label,) = error("dense: {weights: W, seed: 1}").labels
    assert label.text == "`weights` is given here"


def test_broken_equation_points_into_the_text() -> None:
    found = error("q = x + * 2")
    assert found.place is not None
    assert found.place.line == 5


def test_equation_names_are_checked() -> None:
    assert [d.code for d in errors("  - grad = x + 1\n")] == ["E121"]


def test_too_many_items_are_refused_before_they_are_made() -> None:
    found = error("repeat: {times: 1000000, items: [relu, relu]}")
    assert found.code == "E127"
    assert found.message == "2 items 1,000,000 times are more than the 10,000 that a network may have"
    nested = "relu"
    for _ in range(3):
        nested = f"{{repeat: {{times: 100, items: [{nested}]}}}}"
    assert error(nested).code == "E127"
    two = "  - repeat: {times: 6000, items: [relu]}\n" * 2
    assert errors(two)[0].message == "the network has more than 10,000 items, repeated ones counted"


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (" {dense: {units: 3}}", "`network` is a list of items, but a mapping stands here"),
        (" y = x", "`network` is a list of items, but text stands here"),
        ("", "`network` is a list of items, but nothing stands here"),
        (" []", "`network` has no item"),
    ],
)
def test_network_is_a_list(network: str, message: str) -> None:
    with pytest.raises(HomeworkError) as caught:
        load(Source("h.yaml", f"network:{network}\n"), None)
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("E122", message)
