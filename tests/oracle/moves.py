"""Single steps from one quantity to the next: the table of operations that random networks are drawn from.

A move is given the draft, the quantity as a term, and its name.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.draft import Draft
from tests.oracle.terms import (
    Term,
    apply,
    apply_to_list,
    binary,
    entry,
    negative,
    number,
    power,
    quantity,
    reshaped,
    scaled,
    taken,
    transposed,
    where_greater,
)

Move = Callable[[Draft, Term, str], Term]
ALL = slice(None)


def _width(draft: Draft, q: str) -> int:
    return draft.shape(q)[-1]


def _weight(draft: Draft, *shape: int) -> Term:
    return quantity(draft.weight(*shape))


def _like(draft: Draft, q: str) -> Term:
    """A weight that broadcasts against q: of its shape, of its last axis, or a scalar."""
    shape = draft.shape(q)
    return _weight(draft, *(shape, shape[-1:], shape[-1:], ())[int(draft.rng.integers(4))])


def _one_plus_square(q: Term) -> Term:
    return binary("+", number(1), apply("square", q))


ELEMENTWISE: tuple[Move, ...] = (
    lambda d, q, n: apply("sin", q),
    lambda d, q, n: apply("cos", q),
    lambda d, q, n: apply("erf", q),
    lambda d, q, n: apply("tanh", q),
    lambda d, q, n: apply("sigmoid", q),
    lambda d, q, n: apply("softplus", q),
    lambda d, q, n: apply("exp", scaled(0.3, q)),
    lambda d, q, n: apply("log", _one_plus_square(q)),
    lambda d, q, n: apply("ln", binary("+", number(2), apply("abs", q))),
    lambda d, q, n: apply("sqrt", _one_plus_square(q)),
    lambda d, q, n: apply("reciprocal", _one_plus_square(q)),
    lambda d, q, n: apply("leaky_relu", q, slope=0.2),
    lambda d, q, n: binary("*", q, apply("relu", binary("+", q, number(2)))),
    lambda d, q, n: binary("*", q, apply("sign", q)),
    lambda d, q, n: binary("*", apply("stop_gradient", q), q),
    lambda d, q, n: apply("xlogy", q, _one_plus_square(q)),
    lambda d, q, n: binary("+", apply("clip", q, lo=-1, hi=1), scaled(0.3, q)),
    lambda d, q, n: binary("-", power(q, 3), q),
    lambda d, q, n: negative(binary("/", number(1), binary("+", number(2), power(q, 2)))),
    lambda d, q, n: binary("+", binary("*", q, _like(d, n)), _like(d, n)),
    lambda d, q, n: binary("/", q, binary("+", number(2), power(_like(d, n), 2))),
    lambda d, q, n: binary("**", _one_plus_square(q), _like(d, n)),
    lambda d, q, n: binary("+", scaled(0.5, q), apply("maximum", q, _like(d, n))),
    lambda d, q, n: binary("-", q, scaled(0.5, apply("minimum", _like(d, n), q))),
    lambda d, q, n: (lambda w: where_greater(q, w, binary("*", q, w), binary("-", w, q)))(_like(d, n)),
)

VECTOR_MOVES: tuple[Move, ...] = (
    lambda d, q, n: binary("+", binary("@", _weight(d, 3, _width(d, n)), q), _weight(d, 3)),
    lambda d, q, n: binary("@", q, _weight(d, _width(d, n), 3)),
    lambda d, q, n: apply("dot", _weight(d, 2, _width(d, n)), q),
    lambda d, q, n: binary("@", apply("tanh", apply("outer", _weight(d, 2), q)), _weight(d, _width(d, n))),
    lambda d, q, n: apply_to_list("concat", [q, _weight(d, 2)]),
    lambda d, q, n: apply_to_list("concat", [q, apply("sin", q)], axis=0),
    lambda d, q, n: apply("mean", apply_to_list("stack", [q, _weight(d, _width(d, n))], axis=0), axis=0),
    lambda d, q, n: apply("logsumexp", apply_to_list("stack", [q, _weight(d, _width(d, n))], axis=1), axis=1),
    lambda d, q, n: apply("flatten", apply("outer", q, _weight(d, 2))),
    lambda d, q, n: apply("softmax", binary("*", q, _weight(d, _width(d, n)))),
    lambda d, q, n: apply("log_softmax", binary("+", q, _weight(d, _width(d, n)))),
    lambda d, q, n: apply("softmax", binary("*", q, _weight(d, _width(d, n))), temperature=2),
    lambda d, q, n: binary("/", q, binary("+", number(1), apply("norm", q))),
    lambda d, q, n: binary("/", binary("-", q, apply("mean", q)), binary("+", number(1), apply("std", q))),
    lambda d, q, n: binary("*", q, apply("logsumexp", q)),
    lambda d, q, n: binary("+", q, apply("max", binary("*", q, _weight(d, _width(d, n))))),
    lambda d, q, n: binary("-", q, apply("min", q)),
    lambda d, q, n: binary("*", q, binary("+", number(1), apply("prod", q))),
    lambda d, q, n: binary("*", q, apply("sum", taken(_weight(d, 2, _width(d, n)), [1, 0, 1]), axis=0)),
    lambda d, q, n: binary("+", binary("*", entry(q, 0), q), entry(q, -1)),
    lambda d, q, n: binary("*", entry(q, slice(0, 2)), _weight(d, 2)),
    lambda d, q, n: apply_to_list("stack", [entry(q, 0), binary("*", entry(q, 1), _weight(d)), entry(q, 0)]),
    lambda d, q, n: entry(binary("*", reshaped(q, (_width(d, n), 1)), _weight(d, 1, 2)), ALL, 1),
    lambda d, q, n: binary("*", q, entry(_weight(d, 1, 1), 0, 0)),
)

MATRIX_MOVES: tuple[Move, ...] = (
    lambda d, q, n: binary("+", binary("@", q, _weight(d, _width(d, n), 2)), _weight(d, 2)),
    lambda d, q, n: binary("@", q, transposed(_weight(d, 3, _width(d, n)))),
    lambda d, q, n: binary("@", q, _weight(d, _width(d, n))),
    lambda d, q, n: binary("@", transposed(q), apply("tanh", q)),
    lambda d, q, n: transposed(binary("*", q, _weight(d, _width(d, n)))),
    lambda d, q, n: apply_to_list("concat", [q, apply("sin", q)], axis=1),
    lambda d, q, n: apply_to_list("concat", [q, _weight(d, 1, _width(d, n))]),
    lambda d, q, n: apply("mean", apply_to_list("stack", [q, apply("square", q)], axis=-1), axis=-1),
    lambda d, q, n: apply("softmax", binary("*", q, _weight(d, _width(d, n)))),
    lambda d, q, n: apply("softmax", binary("*", q, _weight(d, *d.shape(n))), axis=0),
    lambda d, q, n: apply("log_softmax", binary("+", q, _weight(d, _width(d, n))), axis=-1),
    lambda d, q, n: binary("-", q, apply("mean", q, axis=0)),
    lambda d, q, n: binary("/", q, binary("+", number(1), apply("std", q, axis=0))),
    lambda d, q, n: binary("/", q, binary("+", number(1), apply("var", q, axis=1, keepdims=True, ddof=1))),
    lambda d, q, n: binary("*", q, apply("norm", q, axis=-1, keepdims=True)),
    lambda d, q, n: binary("+", q, apply("logsumexp", q, axis=1, keepdims=True)),
    lambda d, q, n: binary("+", q, apply("max", q, axis=0)),
    lambda d, q, n: binary("-", q, apply("min", q, axis=1, keepdims=True)),
    lambda d, q, n: binary("+", q, apply("prod", q, axis=0, keepdims=True)),
    lambda d, q, n: binary("*", q, apply("sum", q, axis=-1, keepdims=True)),
    lambda d, q, n: apply("flatten", q),
    lambda d, q, n: reshaped(q, (-1, 1)),
    lambda d, q, n: binary("+", entry(q, ALL, slice(0, 2)), entry(q, 0, 1)),
    lambda d, q, n: binary("*", apply("sum", q, axis=1), entry(q, ALL, 0)),
    lambda d, q, n: taken(binary("*", q, _weight(d, _width(d, n))), [1, 0, 1]),
    lambda d, q, n: apply("mean", binary("*", q, _like(d, n)), axis=(0, 1), keepdims=True),
    lambda d, q, n: apply("pick", apply("tanh", q), _classes(d, n)),
)


def _classes(draft: Draft, q: str) -> Term:
    """Class numbers under `constants`, one for each row of q."""
    rows, columns = draft.shape(q)
    numbers = draft.rng.integers(columns, size=rows).astype(float)
    return quantity(draft.leaf("constants", draft.fresh("k"), numbers))
