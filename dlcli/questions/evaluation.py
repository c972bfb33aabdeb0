"""The value of an expression over a network: its quantities, their slopes, Jacobians, Hessians and training steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.engines.reverse import sweep
from dlcli.errors import Diagnostic, HomeworkError, Place, did_you_mean
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.language.constants import Constant
from dlcli.language.traversal import children, walk, with_children
from dlcli.language.tree import Call, Index, Name, Number, Span, Tree
from dlcli.lowering.builder import Builder
from dlcli.lowering.expressions import lower_tree
from dlcli.lowering.scope import Scope
from dlcli.ops.operation import Array
from dlcli.questions.second_order import numerical_jacobian
from dlcli.questions.world import World

FUNCTIONS = ("grad", "jacobian", "hessian", "step", "shape", "size", "count")
LARGEST = 1_000_000  # entries of a Jacobian or Hessian that is computed

At = Callable[[Span], Place | None]


def nowhere(_: Span) -> None:
    """The place of an expression that stands in no file."""


def evaluate(tree: Tree, world: World, at: At = nowhere) -> Array:
    """The value of an expression, float64.

    Raises HomeworkError with the place of the part that cannot be evaluated: an unknown name (E103), operands
    that do not fit (E1xx, E2xx), a derivative of something that has none (E405).
    """
    if isinstance(tree, Name) and world.knows(tree.name):
        return np.asarray(world.value(tree.name))
    builder = Builder(LARGEST)
    scope = _scope(builder, world, at)
    resolved = _resolve(tree, world, scope)
    for node in walk(resolved):
        if isinstance(node, Name) and node.name not in builder.names and world.knows(node.name):
            builder.leaf(np.asarray(world.value(node.name)), name=node.name, role="quantity")
    number = lower_tree(resolved, scope)
    if number in builder.values:
        return np.asarray(builder.values[number])
    graph = Graph(tuple(builder.nodes), builder.values, {}, builder.names, (), (), None)
    return np.asarray(forward(graph)[number])


def uses_functions(tree: Tree) -> bool:
    """Whether slopes, steps or sizes occur in an expression."""
    return any(isinstance(node, Call) and node.name in FUNCTIONS for node in walk(tree))


def _scope(builder: Builder, world: World, at: At) -> Scope:
    spec = world.lowered.spec
    constants = {
        d.name: Constant(float(d.value.array), d.value.exact)
        for d in spec.declarations.values()
        if d.section == "constants" and d.value is not None and d.value.array.shape == ()
    }
    return Scope(
        builder, at, constants=constants, columns=spec.samples == "columns", convention=spec.convention
    )  # fmt: skip


def _resolve(tree: Tree, world: World, scope: Scope) -> Tree:
    """The tree with each outermost function of FUNCTIONS replaced by the name of a leaf that holds its value."""
    if isinstance(tree, Call) and tree.name in FUNCTIONS:
        name = f"{tree.name}@{len(scope.builder.nodes)}"
        scope.builder.leaf(_function(tree, world, scope), name=name, role="quantity")
        return Name(name, tree.span)
    parts = tuple(_resolve(part, world, scope) for part in children(tree))
    return with_children(tree, parts)


def _function(tree: Call, world: World, scope: Scope) -> Array:
    if tree.keywords:
        scope.refuse("E106", f"`{tree.name}` takes no settings", tree.span, _usage(tree.name))
    counts = {"grad": (1, 2), "jacobian": (2, 2), "hessian": (2, 2), "step": (1, 2), "count": (1, 1)}
    fewest, most = counts.get(tree.name, (1, 1))
    if not fewest <= len(tree.arguments) <= most:
        message = f"`{tree.name}` takes {_usage(tree.name)}, but {len(tree.arguments)} came"
        scope.refuse("E106", message, tree.span, f"write {_usage(tree.name)}")
    match tree.name:
        case "grad" if len(tree.arguments) == 1:
            return _loss_slope(tree.arguments[0], world, scope)
        case "grad":
            found = _derivative(tree.arguments[0], tree.arguments[1], world, scope)
            if found.shape != world.value(_quantity(tree.arguments[1], world, scope)).shape:
                help = "use jacobian(f, q) for an array f, or reduce it: grad(sum(f), q)"
                scope.refuse("E405", "grad differentiates a single number", tree.arguments[0].span, help)
            return found
        case "jacobian":
            return _derivative(tree.arguments[0], tree.arguments[1], world, scope)
        case "hessian":
            inner = Call("grad", tree.arguments, (), tree.span, tree.name_span)
            return _derivative(inner, tree.arguments[1], world, scope)
        case "step":
            return _step(tree, world, scope)
        case "shape":
            return np.array(evaluate(tree.arguments[0], world, scope.place).shape, dtype=np.float64)
        case _:
            return _count(tree, world, scope)


def _usage(name: str) -> str:
    return {
        "grad": "grad(q) or grad(f, q)",
        "jacobian": "jacobian(f, q)",
        "hessian": "hessian(f, q)",
        "step": "step(w) or step(w, 3)",
        "shape": "shape(q)",
        "size": "size(q)",
        "count": "count(parameters)",
    }[name]


def _quantity(tree: Tree, world: World, scope: Scope) -> str:
    """The name of a quantity of the network. Raises HomeworkError."""
    if isinstance(tree, Name) and (tree.name in world.graph.names or (tree.name == "loss" and world.knows("loss"))):
        return tree.name
    if isinstance(tree, Name):
        help = did_you_mean(tree.name, list(world.graph.names)) or "known: " + ", ".join(world.graph.names)
        scope.refuse("E103", f"unknown name `{tree.name}`", tree.span, help)
    help = "differentiate by the whole quantity and take an entry: grad(W)[0, 1]"
    scope.refuse(
        "E405", "only a named quantity can be differentiated by", tree.span, help if isinstance(tree, Index) else None
    )


def _loss_slope(tree: Tree, world: World, scope: Scope) -> Array:
    name = _quantity(tree, world, scope)
    if world.graph.loss is None:
        help = "add `loss:` to the file, or write grad(f, q)"
        scope.refuse("E405", f"grad({name}) is the slope of the loss, but the file has none", tree.span, help)
    return world.slope(name)


def _derivative(f: Tree, q: Tree, world: World, scope: Scope) -> Array:
    """df/dq, of shape f + shape q."""
    name = _quantity(q, world, scope)
    if isinstance(f, Name) and world.graph.loss is not None and f.name in (world.graph.loss_name, "loss"):
        return world.slope(name)
    if uses_functions(f) or any(isinstance(n, Name) and n.name in world.named for n in walk(f)):
        return _second_derivative(f, name, world, scope)
    builder = Builder()
    builder.nodes, builder.values = list(world.stable.nodes), dict(world.stable.values)
    builder.names = dict(world.stable.names)
    if world.graph.loss is not None:
        builder.names.setdefault("loss", world.graph.loss)
    number = lower_tree(f, _scope(builder, world, scope.place))
    return _jacobian(builder, number, world, name, scope, f.span)


def _jacobian(builder: Builder, number: int, world: World, name: str, scope: Scope, span: Span) -> Array:
    shape, root = builder.shape(number), world.number(name)
    by = world.graph.nodes[root].shape
    _within_limits(shape + by, scope, span)
    entries = []
    for place in np.ndindex(shape):
        entries.append(builder.apply("index", [number], {"items": place}) if shape else number)
    graph = Graph(tuple(builder.nodes), builder.values, {}, builder.names, (), (), number)
    spared = graph if world.held or world.slopes else replace(fuse(replace(graph, loss=None), (name,)), loss=number)
    values = world.forward(spared)
    rows = []
    for entry in entries:
        found = sweep(replace(spared, loss=entry), values, [root])
        rows.append(found.get(root, np.zeros(by)))
    return np.asarray(np.stack(rows).reshape(shape + by) + 0.0)


def _within_limits(shape: tuple[int, ...], scope: Scope, span: Span) -> None:
    if prod(shape) > LARGEST:
        message = f"this derivative has {prod(shape):,} entries, more than {LARGEST:,}"
        scope.refuse("E405", message, span, "ask for a part: grad(f[0], q)")


def _second_derivative(f: Tree, name: str, world: World, scope: Scope) -> Array:
    here = world.value(name)
    shape = evaluate(f, world, scope.place).shape
    _within_limits(shape + here.shape, scope, f.span)
    found = numerical_jacobian(lambda x: evaluate(f, world.with_values({name: x}), scope.place), here)
    if found is None:
        message = "this derivative of a derivative is undefined here, or rounding hides it"
        scope.refuse("E405", message, f.span, "does a kink lie at the point?")
    return found


def _step(tree: Call, world: World, scope: Scope) -> Array:
    from dlcli.questions.steps import StepError, stepped

    count = 1
    if len(tree.arguments) == 2:
        number = tree.arguments[1]
        if not isinstance(number, Number) or number.value.denominator != 1 or not 1 <= number.value <= 10_000:
            scope.refuse("E305", "the number of steps is a whole number from 1 to 10,000", number.span, "step(w, 3)")
        count = int(number.value)
    name = _quantity(tree.arguments[0], world, scope)
    try:
        return stepped(world, count).value(name)
    except StepError as error:
        raise HomeworkError(Diagnostic("E405", str(error), scope.place(tree.span), help=error.help)) from None


def _count(tree: Call, world: World, scope: Scope) -> Array:
    argument = tree.arguments[0]
    if isinstance(argument, Name) and argument.name == "parameters" and tree.name == "count":
        names = world.lowered.trained
        return np.array(float(sum(prod(world.graph.nodes[world.graph.names[n]].shape) for n in names)))
    return np.array(float(evaluate(argument, world, scope.place).size))
