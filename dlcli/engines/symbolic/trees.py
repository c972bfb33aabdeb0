"""Trees of the expression language put together with the simplifications that a person would make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from dlcli.engines.symbolic.scalars import RELATIONS
from dlcli.language import walk
from dlcli.language.tree import Binary, Call, Index, Name, Number, Slice, Transpose, Tree, Unary
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
        factor = _common_factor(e)
        terms = sum_of([from_sympy(a / factor, symbols) for a in e.args])
        return terms if factor == 1 else product(number_tree(Fraction(int(factor.p), int(factor.q))), terms)
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


def _common_factor(added: Any) -> Any:
    """2 of 2*p - 2*y: the number that every term has, up to its sign; 1 where they differ."""
    sizes = {abs(term.as_coeff_Mul()[0]) for term in added.args}
    (size,) = sizes if len(sizes) == 1 else (sp.S.One,)
    return size if size.is_Rational else sp.S.One


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
    if isinstance(a, Number) and isinstance(b, Binary) and b.operator == "*":
        return (
            product(product(a, b.left), b.right)
            if isinstance(b.left, Number)
            else Binary("*", product(a, b.left), b.right)
        )
    if (number := _leading_number(b)) is not None:
        return product(number, product(a, _without_number(b)))
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Binary) and one.operator == "/" and one.right == other:
            return one.left
    if isinstance(b, Binary) and b.operator == "/" and is_number(b.left, 1):
        return Binary("/", a, b.right)
    if isinstance(a, Binary) and a.operator == "/" and is_number(a.left, 1):
        return Binary("/", b, a.right)
    return Binary("*", a, b)


def is_constant(tree: Tree) -> bool:
    """Whether the tree holds no name, so that it is a number, whatever the network's quantities are."""
    return not any(isinstance(part, Name | Call) for part in walk(tree))


def full(tree: Tree, shape: Sequence[int]) -> Tree:
    """A scalar as an array of this shape: `full([3], delta_loss)`, `ones([3])` of 1."""
    if not shape:
        return tree
    ones = is_number(tree, 1)
    return Call("ones", (shape_list(shape),)) if ones else Call("full", (shape_list(shape), tree))


def filled(tree: Tree, shape: Sequence[int]) -> Tree:
    """A number as the array of this shape that it stands for; everything else as it is."""
    return full(tree, shape) if is_constant(tree) else tree


def unfilled(tree: Tree) -> Tree:
    """The scalar, or the smaller array, that a tree repeats; everything else as it is."""
    match tree:
        case Call(name="full", arguments=(_, scalar)):
            return scalar
        case Binary(operator="*", left=left, right=Call(name="ones")):
            return left
    return tree


def integers(numbers: Sequence[int]) -> Tree:
    """One number as itself, several as a list: `axis=0`, `axis=[0, 2, 3]`."""
    return number_tree(numbers[0]) if len(numbers) == 1 else shape_list(numbers)


def shape_list(shape: Sequence[int]) -> List:
    """`[3, 1]`."""
    return List(tuple(number_tree(n) for n in shape))


def transposed(tree: Tree) -> Tree:
    """The transpose of a matrix, taken inside of products and of what is transposed already."""
    match tree:
        case Transpose(operand=operand):
            return operand
        case Unary(operator="-", operand=operand):
            return Unary("-", transposed(operand))
        case Binary(operator="@", left=left, right=right):
            return Binary("@", transposed(right), transposed(left))
        case Binary(operator="+" | "-" | "*" | "/" as operator, left=left, right=right):
            sides = (left, right)
            if all(isinstance(side, Transpose) or is_constant(side) or _turns(side) for side in sides):
                first, second = (side if is_constant(side) else transposed(side) for side in sides)
                return Binary(operator, first, second)
        case Call(name="outer", arguments=arguments):
            return Call("outer", arguments[::-1])
    return Transpose(tree)


def _turns(tree: Tree) -> bool:
    """Whether every quantity of an element-wise formula is transposed already."""
    match tree:
        case Transpose() | Number():
            return True
        case Unary(operator="-", operand=operand):
            return _turns(operand)
        case Binary(operator="+" | "-" | "*" | "/", left=left, right=right):
            return _turns(left) and _turns(right)
    return False


def _leading_number(tree: Tree) -> Number | None:
    """2 of `2*x*y`."""
    while isinstance(tree, Binary) and tree.operator == "*":
        if isinstance(tree.left, Number):
            return tree.left
        tree = tree.left
    return None


def _without_number(tree: Tree) -> Tree:
    """`x*y` of `2*x*y`."""
    assert isinstance(tree, Binary)
    return tree.right if isinstance(tree.left, Number) else Binary("*", _without_number(tree.left), tree.right)


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


def terms_of(tree: Tree) -> tuple[Tree, ...]:
    """What is added up in a sum, from left to right."""
    found: list[Tree] = []
    while isinstance(tree, Binary) and tree.operator == "+":
        found.append(tree.right)
        tree = tree.left
    return (tree, *reversed(found))


def gathered(terms: Sequence[Tree], shape: Sequence[int]) -> Tree | None:
    """`concat([a, b], axis=1)` for `scatter(a, z[:, :2]) + scatter(b, z[:, 2:4])` that fill z, which has this
    shape; `[a, b]` where single entries of a vector fill it; None where they do not fill it once each."""
    pieces: list[tuple[int, int, Tree]] = []
    axis: int | None = None
    for term in terms:
        match term:
            case Call(name="scatter", arguments=(value, Index(operand=Name(), items=(*leading, item)))):
                if any(part != Slice() for part in leading) or axis not in (None, len(leading)):
                    return None
                axis = len(leading)
            case _:
                return None
        match item:
            case Number(value=number):
                pieces.append((int(number), -1, value))
            case Slice(start=Number() | None as start, stop=Number() | None as stop, step=None):
                first = int(start.value) if start else 0
                pieces.append((first, int(stop.value) if stop else shape[axis], value))
            case _:
                return None
    if axis is None or len(pieces) < 2:
        return None
    pieces.sort(key=lambda piece: piece[0])
    values = List(tuple(value for _, _, value in pieces))
    if all(stop == -1 for _, stop, _ in pieces):
        return values if axis == 0 and [first for first, _, _ in pieces] == list(range(shape[0])) else None
    ends = [0, *(stop for _, stop, _ in pieces)]
    if ends[-1] != shape[axis] or [first for first, _, _ in pieces] != ends[:-1]:
        return None
    return Call("concat", (values,), (("axis", number_tree(axis)),) if axis else ())
