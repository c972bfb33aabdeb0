"""Ways through a tree; and `trees`, the hypothesis strategy of every tree that the parser can make."""

from __future__ import annotations

import unicodedata
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dlcli.language import names_in, parse_expression, substitute, to_text, walk
from dlcli.language.traversal import children, fold, with_children
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

OPERATORS = ["+", "-", "*", "/", "**", "@", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
LETTERS = st.characters(categories=["Lu", "Ll", "Lo"], include_characters="_", max_codepoint=0x3FFF)
MARKS = st.characters(categories=["Lu", "Ll", "Nd", "Mn"], include_characters="_", max_codepoint=0x3FFF)


@st.composite
def words(draw: st.DrawFn) -> str:
    """A name in NFC: a letter, then letters, digits and accents."""
    known = ["x", "w13", "W_h", "lambda", "T", "e", "pi", "mean", "if", "e3", "delta_in3"]
    any_script = st.builds(str.__add__, LETTERS, st.text(MARKS, max_size=4))
    name = unicodedata.normalize("NFC", draw(st.sampled_from(known) | any_script))
    return name if name not in ("and", "or", "not") else f"{name}_"


@st.composite
def numerals(draw: st.DrawFn) -> str:
    """Digits as they may be written: 3, 0.15, .5, 5., 1e-3."""
    digits = st.text("0123456789", min_size=1, max_size=5)
    whole = draw(digits)
    mantissa = draw(st.sampled_from([whole, f"{whole}.", f".{whole}", f"{whole}.{draw(digits)}"]))
    exponent = draw(st.sampled_from(["", "", "e7", "E-12", "e+03"]))
    return mantissa + exponent


def number(text: str) -> Number:
    return Number(Fraction(text), text)


leaves: st.SearchStrategy[Tree] = st.one_of(
    numerals().map(number),
    words().map(Name),
    st.sampled_from(["sum", "", "it's", 'a "b"', "x + {1}"]).map(Text),
)


def _above(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(parts, max_size=3).map(tuple)
    bound = st.none() | parts
    item = parts | st.builds(Slice, bound, bound, bound)
    keywords = st.lists(st.tuples(words(), parts), max_size=2).map(lambda pairs: tuple(dict(pairs).items()))
    return st.one_of(
        st.builds(Unary, st.sampled_from(["-", "+", "not"]), parts),
        st.builds(Binary, st.sampled_from(OPERATORS), parts, parts),
        st.builds(Call, words(), several, keywords),
        st.builds(Index, parts, st.lists(item, min_size=1, max_size=3).map(tuple)),
        st.builds(Transpose, parts),
        st.builds(Sequence, several),
    )


trees: st.SearchStrategy[Tree] = st.recursive(leaves, _above, max_leaves=25)

EXAMPLE = parse_expression("f(a + b[0, 1:n], axis=-c).T @ [d, (2, not e)]")


def test_names_come_in_the_order_of_the_text_and_without_those_of_calls() -> None:
    assert [name.name for name in names_in(EXAMPLE)] == ["a", "b", "n", "c", "d", "e"]


def test_names_keep_their_places() -> None:
    text = "f(x) + yhat*x"
    assert [text[slice(*name.span)] for name in names_in(parse_expression(text))] == ["x", "yhat", "x"]


def test_walk_gives_each_node_before_its_parts() -> None:
    found = [type(node).__name__ for node in walk(parse_expression("-x[0].T + f(2)"))]
    assert found == ["Binary", "Unary", "Transpose", "Index", "Name", "Number", "Call", "Number"]


def test_substitute_replaces_all_names_at_once() -> None:
    swapped = substitute(parse_expression("f(x, k=y[x:y])"), {"x": Name("y"), "y": Name("x")})
    assert to_text(swapped) == "f(y, k=x[y:x])"


def test_substitute_puts_brackets_around_what_it_puts_in() -> None:
    assert to_text(substitute(parse_expression("2*q**2"), {"q": parse_expression("x + y")})) == "2*(x + y)**2"


def test_substitute_leaves_names_of_calls_and_settings() -> None:
    tree = parse_expression("mean(x, axis=axis)")
    assert to_text(substitute(tree, {"mean": Name("m"), "axis": Name("k")})) == "mean(x, axis=k)"


def test_substitute_without_a_hit_gives_the_same_tree() -> None:
    assert substitute(EXAMPLE, {"z": Name("y")}) is EXAMPLE


def test_a_sum_of_thousands_of_terms_needs_no_recursion() -> None:
    total: Tree = Name("x0")
    for k in range(1, 20_000):
        total = Binary("+", total, Name(f"x{k}"))
    assert len(names_in(total)) == 20_000
    assert to_text(substitute(total, {"x3": Name("y")})).startswith("x0 + x1 + x2 + y + x4")


@given(trees)
def test_children_and_with_children_belong_together(tree: Tree) -> None:
    marked = tuple(Name(f"part{k}") for k in range(len(children(tree))))
    assert children(with_children(tree, marked)) == marked


@given(trees)
def test_fold_sees_every_node_once(tree: Tree) -> None:
    assert fold(tree, lambda _, below: 1 + sum(below)) == sum(1 for _ in walk(tree))
