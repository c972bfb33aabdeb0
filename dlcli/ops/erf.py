"""The error function for real arrays and for complex ones with a tiny imaginary part; NumPy has none.

Rational approximations of W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics
of Computation 23 (1969) 631-637, with the coefficients of his program CALERF (netlib.org/specfun/erf). They
are evaluated in complex arithmetic as they stand, the interval chosen by the real part.
"""

from __future__ import annotations

import math

import numpy as np

from dlcli.ops.operation import Array

# |x| <= 0.48: x P(x^2)/Q(x^2), as x + x (P - Q)(x^2)/Q(x^2), which rounds less; highest power first
D_NEAR = (-8.14222293815396847e-1, -2.04401672084735553e1, -1.30160483783394017e2, -9.05131288392070259e2,
          3.65140755699298850e2)  # fmt: skip
Q_NEAR = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
# 0.48 <= x <= 4: exp(-x^2) P(x)/Q(x)
P_MIDDLE = (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
            2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
            1.23033935479799725e3)  # fmt: skip
Q_MIDDLE = (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
            3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
            1.23033935480374942e3)  # fmt: skip
# x >= 4: exp(-x^2)/x (1/sqrt(pi) - x^-2 P(x^-2)/Q(x^-2))
P_FAR = (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
         1.60837851487422766e-2, 6.58749161529837803e-4)  # fmt: skip
Q_FAR = (1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
         2.33520497626869185e-3)  # fmt: skip

NEAR, FAR = 0.48, 4.0  # erf(0.48) > 1/2, so that 1 - erfc keeps its digits
VANISHED = 30.0  # erfc is 0 in float64 from 27.3 on


def erf(x: Array) -> Array:
    """2/sqrt(pi) times the integral of exp(-t^2) from 0 to x, entry by entry; error below 2 ulp."""
    x = _floating(x)
    near = np.abs(x.real) <= NEAR
    result = np.empty_like(x)
    result[near] = _near(x[near])
    far = x[~near]
    sign = np.where(far.real < 0, -1.0, 1.0).astype(far.real.dtype)
    result[~near] = sign * ((0.5 - _complement(sign * far)) + 0.5)
    return result


def erfc(x: Array) -> Array:
    """1 - erf(x) with all its digits where it is small."""
    x = _floating(x)
    near = np.abs(x.real) <= NEAR
    result = np.empty_like(x)
    result[near] = 1 - _near(x[near])
    far = x[~near]
    positive = far.real > 0
    tail = _complement(np.where(positive, far, -far))
    result[~near] = np.where(positive, tail, 2 - tail)
    return result


def _floating(x: Array) -> Array:
    x = np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


def _near(x: Array) -> Array:
    square = x * x
    return np.asarray(x + x * (_polynomial(D_NEAR, square) / _polynomial(Q_NEAR, square)))


def _complement(x: Array) -> Array:
    """erfc for Re x > 0.48."""
    x = np.where(x.real > VANISHED, VANISHED, x).astype(x.dtype)
    middle = np.where(x.real <= FAR, x, FAR).astype(x.dtype)
    far = np.where(x.real <= FAR, FAR, x).astype(x.dtype)
    inverse = 1 / (far * far)
    correction = inverse * (_polynomial(P_FAR, inverse) / _polynomial(Q_FAR, inverse))
    quotient = np.where(x.real <= FAR, _middle(middle), (1 / math.sqrt(math.pi) - correction) / far)
    return _gaussian(x) * quotient


def _middle(x: Array) -> Array:
    if x.dtype != np.float64:
        return np.asarray(_polynomial(P_MIDDLE, x) / _polynomial(Q_MIDDLE, x))
    top, top_error = _compensated(P_MIDDLE, x)
    bottom, bottom_error = _compensated(Q_MIDDLE, x)
    quotient = top / bottom
    product, product_error = _two_product(quotient, bottom)
    rest = (top - product) - product_error + top_error - quotient * bottom_error
    return np.asarray(quotient + rest / bottom)


def _gaussian(x: Array) -> Array:
    """exp(-x^2) without the rounding error of the square."""
    head = np.trunc(x.real * 2**20) / 2**20
    square = x * x
    error = (head * head - square.real) + (x.real - head) * (x.real + head)
    gaussian = np.exp(-square)
    return np.asarray(gaussian - gaussian * error)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    value = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        value = value * x + coefficient
    return value


def _compensated(coefficients: tuple[float, ...], x: Array) -> tuple[Array, Array]:
    """The value and its rounding error (compensated Horner scheme of Graillat, Langlois and Louvet 2005)."""
    value, error = np.full_like(x, coefficients[0]), np.zeros_like(x)
    for coefficient in coefficients[1:]:
        product, product_error = _two_product(value, x)
        value = product + coefficient
        part = value - product
        sum_error = (product - (value - part)) + (coefficient - part)
        error = error * x + (product_error + sum_error)
    return value, error


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """The rounded product and what rounding took away (Dekker 1971)."""
    a_head, b_head = _head(a), _head(b)
    a_tail, b_tail = a - a_head, b - b_head
    product = a * b
    return product, ((a_head * b_head - product) + a_head * b_tail + a_tail * b_head) + a_tail * b_tail


def _head(a: Array) -> Array:
    shifted = (2**27 + 1.0) * a
    return shifted - (shifted - a)
