"""The key `optimizer`: one rule and its settings."""

from __future__ import annotations

from fractions import Fraction

from dlcli.errors import did_you_mean
from dlcli.layers import Key
from dlcli.spec.context import Context, read_mapping
from dlcli.spec.keys import OPTIMIZER_DEFAULTS, OPTIMIZERS
from dlcli.spec.nodes import Node, Pairs, Scalar
from dlcli.spec.records import Optimizer
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
    given_settings = read_mapping(settings, OPTIMIZERS[name.text], context, f"the optimizer {name.text}")
    if given_settings is None or len(report.diagnostics) > before:
        return None
    values = {k: float(Fraction(text)) for k, text in OPTIMIZER_DEFAULTS[name.text].items()}
    exact = {k: Fraction(text) for k, text in OPTIMIZER_DEFAULTS[name.text].items()}
    values |= {k: constant.value for k, constant in given_settings.items()}
    exact |= {k: constant.exact for k, constant in given_settings.items()}
    return Optimizer(name.text, values, exact, report.place(node))
