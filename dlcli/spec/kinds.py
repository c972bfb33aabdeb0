"""Readers of the simple kinds of keys: text, names, choices, whole numbers, shapes, formulas."""

from __future__ import annotations

import re
from fractions import Fraction
from math import prod
from typing import Any

from dlcli.codes import CODES
from dlcli.errors import did_you_mean
from dlcli.language import LanguageError, parse_expression
from dlcli.language.constants import Constant
from dlcli.language.tree import Call, Name, Text
from dlcli.layers import Key
from dlcli.ops import OPERATIONS, find
from dlcli.spec.context import Context
from dlcli.spec.files import MAX_ENTRIES
from dlcli.spec.initialisers import INITIALISERS
from dlcli.spec.names import is_name, read_name
from dlcli.spec.nodes import Items, Node, Scalar
from dlcli.spec.numbers import read_number
from dlcli.spec.records import Formula, Reference, Written
from dlcli.spec.report import kind_of

MAX_COUNT = 10_000_000


def read_text(node: Node, key: Key, context: Context) -> str | None:
    """The characters as written, whatever type YAML would give them."""
    if isinstance(node, Scalar):
        return node.text
    message = f"`{key.name}` is text, but {kind_of(node)} stands here"
    context.report.error("E122", message, node, "a text that starts with [ or { needs quotes")
    return None


def read_choice(node: Node, key: Key, context: Context) -> str | None:
    """One of the texts of `key.choices`."""
    listed = " or ".join(f"`{choice}`" for choice in key.choices)
    if not isinstance(node, Scalar):
        context.report.error("E122", f"`{key.name}` is {listed}, not {kind_of(node)}", node, f"write {listed}")
    elif node.text in key.choices:
        return node.text
    else:
        help = did_you_mean(node.text, key.choices) or f"write {listed}"
        context.report.error("E123", f"`{key.name}` cannot be `{node.text}`; it is {listed}", node, help)
    return None


def read_init(node: Node, _: Key, context: Context) -> str | None:
    """The name of an initialiser."""
    known = tuple(INITIALISERS)
    if isinstance(node, Scalar) and node.text in known:
        return node.text
    given = f"`{node.text}`" if isinstance(node, Scalar) else kind_of(node)
    near = did_you_mean(node.text, known) if isinstance(node, Scalar) else None
    context.report.error("E123", f"unknown initialiser {given}", node, near or f"known are {', '.join(known)}")
    return None


def read_constant(node: Node, key: Key, context: Context) -> Constant | None:
    """A finite number."""
    return read_number(node, f"`{key.name}`", context.rules())


def read_positive(node: Node, key: Key, context: Context) -> Constant | None:
    """A number above 0."""
    number = read_constant(node, key, context)
    if number is not None and number.value <= 0:
        message = f"`{key.name}` must be positive, but it is {number.value:g}"
        context.report.error("E305", message, node, f"give a number above 0, for example {key.name}: 0.1")
        return None
    return number


def read_fraction(node: Node, key: Key, context: Context) -> Constant | None:
    """A number in [0, 1)."""
    number = read_constant(node, key, context)
    if number is not None and not 0 <= number.value < 1:
        message = f"`{key.name}` must lie in [0, 1), but it is {number.value:g}"
        context.report.error("E305", message, node, f"give a share, for example {key.name}: 0.9")
        return None
    return number


def read_natural(node: Node, key: Key, context: Context) -> int | None:
    """A whole number from 1 to MAX_COUNT."""
    return _whole(node, f"`{key.name}`", 1, MAX_COUNT, context)


def read_seed(node: Node, key: Key, context: Context) -> int | None:
    """A whole number that numpy.random.RandomState takes."""
    return _whole(node, f"`{key.name}`", 0, 2**32 - 1, context)


def read_count(node: Node, key: Key, context: Context) -> int | None:
    """A whole number from 0 to MAX_COUNT."""
    return _whole(node, f"`{key.name}`", 0, MAX_COUNT, context)


def _whole(node: Node, what: str, low: int, high: int, context: Context) -> int | None:
    number = read_number(node, what, context.rules())
    if number is None:
        return None
    exact = number.exact if isinstance(number.exact, Fraction) else Fraction(number.value)
    if exact.denominator == 1 and low <= exact <= high:
        return int(exact)
    message = f"{what} must be a whole number from {low:,} to {high:,}, but it is {number.value:g}"
    context.report.error("E305", message, node, f"write for example {max(low, 1)}")
    return None


def read_shape(node: Node, key: Key, context: Context) -> tuple[int, ...] | None:
    """Sizes in a list, or a single size; `[]` is the shape of a number."""
    if isinstance(node, Items):
        sizes = [_whole(item, "a size", 1, MAX_ENTRIES, context) for item in node.items]
    elif isinstance(node, Scalar) and not node.is_null:
        sizes = [_whole(node, "a size", 1, MAX_ENTRIES, context)]
    else:
        message = f"a shape is a list of sizes, but {kind_of(node)} stands here"
        context.report.error("E203", message, node, f"write for example {key.name}: [2, 3]")
        return None
    shape = tuple(size for size in sizes if size is not None)
    if len(shape) < len(sizes):
        return None
    if prod(shape) > MAX_ENTRIES:
        message = f"an array of shape {shape} has {prod(shape):,} numbers, more than {MAX_ENTRIES:,}"
        context.report.error("E203", message, node, "give smaller sizes")
        return None
    return shape


def read_own_name(node: Node, key: Key, context: Context) -> str | None:
    """A name that the file gives to something."""
    if not isinstance(node, Scalar) or node.is_null:
        message = f"`{key.name}` is a name, but {kind_of(node)} stands here"
        context.report.error("E122", message, node, "write one word: letters, digits and _")
        return None
    return read_name(node, context.report)


def read_quantity(node: Node, key: Key, context: Context) -> str | None:
    """The name of a quantity that stands elsewhere."""
    if isinstance(node, Scalar) and not node.is_null:
        return read_name(node, context.report)
    message = f"`{key.name}` is the name of a quantity, but {kind_of(node)} stands here"
    context.report.error("E122", message, node, "write the name alone")
    return None


def read_quantities(node: Node, key: Key, context: Context) -> tuple[Reference, ...] | None:
    """Names of quantities in a list; a single name is a list of one."""
    items = node.items if isinstance(node, Items) else [node]
    report = context.report
    if not items or (isinstance(node, Scalar) and node.is_null):
        report.error("E122", f"`{key.name}` names no quantity", node, f"write {key.name}: [a, b]")
        return None
    references = []
    for item in items:
        if not isinstance(item, Scalar) or item.is_null:
            message = f"`{key.name}` lists names of quantities, but {kind_of(item)} stands here"
            report.error("E122", message, item, f"write {key.name}: [a, b]")
        elif (name := read_name(item, report)) is not None:
            references.append(Reference(name, report.place(item)))
    return tuple(references) if len(references) == len(items) else None


def read_formula(node: Node, key: Key, context: Context) -> Formula | None:
    """An expression of the homework language; a list in brackets is read as one too."""
    report = context.report
    if isinstance(node, Items) and node.flow:
        written = Written(report.source.text[node.start : node.end], report.place(node))
    elif isinstance(node, Scalar) and not node.is_null:
        written = report.written(node)
    else:
        message = f"`{key.name}` is a formula, but {kind_of(node)} stands here"
        example = f" {key.examples[0]}" if key.examples else ""
        report.error("E122", message, node, f"write a name or an expression, for example{example or ' 2*x'}")
        return None
    try:
        return Formula(parse_expression(written.text), written)
    except LanguageError as error:
        report.error(error.code, error.message, written.part(error.span), error.help)
        return None


def read_setting(node: Node, key: Key, context: Context) -> Formula | None:
    """A setting of an operation: a formula, where YAML's true, false and null are those of the language."""
    if isinstance(node, Scalar) and (node.is_boolean or node.is_null):
        name = node.text.capitalize() if node.is_boolean else "None"
        return Formula(Name(name, (0, len(node.text))), context.report.written(node))
    return read_formula(node, key, context)


def read_option(node: Node, key: Key, context: Context) -> Formula | None:
    """A setting of an operation that is one of several texts."""
    choice = read_choice(node, key, context)
    if choice is None or not isinstance(node, Scalar):
        return None
    return Formula(Text(choice, (0, len(choice))), context.report.written(node))


def read_activation(node: Node, key: Key, context: Context) -> Formula | None:
    """An operation's name, or a call of it without its first argument."""
    formula = read_formula(node, key, context)
    if formula is None:
        return None
    tree, report = formula.tree, context.report
    if not isinstance(tree, Name | Call):
        help = "write an operation's name, or a call without its first argument: leaky_relu(slope=0.1)"
        report.error("E102", f"`{formula.written.text}` is no activation", formula.place(tree), help)
        return None
    record = find(tree.name)
    if record is not None and not record.hidden:
        return formula
    span = tree.name_span if isinstance(tree, Call) else tree.span
    activations = [name for name, operation in OPERATIONS.items() if operation.family == "activations"]
    known = activations + [name for name, operation in OPERATIONS.items() if not operation.hidden]
    near = did_you_mean(tree.name, activations) or did_you_mean(tree.name, known)
    help = near or "`dlcli ops` lists the activations"
    report.error("E102", f"unknown activation `{tree.name}`", formula.written.part(span), help)
    return None


def read_code(node: Node, key: Key, context: Context) -> str | None:
    """One of the error codes."""
    report = context.report
    if not isinstance(node, Scalar) or not re.fullmatch(r"E[0-9]{3}", node.text):
        given = f"`{node.text}`" if isinstance(node, Scalar) else kind_of(node)
        message = f"`{key.name}` is an error code, not {given}"
        report.error("E126", message, node, "write the code of one error, for example E204")
        return None
    if node.text not in CODES:
        message = f"dlcli has no error {node.text}"
        report.error("E126", message, node, did_you_mean(node.text, CODES) or "`dlcli explain` lists the codes")
        return None
    return node.text


def read_id(node: Node, key: Key, context: Context) -> str | None:
    """The id of a question: its characters as written."""
    if isinstance(node, Scalar) and node.text.strip():
        return node.text
    context.report.error("E122", f"`{key.name}` is a short text, but {kind_of(node)} stands here", node, "write id: a")
    return None


def read_anything(node: Node, _: Key, __: Context) -> Any:
    """The node itself: whoever uses it reads it."""
    return node


def is_reference(node: Node) -> bool:
    """Whether a value is the name of an entry rather than a number."""
    return isinstance(node, Scalar) and is_name(node.text) and not node.is_boolean and not node.is_null
