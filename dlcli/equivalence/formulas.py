"""A tree -> nodes of single numbers, each entry of an array by itself; operations by their definitions alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from dlcli.equivalence.algebra import Algebra, declared
from dlcli.equivalence.definitions import (
    MOST_ENTRIES,
    FormulaError,
    Value,
    array_of,
    contracted,
    each,
    folded,
    gathered,
    sized,
)
from dlcli.equivalence.scalars import Scalar, Scalars, is_scalar
from dlcli.errors import OperationError
from dlcli.language import parse_expression
from dlcli.language.traversal import fold
from dlcli.language.tree import Binary, Call, Index, Name, Number, Sequence, Slice, Text, Transpose, Tree, Unary
from dlcli.lowering.builder import find_operation, setting_value
from dlcli.lowering.expressions import BINARY
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import (
    REQUIRED,
    Composite,
    Declared,
    Einsum,
    Elementwise,
    Fold,
    Gather,
    Operation,
    Setting,
    Shape,
)
from dlcli.ops.shapes import shown

WORDS: Mapping[str, Any] = {"True": True, "False": False, "None": None}


@dataclass(frozen=True)
class Formula:
    """value: a node, or an array of nodes; divisors: what is divided by, as written and as a node."""

    value: Value
    divisors: tuple[tuple[Tree, Scalar], ...]

    @property
    def shape(self) -> Shape:
        return array_of(self.value).shape

    @property
    def entries(self) -> tuple[Scalar, ...]:
        return (self.value,) if is_scalar(self.value) else tuple(np.asarray(self.value).reshape(-1))


def formula_of(tree: Tree, within: Scalars, symbols: Iterable[str] = ()) -> Formula:
    """The nodes of a formula; names are symbols but for `pi` and `e`, and those too where they are in `symbols`.

    Raises FormulaError and SpentError.
    """
    reader = _Reader(within, {name: within.name(name) for name in symbols})
    try:
        return Formula(reader.value(fold(tree, reader.read)), tuple(reader.divisors))
    except OperationError as error:
        raise FormulaError(str(error)) from None
    except (ValueError, IndexError, OverflowError, MemoryError) as error:
        raise FormulaError(f"its parts do not fit together ({error})") from None


@dataclass
class _Reader:
    """known: the operands of the definition that is read; exact: what decimals in its text stand for."""

    within: Scalars
    known: Mapping[str, Value] = field(default_factory=dict)
    exact: Mapping[Fraction, Fraction] = field(default_factory=dict)
    hidden: bool = False
    divisors: list[tuple[Tree, Scalar]] = field(default_factory=list)

    def read(self, node: Tree, parts: tuple[Any, ...]) -> Any:
        self.within.allowance.spend(1)
        match node:
            case Number(value=value):
                return self.within.number(self.exact.get(value, value))
            case Name(name=name):
                return self.named(name)
            case Unary(operator="-", operand=_):
                return self.apply(OPERATIONS["negative"], list(map(self.value, parts)), {})
            case Unary(operator="+"):
                return self.value(parts[0])
            case Unary():
                return self.apply(OPERATIONS["logical_not"], list(map(self.value, parts)), {})
            case Binary(operator=operator, left=left, right=right):
                a, b = map(self.value, parts)
                self._note_divisor(operator, left, right, a, b)
                return self.apply(OPERATIONS[BINARY[operator]], [a, b], {})
            case Transpose():
                return self.apply(OPERATIONS["transpose"], [self.value(parts[0])], {})
            case Sequence():
                return parts
            case Text(value=text):
                return text
            case Slice(start=start, stop=stop, step=step):
                left_over = iter(parts)
                bounds = (None if bound is None else _whole(next(left_over)) for bound in (start, stop, step))
                return slice(*bounds)
            case Index():
                items = tuple(item if isinstance(item, slice) else _whole(item) for item in parts[1:])
                return self.apply(OPERATIONS["index"], [self.value(parts[0])], {"items": items})
            case Call():
                return self.called(node, parts)

    def named(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        if name in WORDS:
            return WORDS[name]
        if name == "pi":
            return self.within.pi
        if name == "e":
            return self.within.exp(self.within.one)
        return self.within.undefined if name == "inf" else self.within.name(name)

    def value(self, part: Any) -> Value:
        """A part as a node or an array of nodes. Raises FormulaError."""
        if is_scalar(part) or isinstance(part, np.ndarray):
            return part
        if isinstance(part, bool):
            return self.within.number(int(part))
        if not isinstance(part, tuple) or not part:
            raise FormulaError("something stands where a number belongs")
        rows = [np.asarray(self.value(item), dtype=object) for item in part]
        if len({row.shape for row in rows}) > 1:
            raise FormulaError("the rows of a list have different lengths")
        return sized(self.within, np.stack(rows))

    def _note_divisor(self, operator: str, left: Tree, right: Tree, a: Value, b: Value) -> None:
        if self.hidden:
            return
        if operator == "/":
            self._note(right, b)
        elif operator == "**" and is_scalar(b) and b.kind == "number" and b.parts[0] < 0:
            self._note(left, a)

    def _note(self, tree: Tree, divisor: Value) -> None:
        if is_scalar(divisor) and divisor.kind != "number":
            self.divisors.append((tree, divisor))

    def called(self, call: Call, parts: tuple[Any, ...]) -> Value:
        record = find_operation(call.name, len(call.arguments), self.hidden)
        if record is None:
            raise FormulaError(f"there is no operation `{call.name}`")
        arguments = list(parts[: len(call.arguments)])
        keywords = dict(zip((key for key, _ in call.keywords), parts[len(arguments) :], strict=True))
        operands: list[Value]
        if record.variadic:
            listed = arguments.pop(0) if arguments else ()
            if not isinstance(listed, tuple) or not listed:
                raise FormulaError(f"`{record.name}` takes a list first")
            operands = [self.value(item) for item in listed]
        else:
            operands = [self.value(item) for item in arguments[: len(record.operands)]]
            del arguments[: len(record.operands)]
            for name in record.operands[len(operands) :]:
                if name in keywords:
                    operands.append(self.value(keywords.pop(name)))
            if len(operands) < len(record.operands) - record.optional:
                raise FormulaError(f"`{record.name}` takes {len(record.operands)} operands")
        if len(arguments) > len(record.settings):
            raise FormulaError(f"`{record.name}` is given too much")
        given = dict(zip((setting.name for setting in record.settings), arguments, strict=False)) | keywords
        if set(given) - {setting.name for setting in record.settings}:
            raise FormulaError(f"`{record.name}` has no such setting")
        return self.apply(record, operands, given)

    def apply(self, record: Operation, operands: list[Value], given: Mapping[str, Any]) -> Value:
        """The value of an operation. Raises FormulaError, OperationError and SpentError."""
        definition = record.definition
        if not record.settings and not given and all(map(is_scalar, operands)):
            if isinstance(definition, Elementwise):
                return self.within.of(definition.expression(Algebra(self.within), *operands))
            if isinstance(definition, Declared) and record.align == "broadcast":
                found: Value = declared(record, operands, {})
                return found
        settings = {s.name: _setting(record, s, given[s.name]) for s in record.settings if s.name in given}
        complete: dict[str, Any] = {s.name: s.default for s in record.settings} | settings
        if record.name == "index":
            complete = dict(given)
        missing = [name for name, value in complete.items() if value is REQUIRED]
        if missing:
            raise FormulaError(f"`{record.name}` needs its setting `{missing[0]}`")
        shape, settled = record.settle(tuple(array_of(x).shape for x in operands), complete)
        if math.prod(shape) > MOST_ENTRIES:
            raise FormulaError(f"it holds an array of {math.prod(shape):,} entries")
        exact = {name: _exactly(given[name]) for name in settings if isinstance(settings[name], float)}
        result = self.by_definition(record, operands, settled, exact)
        if record.reduction is not None and array_of(result).shape and settings.get("reduction") != "none":
            name = "sum" if settings.get("reduction") == "sum" else "mean"
            return self.apply(OPERATIONS[name], [result], {})
        return result

    def by_definition(
        self, record: Operation, operands: list[Value], settled: Mapping[str, Any], exact: Mapping[str, Fraction]
    ) -> Value:
        """exact: the settings that float64 rounds, as they were written."""
        match record.definition:
            case Elementwise(expression=expression):
                settings = {**settled, **{name: value for name, value in exact.items() if name in settled}}
                algebra = Algebra(self.within)
                return each(self.within, lambda *x: self.within.of(expression(algebra, *x, **settings)), operands)
            case Einsum(subscripts=subscripts):
                arrays = [array_of(x) for x in operands]
                return contracted(self.within, subscripts(tuple(a.shape for a in arrays), settled), arrays)
            case Gather(data=data):
                return gathered(self.within, record, [array_of(x) for x in operands], settled, data)
            case Fold(step=step):
                return folded(self.within, array_of(operands[0]), settled, step)
            case Composite(text=text):
                shapes = tuple(array_of(x).shape for x in operands)
                known = dict(zip(record.operands, operands, strict=False))
                rounded = {Fraction(repr(float(x))): x for x in exact.values()}
                inner = _Reader(self.within, known, rounded, hidden=True)
                return inner.value(fold(_definition(text(shapes, settled)), inner.read))
            case _:
                if record.align == "broadcast":
                    return each(self.within, lambda *x: declared(record, x, settled), operands)
                whole: Value = declared(record, operands, settled)
                return whole


def _whole(part: Any) -> int:
    if not is_scalar(part) or part.kind != "number" or not isinstance(part.parts[0], int):
        raise FormulaError("an index is no whole number")
    return part.parts[0]


def _exactly(part: Any) -> Fraction:
    return Fraction(part.parts[0]) if is_scalar(part) and part.kind == "number" else Fraction(0)


def _setting(record: Operation, setting: Setting, part: Any) -> Any:
    return setting_value(record, setting, _constant(part))


def _constant(part: Any) -> Any:
    """A part as the value of a setting: a number, text, True, False, None or a tuple. Raises FormulaError."""
    if isinstance(part, tuple):
        return tuple(_constant(item) for item in part)
    if not is_scalar(part):
        return part
    if part.kind != "number":
        raise FormulaError("a setting is no plain number")
    return part.parts[0] if isinstance(part.parts[0], int) else float(part.parts[0])


@lru_cache(maxsize=256)
def _definition(text: str) -> Tree:
    return parse_expression(text)


def shape_text(shape: Shape) -> str:
    """A shape in words: "a single number", "shape (2, 3)"."""
    return f"shape {shown(shape)}" if shape else "a single number"
