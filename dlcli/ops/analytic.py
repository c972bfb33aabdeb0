"""Stable functions that hold for real numbers and for real numbers with a tiny imaginary part.

Branches are taken by the real part, so that a complex step sees the analytic function of that branch.
"""

from __future__ import annotations

import numpy as np

from dlcli.ops.operation import Array


def magnitude(x: Array) -> Array:
    """x or -x, whichever has the positive real part."""
    return np.where(x.real < 0, -x, x) if np.iscomplexobj(x) else np.abs(x)


def product(a: Array, b: Array) -> Array:
    """a @ b. Where one of them is real, the parts of the other by themselves: half the work of complex numbers, and
    no 0 times infinity; BLAS would also share out small complex products to threads at a loss."""
    if np.iscomplexobj(a) == np.iscomplexobj(b):
        return np.asarray(a @ b)
    real = np.asarray(np.ascontiguousarray(a.real) @ np.ascontiguousarray(b.real))
    result = np.empty(real.shape, dtype=np.complex128)
    result.real = real
    result.imag = np.ascontiguousarray(a.imag) @ b if np.iscomplexobj(a) else a @ np.ascontiguousarray(b.imag)
    return result


def log1p(x: Array) -> Array:
    """ln(1 + x) for Re x > -1; NumPy's loses the real part of small complex numbers."""
    if not np.iscomplexobj(x):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log1p(x))
    a, b = x.real, x.imag
    near = np.abs(a) < 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.log(np.where(near, 1.0, 1 + x))
    small = np.where(near, a, 0.0)
    real = 0.5 * np.log1p(small * (2 + small) + np.where(near, b * b, 0.0))
    return np.asarray(np.where(near, real + 1j * np.arctan2(b, 1 + small), far))


def logarithm(x: Array) -> Array:
    """ln x; silently -inf at 0 and nan below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(x))


def sigmoid(x: Array) -> Array:
    """1/(1 + exp(-x)) without overflow on either side."""
    return _share(x, np.exp(-magnitude(x)))


def _share(x: Array, decay: Array) -> Array:
    """The sigmoid, decay being exp(-|x|)."""
    top = np.where(x.real >= 0, 1.0, decay) if np.iscomplexobj(x) else np.maximum(decay, x >= 0)
    return np.asarray(top / (1 + decay))


def sigmoid_and_slope(x: Array) -> tuple[Array, Array]:
    """`sigmoid` and `sigmoid_slope` by one exponential."""
    decay = np.exp(-magnitude(x))
    return _share(x, decay), np.asarray(decay / (1 + decay) ** 2)


def sigmoid_slope(x: Array) -> Array:
    """sigmoid(x) (1 - sigmoid(x)) without cancellation."""
    decay = np.exp(-magnitude(x))
    return np.asarray(decay / (1 + decay) ** 2)


def tanh_slope(x: Array) -> Array:
    """1 - tanh(x)**2 without cancellation."""
    decay = np.exp(-2 * magnitude(x))
    return np.asarray(4 * decay / (1 + decay) ** 2)


def softplus(x: Array) -> Array:
    """ln(1 + exp(x)) without overflow, with all digits on the left."""
    return np.asarray(np.where(x.real >= 0, x, 0.0) + log1p(np.exp(-magnitude(x))))


def whole_numbers(x: Array, count: int) -> Array:
    """Class numbers or indices as integers, held inside 0 … count - 1 (the domain is checked elsewhere)."""
    x = np.asarray(x)
    if x.dtype == object:
        numbers = np.array([round(v) for v in x.ravel()], dtype=np.intp).reshape(x.shape)
        return np.clip(numbers, 0, count - 1)
    return np.asarray(np.fmax(np.fmin(np.rint(x.real), count - 1), 0).astype(np.intp))


def are_whole_numbers(x: Array, n: int) -> Array:
    """Where x holds a whole number in 0 … n - 1."""
    return np.asarray((x == np.floor(x)) & (x >= 0) & (x < n))
