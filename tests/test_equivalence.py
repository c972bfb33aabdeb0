"""When two formulas of free symbols are equal, what is said of it, and that no formula is too much."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dlcli.equivalence import Judgement, Limits, equivalent
from dlcli.language import parse_expression
from dlcli.language.tree import Binary, Call, Name, Number, Tree, Unary
from dlcli.questions.domains import NAMED
from dlcli.questions.records import REAL, Domain


def judge(given: str, *accepted: str, **variables: Domain) -> Judgement:
    return equivalent(parse_expression(given), [parse_expression(text) for text in accepted], variables)


def test_a_counterexample_shows_both_values_and_can_hide_the_expected_one() -> None:
    judged = judge("x**2", "x**3", x=Domain(0.0, 1.0))
    example = judged.counterexample
    assert example is not None
    value = float(example.point["x"])
    assert example.at == f"x = {value:.10g}"
    assert example.given == f"{value**2:.5g}"
    assert example.expected == f"{value**3:.5g}"
    assert example.revealed == f"at {example.at} yours is {example.given}, the expected value is {example.expected}"
    assert example.hidden == f"at {example.at} yours is {example.given}, which is not the right value"
    assert example.expected not in example.hidden


def test_a_tiny_difference_is_shown_with_enough_digits_to_see_it() -> None:
    example = judge("x + 1e-12", "x").counterexample
    assert example is not None
    assert (example.given, example.expected) == ("0.613700000001", "0.6137")


def test_constants_have_a_counterexample_without_a_point() -> None:
    example = judge("0.333333", "1/3").counterexample
    assert example is not None
    assert example.revealed == "yours is 0.333333, the expected value is 0.33333333"


def test_a_formula_without_a_value_where_the_right_one_has_one_is_different() -> None:
    example = judge("2*log(x)", "log(x**2)").counterexample
    assert example is not None
    assert example.given is None
    assert float(example.point["x"]) < 0
    assert example.hidden == f"at {example.at} yours has no value, but the right formula has one"


def test_a_formula_with_a_value_where_the_right_one_has_none_is_different() -> None:
    example = judge("log(x**2)", "2*log(x)").counterexample
    assert example is not None
    assert example.expected is None
    assert example.hidden.endswith("but the right formula has no value there")


@pytest.mark.parametrize(
    ("given", "expected", "divisor"),
    [("(x**2 - 1)/(x - 1)", "x + 1", "x - 1"), ("x/x", "1", "x"), ("sin(x)*x/x", "sin(x)", "x")],
)
def test_a_quotient_that_only_lacks_single_points_is_equal_with_a_remark(
    given: str, expected: str, divisor: str
) -> None:
    judged = judge(given, expected)
    assert judged.verdict == "equal"
    assert judged.remarks == (f"yours has no value where {divisor} is 0; there the right formula has one",)


@pytest.mark.parametrize(
    ("given", "expected", "variables"),
    [
        ("exp(x)/(1 + exp(x))", "sigmoid(x)", {}),  # the divisor is positive
        ("1/(2*x)", "1/x/2", {}),  # the right formula divides by x as well
        ("x/x", "1", {"x": NAMED["positive"]}),
    ],
)
def test_a_divisor_that_is_never_0_where_the_right_formula_has_a_value_is_not_remarked(
    given: str, expected: str, variables: dict[str, Domain]
) -> None:
    judged = judge(given, expected, **variables)
    assert (judged.verdict, judged.remarks) == ("equal", ())


def test_a_pole_at_a_whole_number_is_a_remark() -> None:
    judged = judge("sin(pi*n + n)/n", "sin(n)*cos(pi*n)/n + 0*n", n=NAMED["integer"])
    assert judged.verdict == "equal"
    judged = judge("(sin(n)**2 + cos(n)**2)*(n**2 + n)/n", "n + 1", n=NAMED["integer"])
    assert judged.verdict == "equal"
    assert judged.remarks == ("yours has no value where n is 0; there the right formula has one",)


def test_a_logarithm_that_cancels_still_bounds_where_a_formula_has_a_value() -> None:
    assert judge("(x*log(x) + log(x))/log(x)", "x + 1").verdict == "different"
    assert judge("(x*log(x) + log(x))/log(x)", "x + 1", x=NAMED["positive"]).verdict == "equal"


@pytest.mark.parametrize(
    ("given", "expected", "how"),
    [
        ("b + a", "a + b", "it is the same formula"),
        ("(x + y)**2", "x**2 + 2*x*y + y**2", "shown by quotients of polynomials"),
        ("exp(x)/(1 + exp(x))", "1/(1 + exp(-x))", "shown by algebra"),
        ("sin(x)**2 + cos(x)**2", "1", "they agree to 50 digits at 12 points"),
        ("sqrt(2)*sqrt(3)", "sqrt(6)", "they agree to 50 digits"),
    ],
)
def test_what_decided_is_said(given: str, expected: str, how: str) -> None:
    judged = judge(given, expected)
    assert (judged.verdict, judged.how) == ("equal", how)


def test_a_name_that_the_right_formula_lacks_is_named() -> None:
    judged = judge("x + z", "x")
    assert judged.verdict == "different"
    assert "contains `z`" in judged.how
    assert judge("x + z - z", "x").verdict == "equal"
    assert judge("x + 0*z", "x").verdict == "equal"


def test_one_of_several_accepted_formulas_suffices() -> None:
    assert judge("2*x", "x", "x + x").verdict == "equal"
    assert judge("3*x", "x", "x + x").verdict == "different"


def test_a_domain_decides() -> None:
    assert judge("sqrt(x**2)", "x").verdict == "different"
    assert judge("sqrt(x**2)", "x", x=NAMED["positive"]).verdict == "equal"
    assert judge("sqrt(x**2)", "-x", x=NAMED["negative"]).verdict == "equal"
    assert judge("abs(x - 5)", "x - 5", x=Domain(5.0, 6.0)).verdict == "equal"
    assert judge("abs(x - 5)", "x - 5", x=Domain(4.0, 6.0)).verdict == "different"
    assert judge("abs(n)", "n", n=Domain(0.0, integer=True)).verdict == "equal"
    assert judge("n**2", "n", n=Domain(-0.5, 1.5, integer=True)).verdict == "equal"
    assert judge("n**2", "n", n=Domain(-0.5, 2.5, integer=True)).verdict == "different"


def test_a_formula_without_a_value_anywhere_is_undecided() -> None:
    judged = judge("log(-1 - x**2)", "3*log(-1 - x**2)")
    assert (judged.verdict, judged.points) == ("undecided", 0)


def test_a_declared_symbol_may_be_called_as_a_constant_is() -> None:
    assert judge("e**2*pi", "7.389056098930650227230427460575*pi").verdict == "different"
    assert judge("2.718281828459045*e", "e**2").verdict == "different"
    assert judge("exp(1)", "e").verdict == "equal"
    assert judge("exp(1)", "e", e=REAL).verdict == "different"
    assert judge("e*e + pi", "pi + e**2", e=REAL, pi=REAL).how == "it is the same formula"


def test_arrays_are_compared_entry_by_entry() -> None:
    judged = judge("[[a, b], [c, d]]", "[[a, b], [d, c]]")
    assert judged.counterexample is not None
    assert judged.counterexample.entry == "[1, 0]"
    assert "yours[1, 0] is" in judged.counterexample.hidden
    assert judge("[a, b]", "[[a, b]]").how == "the formula gives shape (2,), but shape (1, 2) is asked for"


@pytest.mark.parametrize(
    "given",
    [
        "9**9**9", "exp(exp(exp(50)))", "x**(10**9)", "x**(10**400)", "exp(exp(exp(x)))", "1/0", "0**-1", "0/0",
        "x**x**x**x**x**x", "log(log(log(log(x))))", "1/(x - x)", "sqrt(-1)", "(-8)**(1/3)", "sin(10**300)",
        "exp(-exp(exp(9)))", "(x + y + z + a + b + c + d)**40", "((((x + y)**9 + 1)**9 + 1)**9 + 1)**9",
        "1/(1/(1/(1/(1/(1/x + 1) + 1) + 1) + 1) + 1)", "1e1000*x", "x*1e-1000", "inf", "inf - inf", "inf*0",
        "foo(x)", "relu(x, y, z)", "[x, [y]]", "[]", "x[0]", "[1, 2, 3][7]", "[x, y][x]", "softmax(x, axis=5)",
        "argmax([x, y])", "sum(x, axis=x)", '"text"', "clip(x, 2, 1)", "onehot(x, 3)", "reshape(x, [1000, 1000, 1000])",
        "dropout(x, 0.5)", "[1, 2] @ [1, 2, 3]", "erf(10**30)/2", "x**(1/3)", "(-1)**x",
        "2**2**2**2**2**x",
    ],
)  # fmt: skip
def test_a_hostile_formula_is_judged(given: str) -> None:
    for expected in ("x", "sigmoid(x)", "1"):
        assert judge(given, expected).verdict in ("different", "undecided")
    assert judge(given, given).verdict in ("equal", "undecided")


@pytest.mark.parametrize("given", ["True", "erf(10**30)", "tanh(exp(100))"])
def test_numbers_that_agree_in_more_digits_than_are_compared_are_equal(given: str) -> None:
    assert judge(given, "1").verdict == "equal"


def tower(height: int, wrap: str) -> Tree:
    tree: Tree = Name("x")
    one = Number(Fraction(1), "1")
    for _ in range(height):
        match wrap:
            case "-":
                tree = Unary("-", tree)
            case "+":
                tree = Binary("+", tree, Binary("*", Name("y"), tree))
            case "/":
                tree = Binary("/", one, Binary("+", one, tree))
            case "**":
                tree = Binary("**", tree, Number(Fraction(2), "2"))
            case name:
                tree = Call(name, (tree,))
    return tree


@pytest.mark.parametrize(
    "wrap", ["-", "+", "/", "**", "sin", "exp", "log", "relu", "sigmoid", "tanh", "abs", "softplus"]
)
@pytest.mark.parametrize("height", [20, 200, 3_000])
def test_a_deep_formula_is_judged(wrap: str, height: int) -> None:
    if (wrap, height) == ("+", 3_000):
        height = 12  # it doubles with each level as text, though not as a tree
    deep = tower(height, wrap)
    assert equivalent(deep, [deep], {}).verdict in ("equal", "undecided")
    assert equivalent(deep, [Name("x")], {}).verdict in ("equal", "different", "undecided")


def test_a_limit_that_is_reached_leaves_the_formula_undecided() -> None:
    given, expected = parse_expression("sin(x)**2 + cos(x)**2"), parse_expression("1")
    for limits in (Limits(steps=10), Limits(work=20)):
        assert equivalent(given, [expected], {"x": REAL}, limits).verdict == "undecided"


def test_cancellation_of_hundreds_of_digits_is_seen_through() -> None:
    assert judge("(1 + exp(-300)) - 1", "exp(-300)").verdict == "equal"
    assert judge("log(1 + exp(-x))", "log(1 + exp(-x)) + exp(-400)", x=Domain(100.0, 200.0)).verdict == "different"
    assert judge("1 - cos(x)", "2*sin(x/2)**2", x=Domain(0.0, 1e-60)).verdict == "equal"
    assert judge("1 - cos(x)", "x**2/2", x=Domain(0.0, 1e-20)).verdict == "different"


def test_the_same_pair_gets_the_same_judgement_again() -> None:
    assert judge("sigmoid(x)*x", "x*sigmoid(x)**2") == judge("sigmoid(x)*x", "x*sigmoid(x)**2")
