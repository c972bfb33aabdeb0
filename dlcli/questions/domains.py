"""The domain of a free symbol: `real`, `positive`, `nonzero`, `integer` or an interval."""

from __future__ import annotations

import re

from dlcli.errors import did_you_mean
from dlcli.questions.records import REAL, Domain
from dlcli.spec.nodes import Items, Node, Scalar
from dlcli.spec.report import Report, kind_of

NAMED = {
    "real": REAL,
    "positive": Domain(low=0.0),
    "negative": Domain(high=0.0),
    "nonzero": Domain(nonzero=True),
    "integer": Domain(integer=True),
}
_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_INTERVAL = re.compile(rf"\s*[(\[]\s*({_NUMBER}|-inf)\s*,\s*({_NUMBER}|inf)\s*[)\]]\s*")


def read_domain(node: Node, name: str, report: Report) -> Domain | None:
    """The domain of the symbol `name`; None after an error (E404)."""
    if isinstance(node, Items):
        written = report.source.text[node.start : node.end]
    elif isinstance(node, Scalar):
        written = "real" if node.is_null else node.text
    else:
        report.error("E404", f"the domain of {name} is a word or an interval, not {kind_of(node)}", node, _help())
        return None
    if written in NAMED:
        return NAMED[written]
    interval = _INTERVAL.fullmatch(written)
    if interval is None:
        help = did_you_mean(written, NAMED) or _help()
        report.error("E404", f"`{written}` is no domain", node, help)
        return None
    low, high = (float(end) for end in interval.groups())
    if not low < high:
        report.error("E404", f"there is no number between {low:g} and {high:g}", node, 'write "(0, 1)"')
        return None
    return Domain(low, high)


def _help() -> str:
    return f'write {", ".join(NAMED)}, or an interval such as "(0, 1)"'
