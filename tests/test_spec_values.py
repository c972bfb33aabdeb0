"""Numbers, arrays, draws and names in the four sections: values, exact values, and every refusal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dlcli.errors import Diagnostic, HomeworkError, Source
from dlcli.language.tree import Name
from dlcli.spec import load
from dlcli.spec.numbers import MAX_EXACT
from dlcli.spec.records import Declaration, Value


def declared(text: str) -> dict[str, Declaration]:
    return dict(load(Source("h.yaml", f"{text}\nloss: x\n"), None).declarations)


def value(text: str, section: str = "inputs") -> Value:
    found = declared(f"{section}:\n  x: {text}")["x"].value
    assert found is not None
    return found


def errors(text: str) -> list[Diagnostic]:
    with pytest.raises(HomeworkError) as caught:
        load(Source("h.yaml", f"{text}\nloss: x\n"), None)
    for found in caught.value.diagnostics:
        assert found.help or found.code.startswith("E11")
    return list(caught.value.diagnostics)


def error(text: str) -> Diagnostic:
    (found,) = errors(text)
    return found


def caret(found: Diagnostic) -> str:
    assert found.place is not None
    return found.place.source.text[found.place.start : found.place.end]


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.15", Fraction(3, 20)),
        ("-3", Fraction(-3)),
        ("+4", Fraction(4)),
        ("1e-3", Fraction(1, 1000)),
        ("5.", Fraction(5)),
        (".5", Fraction(1, 2)),
        ("007", Fraction(7)),
        ("0x1F", Fraction(31)),
        ("0o17", Fraction(15)),
        ("1/3", Fraction(1, 3)),
        ("-22/7", Fraction(-22, 7)),
        ("'0.1'", Fraction(1, 10)),
        ("0e999999999999", Fraction(0)),
        ("-0.0", Fraction(0)),
        ("1.7976931348623157e308", Fraction(17976931348623157 * 10**292)),
        ("5e-324", Fraction(5, 10**324)),
        ("0." + "1" * 900, Fraction(int("1" * 900), 10**900)),
    ],
)
def test_scalars_are_exact_and_the_nearest_float(text: str, exact: Fraction) -> None:
    found = value(text)
    assert found.exact == exact
    assert found.array.shape == ()
    assert float(found.array) == float(exact)
    assert (found.origin, found.array.flags.writeable) == ("written", False)


def test_arrays_read_exponents_exactly() -> None:
    assert value("[1e-3, 2.5E2]").exact == (Fraction(1, 1000), Fraction(250))


def test_irrational_constants_keep_their_formula() -> None:
    found = value("sqrt(2)")
    assert float(found.array) == 2**0.5
    assert not isinstance(found.exact, Fraction)


def test_arrays_mix_digits_and_expressions() -> None:
    found = value("[[1/3, 0x10], [-.5, 2e-1]]")
    assert found.exact == ((Fraction(1, 3), Fraction(16)), (Fraction(-1, 2), Fraction(1, 5)))
    np.testing.assert_array_equal(found.array, [[1 / 3, 16], [-0.5, 0.2]])


def test_three_axes_and_block_lists() -> None:
    found = value("\n    - - [1, 2]\n      - [3, 4]\n    - - [5, 6]\n      - [7, 8]")
    assert found.array.tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert found.exact[1][0] == (Fraction(5), Fraction(6))


@pytest.mark.parametrize(("size", "kept"), [(MAX_EXACT, True), (MAX_EXACT + 1, False)])
def test_exact_values_are_kept_up_to_a_size(size: int, kept: bool) -> None:
    found = value(f"[{', '.join(['0.1'] * size)}]")
    assert (found.exact is not None) == kept
    assert found.array.shape == (size,)
    mixed = value(f"[{', '.join(['0.1'] * (size - 1))}, 1/2]")
    assert (mixed.exact is not None) == kept


def test_masks_may_hold_infinity() -> None:
    assert value("[0, -inf, .inf, -.INF]", "constants").array.tolist() == [0, -np.inf, np.inf, -np.inf]
    assert float(value("inf", "constants").array) == np.inf
    assert value(".inf", "constants").exact == Name("inf")


@pytest.mark.parametrize(
    ("text", "code", "message", "marked"),
    [
        (".nan", "E303", "x is .nan, which is no value", ".nan"),
        ("nan", "E303", "x is nan, which is no value", "nan"),
        ("inf", "E303", "inf", "inf"),
        ("-.inf", "E303", "x is infinite", "-.inf"),
        ("[1, .inf]", "E303", "an entry of x is infinite", ".inf"),
        ("true", "E305", "`true` is a truth value, not a number", "true"),
        ("[1, False]", "E305", "`False` is a truth value, not a number", "False"),
        ("1,5", "E302", "`1,5` has a decimal comma", "1,5"),
        ("'1.000,5'", "E302", "`1.000,5` has a decimal comma", "'1.000,5'"),
        ("no", "E301", "`no` is text; x must be a number", "no"),
        ("three", "E301", "`three` is text; x must be a number", "three"),
        ("hello world", "E301", "`hello world` is not a number", None),
        ("[1, ~]", "E301", "an entry of x must be a number, but nothing stands here", "~"),
        ("2*foo", "E103", "unknown name `foo` in a value", "foo"),
        ("1e400", "E304", "`1e400` is too large for a float64", "1e400"),
        ("[1e400, 2]", "E304", "`1e400` is too large for a float64", "1e400"),
        ("1e999999999", "E304", "`1e999999999` is too large", "1e999999999"),
        ("1e-400", "E304", "`1e-400` is too close to 0 for a float64", "1e-400"),
        ("[1e-999999999]", "E304", "`1e-999999999` is too close to 0", "1e-999999999"),
        ("0x" + "f" * 300, "E304", "is too large for a float64", None),
        ("1" * 10_000, "E304", "a number of 10,000 characters stands here; 1,000 are allowed", "1" * 10_000),
        ("[]", "E206", "x holds an empty list", "[]"),
        ("[[1], []]", "E206", "x holds an empty list", "[]"),
        ("[[1, 2], [3]]", "E205", "x is ragged: a list of 1 entry follows one of 2", "[3]"),
        ("[1, [2]]", "E205", "x has a list where a number belongs", "[2]"),
        ("[[1], 2]", "E205", "x has a number where its first row has a list", "2"),
        ("[[[1], [2]], [3, 4]]", "E205", "x has a number where its first row has a list", "3"),
        ("[[1, 2], [[3], [4]]]", "E205", "x has a list where its first row has a number", "[3]"),
        ("[[1], {a: 1}]", "E205", "x has a mapping where a list of numbers belongs", "{a: 1}"),
        ("[1, {a: 1}]", "E205", "x has a mapping where a number belongs", "{a: 1}"),
        ("{shape: [2, 0]}", "E305", "a size must be a whole number from 1 to 50,000,000, but it is 0", "0"),
        ("{shape: 2.5}", "E305", "a size must be a whole number", "2.5"),
        ("{shape: {a: 1}}", "E203", "a shape is a list of sizes, but a mapping stands here", "{a: 1}"),
        ("{shape: [9999, 9999]}", "E203", "has 99,980,001 numbers, more than 50,000,000", "[9999, 9999]"),
        ("{}", "E107", "the value of x is an empty mapping", "{}"),
        ("{init: zeros}", "E107", "x has an initialiser, but no shape", "{init: zeros}"),
        ("{shape: 2, init: xavier}", "E123", "unknown initialiser `xavier`", "xavier"),
        ("{shape: 2, init: [a]}", "E123", "unknown initialiser a list", "[a]"),
        (
            "{shape: 2, init: he_normal, std: 1}",
            "E124",
            "`std` means nothing with the initialiser he_normal",
            "std",
        ),
        ("{shape: 2, seed: 1}", "E124", "`seed` means nothing without `init`", "seed"),
        ("{shape: 2, init: normal, std: 0}", "E305", "`std` must be positive, but it is 0", "0"),
        ("{shape: 2, init: normal, seed: -1}", "E305", "`seed` must be a whole number from 0 to", "-1"),
        ("{shape: 2, init: constant}", "E107", "the initialiser constant needs `value`", None),
        ("{shape: 2, init: uniform, low: 2}", "E305", "empty interval: low is 2 and high is 1", None),
        ("{shap: 2}", "E101", "unknown key `shap` in the value of x", "shap"),
        ("{key: W}", "E107", "the value of x has a `key` but no `file`", "key"),
        ("{file: a.npy, init: zeros}", "E124", "`init` means nothing beside `file`", "init"),
        ("{file: a.npy}", "E321", "a.npy is looked for beside the homework file", "a.npy"),
        ("{file: [a]}", "E122", "`file` is text, but a list stands here", "[a]"),
    ],
    ids=lambda text: repr(text)[:40],
)
def test_what_is_no_value_is_refused(text: str, code: str, message: str, marked: str | None) -> None:
    found = error(f"inputs:\n  x: {text}")
    assert found.code == code
    assert message in found.message
    if marked is not None:
        assert caret(found) == marked


def test_ragged_rows_show_both_lengths_and_places() -> None:
    found = error("inputs: {x: [[1, 2, 3], [4, 5]]}")
    (label,) = found.labels
    assert label.text == "3 entries here"
    assert (label.place.column, found.place and found.place.column) == (14, 25)


def test_division_by_zero_points_into_the_text() -> None:
    found = error("inputs: {x: 1 + 1/0}")
    assert "zero" in found.message
    assert found.code.startswith("E")
    assert caret(found) in ("1/0", "0", "/")


def test_huge_powers_are_refused_quickly() -> None:
    assert error("inputs: {x: 10**10**10}").place is not None
    assert error("inputs: {x: 10**400}").place is not None


def test_quantities_cannot_be_used_in_values() -> None:
    found = error("inputs: {x: 2*y, y: 1}")
    assert found.code == "E301"
    assert found.message == "x uses the quantity `y`, but a value cannot use quantities"
    assert caret(found) == "y"
    assert "uses the quantity `e`" in error("inputs: {x: 2*e}\nweights: {e: 1}").message


def test_misspelt_constants_are_suggested() -> None:
    assert error("inputs: {x: Pi}").help == "did you mean 'pi'?"


def test_every_wrong_entry_is_told() -> None:
    assert [d.code for d in errors("inputs: {x: [a, 1, true, .nan]}")] == ["E301", "E305", "E303"]


def test_drawn_values_follow_the_name_and_the_convention() -> None:
    column = declared("weights: {W: {shape: [2, 3], init: he_normal, seed: 1}}")["W"]
    row = declared("convention: row\nweights: {W: {shape: [3, 2], init: he_normal, seed: 1}}")["W"]
    assert column.value is not None
    assert row.value is not None
    np.testing.assert_array_equal(row.value.array, column.value.array.T)
    assert (column.value.origin, column.value.exact, column.value.array.flags.writeable) == (
        "drawn",
        None,
        False,
    )


@pytest.mark.parametrize(
    ("text", "shape"), [("{shape: [10, 256]}", (10, 256)), ("{shape: 3}", (3,)), ("", ()), ("~", ())]
)
def test_values_may_be_left_open(text: str, shape: tuple[int, ...]) -> None:
    found = declared(f"weights:\n  x: {text}")["x"]
    assert (found.value, found.shape) == (None, shape)


def test_listed_names_are_scalars_left_open() -> None:
    found = declared("inputs: [x, t]\nweights: {w: , b: }\ntargets:")
    assert {name: (d.section, d.value, d.shape) for name, d in found.items()} == {
        "x": ("inputs", None, ()),
        "t": ("inputs", None, ()),
        "w": ("weights", None, ()),
        "b": ("weights", None, ()),
    }


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("inputs: {2x: 1}", "E120", "`2x` starts with a digit, so it is no name"),
        ("inputs: {a b: 1}", "E120", "`a b` is no name: it contains a space"),
        ("inputs: {a-b: 1}", "E120", "`a-b` is no name: it contains `-`"),
        ("inputs: {'': 1}", "E120", "a name is missing here"),
        ("inputs: [x, 3]", "E120", "`3` starts with a digit"),
        ("inputs: [[x]]", "E122", "`inputs` lists names, but a list stands here"),
        ("inputs: abc", "E122", "`inputs` takes names with values, but text stands here"),
        ("inputs:\n  x1:-3", "E016", "`x1:-3` has no space after the colon"),
        ("inputs:\n  x1:-3\n  x2:5", "E016", "`x1:-3` has no space after the colon"),
    ],
)
def test_what_is_no_name_is_refused(text: str, code: str, message: str) -> None:
    found = error(text)
    assert found.code == code
    assert message in found.message


@pytest.mark.parametrize("name", ["grad", "jacobian", "hessian", "step", "shape", "size", "count", "parameters"])
def test_reserved_names_are_refused(name: str) -> None:
    found = error(f"inputs: {{{name}: 1}}")
    assert (found.code, found.message) == ("E121", f"the name `{name}` is reserved for questions")
    assert found.help == f"choose another name, such as `{name}_1`"


@pytest.mark.parametrize(
    "name",
    [
        "lambda",
        "\u03b8",
        "\u0938\u094d\u0925\u093f\u0924\u093f",
        "\u6b0a\u91cd",
        "_x",
        "none",
        "x\u0301",
        "class",
    ],
)
def test_names_of_every_script_are_taken(name: str) -> None:
    assert len(declared(f"inputs: {{{name}: 1}}")) == 1


def test_names_are_compared_in_normal_form() -> None:
    found = error("inputs: {e\u0301: 1}\nweights: {\u00e9: 2}")
    assert (found.code, found.message) == (
        "E104",
        "`\u00e9` is declared twice: it stands under `inputs` already",
    )
    (label,) = found.labels
    assert (label.place.line, label.text) == (1, "declared here first")


def test_compatible_letters_are_different_names() -> None:
    assert len(declared("inputs: {\ufb01: 1, fi: 2}")) == 2


def test_listed_name_given_twice_is_refused() -> None:
    assert error("inputs: [x, x]").message == "`x` is declared twice: it stands under the same list already"
