"""Trees as text: the layout of the slides, no bracket too many, and nothing lost on the way back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given

from dlcli.language import parse_expression, to_text
from dlcli.language.tree import Binary, Name, Number, Tree
from tests.test_language_trees import trees


@given(trees)
def test_text_is_read_back_as_the_same_tree(tree: Tree) -> None:
    assert parse_expression(to_text(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        "w03 + w13*x1 + w23*x2",
        "x @ W1.T + b1",
        "-x**2",
        "(yhat - y)*a3",
        "a - (b - c)",
        "a/(b*c)",
        "a/b*c",
        "2**-1",
        "a**b**c",
        "(a**b)**c",
        "(-a)**b",
        "-(a*b)",
        "-a*b",
        "a*-b",
        "--x",
        "not a == b",
        "(not a) == b",
        "not not a",
        "(a < b) < c",
        "a < b and c >= d or not e",
        "a and (b or c)",
        "a @ (b @ c)",
        "(a @ b)*c",
        "a*b @ c",
        "(a + b).T",
        "a.T.T",
        "(2).T",
        "2[0]",
        "(-x)[0]",
        "x[:, 1]",
        "x[1:3, ::2, :, 1:, :-1]",
        "f(x)[0].T",
        "softmax(z, axis=-1)",
        'cross_entropy(p, y, reduction="sum")',
        "f('say \"hi\"')",
        "concat([a, b], axis=0)",
        "[[1, 2], [3, 4]]",
        "[]",
        "f()",
        ".5 + 5. + 1e-3 + 1E5",
        "where(x > 0, x, 0.1*x)",
        "lambda*été",
    ],
)
def test_layout(text: str) -> None:
    assert to_text(parse_expression(text)) == text


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("((a))+(b*c)", "a + b*c"),
        ("(a,)", "[a]"),
        ("f( x , k = 1, )", "f(x, k=1)"),
        ("x[ (1) ]", "x[1]"),
        ("a @ b*c", "(a @ b)*c"),
        ("(a)**(-b)", "a**-b"),
        ("a*b\n + c", "a*b + c"),
        ("x[1::]", "x[1:]"),
    ],
)
def test_spaces_and_needless_brackets_are_not_kept(written: str, printed: str) -> None:
    assert to_text(parse_expression(written)) == printed


def test_a_negative_number_made_by_a_program_gets_its_brackets() -> None:
    assert to_text(Binary("**", Number(Fraction(-3), "-3"), Name("k"))) == "(-3)**k"
