"""The check of a student's function as a JSON document, dlcli/code/v1."""

from __future__ import annotations

from dlcli.mistakes import Diagnosis
from dlcli.render.documents import Document, gradient_record, json_numbers
from dlcli.student_code.records import CodeCheck, CodePoint


def code_document(check: CodeCheck) -> Document:
    """The verdict at every point, what the code returned, the mistake that explains it, and how it was contained."""
    containment = check.containment
    return {
        "schema": "dlcli/code/v1",
        "code": check.code,
        "function": check.kind,
        "homework": check.homework,
        "verdict": check.verdict,
        "stopped": check.stopped,
        "points": [_point(point, check.index_base) for point in check.points],
        "diagnosis": None if check.diagnosis is None else diagnosis_record(check.diagnosis),
        "printed": check.printed,
        "containment": None
        if containment is None
        else {
            "files": containment.files,
            "network": containment.network,
            "processes": containment.processes,
            "user": containment.user,
            "limits": containment.limits,
            "missing": list(containment.missing),
        },
    }


def diagnosis_record(diagnosis: Diagnosis) -> Document:
    """The mistakes that explain wrong gradients."""
    return {
        "wrong": list(diagnosis.wrong),
        "mistakes": [{"id": f.id, "where": f.where, "sentence": f.sentence} for f in diagnosis.findings],
        "together": diagnosis.together,
        "also": list(diagnosis.also),
        "sentence": diagnosis.sentence,
        "complete": diagnosis.complete,
    }


def _point(point: CodePoint, index_base: int) -> Document:
    """One call; the gradients that it returned stand as `given`, with the other witnesses beside them."""
    gradients = {}
    if point.comparison is not None:
        for tensor in point.comparison.tensors:
            record = gradient_record(tensor, index_base)
            record["given"] = record.pop("backprop")
            gradients[tensor.name] = record
    return {
        "where": point.where,
        "verdict": point.verdict,
        "problems": list(point.problems),
        "remarks": list(point.remarks),
        "undecided": point.undecided,
        "gradients": gradients,
        "values": {
            value.name: {
                "given": json_numbers(value.given),
                "expected": json_numbers(value.expected),
                "verdict": value.verdict,
            }
            for value in point.values
        },
    }
