"""Layers as operations against plain loops and numbers by hand, and what they say to shapes that do not fit."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from dlcli.errors import OperationError
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Array


def settled(name: str, shapes: tuple[tuple[int, ...], ...], **settings: Any) -> tuple[tuple[int, ...], dict[str, Any]]:
    operation = OPERATIONS[name]
    return operation.settle(shapes, {s.name: s.default for s in operation.settings} | settings)


def value(name: str, *operands: Any, **settings: Any) -> Array:
    arrays = [np.asarray(x, dtype=np.float64) for x in operands]
    shape, complete = settled(name, tuple(x.shape for x in arrays), **settings)
    result = np.asarray(OPERATIONS[name].forward(*arrays, **complete))
    assert result.shape == shape
    return result


def slope(name: str, position: int, *operands: Any, **settings: Any) -> Array:
    """The cotangent of an operand where that of the result is 1 everywhere."""
    arrays = [np.asarray(x, dtype=np.float64) for x in operands]
    shape, complete = settled(name, tuple(x.shape for x in arrays), **settings)
    function = OPERATIONS[name].vjp[position]
    assert function is not None
    y = OPERATIONS[name].forward(*arrays, **complete)
    return np.asarray(function(np.ones(shape), y, *arrays, **complete))


def drawn(*shape: int, seed: int = 0) -> Array:
    return np.asarray(np.random.default_rng(seed).uniform(-2, 2, shape))


def convolved(x: Array, w: Array, stride: Any, padding: Any, dilation: Any, groups: int) -> Array:
    """Cross-correlation of (N, C, H, W), one multiplication at a time."""
    (count, channels, height, width), (kernels, share, rows, columns) = x.shape, w.shape
    found = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip((height, width), padding, dilation, (rows, columns), stride, strict=True)
    ]
    result = np.zeros((count, kernels, *found))
    for n, o, i, j in itertools.product(*map(range, result.shape)):
        first = o // (kernels // groups) * (channels // groups)
        for c, a, b in itertools.product(range(share), range(rows), range(columns)):
            row = i * stride[0] + a * dilation[0] - padding[0]
            column = j * stride[1] + b * dilation[1] - padding[1]
            if 0 <= row < height and 0 <= column < width:
                result[n, o, i, j] += x[n, first + c, row, column] * w[o, c, a, b]
    return result


@pytest.mark.parametrize(
    ("image", "filters", "settings"),
    [
        ((2, 3, 5, 4), (4, 3, 2, 3), {}),
        ((1, 2, 6, 7), (3, 2, 3, 2), {"stride": (2, 3), "padding": (1, 2)}),
        ((2, 4, 6, 6), (6, 2, 2, 2), {"groups": 2, "dilation": (2, 3)}),
        ((1, 1, 4, 4), (2, 1, 1, 1), {"padding": (2, 2), "stride": (3, 3)}),
    ],
)
def test_convolution_is_the_sum_over_windows(image: Any, filters: Any, settings: dict[str, Any]) -> None:
    x, w, b = drawn(*image), drawn(*filters, seed=1), drawn(filters[0], seed=2)
    complete = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1} | settings
    expected = convolved(x, w, **complete)
    np.testing.assert_allclose(value("conv2d", x, w, **settings), expected, atol=1e-13)
    biased = value("conv2d", x, w, b, **settings)
    np.testing.assert_allclose(biased, expected + b[:, None, None], atol=1e-13)


def test_convolution_of_a_plane_by_hand() -> None:
    x, w = [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, -1]]
    assert value("conv2d", x, w).tolist() == [
        [-4, -4],
        [-4, -4],
    ]  # 1 - 5, 2 - 6, 4 - 8, 5 - 9: the kernel is not turned
    assert slope("conv2d", 1, x, w).tolist() == [[12, 16], [24, 28]]
    assert slope("conv2d", 0, x, w).tolist() == [[1, 1, 0], [1, 0, -1], [0, -1, -1]]


def test_convolution_along_one_axis_by_hand() -> None:
    assert value("conv1d", [1, 2, 4, 8], [1, -1]).tolist() == [-1, -2, -4]
    assert value("conv1d", [1, 2, 4, 8], [1, 10], 100, stride=2).tolist() == [121, 184]
    assert value("conv1d", [[1, 2, 4]], [[[1, 1]]], padding=1).tolist() == [[1, 3, 6, 4]]
    assert value("conv1d", [1, 2, 4, 8], [1, -1], dilation=2).tolist() == [-3, -6]


def test_one_image_gives_what_a_batch_of_it_gives() -> None:
    x, w = drawn(2, 4, 4), drawn(3, 2, 2, 2, seed=1)
    np.testing.assert_array_equal(value("conv2d", x, w), value("conv2d", x[None], w)[0])


def test_pooling_by_hand_and_the_first_of_equals() -> None:
    x = [[1, 5, 5, 0], [5, 2, 3, 4]]
    assert value("maxpool2d", x, size=2).tolist() == [[5, 5]]
    assert value("avgpool2d", x, size=2).tolist() == [[13 / 4, 3]]
    assert slope("maxpool2d", 0, x, size=2).tolist() == [[0, 1, 1, 0], [0, 0, 0, 0]]
    assert slope("maxpool2d", 0, x, size=2, stride=1).tolist() == [[0, 2, 1, 0], [0, 0, 0, 0]]
    assert slope("avgpool2d", 0, x, size=2, stride=1).tolist() == [[0.25, 0.5, 0.5, 0.25]] * 2
    assert value("maxpool2d", [[1, 2, 3]], size=(1, 2), stride=(1, 2)).tolist() == [[2]]


def test_batchnorm_by_hand() -> None:
    x = [[1, 10], [3, 30]]
    # means 2 and 20, variances 1 and 100
    found = value("batchnorm", x, [2, 1], [0, 5], eps=0)
    np.testing.assert_allclose(found, [[-2, 4], [2, 6]], rtol=1e-15)
    assert value("batchnorm", [1, 3], 1, 0, eps=3.0).tolist() == [-0.5, 0.5]
    assert value("batchnorm", x, [2, 1], [0, 5], [1, 10], [3, 399], eps=1).tolist() == [[0, 5], [2, 6]]
    np.testing.assert_allclose(slope("batchnorm", 0, x, [2, 1], [0, 5]), np.zeros((2, 2)), atol=1e-15)
    assert slope("batchnorm", 2, x, [2, 1], [0, 5]).tolist() == [2, 2]


def test_batchnorm_of_images_is_that_of_each_channel_over_all_its_pixels() -> None:
    x, gamma, beta = drawn(3, 2, 4, 5), drawn(2, seed=1), drawn(2, seed=2)
    found = value("batchnorm", x, gamma, beta)
    for channel in range(2):
        pixels = x[:, channel]
        expected = (pixels - pixels.mean()) / math.sqrt(pixels.var() + 1e-5) * gamma[channel] + beta[channel]
        np.testing.assert_allclose(found[:, channel], expected, rtol=1e-12)


def test_layernorm_normalises_each_sample() -> None:
    found = value("layernorm", [[1, 3], [10, 30]], [1, 2], [0, 1], eps=0)
    np.testing.assert_allclose(found, [[-1, 3], [-1, 3]], rtol=1e-15)


def test_dropout_keeps_the_expectation() -> None:
    assert value("dropout", [1, 2, 3, 4], 0.75, [1, 0, 0, 1]).tolist() == [4, 0, 0, 16]
    kept = value("dropout", np.ones(40_000), 0.25, seed=1)
    assert set(kept.tolist()) == {0, 1 / 0.75}
    assert kept.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(kept, value("dropout", np.ones(40_000), 0.25, seed=1))
    expected = np.random.RandomState(1).random_sample(40_000) >= 0.25
    np.testing.assert_array_equal(kept > 0, expected)


def test_attention_by_hand() -> None:
    q, k, v = [[0.0, 0.0], [2.0, 0.0]], [[math.log(3) / math.sqrt(2), 0.0], [0.0, 1.0]], [[4.0], [8.0]]
    # scores 0, 0 and ln 3, 0: shares 1/2, 1/2 and 3/4, 1/4
    np.testing.assert_allclose(value("attention", q, k, v), [[6], [5]], rtol=1e-15)
    for mask in ([[1, 0], [1, 1]], [[0, -np.inf], [0, 0]]):
        np.testing.assert_allclose(value("attention", q, k, v, mask), [[4], [5]], rtol=1e-15)
    np.testing.assert_allclose(value("attention", q[1], k, v), [5], rtol=1e-15)


def logistic(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def test_cells_by_their_textbook_equations() -> None:
    x, h, c = drawn(3), drawn(2, seed=1), drawn(2, seed=2)
    W, U, b, b2 = drawn(8, 3, seed=3), drawn(8, 2, seed=4), drawn(8, seed=5), drawn(6, seed=6)
    z = W @ x + U @ h + b
    np.testing.assert_allclose(value("rnn_cell", x, h, W[:2], U[:2], b[:2]), np.tanh(z[:2]), rtol=1e-14)
    i, f, g, o = logistic(z[:2]), logistic(z[2:4]), np.tanh(z[4:6]), logistic(z[6:])
    new = f * c + i * g
    np.testing.assert_allclose(value("lstm_cell", x, h, c, W, U, b), [o * np.tanh(new), new], rtol=1e-14)
    r, u, last = logistic(z[:2]), logistic(z[2:4]), slice(4, 6)
    n = np.tanh(W[last] @ x + U[last] @ (r * h) + b[last])
    np.testing.assert_allclose(value("gru_cell", x, h, W[:6], U[:6], b[:6]), (1 - u) * h + u * n, rtol=1e-14)
    r, u = logistic(z[:2] + b2[:2]), logistic(z[2:4] + b2[2:4])
    n = np.tanh(W[last] @ x + b[last] + r * (U[last] @ h + b2[last]))
    found = value("gru_cell", x, h, W[:6], U[:6], b[:6], b2, variant="pytorch")
    np.testing.assert_allclose(found, (1 - u) * n + u * h, rtol=1e-14)


@pytest.mark.parametrize(("name", "blocks"), [("rnn_cell", 1), ("lstm_cell", 4), ("gru_cell", 3)])
def test_cells_take_a_batch_row_by_row(name: str, blocks: int) -> None:
    states = [drawn(5, 2, seed=s) for s in range(2 if name == "lstm_cell" else 1)]
    x, weights = drawn(5, 3, seed=7), (drawn(2 * blocks, 3), drawn(2 * blocks, 2), drawn(2 * blocks))
    together = value(name, x, *states, *weights)
    for row in range(5):
        alone = value(name, x[row], *(s[row] for s in states), *weights)
        np.testing.assert_allclose(together[..., row, :], alone, rtol=1e-14)


def test_saturated_gates_keep_their_slope() -> None:
    found = slope("rnn_cell", 4, [0.0], [0.0], [[0.0]], [[0.0]], [30.0])
    assert found[0] == pytest.approx(4 * math.exp(-60), rel=1e-13)


@pytest.mark.parametrize(
    ("name", "shapes", "settings", "code", "message"),
    [
        ("conv2d", ((1, 3, 3), (2, 1, 5, 5)), {}, "E201",
         "conv2d: a window of 5 rows does not fit into 3: (size + 2*padding - dilation*(kernel - 1) - 1)/stride + 1 = "
         "(3 + 2*0 - 1*(5 - 1) - 1)/1 + 1 is below 1"),
        ("conv2d", ((1, 3, 4), (2, 1, 1, 3)), {"dilation": (1, 3), "padding": (0, 1)}, "E201",
         "a window of 3*(3 - 1) + 1 = 7 columns does not fit into 4 + 2*1 = 6"),
        ("conv2d", ((3, 8, 8), (2, 4, 3, 3)), {}, "E201", "has 3 channels, so a kernel of shape (2, 4, 3, 3) needs 3"),
        ("conv2d", ((4, 8, 8), (2, 4, 3, 3)), {"groups": 2}, "E201", "needs 4/2 = 2 as its second size, not 4"),
        ("conv2d", ((3, 8, 8), (2, 3, 3, 3)), {"groups": 2}, "E305", "2 groups do not divide 3 channels of x and 2"),
        ("conv2d", ((3, 8, 8), (2, 3, 3, 3), (3,)), {}, "E201", "the bias has shape (3,), but needs (2,)"),
        ("conv2d", ((8, 8), (2, 3, 3)), {}, "E211", "does not take x of shape (8, 8) with a kernel of shape (2, 3, 3)"),
        ("conv1d", ((3,), (2,)), {"stride": 0}, "E305", "conv1d: `stride` must be at least 1, but it is 0"),
        ("conv1d", ((3,), (2,)), {"padding": (1, 1)}, "E305", "`padding` is one number or 1 of them, not 2"),
        ("maxpool2d", ((2, 3),), {"size": 3}, "E201", "maxpool2d: a window of 3 rows does not fit into 2"),
        ("avgpool2d", ((3,),), {"size": 2}, "E211", "avgpool2d takes images"),
        ("windows", ((3,), ()), {"kernel": 2}, "E211", "windows slide over two axes, but x has shape (3,)"),
        ("batchnorm", ((1, 3), (3,), (3,)), {}, "E305", "a batch of one, shape (1, 3): each feature's variance is 0"),
        ("batchnorm", ((), (), ()), {}, "E211", "batchnorm takes a batch, not a scalar"),
        ("batchnorm", ((2, 3), (2,), (3,)), {}, "E201", "needs a gamma of shape (3,), one number a feature, not (2,)"),
        ("batchnorm", ((2,), (), (2,)), {}, "E201", "needs a beta that is a single number, not (2,)"),
        ("batchnorm", ((2, 3), (3,), (3,), (3,)), {}, "E106", "takes the mean and the variance together, or neither"),
        ("batchnorm", ((2, 3), (3,), (3,)), {"eps": -1.0}, "E305", "eps must be 0 or more, not -1"),
        ("layernorm", ((2, 1), (1,), (1,)), {}, "E211", "over a single number the variance is 0"),
        ("layernorm", ((2, 3), (2,), (3,)), {}, "E201", "layernorm of shape (2, 3) needs a gamma of shape (3,)"),
        ("dropout", ((3,), ()), {}, "E107", "dropout needs a mask or a seed"),
        ("dropout", ((3,), (), (3,)), {"seed": 1}, "E107", "dropout takes a mask or a seed, not both"),
        ("dropout", ((3,), (), (2,)), {}, "E201", "the mask has shape (2,), but x has shape (3,)"),
        ("dropout", ((3,), (3,), (3,)), {}, "E201", "dropout takes one probability p, but it has shape (3,)"),
        ("dropout", ((3,), ()), {"seed": -1}, "E305", "a seed is a whole number from 0 to 4294967295, not -1"),
        ("attention", ((2, 3), (3,), (2, 3)), {}, "E211", "attention takes one row a key, but k has shape (3,)"),
        ("attention", ((2, 3), (4, 2), (4, 3)), {}, "E201", "queries of shape (2, 3), keys of shape (4, 2)"),
        ("attention", ((2, 3), (4, 3), (5, 3)), {}, "E201", "there are 4 keys, shape (4, 3), but 5 values"),
        ("attention", ((2, 3), (4, 3), (4, 3), (4, 2)), {}, "E201", "mask has shape (4, 2), but the scores have"),
        ("rnn_cell", ((2, 2, 3), (2,), (2, 3), (2, 2), (2,)), {}, "E211", "rnn_cell takes one step"),
        ("lstm_cell", ((3,), (2,), (2,), (8, 3), (2, 2), (8,)), {}, "E201", "U has shape (2, 2), but needs (4*units"),
        ("gru_cell", ((3,), (2,), (6, 2), (6, 2), (6,)), {}, "E201", "W has shape (6, 2), but with 2 units"),
        ("gru_cell", ((3,), (2,), (6, 3), (6, 2), (6,), (6,)), {}, "E106", "a second bias only in torch's form"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    name: str, shapes: Any, settings: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(OperationError) as caught:
        settled(name, shapes, **settings)
    assert caught.value.code == code
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("name", "operands", "settings", "outside"),
    [
        ("dropout", ([1, 2], 1, [0, 1]), {}, [0]),
        ("dropout", ([1, 2], 0.5, [0, 2]), {}, [1]),
        ("dropout", ([1, 2], 0.5), {"seed": 1}, []),
        ("batchnorm", ([[1, 2]], [1, 1], [0, 0], [0, 0], [1, -1]), {}, [0]),
        ("attention", ([[1]], [[1], [2]], [[1], [2]], [[1, 2]]), {}, [0]),
        ("attention", ([[1]], [[1], [2]], [[1], [2]], [[1, -np.inf]]), {}, [0, 1]),
        ("attention", ([[1]], [[1], [2]], [[1], [2]], [[0, 0]]), {}, [1]),
        ("attention", ([[1]], [[1], [2]], [[1], [2]]), {}, []),
    ],
)
def test_masks_and_probabilities_outside_their_domain(
    name: str, operands: tuple[Any, ...], settings: dict[str, Any], outside: list[int]
) -> None:
    arrays = [np.asarray(x, dtype=np.float64) for x in operands]
    _, complete = settled(name, tuple(x.shape for x in arrays), **settings)
    domains = OPERATIONS[name].domain
    assert [k for k, domain in enumerate(domains) if not domain.inside(*arrays, **complete).all()] == outside
