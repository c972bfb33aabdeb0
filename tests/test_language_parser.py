"""Text -> tree: precedence, places, and limits that hold before any work is done."""

from __future__ import annotations

import sys
import unicodedata
from fractions import Fraction
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.language import LanguageError, parse_equation, parse_expression, to_latex, to_text, walk
from dlcli.language.constants import evaluate_constant
from dlcli.language.levels import MAX_HEIGHT, MAX_NODES
from dlcli.language.parser import MAX_DEPTH
from dlcli.language.tokens import MAX_DIGITS, MAX_LENGTH
from dlcli.language.tree import (
    Binary,
    Call,
    Index,
    Name,
    Number,
    Sequence,
    Slice,
    Text,
    Transpose,
    Tree,
    Unary,
)

a, b, c, x = Name("a"), Name("b"), Name("c"), Name("x")


def whole(value: int) -> Number:
    return Number(Fraction(value), str(value))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-x**2", Unary("-", Binary("**", x, whole(2)))),
        ("2**-1", Binary("**", whole(2), Unary("-", whole(1)))),
        ("2**-x*a", Binary("*", Binary("**", whole(2), Unary("-", x)), a)),
        ("a**b**c", Binary("**", a, Binary("**", b, c))),
        ("a - b - c", Binary("-", Binary("-", a, b), c)),
        ("a/b*c", Binary("*", Binary("/", a, b), c)),
        ("a @ b*c", Binary("*", Binary("@", a, b), c)),
        ("a + b*c", Binary("+", a, Binary("*", b, c))),
        ("-a*b", Binary("*", Unary("-", a), b)),
        ("not a == b", Unary("not", Binary("==", a, b))),
        ("not a and b", Binary("and", Unary("not", a), b)),
        ("a or b and c", Binary("or", a, Binary("and", b, c))),
        ("a + b < c", Binary("<", Binary("+", a, b), c)),
        ("-a.T", Unary("-", Transpose(a))),
        ("-a[0]", Unary("-", Index(a, (whole(0),)))),
        ("a.T.T", Transpose(Transpose(a))),
        ("a**b.T", Binary("**", a, Transpose(b))),
        ("a[0].T[b]", Index(Transpose(Index(a, (whole(0),))), (b,))),
        ("((a))", a),
        ("(a,)", Sequence((a,))),
        ("(a, b)", Sequence((a, b))),
        ("[a, b,]", Sequence((a, b))),
        ("[[a], ()]", Sequence((Sequence((a,)), Sequence(())))),
        ("x[:, 1]", Index(x, (Slice(), whole(1)))),
        ("x[1:3]", Index(x, (Slice(whole(1), whole(3)),))),
        ("x[::2,]", Index(x, (Slice(None, None, whole(2)),))),
        ("x[a + 1:]", Index(x, (Slice(Binary("+", a, whole(1))),))),
        ("f()", Call("f", ())),
        ("f(a, b,)", Call("f", (a, b))),
        ("f (a, k=b, l=c)", Call("f", (a,), (("k", b), ("l", c)))),
        (
            "f(g(a), k=g(k=-b))",
            Call("f", (Call("g", (a,)),), (("k", Call("g", (), (("k", Unary("-", b)),))),)),
        ),
        ('f(a, reduction="sum")', Call("f", (a,), (("reduction", Text("sum")),))),
        ("f('')", Call("f", (Text(""),))),
        ("lambda", Name("lambda")),
        ("True", Name("True")),
        ("notx", Name("notx")),
        ("T", Name("T")),
        (" a\t+\n b\u00a0", Binary("+", a, b)),
    ],
)
def test_tree(text: str, tree: Tree) -> None:
    assert parse_expression(text) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", Fraction(3)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("0.15", Fraction(3, 20)),
        ("1e-3", Fraction(1, 1000)),
        ("1.5E+2", Fraction(150)),
        ("5.e1", Fraction(50)),
        ("007", Fraction(7)),
        ("0e999999999", Fraction(0)),
        ("1e0000000002", Fraction(100)),
    ],
)
def test_numbers_are_read_exactly(text: str, value: Fraction) -> None:
    assert parse_expression(text) == Number(value, text)


def test_names_are_compared_in_nfc_and_keep_their_place() -> None:
    text = "e\u0301te\u0301*x"
    tree = parse_expression(text)
    assert isinstance(tree, Binary)
    assert tree.left == Name("été")
    assert tree.left.span == (0, 5)


def test_names_are_not_compared_in_nfkc() -> None:
    assert parse_expression("ﬁ") != parse_expression("fi")


@pytest.mark.parametrize("name", ["λ", "вес", "權重", "x1", "_", "w_13", "नाम", "ʰ"])
def test_names_in_any_script(name: str) -> None:
    assert parse_expression(name) == Name(unicodedata.normalize("NFC", name))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a + (b - c)*2", ["a + (b - c)*2", "a", "(b - c)*2", "b - c", "b", "c", "2"]),
        (
            "-f(a, k=b)[0, 1:].T",
            ["-f(a, k=b)[0, 1:].T", "f(a, k=b)[0, 1:].T", "f(a, k=b)[0, 1:]", "f(a, k=b)"],
        ),
        ("x[(a):b:c ]", ["x[(a):b:c ]", "x", "(a):b:c", "a", "b", "c"]),
        ("f('t', (a, b))", ["f('t', (a, b))", "'t'", "(a, b)", "a", "b"]),
    ],
)
def test_every_part_knows_its_place(text: str, parts: list[str]) -> None:
    found = [text[slice(*node.span)] for node in walk(parse_expression(text))]
    assert found[: len(parts)] == parts


def test_a_call_knows_the_place_of_its_name() -> None:
    tree = parse_expression("2*sigmoid(x)")
    assert isinstance(tree, Binary)
    assert isinstance(tree.right, Call)
    assert tree.right.name_span == (2, 9)


def test_an_equation_names_what_it_computes() -> None:
    text = " h1 , c1 = lstm_cell(x, h=h0)"
    names, tree = parse_equation(text)
    assert [(name, text[slice(*span)]) for name, span in names] == [("h1", "h1"), ("c1", "c1")]
    assert text[slice(*tree.span)] == "lstm_cell(x, h=h0)"


def test_an_equation_may_compare_and_name_settings_on_its_right() -> None:
    equation = parse_equation("mask = f(x, axis=0) == 1")
    assert equation.names[0].name == "mask"
    assert to_text(equation.tree) == "f(x, axis=0) == 1"


# Limits


def refused(text: str) -> LanguageError:
    with pytest.raises(LanguageError) as caught:
        parse_expression(text)
    return caught.value


@pytest.mark.parametrize("bracket", ["(", "[", "f(", "x[", "-(", "not (", "a**("])
def test_deep_brackets_are_refused_at_the_first_one_too_many(bracket: str) -> None:
    error = refused(bracket * 4_000)
    assert (error.code, error.message) == ("E113", "more than 100 brackets are open here")
    assert error.span[0] == bracket.index(bracket[-1]) + MAX_DEPTH * len(bracket)


@pytest.mark.parametrize("sign", ["-", "+", "not ", "a**", "a+", "a.T*", "a@"])
def test_high_trees_are_refused(sign: str) -> None:
    error = refused(sign * 4_000 + "a")
    assert (error.code, error.message) == ("E113", f"the formula is more than {MAX_HEIGHT} operations deep")


@pytest.mark.parametrize("postfix", [".T", "[0]"])
def test_long_chains_of_postfixes_are_refused(postfix: str) -> None:
    assert refused("a" + postfix * 4_000).message == f"the formula is more than {MAX_HEIGHT} operations deep"


def test_as_many_brackets_as_allowed_are_read() -> None:
    depth = MAX_DEPTH
    assert parse_expression("(" * depth + "a" + ")" * depth) == a


def test_fifty_thousand_brackets_are_too_long_to_look_at() -> None:
    error = refused("(" * 50_000)
    assert error.message == f"a formula of 50,000 characters stands here; {MAX_LENGTH:,} are allowed"
    assert error.help == "split it into several equations"


def test_too_many_nodes_are_refused() -> None:
    error = refused(f"[{'1,' * MAX_NODES}]")
    assert (error.code, error.message) == (
        "E113",
        "the formula has more than 5,000 numbers, names and operators",
    )


def test_a_number_of_ten_thousand_digits_is_refused() -> None:
    error = refused("x + " + "1" * 10_000)
    assert (error.code, error.message) == ("E304", "a number of 10,000 digits stands here; 400 are allowed")
    assert error.span == (4, 10_004)


def test_a_number_of_as_many_digits_as_allowed_is_read() -> None:
    text = "0." + "3" * (MAX_DIGITS - 1)
    assert parse_expression(text) == Number(Fraction(text), text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1e999999999", "`1e999999999` is too large for a float64"),
        ("1e1001", "`1e1001` is too large for a float64"),
        ("2.5e-99999999999999999999", "`2.5e-99999999999999999999` is too close to 0 for a float64"),
    ],
)
def test_exponents_are_capped_before_the_number_is_computed(text: str, message: str) -> None:
    error = refused(text)
    assert (error.code, error.message) == ("E304", message)


def calls_made(text: str) -> int:
    """How many Python functions run while a text is read, printed and typeset."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        tree = parse_expression(text)
        to_text(tree)
        to_latex(tree)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("entry", ["a*x[1]**2, ", "f(-x.T, k='s'), ", "[1, (2 + b)], "])
def test_work_grows_with_the_length_of_the_text(entry: str) -> None:
    once, twice, thrice = (calls_made(f"[{entry * n}]") for n in (100, 200, 300))
    assert twice - once == pytest.approx(thrice - twice, rel=0.01)


# Whatever comes in

WORDS = [
    "a",
    "x1",
    "not",
    "and",
    "or",
    "f(",
    "sqrt(",
    "exp(",
    "log(",
    "inf",
    "2",
    ".5",
    "1e9",
    "9**9",
    "λ",
    "\u0301",
]
MARKS = [
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "=",
    "==",
    "<",
    "**",
    "*",
    "/",
    "@",
    "-",
    "+",
    " ",
    ".T",
    ".",
    '"',
    "'",
    "²",
    "^",
]
formulas = st.lists(st.sampled_from(WORDS + MARKS), max_size=30).map("".join)
bytes_as_text = st.binary().map(lambda raw: raw.decode("latin-1"))
KNOWN: dict[str, Fraction | float] = {"a": Fraction(1, 3), "x1": 0.1}


def is_about(error: LanguageError, text: str) -> bool:
    """Whether the error says something, and points into the text."""
    return bool(error.message) and 0 <= error.span[0] <= error.span[1] <= len(text)


@given(st.text() | formulas | bytes_as_text)
def test_nothing_but_a_language_error_escapes(text: str) -> None:
    problem = None
    try:
        tree = parse_expression(text)
        assert parse_expression(to_text(tree)) == tree
        assert to_latex(tree)
        evaluate_constant(tree, KNOWN.get, allow_infinite=True)
    except LanguageError as error:
        problem = error
    assert problem is None or is_about(problem, text)


@given(formulas)
def test_nothing_but_a_language_error_escapes_from_an_equation(right: str) -> None:
    text = f"h, c = {right}"
    problem = None
    try:
        assert to_text(parse_equation(text).tree) == to_text(parse_expression(right))
    except LanguageError as error:
        problem = error
    assert problem is None or is_about(problem, text)


@given(st.text() | formulas)
def test_an_equation_without_names_is_refused(text: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse_equation(f"2 {text}")
    assert is_about(caught.value, f"2 {text}")
