"""Random formulas: rewritten by algebra they stay equal, changed they become different, and none is too much."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dlcli.equivalence import equivalent
from dlcli.language.tree import Binary, Call, Name, Number, Tree, Unary
from dlcli.questions.records import Domain

POSITIVE = {name: Domain(low=0.0) for name in "xyz"}
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def number(value: int) -> Tree:
    return Number(Fraction(value), str(value))


leaves = st.one_of(st.sampled_from("xyz").map(Name), st.integers(0, 9).map(number))
TOTAL = ("sin", "cos", "tanh", "sigmoid", "relu", "abs", "softplus", "square")
PARTIAL = ("log", "sqrt", "exp", "reciprocal")


def grown(functions: tuple[str, ...], operators: str, powers: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    def extend(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        return st.one_of(
            st.builds(Binary, st.sampled_from(operators), parts, parts),
            st.builds(lambda a, b: Binary("**", a, b), parts, powers),
            st.builds(lambda f, a: Call(f, (a,)), st.sampled_from(functions), parts),
            st.builds(lambda a: Unary("-", a), parts),
        )

    return st.recursive(leaves, extend, max_leaves=8)


tame = grown(TOTAL, "+-*", st.integers(1, 3).map(number))
wild = grown(TOTAL + PARTIAL, "+-*/", st.one_of(leaves, st.integers(0, 10**12).map(number)))


@st.composite
def rewritten(draw: st.DrawFn, tree: Tree) -> Tree:
    """An equal formula: sums and products turned round or written otherwise, at every level."""
    match tree:
        case Binary(operator=operator, left=left, right=right) if operator != "**":
            a, b = draw(rewritten(left)), draw(rewritten(right))
            rules = {
                "+": [Binary("+", b, a), Binary("-", a, Unary("-", b))],
                "-": [Unary("-", Binary("-", b, a)), Binary("+", Unary("-", b), a)],
                "*": [Binary("*", b, a), Unary("-", Binary("*", Unary("-", a), b))],
            }[operator]
            return draw(st.sampled_from([Binary(operator, a, b), *rules]))
        case Binary(left=left, right=right):
            return Binary("**", draw(rewritten(left)), right)
        case Unary(operand=operand):
            return Binary("*", draw(rewritten(operand)), Unary("-", number(1)))
        case Call(name=name, arguments=(argument,)):
            a = draw(rewritten(argument))
            rules = {
                "tanh": Binary("-", Binary("*", number(2), Call("sigmoid", (Binary("*", number(2), a),))), number(1)),
                "sigmoid": Binary("/", number(1), Binary("+", number(1), Call("exp", (Unary("-", a),)))),
                "relu": Binary("/", Binary("+", a, Call("abs", (a,))), number(2)),
                "abs": Call("max", (a, Unary("-", a))),
                "softplus": Call("log", (Binary("+", number(1), Call("exp", (a,))),)),
                "square": Binary("*", a, a),
                "sin": Unary("-", Call("sin", (Unary("-", a),))),
                "cos": Call("sin", (Binary("+", a, Binary("/", Name("pi"), number(2))),)),
            }
            return draw(st.sampled_from([Call(name, (a,)), rules[name]]))
        case _:
            return tree


@QUICK
@given(st.data())
def test_a_formula_rewritten_by_rules_of_algebra_is_never_different(data: st.DataObject) -> None:
    tree = data.draw(tame)
    judged = equivalent(data.draw(rewritten(tree)), [tree], POSITIVE)
    assert judged.verdict in ("equal", "undecided"), judged
    if judged.verdict == "undecided":
        assert judged.points < 4


@QUICK
@given(tame, st.sampled_from(["1e-30", "x", "x*y", "sin(x)"]))
def test_a_formula_with_a_term_more_is_never_equal(tree: Tree, term: str) -> None:
    from dlcli.language import parse_expression

    more = Binary("+", tree, parse_expression(term))
    assert equivalent(more, [tree], POSITIVE).verdict in ("different", "undecided")


@QUICK
@given(wild, wild)
def test_any_two_formulas_are_judged_and_alike_in_both_orders(a: Tree, b: Tree) -> None:
    one, other = equivalent(a, [b], {}), equivalent(b, [a], {})
    assert one.verdict == other.verdict
    assert (one.counterexample is None) or one.verdict == "different"


def value(tree: Tree, point: dict[str, Fraction]) -> mpmath.mpf:
    """The formula's value by mpmath: written apart from the package."""
    match tree:
        case Number(value=exact):
            return mpmath.mpf(exact.numerator) / exact.denominator
        case Name(name=name):
            at = point.get(name, Fraction(1))  # a symbol that cancels is in no point
            return mpmath.mpf(at.numerator) / at.denominator
        case Unary(operand=operand):
            return -value(operand, point)
        case Binary(operator=operator, left=left, right=right):
            a, b = value(left, point), value(right, point)
            return {"+": a + b, "-": a - b, "*": a * b}[operator] if operator in "+-" or operator == "*" else a**b
        case Call(name=name, arguments=(argument,)):
            x = value(argument, point)
            return {
                "sigmoid": lambda: 1 / (1 + mpmath.exp(-x)),
                "relu": lambda: max(x, mpmath.mpf(0)),
                "softplus": lambda: mpmath.log(1 + mpmath.exp(x)),
                "square": lambda: x * x,
                "abs": lambda: abs(x),
            }.get(name, lambda: getattr(mpmath, name)(x))()
        case _:
            raise AssertionError(tree)


@QUICK
@given(tame, tame)
def test_at_a_counterexample_the_values_are_those_that_are_shown(a: Tree, b: Tree) -> None:
    judged = equivalent(a, [b], POSITIVE)
    assume(judged.counterexample is not None)
    example = judged.counterexample
    assert example is not None
    with mpmath.workdps(120):
        first, second = value(a, dict(example.point)), value(b, dict(example.point))
        assert first != second
        for shown, true in ((example.given, first), (example.expected, second)):
            assert shown is not None
            assert math.isclose(float(shown), float(true), rel_tol=1e-4, abs_tol=1e-300)
