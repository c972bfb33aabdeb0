"""Which inputs and targets hold one entry a sample, and the network of only some of the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.errors import Diagnostic, HomeworkError, Label
from dlcli.graph import Graph
from dlcli.lowering import Lowered, lower
from dlcli.ops.operation import Array
from dlcli.spec.records import Declaration, Optimizer, Spec


@dataclass(frozen=True)
class Samples:
    """count samples, of which each step takes `size`; axes: of each input and target that has them."""

    count: int
    size: int
    axes: Mapping[str, int]

    def of(self, graph: Graph, rows: Array) -> dict[str, Array]:
        """The samples with these numbers, of each input and target that has samples."""
        return {name: np.take(graph.values[graph.names[name]], rows, axis=axis) for name, axis in self.axes.items()}


def find_samples(lowered: Lowered, optimizer: Optimizer) -> Samples | None:
    """The samples that `batch_size` counts; None without it, or where it takes all.

    Inputs and targets that agree in the size of their sample axis are a batch when the network also takes one
    sample more, with weights of the same shapes: then nothing else depends on their number. Raises
    HomeworkError where the batch has fewer samples than `batch_size`.
    """
    size = optimizer.batch_size
    if size is None:
        return None
    spec = lowered.spec
    found, reasons = 1, []
    for count, axes in _candidates(spec):
        reason = _why_not(lowered, Samples(count, size, axes))
        if reason is None:
            if size < count:
                return Samples(count, size, axes)
            found = count
            break
        reasons.append(f"the {count} entries of {', '.join(axes)} are no samples: {reason}")
    if size <= found:
        return None
    message = f"batch_size is {size}, but the file has {found} sample{'s' if found > 1 else ''}"
    help = f"make it {found} or less" if found > 1 else "leave it out, or give a batch: a matrix, one sample a row"
    labels = tuple(Label(d.place, _described(d)) for d in spec.declarations.values() if d.section == "inputs")
    place = optimizer.places.get("batch_size", optimizer.place)
    raise HomeworkError(Diagnostic("E305", message, place, labels[:3], help, tuple(reasons)))


def batch_graph(spec: Spec, samples: Samples, rows: Sequence[int]) -> Graph:
    """The network of the samples with these numbers. Raises HomeworkError where it takes only all."""
    return _with_rows(spec, samples, rows).graph


def _with_rows(spec: Spec, samples: Samples, rows: Sequence[int]) -> Lowered:
    changed: dict[str, Declaration] = {}
    for name, declaration in spec.declarations.items():
        value = declaration.value
        if name in samples.axes and value is not None:
            array = np.take(value.array, np.asarray(rows), axis=samples.axes[name])
            changed[name] = replace(declaration, value=replace(value, array=array, exact=None), shape=array.shape)
    return lower(replace(spec, declarations={**spec.declarations, **changed}))


def _candidates(spec: Spec) -> list[tuple[int, dict[str, int]]]:
    """Counts of samples that may be meant, matrices before vectors, each with the axes that have them.

    Targets, where there are any, must have them too.
    """
    axes = {d.name: _axis(d, spec) for d in spec.declarations.values() if d.section in ("inputs", "targets")}
    sizes = {name: spec.declarations[name].shape[axis] for name, axis in axes.items() if axis is not None}
    inputs = [d for d in spec.declarations.values() if d.section == "inputs" and d.name in sizes]
    aims = {sizes[d.name] for d in spec.declarations.values() if d.section == "targets" and d.name in sizes}
    targets = any(d.section == "targets" for d in spec.declarations.values())
    counts = [sizes[d.name] for d in sorted(inputs, key=lambda d: len(d.shape) < 2)]
    return [
        (count, {name: axes[name] or 0 for name, size in sizes.items() if size == count})
        for count in dict.fromkeys(counts)
        if count > 1 and (count in aims or not targets)
    ]


def _axis(declaration: Declaration, spec: Spec) -> int | None:
    rank = len(declaration.shape)
    return None if rank == 0 else 1 if spec.samples == "columns" and rank > 1 else 0


def _why_not(lowered: Lowered, samples: Samples) -> str | None:
    """Why the network cannot take one sample more; None where it can."""
    rows = [*range(samples.count), samples.count - 1]
    try:
        more = _with_rows(lowered.spec, samples, rows)
    except HomeworkError as error:
        return f"with {len(rows)} of them, {error.diagnostics[0].message}"
    for name in lowered.trained:
        if more.graph.nodes[more.graph.names[name]].shape != lowered.graph.nodes[lowered.graph.names[name]].shape:
            return f"the shape of {name} depends on their number"
    return None


def _described(declaration: Declaration) -> str:
    shape = declaration.shape
    return f"{declaration.name} has shape {shape}" if shape else f"{declaration.name} is a single number"
