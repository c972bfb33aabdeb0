"""Names of quantities: which texts are names, and which of them the file may not use."""

from __future__ import annotations

import unicodedata

from dlcli.spec.nodes import Scalar
from dlcli.spec.report import Report

RESERVED = ("grad", "jacobian", "hessian", "step", "shape", "size", "count", "parameters")


def is_name(text: str) -> bool:
    """Letters (with their accents), digits and `_`, in any script, and no digit first."""
    if not text or not (text[0] == "_" or unicodedata.category(text[0]) in _LETTERS):
        return False
    return all(c == "_" or unicodedata.category(c) in _CONTINUING for c in text)


_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl"})
_CONTINUING = _LETTERS | {"Nd", "Mn", "Mc"}


def read_name(node: Scalar, report: Report) -> str | None:
    """The name in NFC, or None where the report says why it is none."""
    name = unicodedata.normalize("NFC", node.text)
    if name in RESERVED:
        help = f"choose another name, such as `{name}_1`"
        report.error("E121", f"the name `{name}` is reserved for questions", node, help)
        return None
    if not is_name(name):
        if not name:
            message, help = "a name is missing here", "write a name before the colon"
        elif name[0].isdigit():
            message, help = (
                f"`{name}` starts with a digit, so it is no name",
                f"start it with a letter: `x{name}`",
            )
        else:
            odd = next((c for c in name if not is_name("x" + c)), name[0])
            shown = "a space" if odd == " " else f"`{odd}`"
            message = f"`{name}` is no name: it contains {shown}"
            help = "a name holds letters, digits and _, and starts with a letter or _"
        report.error("E120", message, node, help)
        return None
    return name
