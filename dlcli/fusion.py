"""Stable fused forms as rewrites of the graph, such as bce_with_logits(z, y) for bce(sigmoid(z), y)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from dlcli.engines.evaluation import ancestors
from dlcli.graph import Graph, Node
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Gather

# outer operation, operation of its first operand, what both together are
RULES = (
    ("bce", "sigmoid", "bce_with_logits"),
    ("cross_entropy", "softmax", "softmax_cross_entropy"),
    ("log", "softmax", "log_softmax"),
    ("log", "sigmoid", "log_sigmoid"),
)


def fuse(graph: Graph, spared: Collection[str] = ()) -> Graph:
    """The same network with numerically stable forms in place of pairs that lose digits.

    Nodes keep their numbers, names and values; the inner node stays, for its own value. spared: quantities that
    must stay on the way to the loss, since their own gradients are asked for.
    """
    kept = {graph.names[name] for name in spared}
    uses = Counter(operand for node in graph.nodes for operand in node.operands)
    nodes = list(graph.nodes)
    for number, node in enumerate(graph.nodes):
        for outer, inner, together in RULES:
            if node.operation is not None and node.operation.name == outer:
                path = _path(node.operands[0], inner, graph, uses)
                if path and not kept & set(path):
                    _rewrite(nodes, number, path, together)
        if node == nodes[number] and _name(node) == "log":
            _rewrite_entries(nodes, number, graph, uses, kept)
    return replace(graph, nodes=tuple(nodes)) if nodes != list(graph.nodes) else graph


def bypassed(graph: Graph, fused: Graph) -> tuple[str, ...]:
    """The quantities of wrt that the stable forms pass by: they are no longer on the way to the loss."""
    if graph.loss is None or fused is graph:
        return ()
    before, after = ancestors(graph, graph.loss), ancestors(fused, graph.loss)
    return tuple(name for name in graph.wrt if graph.names[name] in before - after)


def _path(number: int, inner: str, graph: Graph, uses: Counter[int]) -> list[int] | None:
    """The nodes from an operand down to the operation `inner`, through identities and through transposes and
    reshapes that nothing else uses; None when it leads elsewhere."""
    path = [number]
    while (operation := graph.nodes[path[-1]].operation) is not None:
        node = graph.nodes[path[-1]]
        if operation.name == inner:
            return path
        moves = operation.name in ("transpose", "reshape") and node.name is None and uses[path[-1]] == 1
        if operation.name != "identity" and not moves:
            return None
        path.append(node.operands[0])
    return None


def _rewrite(nodes: list[Node], number: int, path: list[int], together: str) -> None:
    node, found = nodes[number], nodes[path[-1]]
    moves = [n for n in path[:-1] if _name(nodes[n]) != "identity"]
    settings = _settings(node, found, together, [_name(nodes[n]) for n in moves])
    if settings is None:
        return
    source = found.operands[0]
    for move in reversed(moves):
        nodes[move] = replace(nodes[move], operands=(source,))
        source = move
    operands = (source, *node.operands[1:])
    nodes[number] = replace(node, operation=OPERATIONS[together], operands=operands, settings=settings)


def _rewrite_entries(nodes: list[Node], number: int, graph: Graph, uses: Counter[int], kept: set[int]) -> None:
    """The logarithm of picked or moved entries of a softmax as those entries of its logarithm."""
    moved = graph.nodes[number].operands[0]
    picked = graph.nodes[moved]
    operation = picked.operation
    if operation is None or not isinstance(operation.definition, Gather) or operation.definition.data != (0,):
        return
    path = _path(picked.operands[0], "softmax", graph, uses)
    if picked.name is not None or uses[moved] != 1 or not path or kept & {*path}:
        return
    found = graph.nodes[path[-1]]
    settings = _settings(
        graph.nodes[number],
        found,
        "log_softmax",
        [_name(graph.nodes[n]) for n in path[:-1] if _name(graph.nodes[n]) != "identity"],
    )
    if settings is None:
        return
    nodes[moved] = replace(
        picked,
        operation=OPERATIONS["log_softmax"],
        operands=found.operands,
        shape=found.shape,
        settings=settings,
    )
    operands = (moved, *picked.operands[1:])
    nodes[number] = replace(graph.nodes[number], operation=operation, operands=operands, settings=picked.settings)


def _name(node: Node) -> str:
    return node.operation.name if node.operation else ""


def _settings(outer: Node, inner: Node, together: str, moves: list[str]) -> dict[str, object] | None:
    """The settled settings of the fused operation, None where the pair does not fuse."""
    if together in ("bce_with_logits", "log_sigmoid"):
        return dict(outer.settings)
    if inner.settings.get("temperature", 1.0) != 1.0:
        return None
    if together == "log_softmax":
        return None if moves else {k: v for k, v in inner.settings.items() if k != "temperature"}
    axis = {(): (-1,), ("transpose",): (-2,)}.get(tuple(moves))
    return dict(outer.settings) if inner.settings.get("axes") == axis else None
