"""Trained weights as files: an .npz archive, and the homework's own text with the new numbers in it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from dlcli.errors import HomeworkError, Place, Source
from dlcli.graph import Graph
from dlcli.lowering import Lowered, lower
from dlcli.ops.operation import Array
from dlcli.spec import load as load_spec
from dlcli.spec.records import Description, EquationItem, LayerItem, Value

Edit = tuple[int, int, str]  # characters [start, end) of the source, and what stands there instead


class SavingError(Exception):
    """Weights cannot be written into the text of a homework; the message says why."""


def weights_npz(weights: Mapping[str, Array]) -> bytes:
    """An .npz archive with an array a weight; the same weights give the same bytes."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, array in weights.items():
            content = BytesIO()
            np.lib.format.write_array(content, np.asarray(array, dtype=np.float64), allow_pickle=False)
            whole.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def weights_homework(lowered: Lowered, weights: Mapping[str, Array], name: str, folder: Path | None) -> str:
    """The text of the homework with these weights at full precision, everything else as it was.

    name, folder: of the new file, which is read back: its weights are these exactly, or SavingError is raised.
    """
    spec = lowered.spec
    text = spec.source.text
    problem = spec.problem if spec.exam == spec.source.name else None
    for start, end, new in sorted(_edits(lowered, weights), reverse=True):
        text = text[:start] + new + text[end:]
    try:
        again = lower(load_spec(Source(name, text), folder, problem))
    except HomeworkError as error:
        raise SavingError(f"the new file would have an error: {error.diagnostics[0].message}") from error
    for weight, array in weights.items():
        number = again.graph.names.get(weight)
        if number is None or not np.array_equal(again.graph.values[number], array):
            raise SavingError(f"the text has no place of its own for the weight {weight}")
    return text


def _edits(lowered: Lowered, weights: Mapping[str, Array]) -> list[Edit]:
    spec = lowered.spec
    places: dict[str, Place] = {}
    for name, declaration in spec.declarations.items():
        if name in weights and declaration.value is not None:
            places[name] = declaration.value.place
    for item, own in _layer_weights(lowered):
        for key in ("weights", "bias"):
            given = item.keys.get(key)
            if not isinstance(given, Value | Description):
                continue
            for name in own:
                if name in weights and name.startswith("W" if key == "weights" else "b"):
                    places[name] = given.place
    spans = [(place.start, place.end) for place in places.values()]
    if len(set(spans)) < len(spans):
        raise SavingError("several weights share one place in the text")
    edits = [(place.start, place.end, _numbers(weights[name])) for name, place in places.items()]
    return edits + _added({name: array for name, array in weights.items() if name not in places}, lowered)


def _added(weights: Mapping[str, Array], lowered: Lowered) -> list[Edit]:
    """Entries of `weights` for those that the layers have made themselves."""
    spec = lowered.spec
    entries = [f"{name}: {_numbers(array)}" for name, array in weights.items()]
    if not entries:
        return []
    text = spec.source.text
    first = next((d.place.start for d in spec.declarations.values() if d.section == "weights"), None)
    if first is None:
        end = "" if text.endswith("\n") else "\n"
        return [(len(text), len(text), f"{end}weights:\n" + "".join(f"  {entry}\n" for entry in entries))]
    indent = text[text.rfind("\n", 0, first) + 1 : first]
    between = ", " if indent.strip() else f"\n{indent}"
    return [(first, first, "".join(entry + between for entry in entries))]


def _layer_weights(lowered: Lowered) -> list[tuple[LayerItem, list[str]]]:
    """Each layer with the names of the weights that it has made."""
    graph, equations = lowered.graph, list(lowered.graph.equations)
    found: list[tuple[LayerItem, list[str]]] = []
    for item in lowered.spec.network:
        if not equations:
            break
        first = equations.pop(0)
        if isinstance(item, EquationItem):
            continue
        while equations and first.group is not None and equations[0].group == first.group:
            equations.pop(0)
        end = equations[0].first if equations else len(graph.nodes)
        found.append((item, _leaves(graph, first.first, end)))
    return found


def _leaves(graph: Graph, start: int, end: int) -> list[str]:
    nodes = graph.nodes[start:end]
    return [node.name for node in nodes if node.operation is None and node.name is not None]


def _numbers(array: Array) -> str:
    return repr(array.tolist())
