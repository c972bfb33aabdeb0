"""The laws of dlcli.laws for every operation in the table, and that each law can fail."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from dlcli.laws import LAWS, Case, case_of, cases, kink_error
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Declared, Elementwise, Operation

ALL = list(OPERATIONS.values())
ids = [operation.name for operation in ALL]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("operation", ALL, ids=ids)
def test_law_holds_on_every_example(operation: Operation, law: str) -> None:
    function, tolerance = LAWS[law]
    assert operation.examples, f"{operation.name} has no examples"
    declared = isinstance(operation.definition, Declared)
    if law == "complex step" and not operation.complex_safe:
        broken = []
        for case in cases(operation):
            try:
                broken.append(function(case) > 1e-6)
            except TypeError:
                broken.append(True)
        assert any(broken), "declared unsafe for the complex step, but it is right on every example"
        return
    for case in cases(operation):
        assert function(case) <= tolerance, (operation.name, law, case.node.settings, declared)


@pytest.mark.parametrize(
    ("operation", "kink"),
    [(operation, kink) for operation in ALL for kink in operation.kinks],
    ids=lambda value: value.name if isinstance(value, Operation) else value.text,
)
def test_declared_slopes_hold_at_kinks(operation: Operation, kink) -> None:
    assert kink_error(operation, kink) <= 1e-12


@pytest.mark.parametrize("operation", ALL, ids=ids)
def test_finite_and_silent_up_to_a_thousand(operation: Operation) -> None:
    """Warnings are errors here; what is not finite must be so by the definition as well."""
    for example in operation.examples:
        if example.low >= 0 or operation.domain:
            continue
        case = case_of(operation, replace(example, low=-1000.0, high=1000.0), 3)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = operation.forward(*case.operands, **case.node.settings)
            slopes = [
                operation.vjp[0 if operation.variadic else p](
                    case.cotangent, result, *case.operands, **case.node.settings,
                    **({"position": p} if operation.variadic else {}),
                )
                for p in case.moved()
            ]  # fmt: skip
        assert not np.isnan(result).any()
        assert all(not np.isnan(slope).any() for slope in slopes)
        if isinstance(operation.definition, Elementwise) and operation.family == "activations":
            assert np.isfinite(result).all()


@pytest.mark.parametrize("operation", ALL, ids=ids)
def test_latex_braces_balance(operation: Operation) -> None:
    case = cases(operation)[0]
    text = operation.latex(*("x_{1}",) * len(case.operands), **case.node.settings)
    depth = 0
    for character in text.replace(r"\{", "").replace(r"\}", ""):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0, text
    assert depth == 0, text
    assert text.count(r"\left") == text.count(r"\right"), text


def _tanh_case(operation: Operation) -> Case:
    return case_of(operation, operation.examples[0], 0)


def test_a_wrong_vjp_is_caught_by_the_three_laws_about_slopes() -> None:
    tanh = OPERATIONS["tanh"]
    wrong = replace(tanh, vjp=(lambda g, y, x: 1.0005 * tanh.vjp[0](g, y, x),))
    case = _tanh_case(wrong)
    for law in ("slope", "complex step", "difference"):
        function, tolerance = LAWS[law]
        assert function(case) > 100 * tolerance


def test_a_wrong_definition_is_caught_by_value_and_slope() -> None:
    wrong = replace(OPERATIONS["tanh"], definition=Elementwise(lambda sp, x: sp.tanh(x) + x / 2000))
    case = _tanh_case(wrong)
    for law in ("value", "slope"):
        function, tolerance = LAWS[law]
        assert function(case) > 100 * tolerance


def test_a_wrong_forward_is_caught_by_value_complex_step_and_difference() -> None:
    wrong = replace(OPERATIONS["tanh"], forward=lambda x: np.tanh(x) + 0.0005 * x)
    case = _tanh_case(wrong)
    for law in ("value", "complex step", "difference"):
        function, tolerance = LAWS[law]
        assert function(case) > 100 * tolerance


def test_a_wrong_shape_rule_is_caught() -> None:
    wrong = replace(OPERATIONS["tanh"], settle=lambda shapes, settings: ((7,), {}))
    assert LAWS["shape"][0](_tanh_case(wrong)) == 1.0


def test_a_forward_that_reads_the_wrong_axis_is_caught_by_stacking() -> None:
    mean = OPERATIONS["mean"]
    wrong = replace(mean, forward=lambda x, **settings: np.mean(x) + 0 * mean.forward(x, **settings))
    example = next(e for e in mean.examples if e.shapes[0])
    assert LAWS["stacking"][0](case_of(wrong, example, 0)) > 1e-3


def test_a_wrong_convention_is_caught_at_the_kink() -> None:
    relu = OPERATIONS["relu"]
    wrong = replace(relu, vjp=(lambda g, y, x: np.where(x.real >= 0, g, 0.0),))
    assert kink_error(wrong, relu.kinks[0]) == pytest.approx(1000.0)
