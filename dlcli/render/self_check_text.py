"""The report of the engines' check on themselves, as a text and as a document."""

from __future__ import annotations

import math
from typing import Any

from dlcli import __version__
from dlcli.laws import LAWS
from dlcli.render.console import Medium, painted
from dlcli.render.grid import Grid, grid_text
from dlcli.render.numbers import magnitude
from dlcli.render.text import counted, own, visible
from dlcli.render.verdicts import COLORS, verdict_mark
from dlcli.self_check import CONVENTIONS, LawCheck, OperationCheck, SelfCheck

WORST = 5  # operations shown without --all, besides those that failed


def self_check_text(check: SelfCheck, every: bool, on: Medium) -> str:
    """Versions, a line an operation (the worst, or every), what failed, the worst of each law, the total."""
    shown = list(check.operations) if every else worst_operations(check)
    parts = [
        ", ".join(f"{name} {version}" for name, version in _versions(check).items()) + "\n",
        _table(shown, on),
    ]
    if len(shown) < len(check.operations):
        hidden = len(check.operations) - len(shown)
        parts.append(f"The {len(shown)} nearest to their limits; --all prints the other {hidden:,} as well.\n")
    parts += [_failures(check, on), _limits(check), self_check_line(check, on)]
    return "\n".join(part for part in parts if part)


def _versions(check: SelfCheck) -> dict[str, str]:
    return {"dlcli": __version__, **check.versions}


def worst_operations(check: SelfCheck) -> list[OperationCheck]:
    """All that failed, and the few whose errors come nearest to what is allowed, in the order of the table."""
    ranked = sorted(check.operations, key=lambda operation: -operation.strain)
    kept = {operation.name for operation in ranked[:WORST]} | {o.name for o in check.operations if not o.passed}
    return [operation for operation in check.operations if operation.name in kept]


def self_check_line(check: SelfCheck, on: Medium) -> str:
    """`✓ PASS: 106 operations, 407 examples, 34 conventions at kinks, in 1.9 s.`"""
    verdict = "pass" if check.passed else "fail"
    failed = sum(not operation.passed for operation in check.operations)
    text = f"{counted(len(check.operations), 'operation')}, "
    text += f"{counted(sum(o.examples for o in check.operations), 'example')}, "
    text += f"{counted(sum(o.conventions for o in check.operations), 'convention')} at kinks, "
    text += f"in {check.seconds:.1f} s"
    if failed:
        text = f"{failed:,} of {text}"
    return painted(verdict_mark(verdict, on), COLORS[verdict], on) + f": {text}.\n"


def _table(operations: list[OperationCheck], on: Medium) -> str:
    columns = (*LAWS, CONVENTIONS)
    rows = []
    for operation in operations:
        found = {law.law: law for law in operation.laws}
        cells = (_cell(found[name]) if name in found else own("–", on) for name in columns)
        verdict = verdict_mark("pass" if operation.passed else "fail", on)
        rows.append((visible(operation.name, on), str(operation.examples), *cells, verdict))
    colors = [COLORS["pass" if operation.passed else "fail"] for operation in operations]
    return grid_text(Grid(("operation", "examples", *columns, ""), rows, colors), on)


def _cell(law: LawCheck) -> str:
    """The worst error; of a law that must fail `none`: the operation is left out of the complex step."""
    return "none" if law.tolerance is None and law.passed else magnitude(law.error)


def _failures(check: SelfCheck, on: Medium) -> str:
    lines = []
    for operation in check.operations:
        if not operation.examples:
            lines.append(f"{operation.name}: no example, so nothing was checked")
        for law in operation.laws:
            if not law.passed:
                allowed = "" if law.tolerance is None else f", allowed {magnitude(law.tolerance)}"
                told = law.problem or f"error {magnitude(law.error)}{allowed}"
                lines.append(f"{operation.name}: {law.law}: {told}")
    return "".join(f"{visible(line, on)}\n" for line in lines)


def _limits(check: SelfCheck) -> str:
    """The worst error of each law over all operations, and what it may be."""
    lines = ["Worst error of each law"]
    for name in (*LAWS, CONVENTIONS):
        found = [
            (law, o.name) for o in check.operations for law in o.laws if law.law == name and law.tolerance is not None
        ]
        if found:
            law, operation = max(found, key=lambda pair: _rank(pair[0]))
            place = f" ({operation})" if law.error else ""
            lines.append(f"  {name:<12} {magnitude(law.error):>8} of {magnitude(law.tolerance or 0.0)}{place}")
    return "\n".join(lines) + "\n"


def _rank(law: LawCheck) -> float:
    return math.inf if math.isnan(law.error) else law.error


def self_check_document(check: SelfCheck) -> dict[str, Any]:
    """The same for JSON; an error that could not be computed is null."""
    return {
        "schema": "dlcli/self-check/v1",
        "verdict": "pass" if check.passed else "fail",
        "versions": _versions(check),
        "seconds": round(check.seconds, 3),
        "operations": {operation.name: _document(operation) for operation in check.operations},
    }


def _document(operation: OperationCheck) -> dict[str, Any]:
    return {
        "verdict": "pass" if operation.passed else "fail",
        "examples": operation.examples,
        "conventions": operation.conventions,
        "laws": {
            law.law: {
                "error": law.error if math.isfinite(law.error) else None,
                "tolerance": law.tolerance,
                "passed": law.passed,
                "problem": law.problem or None,
            }
            for law in operation.laws
        },
    }
