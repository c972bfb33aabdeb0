"""Values and slopes of the operations: by hand, where naive formulas fail, at kinks, at the edge of domains."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

from dlcli.ops import OPERATIONS, find
from dlcli.ops.operation import Array, Elementwise

LN2 = math.log(2)


def settled(name: str, operands: list[Array], settings: dict[str, Any]) -> dict[str, Any]:
    operation = OPERATIONS[name]
    complete = {s.name: s.default for s in operation.settings} | settings
    return operation.settle(tuple(x.shape for x in operands), complete)[1]


def value(name: str, *operands: Any, **settings: Any) -> Array:
    arrays = [np.asarray(x, dtype=np.float64) for x in operands]
    return np.asarray(OPERATIONS[name].forward(*arrays, **settled(name, arrays, settings)))


def slope(name: str, *operands: Any, position: int = 0, **settings: Any) -> Array:
    """The cotangent of one operand for a cotangent of ones."""
    arrays = [np.asarray(x, dtype=np.float64) for x in operands]
    complete = settled(name, arrays, settings)
    y = np.asarray(OPERATIONS[name].forward(*arrays, **complete))
    function = OPERATIONS[name].vjp[position]
    assert function is not None
    return np.asarray(function(np.ones(y.shape), y, *arrays, **complete))


@pytest.mark.parametrize(
    ("name", "operands", "settings", "expected"),
    [
        ("power", [[-2, 2, 0], [3, -1, 0]], {}, [-8, 0.5, 1]),
        ("clip", [[-3, 0.5, 3]], {"lo": -1.0, "hi": 2.0}, [-1, 0.5, 2]),
        ("xlogy", [[0, 0, 1], [0, 2, math.e]], {}, [0, 0, 1]),
        ("sign", [[-2, 0, 3]], {}, [-1, 0, 1]),
        ("heaviside", [[-1, 0, 1]], {}, [0, 0, 1]),
        ("leaky_relu", [[-2, 3]], {}, [-0.02, 3]),
        ("prelu", [[-2, 3], 0.25], {}, [-0.5, 3]),
        ("elu", [[-LN2, 2]], {"alpha": 2.0}, [-1, 2]),
        ("hard_sigmoid", [[-4, 0, 1.5, 3]], {}, [0, 0.5, 0.75, 1]),
        ("hard_tanh", [[-4, 0.5, 3]], {}, [-1, 0.5, 1]),
        ("softsign", [[-3, 1]], {}, [-0.75, 0.5]),
        ("softmax", [[0, LN2]], {}, [1 / 3, 2 / 3]),
        ("softmax", [[0, LN2]], {"temperature": 0.5}, [0.2, 0.8]),
        ("softmax", [[[0, 0], [LN2, 0]]], {"axis": 0}, [[1 / 3, 0.5], [2 / 3, 0.5]]),
        ("logsumexp", [[0, 0]], {}, LN2),
        ("var", [[1, 2, 3, 4]], {}, 1.25),
        ("var", [[1, 2, 3, 4]], {"ddof": 1}, 5 / 3),
        ("std", [[1, 3]], {}, 1),
        ("norm", [[3, 4]], {}, 5),
        ("norm", [[3e-200, 4e-200]], {}, 5e-200),
        ("norm", [[3e200, 4e200]], {}, 5e200),
        ("norm", [[0, 0]], {}, 0),
        ("max", [[[1, 5], [7, 2]]], {"axis": 1}, [5, 7]),
        ("min", [[[1, 5], [7, 2]]], {"axis": 0, "keepdims": True}, [[1, 2]]),
        ("argmax", [[[1, 5], [7, 2]]], {}, 2),
        ("argmax", [[3, 3]], {}, 0),
        ("prod", [[2, 3, 4]], {}, 24),
        ("diag", [[1, 2]], {}, [[1, 0], [0, 2]]),
        ("take", [[[1, 2], [3, 4]], [1, 0, 1]], {}, [[3, 4], [1, 2], [3, 4]]),
        ("pick", [[[1, 2], [3, 4]], [1, 0]], {}, [2, 3]),
        ("onehot", [[1, 0]], {"n": 3}, [[0, 1, 0], [1, 0, 0]]),
        ("outer", [[1, 2], [3, 4]], {}, [[3, 4], [6, 8]]),
        ("logical_and", [[1, 1, 0], [1, 0, 0]], {}, [1, 0, 0]),
        ("logical_or", [[1, 1, 0], [1, 0, 0]], {}, [1, 1, 0]),
        ("logical_not", [[1, 0, 2]], {}, [0, 1, 0]),
        ("where", [[1, 0], 5, [6, 7]], {}, [5, 7]),
        ("index", [[[1, 2], [3, 4]]], {"items": (slice(None, None, -1), 0)}, [3, 1]),
        ("l1", [[[1, -2], [3, 0]]], {}, 6),
        ("l2", [[[1, -2], [3, 0]]], {}, 14),
        ("squared_error", [[[1, 4], [0, 2]], [[3, 3], [0, 1]]], {}, [5, 1]),
        ("half_squared_error", [[1, 4], [3, 3]], {}, 2.5),
        ("huber", [[1, 3.5], [3, 3]], {}, [1.5, 0.125]),
        ("hinge", [[0.5, -2], [1, -1]], {}, [0.5, 0]),
        ("multiclass_hinge", [[1, 3, 2], 0], {}, 5),
        ("multiclass_hinge", [[1, 3, 2], [1, 0, 0]], {}, 5),
        ("cross_entropy", [[0.5, 0.25, 0.25], [0, 1, 0]], {}, 2 * LN2),
        ("cross_entropy", [[1, 0], [1, 0]], {}, 0),
        ("kl_divergence", [[0.25, 0.75], [1, 0]], {}, 2 * LN2),
        ("kl_divergence", [[0.25, 0.75], 0], {}, 2 * LN2),
    ],
)
def test_value_by_hand(name: str, operands: list[Any], settings: dict[str, Any], expected: Any) -> None:
    found = value(name, *operands, **settings)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)


FAR = (-1000.0, -745.0, -40.0, -20.0, -3.7, -1e-9, 1e-9, 0.3, 20.0, 40.0, 709.0, 1000.0)
SMOOTH = [
    operation
    for operation in OPERATIONS.values()
    if isinstance(operation.definition, Elementwise)
    and operation.family == "activations"
    and len(operation.operands) == 1
]  # fmt: skip


@pytest.mark.parametrize("operation", SMOOTH, ids=lambda operation: operation.name)
def test_activation_and_slope_keep_their_digits_up_to_1000(operation: Any) -> None:
    settings = {s.name: s.default for s in operation.settings}
    x = sp.Dummy(real=True)
    exact = {k: sp.Rational(v) if isinstance(v, float) else v for k, v in settings.items()}
    formula = operation.definition.expression(sp, x, **exact) + sp.S.Zero
    points = np.array(FAR)
    found = operation.forward(points, **settings)
    slopes = operation.vjp[0](np.ones(len(FAR)), found, points, **settings)
    stepped = operation.forward(points + 1e-20j, **settings)
    with mpmath.workdps(1000):
        for text, numbers in ((formula, found), (formula, stepped.real), (sp.diff(formula, x), slopes)):
            function = sp.lambdify(x, text, "mpmath")
            expected = [float(function(mpmath.mpf(point))) for point in FAR]
            np.testing.assert_allclose(numbers, expected, rtol=1e-13, atol=1e-300)


def test_slopes_that_naive_formulas_lose() -> None:
    assert slope("sigmoid", 40) == pytest.approx(4.248354255291589e-18, rel=1e-14)
    assert slope("tanh", 20) == pytest.approx(1.6993417021166355e-17, rel=1e-14)
    assert slope("bce_with_logits", 40, 1) == pytest.approx(-4.248354255291589e-18, rel=1e-14)
    assert slope("bce_with_logits", 40, 0) == 1
    np.testing.assert_allclose(
        slope("softmax_cross_entropy", [40, 0], 0), [-4.248354255291589e-18, 4.248354255291589e-18]
    )
    np.testing.assert_array_equal(slope("softmax_cross_entropy", [1000, 0, -1000], 1), [1, -1, 0])


def test_losses_are_finite_where_naive_formulas_are_not() -> None:
    np.testing.assert_array_equal(value("bce_with_logits", [40, -800], [0, 1]), [40, 800])
    assert value("bce_with_logits", 40, 1) == pytest.approx(4.248354255291589e-18, rel=1e-14)
    assert value("softmax_cross_entropy", [1000, 0], 1) == 1000
    assert value("softmax_cross_entropy", [40, 0], 0) == pytest.approx(4.248354255291589e-18, rel=1e-14)
    np.testing.assert_array_equal(value("log_softmax", [1000, 0, -1000]), [0, -1000, -2000])
    np.testing.assert_array_equal(value("bce", [0, 1], [0, 1]), [0, 0])
    np.testing.assert_array_equal(value("bce", [0, 1], [1, 0]), [math.inf, math.inf])


def test_masked_logits_have_probability_and_slope_0() -> None:
    p = value("softmax", [0, -math.inf, 0])
    np.testing.assert_array_equal(p, [0.5, 0, 0.5])
    np.testing.assert_array_equal(slope("logsumexp", [0, -math.inf, 0]), p)
    assert value("logsumexp", [-math.inf, -math.inf]) == -math.inf
    masked = np.array([0, -math.inf, 1]) + np.array([1e-20j, 0, 0])
    stepped = OPERATIONS["softmax"].forward(masked, axes=(-1,), temperature=1.0)
    assert np.isfinite(stepped).all()


@pytest.mark.parametrize(
    ("name", "operands", "position", "settings", "expected"),
    [
        ("relu", [0], 0, {}, 0),
        ("leaky_relu", [0], 0, {"slope": 0.1}, 0.1),
        ("elu", [0], 0, {"alpha": 2.0}, 2),
        ("selu", [0], 0, {}, 1.7580993408473766),
        ("abs", [0], 0, {}, 0),
        ("norm", [[0, 0]], 0, {}, [0, 0]),
        ("std", [[3, 3]], 0, {}, [0, 0]),
        ("clip", [[-1, 1]], 0, {"lo": -1.0, "hi": 1.0}, [1, 1]),
        ("hard_tanh", [[-1, 1]], 0, {}, [0, 0]),
        ("hard_sigmoid", [[-3, 3]], 0, {}, [0, 0]),
        ("maximum", [2, 2], 0, {}, 1),
        ("maximum", [2, 2], 1, {}, 0),
        ("minimum", [2, 2], 0, {}, 1),
        ("max", [[1, 2, 2]], 0, {}, [0, 1, 0]),
        ("min", [[2, 1, 1]], 0, {}, [0, 1, 0]),
        ("l1", [[0, -2]], 0, {}, [0, -1]),
        ("mae", [3, 3], 0, {}, 0),
        ("hinge", [1, 1], 0, {}, 0),
        ("multiclass_hinge", [[2, 1, 5], 0], 0, {}, [-1, 0, 1]),
        ("sqrt", [0], 0, {}, math.inf),
        ("xlogy", [0, 0], 0, {}, 0),
        ("xlogy", [0, 0], 1, {}, 0),
        ("prod", [[0, 0, 5]], 0, {}, [0, 0, 0]),
        ("prod", [[0, 2, 5]], 0, {}, [10, 0, 0]),
        ("power", [[0, 0, 0], [0, 1, 2]], 0, {}, [0, 1, 0]),
        ("power", [[-2, -2], [2, 3]], 0, {}, [-4, 12]),
    ],
)
def test_slope_by_convention(
    name: str, operands: list[Any], position: int, settings: dict[str, Any], expected: Any
) -> None:
    np.testing.assert_array_equal(slope(name, *operands, position=position, **settings), expected)


@pytest.mark.parametrize("name", ["sqrt", "log", "exp", "reciprocal"])
def test_cotangent_of_0_stays_0_where_the_slope_is_infinite(name: str) -> None:
    x = np.array(1000.0 if name == "exp" else 0.0)
    operation = OPERATIONS[name]
    assert operation.vjp[0] is not None
    assert operation.vjp[0](np.array(0.0), operation.forward(x), x) == 0


def test_dead_relu_passes_nothing_even_of_an_infinite_cotangent() -> None:
    x = np.array([-1.0, 2.0])
    vjp = OPERATIONS["relu"].vjp[0]
    assert vjp is not None
    np.testing.assert_array_equal(vjp(np.array([math.inf, 1.0]), x, x), [0, 1])


def test_powers_of_negative_numbers_carry_a_complex_step() -> None:
    base, exponent = np.array([-2.0, -1.1, 3.0, 0.0]), np.array([3.0, 150.0, 101.0, 1.0])
    stepped = OPERATIONS["power"].forward(base + 1e-20j, exponent)
    np.testing.assert_allclose(stepped.imag / 1e-20, [12, 150 * (-1.1) ** 149, 101 * 3.0**100, 1], rtol=1e-13)
    np.testing.assert_array_equal(stepped.real, base**exponent)


@pytest.mark.parametrize(
    ("name", "operands", "settings", "outside"),
    [
        ("log", [[-1, 0, 1]], {}, [True, False, False]),
        ("sqrt", [[-1, 0, 1]], {}, [True, False, False]),
        ("divide", [1, [0, 2]], {}, [True, False]),
        ("reciprocal", [[0, 2]], {}, [True, False]),
        ("power", [[-2, -2, 0, 0], [0.5, 2, -1, 0]], {}, [True, False, True, False]),
        ("xlogy", [1, [-1, 0]], {}, [True, False]),
        ("bce", [[-0.1, 0, 1, 1.1], [1, 0, 1, 0]], {}, [True, False, False, True]),
        ("cross_entropy", [[-0.1, 0.5], [1, 0]], {}, [True, False]),
        ("cross_entropy", [[[1, 1], [1, 1], [1, 1]], [0, 2, 0.5]], {}, [False, True, True]),
        ("softmax_cross_entropy", [[[1, 1], [1, 1]], [-1, 1]], {}, [True, False]),
        ("kl_divergence", [[0.5, 0.5], [-1, 2]], {}, [True, False]),
        ("hinge", [[1, 1, 1], [0, 1, -1]], {}, [True, False, False]),
        ("take", [[1, 2, 3], [3, 0, -1]], {}, [True, False, True]),
        ("pick", [[[1, 2]], [2]], {}, [True]),
        ("onehot", [[0, 1.5, 3]], {"n": 3}, [False, True, True]),
    ],
)
def test_domain(name: str, operands: list[Any], settings: dict[str, Any], outside: list[bool]) -> None:
    arrays = [np.asarray(x, dtype=np.float64) for x in operands]
    complete = settled(name, arrays, settings)
    inside = [domain.inside(*arrays, **complete) for domain in OPERATIONS[name].domain]
    found = [~mask for mask in inside if mask.shape == np.shape(outside)]
    assert all(mask.all() for mask in inside if mask.shape != np.shape(outside))
    np.testing.assert_array_equal(np.logical_or.reduce(found), outside)
    assert OPERATIONS[name].forward(*arrays, **complete) is not None


@pytest.mark.parametrize(
    ("alias", "name"),
    [("ln", "log"), ("concatenate", "concat"), ("swish", "silu"), ("relu", "relu")],
)
def test_operation_is_found_by_name_or_alias(alias: str, name: str) -> None:
    assert find(alias) is OPERATIONS[name]


def test_unknown_operation_is_not_found() -> None:
    assert find("relo") is None


def test_names_and_aliases_are_unique() -> None:
    names = [name for operation in OPERATIONS.values() for name in (operation.name, *operation.aliases)]
    assert len(set(names)) == len(names)


LISTED = """
exp log sqrt abs sign sin cos erf square reciprocal clip maximum minimum where xlogy stop_gradient
identity sigmoid tanh relu leaky_relu prelu elu selu gelu silu softplus softsign hard_sigmoid hard_tanh
log_sigmoid mish heaviside softmax log_softmax sum mean var std max min prod norm logsumexp argmax
transpose reshape flatten concat stack outer dot diag take onehot pick l1 l2 squared_error
half_squared_error cross_entropy softmax_cross_entropy multiclass_hinge kl_divergence mse mae huber bce
bce_with_logits hinge
"""


@pytest.mark.parametrize("name", LISTED.split())
def test_operation_of_the_language_is_in_the_table(name: str) -> None:
    assert not OPERATIONS[name].hidden
