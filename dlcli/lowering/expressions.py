"""A formula's tree -> nodes. Every error found on the way gets the place of the part that causes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from dlcli.errors import Diagnostic, HomeworkError, OperationError, did_you_mean
from dlcli.language import LanguageError, names_in, to_text
from dlcli.language.constants import Constant, evaluate_constant
from dlcli.language.tree import (
    Binary,
    Call,
    Index,
    Name,
    Number,
    Sequence,
    Slice,
    Text,
    Transpose,
    Tree,
    Unary,
)
from dlcli.lowering.builder import find_operation, setting_value
from dlcli.lowering.orientation import oriented, turned_back
from dlcli.lowering.scope import Scope
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Operation

BINARY = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "**": "power",
    "@": "matmul",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "==": "equal",
    "!=": "not_equal",
    "and": "logical_and",
    "or": "logical_or",
}
WORDS: Mapping[str, Any] = {"True": True, "False": False, "None": None}
CONSTANT_NAMES = ("pi", "e", "inf")


def lower_tree(tree: Tree, scope: Scope) -> int:
    """The node that computes the formula. Raises HomeworkError."""
    if is_constant(tree, scope):
        return _literal(tree, scope)
    match tree:
        case Name():
            return _quantity(tree, scope)
        case Unary(operator="-", operand=operand):
            return scope.apply("negative", [lower_tree(operand, scope)], {}, tree, operand)
        case Unary(operator="+", operand=operand):
            return lower_tree(operand, scope)
        case Unary(operator="not", operand=operand):
            return scope.apply("logical_not", [lower_tree(operand, scope)], {}, tree, operand)
        case Binary(operator=operator, left=left, right=right):
            operands = _lower_all([left, right], scope)
            return scope.apply(BINARY[operator], operands, {}, tree, left, right)
        case Transpose(operand=operand):
            return scope.apply("transpose", [lower_tree(operand, scope)], {}, tree, operand)
        case Index(operand=operand, items=items):
            settings = {"items": tuple(_index(item, scope) for item in items)}
            return scope.apply("index", [lower_tree(operand, scope)], settings, tree, operand)
        case Sequence(items=items):
            if not items:
                scope.refuse("E206", "an empty list has no values", tree.span, "give at least one number or quantity")
            return scope.apply("stack", _lower_all(items, scope), {}, tree, *items)
        case Call():
            return _call(tree, scope)
        case Text(value=value):
            help = "a name stands without quotes; texts are for settings alone"
            scope.refuse("E305", f'the text "{value}" stands where a quantity belongs', tree.span, help)
        case _:
            help = "an index and a slice follow a quantity in brackets: `x[0]`, `x[:, 1]`"
            scope.refuse("E111", f"`{to_text(tree)}` cannot stand here", tree.span, help)


def _lower_all(trees: Iterable[Tree], scope: Scope) -> list[int]:
    """The nodes of several formulas. Raises HomeworkError with the errors of all of them."""
    numbers, errors = list[int](), list[Diagnostic]()
    for tree in trees:
        try:
            numbers.append(lower_tree(tree, scope))
        except HomeworkError as error:
            errors += [diagnostic for diagnostic in error.diagnostics if diagnostic not in errors]
    if errors:
        raise HomeworkError(*errors)
    return numbers


def is_constant(tree: Tree, scope: Scope) -> bool:
    """Whether the formula is arithmetic on numbers alone, or a list of such formulas."""
    if isinstance(tree, Sequence):
        return bool(tree.items) and all(is_constant(item, scope) for item in tree.items)
    if isinstance(tree, Text | Slice | Index | Transpose):
        return False
    names = scope.builder.names
    if isinstance(tree, Name):
        return tree.name in CONSTANT_NAMES and tree.name not in names and tree.name not in scope.later
    if isinstance(tree, Number):
        return True
    if isinstance(tree, Call):
        return (
            tree.name in ("sqrt", "exp", "log", "ln", "sin", "cos", "tanh", "abs")
            and len(tree.arguments) == 1
            and not tree.keywords
            and is_constant(tree.arguments[0], scope)
        )
    if isinstance(tree, Unary):
        return tree.operator != "not" and is_constant(tree.operand, scope)
    return tree.operator in ("+", "-", "*", "/", "**") and all(is_constant(t, scope) for t in (tree.left, tree.right))


def setting(tree: Tree, scope: Scope) -> Any:
    """The constant that a setting is: a number, text, True, False, None or a tuple. Raises HomeworkError."""
    if isinstance(tree, Text):
        return tree.value
    if isinstance(tree, Name) and tree.name in WORDS:
        return WORDS[tree.name]
    if isinstance(tree, Sequence):
        return tuple(setting(item, scope) for item in tree.items)
    for name in names_in(tree):
        known = scope.constants
        if name.name not in known and name.name not in CONSTANT_NAMES:
            if name.name in scope.builder.names:
                message = f"`{name.name}` is a quantity of the network, but a setting must be a constant"
                scope.refuse("E108", message, name.span, "write the number, or put it under `constants`")
            help = did_you_mean(name.name, list(known)) or "declare it under `constants`, or write the number"
            scope.refuse("E103", f"unknown name `{name.name}`", name.span, help)
    value = _constant(tree, scope)
    if value.exact is not None and isinstance(value.exact, Fraction) and value.exact.denominator == 1:
        return int(value.exact)
    return value.value


def _constant(tree: Tree, scope: Scope) -> Constant:
    def lookup(name: str) -> Fraction | float | None:
        constant = scope.constants.get(name)
        if constant is None:
            return None
        return constant.exact if isinstance(constant.exact, Fraction) else constant.value

    try:
        return evaluate_constant(tree, lookup)
    except LanguageError as error:
        scope.refuse(error.code, error.message, error.span, error.help)


def _literal(tree: Tree, scope: Scope) -> int:
    def nested(part: Tree) -> tuple[Any, Any]:
        if isinstance(part, Sequence):
            pairs = [nested(item) for item in part.items]
            return [value for value, _ in pairs], tuple(exact for _, exact in pairs)
        constant = _constant(part, scope)
        return constant.value, constant.exact

    value, exact = nested(tree)
    try:
        array = np.asarray(value, dtype=np.float64)
    except ValueError:
        scope.refuse("E205", "the rows of this list have different lengths", tree.span, "give each row as many numbers")
    return scope.builder.leaf(array, exact)


def _quantity(tree: Name, scope: Scope) -> int:
    names = scope.builder.names
    if tree.name in names:
        return names[tree.name]
    if tree.name in WORDS:
        where = "it is the value of a setting, as in `sum(x, axis=None)`"
        scope.refuse("E103", f"`{tree.name}` is no quantity", tree.span, where)
    if tree.name in scope.later:
        later = scope.later[tree.name]
        raise HomeworkError(
            Diagnostic(
                "E105",
                f"`{tree.name}` is used before it is defined",
                scope.place(tree.span),
                help=f"move its equation (line {later.line}) above this one",
            )
        )
    help = did_you_mean(tree.name, list(names))
    if find_operation(tree.name, 1) is not None:
        help = f"`{tree.name}` is an operation: write `{tree.name}(…)`"
    scope.refuse("E103", f"unknown name `{tree.name}`", tree.span, help or known_names(names))


def known_names(names: Mapping[str, int]) -> str:
    """The first names that a formula may use, as help."""
    listed = list(names)
    return "known here: " + ", ".join(listed[:12]) + (" …" if len(listed) > 12 else "")


def _index(item: Tree, scope: Scope) -> Any:
    if isinstance(item, Slice):
        bounds = (None if part is None else _whole(part, scope) for part in (item.start, item.stop, item.step))
        return slice(*bounds)
    return _whole(item, scope)


def _whole(tree: Tree, scope: Scope) -> int:
    value = setting(tree, scope)
    if isinstance(value, bool) or not isinstance(value, int):
        help = "indices count from 0: `x[0]` is the first entry"
        scope.refuse("E305", f"an index must be a whole number, not `{to_text(tree)}`", tree.span, help)
    return value


def _call(tree: Call, scope: Scope) -> int:
    positional = len(tree.arguments)
    record = find_operation(tree.name, positional, scope.hidden)
    if record is None:
        if tree.name in scope.builder.names:
            help = f"`{tree.name}` is a quantity; write `{tree.name}*(…)` for a product"
        else:
            known = [n for n, r in OPERATIONS.items() if not r.hidden and r.family != "arithmetic"]
            help = did_you_mean(tree.name, known) or "`dlcli ops` lists the operations"
        scope.refuse("E102", f"unknown operation `{tree.name}`", tree.name_span, help)
    operands, settings = _arguments(tree, record, scope)
    numbers = _lower_all(operands, scope)
    has_axis = record.family == "activations" and any(s.name == "axis" for s in record.settings)
    if scope.columns and has_axis and len(scope.builder.shape(numbers[0])) == 2:
        settings.setdefault("axis", 0)
    numbers, turned = oriented(record, numbers, scope.builder, scope.columns, scope.convention)
    number = scope.apply(record, numbers, settings, tree, *operands)
    return turned_back(number, turned, scope.builder)


def _arguments(tree: Call, record: Operation, scope: Scope) -> tuple[list[Tree], dict[str, Any]]:
    """The formulas of the operands and the values of the settings given in a call."""
    arguments = list(tree.arguments)
    keywords = dict(tree.keywords)
    operands: list[Tree]
    if record.variadic:
        listed = arguments.pop(0) if arguments else None
        if not isinstance(listed, Sequence) or not listed.items:
            help = f"write {record.name}([a, b])"
            scope.refuse("E106", f"{record.name} takes a list of quantities first", tree.span, help)
        operands = list(listed.items)
    else:
        operands = arguments[: len(record.operands)]
        del arguments[: len(record.operands)]
        missing = None
        for name in record.operands[len(operands) :]:
            if name not in keywords:
                missing = missing or name
            elif missing is not None:
                message = f"{record.name} is given `{name}`, but not `{missing}` before it: {_signature(record)}"
                scope.refuse("E106", message, tree.span, f"add `{missing}`")
            else:
                operands.append(keywords.pop(name))
        needed = len(record.operands) - record.optional
        if len(operands) < needed:
            count = f"{needed} quantit{'y' if needed == 1 else 'ies'}"
            message = f"{record.name} takes {count}, {_signature(record)}, but {len(operands)} came"
            scope.refuse("E106", message, tree.span, f"`dlcli ops {record.name}` explains it")
    if len(arguments) > len(record.settings):
        extra = arguments[len(record.settings)]
        advice = _reduction_help(record, extra, scope)
        scope.refuse("E106", f"{record.name} takes no further argument: {_signature(record)}", extra.span, advice)
    given: dict[str, Tree] = dict(zip((s.name for s in record.settings), arguments, strict=False))
    known = [s.name for s in record.settings]
    for name, value in keywords.items():
        if name not in known:
            help = did_you_mean(name, known) or f"it takes {_signature(record)}"
            scope.refuse("E101", f"{record.name} has no setting `{name}`", value.span, help)
        if name in given:
            scope.refuse("E101", f"the setting `{name}` is given twice", value.span, "keep one of the two")
        given[name] = value
    settings: dict[str, Any] = {}
    for kind in record.settings:
        if kind.name in given:
            try:
                settings[kind.name] = setting_value(record, kind, setting(given[kind.name], scope))
            except OperationError as error:
                raise scope.blame(error, given[kind.name]) from None
    return operands, settings


def _reduction_help(record: Operation, extra: Tree, scope: Scope) -> str:
    is_quantity = isinstance(extra, Name) and extra.name in scope.builder.names
    if is_quantity and record.settings:
        return "settings are constants, not quantities"
    return "leave it out"


def _signature(record: Operation) -> str:
    operands = [f"[{record.operands[0]}, …]"] if record.variadic else list(record.operands)
    settings = [f"{s.name}={s.default!r}".replace("'", '"') for s in record.settings]
    return f"{record.name}({', '.join(operands + settings)})"
