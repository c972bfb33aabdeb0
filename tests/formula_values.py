"""The values of printed gradient formulas, computed from their text by NumPy and complex steps alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from dlcli.language import parse_expression
from dlcli.language.tree import Binary, Call, Index, Name, Number, Slice, Text, Transpose, Tree, Unary
from dlcli.language.tree import Sequence as List
from dlcli.ops import find
from dlcli.ops.operation import REQUIRED

STEP = 1e-30
MISSING: Mapping[str, Sequence[str]] = {  # operands that `f_dx(…)` is given after the cotangents
    "conv1d_dx": ("w",), "conv1d_dw": ("x",), "conv2d_dx": ("w",), "conv2d_dw": ("x",),
    "maxpool2d_dx": ("x",), "avgpool2d_dx": (), "batchnorm_dgamma": ("x",), "batchnorm_dx": ("x", "gamma"),
    "layernorm_dgamma": ("x",), "layernorm_dx": ("x", "gamma"),
}  # fmt: skip
OPERANDS = {"conv1d": 2, "conv2d": 2, "maxpool2d": 1, "avgpool2d": 1, "batchnorm": 3, "layernorm": 3}
BINARY = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "@": np.matmul,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
    "and": np.logical_and, "or": np.logical_or,
}  # fmt: skip


def formula_value(text: str, values: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    """The value of a formula, whose result has this shape; `f'(x)` is a slope, `f_dx(g, …)` a gradient."""
    tree = parse_expression(text.replace("'(", "__slope("))
    return np.broadcast_to(_value(tree, values, shape), shape)


def _value(tree: Tree, values: Mapping[str, Any], shape: tuple[int, ...]) -> Any:
    match tree:
        case Number(value=value):
            return float(value)
        case Text(value=value):
            return value
        case Name(name=name):
            return {"True": True, "pi": np.pi, "e": np.e}[name] if name not in values else values[name]
        case Unary(operand=operand):
            return -_value(operand, values, shape)
        case Binary(operator="@", left=left, right=right):
            return _value(left, values, ()) @ _value(right, values, ())
        case Binary(operator=operator, left=left, right=right):
            return BINARY[operator](_value(left, values, shape), _value(right, values, shape))
        case Transpose(operand=operand):
            return _value(operand, values, shape[::-1]).T
        case List(items=items):
            parts = [_value(item, values, shape[1:]) for item in items]
            return np.array(parts) if len({np.shape(part) for part in parts}) <= 1 else parts
        case Index(operand=operand, items=items):
            return _value(operand, values, ())[_places(items, values)]
        case Call(name="scatter", arguments=(part, Index(operand=operand, items=items))):
            result = np.zeros(np.shape(_value(operand, values, ())))
            places = _places(items, values)
            np.add.at(result, places, _value(part, values, result[places].shape))
            return result
        case Call():
            return _call(tree, values, shape)
    raise AssertionError(tree)


def _places(items: Sequence[Tree], values: Mapping[str, Any]) -> tuple[Any, ...]:
    def bound(tree: Tree | None) -> int | None:
        return None if tree is None else int(_value(tree, values, ()))

    return tuple(
        slice(bound(item.start), bound(item.stop), bound(item.step))
        if isinstance(item, Slice)
        else np.asarray(_value(item, values, ())).astype(int)
        for item in items
    )


def _call(call: Call, values: Mapping[str, Any], shape: tuple[int, ...]) -> Any:
    settings = {key: _setting(_value(value, values, ())) for key, value in call.keywords}
    if call.name.endswith("__slope"):
        (x,) = (np.asarray(_value(argument, values, ()), float) for argument in call.arguments)
        return _by_steps(call.name.removesuffix("__slope"), [x], 0, settings, None)
    name, _, by = call.name.rpartition("_d")
    record = find(name) if name else None
    if record is not None:
        given = [np.asarray(_value(argument, values, ()), float) for argument in call.arguments]
        cotangents, taken = given[: record.results], given[record.results :]
        names = MISSING.get(call.name, record.operands)
        known = dict(zip(names, taken, strict=False))
        position = record.operands.index(by)
        count = OPERANDS.get(name, len(taken))
        spare = known.get("gamma", np.zeros(shape))
        operands = [known.get(n, np.ones(shape) if n == by else np.zeros_like(spare)) for n in record.operands[:count]]
        result = np.shape(_forward(name, operands, settings))
        whole = [np.broadcast_to(g, result[1:] if record.results > 1 else result) for g in cotangents]
        return _by_steps(name, operands, position, settings, np.stack(whole) if record.results > 1 else whole[0])
    if call.name.startswith("columns_"):
        axis = () if "axis" in settings else (("axis", Number(Fraction(0), "0")),)
        return _call(Call(call.name.removeprefix("columns_"), call.arguments, (*call.keywords, *axis)), values, shape)
    if call.name == "full":
        return np.full([int(n) for n in _value(call.arguments[0], values, ())], _value(call.arguments[1], values, ()))
    if call.name == "ones":
        return np.ones([int(n) for n in _value(call.arguments[0], values, ())])
    if call.name == "reshape":
        target = tuple(int(n) for n in np.atleast_1d(_value(call.arguments[1], values, ())))
        return np.reshape(_value(call.arguments[0], values, ()), target if np.size(target) else ())
    return _forward(call.name, [_value(argument, values, shape) for argument in call.arguments], settings)


def _setting(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return tuple(int(n) for n in value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _forward(name: str, arguments: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """An operation's value by its own forward pass; settings may stand after the operands."""
    record = find(name)
    assert record is not None, name
    count = 1 if record.variadic else len(record.operands)
    defaults = {setting.name: setting.default for setting in record.settings}
    needed = [
        setting.name for setting in record.settings if setting.default is REQUIRED and setting.name not in settings
    ]
    operands = list(arguments[: len(arguments) - len(needed)])[:count]
    for key, value in zip(needed, arguments[count:], strict=False):
        defaults[key] = _setting(value)
    if record.variadic:
        operands = list(operands[0])
    operands = [np.asarray(x) for x in operands]
    shapes = tuple(np.shape(x) for x in operands)
    _, settled = record.settle(shapes, defaults | dict(settings))
    return record.forward(*operands, **settled)


def _by_steps(name: str, operands: Sequence[Any], position: int, settings: Mapping[str, Any], g: Any) -> np.ndarray:
    """sum(g*f) differentiated by each entry of one operand, by a complex step; without g the slope itself."""
    base = operands[position]
    found = np.zeros(np.shape(base))
    for place in np.ndindex(base.shape):
        moved = base.astype(complex)
        moved[place] += 1j * STEP
        changed = [moved if p == position else x for p, x in enumerate(operands)]
        slopes = _forward(name, changed, settings).imag / STEP
        found[place] = np.sum(slopes if g is None else g * slopes)
    return found
