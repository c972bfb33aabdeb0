"""The chain rule as formulas, equation by equation: dloss/dq = sum over the equations that use q.

`delta_q` stands for dloss/dq of a named quantity; `f'(x)` for the derivative of an activation f at x;
`scatter(g, q[0])` for an array of the shape of q with g in the place of q[0] and 0 elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.engines.symbolic.adjoint_trees import Line, through
from dlcli.engines.symbolic.trees import (
    filled,
    gathered,
    literal_tree,
    negated,
    number_tree,
    product,
    sum_of,
    terms_of,
    transposed,
)
from dlcli.graph import Graph
from dlcli.language import names_in, substitute, to_text, walk
from dlcli.language.traversal import fold
from dlcli.language.tree import Binary, Call, Index, Name, Transpose, Tree, Unary
from dlcli.language.tree import Sequence as List

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
    literals = {n: literal_tree(e) for n, e in graph.exact.items() if graph.nodes[n].name is None}
    line = Line(graph.nodes, literals, _probabilities(graph))
    terms: dict[int, list[Tree]] = {}
    loss_name = graph.loss_name
    for equation in reversed(graph.equations):
        cotangents: dict[int, Tree] = {}
        for name, number in zip(equation.names, equation.nodes, strict=True):
            if name == loss_name:
                cotangents[number] = number_tree(1)
            elif number in terms:
                cotangents[number] = Name(f"delta_{name}")
        for operand, part in (through(line, cotangents) if cotangents else {}).items():
            terms.setdefault(operand, []).append(part)
    by_name = {graph.nodes[n].name: _added(parts, graph.nodes[n].shape) for n, parts in terms.items()}
    computed = {name for equation in graph.equations for name in equation.names}
    deltas = {name: to_text(tree) for name, tree in by_name.items() if name in computed and name is not None}
    zero = number_tree(0)
    trees = {name: by_name.get(name, number_tree(1) if name == loss_name else zero) for name in graph.wrt}
    order = [n for equation in reversed(graph.equations) for n in equation.names if n in deltas]
    expanded: dict[str, str] = {}
    if expand:
        expanded = {name: _expanded(tree, graph, by_name) for name, tree in trees.items()}
    return Formulas({n: to_text(t) for n, t in trees.items()}, {n: deltas[n] for n in order}, expanded)


def _added(parts: Sequence[Tree], shape: tuple[int, ...]) -> Tree:
    """The terms added up; terms that each fill a piece of the array, put together as one array."""
    terms = [term for part in parts for term in terms_of(part)]
    whole = gathered(terms, shape)
    return sum_of(parts) if whole is None else whole


def _probabilities(graph: Graph) -> frozenset[str]:
    """Targets whose rows are known to add up to 1."""
    found = set()
    for name, number in graph.names.items():
        values = graph.values.get(number)
        if graph.nodes[number].role == "target" and values is not None and values.ndim:
            found |= {name} if bool(np.all(np.abs(values.sum(axis=-1) - 1) < 1e-12)) else set()
    return frozenset(found)


def _expanded(tree: Tree, graph: Graph, deltas: Mapping[str | None, Tree]) -> str:
    """The formula in inputs, weights and targets alone, or a word that it is too long."""
    shapes = {name: graph.nodes[number].shape for name, number in graph.names.items()}
    whole = {f"delta_{name}": filled(part, shapes[name]) for name, part in deltas.items() if name is not None}
    for equation in graph.equations:
        for place, name in enumerate(equation.names):
            several = len(equation.names) > 1
            whole[name] = Index(equation.tree, (number_tree(place),)) if several else equation.tree
    for _ in range(2 * len(whole) + 1):
        known = {name.name for name in names_in(tree)} & set(whole)
        if not known:
            return to_text(_simplified(tree))
        tree = substitute(tree, {name: whole[name] for name in known})
        if sum(1 for _ in walk(tree)) > LONGEST:
            break
    return f"longer than {LONGEST} terms: left out"


def _simplified(tree: Tree) -> Tree:
    """The tree with factors 1, signs and numbers of its products drawn together."""
    return fold(tree, _rebuilt)


def _rebuilt(node: Tree, parts: tuple[Tree, ...]) -> Tree:
    match node:
        case Binary(operator="*"):
            return product(*parts)
        case Unary(operator="-"):
            return negated(*parts)
        case Binary(operator=operator):
            return Binary(operator, parts[0], parts[1])
        case Unary(operator=operator):
            return Unary(operator, parts[0])
        case Call(name=name, arguments=arguments, keywords=keywords):
            values = parts[len(arguments) :]
            named = tuple((key, value) for (key, _), value in zip(keywords, values, strict=True))
            return Call(name, parts[: len(arguments)], named)
        case Index():
            return Index(parts[0], parts[1:])
        case Transpose():
            return transposed(*parts)
        case List():
            return List(parts)
    return node
