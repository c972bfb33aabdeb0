"""Arithmetic on constants: exact where rational, the nearest float64 always, an error where undefined."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.language import LanguageError, parse_expression, to_text
from dlcli.language.constants import Constant, evaluate_constant, number_tree
from dlcli.language.decimals import FUNCTIONS, pi

KNOWN: dict[str, Fraction | float] = {
    "lambda": Fraction(1, 10),
    "c": math.sqrt(2),
    "e0": Fraction(0),
    "big": math.inf,
}


def constant(text: str, *, allow_infinite: bool = False) -> Constant:
    return evaluate_constant(parse_expression(text), KNOWN.get, allow_infinite=allow_infinite)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.15", Fraction(3, 20)),
        ("-22/7", Fraction(-22, 7)),
        ("1/3 + 1/6", Fraction(1, 2)),
        ("2**-3", Fraction(1, 8)),
        ("(-2)**3", Fraction(-8)),
        ("(-1)**999999999", Fraction(-1)),
        ("0**0", Fraction(1)),
        ("0**5", Fraction(0)),
        ("sqrt(4)", Fraction(2)),
        ("sqrt(9/16)", Fraction(3, 4)),
        ("sqrt(0)", Fraction(0)),
        ("4**0.5", Fraction(2)),
        ("27**(-2/3)", Fraction(1, 9)),
        ("abs(-2/3)", Fraction(2, 3)),
        ("exp(0)", Fraction(1)),
        ("log(1)", Fraction(0)),
        ("ln(1)", Fraction(0)),
        ("sin(0) + cos(0) + tanh(0)", Fraction(1)),
        ("1e200*1e200/1e399", Fraction(10)),
        ("0*c", Fraction(0)),
        ("+lambda", Fraction(1, 10)),
        ("-lambda*3", Fraction(-3, 10)),
        ("0.99**1000", Fraction(99, 100) ** 1000),
    ],
)
def test_rational_constants_are_exact(text: str, exact: Fraction) -> None:
    assert constant(text) == Constant(float(exact), exact)


@pytest.mark.parametrize(
    ("text", "value", "closed"),
    [
        ("pi/4", math.pi / 4, "pi/4"),
        ("e", math.e, "e"),
        ("exp(1)", math.e, "exp(1)"),
        ("sqrt(2)", 1.4142135623730951, "sqrt(2)"),
        ("2**0.5", 1.4142135623730951, "2**0.5"),
        ("ln(10)", 2.302585092994046, "ln(10)"),
        ("-pi*(1/2 + 1/3)", -2.6179938779914944, "-pi*(5/6)"),
        ("lambda*pi", 0.3141592653589793, "1/10*pi"),
        ("sqrt(2)**2", 2.0, "sqrt(2)**2"),
        ("sqrt(2)*sqrt(2) - 2", 0.0, "sqrt(2)*sqrt(2) - 2"),
        ("sin(pi)", 0.0, "sin(pi)"),
        ("cos(pi/2)", 0.0, "cos(pi/2)"),
        ("cos(pi/3)", 0.5, "cos(pi/3)"),
        ("log(exp(3))", 3.0, "log(exp(3))"),
        ("abs(-pi)", math.pi, "abs(-pi)"),
        ("tanh(1e-30)", 1e-30, "tanh(1e-30)"),
        ("tanh(-400)", -1.0, "tanh(-400)"),
        ("sin(1e22)", -0.8522008497671888, "sin(1e22)"),
        ("1 + exp(-40)", 1.0, "1 + exp(-40)"),
    ],
)
def test_closed_forms_are_kept(text: str, value: float, closed: str) -> None:
    found = constant(text)
    assert found.value == value
    assert found.exact is not None
    assert not isinstance(found.exact, Fraction)
    assert to_text(found.exact) == closed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("c + 1", 2.414213562373095),
        ("0.999**10000", 4.517334597704865e-05),
        ("(1 + 1e-9)**1e9", 2.7182818270999043),
        ("(1 + 1/1000000007)**(1000000007/2)", 1.648721270287948),
        ("(pi/3)**2000", 1.140869445052344e40),
    ],
)
def test_what_is_inexact_or_too_long_has_a_value_only(text: str, value: float) -> None:
    found = constant(text)
    assert found.exact is None
    assert found.value == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inf", Constant(math.inf, parse_expression("inf"))),
        ("-inf", Constant(-math.inf, parse_expression("-inf"))),
        ("1 - 2*inf", Constant(-math.inf, parse_expression("-inf"))),
        ("sqrt(inf)", Constant(math.inf, parse_expression("inf"))),
        ("1/inf", Constant(0.0, Fraction(0))),
        ("pi/-inf", Constant(0.0, Fraction(0))),
        ("exp(-inf)", Constant(0.0, Fraction(0))),
        ("tanh(-inf)", Constant(-1.0, Fraction(-1))),
        ("abs(-big)", Constant(math.inf, parse_expression("inf"))),
    ],
)
def test_infinity_where_it_is_allowed(text: str, expected: Constant) -> None:
    assert constant(text, allow_infinite=True) == expected


def test_names_of_the_file_hide_pi_and_e() -> None:
    tree = parse_expression("pi + e")
    assert evaluate_constant(tree, {"pi": Fraction(3), "e": Fraction(1)}.get).exact == Fraction(4)


TOO_LARGE = "the largest is about 1.8e308"
TOO_SMALL = "the smallest is about 5e-324; write 0 if you mean 0"
DIVISOR = "a divisor must not be 0"
FINITE = "write a finite number; only `constants` may hold inf, for masks"


@pytest.mark.parametrize(
    ("text", "code", "message", "marked", "help"),
    [
        ("1 + 1/0", "E303", "`1/0` divides by zero", "1/0", DIVISOR),
        ("2/e0", "E303", "`2/e0` divides by zero", "2/e0", DIVISOR),
        ("1/(sqrt(2)**2 - 2)", "E303", "`1/(sqrt(2)**2 - 2)` divides by zero", "1/(sqrt(2)**2 - 2)", DIVISOR),
        ("0**-1", "E303", "`0**-1` divides by zero", "0**-1", DIVISOR),
        ("2*log(-1)", "E307", "`log(-1)` is not a real number", "log(-1)", "log takes positive numbers"),
        ("ln(0)", "E307", "`ln(0)` is minus infinity", "ln(0)", "ln takes positive numbers"),
        ("sqrt(-1)", "E307", "`sqrt(-1)` is not a real number", "sqrt(-1)", "sqrt takes numbers from 0 on"),
        (
            "(-8)**(1/3)",
            "E307",
            "`(-8)**(1/3)` raises a negative number to a power that is not whole",
            "(-8)**(1/3)",
            "write the number that you mean",
        ),
        ("sin(big)", "E307", "`sin(big)` has no value", "sin(big)", "sin takes finite numbers"),
        ("1e400", "E304", "`1e400` is too large for a float64", "1e400", TOO_LARGE),
        ("exp(1000)", "E304", "`exp(1000)` is too large for a float64", "exp(1000)", TOO_LARGE),
        ("9**9**9", "E304", "`9**9**9` is too large for a float64", "9**9**9", TOO_LARGE),
        ("9**9**9**9", "E304", "`9**9**9` is too large for a float64", "9**9**9", TOO_LARGE),
        ("-9**(-9**9)", "E304", "`9**-9**9` is too close to 0 for a float64", "9**(-9**9)", TOO_SMALL),
        ("1e-400", "E304", "`1e-400` is too close to 0 for a float64", "1e-400", TOO_SMALL),
        ("exp(-1000)", "E304", "`exp(-1000)` is too close to 0 for a float64", "exp(-1000)", TOO_SMALL),
        ("exp(-1e9)", "E304", "`exp(-1e9)` is too close to 0 for a float64", "exp(-1e9)", TOO_SMALL),
        ("cos(1e900)", "E304", "`cos(1e900)` is too large for a float64", "cos(1e900)", TOO_LARGE),
        (
            "big - big",
            "E303",
            "`big - big` is undefined",
            "big - big",
            "inf - inf, 0*inf and inf/inf have no value",
        ),
        ("0*big", "E303", "`0*big` is undefined", "0*big", "inf - inf, 0*inf and inf/inf have no value"),
        ("2**inf", "E303", "`2**inf` is a power with inf", "2**inf", "write the number that you mean"),
        ("2*rate", "E103", "unknown name `rate`", "rate", "a constant is made of numbers, pi and e"),
        ("Pi/2", "E103", "unknown name `Pi`", "Pi", "did you mean 'pi'?"),
        ("True", "E301", "`True` is not a number", "True", "write 1 for true and 0 for false"),
        (
            "1 < 2",
            "E301",
            "`1 < 2` is not a number",
            "1 < 2",
            "a constant is made of numbers, pi, e and + - * / **",
        ),
        ("2*[1, 2]", "E301", "a list stands where a single number belongs", "[1, 2]", "write one number"),
        (
            "'pi'",
            "E301",
            'the text "pi" stands where a number belongs',
            "'pi'",
            "write the number without quotes",
        ),
        ("sqt(2)", "E301", "`sqt(…)` is no constant", "sqt", "did you mean 'sqrt'?"),
        (
            "relu(2)",
            "E301",
            "`relu(…)` is no constant",
            "relu",
            "functions of constants: sqrt, exp, log, ln, sin, cos, tanh, abs",
        ),
        (
            "sqrt(1, 2)",
            "E301",
            "`sqrt` takes one number here, but 2 values came",
            "sqrt(1, 2)",
            "write `sqrt(2)`",
        ),
        ("exp(x=1)", "E301", "`exp` takes one number here, but a setting came", "exp(x=1)", "write `exp(2)`"),
    ],
)
def test_constants_without_a_value(text: str, code: str, message: str, marked: str, help: str) -> None:
    with pytest.raises(LanguageError) as caught:
        constant(text, allow_infinite=True)
    error = caught.value
    assert (error.code, error.message, error.help) == (code, message, help)
    assert text[slice(*error.span)] == marked


@pytest.mark.parametrize(
    ("text", "message"), [("1 + inf", "`inf` cannot stand here"), ("2*big", "`big` is not finite")]
)
def test_infinity_where_it_is_not_allowed(text: str, message: str) -> None:
    with pytest.raises(LanguageError) as caught:
        constant(text)
    assert (caught.value.code, caught.value.message, caught.value.help) == ("E303", message, FINITE)


finite = st.fractions(min_value=-40, max_value=40, max_denominator=10**6)


@given(finite, st.sampled_from(sorted(FUNCTIONS)))
def test_functions_give_the_nearest_float(x: Fraction, name: str) -> None:
    with mpmath.workdps(80):
        argument = mpmath.mpf(x.numerator) / x.denominator
        if name in ("sqrt", "log", "ln") and argument <= 0:
            return
        oracle = {"ln": mpmath.log, "abs": abs}.get(name) or getattr(mpmath, name)
        expected = float(oracle(argument))
    tree = parse_expression(f"{name}(x)")
    assert evaluate_constant(tree, {"x": x}.get).value == expected


@given(finite, finite.filter(bool))
def test_arithmetic_gives_the_nearest_float(x: Fraction, y: Fraction) -> None:
    known: dict[str, Fraction | float] = {"x": x, "y": y}
    tree = parse_expression("(x - pi)*y + e**x/y")
    with mpmath.workdps(80):
        p, q = (mpmath.mpf(number.numerator) / number.denominator for number in (x, y))
        expected = float((p - mpmath.pi) * q + mpmath.exp(p) / q)
    assert evaluate_constant(tree, known.get).value == expected


@given(st.fractions())
def test_a_number_and_its_tree_are_the_same(number: Fraction) -> None:
    tree = number_tree(number)
    assert evaluate_constant(tree, lambda _: None).exact == number
    assert parse_expression(to_text(tree)) == tree


def test_the_digits_do_not_depend_on_the_context_of_the_thread() -> None:
    with localcontext(prec=5), mpmath.workdps(70):
        for name in ("sqrt", "exp", "log", "sin", "cos", "tanh", "abs"):
            found = FUNCTIONS[name](Decimal(7).copy_abs())
            expected = (abs if name == "abs" else getattr(mpmath, name))(mpmath.mpf(7))
            assert abs(mpmath.mpf(str(found)) - expected) <= mpmath.mpf(10) ** -55 * abs(expected)
        assert abs(mpmath.mpf(str(pi())) - mpmath.pi) < mpmath.mpf(10) ** -58
