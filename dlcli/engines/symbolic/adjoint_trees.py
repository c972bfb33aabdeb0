"""What a cotangent becomes on its way back through an equation, as formulas; layers are in layer_adjoints.

The slope of an element-wise operation is what SymPy derives from its definition, and composite operations are
written out by their definitions unless `layer_adjoints` has a shorter way to say it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from dlcli.engines.symbolic.layer_adjoints import LAYERS, Step
from dlcli.engines.symbolic.node_trees import call_of, indexed, keywords_of, reshaped, trees_below
from dlcli.engines.symbolic.nodes import inner
from dlcli.engines.symbolic.scalars import definition, differentiate
from dlcli.engines.symbolic.trees import (
    filled,
    from_sympy,
    full,
    integers,
    is_constant,
    literal_tree,
    negated,
    number_tree,
    product,
    shape_list,
    sum_of,
    transposed,
    unfilled,
)
from dlcli.graph import Node
from dlcli.language import substitute, walk
from dlcli.language.tree import Binary, Call, Index, Name, Number, Slice, Tree
from dlcli.ops.operation import Composite, Declared, Elementwise, Fold, Shape

ONE = number_tree(1)
# slopes that are quicker written down than asked of SymPy: (operands, position) -> formula
SLOPES: Mapping[str, Callable[[Sequence[Tree], int], Tree | None]] = {
    "add": lambda operands, position: ONE,
    "subtract": lambda operands, position: negated(ONE) if position else ONE,
    "negative": lambda operands, position: negated(ONE),
    "multiply": lambda operands, position: operands[1 - position],
    "identity": lambda operands, position: ONE,
    "abs": lambda operands, position: Call("sign", tuple(operands)),
    "where": lambda operands, position: (
        Call("where", (operands[0], number_tree(2 - position), number_tree(position - 1))) if position else None
    ),
}


@dataclass(frozen=True)
class Line:
    """Nodes in order; literal nodes as trees; probabilities: names of targets whose rows add up to 1."""

    nodes: Sequence[Node]
    literals: Mapping[int, Tree]
    probabilities: frozenset[str] = frozenset()


def through(line: Line, cotangents: Mapping[int, Tree]) -> dict[int, Tree]:
    """What reaches each named node or leaf that an equation mentions, from the cotangents of its results."""
    nodes = line.nodes
    waiting = {number: [tree] for number, tree in cotangents.items()}
    trees: dict[int, Tree] = {}
    for number in cotangents:
        trees |= trees_below(nodes, line.literals, number)
    several: dict[int, dict[int, Tree]] = {}  # of an operation with several results, the cotangent of each
    found: dict[int, Tree] = {}
    while waiting:
        number = max(waiting)
        node = nodes[number]
        total = sum_of(waiting.pop(number))
        if number not in cotangents and (node.name is not None or node.operation is None):
            if node.role != "literal":
                found[number] = total
            continue
        shapes = [nodes[o].shape for o in node.operands]
        source = nodes[node.operands[0]].operation if node.operands else None
        if source is not None and source.results > 1:
            several.setdefault(node.operands[0], {})[node.settings["items"][0]] = total
            waiting[node.operands[0]] = [total]
            continue
        results = several.get(number, {0: total})
        operands = [trees[o] for o in node.operands]
        result = Name(node.name) if node.name is not None else call_of(node, operands, shapes)
        parts = tuple(results.get(n, number_tree(0)) for n in range(node.operation.results if node.operation else 1))
        step = Step(node, result, tuple(operands), tuple(shapes), parts, line.probabilities)
        for operand, part in zip(node.operands, _adjoint(step), strict=True):
            if part is not None:
                waiting.setdefault(operand, []).append(part)
    return found


def _adjoint(step: Step) -> Sequence[Tree | None]:
    node, operands, shapes, cotangent = step.node, step.operands, step.shapes, step.cotangent
    operation = node.operation
    assert operation is not None
    kind, name = operation.definition, operation.name
    if isinstance(kind, Declared):
        return [None] * len(operands)
    if name in LAYERS:
        found = LAYERS[name](step)
        if found is not None:
            return found
    if name in STRUCTURAL:
        return STRUCTURAL[name](step)
    if isinstance(kind, Elementwise):
        slopes = [_slope(node, operands, shapes, position) for position in range(len(operands))]
        return [
            None if slope is None else _collected(product(_needed(step, slope), slope), node.shape, shape)
            for slope, shape in zip(slopes, shapes, strict=True)
        ]
    if isinstance(kind, Composite):
        return _inside(step)
    slope = Call(f"{name}'", operands, keywords_of(node, shapes))
    if isinstance(kind, Fold):
        return [product(unfilled(_spread(cotangent, node, shapes[0])), slope)]
    return [product(cotangent, slope) for _ in operands]


def _matmul(step: Step) -> tuple[Tree, Tree]:
    (a, b), g = step.operands, filled(step.cotangent, step.node.shape)
    match len(step.shapes[0]), len(step.shapes[1]):
        case 1, 1:
            return product(g, b), product(g, a)
        case 1, _:
            return Binary("@", b, g), Call("outer", (a, g))
        case _, 1:
            return Call("outer", (g, b)), Binary("@", transposed(a), g)
        case _:
            return Binary("@", g, transposed(b)), Binary("@", transposed(a), g)


def _outer(step: Step) -> tuple[Tree, Tree]:
    (a, b), g = step.operands, filled(step.cotangent, step.node.shape)
    return Binary("@", g, b), Binary("@", a, g)


def _transpose(step: Step) -> tuple[Tree]:
    axes = [axis % len(step.node.shape) for axis in step.node.settings["axes"]]
    if len(axes) == 2:
        return (transposed(step.cotangent),)
    back = [axes.index(axis) for axis in range(len(axes))]
    return (Call("transpose", (step.cotangent,), (("axes", shape_list(back)),)),)


def _reshape(step: Step) -> tuple[Tree]:
    if is_constant(step.cotangent):
        return (step.cotangent,)
    if isinstance(step.cotangent, Call) and step.cotangent.name == "full":
        return (full(unfilled(step.cotangent), step.shapes[0]),)
    return (reshaped(step.cotangent, step.node.shape, step.shapes[0]),)


def _total(step: Step) -> tuple[Tree]:
    return (_spread(step.cotangent, step.node, step.shapes[0]),)


def _index(step: Step) -> tuple[Tree]:
    place = indexed(step.operands[0], step.shapes[0], step.node.settings["items"])
    if not isinstance(place, Index) or place == step.operands[0]:
        return (step.cotangent,)
    return (Call("scatter", (step.cotangent, place)),)


def _take(step: Step) -> tuple[Tree, None]:
    return Call("scatter", (step.cotangent, Index(step.operands[0], (step.operands[1],)))), None


def _pick(step: Step) -> tuple[Tree, None]:
    classes = number_tree(step.shapes[0][-1])
    rows = unfilled(step.cotangent)
    if rows is step.cotangent and len(step.shapes[0]) > 1 and not is_constant(rows):
        rows = Call("reshape", (rows, shape_list((*step.shapes[1], 1))))
    return product(rows, Call("onehot", (step.operands[1], classes))), None


def _concat(step: Step) -> list[Tree]:
    axis = step.node.settings["axis"] % len(step.node.shape)
    parts: list[Tree] = []
    start = 0
    for shape in step.shapes:
        stop = start + shape[axis]
        place = Slice(number_tree(start) if start else None, number_tree(stop))
        parts.append(_part(step.cotangent, axis, place))
        start = stop
    return parts


def _stack(step: Step) -> list[Tree]:
    axis = step.node.settings["axis"] % len(step.node.shape)
    return [_part(step.cotangent, axis, number_tree(n)) for n in range(len(step.operands))]


def _part(tree: Tree, axis: int, place: Tree) -> Tree:
    return tree if is_constant(tree) else Index(tree, (*[Slice()] * axis, place))


STRUCTURAL: Mapping[str, Callable[[Step], Sequence[Tree | None]]] = {
    "matmul": _matmul, "dot": _matmul, "outer": _outer, "transpose": _transpose, "reshape": _reshape,
    "flatten": _reshape, "sum": _total, "total": _total, "index": _index, "take": _take, "pick": _pick,
    "concat": _concat, "stack": _stack,
}  # fmt: skip


def _needed(step: Step, slope: Tree) -> Tree:
    """The cotangent; what it repeats, where the slope has the shape of the result anyway."""
    wide = [o for o, shape in zip(step.operands, step.shapes, strict=True) if shape == step.node.shape]
    return unfilled(step.cotangent) if any(part in wide for part in walk(slope)) else step.cotangent


def _spread(cotangent: Tree, node: Node, shape: Shape) -> Tree:
    """The adjoint of a sum: the cotangent, repeated along the summed axes."""
    if is_constant(cotangent):
        return cotangent
    if node.shape == ():
        return full(cotangent, shape)
    axes = {axis % len(shape) for axis in node.settings["axes"]}
    if axes != set(range(len(axes))) and len(node.shape) < len(shape):
        kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
        cotangent = Call("reshape", (cotangent, shape_list(kept)))
    return Binary("*", cotangent, Call("ones", (shape_list(shape),)))


def _collected(tree: Tree, result: Shape, shape: Shape) -> Tree:
    """The adjoint of broadcasting: summed over the axes along which the operand was repeated."""
    if result == shape:
        return tree
    tree = filled(tree, result)
    lead = len(result) - len(shape)
    repeated = [a for a, n in enumerate(shape) if n == 1 and result[lead + a] != 1]
    if not shape:
        return Call("sum", (tree,))
    axes = [*range(lead), *(lead + a for a in repeated)]
    keep = (("keepdims", Name("True")),) if repeated and not lead else ()
    return Call("sum", (tree,), (("axis", integers(axes)), *keep)) if axes else tree


def _inside(step: Step) -> list[Tree | None]:
    """The adjoint of a composite operation through its own definition."""
    part = inner(step.node, step.shapes)
    literals = {n: literal_tree(exact) for n, exact in part.exact.items()}
    found = through(Line(part.nodes, literals), {part.result: step.cotangent})
    names: dict[str, Tree] = {leaf.name: t for leaf, t in zip(part.nodes, step.operands, strict=False) if leaf.name}
    return [substitute(found[p], names) if p in found else None for p in range(len(step.operands))]


def _slope(node: Node, operands: Sequence[Tree], shapes: Sequence[Shape], position: int) -> Tree | None:
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
    if node.operation.family == "activations" and len(operands) == 1:
        return Call(node.operation.name + "'", tuple(operands), keywords_of(node, shapes))
    return from_sympy(slope, dict(zip(formula.symbols, operands, strict=True)))
