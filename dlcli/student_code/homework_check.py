"""`backward` or `forward` of a student's file against a homework: at its numbers, and at fresh ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.engines.evaluation import forward
from dlcli.errors import Diagnostic, UsageError
from dlcli.graph import Graph
from dlcli.isolation import Call, Limits, Reply, run
from dlcli.mistakes import Context, Diagnosis, diagnose
from dlcli.ops.operation import Array
from dlcli.solving import Checked
from dlcli.student_code.fresh import fresh_graphs
from dlcli.student_code.gradients import check_gradients_at
from dlcli.student_code.records import CodeCheck, CodePoint
from dlcli.student_code.target import Target
from dlcli.student_code.values import check_values_at, first_wrong, wrong_factor

ENDINGS = ("stopped", "refused", "unreadable")  # replies after which nothing more can be asked
NO_OTHER_NUMBERS = "no other numbers lie in the domain of every operation, so a hard-coded answer would not show"
ARGUMENTS = ("input", "weight", "bias", "target", "constant")


@dataclass(frozen=True)
class _Place:
    """Numbers at which the function is called."""

    where: str
    graph: Graph


def check_code(
    target: Target, source: str, checked: Checked, *, limits: Limits | None = None, imports: Collection[str] = ()
) -> CodeCheck:
    """The student's function called with the homework's numbers and with fresh ones of the same shapes.

    A hard-coded answer is right at the first and wrong at the others; where there are no others, nothing is decided.
    The first call is made twice: code whose
    two answers differ is not judged. Raises UsageError where the homework has nothing that the function computes.
    """
    graph = checked.graph
    _something_to_compute(target, graph)
    places = [_Place("the homework's numbers", graph)]
    fresh = fresh_graphs(graph)
    places += [_Place(f"fresh numbers, {k} of {len(fresh)}", drawn) for k, drawn in enumerate(fresh, 1)]
    function = target.function or "backward"
    calls = [Call(function, _arguments(place.graph)) for place in (places[0], *places)]
    result = run(source, target.path, calls, limits or Limits(), imports)
    first, *replies = result.replies
    ended = next((_ending(target, function, r) for r in result.replies if r.status in ENDINGS), None)
    points = [] if ended else [_point(target, function, p, r) for p, r in zip(places, replies, strict=True)]
    if points and not _same(first, replies[0]):
        points[0] = _random(points[0], _point(target, function, places[0], first))
    if points and not fresh:
        points.append(CodePoint("fresh numbers", undecided=NO_OTHER_NUMBERS))
    wrong = next((k for k, point in enumerate(points) if point.comparison and point.comparison.verdict == "fail"), None)
    return CodeCheck(
        code=target.called,
        kind=target.kind or "backward",
        homework=checked.spec.name,
        points=tuple(points),
        asked=graph.wrt if target.kind == "backward" else _returned(points),
        diagnosis=None if wrong is None else _diagnosis(checked, places[wrong].graph, points[wrong]),
        stopped=ended,
        printed=first.printed,
        containment=result.containment,
        index_base=checked.spec.index_base,
    )


def _ending(target: Target, function: str, reply: Reply) -> str:
    """Why nothing more was called, as a sentence; of what never ran the file is the subject."""
    return f"{target.path if reply.status == 'refused' else function} {reply.message}"


def _something_to_compute(target: Target, graph: Graph) -> None:
    if graph.loss is None:
        message = "the homework has no loss, so there is nothing to check"
        raise UsageError(Diagnostic("E513", message, help="add `loss:` to the homework"))
    if target.kind == "backward" and not graph.wrt:
        message = "the homework has nothing to differentiate by"
        raise UsageError(Diagnostic("E513", message, help="declare `weights`, or name quantities under `wrt`"))


def _arguments(graph: Graph) -> Mapping[str, Array | float]:
    """Keyword arguments: every input, weight, target and constant; plain floats for scalars."""
    found: dict[str, Array | float] = {}
    for name, number in graph.names.items():
        node = graph.nodes[number]
        if node.operation is None and node.role in ARGUMENTS:
            value = graph.values[number]
            found[name] = float(value) if value.shape == () else np.array(value)
    return found


def _point(target: Target, function: str, place: _Place, reply: Reply) -> CodePoint:
    if reply.status != "returned":
        return CodePoint(place.where, (f"{function} {reply.message}",))
    if target.kind == "forward":
        return _with_factor(check_values_at(place.graph, reply.values, place.where), place.graph)
    return check_gradients_at(place.graph, reply.values, place.where, reply.dtypes)


def _with_factor(point: CodePoint, graph: Graph) -> CodePoint:
    """The point with a remark on what the first wrong value is a simple multiple of."""
    wrong = first_wrong(point)
    if wrong is None:
        return point
    factor = wrong_factor(wrong, Context(graph, forward(graph)).samples)
    return point if factor is None else replace(point, remarks=(*point.remarks, factor))


def _returned(points: Sequence[CodePoint]) -> tuple[str, ...]:
    """The loss, and the other quantities that `forward` returned."""
    names = dict.fromkeys(value.name for point in points for value in point.values)
    return ("loss", *(name for name in names if name != "loss"))


def _random(first: CodePoint, second: CodePoint) -> CodePoint:
    """The point of two calls that gave different answers: what is the same in both of them, and wrong, stays wrong."""
    text = "two calls with the same numbers gave different answers: does the code draw random numbers?"
    if first.wrong & second.wrong & _steady(first, second):
        return replace(first, problems=(*first.problems, text))
    return CodePoint(first.where, undecided=text)


def _steady(first: CodePoint, second: CodePoint) -> frozenset[str]:
    """The problems, and the quantities whose numbers are the same in two answers."""
    if first.comparison is None or second.comparison is None:
        return frozenset(first.problems)
    again = {tensor.name: tensor.backprop for tensor in second.comparison.tensors}
    same = {t.name for t in first.comparison.tensors if t.name in again and _equal(t.backprop, again[t.name])}
    return frozenset(first.problems) | same


def _same(first: Reply, second: Reply) -> bool:
    """Whether two replies hold the same numbers, bit by bit."""
    if first.status != second.status or first.status != "returned":
        return first.status == second.status
    a, b = first.values, second.values
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_equal(a[name], b[name]) for name in a)
    return _equal(a, b)


def _equal(first: object, second: object) -> bool:
    if isinstance(first, Mapping | tuple) or first is None:
        return repr(first) == repr(second)
    return bool(np.array_equal(np.asarray(first), np.asarray(second), equal_nan=True))


def _diagnosis(checked: Checked, graph: Graph, point: CodePoint) -> Diagnosis:
    """The classic mistake that explains the gradients at one point."""
    assert point.comparison is not None
    given = {tensor.name: tensor.backprop for tensor in point.comparison.tensors}
    optimizer = checked.spec.optimizer
    rate = None if optimizer is None else optimizer.settings.get("learning_rate")
    return diagnose(Context(graph, forward(graph), rate), given)
