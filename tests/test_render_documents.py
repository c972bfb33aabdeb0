"""Results as JSON: every documented field, full precision, what is not finite, what nobody looked at."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.errors import Diagnostic, Place, Source
from dlcli.render.documents import (
    as_json,
    error_document,
    gradient_record,
    json_numbers,
    solution_document,
    solve_list,
)
from tests.handmade import graph, solution, step, tensor, texts


def read(document: dict[str, Any]) -> dict[str, Any]:
    text = as_json(document)
    assert text.isascii()
    assert text.count("\n") == 1

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    found: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return found


def test_document_has_every_documented_field() -> None:
    warning = Diagnostic("W904", "odd", Place(Source("homework.yaml", "a: 1"), 0, 1))
    found = read(
        solution_document(
            solution(
                tensor("w", -22 / 3, exact=texts("-22/3"), formula="delta_z*x"),
                step=step({"w": 1.5}),
                warnings=(warning,),
            )
        )
    )
    assert found == {
        "schema": "dlcli/solve/v1",
        "file": "homework.yaml",
        "title": "One unit",
        "verdict": "pass",
        "values": {"z": -2.5, "yhat": 0.0758581800212435, "loss": 12.25},
        "exact": {"z": "-5/2", "yhat": "1/(exp(5/2) + 1)"},
        "loss": {"name": "loss", "value": 12.25},
        "gradients": {
            "w": {
                "backprop": -22 / 3,
                "symbolic": -22 / 3,
                "complex_step": -22 / 3,
                "finite_difference": -22 / 3,
                "error_bar": 2.5e-13,
                "relative_error": 0.0,
                "verdict": "pass",
                "vacuous": False,
                "coarse": False,
                "exercised": 1,
                "formula": "delta_z*x",
                "exact": "-22/3",
                "methods": {
                    "symbolic": "50 digits",
                    "complex_step": "every entry",
                    "finite_difference": "ladder",
                },
            }
        },
        "deltas": {"yhat": "(1 - y)/(1 - yhat) - y/yhat", "z": "delta_yhat*sigmoid'(z)"},
        "parameters": 1,
        "exercised": 1,
        "entries": 1,
        "step": {"w": 1.5},
        "warnings": [
            {
                "code": "W904", "message": "odd", "file": "homework.yaml", "line": 1, "column": 1,
                "end_line": 1, "end_column": 2, "help": None,
            }
        ],
    }  # fmt: skip


def test_array_has_nested_lists_and_a_verdict_an_entry() -> None:
    verdicts = [["pass", "fail"], ["pass", "kink"]]
    found = gradient_record(tensor("W", [[1.0, 2], [0, 4]], verdicts, reasons={(0, 1): "wrong"}, notes=("n",)))
    assert found["backprop"] == [[1.0, 2.0], [0.0, 4.0]]
    assert (found["verdict"], found["verdicts"]) == ("fail", verdicts)
    assert found["shape"] == [2, 2]
    assert (found["vacuous"], found["exercised"]) == (False, 3)
    assert found["reasons"] == [{"entry": [0, 1], "reason": "wrong"}]
    assert found["notes"] == ["n"]


def test_array_without_an_exercised_entry_is_vacuous() -> None:
    assert gradient_record(tensor("W", [0.0, 0.0]))["vacuous"] is True


def test_entries_count_from_the_files_index_base() -> None:
    record = gradient_record(tensor("W", [1.0, 2.0], "fail", reasons={(1,): "wrong"}), index_base=1)
    assert record["reasons"] == [{"entry": [2], "reason": "wrong"}]


def test_what_a_witness_did_not_look_at_is_null() -> None:
    looked = np.array([True, False, True])
    check = tensor(
        "w",
        [1.0, 2, 3],
        complex_step=None,
        finite_difference=np.array([1.0, np.nan, np.nan]),
        error_bar=np.array([0.5, np.nan, np.inf]),
        looked={"finite_difference": looked},
    )
    found = gradient_record(check)
    assert found["complex_step"] is None
    assert found["finite_difference"] == [1.0, None, "nan"]
    assert found["error_bar"] == [0.5, None, "inf"]


@pytest.mark.parametrize(("value", "text"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_what_is_not_finite_is_text(value: float, text: str) -> None:
    assert json_numbers(np.asarray(value)) == text
    assert json_numbers(np.array([[1.0, value]])) == [[1.0, text]]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_have_full_precision(values: list[float]) -> None:
    assert json.loads(json.dumps(json_numbers(np.array(values)))) == values


def test_homework_without_a_loss_has_no_verdict() -> None:
    found = read(solution_document(solution(loss=None, graph=graph(None))))
    assert (found["verdict"], found["loss"], found["gradients"]) == (None, None, {})
    assert "step" not in found


def test_infinite_loss_is_text() -> None:
    assert solution_document(solution(loss=float("inf")))["loss"] == {"name": "loss", "value": "inf"}


def test_gradcheck_leaves_the_values_out() -> None:
    found = solution_document(solution(tensor("w", 1.0)), values=False)
    assert "values" not in found
    assert "exact" not in found


def test_equations_come_when_asked_for() -> None:
    assert solution_document(solution(), equations=True)["equations"][1] == {
        "names": ["yhat"], "formula": "sigmoid(z)", "role": "activation", "group": "layer 1",
    }  # fmt: skip


def test_expanded_formulas_and_disputed_values_are_told() -> None:
    from dataclasses import replace

    found = solution(tensor("w", 1.0), expanded={"w": "x"})
    found = replace(found, comparison=replace(found.comparison, disputed=("relu",)))
    document = read(solution_document(found))
    assert document["gradients"]["w"]["expanded"] == "x"
    assert document["disputed"] == ["relu"]
    assert document["verdict"] == "inconclusive"


def test_names_in_any_script_come_back() -> None:
    found = read(solution_document(solution(title="Übung 木", values={"ŷ": np.asarray(1.0)}, exact={})))
    assert found["title"] == "Übung 木"
    assert found["values"] == {"ŷ": 1.0}


def test_errors_are_a_document() -> None:
    found = read(error_document([Diagnostic("E001", "there is no file", file="a.yaml", help="look")]))
    assert found == {
        "schema": "dlcli/error/v1",
        "errors": [
            {
                "code": "E001", "message": "there is no file", "file": "a.yaml", "line": None, "column": None,
                "end_line": None, "end_column": None, "help": "look",
            }
        ],
    }  # fmt: skip


def test_list_holds_documents_in_order() -> None:
    found = read(solve_list([solution_document(solution()), error_document([])]))
    assert found["schema"] == "dlcli/solve-list/v1"
    assert [result["schema"] for result in found["results"]] == ["dlcli/solve/v1", "dlcli/error/v1"]
