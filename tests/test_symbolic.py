"""The symbolic engine's parts: derivatives, kinds of numbers, error bounds, closed forms, formulas."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp

import dlcli
from dlcli.engines.symbolic.bounded import BoundedDomain, exactly
from dlcli.engines.symbolic.kinds import scalar_floats
from dlcli.engines.symbolic.numbers import closed_number, from_floats, mp_domain, to_floats
from dlcli.engines.symbolic.scalars import definition, derivative, differentiate, evaluate
from dlcli.laws import cases
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Elementwise

ELEMENTWISE = [o for o in OPERATIONS.values() if isinstance(o.definition, Elementwise)]


@pytest.mark.parametrize("operation", ELEMENTWISE, ids=lambda o: o.name)
def test_derivative_is_the_one_of_sympy_diff(operation) -> None:
    node = cases(operation)[0].node
    formula = definition(operation, node.settings, False)
    for symbol in formula.symbols:
        ours, theirs = differentiate(formula.expression, symbol), sp.diff(formula.expression, symbol)
        for point in ([0.4, 0.6, 0.7], [1.3, 0.2, 1.9], [0.9, 0.5, 0.1]):
            at = dict(zip(formula.symbols, map(sp.Float, point), strict=False))
            a, b = ours.subs(at), theirs.subs(at)
            assert a == b or abs(complex(a.evalf()) - complex(b.evalf())) < 1e-12


@pytest.mark.parametrize("operation", ELEMENTWISE, ids=lambda o: o.name)
def test_error_bound_covers_the_real_error(operation) -> None:
    """Value and slopes in float64 with bounds, against 50 digits, at points up to 30."""
    case = cases(operation)[-1]
    rng = np.random.default_rng(4)
    low, high = (0.01, 0.99) if operation.domain else (-30.0, 30.0)
    points = [rng.uniform(low, high, 200) for _ in case.operands]
    base = definition(operation, case.node.settings, False)
    for formula in (base, *(derivative(base, p) for p in range(len(points)))):
        with np.errstate(all="ignore"):
            bounded = evaluate(formula, [exactly(x) for x in points], BoundedDomain())
        exact = np.broadcast_to(evaluate(formula, [from_floats(x) for x in points], mp_domain()), (200,))
        values = np.broadcast_to(bounded.value, (200,))
        errors = np.broadcast_to(bounded.error, (200,))
        for value, error, true in zip(values, errors, exact, strict=True):
            if np.isfinite(error):
                assert abs(mpmath.mpf(float(value)) - true) <= error + 1e-300


def test_slope_of_tanh_is_right_where_the_textbook_form_loses_all_digits() -> None:
    tanh = definition(OPERATIONS["tanh"], {}, False)
    x = np.array([0.1, 5.0, 10.0, 20.0, -40.0])
    true = [float(mpmath.sech(mpmath.mpf(v)) ** 2) for v in x]
    np.testing.assert_allclose(scalar_floats(derivative(tanh, 0), [x]), true, rtol=1e-12)


def test_closed_forms_decide_zero_at_fifty_digits() -> None:
    root = closed_number(sp.sqrt(2)) * closed_number(sp.sqrt(3)) + closed_number(-sp.sqrt(6))
    assert root.form == 0
    assert (closed_number(Fraction(1, 3)) * closed_number(0)).form == 0


def test_numbers_of_fifty_digits_go_back_to_the_same_floats() -> None:
    values = np.array([0.1, -3e-300, 1e308, np.inf])
    np.testing.assert_array_equal(to_floats(from_floats(values)), values)


def solution(tmp_path: Path, text: str, **options: bool) -> dlcli.Solution:
    path = tmp_path / "homework.yaml"
    path.write_text(text, encoding="utf-8")
    return dlcli.solve(path, **options)


def formulas(result: dlcli.Solution) -> dict[str, str | None]:
    return {t.name: t.formula for t in result.comparison.tensors}


def test_formulas_of_a_layer_are_matrix_products(tmp_path: Path) -> None:
    text = (
        "inputs: {x: [1, 2]}\ntargets: {t: 0}\nnetwork:\n"
        "  - dense: {weights: [[1, 2], [3, 4]], activation: relu}\n  - dense: {weights: [1, -1]}\n"
        "loss: half_squared_error\n"
    )
    found = formulas(solution(tmp_path, text))
    assert found == {"W1": "outer(delta_z1, x)", "b1": "delta_z1", "W2": "delta_z2*a1", "b2": "delta_z2"}


def test_formulas_of_a_batch_sum_over_the_samples(tmp_path: Path) -> None:
    text = "inputs: {x: [[1, 2], [3, 4]]}\ntargets: {t: [[0], [1]]}\nnetwork: [dense: {weights: [[1, 2]]}]\nloss: mse\n"
    found = formulas(solution(tmp_path, text))
    assert found == {"W1": "delta_z1.T @ x", "b1": "sum(delta_z1, axis=0)"}


def test_exact_column_gives_fractions(tmp_path: Path) -> None:
    result = solution(tmp_path, "weights: {w: 1/3}\nnetwork: [q = w**2 - 22*w]\nloss: q\n")
    assert result.exact["q"].item() == "-65/9"
    assert result.comparison.tensors[0].exact.item() == "-64/3"
    assert result.comparison.tensors[0].formula == "2*w - 22"


def test_expanded_formulas_hold_inputs_and_weights_alone(tmp_path: Path) -> None:
    result = solution(
        tmp_path, "inputs: {x: 2}\nweights: {w: 3, v: 5}\nnetwork: [h = w*x, q = v*h]\nloss: q\n", expand=True
    )
    assert result.expanded == {"w": "v*x", "v": "w*x"}


def test_float64_formulas_of_a_convolution_cover_every_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without 50 digits for whole nodes: moved and multiplied entries need no bound, and nothing unknown turns to 0."""
    from dlcli.engines.symbolic import engine

    monkeypatch.setattr(engine, "LARGEST_BY_DIGITS", 0)
    monkeypatch.setattr(engine, "LARGEST_COMPOSITE", 200)
    text = (
        "inputs: {x: {shape: [2, 1, 6, 6], init: normal, std: 1, seed: 3}}\ntargets: {y: [0, 1]}\nnetwork:\n"
        "  - conv2d: {weights: {shape: [2, 1, 3, 3], init: he_normal, seed: 1}, activation: relu}\n"
        "  - maxpool2d: {size: 2}\n  - flatten\n  - dense: {units: 2, init: he_normal, seed: 2}\n"
        "loss: softmax_cross_entropy\n"
    )
    for tensor in solution(tmp_path, text).comparison.tensors:
        assert tensor.symbolic is not None
        assert "symbolic" not in tensor.looked
        np.testing.assert_allclose(tensor.symbolic, tensor.backprop, rtol=1e-12, atol=1e-14)
