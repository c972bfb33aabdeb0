"""The YAML loader: positions, types, limits and the words for broken syntax, with and without libyaml."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcli.errors import Diagnostic, HomeworkError, Source
from dlcli.spec import events, load
from dlcli.spec.nodes import Items, Node, Pairs, Scalar, as_data
from dlcli.spec.report import Report

Compose = Callable[[str], tuple[Node | None, Report]]


@pytest.fixture(params=["libyaml", "pyyaml"])
def compose(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Compose:
    if request.param == "pyyaml":
        monkeypatch.setattr(events, "CParser", None)
    elif events.CParser is None:
        pytest.skip("PyYAML was built without libyaml")

    def read(text: str) -> tuple[Node | None, Report]:
        report = Report(Source("h.yaml", text))
        return events.compose(report), report

    return read


def written(diagnostic: Diagnostic) -> str:
    place = diagnostic.place
    assert place is not None
    return place.source.text[place.start : place.end]


def scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Items):
        return [found for item in node.items for found in scalars(item)]
    return [found for key, value in node.pairs for found in [key, *scalars(value)]]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_count_characters_after_accents_wide_letters_and_emoji(compose: Compose, end: str) -> None:
    lines = [
        'title: "\u00e9\u6f22\U0001f600"   # \u00fc',
        "\u6f22: [1, \u00e9\u6f22\U0001f600, x, 'y z']",
        "b: {\u00fc: 2}",
    ]
    text = end.join(lines) + end
    node, report = compose(text)
    assert node is not None
    assert not report.diagnostics
    for scalar in scalars(node):
        part = report.written(scalar)
        assert part.exact
        assert text[part.place.start : part.place.end] == scalar.text
    b = scalars(node)[-1]
    assert report.source.position(b.start) == (3, 8)


def test_quoted_text_starts_after_the_quote(compose: Compose) -> None:
    node, report = compose("a: 'x + y'")
    assert isinstance(node, Pairs)
    value = node.get("a")
    assert isinstance(value, Scalar)
    found = report.written(value)
    assert (found.exact, found.place.start, found.part((4, 5)).start) == (True, 4, 8)


@pytest.mark.parametrize("text", ['a: "x\\ty"', "a: 'it''s'", "a: |\n  x\n  y\n", "a: x\n  y\n", 'a: "x\n  y"'])
def test_text_that_is_not_written_as_it_reads_has_no_places_inside(compose: Compose, text: str) -> None:
    node, report = compose(text)
    assert isinstance(node, Pairs)
    value = node.get("a")
    assert isinstance(value, Scalar)
    found = report.written(value)
    assert not found.exact
    assert found.part((1, 2)) == found.place


def test_block_places_end_with_their_last_entry(compose: Compose) -> None:
    text = "a:\n  - 1\n  - b: 2\n    c:\n\n# end\nd: 3\n"
    node, report = compose(text)
    assert isinstance(node, Pairs)
    a = node.get("a")
    assert a is not None
    place = report.place(a)
    assert text[place.start : place.end] == "- 1\n  - b: 2\n    c:"


def test_keys_are_normalised_and_plain_words_stay_text(compose: Compose) -> None:
    node, _ = compose("e\u0301: no\n1: on\n")
    assert node is not None
    assert as_data(node) == {"\u00e9": "no", "1": "on"}


def test_aliases_repeat_their_value(compose: Compose) -> None:
    node, report = compose("a: &x [1, 2]\nb: *x\nc: [*x, *x]\nd: &n\ne: *n\n")
    assert node is not None
    assert not report.diagnostics
    assert as_data(node) == {"a": ["1", "2"], "b": ["1", "2"], "c": [["1", "2"]] * 2, "d": None, "e": None}


def test_an_alias_at_the_end_does_not_end_the_block_elsewhere(compose: Compose) -> None:
    text = "a: &x [1, 2]\nb:\n  c: 3\n  d: *x\n"
    node, report = compose(text)
    assert isinstance(node, Pairs)
    b = node.get("b")
    assert b is not None
    place = report.place(b)
    assert text[place.start : place.end].startswith("c: 3")


def test_yaml_directive_is_accepted(compose: Compose) -> None:
    node, report = compose("%YAML 1.2\n---\na: 1\n...\n")
    assert not report.diagnostics
    assert node is not None
    assert as_data(node) == {"a": "1"}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

SYNTAX = [
    ("a: b: c\n", "E008", "a second colon in one entry", (1, 5)),
    ("a:\n\tb: 1\n", "E018", "a tab indents this line", (2, 1)),
    ("a: [1\n", "E008", "this `[` is never closed", (1, 4)),
    ("a: {b: 1\nc: 2\n", "E008", "a `{` further up is still open here", (2, 2)),
    ('a: "x\nb: 1\n', "E008", "this quote is never closed", (1, 4)),
    ("a: @x\n", "E008", "a value cannot start with the character @", (1, 4)),
    ("a: `x`\n", "E008", "a value cannot start with the character `", (1, 4)),
    ("a: %x\n", "E008", "a value cannot start with the character %", (1, 4)),
    ("%YAML 3.0\n---\na: 1", "E008", "this YAML directive is not understood", (1, 1)),
    ("a: - 6\n", "E008", "`- ` starts a list", (1, 4)),
    ("a: * 2\n", "E008", "`*` has a meaning of its own", (1, 4)),
    ("a: & b\n", "E008", "`&` has a meaning of its own", (1, 4)),
    ("a: |x|\n", "E008", "`|` has a meaning of its own", (1, 4)),
    ("a: >0\n", "E008", "`>` has a meaning of its own", (1, 4)),
    ('a: "\\sigma"\n', "E008", "`\\s` means nothing between double quotes", (1, 5)),
    ('a: "\\xzz"\n', "E008", "`\\x` means nothing between double quotes", (1, 5)),
    ("a: 1\n b: 2\n", "E008", "the key `b` is indented deeper", (2, 2)),
    ("a: 1\nb\nc: 2\n", "E008", "this line has no colon", (2, 1)),
    ("a:\n    b: 1\n  c: 2\n", "E008", "this line is not indented like", (3, 3)),
    ("a:\n  - 1\n - 2\n", "E008", "a list entry stands where a key belongs", (3, 2)),
    ("- a\nb: 1\n", "E008", "this line stands in a list, but does not start with `- `", (2, 1)),
    ("{ask: grad(W1)[0, 1]}\n", "E008", "`[` cannot stand in the middle of a text here", (1, 15)),
    ("a: [1, 2]]\n", "E008", "`]` closes nothing", (1, 10)),
    ("a: {b: 1]}", "E008", "`]` closes what `{` opened", (1, 9)),
    ('a: {b: c, "d"e}\n', "E008", "a comma or `}` is missing before this", (1, 14)),
    ("a: 'it's'\n", "E008", "the value ended before this", (1, 8)),
    ("?a: [1]: 3", "E008", "a second colon in one entry", (1, 8)),
    ("a: !<x\n", "E010", "a tag (`!…`) is not allowed", (1, 4)),
    ("x1:-3\nx2: 5\n", "E016", "`x1:-3` has no space after the colon", (1, 1)),
    ("a: 1\nb:2\nc: 3\n", "E016", "`b:2` has no space after the colon", (2, 1)),
    ("a: &x [1, *x]", "E014", "the alias `*x` stands inside the value that it repeats", (1, 11)),
    ("a: *x", "E014", "`*x` repeats a value marked `&x`, but nothing above is marked so", (1, 4)),
    (
        "a: !!python/object:os.system [1]",
        "E010",
        "the tag `!!python/object:os.system` is not allowed",
        (1, 4),
    ),
    ("a: !mine {b: 1}", "E010", "the tag `!mine` is not allowed", (1, 4)),
    ("a: !!str 1", "E010", "the tag `!!str` is not allowed", (1, 4)),
    ("a: 1\n---\nb: 2", "E011", "a second YAML document starts here", (2, 1)),
    ("a: 1\nb: 2\na: 2", "E009", "the key `a` is given twice", (3, 1)),
    ("? [1]\n: 2\n", "E019", "a list or mapping stands where a key belongs", (1, 3)),
    ("a: &x {b: 1}\nc: {<<: *x}\n", "E015", "merge keys (`<<`) are not part", (2, 5)),
    ("a: x\x07y", "E020", "the character U+0007, which no text holds,", (1, 5)),
    ("a: \ud800", "E020", "the character U+D800", (1, 4)),
    ("[" * 50_000, "E012", "nested more than 64 deep", (1, 65)),
    ("{a: " * 50_000, "E012", "nested more than 64 deep", (1, 257)),
    ("- " * 50_000, "E012", "nested more than 64 deep", (1, 129)),
    (BOMB, "E013", "more than 1,000,000 values, aliases written out", (7, 8)),
    ("a: {x1:-3, b: 1}", "E016", "`x1:-3` has no space after the colon", (1, 5)),
    ("a: {id: d, ask: jacobian(h, x)}", "E017", "the comma splits `jacobian(h, x)` in two", (1, 17)),
    ("a: [f(x, g(y, z)), 3]", "E017", "the comma splits `f(x, g(y, z))` in two", (1, 5)),
    ("a: {b: 1,5}", "E302", "`1,5` has a decimal comma", (1, 8)),
]


@pytest.mark.parametrize(("text", "code", "message", "position"), SYNTAX, ids=lambda value: repr(value)[:30])
def test_broken_text_is_told_in_words(
    compose: Compose, text: str, code: str, message: str, position: tuple[int, int]
) -> None:
    _, report = compose(text)
    (found,) = report.diagnostics
    assert found.code == code
    assert message in found.message
    assert found.place is not None
    assert (found.place.line, found.place.column) == position
    assert found.help


def test_unknown_directive_is_refused(compose: Compose) -> None:
    _, report = compose("%FOO\na: 1")
    (found,) = report.diagnostics
    assert found.code == "E008"


def test_depth_counts_what_aliases_repeat(compose: Compose) -> None:
    deep = "[" * 60 + "1" + "]" * 60
    node, report = compose(f"a: &d {deep}\nb: [[*d]]")
    assert node is not None
    assert not report.diagnostics
    node, report = compose(f"a: &d {deep}\nb: [[[[*d]]]]")
    assert node is None
    assert report.diagnostics[0].code == "E012"


def test_depth_of_64_is_allowed(compose: Compose) -> None:
    node, report = compose("[" * 64 + "1" + "]" * 64)
    assert node is not None
    assert not report.diagnostics


def test_duplicate_key_shows_both_places(compose: Compose) -> None:
    _, report = compose("a: 1\ne\u0301: 2\n\u00e9: 3\n")
    (found,) = report.diagnostics
    assert written(found) == "\u00e9"
    (label,) = found.labels
    assert (label.place.line, label.text) == (2, "first given here")


def test_slips_are_mended_so_that_the_rest_is_read(compose: Compose) -> None:
    node, report = compose("{x1:-3, x2:5, ask: f(a, g(b, c)), y: 1,5, l: [max(a, b), c]}")
    assert node is not None
    assert as_data(node) == {
        "x1": "-3",
        "x2": "5",
        "ask": "f(a, g(b, c))",
        "y": "1.5",
        "l": ["max(a, b)", "c"],
    }
    assert [d.code for d in report.diagnostics] == ["E017", "E016", "E016", "E017", "E302"]
    assert report.diagnostics[3].help == 'inside {} and [] a text with a comma needs quotes: "f(a, g(b, c))"'


def test_a_comma_in_brackets_within_one_text_is_left_alone(compose: Compose) -> None:
    node, report = compose("a: f(x, y)\nb: [(1), 2, (3)]\n")
    assert node is not None
    assert not report.diagnostics
    assert as_data(node) == {"a": "f(x, y)", "b": ["(1)", "2", "(3)"]}


PIECES = st.text(alphabet=list("ab:,-[]{}#&*!|>'\"%@`?~ \n\t1.e\u00e9\u6f22\\"), max_size=60)


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_both_parsers_read_the_same(text: str) -> None:
    if events.CParser is None:
        pytest.skip("PyYAML was built without libyaml")
    results = []
    kept = events.CParser
    try:
        for parser in (kept, None):
            events.CParser = parser
            report = Report(Source("h.yaml", text))
            node = events.compose(report)
            results.append((node, not report.diagnostics))
    finally:
        events.CParser = kept
    (node, fine), (other, other_fine) = results
    if fine and other_fine and node is not None and other is not None:
        assert as_data(node) == as_data(other)


@settings(max_examples=200, deadline=None)
@given(PIECES)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        load(Source("h.yaml", text), None)
    except HomeworkError as error:
        for found in error.diagnostics:
            assert found.place is not None
            assert 0 <= found.place.start <= found.place.end <= len(text)
            assert "\n" not in found.message or "\n" in text


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), min_size=1))
def test_nodes_agree_with_pyyaml(rows: list[list[float]]) -> None:
    text = yaml.safe_dump({"rows": rows})
    node = events.compose(Report(Source("h.yaml", text)))
    assert node is not None
    assert as_data(node) == yaml.load(text, yaml.BaseLoader)
