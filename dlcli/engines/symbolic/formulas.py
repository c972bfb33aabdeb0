"""The chain rule as formulas, equation by equation: dloss/dq = sum over the equations that use q.

`delta_q` stands for dloss/dq of a named quantity; `f'(x)` for the derivative of an activation f at x. Of an
element-wise operation the slope is what SymPy derives from its definition.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from dlcli.engines.symbolic.nodes import inner
from dlcli.engines.symbolic.scalars import definition, differentiate
from dlcli.engines.symbolic.trees import from_sympy, is_number, literal_tree, negated, number_tree, product, sum_of
from dlcli.graph import Graph, Node
from dlcli.language import names_in, substitute, to_text, walk
from dlcli.language.tree import Binary, Call, Name, Number, Transpose, Tree, Unary
from dlcli.language.tree import Sequence as List
from dlcli.ops.operation import Composite, Declared, Elementwise, Shape

OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "matmul": "@",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip
ONE = number_tree(1)
# slopes that are quicker written down than asked of SymPy: (operands, position) -> formula
SLOPES: Mapping[str, Callable[[Sequence[Tree], int], Tree]] = {
    "add": lambda operands, position: ONE,
    "subtract": lambda operands, position: negated(ONE) if position else ONE,
    "negative": lambda operands, position: negated(ONE),
    "multiply": lambda operands, position: operands[1 - position],
    "identity": lambda operands, position: ONE,
}
LONGEST = 1_500  # nodes of a tree up to which an expanded formula is still written out


@dataclass(frozen=True)
class Formulas:
    """gradients: dloss/dq of each q in wrt; deltas: of each intermediate quantity on the way, from the loss down;
    expanded: gradients in inputs, weights and targets alone."""

    gradients: Mapping[str, str]
    deltas: Mapping[str, str]
    expanded: Mapping[str, str]


def formulas(graph: Graph, expand: bool = False) -> Formulas:
    """The formulas of a graph's gradients as texts in the language of the homework file."""
    if graph.loss is None:
        return Formulas({}, {}, {})
    terms: dict[int, list[Tree]] = {}
    literals = {n: literal_tree(e) for n, e in graph.exact.items() if graph.nodes[n].name is None}
    loss_name = graph.loss_name
    for equation in reversed(graph.equations):
        for name, number in zip(equation.names, equation.nodes, strict=True):
            if name == loss_name:
                cotangent: Tree = number_tree(1)
            elif number in terms:
                cotangent = Name(f"delta_{name}")
            else:
                continue
            for operand, part in _through(graph.nodes, literals, number, cotangent).items():
                terms.setdefault(operand, []).append(part)
    by_name = {graph.nodes[n].name: sum_of(parts) for n, parts in terms.items()}
    computed = {name for equation in graph.equations for name in equation.names}
    deltas = {name: to_text(tree) for name, tree in by_name.items() if name in computed and name is not None}
    zero = number_tree(0)
    trees = {name: by_name.get(name, number_tree(1) if name == loss_name else zero) for name in graph.wrt}
    order = [n for equation in reversed(graph.equations) for n in equation.names if n in deltas]
    expanded: dict[str, str] = {}
    if expand:
        expanded = {name: _expanded(tree, graph, by_name) for name, tree in trees.items()}
    return Formulas({n: to_text(t) for n, t in trees.items()}, {n: deltas[n] for n in order}, expanded)


def _through(nodes: Sequence[Node], literals: Mapping[int, Tree], result: int, cotangent: Tree) -> dict[int, Tree]:
    """What reaches each named node or leaf that an equation mentions, from the cotangent of its result."""
    waiting: dict[int, list[Tree]] = {result: [cotangent]}
    found: dict[int, Tree] = {}
    for number in range(result, -1, -1):
        if number not in waiting:
            continue
        node = nodes[number]
        total = sum_of(waiting.pop(number))
        if number != result and (node.name is not None or node.operation is None):
            if node.role != "literal":
                found[number] = total
            continue
        shapes = [nodes[o].shape for o in node.operands]
        trees = [_tree(nodes, literals, o) for o in node.operands]
        for operand, part in zip(node.operands, _adjoint(node, trees, shapes, total), strict=True):
            if part is not None:
                waiting.setdefault(operand, []).append(part)
    return found


def _tree(nodes: Sequence[Node], literals: Mapping[int, Tree], number: int) -> Tree:
    """A node as a formula in names and numbers."""
    node = nodes[number]
    if node.name is not None:
        return Name(node.name)
    if node.operation is None:
        return literals[number]
    return _call(node, [_tree(nodes, literals, o) for o in node.operands])


def _call(node: Node, operands: Sequence[Tree]) -> Tree:
    assert node.operation is not None
    name = node.operation.name
    if name in OPERATORS:
        return Binary(OPERATORS[name], operands[0], operands[1])
    if name == "negative":
        return Unary("-", operands[0])
    if name == "transpose" and len(node.shape) == 2:
        return Transpose(operands[0])
    keywords = []
    for setting in node.operation.settings:
        value = node.settings.get(setting.name, setting.default)
        if isinstance(value, float) and value != setting.default:
            keywords.append((setting.name, number_tree(value)))
    if "axes" in node.settings and math.prod(node.shape) > 1:
        axes = node.settings["axes"]
        keywords.append(("axis", number_tree(axes[0]) if len(axes) == 1 else List(tuple(map(number_tree, axes)))))
    if name in ("reshape", "flatten"):
        return Call("reshape", (operands[0], List(tuple(map(number_tree, node.shape)))))
    return Call(name, (List(tuple(operands)),) if node.operation.variadic else tuple(operands), tuple(keywords))


def _adjoint(node: Node, operands: Sequence[Tree], shapes: Sequence[Shape], cotangent: Tree) -> list[Tree | None]:
    operation = node.operation
    assert operation is not None
    kind = operation.definition
    if isinstance(kind, Declared):
        return [None] * len(operands)
    if operation.name == "matmul":
        return list(_matmul(operands, shapes, cotangent))
    if operation.name == "transpose" and len(node.shape) == 2:
        return [_transposed(cotangent)]
    if operation.name in ("reshape", "flatten"):
        return [Call("reshape", (cotangent, List(tuple(map(number_tree, shapes[0])))))]
    if operation.name in ("sum", "total"):
        return [_spread(cotangent, node, shapes[0])]
    if isinstance(kind, Elementwise):
        slopes = [_slope(node, operands, position) for position in range(len(operands))]
        return [
            None if slope is None else _collected(product(cotangent, slope), node.shape, shape)
            for slope, shape in zip(slopes, shapes, strict=True)
        ]
    if isinstance(kind, Composite) and operation.family != "activations":
        return _inside(node, operands, shapes, cotangent)
    slopes_call = Call(operation.name + "'", tuple(operands))
    if isinstance(kind, Composite):
        return [Binary("@", Transpose(slopes_call), cotangent)]
    return [product(cotangent, slopes_call) for _ in operands]


def _matmul(operands: Sequence[Tree], shapes: Sequence[Shape], g: Tree) -> tuple[Tree, Tree]:
    a, b = operands
    match len(shapes[0]), len(shapes[1]):
        case 1, 1:
            return product(g, b), product(g, a)
        case 1, _:
            return Binary("@", b, g), Call("outer", (a, g))
        case _, 1:
            return Call("outer", (g, b)), Binary("@", _transposed(a), g)
        case _:
            return Binary("@", g, _transposed(b)), Binary("@", _transposed(a), g)


def _transposed(tree: Tree) -> Tree:
    if isinstance(tree, Transpose):
        return tree.operand
    if isinstance(tree, Binary) and tree.operator == "@":
        return Binary("@", _transposed(tree.right), _transposed(tree.left))
    if isinstance(tree, Call) and tree.name == "outer":
        return Call("outer", tree.arguments[::-1])
    return Transpose(tree)


def _spread(cotangent: Tree, node: Node, shape: Shape) -> Tree:
    """The adjoint of a sum: the cotangent, shaped so that it repeats along the summed axes."""
    if node.shape == () or len(node.shape) == len(shape) or is_number(cotangent, 1):
        return cotangent
    axes = {axis % len(shape) for axis in node.settings["axes"]}
    if axes == set(range(len(axes))):
        return cotangent
    kept = tuple(number_tree(1 if axis in axes else n) for axis, n in enumerate(shape))
    return Call("reshape", (cotangent, List(kept)))


def _collected(tree: Tree, result: Shape, shape: Shape) -> Tree:
    """The adjoint of broadcasting: summed over the axes along which the operand was repeated."""
    if result == shape:
        return tree
    lead = len(result) - len(shape)
    repeated = [a for a, n in enumerate(shape) if n == 1 and result[lead + a] != 1]
    if not shape:
        return Call("sum", (tree,))
    axes = [*range(lead), *(lead + a for a in repeated)]
    axis = number_tree(axes[0]) if len(axes) == 1 else List(tuple(map(number_tree, axes)))
    keep = (("keepdims", Name("True")),) if repeated and not lead else ()
    return Call("sum", (tree,), (("axis", axis), *keep))


def _inside(node: Node, operands: Sequence[Tree], shapes: Sequence[Shape], cotangent: Tree) -> list[Tree | None]:
    """The adjoint of a composite operation through its own definition."""
    part = inner(node, tuple(shapes))
    literals = {n: literal_tree(exact) for n, exact in part.exact.items()}
    found = _through(part.nodes, literals, part.result, cotangent)
    names: dict[str, Tree] = {leaf.name: tree for leaf, tree in zip(part.nodes, operands, strict=False) if leaf.name}
    return [substitute(found[p], names) if p in found else None for p in range(len(operands))]


def _slope(node: Node, operands: Sequence[Tree], position: int) -> Tree | None:
    """The slope of an element-wise operation as a formula, None where it is 0."""
    assert node.operation is not None
    if node.operation.name in SLOPES:
        return SLOPES[node.operation.name](operands, position)
    formula = definition(node.operation, node.settings, True)
    numbers = {
        symbol: sp.Rational(operand.value.numerator, operand.value.denominator)
        for symbol, operand in zip(formula.symbols, operands, strict=True)
        if isinstance(operand, Number)
    }
    if formula.symbols[position] in numbers:
        return None
    slope = differentiate(formula.expression.subs(numbers), formula.symbols[position])
    if slope == 0:
        return None
    if slope == 1:
        return number_tree(1)
    if node.operation.family == "activations":
        return Call(node.operation.name + "'", tuple(operands))
    return from_sympy(slope, dict(zip(formula.symbols, operands, strict=True)))


def _expanded(tree: Tree, graph: Graph, deltas: Mapping[str | None, Tree]) -> str:
    """The formula in inputs, weights and targets alone, or a word that it is too long."""
    whole = {f"delta_{name}": part for name, part in deltas.items()}
    whole |= {name: equation.tree for equation in graph.equations for name in equation.names}
    for _ in range(2 * len(whole) + 1):
        known = {name.name for name in names_in(tree)} & set(whole)
        if not known:
            return to_text(tree)
        tree = substitute(tree, {name: whole[name] for name in known})
        if sum(1 for _ in walk(tree)) > LONGEST:
            break
    return f"longer than {LONGEST} terms: left out"
