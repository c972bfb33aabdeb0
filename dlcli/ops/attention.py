"""Attention: values averaged by how well their keys fit a query, and which keys a mask lets through."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import product
from dlcli.ops.elementwise import elementwise, named, truth
from dlcli.ops.operation import Array, Composite, Domain, Example, Operation, Settings, Shape
from dlcli.ops.shapes import Settled, leading, list_text, shown, sum_text
from dlcli.ops.softmax import relative

FAMILY = "layers"


def _settle(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    q, k, v, *masks = shapes
    for position, shape in enumerate((k, v), start=1):
        if len(shape) < 2:
            raise OperationError(
                "E211", f"attention takes one row a key, but {'kv'[position - 1]} has shape {shown(shape)}",
                help="k is (keys, d), v (keys, width), q (queries, d) or one query (d,); batches in front",
                operand=position,
            )  # fmt: skip
    lead = k[:-2]
    queries = (1, *q) if len(q) == 1 else q
    if q == () or queries[:-2] != lead or v[:-2] != lead or queries[-1] != k[-1]:
        raise OperationError(
            "E201",
            f"queries of shape {shown(q)}, keys of shape {shown(k)} and values of shape {shown(v)} do not fit",
            help="q (…, queries, d) and k (…, keys, d) have one d; the axes before the last two are equal",
            operand=0 if q == () or queries[:-2] != lead or queries[-1] != k[-1] else 2,
        )
    if v[-2] != k[-2]:
        raise OperationError(
            "E201", f"there are {k[-2]} keys, shape {shown(k)}, but {v[-2]} values, shape {shown(v)}",
            help="each key belongs to one value: k (…, keys, d), v (…, keys, width)", operand=2,
        )  # fmt: skip
    scores = (*queries[:-1], k[-2])
    fitting = {scores, scores[-2:]} | ({scores[-1:]} if len(q) == 1 else set())
    if masks and masks[0] not in fitting:
        raise OperationError(
            "E201", f"the mask has shape {shown(masks[0])}, but the scores have {shown(scores)}",
            help="one row a query and one column a key: 1 where the query may look, 0 where not", operand=3,
        )  # fmt: skip
    output = (*q[:-1], v[-1])
    return output, {"queries": queries, "output": output, "ranks": tuple(map(len, shapes))}


def _lets_through(mask: Array) -> Array:
    """Where a query may look: of zeros and ones at the ones, of zeros and -inf at the zeros."""
    numbers = np.asarray(mask).real
    if numbers.dtype == object:
        numbers = np.array([float(number) for number in numbers.ravel()]).reshape(numbers.shape)
    return np.asarray(numbers == (0 if np.isneginf(numbers).any() else 1))


def _shares(
    q: Array, k: Array, masks: tuple[Array, ...], queries: Shape, output: Shape, ranks: tuple[int, ...]
) -> tuple[Array, Array]:
    """The queries as rows of matrices, and for each query the share of each key."""
    del output
    rows = q.reshape(leading(q, ranks[0]) + queries)
    scores = product(rows, np.swapaxes(k, -1, -2)) / math.sqrt(queries[-1])
    for mask in masks:
        open_to = _lets_through(mask)
        own = mask.shape[mask.ndim - ranks[3] :]
        scores = np.where(
            open_to.reshape(leading(mask, ranks[3]) + (1,) * (len(queries) - len(own)) + own), scores, -np.inf
        )
    return rows, relative(np.asarray(scores)).shares()


def _forward(q: Array, k: Array, v: Array, *masks: Array, **shapes: Any) -> Array:
    found = product(_shares(q, k, masks, **shapes)[1], v)
    return np.asarray(found.reshape(leading(found, len(shapes["queries"])) + shapes["output"]))


def _by_scores(g: Array, q: Array, k: Array, v: Array, masks: tuple[Array, ...], **shapes: Any) -> tuple[Array, Array]:
    """The queries as rows, and the cotangent of q k^T."""
    rows, shares = _shares(q, k, masks, **shapes)
    by_share = _rows(g, **shapes) @ np.swapaxes(v, -1, -2)
    centred = by_share - (by_share * shares).sum(axis=-1, keepdims=True)
    return rows, np.asarray(shares * centred / math.sqrt(rows.shape[-1]))


def _rows(g: Array, queries: Shape, output: Shape, ranks: tuple[int, ...]) -> Array:
    """The result's cotangent, one row a query."""
    del ranks
    return g.reshape((*leading(g, len(output)), *queries[:-1], output[-1]))


def _by_q(g: Array, _y: Array, q: Array, k: Array, v: Array, *masks: Array, **shapes: Any) -> Array:
    part = _by_scores(g, q, k, v, masks, **shapes)[1] @ k
    own = q.shape[q.ndim - shapes["ranks"][0] :]
    return np.asarray(part.reshape(leading(part, len(shapes["queries"])) + own))


def _by_k(g: Array, _y: Array, q: Array, k: Array, v: Array, *masks: Array, **shapes: Any) -> Array:
    rows, scores = _by_scores(g, q, k, v, masks, **shapes)
    return np.asarray(np.swapaxes(scores, -1, -2) @ rows)


def _by_v(g: Array, _y: Array, q: Array, k: Array, _v: Array, *masks: Array, **shapes: Any) -> Array:
    shares = _shares(q, k, masks, **shapes)[1]
    return np.asarray(np.swapaxes(shares, -1, -2) @ _rows(g, **shapes))


def _text(shapes: tuple[Shape, ...], settings: Settings) -> str:
    queries, rank = settings["queries"], len(shapes[1])
    turned = f"transpose(k, axes={list_text((*range(rank - 2), rank - 1, rank - 2))})"
    power = f"exp(reshape(q, {list_text(queries)}) @ {turned}/sqrt({queries[-1]}))"
    if len(shapes) == 4:
        power = f"attends(mask)*{power}"
    shares = f"({power}/{sum_text(power, (-1,), (*queries[:-1], shapes[1][-2]), keepdims=True)})"
    return f"reshape({shares} @ v, {list_text(settings['output'])})"


def _is_mask(_q: Array, _k: Array, _v: Array, *masks: Array, **_settings: Any) -> Array:
    if not masks:
        return np.asarray(True)
    closed = np.isneginf(masks[0])
    return np.asarray((masks[0] == 0) | (closed if closed.any() else masks[0] == 1))


def _each_looks(_q: Array, _k: Array, _v: Array, *masks: Array, **_settings: Any) -> Array:
    return np.asarray(_lets_through(masks[0]).any(axis=-1) if masks else True)


attention = Operation(
    name="attention", family=FAMILY, operands=("q", "k", "v", "mask"), optional=1,
    settle=_settle, forward=_forward, vjp=(_by_q, _by_k, _by_v, None),
    definition=Composite(_text),
    formula="softmax(q @ k.T/sqrt(d)) @ v",
    derivative="with p = softmax(…) and s = p*(g @ v.T - sum(p*(g @ v.T))): s @ k/sqrt(d) by q, s.T @ q/sqrt(d) by k, "
    "p.T @ g by v",
    latex=named("attention"),
    domain=(
        Domain(
            3, _is_mask, "a mask holds 1 (may look) and 0 (may not), or 0 and -inf",
            "zeros and ones, or what is added to the scores: 0 and -inf",
        ),
        Domain(
            3, _each_looks, "each query must be let through to at least one key", "put a 1 into each row of the mask",
        ),
    ),
    examples=(
        Example(((2, 3), (4, 3), (4, 2))), Example(((3,), (4, 3), (4, 2))), Example(((2, 2, 3), (2, 3, 3), (2, 3, 1))),
        Example(((2, 3), (2, 3), (2, 2), (2, 2)), values={3: [[1.0, 0.0], [1.0, 1.0]]}),
        Example(((2, 2, 1), (2, 2, 1), (2, 2, 2), (2, 2)), values={3: [[0.0, -np.inf], [0.0, 0.0]]}),
        Example(((3,), (2, 3), (2, 2), (2,)), values={3: [0.0, 1.0]}),
        Example(((2, 2, 1), (2, 2, 1), (2, 2, 2), (2, 2, 2)), values={3: [[[0, 1], [1, 1]], [[1, 0], [1, 0]]]}),
    ),
    source="A. Vaswani et al., Attention is all you need, 2017, eq. 1",
    about="Each query's average of the values, weighted by the softmax of query times key over the root of their size.",
)  # fmt: skip

attends = elementwise(
    "attends", FAMILY, ("mask",),
    forward=lambda mask: truth(_lets_through(mask), mask),
    vjp=(None,), expression=None,
    formula="1 where a mask lets through, else 0", derivative="0",
    branches=_lets_through, margins=lambda mask: np.full(np.shape(mask), np.inf),
    examples=(Example(((2, 3),), values={0: [[1, 0, 1], [0, 0, 1]]}),), hidden=True,
    about="A mask of zeros and ones, or of zeros and -inf, as zeros and ones.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (attention, attends)
