"""Whole homework files: the published examples, all top-level keys, errors in file order, no way to crash."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcli.errors import Diagnostic, HomeworkError, Source
from dlcli.language.tree import Name
from dlcli.spec import events, expected_code, load
from dlcli.spec.nodes import Items, Pairs
from dlcli.spec.records import EquationItem, LayerItem, Spec
from tests.homeworks import CSE_471

GRAPH = """\
inputs: {x: -2, y: 5, z: -4}
network:
  - q = x + y
  - f = q * z
loss: f
wrt: [x, y, z, q]
"""

LAYERS = """\
inputs:  {x: [0.05, 0.10]}
targets: {t: [0.01, 0.99]}
network:
  - dense: {name: h, weights: [[0.15, 0.20], [0.25, 0.30]], bias: [0.35, 0.35], activation: sigmoid}
  - dense: {name: o, weights: [[0.40, 0.45], [0.50, 0.55]], bias: [0.60, 0.60], activation: sigmoid}
loss: half_squared_error
optimizer: {sgd: {learning_rate: 0.5}}
"""

QUESTIONS = """\
network: [y = x]
inputs: {x: 1}
questions:
  - id: a
    ask: yhat
    points: 1
    prompt: What does the network predict?
  - id: b
    ask: grad(w13)
    points: 2
    tolerance: {relative: 1e-3, absolute: 1e-6}   # or {decimals: 4}, {digits: 3}
  - id: c
    ask: "grad(W1)[0, 1]"                         # in {} and [], and wherever a comma or [ stands, quote it
  - {id: d, ask: "jacobian(h, x)", points: 4}     # an array: points are shared out over its entries
  - {id: e, ask: shape(W1)}                       # also size(q) and count(parameters); these are exact
  - {id: f, ask: step(w13)}
  - {id: g, ask: grad(w35), form: expression}
  - {id: h, answer: "sigmoid(u)*(1 - sigmoid(u))", variables: {u: real}}
  - {id: i, choices: {A: "sigmoid", B: "tanh", C: "relu"}, answer: C, prompt: "Which for z > 0?"}
  - {id: j, ask: loss, with: {x: "x + eps*sign(grad(x))"}}
  - {id: k, give: [W_h, b_h], check: "max(abs(yhat - y)) < 0.5"}
  - {id: l, manual: true, points: 3, prompt: Explain.}
  - {id: m, code: backward, points: 6}
grading: {follow_through: 1.0, pass_mark: 60%}
"""


def read(text: str) -> Spec:
    return load(Source("h.yaml", text), None)


def errors(text: str) -> list[Diagnostic]:
    with pytest.raises(HomeworkError) as caught:
        read(text)
    for found in caught.value.diagnostics:
        assert found.help or found.code.startswith("E11")
    return list(caught.value.diagnostics)


def error(text: str) -> Diagnostic:
    (found,) = errors(text)
    return found


def test_equations_example() -> None:
    spec = read(CSE_471)
    assert spec.title == "CSE 471: forward pass and gradients of a 2-2-1 network"
    weights = [d.name for d in spec.declarations.values() if d.section == "weights"]
    assert weights == ["w03", "w04", "w05", "w13", "w14", "w23", "w24", "w35", "w45"]
    names = [item.names[0] for item in spec.network if isinstance(item, EquationItem)]
    assert names == ["in3", "a3", "in4", "a4", "in5", "yhat"]
    assert spec.loss is not None
    assert spec.loss.written.text == "bce(yhat, y)"
    assert (spec.wrt, spec.convention, spec.samples, spec.index_base) == (None, "column", "rows", 0)
    place = spec.section_places["loss"]
    assert (place.line, place.column, place.end_column) == (12, 1, 5)


def test_graph_example() -> None:
    spec = read(GRAPH)
    assert spec.wrt is not None
    assert [reference.name for reference in spec.wrt] == ["x", "y", "z", "q"]
    assert spec.loss is not None
    assert spec.loss.tree == Name("f")


def test_layers_example() -> None:
    spec = read(LAYERS)
    first = spec.network[0]
    assert isinstance(first, LayerItem)
    assert first.keys["weights"].array.tolist() == [[0.15, 0.20], [0.25, 0.30]]
    assert first.keys["weights"].exact[0][0] == Fraction(3, 20)
    assert spec.optimizer is not None
    assert spec.optimizer.name == "sgd"
    assert dict(spec.optimizer.settings) == {"learning_rate": 0.5}
    assert dict(spec.optimizer.exact) == {"learning_rate": Fraction(1, 2)}


def test_questions_are_kept_as_they_stand() -> None:
    spec = read(QUESTIONS)
    questions = spec.extra["questions"]
    assert isinstance(questions, Items)
    assert len(questions.items) == 13
    assert isinstance(spec.extra["grading"], Pairs)


def test_text_is_kept_as_written() -> None:
    spec = read("title: 1.10\nsource: 007\nnotes: no\nexpect: E204\nloss: 1\n")
    assert (spec.title, spec.origin, spec.notes, spec.expect) == ("1.10", "007", "no", "E204")
    assert spec.expect_place is not None
    assert spec.expect_place.line == 4


def test_choices_are_read() -> None:
    spec = read("convention: row\nsamples: columns\nindex_base: 1\nloss: 1\nwrt: x\n")
    assert (spec.convention, spec.samples, spec.index_base) == ("row", "columns", 1)


@pytest.mark.parametrize("rule", ["momentum", "nesterov", "adagrad", "rmsprop", "adam"])
def test_defaults_of_optimizers_are_filled_in(rule: str) -> None:
    optimizer = read(f"optimizer: {{{rule}: {{learning_rate: 1/10}}}}\nloss: 1\n").optimizer
    assert optimizer is not None
    assert optimizer.exact["learning_rate"] == Fraction(1, 10)
    assert optimizer.settings.keys() == optimizer.exact.keys()
    assert len(optimizer.settings) > 1
    expected = {"mu": 0.9, "rho": 0.9, "beta1": 0.9, "beta2": 0.999}
    for name, setting in optimizer.settings.items():
        assert setting == expected.get(name, setting)


@pytest.mark.parametrize("text", [CSE_471, GRAPH, LAYERS, QUESTIONS])
def test_examples_read_the_same_without_libyaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read(text)
    monkeypatch.setattr(events, "CParser", None)
    slow = read(text)
    assert len(fast.network) == len(slow.network)
    assert [item.place for item in fast.network] == [item.place for item in slow.network]
    assert fast.loss == slow.loss
    assert [d.place for d in fast.declarations.values()] == [d.place for d in slow.declarations.values()]


@pytest.mark.parametrize(
    ("text", "code", "message", "help"),
    [
        (
            "weigths: {x: 2}\nloss: 1",
            "E101",
            "unknown key `weigths` in a homework file",
            "did you mean 'weights'?",
        ),
        ("qqqq: 2\nloss: 1", "E101", "unknown key `qqqq` in a homework file", "knows: title, source"),
        (
            "convention: rows\nloss: 1",
            "E123",
            "`convention` cannot be `rows`; it is `column` or `row`",
            "'row'",
        ),
        (
            "index_base: 2\nloss: 1",
            "E123",
            "`index_base` cannot be `2`; it is `0` or `1`",
            "write `0` or `1`",
        ),
        ("samples: [a]\nloss: 1", "E122", "`samples` is `rows` or `columns`, not a list", "write `rows`"),
        ("expect: 204\nloss: 1", "E126", "`expect` is an error code, not `204`", "for example E204"),
        ("expect: [E204]\nloss: 1", "E126", "`expect` is an error code, not a list", "for example E204"),
        ("expect: E999\nloss: 1", "E126", "dlcli has no error E999", "dlcli explain"),
        ("title: [a]\nloss: 1", "E122", "`title` is text, but a list stands here", "needs quotes"),
        ("loss:", "E122", "`loss` is a formula, but nothing stands here", "for example half_squared_error"),
        ("loss: {a: b}", "E122", "`loss` is a formula, but a mapping stands here", "for example"),
        ("wrt: []\nloss: 1", "E122", "`wrt` names no quantity", "wrt: [a, b]"),
        ("wrt: [a, {b: 1}]\nloss: 1", "E122", "`wrt` lists names of quantities, but a mapping", "[a, b]"),
        ("wrt: [a, 2]\nloss: 1", "E120", "`2` starts with a digit", "letter"),
        ("inputs: {x: 1}", "E125", "this file has nothing to compute", "add `network:`"),
        ("{}", "E125", "this file has nothing to compute", "add `network:`"),
        ("- a", "E122", "a homework file is a mapping of keys, but a list stands here", "start with"),
        ("3", "E122", "a homework file is a mapping of keys, but text stands here", "start with"),
        ("x1:-3", "E016", "`x1:-3` has no space after the colon", "x1: -3"),
        ("# only this", "E004", "h.yaml holds nothing but comments", "network"),
        ("---\n...\n", "E122", "a homework file is a mapping of keys, but nothing stands here", "start with"),
        (
            "optimizer: sgd\nloss: 1",
            "E107",
            "the optimizer sgd needs `learning_rate`, which has no default",
            "0.5",
        ),
        ("optimizer: {sgd: {}}\nloss: 1", "E107", "the optimizer sgd needs the key `learning_rate`", "add"),
        ("optimizer: {sdg: {}}\nloss: 1", "E102", "unknown optimizer `sdg`", "did you mean 'sgd'?"),
        ("optimizer: {zzz: {}}\nloss: 1", "E102", "unknown optimizer `zzz`", "known are sgd, momentum"),
        (
            "optimizer: [sgd]\nloss: 1",
            "E122",
            "names one rule with its settings, but a list stands here",
            "sgd",
        ),
        ("optimizer: {sgd: {}, adam: {}}\nloss: 1", "E122", "but 2 keys stand here", "sgd"),
        (
            "optimizer: {sgd: {learning_rate: -1}}\nloss: 1",
            "E305",
            "must be positive, but it is -1",
            "above 0",
        ),
        ("optimizer: {sgd: {learning_rate: inf}}\nloss: 1", "E303", "inf", "inf"),
        ("optimizer: {sgd: {learning_rate: 1, mu: 1}}\nloss: 1", "E101", "unknown key `mu`", "learning_rate"),
        (
            "optimizer: {adam: {learning_rate: 1, beta1: 1}}\nloss: 1",
            "E305",
            "lie in [0, 1), but it is 1",
            "0.9",
        ),
        (
            "questions: {id: a}",
            "E122",
            "`questions` is a list of questions, but a mapping stands here",
            "- id",
        ),
        ("questions: [{id: a}, {id: a}]", "E129", "two questions have the id `a`", "another id"),
        ("questions: [{ask: x}]", "E107", "a question needs the key `id`", "add `id: a`"),
        ("questions: [{id: }]", "E122", "`id` is a short text, but nothing stands here", "id: a"),
        ("questions: [a]", "E122", "a question takes a mapping of keys, but text stands here", "id"),
        ("questions: [{id: a, aks: x}]", "E101", "unknown key `aks` in a question", "did you mean 'ask'?"),
        ("grading: {pass: 1}\nloss: 1", "E101", "unknown key `pass` in `grading`", "pass_mark"),
        (
            "questions:\n  - {id: d, ask: jacobian(h, x)}",
            "E017",
            "the comma splits `jacobian(h, x)`",
            "quotes",
        ),
    ],
    ids=lambda text: repr(text)[:40],
)
def test_what_is_no_homework_is_refused(text: str, code: str, message: str, help: str) -> None:
    found = error(text)
    assert found.code == code
    assert message in found.message
    assert help in (found.help or "")


def test_all_errors_come_at_once_in_file_order() -> None:
    text = """\
titel: x
inputs: {x: [1, [2]], y: 1,5}
weights: {x: a, w: true}
network:
  - dense: {unit: 3}
  - q: x + y
loss: [1]
expect: no
"""
    found = errors(text)
    lines = [d.place.line for d in found if d.place is not None]
    assert [d.code for d in found] == ["E101", "E205", "E302", "E301", "E305", "E101", "E128", "E126"]
    assert lines == [1, 2, 2, 3, 3, 5, 6, 8]


def test_names_under_a_misspelt_section_are_not_told_again() -> None:
    text = "weigths: {W: [[1]]}\ninputs: {x: [1]}\nnetwork:\n  - dense: {weights: W}\n"
    assert [d.code for d in errors(text)] == ["E101"]


def test_quantities_called_like_operations_get_advice() -> None:
    spec = read("inputs: {mean: 1, x: 2}\nnetwork:\n  - relu = x + mean\nloss: relu\n")
    assert [(d.code, d.message) for d in spec.advice] == [
        ("W904", "the quantity `mean` has the name of an operation"),
        ("W904", "the quantity `relu` has the name of an operation"),
    ]
    assert all(d.help and d.place for d in spec.advice)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("expect: E205\ninputs: {x: [[1], 2]}\n", "E205"),
        ("inputs: {x: [1\nexpect: E008\n", "E008"),
        ("expect: 'E122'\nloss:\n", "E122"),
        ("expect: nothing\n", None),
        ("expect: [E122]\n", None),
        ("loss: x\n", None),
        ("- a\n", None),
        ("title: 'x\n", None),
    ],
)
def test_expectation_of_a_file_with_errors_is_found(text: str, code: str | None) -> None:
    assert expected_code(Source("h.yaml", text)) == code


def test_reading_needs_no_sympy() -> None:
    code = (
        "import sys; from dlcli.spec import load; from dlcli.errors import Source\n"
        f"load(Source('h', {LAYERS!r}), None)\n"
        "assert 'sympy' not in sys.modules and 'rich' not in sys.modules and 'click' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


SEEDS = [CSE_471, GRAPH, LAYERS, QUESTIONS]
SIGNS = list("\n ,[]{}'\"#|>-\t=()~%@\u00e9\U0001f600\x00")
WORDS = ["  - ", ": ", "&a ", "*a", "!!x ", "1e999", "nan", ".inf", "true", "grad", "**", "/0", "<<", "? "]
FRAGMENTS = st.sampled_from(SIGNS + WORDS)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutated_files_are_read_or_refused(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SEEDS))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(FRAGMENTS | st.text(max_size=3)) + text[at + cut :]
    try:
        read(text)
        return
    except HomeworkError as caught:
        diagnostics = caught.diagnostics
    places = [found.place for found in diagnostics if found.place is not None]
    assert places
    assert len(places) == len(diagnostics)
    assert all(0 <= place.start <= place.end <= len(text) and place.line >= 1 for place in places)
    assert [place.start for place in places] == sorted(place.start for place in places)
