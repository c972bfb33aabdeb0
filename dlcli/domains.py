"""Where the forward pass leaves the domain of an operation, or reaches its edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.errors import Diagnostic, HomeworkError
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.lowering import Lowered
from dlcli.ops.operation import Array


def outside_domains(lowered: Lowered, graph: Graph, values: Sequence[Array]) -> tuple[Diagnostic, ...]:
    """Warnings where a value is infinite on the edge of a domain; raises HomeworkError outside the domain."""
    errors, warnings = [], []
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
            message = f"{node.operation.name} is undefined here: {name}{where} = {value:.6g}, but {domain.text}"
            errors.append(Diagnostic("E310", message, lowered.places.get(number), help=domain.help))
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
    return tuple(warnings)


def _first_outside(array: Array, inside: Array) -> tuple[float, str]:
    if inside.shape != array.shape or array.shape == ():
        return float(array.reshape(-1)[0]), ""
    entry = tuple(int(i) for i in np.argwhere(~inside)[0])
    return float(array[entry]), "[" + ", ".join(map(str, entry)) + "]"
