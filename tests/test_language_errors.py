"""What the language says about texts that it cannot read: the code, the sentence, the place, the advice."""

from __future__ import annotations

import pytest

from dlcli.language import LanguageError, parse_equation, parse_expression
from dlcli.language.dialect import STRICT

BETWEEN = "write a number, a name or a bracket there"
NAMES = "write one new name before `=`, or several with commas between them: `h, c = …`"
NO_NAME = "this formula has no name: an equation starts with the quantity that it computes"
OWN_NAME = "write `q = …`, with a name of your choice"
COMPARE = "write `==` to compare; a second equation is an item of its own"
COMMA = "write `*` for a product, or a comma between two arguments"


@pytest.mark.parametrize(
    ("text", "code", "message", "marked", "help"),
    [
        ("", "E111", "the formula is empty", "", "write a formula, such as `w*x + b`"),
        (" \n", "E111", "the formula is empty", " \n", "write a formula, such as `w*x + b`"),
        # products and calls
        ("2x", "E111", "an operator is missing between `2` and `x`", "2x", "write `*` for a product: `2*x`"),
        (
            "a b",
            "E111",
            "an operator is missing between `a` and `b`",
            "a b",
            "write `a*b` for a product, or `a(b)` for a call",
        ),
        (
            "sin x",
            "E111",
            "an operator is missing between `sin` and `x`",
            "sin x",
            "write `sin*x` for a product, or `sin(x)` for a call",
        ),
        (
            "2 3",
            "E111",
            "an operator is missing between `2` and `3`",
            "2 3",
            "write one number without spaces, or an operator between two",
        ),
        (
            "(a)(b)",
            "E111",
            "an operator is missing between `)` and `(`",
            ")(",
            "write `*` for a product: `)*(…)`",
        ),
        (
            "(a)b",
            "E111",
            "an operator is missing between `)` and `b`",
            ")b",
            "write `*` for a product: `)*b`",
        ),
        ("a 'b'", "E111", "an operator is missing between `a` and `'b'`", "a 'b'", COMMA),
        (
            "x.T()",
            "E111",
            "an operator is missing between `T` and `(`",
            "T(",
            "write `.T` without brackets, or `*` for a product",
        ),
        ("1.2.3", "E111", "`1.2.3` is no number", "1.2.3", "write digits and one decimal point: `1000.5`"),
        ("1_000", "E111", "`1_000` is no number", "1_000", "write digits and one decimal point: `1000.5`"),
        ("a if b else c", "E111", "`if` is no part of a formula", "if", "write `where(condition, a, b)`"),
        ("a not b", "E111", "`not` cannot follow `a`", "not", "write `a and not b`"),
        ("a == not b", "E111", "`not` cannot follow `==`", "not", "put brackets around it: `(not x)`"),
        # operators
        ("a +", "E111", "nothing follows `+`", "+", "write something after `+`"),
        ("not", "E111", "nothing follows `not`", "not", "write something after `not`"),
        ("* a", "E111", "nothing stands before `*`", "*", "write something before `*`, or delete it"),
        (
            "f(, a)",
            "E111",
            "nothing stands before `,` after `(`",
            ",",
            "write something before `,`, or delete it",
        ),
        ("a * / b", "E111", "something is missing between `*` and `/`", "* /", BETWEEN),
        ("(a +)", "E111", "something is missing between `+` and `)`", "+)", BETWEEN),
        (
            "f(k=)",
            "E111",
            "nothing stands before `)` after `=`",
            ")",
            "write something before `)`, or delete it",
        ),
        ("a < = b", "E111", "`<` and `=` are apart", "< =", "write `<=` without a space"),
        ("a * * b", "E111", "`*` and `*` are apart", "* *", "write `**` without a space"),
        (
            "a < b < c",
            "E111",
            "`<` and `<` compare three values at once",
            "< b <",
            "write two comparisons: `(a < b) and (b < c)`",
        ),
        (
            "not a == b != c",
            "E111",
            "`==` and `!=` compare three values at once",
            "== b !=",
            "write two comparisons: `(a == b) and (b != c)`",
        ),
        ("a = b", "E111", "`=` cannot stand inside a formula", "=", COMPARE),
        (
            "f(a=b=c)",
            "E111",
            "no name of a setting stands before this `=`",
            "=",
            "write a setting as name=value, `axis=0`, and a comparison with `==`",
        ),
        # points, commas, indices
        (
            "x.transpose()",
            "E111",
            "`.transpose` is unknown: only `.T` follows a point",
            ".transpose",
            "write `x.T`",
        ),
        (
            "x.mean()",
            "E111",
            "`.mean` is unknown: only `.T` follows a point",
            ".mean",
            "write a call: `mean(x)`",
        ),
        (
            "x.",
            "E111",
            "a point follows a formula, but no `T` follows the point",
            ".",
            "write `.T` for the transpose, and `@` or `*` for products",
        ),
        ("1,5*x", "E302", "`1,5` has a decimal comma", "1,5", "write a decimal point: `1.5`"),
        ("x*1,5", "E302", "`1,5` has a decimal comma", "1,5", "write a decimal point: `1.5`"),
        (
            "1,500",
            "E302",
            "`1,500` has a decimal comma",
            "1,500",
            "write a decimal point: `1.500`; for thousands write `1500`",
        ),
        ("a, b", "E111", "a comma cannot stand outside brackets", ",", "put a list in brackets: `[a, b]`"),
        ("1, 5", "E111", "a comma cannot stand outside brackets", ",", "put a list in brackets: `[a, b]`"),
        ("x[]", "E111", "`[]` names no entry", "[]", "write an entry, `x[0]`, or a part, `x[:, 1]`"),
        (
            "x[1:2:3:4]",
            "E111",
            "a slice has at most three parts: start:stop:step",
            "1:2:3:",
            "delete the last colon",
        ),
        ("(1:2)", "E111", "an operator is missing between `1` and `:`", "1:", COMMA),
        # settings
        ("f(x, k=1, k=2)", "E116", "the setting `k` is given twice", "k", "delete one of the two"),
        (
            "f(k=1, x)",
            "E116",
            "`x` has no name, but follows a setting with one",
            "x",
            "put it before the named settings, or name it: `axis=0`",
        ),
        # brackets
        ("2*((a)", "E112", "this `(` is never closed", "(", "add `)`"),
        ("f(a", "E112", "this `(` is never closed", "(", "add `)`"),
        ("f(a,", "E112", "this `(` is never closed", "(", "add `)`"),
        ("x[1:", "E112", "this `[` is never closed", "[", "add `]`"),
        ("(a]", "E112", "`]` closes what `(` opened", "]", "write `)` here"),
        ("x[)", "E112", "`)` closes what `[` opened", ")", "write `]` here"),
        ("a)", "E112", "`)` closes nothing", ")", "delete it, or add the bracket that opens"),
        ("]", "E112", "`]` closes nothing", "]", "delete it, or add the bracket that opens"),
        # characters
        ("x^2", "E110", "`^` has no meaning in a formula", "^", "write `**` for a power: `x**2`"),
        ("x − y", "E110", "`−` has no meaning in a formula", "−", "write an ordinary minus sign, `-`"),
        ("a × b", "E110", "`×` has no meaning in a formula", "×", "write `*` for a product: `a*b`"),
        ("a·b", "E110", "`·` has no meaning in a formula", "·", "write `*` for a product: `a*b`"),
        ("f(“sum”)", "E110", "`“` has no meaning in a formula", "“", 'write straight quotes: "sum"'),
        ("x²", "E110", "`²` has no meaning in a formula", "²", "write `**2` for a square: `x**2`"),
        ("x⁵", "E110", "`⁵` has no meaning in a formula", "⁵", "write a power with `**`: `x**5`"),
        (
            "w₃",
            "E110",
            "`₃` has no meaning in a formula",
            "₃",
            "write `3` as part of the name (`x3`), or an index (`x[3]`)",
        ),
        ("a\0b", "E110", "an invisible character (U+0000) stands here", "\0", "delete it"),
        ("a\u200bb", "E110", "an invisible character (U+200B) stands here", "\u200b", "delete it"),
        (
            "x + ٣",
            "E110",
            "`٣` (U+0663) is no digit of a number or name here",
            "٣",
            "write numbers with the digits 0 to 9",
        ),
        (
            "☃",
            "E110",
            "`☃` (U+2603, snowman) has no meaning in a formula",
            "☃",
            "a formula holds numbers, names, calls and the operators + - * / ** @ < <= > >= == != and or not",
        ),
        (
            "f('sum)",
            "E114",
            "this quote (') is never closed",
            "'",
            "close it with the same quote, 'sum'; name a derivative by a word, such as `dz`",
        ),
        (
            'f("a\nb")',
            "E114",
            'this quote (") is never closed',
            '"',
            'close it with the same quote, "sum"; name a derivative by a word, such as `dz`',
        ),
    ],
)
def test_a_formula_that_cannot_be_read(text: str, code: str, message: str, marked: str, help: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse_expression(text)
    error = caught.value
    assert (error.code, error.message, error.help) == (code, message, help)
    assert text[slice(*error.span)] == marked
    assert str(error) == message


@pytest.mark.parametrize(
    ("text", "code", "message", "marked", "help"),
    [
        ("", "E111", "the equation is empty", "", "write an equation, such as `q = x + y`"),
        ("x + y", "E115", NO_NAME, "x + y", OWN_NAME),
        ("f(x, axis=1)", "E115", NO_NAME, "f(x, axis=1)", OWN_NAME),
        ("q == x + y", "E115", "`==` compares, and names nothing", "==", "write a single `=`"),
        ("= x", "E115", "no name stands before `=`", "=", "name what is computed: `q = x + y`"),
        ("2x = y", "E115", "`2x` is no name of a quantity", "2x", NAMES),
        ("h, = f(x)", "E115", "`h,` is no name of a quantity", "h,", NAMES),
        (
            "x[0] = 3",
            "E115",
            "`x[0]` is no name of a quantity",
            "x[0]",
            "an equation computes a whole quantity; put its entries into a list: `x = [a, b]`",
        ),
        ("and = 3", "E115", "`and` is an operator, so it names no quantity", "and", "choose another name"),
        ("q =", "E111", "nothing follows `=`", "=", "write something after `=`"),
        (
            "q = * 2",
            "E111",
            "nothing stands before `*` after `=`",
            "*",
            "write something before `*`, or delete it",
        ),
        ("a = b = c", "E111", "`=` cannot stand inside a formula", "=", COMPARE),
        (
            "q += 2",
            "E110",
            "`+=` has no meaning in a formula",
            "+=",
            "each quantity is computed once: write an equation with a new name, `q2 = q + x`",
        ),
        (
            "q = 2x",
            "E111",
            "an operator is missing between `2` and `x`",
            "2x",
            "write `*` for a product: `2*x`",
        ),
    ],
)
def test_an_equation_that_cannot_be_read(text: str, code: str, message: str, marked: str, help: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse_equation(text)
    error = caught.value
    assert (error.code, error.message, error.help) == (code, message, help)
    assert text[slice(*error.span)] == marked


@pytest.mark.parametrize("written", sorted(STRICT.refused))
def test_every_refused_spelling_comes_with_advice(written: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse_expression(f"a {written} b")
    assert caught.value.code == "E110"
    assert caught.value.message == f"`{written}` has no meaning in a formula"
    assert caught.value.help == STRICT.refused[written]
    assert caught.value.span == (2, 2 + len(written))


def test_the_second_of_two_equal_signs_is_shown() -> None:
    with pytest.raises(LanguageError) as caught:
        parse_equation("a = b = c")
    assert caught.value.span == (6, 7)


def test_long_texts_are_cut_in_messages() -> None:
    with pytest.raises(LanguageError) as caught:
        parse_expression(f"{'a' * 1000} b")
    assert len(caught.value.message) < 100
