"""The key `optimizer`: one rule, its settings, its batches and what it has kept from earlier steps."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from dlcli.errors import did_you_mean
from dlcli.layers import Key
from dlcli.spec.context import Context, read_mapping, value_places
from dlcli.spec.keys import OPTIMIZER_DEFAULTS, OPTIMIZERS, optimizer_keys
from dlcli.spec.kinds import read_count
from dlcli.spec.names import read_name
from dlcli.spec.nodes import Node, Pairs, Scalar
from dlcli.spec.numbers import read_array
from dlcli.spec.records import Optimizer, Value
from dlcli.spec.report import kind_of


def read_optimizer(node: Node, key: Key, context: Context) -> Optimizer | None:
    """The optimizer with the defaults of its settings filled in."""
    report, what = context.report, f"`{key.name}`"
    if isinstance(node, Scalar) and node.text in OPTIMIZERS:
        help = f"write {key.name}: {{{node.text}: {{learning_rate: 0.5}}}}"
        report.error("E107", f"the optimizer {node.text} needs `learning_rate`, which has no default", node, help)
        return None
    if not isinstance(node, Pairs) or len(node.pairs) != 1:
        given = f"{len(node.pairs)} keys stand" if isinstance(node, Pairs) else f"{kind_of(node)} stands"
        message = f"{what} names one rule with its settings, but {given} here"
        report.error("E122", message, node, f"write {key.name}: {{sgd: {{learning_rate: 0.5}}}}")
        return None
    name, settings = node.pairs[0]
    if name.text not in OPTIMIZERS:
        help = did_you_mean(name.text, list(OPTIMIZERS)) or f"known are {', '.join(OPTIMIZERS)}"
        report.error("E102", f"unknown optimizer `{name.text}`", name, help)
        return None
    before = len(report.diagnostics)
    given_settings = read_mapping(settings, optimizer_keys(name.text), context, f"the optimizer {name.text}")
    if given_settings is None or len(report.diagnostics) > before:
        return None
    values = {k: float(Fraction(text)) for k, text in OPTIMIZER_DEFAULTS[name.text].items()}
    exact = {k: Fraction(text) for k, text in OPTIMIZER_DEFAULTS[name.text].items()}
    batch_size = given_settings.pop("batch_size", None)
    state: dict[str, Any] = given_settings.pop("state", {})
    values |= {k: constant.value for k, constant in given_settings.items()}
    exact |= {k: constant.exact for k, constant in given_settings.items()}
    places = value_places(settings, context) if isinstance(settings, Pairs) else {}
    taken = state.pop("t", 0)
    return Optimizer(name.text, values, exact, report.place(node), batch_size, state, taken, places)


def read_state(node: Node, key: Key, context: Context) -> dict[str, Any] | None:
    """By name what the rule has kept: a Value for all weights, or Values by weight; `t` is a whole number."""
    keys = tuple(Key(name, "state", "", examples=(0,)) for name in key.choices)
    readers = {"state": _read_kept}
    return read_mapping(node, keys, Context(context.report, context.folder, context.sections, readers), "`state`")


def _read_kept(node: Node, key: Key, context: Context) -> Value | dict[str, Value] | int | None:
    if key.name == "t":
        return read_count(node, key, context)
    if not isinstance(node, Pairs):
        return read_array(node, f"`{key.name}`", context.rules())
    kept: dict[str, Value] = {}
    for name_node, value_node in node.pairs:
        name = read_name(name_node, context.report)
        if isinstance(value_node, Pairs):
            message = f"`{key.name}` of {name_node.text} is a number or an array, but a mapping stands here"
            context.report.error("E122", message, value_node, "write the numbers")
            continue
        value = read_array(value_node, f"`{key.name}` of {name_node.text}", context.rules())
        if name is not None and value is not None:
            kept[name] = value
    return kept
