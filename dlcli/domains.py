"""Where the forward pass leaves the domain of an operation, or reaches its edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.errors import Diagnostic, HomeworkError
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.lowering import Lowered
from dlcli.ops.operation import Array

SHARES = ("cross_entropy", "softmax_cross_entropy", "kl_divergence")  # the target is operand 1
ORDERED = (*SHARES, "multiclass_hinge", "bce", "bce_with_logits", "hinge")  # the prediction is operand 0
ROUNDING = 1e-6  # what shares written with a few digits may miss 1 by


def outside_domains(lowered: Lowered, graph: Graph, values: Sequence[Array]) -> tuple[Diagnostic, ...]:
    """Warnings where a value is infinite on the edge of a domain; raises HomeworkError outside the domain."""
    errors, warnings = [], []
    exchanged = _exchanged(lowered, graph)
    needed = fuse(graph)
    for number, node in enumerate(needed.nodes):
        if node.operation is None:
            continue
        operands = [values[o] for o in node.operands]
        for domain in node.operation.domain:
            with np.errstate(all="ignore"):
                inside = np.asarray(domain.inside(*operands, **node.settings))
            if inside.all():
                continue
            blamed = node.operands[domain.operand]
            value, where = _first_outside(values[blamed], inside)
            name = graph.label(blamed)
            written = graph.nodes[number].operation or node.operation
            message = f"{written.name} is undefined here: {name}{where} = {value:.6g}, but {domain.text}"
            help = exchanged[number].help if number in exchanged else domain.help
            errors.append(Diagnostic("E310", message, lowered.places.get(number), help=help))
            break
        if errors:
            break
        if not np.isfinite(values[number]).all() and all(np.isfinite(x).all() for x in operands):
            value = float(values[number][~np.isfinite(values[number])][0])
            message = (
                f"{graph.label(number)} is {value}: {node.operation.name} is at the edge of its domain, or overflows"
            )
            warnings.append(Diagnostic("W905", message, lowered.places.get(number)))
    if errors:
        raise HomeworkError(*errors)
    uneven = {} if exchanged else _uneven_shares(lowered, graph, values)
    return (*exchanged.values(), *warnings, *uneven.values())


def _exchanged(lowered: Lowered, graph: Graph) -> dict[int, Diagnostic]:
    """Node of a loss -> a warning that it takes a target for the prediction, and what is computed for the target."""
    found = {}
    for number, node in enumerate(graph.nodes):
        if node.operation is None or node.operation.name not in ORDERED:
            continue
        first, second = (graph.nodes[operand] for operand in node.operands)
        if first.role == "target" and first.operation is None and second.operation is not None:
            name, (given, target) = node.operation.name, map(graph.label, node.operands)
            message = f"{name} takes the prediction first and the target second, but {given} is a target"
            help = f"write {name}({target}, {given})"
            found[number] = Diagnostic("W907", message, lowered.places.get(number), help=help)
    return found


def _uneven_shares(lowered: Lowered, graph: Graph, values: Sequence[Array]) -> dict[int, Diagnostic]:
    """Target -> a warning where the shares of the classes that a loss takes as its target do not add up to 1."""
    found = {}
    for number, node in enumerate(graph.nodes):
        if node.operation is None or node.operation.name not in SHARES or node.settings.get("labels"):
            continue
        target = node.operands[1]
        sums = np.asarray(np.sum(values[target], axis=-1))
        uneven = np.argwhere(np.abs(sums - 1) > ROUNDING)
        while (record := graph.nodes[target].operation) is not None and record.name == "transpose":
            target = graph.nodes[target].operands[0]
        name = graph.nodes[target].name
        if not len(uneven) or name in lowered.spec.symbols:
            continue
        sample = ", ".join(str(i + lowered.spec.index_base) for i in uneven[0].tolist())
        where = f" of sample {sample}" if sample else ""
        total = float(sums[tuple(uneven[0])])
        message = f"the shares{where} in {graph.label(target)} add up to {total:.6g}, not to 1"
        declaration = lowered.spec.declarations.get(name or "")
        place = lowered.places.get(number) if declaration is None else declaration.place
        help = f"{node.operation.name} takes shares of classes that exclude each other; for other labels use bce"
        found[target] = Diagnostic("W906", message, place, help=help)
    return found


def _first_outside(array: Array, inside: Array) -> tuple[float, str]:
    if inside.shape != array.shape or array.shape == ():
        return float(array.reshape(-1)[0]), ""
    entry = tuple(int(i) for i in np.argwhere(~inside)[0])
    return float(array[entry]), "[" + ", ".join(map(str, entry)) + "]"
