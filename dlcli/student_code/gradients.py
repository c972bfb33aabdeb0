"""Gradients that a student's `backward` returned, judged entry by entry like backprop's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dlcli.comparison import Comparison
from dlcli.engines.evaluation import forward
from dlcli.errors import did_you_mean
from dlcli.fusion import bypassed, fuse
from dlcli.graph import Graph
from dlcli.ops.operation import Array, Shape
from dlcli.ops.shapes import shown
from dlcli.student_code.records import CodePoint, Numbers


def check_gradients_at(graph: Graph, returned: object, where: str, dtypes: Mapping[str, str]) -> CodePoint:
    """The verdict on what `backward` returned at the numbers of `graph`.

    dtypes: name -> NumPy's name of the type that the student's array had.
    """
    if not isinstance(returned, Mapping):
        example = ", ".join(f'"{name}": d{name}' for name in graph.wrt[:2])
        problem = f"backward returned {_kind(returned)}; it returns a dict of gradients: {{{example}}}"
        return CodePoint(where, (problem,))
    problems, remarks = [], []
    fitting: dict[str, Array] = {}
    extra = [name for name in returned if name not in graph.wrt]
    for name in graph.wrt:
        value = returned.get(name)
        if value is None:
            near = next((x for x in extra if did_you_mean(x, [name])), None)
            found = f"; it returned `{near}`" if near else ""
            problems.append(f"no gradient for {name} was returned{found}")
            continue
        fitted = fitted_shape(np.asarray(value), graph.nodes[graph.names[name]].shape)
        if fitted is None:
            problems.append(_wrong_shape(name, np.asarray(value), graph))
            continue
        fitting[name] = fitted
        if np.shape(value) != fitted.shape:
            remarks.append(f"the gradient of {name} has shape {shown(np.shape(value))}; taken as {shown(fitted.shape)}")
        if dtypes.get(name, "float64") in ("float32", "float16"):
            remarks.append(f"the gradient of {name} has type {dtypes[name]}: {_precision(dtypes[name])}")
    comparison = judged(graph, fitting) if fitting else None
    return CodePoint(where, tuple(problems), tuple(remarks), comparison)


def judged(graph: Graph, given: Numbers) -> Comparison:
    """Gradients from outside compared with every witness at the numbers of `graph`."""
    from dlcli.solving import compared

    graph = replace(graph, wrt=tuple(name for name in graph.wrt if name in given))
    fused = fuse(graph)
    passed_by = bypassed(graph, fused)
    straight = replace(graph, wrt=tuple(n for n in graph.wrt if n not in passed_by))
    comparison = compared(straight, fused, forward(fused), given={n: given[n] for n in straight.wrt})
    if passed_by:
        whole = fuse(graph, passed_by)
        more = compared(replace(graph, wrt=passed_by), whole, forward(whole), given={n: given[n] for n in passed_by})
        comparison = replace(comparison, tensors=comparison.tensors + more.tensors)
    found = {tensor.name: tensor for tensor in comparison.tensors}
    return replace(comparison, tensors=tuple(found[name] for name in graph.wrt))


def fitted_shape(value: Array, shape: Shape) -> Array | None:
    """The value in a quantity's shape where they differ by axes of size 1 alone, in the same order; else None."""
    if value.shape == shape:
        return value
    if [n for n in value.shape if n != 1] == [n for n in shape if n != 1]:
        return value.reshape(shape)
    return None


def _wrong_shape(name: str, value: Array, graph: Graph) -> str:
    shape = graph.nodes[graph.names[name]].shape
    text = f"the gradient of {name} has shape {shown(value.shape)}, but {name} has {shown(shape)}"
    if value.shape == shape[::-1]:
        return f"{text}: it is transposed"
    return f"{text}: a gradient has the shape of its quantity"


def _precision(dtype: str) -> str:
    return "about 7 digits" if dtype == "float32" else "about 3 digits"


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return "an array" if np.ndim(value) else "a number"  # type: ignore[arg-type]
