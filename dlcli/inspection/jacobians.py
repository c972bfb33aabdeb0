"""The Jacobian of each named quantity by those it is computed from: its size, its memory, its pattern."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from dlcli.engines.reverse import operands_of, unbroadcast, vjp_of
from dlcli.inspection.section import Skipped, Subject
from dlcli.ops.operation import Array, Declared, Elementwise

NUMBER = 8  # bytes of a float64
MOST_ENTRIES = 4096  # of a Jacobian that is computed in full to see whether it is 0 or diagonal

Pattern = Literal["full", "diagonal", "identity", "zero"]


@dataclass(frozen=True)
class Jacobian:
    """df/dq, the quantities between them without a name worked in, all other named quantities held fixed.

    entries = outputs x inputs; bytes of it, and of a vector-Jacobian product (a vector in, a vector out).
    pattern: of the values here, "full" when nothing better is known. zeros: how many numbers on a diagonal are 0.
    """

    of: str
    by: str
    outputs: int
    inputs: int
    entries: int
    bytes: int
    product_bytes: int
    pattern: Pattern
    zeros: int = 0


@dataclass(frozen=True)
class Jacobians:
    """All of them; bytes: of all Jacobians at once; largest_product: bytes of the largest product."""

    rows: tuple[Jacobian, ...]
    bytes: int
    largest_product: int


def jacobians(subject: Subject) -> Jacobians | Skipped:
    """Between each computed quantity and every named quantity that its equation takes, except numbers held fixed."""
    rows = []
    for equation in subject.graph.equations:
        for number in equation.nodes:
            rows += [_jacobian(subject, number, q) for q in _taken(subject, number)]
    if not rows:
        return Skipped("no quantity is computed from another")
    return Jacobians(tuple(rows), sum(row.bytes for row in rows), max(row.product_bytes for row in rows))


def _taken(subject: Subject, number: int) -> list[int]:
    """The named quantities a node is computed from, without passing another named one."""
    found: set[int] = set()
    pending = list(subject.graph.nodes[number].operands)
    while pending:
        at = pending.pop()
        node = subject.graph.nodes[at]
        if node.name is None:
            pending += node.operands
        elif node.role not in ("constant", "target", "literal"):
            found.add(at)
    return sorted(found)


def _jacobian(subject: Subject, f: int, q: int) -> Jacobian:
    nodes = subject.graph.nodes
    outputs, inputs = prod(nodes[f].shape), prod(nodes[q].shape)
    pattern, zeros = _pattern(subject, f, q, outputs, inputs)
    entries = outputs * inputs
    memory = NUMBER * entries, NUMBER * (outputs + inputs)
    return Jacobian(subject.label(f), subject.label(q), outputs, inputs, entries, *memory, pattern, zeros)


def _pattern(subject: Subject, f: int, q: int, outputs: int, inputs: int) -> tuple[Pattern, int]:
    shape = subject.graph.nodes[f].shape
    if entry_by_entry(subject, f, q):
        return _of_diagonal(pulled(subject, f, q, np.ones(shape)))
    if outputs * inputs > MOST_ENTRIES:
        return "full", 0
    whole = np.stack([pulled(subject, f, q, row.reshape(shape)).reshape(-1) for row in np.eye(outputs)])
    if not whole.any():
        return "zero", 0
    if outputs == inputs > 1 and not (whole - np.diag(np.diag(whole))).any():
        return _of_diagonal(np.diag(whole))
    return "full", 0


def _of_diagonal(diagonal: Array) -> tuple[Pattern, int]:
    zeros = int(np.sum(diagonal == 0))
    if zeros == diagonal.size:
        return "zero", zeros
    return ("identity" if bool(np.all(diagonal == 1)) else "diagonal"), zeros


def entry_by_entry(subject: Subject, f: int, q: int) -> bool:
    """Whether entry i of f depends on entry i of q alone, by the operations between them."""
    nodes = subject.graph.nodes
    if nodes[f].shape != nodes[q].shape:
        return False
    for number in _between(subject, f, q):
        node = nodes[number]
        record = node.operation
        assert record is not None
        plain = isinstance(record.definition, Elementwise | Declared) or record.family == "activations"
        if not plain or record.align != "broadcast" or node.shape != nodes[q].shape:
            return False
    return True


def _between(subject: Subject, f: int, q: int) -> list[int]:
    """The nodes on the ways from q to f that pass no other named quantity; f is the last."""
    nodes = subject.graph.nodes
    reached = {q}
    for number in range(q + 1, f + 1):
        if (nodes[number].name is None or number == f) and any(o in reached for o in nodes[number].operands):
            reached.add(number)
    needed = {f}
    for number in range(f, q, -1):
        if number in needed:
            needed.update(o for o in nodes[number].operands if o in reached)
    return sorted((reached & needed) - {q})


def pulled(subject: Subject, f: int, q: int, vector: Array) -> Array:
    """vector @ df/dq in the shape of q, vector in the shape of f."""
    nodes = subject.graph.nodes
    between = _between(subject, f, q)
    inside = {q, *between}
    parts: dict[int, Array] = {f: vector}
    with np.errstate(all="ignore"):
        for number in reversed(between):
            if number not in parts:
                continue
            node = nodes[number]
            assert node.operation is not None
            operands = operands_of(subject.graph, node, subject.values, 0)
            for position, operand in enumerate(node.operands):
                function = vjp_of(node, position)
                if function is None or operand not in inside:
                    continue
                extra = {"position": position} if node.operation.variadic else {}
                part = function(parts[number], subject.values[number], *operands, **node.settings, **extra)
                part = unbroadcast(part, nodes[operand].shape)
                parts[operand] = part if operand not in parts else parts[operand] + part
    return np.asarray(parts.get(q, np.zeros(nodes[q].shape)))
