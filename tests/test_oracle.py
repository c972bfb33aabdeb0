"""The dual numbers themselves: each formula against mpmath's numerical derivative, or by hand."""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from tests.oracle import dual, functions, losses
from tests.oracle.dual import Dual, gradients, variables

ORACLE = Path(dual.__file__).parent


def test_oracle_imports_only_numpy_and_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "tests"}
    for path in ORACLE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in allowed, f"{path.name} imports {name}"
                assert not name.startswith("tests.") or name.startswith("tests.oracle")


def mp_sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def mp_log_loss(z: Any) -> Any:
    return mpmath.log(1 + mpmath.exp(-z))


def mp_huber(p: Any) -> Any:
    return abs(p - 1) - 0.5 if abs(p - 1) > 1 else (p - 1) ** 2 / 2


SCALARS: list[tuple[str, Callable[[Dual], Dual], Callable[[Any], Any], list[float]]] = [
    ("exp", functions.exp, mpmath.exp, [-2.5, 0.3, 4]),
    ("log", functions.log, mpmath.log, [0.01, 1, 7.5]),
    ("sqrt", functions.sqrt, mpmath.sqrt, [0.04, 3]),
    ("abs", functions.absolute, abs, [-1.5, 2]),
    ("sign", functions.sign, mpmath.sign, [-1.5, 2]),
    ("sin", functions.sin, mpmath.sin, [-2, 0.4]),
    ("cos", functions.cos, mpmath.cos, [-2, 0.4]),
    ("erf", functions.erf, mpmath.erf, [-1.1, 0, 0.7]),
    ("square", functions.square, lambda x: x**2, [-3, 0.5]),
    ("reciprocal", functions.reciprocal, lambda x: 1 / x, [-0.5, 4]),
    ("clip", lambda x: functions.clip(x, -1, 1), lambda x: min(max(x, -1), 1), [-2, 0.5, 3]),
    ("maximum", lambda x: functions.maximum(x, 0.5), lambda x: max(x, 0.5), [0.1, 2]),
    ("minimum", lambda x: functions.minimum(x, 0.5), lambda x: min(x, 0.5), [0.1, 2]),
    ("xlogy", lambda x: functions.xlogy(x, 2 + x), lambda x: x * mpmath.log(2 + x), [0.5, 3]),
    ("sigmoid", functions.sigmoid, mp_sigmoid, [-6, 0, 2, 23]),
    ("tanh", functions.tanh, mpmath.tanh, [-3, 0.2]),
    ("relu", functions.relu, lambda x: max(x, 0), [-1, 2]),
    ("leaky_relu", lambda x: functions.leaky_relu(x, 0.1), lambda x: x if x > 0 else x / 10, [-1, 2]),
    ("softplus", functions.softplus, lambda x: mpmath.log(1 + mpmath.exp(x)), [-20, 0, 3]),
    ("power", lambda x: x**3, lambda x: x**3, [-2, 0.5]),
    ("power of itself", lambda x: x**x, lambda x: x**x, [0.5, 2]),
    ("constant to the power", lambda x: 2**x, lambda x: mpmath.mpf(2) ** x, [-1, 2]),
    ("quotient", lambda x: (1 - x) / (3 + x), lambda x: (1 - x) / (3 + x), [0.5, 2]),
    ("bce", lambda x: losses.bce(functions.sigmoid(x), 0.0), lambda x: mpmath.log(1 + mpmath.exp(x)), [2]),
    ("bce_with_logits", lambda x: losses.bce_with_logits(x, 1.0), mp_log_loss, [2]),
    ("hinge", lambda x: losses.hinge(x, -1.0), lambda x: max(0, 1 + x), [-3, 2]),
    ("huber", lambda x: losses.huber(x, 1.0), mp_huber, [0.5, 3, -4]),
    ("half_squared_error", lambda x: losses.half_squared_error(x, 1.0), lambda x: (x - 1) ** 2 / 2, [3]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "point"),
    [pytest.param(o, t, p, id=f"{name} at {p}") for name, o, t, points in SCALARS for p in points],
)
def test_scalar_function_and_slope_agree_with_mpmath(
    ours: Callable[[Dual], Dual], theirs: Callable[[Any], Any], point: float
) -> None:
    [x] = variables([point])
    found = ours(x)
    with mpmath.workdps(40):
        value, slope = theirs(mpmath.mpf(point)), mpmath.diff(theirs, mpmath.mpf(point))
    assert found.value == pytest.approx(float(value), rel=1e-13, abs=1e-15)
    assert found.tangent[0] == pytest.approx(float(slope), rel=1e-12, abs=1e-15)


RNG = np.random.default_rng(5)
A = RNG.normal(size=(3, 4)).round(2)
B = RNG.normal(size=(4, 2)).round(2)
V = RNG.normal(size=4).round(2)
P = RNG.uniform(0.1, 0.9, size=(3, 4)).round(2)
Y = np.array([2, 0, 3])
SOFT = (lambda t: t / t.sum(axis=-1, keepdims=True))(RNG.uniform(0.1, 1, size=(3, 4)))

ARRAYS: list[tuple[str, Callable[..., Dual], tuple[Any, ...]]] = [
    ("matrix product", lambda a, b: a @ b, (A, B)),
    ("matrix times vector", lambda a, v: a @ v, (A, V)),
    ("vector times matrix", lambda v, b: v @ b, (V, B)),
    ("vector times vector", lambda v, w: v @ w, (V, V + 1)),
    ("broadcasting", lambda a, v: a * v - v / (2 + a**2), (A, V)),
    ("broadcasting a column", lambda a, v: a * v[:3].T[:, None], (A, V)),
    ("indexing", lambda a: a[1, 2] * a[0] + a[:3:2, 1].T[0], (A,)),
    ("transpose", lambda a: a.T @ a, (A,)),
    ("reshape", lambda a: dual.reshape(a, (2, 6))[1], (A,)),
    ("flatten", lambda a: dual.flatten(a) ** 2, (A,)),
    ("concat", lambda a, b: dual.concat([a, b.T], axis=0), (A, B)),
    ("stack", lambda v, w: dual.stack([v, w * v], axis=1), (V, V + 1)),
    ("outer", dual.outer, (V, A[0])),
    ("dot", dual.dot, (V, A[0])),
    ("take", lambda a: dual.take(a, [2, 0, 2]), (A,)),
    ("pick", lambda a: dual.pick(a, Y), (A,)),
    ("where", lambda a, v: dual.select(a.value > 0, a * v, v), (A, V)),
    ("softmax", lambda a: functions.softmax(a, temperature=2.0), (A,)),
    ("softmax of columns", lambda a: functions.softmax(a, axis=0), (A,)),
    ("log_softmax", functions.log_softmax, (A,)),
    ("mean", lambda a: functions.mean(a, axis=0), (A,)),
    ("var", lambda a: functions.var(a, axis=-1), (A,)),
    ("std", lambda a: functions.std(a, axis=0, ddof=1, keepdims=True), (A,)),
    ("max", lambda a: functions.max_(a, axis=1), (A,)),
    ("min", lambda a: functions.min_(a, axis=0, keepdims=True), (A,)),
    ("max of all", functions.max_, (A,)),
    ("prod", lambda a: functions.prod(a, axis=(0, 1)), (A,)),
    ("norm", lambda a: functions.norm(a, axis=1), (A,)),
    ("logsumexp", lambda a: functions.logsumexp(a, axis=0), (A,)),
    ("l1", functions.l1, (A,)),
    ("l2", functions.l2, (A,)),
    ("squared_error", lambda p: losses.squared_error(p, A), (P,)),
    ("cross_entropy of classes", lambda p: losses.cross_entropy(p, Y), (P,)),
    ("cross_entropy", lambda p: losses.cross_entropy(p, SOFT), (P,)),
    ("softmax_cross_entropy", lambda z: losses.softmax_cross_entropy(z, SOFT), (A,)),
    ("softmax_cross_entropy of classes", lambda z: losses.softmax_cross_entropy(z, Y, "sum"), (A,)),
    ("multiclass_hinge", lambda s: losses.multiclass_hinge(s, Y), (A,)),
    ("kl_divergence", lambda q: losses.kl_divergence(q, SOFT), (P,)),
    ("mse", lambda p: losses.mse(p, A), (P,)),
    ("mae", lambda p: losses.mae(p, A + 0.013), (P,)),
    ("huber", lambda p: losses.huber(p, A + 0.013, 0.4, "none"), (P,)),
    ("bce", lambda p: losses.bce(p, P.T.reshape(3, 4)), (P,)),
]


@pytest.mark.parametrize(("function", "points"), [pytest.param(f, points, id=name) for name, f, points in ARRAYS])
def test_tangents_of_array_functions_agree_with_central_differences(
    function: Callable[..., Dual], points: tuple[Any, ...]
) -> None:
    arguments = variables(points)
    found = function(*arguments)
    step, direction = 1e-6, 0
    for position, point in enumerate(points):
        for index in np.ndindex(point.shape):
            sides = []
            for sign in (1, -1):
                moved = point.copy()
                moved[index] += sign * step
                sides.append(function(*variables([*points[:position], moved, *points[position + 1 :]])).value)
            difference = (sides[0] - sides[1]) / (2 * step)
            np.testing.assert_allclose(found.tangent[direction], difference, rtol=2e-8, atol=2e-8)
            direction += 1
    assert found.margin > step


def test_gradients_split_the_directions_by_variable() -> None:
    w, b = variables([[[1.0, 2.0]], 3.0])
    by_w, by_b = gradients(functions.sum_(5 * w) + 7 * b, [w, b])
    assert by_w.tolist() == [[5, 5]]
    assert by_b == 7


def test_margin_is_the_distance_from_the_nearest_kink_on_the_way() -> None:
    [x] = variables([[0.25, -3.0]])
    assert functions.relu(x).margin == 0.25
    assert (functions.absolute(x) + functions.maximum(x, 0.2)).margin == pytest.approx(0.05)
    assert functions.exp(x).margin == math.inf


def test_stop_gradient_holds_its_value_fixed() -> None:
    [x] = variables([3.0])
    assert (functions.stop_gradient(x) * x).tangent.tolist() == [3.0]


def test_losses_by_hand() -> None:
    [p] = variables([[[0.5, 0.25, 0.25], [0.125, 0.75, 0.125]]])
    assert losses.cross_entropy(p, [0, 2]).value == pytest.approx((math.log(2) + math.log(8)) / 2)
    assert losses.cross_entropy(p, [0, 2], "sum").tangent[0] == pytest.approx(-2)
    assert losses.kl_divergence(p, [[1, 0, 0], [0, 0, 1]]).value == pytest.approx(math.log(16) / 2)
    assert losses.multiclass_hinge(p, [0, 1], reduction="none").value.tolist() == [1.5, 0.75]
    assert losses.hinge(p, [[1, -1, 1], [1, 1, -1]], reduction="sum").value == pytest.approx(
        0.5 + 1.25 + 0.75 + 0.875 + 0.25 + 1.125
    )
