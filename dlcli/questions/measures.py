"""Values that questions and `grading` share: points, tolerances, shares, truth values; and the key `grading` itself."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from dlcli.errors import did_you_mean
from dlcli.layers import Key
from dlcli.questions.records import Grading, Tolerance
from dlcli.spec.context import Context
from dlcli.spec.kinds import read_count, read_natural
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.numbers import read_number
from dlcli.spec.report import Report, kind_of

MOST_POINTS = 10_000


def read_share(node: Node, name: str, context: Context) -> Fraction | None:
    """A share from 0 to 1: `0.5`, `1/2` or `50%`."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if text.endswith("%"):
        try:
            share = Fraction(text[:-1].strip()) / 100
        except (ValueError, ZeroDivisionError):
            share = Fraction(-1)
    else:
        number = read_number(node, f"`{name}`", context.rules())
        if number is None:
            return None
        share = number.exact if isinstance(number.exact, Fraction) else Fraction(number.value)
    if not 0 <= share <= 1:
        context.report.error("E305", f"`{name}` is a share from 0 to 1", node, f"write {name}: 0.5 or {name}: 50%")
        return None
    return share


def read_grading(node: Node, context: Context) -> Grading:
    report, found = context.report, dict[str, Any]()
    for key, value in node.pairs if isinstance(node, Pairs) else ():
        if key.text == "tolerance":
            found["tolerance"] = read_tolerance(value, context)
        elif key.text in ("follow_through", "diagnosed", "pass_mark"):
            found[key.text] = read_share(value, key.text, context)
        elif key.text == "choice":
            text = read_words(value) or ""
            if text in ("share", "all"):
                found["choice"] = text
            else:
                message = f"`choice` cannot be `{text}`; it is `share` or `all`"
                report.error("E123", message, value, "share: each right label counts; all: all or nothing")
        elif key.text == "imports":
            found["imports"] = tuple(
                read_words(i) or "" for i in (value.items if isinstance(value, Items) else [value])
            )
    return Grading(**{name: value for name, value in found.items() if value is not None})


def read_points(node: Node, context: Context) -> Fraction | None:
    number = read_number(node, "`points`", context.rules())
    if number is None:
        return None
    exact = number.exact if isinstance(number.exact, Fraction) else Fraction(number.value)
    if not 0 <= exact <= MOST_POINTS:
        message = f"`points` must lie between 0 and {MOST_POINTS:,}, but it is {number.value:g}"
        context.report.error("E305", message, node, "write for example points: 2")
        return None
    return exact


def read_tolerance(node: Node, context: Context) -> Tolerance | None:
    """A mapping, or a number for the relative one."""
    report = context.report
    if not isinstance(node, Pairs):
        relative = read_number(node, "`tolerance`", context.rules())
        return None if relative is None else _checked({"relative": relative.value}, node, report)
    found: dict[str, Any] = {}
    for key, value in node.pairs:
        if key.text in ("relative", "absolute"):
            number = read_number(value, f"`{key.text}`", context.rules())
            found[key.text] = None if number is None else number.value
        elif key.text == "decimals":
            found["decimals"] = read_count(value, Key("decimals", "count", ""), context)
        elif key.text == "digits":
            found["digits"] = read_natural(value, Key("digits", "natural", ""), context)
        else:
            known = ("relative", "absolute", "decimals", "digits")
            help = did_you_mean(key.text, known) or f"known are {', '.join(known)}"
            report.error("E101", f"unknown key `{key.text}` in a tolerance", key, help)
    return _checked(found, node, report)


def _checked(found: Mapping[str, Any], node: Node, report: Report) -> Tolerance | None:
    tolerance = Tolerance(**found)
    for name in ("relative", "absolute"):
        value = getattr(tolerance, name)
        if value is not None and value < 0:
            report.error("E305", f"`{name}` must not be negative, but it is {value:g}", node, f"write {name}: 1e-3")
            return None
    if tolerance.relative is not None and tolerance.relative >= 1:
        message = f"a relative tolerance of {tolerance.relative:g} makes every number near 0 right"
        report.error("E305", message, node, "write a share, for example relative: 1e-3")
        return None
    if max(tolerance.decimals or 0, tolerance.digits or 0) > 300:
        report.error("E305", "no float64 has so many digits", node, "write for example digits: 4")
        return None
    return tolerance


def read_flag(node: Node, context: Context) -> bool | None:
    if isinstance(node, Scalar) and node.is_boolean:
        return node.text.lower() == "true"
    given = f"`{node.text}`" if isinstance(node, Scalar) else kind_of(node)
    context.report.error("E123", f"true or false belongs here, not {given}", node, "write true or false")
    return None


def read_words(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) and not node.is_null else None
