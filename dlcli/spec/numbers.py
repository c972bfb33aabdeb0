"""Numbers and arrays as written: digits, constant expressions, nested lists -> float64 and exact values."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

import numpy as np

from dlcli.errors import did_you_mean
from dlcli.language import LanguageError, names_in, parse_expression
from dlcli.language.constants import Constant, evaluate_constant
from dlcli.language.tree import Name, Tree, Unary
from dlcli.ops.operation import Shape
from dlcli.spec.nodes import Items, Node, Scalar
from dlcli.spec.records import Value
from dlcli.spec.report import Report, kind_of

MAX_LENGTH = 1_000  # characters of a number or constant expression
MAX_EXACT = 4_096  # entries up to which an array keeps its exact values
_DIGITS = r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?"
_DECIMAL = re.compile(_DIGITS)
_DECIMALS = re.compile(f"(?:{_DIGITS},)*+")
_WHOLE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_COMMA = re.compile(r"[-+]?[0-9][0-9.]*,[0-9]+([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN", "nan", "NaN", "NAN"})
_KNOWN = ("pi", "e", "inf")


@dataclass(frozen=True)
class NumberRules:
    """What numbers are checked against: `declared` names cannot be used in them; masks may hold inf."""

    report: Report
    declared: Collection[str] = ()
    allow_infinite: bool = False


def read_array(node: Scalar | Items, what: str, rules: NumberRules) -> Value | None:
    """The value of a number, an expression of constants or nested lists of them; None after an error.

    Arrays of more than MAX_EXACT entries keep float64 values only (`exact` is None).
    """
    report = rules.report
    if isinstance(node, Scalar):
        constant = read_number(node, what, rules)
        if constant is None:
            return None
        return Value(_frozen(np.array(constant.value)), constant.exact, report.place(node))
    lengths: list[tuple[int, Items]] = []
    leaves: list[Scalar] = []
    if not _rectangular(node, 0, lengths, leaves, what, report):
        return None
    shape = tuple(length for length, _ in lengths)
    constants = _plain_numbers(leaves)
    if constants is None:
        constants = _each_number(leaves, what, rules)
    if constants is None:
        return None
    values, exact = constants
    nested = None if exact is None else _nested(exact, shape)
    return Value(_frozen(np.array(values, dtype=np.float64).reshape(shape)), nested, report.place(node))


def read_number(node: Node, what: str, rules: NumberRules) -> Constant | None:
    """A single number, as float64 and exactly; None where the report says what is wrong with it."""
    report = rules.report
    if not isinstance(node, Scalar) or node.is_null:
        message = f"{what} must be a number, but {kind_of(node)} stands here"
        report.error("E301", message, node, "write a number, for example 0.5 or 1/3")
        return None
    text = node.text.strip()
    if node.is_boolean:
        report.error("E305", f"`{text}` is a truth value, not a number", node, "write 1 for true and 0 for false")
    elif len(text) > MAX_LENGTH:
        message = f"a number of {len(text):,} characters stands here; {MAX_LENGTH:,} are allowed"
        report.error("E304", message, node, "round it: float64 keeps 17 digits")
    elif text in _NOT_A_NUMBER:
        report.error("E303", f"{what} is {text}, which is no value", node, "write a finite number")
    elif _DECIMAL.fullmatch(text) is not None:
        return _decimal(node, text, report)
    elif _WHOLE.fullmatch(text) is not None:
        return _exactly(Fraction(int(text, 0)), node, report)
    elif (infinite := _INFINITE.fullmatch(text)) is not None:
        return _infinity(node, infinite.group(1), what, rules)
    elif _COMMA.fullmatch(text) is not None:
        help = f"write a decimal point: {text.replace('.', '').replace(',', '.')}"
        report.error("E302", f"`{text}` has a decimal comma", node, help)
    else:
        return _expression(node, what, rules)
    return None


def _decimal(node: Scalar, text: str, report: Report) -> Constant | None:
    value = float(text)
    if not isfinite(value):
        report.error("E304", f"`{_short(text)}` is too large for a float64", node, "the largest is about 1.8e308")
        return None
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        help = "the smallest is about 5e-324; write 0 if you mean 0"
        report.error("E304", f"`{_short(text)}` is too close to 0 for a float64", node, help)
        return None
    return Constant(value, Fraction(text) if value else Fraction(0))  # 0e999999999 is 0


def _exactly(number: Fraction, node: Scalar, report: Report) -> Constant | None:
    try:
        return Constant(float(number), number)
    except OverflowError:
        message = f"`{_short(node.text)}` is too large for a float64"
        report.error("E304", message, node, "the largest is about 1.8e308")
        return None


def _infinity(node: Scalar, sign: str, what: str, rules: NumberRules) -> Constant | None:
    if not rules.allow_infinite:
        rules.report.error("E303", f"{what} is infinite", node, _FINITE)
        return None
    tree: Tree = Unary("-", Name("inf")) if sign == "-" else Name("inf")
    return Constant(float(f"{sign}inf"), tree)


_FINITE = "write a finite number; only `constants` may hold inf, for masks"


def _expression(node: Scalar, what: str, rules: NumberRules) -> Constant | None:
    report, written = rules.report, rules.report.written(node)
    try:
        tree = parse_expression(written.text)
    except LanguageError as error:
        message = f"`{_short(node.text)}` is not a number: {error.message}"
        report.error("E301", message, written.part(error.span), error.help or _NUMBER_HELP)
        return None
    for name in names_in(tree):
        if name.name in rules.declared or name.name not in (*_KNOWN, "True", "False", "None"):
            _name_in_value(name, tree, node, what, rules)
            return None
    try:
        constant = evaluate_constant(tree, lambda _: None, allow_infinite=rules.allow_infinite)
    except LanguageError as error:
        report.error(error.code, error.message, written.part(error.span), error.help or _NUMBER_HELP)
        return None
    return constant


_NUMBER_HELP = "write a number, for example 0.5, 1e-3 or 1/3"


def _name_in_value(name: Name, tree: Tree, node: Scalar, what: str, rules: NumberRules) -> None:
    report, place = rules.report, rules.report.written(node).part(name.span)
    if name.name in rules.declared:
        message = f"{what} uses the quantity `{name.name}`, but a value cannot use quantities"
        report.error("E301", message, place, "write the number, or compute it by an equation under `network`")
    elif tree == name:
        near = did_you_mean(name.name, list(_KNOWN))
        message = f"`{name.name}` is text; {what} must be a number"
        report.error("E301", message, place, near or _NUMBER_HELP)
    else:
        near = did_you_mean(name.name, [*_KNOWN, *rules.declared])
        message = f"unknown name `{name.name}` in a value"
        report.error("E103", message, place, near or "a value is made of numbers, pi and e only")


def _rectangular(
    node: Items, depth: int, lengths: list[tuple[int, Items]], leaves: list[Scalar], what: str, report: Report
) -> bool:
    """Whether nested lists form an array; collects its sizes, with the list that set each, and entries."""
    items = node.items
    if not items:
        report.error("E206", f"{what} holds an empty list", node, "give at least one number")
        return False
    if depth == len(lengths):
        if leaves:
            message = f"{what} has a list where its first row has a number"
            report.error("E205", message, node, "nest all rows equally deep", [(leaves[0], "a number here")])
            return False
        lengths.append((len(items), node))
    length, first = lengths[depth]
    if len(items) != length:
        message = f"{what} is ragged: a list of {_numbered(len(items))} follows one of {length}"
        label = (first, f"{_numbered(length)} here")
        report.error("E205", message, node, "give all rows the same length", [label])
        return False
    if isinstance(items[0], Scalar):
        if depth + 1 < len(lengths):
            message = f"{what} has a number where its first row has a list"
            label = (lengths[depth + 1][1], "a list here")
            report.error("E205", message, items[0], "nest all rows equally deep", [label])
            return False
        odd = next((item for item in items if not isinstance(item, Scalar)), None)
        if odd is None:
            leaves.extend(items)  # type: ignore[arg-type]  # all are scalars
            return True
        message = f"{what} has {kind_of(odd)} where a number belongs"
        report.error("E205", message, odd, "nest all rows equally deep", [(items[0], "a number here")])
        return False
    for item in items:
        if not isinstance(item, Items):
            message = f"{what} has {kind_of(item)} where a list of numbers belongs"
            message = f"{what} has a number where its first row has a list" if isinstance(item, Scalar) else message
            report.error("E205", message, item, "nest all rows equally deep", [(items[0], "the first row")])
            return False
        if not _rectangular(item, depth + 1, lengths, leaves, what, report):
            return False
    return True


def _numbered(length: int) -> str:
    return f"{length} entry" if length == 1 else f"{length} entries"


def _plain_numbers(leaves: list[Scalar]) -> tuple[list[float], list[Any] | None] | None:
    """All entries at once where each is written in ordinary digits, else None."""
    texts = [leaf.text for leaf in leaves]
    if _DECIMALS.fullmatch(",".join(texts) + ",") is None or max(map(len, texts)) > 40:
        return None
    values = list(map(float, texts))
    if not np.isfinite(values).all() or any("e" in t or "E" in t for v, t in zip(values, texts, strict=True) if v == 0):
        return None
    return values, list(map(_fraction, texts)) if len(texts) <= MAX_EXACT else None


def _fraction(text: str) -> Fraction:
    """`Fraction(text)` of ordinary digits, three times as fast where there is no exponent."""
    if "e" in text or "E" in text:
        return Fraction(text)
    whole, _, decimals = text.partition(".")
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def _each_number(leaves: list[Scalar], what: str, rules: NumberRules) -> tuple[list[float], list[Any] | None] | None:
    constants = [read_number(leaf, f"an entry of {what}", rules) for leaf in leaves]
    found = [constant for constant in constants if constant is not None]
    if len(found) < len(constants):
        return None
    return [c.value for c in found], [c.exact for c in found] if len(found) <= MAX_EXACT else None


def _nested(flat: list[Any], shape: Shape) -> Any:
    for size in reversed(shape[1:]):
        flat = [tuple(flat[start : start + size]) for start in range(0, len(flat), size)]
    return tuple(flat)


def _frozen(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.setflags(write=False)
    return array


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
