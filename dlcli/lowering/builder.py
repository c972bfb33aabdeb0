"""Nodes appended one by one: an operation applied to earlier nodes, its settings complete and settled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.graph import Node, Role
from dlcli.ops import OPERATIONS, find
from dlcli.ops.operation import REQUIRED, Array, Operation, Setting


class Builder:
    """The growing straight line of nodes; `Graph` is what it becomes."""

    def __init__(self, largest: int | None = None) -> None:
        self.largest = largest  # numbers in one result, where what a formula may ask for is limited
        self.nodes: list[Node] = []
        self.values: dict[int, Array] = {}
        self.exact: dict[int, Any] = {}
        self.names: dict[str, int] = {}

    def leaf(
        self,
        value: Array,
        exact: Any = None,
        *,
        name: str | None = None,
        role: Role = "literal",
        group: str | None = None,
    ) -> int:
        """The number of a new node without operation."""
        number = self._append(Node(None, (), value.shape, {}, name, role, group))
        self.values[number] = value
        if exact is not None:
            self.exact[number] = exact
        return number

    def operand(self, shape: tuple[int, ...], name: str) -> int:
        """A leaf whose value comes later: the operand of a definition."""
        return self._append(Node(None, (), shape, {}, name, "input"))

    def apply(
        self, operation: str | Operation, operands: Sequence[int], settings: Mapping[str, Any] | None = None
    ) -> int:
        """The number of the node `operation(*operands)`. Raises OperationError where it does not fit."""
        record = OPERATIONS[operation] if isinstance(operation, str) else operation
        shapes = tuple(self.nodes[o].shape for o in operands)
        complete = {s.name: s.default for s in record.settings} | dict(settings or {})
        for setting in record.settings:
            if complete[setting.name] is REQUIRED:
                raise OperationError(
                    "E107", f"{record.name} needs its setting `{setting.name}`", help=setting.about or None
                )
        shape, settled = record.settle(shapes, complete)
        if self.largest is not None and math.prod(shape) > self.largest:
            message = f"{record.name} gives {math.prod(shape):,} numbers here; {self.largest:,} are allowed"
            raise OperationError("E217", message, help="ask for a smaller array")
        return self._append(Node(record, tuple(operands), tuple(shape), settled))

    def name(self, number: int, name: str, role: Role | None = None, group: str | None = None) -> int:
        """The node that carries `name`: this one, or an identity of it where it has a name already."""
        node = self.nodes[number]
        if node.name is not None or node.operation is None:
            number = self.apply("identity", [number])
            node = self.nodes[number]
        self.nodes[number] = replace(node, name=name, role=role or node.role or "quantity", group=group)
        self.names[name] = number
        return number

    def shape(self, number: int) -> tuple[int, ...]:
        return self.nodes[number].shape

    def _append(self, node: Node) -> int:
        self.nodes.append(node)
        if node.name is not None:
            self.names[node.name] = len(self.nodes) - 1
        return len(self.nodes) - 1


def apply_loss(
    builder: Builder,
    operation: Operation,
    operands: Sequence[int],
    settings: Mapping[str, Any],
    columns: bool,
) -> int:
    """The node of a loss, reduced as its setting `reduction` says.

    Losses look for samples along rows; with `columns`, matrices are transposed first. A trailing axis of
    size 1 that one operand lacks is added to it.
    """
    prediction, target = operands[:2]
    if columns and operation.reduction == "samples":
        prediction, target = (
            builder.apply("transpose", [o]) if len(builder.shape(o)) == 2 else o for o in (prediction, target)
        )
    p, y = builder.shape(prediction), builder.shape(target)
    if p == (*y, 1) and not (operation.reduction == "samples" and _takes_classes(operation)):
        target = builder.apply("reshape", [target], {"shape": p})
    elif y == (*p, 1):
        prediction = builder.apply("reshape", [prediction], {"shape": y})
    settings = dict(settings)
    reduction = settings.get("reduction", "mean")
    result = builder.apply(operation, [prediction, target, *operands[2:]], settings)
    if builder.shape(result) == () or reduction == "none":
        return result
    return builder.apply("sum" if reduction == "sum" else "mean", [result])


def _takes_classes(operation: Operation) -> bool:
    return operation.family == "class losses"


def setting_value(operation: Operation, setting: Setting, value: Any) -> Any:
    """The value of a setting, checked against its kind. Raises OperationError."""

    def refuse(what: str) -> OperationError:
        return OperationError(
            "E305",
            f"{operation.name}: `{setting.name}` must be {what}, not {_show(value)}",
            setting=setting.name,
        )

    def whole(item: Any) -> int:
        if isinstance(item, bool) or not isinstance(item, int | float) or item != int(item):
            raise refuse("a whole number" if not isinstance(value, tuple) else "whole numbers")
        return int(item)

    match setting.kind:
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise refuse("a number")
            return float(value)
        case "integer":
            return whole(value)
        case "axis":
            if value is None:
                return None
            return tuple(whole(v) for v in value) if isinstance(value, tuple) else whole(value)
        case "shape" | "integers":
            return tuple(whole(v) for v in (value if isinstance(value, tuple) else (value,)))
        case "flag":
            if not isinstance(value, bool):
                raise refuse("True or False")
            return value
        case "choice":
            if value not in setting.choices:
                raise refuse("one of " + ", ".join(f'"{c}"' for c in setting.choices))
            return value


def _show(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def find_operation(name: str, positional: int, hidden: bool = False) -> Operation | None:
    """The operation a call means: `max(a, b)` of two quantities is `maximum`, `min(a, b)` is `minimum`."""
    if positional == 2 and name in ("max", "min"):
        return OPERATIONS[name + "imum"]
    record = find(name)
    return None if record is not None and record.hidden and not hidden else record
