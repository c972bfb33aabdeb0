"""Results as JSON documents in plain ASCII: dlcli/solve/v1, solve-list/v1, gradcheck/v1, error/v1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.comparison import VERDICTS, TensorCheck
from dlcli.errors import Diagnostic
from dlcli.language import to_text
from dlcli.ops.operation import Array
from dlcli.render.diagnostics import diagnostic_record
from dlcli.solution import Solution

Document = dict[str, Any]


def as_json(document: Document) -> str:
    """The document on one line."""
    return json.dumps(document, allow_nan=False) + "\n"


def error_document(diagnostics: Sequence[Diagnostic]) -> Document:
    """Why files cannot be used."""
    return {"schema": "dlcli/error/v1", "errors": [diagnostic_record(d) for d in diagnostics]}


def solve_list(results: Sequence[Document]) -> Document:
    """Several files; of one that cannot be used its error document."""
    return {"schema": "dlcli/solve-list/v1", "results": list(results)}


def solution_document(solution: Solution, *, equations: bool = False, values: bool = True) -> Document:
    """Everything about one homework, fields as FORMAT documents them."""
    document: Document = {
        "schema": "dlcli/solve/v1",
        "file": solution.file,
        "title": solution.title,
        "verdict": solution.verdict,
    }
    if values:
        document["values"] = {name: json_numbers(array) for name, array in solution.values.items()}
        document["exact"] = {name: texts.tolist() for name, texts in solution.exact.items() if name in solution.values}
    loss = None
    if solution.loss is not None:
        loss = {"name": solution.graph.loss_name, "value": json_numbers(np.asarray(solution.loss))}
    document["loss"] = loss
    base = solution.index_base
    document["gradients"] = {t.name: gradient_record(t, base) for t in solution.comparison.tensors}
    for name, formula in solution.expanded.items():
        if name in document["gradients"]:
            document["gradients"][name]["expanded"] = formula
    document["deltas"] = dict(solution.deltas)
    document["parameters"] = solution.parameters
    document["exercised"] = solution.comparison.exercised
    document["entries"] = solution.comparison.entries
    if solution.comparison.disputed:
        document["disputed"] = list(solution.comparison.disputed)
    if equations:
        document["equations"] = [
            {"names": list(e.names), "formula": to_text(e.tree), "role": e.role, "group": e.group}
            for e in solution.graph.equations
        ]
    if solution.step is not None:
        document["step"] = {name: json_numbers(array) for name, array in solution.step.weights.items()}
    if solution.answers:
        document["answers"] = {question: json_numbers(value) for question, value in solution.answers.items()}
    if solution.points:
        document["points"] = [
            {name: json_numbers(array) for name, array in point.numbers.items()} | {"verdict": point.verdict}
            for point in solution.points
        ]
    document["warnings"] = [diagnostic_record(warning) for warning in solution.warnings]
    return document


def gradient_record(tensor: TensorCheck, index_base: int = 0) -> Document:
    """One quantity's gradient by every witness: numbers of a scalar, nested lists of an array."""
    looked = tensor.looked
    record: Document = {
        "backprop": json_numbers(tensor.backprop, looked.get("backprop")),
        "symbolic": json_numbers(tensor.symbolic, looked.get("symbolic")),
        "complex_step": json_numbers(tensor.complex_step, looked.get("complex_step")),
        "finite_difference": json_numbers(tensor.finite_difference, looked.get("finite_difference")),
        "error_bar": json_numbers(tensor.error_bar, looked.get("finite_difference")),
        "relative_error": json_numbers(tensor.relative_error),
        "verdict": tensor.verdict,
    }
    if tensor.shape != ():
        names = np.array(VERDICTS, dtype=object)
        record["verdicts"] = names[np.asarray(tensor.verdicts)].tolist()
        record["shape"] = list(tensor.shape)
    record["vacuous"] = bool(np.all(tensor.vacuous))
    record["coarse"] = bool(np.any(tensor.coarse))
    record["exercised"] = int(np.size(tensor.vacuous) - np.sum(tensor.vacuous))
    record["formula"] = tensor.formula
    if tensor.exact is not None:
        record["exact"] = tensor.exact.tolist()
    record["methods"] = dict(tensor.methods)
    if tensor.reasons:
        record["reasons"] = [
            {"entry": [i + index_base for i in entry], "reason": reason} for entry, reason in tensor.reasons.items()
        ]
    if tensor.notes:
        record["notes"] = list(tensor.notes)
    return record


def json_numbers(array: Array | None, looked: Array | None = None) -> Any:
    """Nested lists of float64, a scalar as a plain number; "nan", "inf", "-inf"; None where nobody looked."""
    if array is None:
        return None
    array = np.asarray(array, dtype=np.float64)
    finite = np.isfinite(array)
    partial = looked is not None and not np.all(looked)
    if finite.all() and not partial:
        return array.tolist()
    numbers = array.astype(object)
    numbers[np.isnan(array)] = "nan"
    numbers[np.isposinf(array)] = "inf"
    numbers[np.isneginf(array)] = "-inf"
    if partial:
        numbers[~np.asarray(looked)] = None
    return numbers.tolist()
