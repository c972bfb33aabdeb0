"""Trees of the expression language put together with the simplifications that a person would make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from dlcli.engines.symbolic.scalars import RELATIONS
from dlcli.language.tree import Binary, Call, Name, Number, Tree, Unary
from dlcli.language.tree import Sequence as List

WORDS = RELATIONS | {sp.And: "and", sp.Or: "or"}


def from_sympy(expression: object, symbols: Mapping[object, Tree]) -> Tree:
    """A SymPy expression as a tree of the language."""
    e: sp.Basic = expression
    if e in symbols:
        return symbols[e]
    if e.is_Rational:
        return number_tree(Fraction(int(e.p), int(e.q)))
    if e.is_Add:
        return sum_of([from_sympy(a, symbols) for a in e.args])
    if e.is_Mul:
        if e.could_extract_minus_sign():
            return negated(from_sympy(-e, symbols))
        number, rest = e.as_coeff_Mul()
        top, bottom = sp.fraction(rest)
        factors = [from_sympy(a, symbols) for a in sp.Mul.make_args(top)]
        tree = (
            number_tree(Fraction(int(number.p), int(number.q))) if number.is_Rational else from_sympy(number, symbols)
        )
        for factor in factors:
            tree = product(tree, factor)
        return tree if bottom == 1 else Binary("/", tree, from_sympy(bottom, symbols))
    if e.is_Pow and not isinstance(e, sp.exp):
        base, exponent = e.args
        if exponent.is_Rational and exponent < 0:
            return Binary("/", number_tree(1), from_sympy(base**-exponent, symbols))
        if exponent == sp.S.Half:
            return Call("sqrt", (from_sympy(base, symbols),))
        return Binary("**", from_sympy(base, symbols), from_sympy(exponent, symbols))
    if isinstance(e, sp.Piecewise):
        *pieces, last = e.args
        tree = from_sympy(last[0], symbols)
        for piece, condition in reversed(pieces):
            if condition.atoms(sp.Eq) and not condition.atoms(sp.core.relational._Inequality):
                continue  # a single point, the convention there
            tree = Call("where", (from_sympy(condition, symbols), from_sympy(piece, symbols), tree))
        return tree
    if type(e) in WORDS:
        left, right = (from_sympy(a, symbols) for a in e.args[:2])
        return Binary(WORDS[type(e)], left, right)
    if e.is_Atom:
        return Name(str(e))
    return Call(type(e).__name__.lower(), tuple(from_sympy(a, symbols) for a in e.args))


def literal_tree(exact: Any) -> Tree:
    """A constant of a formula, or a list of them, as a tree."""
    if isinstance(exact, tuple):
        return List(tuple(literal_tree(part) for part in exact))
    return number_tree(exact) if isinstance(exact, Fraction) else exact


def number_tree(value: Fraction | float) -> Tree:
    """A number as a tree; what is negative or no decimal as the arithmetic that gives it."""
    if isinstance(value, float):
        value = Fraction(repr(value))
    if value < 0:
        return Unary("-", number_tree(-value))
    value = Fraction(value)
    if value.denominator == 1:
        return Number(value, str(value.numerator))
    if Fraction(repr(float(value))) == value:
        return Number(value, repr(float(value)))
    return Binary("/", number_tree(Fraction(value.numerator)), number_tree(Fraction(value.denominator)))


def is_number(tree: Tree, value: int) -> bool:
    """Whether the tree is this number."""
    return isinstance(tree, Number) and tree.value == value


def negated(tree: Tree) -> Tree:
    """The tree with the other sign."""
    return tree.operand if isinstance(tree, Unary) and tree.operator == "-" else Unary("-", tree)


def _place_in_sum(tree: Tree) -> tuple[bool, bool]:
    """What is subtracted stands last, and numbers behind names."""
    minus = isinstance(tree, Unary) and tree.operator == "-"
    return minus, isinstance(tree.operand if isinstance(tree, Unary) else tree, Number)


def product(a: Tree, b: Tree) -> Tree:
    """a*b, with factors 1, signs and numbers drawn together."""
    if is_number(a, 1):
        return b
    if is_number(b, 1):
        return a
    if isinstance(b, Unary) and b.operator == "-":
        return negated(product(a, b.operand))
    if isinstance(a, Unary) and a.operator == "-":
        return negated(product(a.operand, b))
    if isinstance(b, Number):
        a, b = b, a
    if isinstance(a, Number) and isinstance(b, Number):
        return number_tree(a.value * b.value)
    if isinstance(a, Number) and isinstance(b, Binary) and b.operator == "*" and isinstance(b.left, Number):
        return product(number_tree(a.value * b.left.value), b.right)
    if isinstance(b, Binary) and b.operator == "/" and is_number(b.left, 1):
        return Binary("/", a, b.right)
    if isinstance(a, Binary) and a.operator == "/" and is_number(a.left, 1):
        return Binary("/", b, a.right)
    return Binary("*", a, b)


def sum_of(parts: Sequence[Tree]) -> Tree:
    """The terms added up: first what is added, then what is subtracted."""
    first, *others = sorted(parts, key=_place_in_sum)
    total = first
    for part in others:
        if isinstance(part, Unary) and part.operator == "-":
            total = Binary("-", total, part.operand)
        else:
            total = Binary("+", total, part)
    return total
