"""A solution as printed: whole reports on a pipe, on 80 columns, in ASCII; what is left out is said."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from dlcli.render.console import Medium
from dlcli.render.solution_text import Detail, quiet_line, solution_text
from dlcli.render.text import display_width
from dlcli.solution import Solution
from tests.handmade import graph, solution, step, tensor, texts

PIPE = Medium()
ASCII = Medium(encoding="ascii", letters=False)


def shown(text: str) -> str:
    return dedent(text).removeprefix("\n")


def good() -> Solution:
    return solution(
        tensor("w", -22 / 3, exact=texts("-22/3"), formula="delta_z*x"),
        tensor("b", [[0.5, 0], [1e-5, -3]], formula="delta_z"),
        step=step({"w": 1.5, "b": [[0.25, 1], [2, 3]]}, {"w": "3/2"}),
    )


def failing() -> Solution:
    """20 entries, 5 of them by finite difference, one wrong."""
    slopes, error = np.arange(20.0) + 1, np.zeros(20)
    error[[3, 7]] = 1e-9, 1e-3
    looked = np.arange(20) < 4
    return solution(
        tensor(
            "W",
            slopes,
            ["pass"] * 7 + ["fail"] + ["pass"] * 12,
            relative_error=error,
            looked={"finite_difference": looked},
            finite_difference=np.where(looked, slopes, np.nan),
            methods={"finite_difference": "ladder"},
            reasons={(7,): "backprop is the odd one out: the other witnesses agree"},
            coarse=np.arange(20) == 2,
            notes=("a kink lies 0.5 away from entry 3",),
        ),
        index_base=1,
        values={"h": np.arange(40.0).reshape(2, 20) / 7, "v": np.array([1, 2 / 3])},
        exact={"v": texts(["1", "2/3"])},
        deltas={},
    )


def test_whole_report_on_a_pipe() -> None:
    assert solution_text(good(), Detail(), PIPE) == shown(
        """
        One unit (homework.yaml)

        Forward
          z    = -2.5
          yhat ≈  0.0758582   exactly 1/(exp(5/2) + 1)
          loss = 12.25

        Backward (delta_q is ∂loss/∂q)
          delta_yhat = (1 - y)/(1 - yhat) - y/yhat
          delta_z    = delta_yhat*sigmoid'(z)
          ∂loss/∂w   = delta_z*x
          ∂loss/∂b   = delta_z

        Gradients
          quantity   symbolic   backprop   complex step   finite difference ±   rel. error   verdict
          ─────────────────────────────────────────────────────────────────────────────────────────────────
          w          -22/3      -7.33333   -7.33333       -7.33333 ± 2.5e-13    0            ✓ PASS
          b[0,0]         0.5     0.5        0.5            0.5     ± 2.5e-13    0            ✓ PASS
          b[0,1]         0       0          0              0       ± 2.5e-13    0            ✓ PASS vacuous
          b[1,0]         1e-5    1e-5       1e-5           1e-5    ± 2.5e-13    0            ✓ PASS
          b[1,1]        -3      -3         -3             -3       ± 2.5e-13    0            ✓ PASS

          vacuous: zero by every witness, so nothing was exercised there

        Witnesses
          symbolic           50 digits
          complex step       every entry
          finite difference  ladder

        Weights after one step of sgd
          w = 1.5
          b = [[0.25, 1],
               [2   , 3]]

        ✓ PASS: all 5 entries agree by 4 ways; 4 of 5 exercised (vacuous: 1 of 4 in b).
        """
    )


def test_whole_report_on_80_columns() -> None:
    assert solution_text(good(), Detail(), Medium(width=80)) == shown(
        """
        One unit (homework.yaml)

        Forward
          z    = -2.5
          yhat ≈  0.0758582   exactly 1/(exp(5/2) + 1)
          loss = 12.25

        Backward (delta_q is ∂loss/∂q)
          delta_yhat = (1 - y)/(1 - yhat) - y/yhat
          delta_z    = delta_yhat*sigmoid'(z)
          ∂loss/∂w   = delta_z*x
          ∂loss/∂b   = delta_z

        Gradients
                     symbolic      complex step          verdict
          quantity   backprop      finite difference ±   relative error
          ─────────────────────────────────────────────────────────────
          w          -22/3         -7.33333              ✓ PASS
                        -7.33333   -7.33333 ± 2.5e-13    0
          b[0,0]         0.5        0.5                  ✓ PASS
                         0.5        0.5     ± 2.5e-13    0
          b[0,1]         0          0                    ✓ PASS vacuous
                         0          0       ± 2.5e-13    0
          b[1,0]         1e-5       1e-5                 ✓ PASS
                         1e-5       1e-5    ± 2.5e-13    0
          b[1,1]        -3         -3                    ✓ PASS
                        -3         -3       ± 2.5e-13    0

          vacuous: zero by every witness, so nothing was exercised there

        Witnesses
          symbolic           50 digits
          complex step       every entry
          finite difference  ladder

        Weights after one step of sgd
          w = 1.5
          b = [[0.25, 1],
               [2   , 3]]

        ✓ PASS: all 5 entries agree by 4 ways; 4 of 5 exercised (vacuous: 1 of 4 in b).
        """
    )


def test_whole_report_on_60_columns_with_17_digits() -> None:
    assert solution_text(good(), Detail(digits=17), Medium(width=60)) == shown(
        """
        One unit (homework.yaml)

        Forward
          z    = -2.5
          yhat ≈  0.075858180021243504   exactly 1/(exp(5/2) + 1)
          loss = 12.25

        Backward (delta_q is ∂loss/∂q)
          delta_yhat = (1 - y)/(1 - yhat) - y/yhat
          delta_z    = delta_yhat*sigmoid'(z)
          ∂loss/∂w   = delta_z*x
          ∂loss/∂b   = delta_z

        Gradients
          quantity   gradient by                                               verdict
          ───────────────────────────────────────────────────────────────────────────────────
          w          symbolic            -22/3                                 ✓ PASS
                     backprop               -7.333333333333333
                     complex step           -7.333333333333333
                     finite difference      -7.333333333333333 ± 2.5e-13
          b[0,0]     symbolic                0.5                               ✓ PASS
                     backprop                0.5
                     complex step            0.5
                     finite difference       0.5 ± 2.5e-13
          b[0,1]     symbolic                0                                 ✓ PASS vacuous
                     backprop                0
                     complex step            0
                     finite difference       0 ± 2.5e-13
          b[1,0]     symbolic                1.0000000000000001e-5             ✓ PASS
                     backprop                1.0000000000000001e-5
                     complex step            1.0000000000000001e-5
                     finite difference       1.0000000000000001e-5 ± 2.5e-13
          b[1,1]     symbolic               -3                                 ✓ PASS
                     backprop               -3
                     complex step           -3
                     finite difference      -3 ± 2.5e-13

          vacuous: zero by every witness, so nothing was exercised there

        Witnesses
          symbolic           50 digits
          complex step       every entry
          finite difference  ladder

        Weights after one step of sgd
          w = 1.5
          b = [[0.25, 1],
               [2   , 3]]

        ✓ PASS: all 5 entries agree by 4 ways; 4 of 5 exercised (vacuous: 1 of 4 in b).
        """
    )


def test_whole_report_in_ascii_with_equations() -> None:
    assert solution_text(good(), Detail(equations=True), ASCII) == shown(
        """
        One unit (homework.yaml)

        Equations
          z    = w*x            # pre-activation of layer 1
          yhat = sigmoid(z)     # activation of layer 1
          loss = bce(yhat, y)   # loss

        Forward
          z    = -2.5
          yhat ~  0.0758582   exactly 1/(exp(5/2) + 1)
          loss = 12.25

        Backward (delta_q is dloss/dq)
          delta_yhat = (1 - y)/(1 - yhat) - y/yhat
          delta_z    = delta_yhat*sigmoid'(z)
          dloss/dw   = delta_z*x
          dloss/db   = delta_z

        Gradients
          quantity   symbolic   backprop   complex step   finite difference +-   rel. error   verdict
          ------------------------------------------------------------------------------------------------
          w          -22/3      -7.33333   -7.33333       -7.33333 +- 2.5e-13    0            PASS
          b[0,0]         0.5     0.5        0.5            0.5     +- 2.5e-13    0            PASS
          b[0,1]         0       0          0              0       +- 2.5e-13    0            PASS vacuous
          b[1,0]         1e-5    1e-5       1e-5           1e-5    +- 2.5e-13    0            PASS
          b[1,1]        -3      -3         -3             -3       +- 2.5e-13    0            PASS

          vacuous: zero by every witness, so nothing was exercised there

        Witnesses
          symbolic           50 digits
          complex step       every entry
          finite difference  ladder

        Weights after one step of sgd
          w = 1.5
          b = [[0.25, 1],
               [2   , 3]]

        PASS: all 5 entries agree by 4 ways; 4 of 5 exercised (vacuous: 1 of 4 in b).
        """
    )


def test_large_tensor_is_summarised_by_its_worst_entries() -> None:
    assert solution_text(failing(), Detail(digits=4), PIPE) == shown(
        """
        One unit (homework.yaml)

        Forward
          h    has shape (2, 20): min 0, max 5.571, mean 2.786; first entries 0, 0.1429, 0.2857, ...
          v    ≈ [1, 0.6667]   exactly [1, 2/3]
          loss = 12.25

        Gradients
          quantity   symbolic   backprop   complex step   finite difference ±   rel. error   verdict
          ────────────────────────────────────────────────────────────────────────────────────────────────
          W[1]       1          1          1              1 ± 2.5e-13           0            ✓ PASS
          W[2]       2          2          2              2 ± 2.5e-13           0            ✓ PASS
          W[3]       3          3          3              3 ± 2.5e-13           0            ✓ PASS coarse
          W[4]       4          4          4              4 ± 2.5e-13           1.0e-9       ✓ PASS
          W[8]       8          8          8              –                     1.0e-3       ✗ FAIL

          Of 20 entries, 15 are not shown: of W (20) only the 5 worst each; --all prints every entry.
          W[8]: backprop is the odd one out: the other witnesses agree
          W: a kink lies 0.5 away from entry 3
          coarse: rounding in the forward pass hides more than the accuracy asked for

        Witnesses
          symbolic           every entry
          complex step       every entry
          finite difference  ladder, 4 of 20 entries

        ✗ FAIL: backprop is wrong at 1 of 20 entries (W[8]); all exercised.
        """
    )


def test_every_entry_is_printed_with_all() -> None:
    report = solution_text(failing(), Detail(every=True), PIPE)
    assert all(f"\n  W[{number}] " in report for number in range(1, 21))
    assert re.search(r"h\[2,20\] +≈ +5\.57143", report)
    assert "not shown" not in report


def test_failing_line_names_the_entry() -> None:
    assert quiet_line(failing(), PIPE) == (
        "homework.yaml: ✗ FAIL: backprop is wrong at 1 of 20 entries (W[8]); all exercised.\n"
    )


def test_witness_that_did_not_look_everywhere_is_counted() -> None:
    looked = np.array([True, False, False])
    partial = tensor("w", [1.0, 2, 3], looked={"finite_difference": looked}, complex_step=None)
    assert quiet_line(solution(partial), PIPE) == (
        "homework.yaml: ✓ PASS: all 3 entries agree by 2 ways, 1 of them also by finite difference; all exercised.\n"
    )
    report = solution_text(solution(partial), Detail(), PIPE)
    assert "  complex step       did not look\n" in report
    assert "  finite difference  ladder, 1 of 3 entries\n" in report


def test_methods_that_differ_are_told_apart() -> None:
    per_unit = {"complex_step": "per unit"}
    report = solution_text(solution(tensor("W", [1.0], methods=per_unit), tensor("b", 2.0)), Detail(), PIPE)
    assert "  complex step       per unit: W\n                     every entry: b\n" in report


def test_kink_is_accepted_and_explained() -> None:
    kink = tensor("w", 1.0, "kink", reasons={(): "slope -1 on the left, 2 on the right"})
    report = solution_text(solution(kink, tensor("b", 1.0)), Detail(), PIPE)
    assert "\n  w: slope -1 on the left, 2 on the right\n" in report
    assert report.endswith(
        "\n~ KINK: 1 of 2 entries (w) lies on a kink, where the convention decides, all others pass; all exercised.\n"
    )


def test_undecided_entries_are_named() -> None:
    report = quiet_line(solution(tensor("w", [1.0, 2], "inconclusive")), PIPE)
    assert report.endswith("? INCONCLUSIVE: 2 of 2 entries (w[0], w[1]) could not be decided; all exercised.\n")


def test_disputed_value_is_the_reason() -> None:
    from dataclasses import replace

    found = solution(tensor("w", 1.0))
    found = replace(found, comparison=replace(found.comparison, disputed=("relu disagrees with its definition",)))
    assert "INCONCLUSIVE: relu disagrees with its definition; all exercised" in quiet_line(found, PIPE)
    assert "\n  relu disagrees with its definition\n" in solution_text(found, Detail(), PIPE)


def test_only_the_first_reasons_are_printed() -> None:
    reasons = {(i,): f"reason {i}" for i in range(30)}
    many = solution(tensor("w", np.ones(30), "fail", reasons=reasons))
    report = solution_text(many, Detail(), PIPE)
    assert "reason 9" in report
    assert "reason 10" not in report
    assert "\n  and 20 more entries that are not PASS\n" in report
    assert "reason 29" in solution_text(many, Detail(every=True), PIPE)
    assert "30 of 30 entries (w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], …)" in report


def test_many_vacuous_quantities_are_counted() -> None:
    line = quiet_line(solution(*(tensor(f"w{i}", 0.0) for i in range(12))), PIPE)
    assert "0 of 12 exercised (vacuous: w0, w1, w2, w3, w4, w5, w6, w7 and 4 more)" in line


def test_homework_without_a_loss_has_values_only() -> None:
    report = solution_text(solution(loss=None, graph=graph(None), deltas={}), Detail(), PIPE)
    assert report.endswith("\n\nValues only: the file names no loss, so there is nothing to differentiate.\n")
    assert "Gradients" not in report


def test_loss_without_weights_is_inconclusive() -> None:
    assert quiet_line(solution(), PIPE).endswith("? INCONCLUSIVE: there is nothing to differentiate by.\n")


def test_file_stands_for_a_missing_title() -> None:
    assert solution_text(solution(title=None), Detail(), PIPE).startswith("homework.yaml\n\n")


def test_expanded_formulas_have_a_section() -> None:
    report = solution_text(solution(tensor("w", 1.0), expanded={"w": "x*(sigmoid(w*x) - y)"}), Detail(), PIPE)
    assert "\nIn inputs and weights alone\n  ∂loss/∂w = x*(sigmoid(w*x) - y)\n" in report


def test_closed_form_stands_beside_the_formula() -> None:
    closed = tensor("w", 1.0, exact=texts("exp(23)/(1 + exp(23))"), formula="delta_z*x")
    report = solution_text(solution(closed), Detail(), PIPE)
    assert "  ∂loss/∂w   = delta_z*x = exp(23)/(1 + exp(23))\n" in report


def test_loss_has_the_name_that_the_file_gives_it() -> None:
    report = solution_text(solution(tensor("w", 1.0, formula="1"), graph=graph(4, "L")), Detail(), PIPE)
    assert "∂L/∂w" in report
    assert "L    = 12.25" in report


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_not_finite_is_printed_as_text(value: str) -> None:
    slope = float(value)
    check = tensor("w", slope, "inconclusive", error_bar=np.asarray(np.inf))
    found = solution(check, values={"z": np.asarray(slope)}, exact={})
    report = solution_text(found, Detail(), PIPE)
    assert re.search(rf"z    = +{value}\n", report)
    assert f"{value} ± inf" in report


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
@pytest.mark.parametrize("digits", [6, 17])
def test_no_number_is_cropped(width: int, digits: int) -> None:
    slopes = np.array([-1.234567890123456e-300, 2 / 3])
    report = solution_text(solution(tensor("weights", slopes)), Detail(digits=digits), Medium(width=width))
    for slope in slopes:
        text = f"{slope:.{digits}g}"
        assert report.count(text) >= 4


def test_table_fits_80_columns() -> None:
    slopes = np.array([-1.23456e-10, 123456.0])
    report = solution_text(solution(tensor("W12", slopes), deltas={}), Detail(), Medium(width=80))
    table = report.partition("Gradients\n")[2].partition("\n\n")[0]
    assert max(map(display_width, table.split("\n"))) <= 80


def test_matrix_too_wide_for_the_terminal_has_a_line_an_entry() -> None:
    values = {"h": np.linspace(0, 1, 16)}
    report = solution_text(solution(values=values), Detail(), Medium(width=80))
    assert "\n  h[1]  ≈  0.0666667\n" in report
    assert "h    ≈ [0, 0.0666667" in solution_text(solution(values=values), Detail(), PIPE)


def test_array_of_rank_3_has_a_line_an_entry() -> None:
    report = solution_text(solution(values={"h": np.ones((1, 2, 2))}), Detail(), PIPE)
    assert "\n  h[0,1,1] =  1\n" in report


def test_empty_array_says_so() -> None:
    assert "h    has shape (0, 3): no entries\n" in solution_text(
        solution(values={"h": np.ones((0, 3))}), Detail(), PIPE
    )


def test_colour_changes_nothing_but_colour() -> None:
    colored = solution_text(failing(), Detail(), Medium(color=True))
    assert "\x1b[" in colored
    plain = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    lines = [line.rstrip() for line in plain.split("\n")]
    assert lines == solution_text(failing(), Detail(), PIPE).split("\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_report_can_be_written_in_every_encoding(encoding: str) -> None:
    named = solution(
        tensor("δ", [1.0, 0], formula="delta_木*x", notes=("木",)),
        title="Übung 木 \x1b[31m [red]x[/red]",
        file="木.yaml",
        values={"ŷ": np.asarray(1.5)},
    )
    report = solution_text(named, Detail(equations=True), Medium(encoding=encoding, letters=False))
    assert report.encode(encoding).decode(encoding) == report
    assert r"\x1b[31m [red]x[/red] (\u6728.yaml)" in report
    assert "\\u03b4[0]" in report
    assert "\x1b" not in report


def test_wide_names_keep_the_columns() -> None:
    named: dict[str, Any] = {"木": np.asarray(1.0), "z": np.asarray(2.0)}
    report = solution_text(solution(values=named, exact={}, loss=None, deltas={}), Detail(), PIPE)
    assert "\n  木 = 1\n  z  = 2\n" in report
