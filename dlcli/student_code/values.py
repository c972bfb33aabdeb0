"""Quantities that a student's `forward` returned, compared with those of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.engines.rounding import rounding_effect
from dlcli.errors import did_you_mean
from dlcli.fusion import fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array
from dlcli.ops.shapes import shown
from dlcli.resolution import EPS
from dlcli.student_code.gradients import fitted_shape
from dlcli.student_code.records import CodePoint, ValueCheck

RELATIVE = 1e-7  # of the quantity's largest entry, beside what rounding can do


def check_values_at(graph: Graph, returned: object, where: str) -> CodePoint:
    """The verdict on what `forward` returned at the numbers of `graph`: the loss, and every quantity of the network."""
    remarks: list[str] = []
    if isinstance(returned, float | int) or (isinstance(returned, np.ndarray) and returned.size == 1):
        returned = {"loss": returned}
        remarks.append("forward returned one number, which is taken as the loss")
    if not isinstance(returned, Mapping):
        return CodePoint(where, ('forward returns a dict of quantities, with the loss under "loss"',))
    stable = fuse(graph)
    values = forward(stable)
    rounding = rounding_effect(stable, values)
    problems, checks = [], []
    names = {**graph.names} if graph.loss is None else {"loss": graph.loss, **graph.names}
    if graph.loss is not None and returned.get("loss") is None and returned.get(graph.loss_name) is None:
        near = next((name for name in returned if name != "loss" and did_you_mean(name, ["loss"])), None)
        problems.append("no loss was returned" + (f"; is `{near}` meant?" if near else ""))
    for name, value in returned.items():
        if name not in names or value is None:
            continue
        number = names[name]
        expected = np.asarray(values[number])
        given = fitted_shape(np.asarray(value), expected.shape)
        if given is None:
            wrong = f"{name} has shape {shown(np.shape(value))}, but the network's has {shown(expected.shape)}"
            transposed = np.shape(value) == expected.shape[::-1]
            problems.append(wrong + (": it is transposed" if transposed else ""))
            continue
        resolution = 64 * EPS * np.abs(expected) + 8 * np.broadcast_to(rounding.values[number], expected.shape)
        checks.append(_value_check(name, given, expected, resolution))
    return CodePoint(where, tuple(problems), tuple(remarks), None, tuple(sorted(checks, key=lambda c: names[c.name])))


def _value_check(name: str, given: Array, expected: Array, resolution: Array) -> ValueCheck:
    finite = np.abs(expected[np.isfinite(expected)])
    allowed = RELATIVE * float(np.max(finite, initial=0.0)) + resolution
    with np.errstate(all="ignore"):
        same = (given == expected) | (np.abs(given - expected) <= allowed)
    unknown = ~np.isfinite(expected) & ~same
    verdict = "inconclusive" if unknown.any() else "pass" if same.all() else "fail"
    return ValueCheck(name, given, expected, resolution, verdict)


def first_wrong(point: CodePoint) -> ValueCheck | None:
    """The first quantity, in the order of the network, that is wrong."""
    return next((check for check in point.values if check.verdict == "fail"), None)


def wrong_factor(check: ValueCheck, batch: int) -> str | None:
    """What a wrong value is a simple multiple of, in words: an average forgotten, a factor 2."""
    given, expected, resolution = (x.reshape(-1) for x in (check.given, check.expected, check.resolution))
    if not expected.size or not np.isfinite(given).all() or not np.abs(expected).max() > 0:
        return None
    factor = float(given @ expected / (expected @ expected))
    known: Sequence[tuple[float, str]] = (
        (float(batch), f"{batch} times too large: is it averaged over the {batch} samples?"),
        (1 / batch, f"{batch} times too small: is it averaged twice?"),
        (2.0, "twice too large: is a factor 1/2 missing?"),
        (0.5, "half of what it should be: is there a factor 1/2 too much?"),
        (-1.0, "right but for its sign"),
        (1 / np.log(2), "too large by the factor 1/ln 2: is the logarithm to base 2?"),
        (1 / np.log(10), "too small by the factor 1/ln 10: is the logarithm to base 10?"),
    )
    for value, words in known:
        close = np.abs(given - value * expected) <= 1e-6 * np.abs(value * expected) + np.abs(value) * resolution
        if value != 1 and abs(factor - value) <= 1e-6 * abs(value) and close.all():
            return f"{check.name} is {words}"
    return None
