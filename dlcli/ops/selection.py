"""Choosing by a condition or by a position: where, maximum, minimum, index, take, pick, onehot."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import are_whole_numbers, whole_numbers
from dlcli.ops.comparisons import holds
from dlcli.ops.elementwise import elementwise, named, truth
from dlcli.ops.operation import (
    REQUIRED,
    Array,
    Declared,
    Domain,
    Example,
    Gather,
    Kink,
    Operation,
    Setting,
    Settings,
    Shape,
)
from dlcli.ops.shapes import Settled, shown

SHAPES = "shapes"
Items = tuple[int | tuple[int | None, int | None, int | None], ...]


def _result_shape(*operands: Array) -> Shape:
    return np.broadcast_shapes(*(np.shape(x) for x in operands))


where = elementwise(
    "where", "element-wise", ("c", "a", "b"),
    forward=lambda c, a, b: np.asarray(np.where(holds(c), a, b)),
    vjp=(
        None,
        lambda g, _y, c, _a, _b: np.where(holds(c), g, 0.0),
        lambda g, _y, c, _a, _b: np.where(holds(c), 0.0, g),
    ),
    expression=lambda sp, c, a, b: sp.Piecewise((a, sp.Ne(c, 0)), (b, True)),
    formula="a where c is not 0, else b",
    derivative="by a: 1 where c is not 0, else 0; by b the other way round",
    latex=lambda c, a, b, **_: rf"\begin{{cases}} {a} & {c} \\ {b} & \text{{else}} \end{{cases}}",
    branches=lambda c, a, b: np.broadcast_to(holds(c), _result_shape(c, a, b)),
    margins=lambda c, a, b: np.full(_result_shape(c, a, b), np.inf),
    examples=(
        Example(((3,), (3,), (3,)), values={0: [1.0, 0.0, 1.0]}),
        Example(((3,), (2, 3), ()), values={0: [1.0, 0.0, 1.0]}), Example(((), (), ()), values={0: 0.0}),
    ),
    about="a where the condition holds, b elsewhere; the condition has no slope.",
)  # fmt: skip

maximum = elementwise(
    "maximum", "element-wise", ("a", "b"),
    forward=lambda a, b: np.asarray(np.where(a.real >= b.real, a, b)),
    vjp=(
        lambda g, _y, a, b: np.where(a.real >= b.real, g, 0.0),
        lambda g, _y, a, b: np.where(a.real >= b.real, 0.0, g),
    ),
    expression=lambda sp, a, b: sp.Piecewise((a, a >= b), (b, True)),
    formula="a where a >= b, else b", derivative="by a: 1 where a >= b, else 0; by b the other way round",
    latex=lambda a, b, **_: rf"\max\left({a}, {b}\right)",
    branches=lambda a, b: np.asarray(a.real >= b.real), margins=lambda a, b: np.abs(a.real - b.real),
    kinks=(Kink((1.0, 1.0), (1.0, 0.0), "maximum at a tie: the first has slope 1"),),
    about="The larger of two, entry by entry.",
)  # fmt: skip

minimum = elementwise(
    "minimum", "element-wise", ("a", "b"),
    forward=lambda a, b: np.asarray(np.where(a.real <= b.real, a, b)),
    vjp=(
        lambda g, _y, a, b: np.where(a.real <= b.real, g, 0.0),
        lambda g, _y, a, b: np.where(a.real <= b.real, 0.0, g),
    ),
    expression=lambda sp, a, b: sp.Piecewise((a, a <= b), (b, True)),
    formula="a where a <= b, else b", derivative="by a: 1 where a <= b, else 0; by b the other way round",
    latex=lambda a, b, **_: rf"\min\left({a}, {b}\right)",
    branches=lambda a, b: np.asarray(a.real <= b.real), margins=lambda a, b: np.abs(a.real - b.real),
    kinks=(Kink((1.0, 1.0), (1.0, 0.0), "minimum at a tie: the first has slope 1"),),
    about="The smaller of two, entry by entry.",
)  # fmt: skip


def _settle_index(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    """`items`: integers and slices; settled to one an axis, a slice as (start, stop, step). Raises E213."""
    (shape,), given = shapes, tuple(settings["items"])
    if len(given) > len(shape):
        raise OperationError(
            "E213",
            f"{len(given)} ind{'ex' if len(given) == 1 else 'ices'} for shape {shown(shape)}, "
            f"which has {len(shape)} ax{'is' if len(shape) == 1 else 'es'}",
            help="give one index an axis" if shape else "a scalar has no entries to pick from",
            operand=0,
        )
    items: list[Any] = []
    result: list[int] = []
    for axis, size in enumerate(shape):
        item = given[axis] if axis < len(given) else slice(None)
        if isinstance(item, slice):
            result.append(_slice_length(item, axis, size, shape))
            items.append((item.start, item.stop, item.step))
        elif not -size <= item < size:
            raise OperationError(
                "E213", f"index {item} is out of range: axis {axis} of shape {shape} has size {size}",
                help=f"indices count from 0: 0 … {size - 1}", operand=0,
            )  # fmt: skip
        else:
            items.append(item % size)
    return tuple(result), {"items": tuple(items)}


def _slice_length(item: slice, axis: int, size: int, shape: Shape) -> int:
    if item.step == 0:
        raise OperationError("E213", "a slice's step must not be 0", operand=0)
    length = len(range(*item.indices(size)))
    if length == 0:
        parts = (item.start, item.stop, item.step)
        shown_slice = ":".join("" if part is None else str(part) for part in parts)
        raise OperationError(
            "E213", f"slice {shown_slice.removesuffix(':')} of axis {axis} of shape {shape} holds no entry",
            help="its end is exclusive: 1:3 are entries 1 and 2", operand=0,
        )  # fmt: skip
    return length


def _selector(items: Items) -> tuple[Any, ...]:
    return (..., *(slice(*item) if isinstance(item, tuple) else item for item in items))


def _index_back(g: Array, _y: Array, x: Array, items: Items) -> Array:
    whole = np.zeros(x.shape, dtype=g.dtype)
    whole[_selector(items)] = g
    return whole


index = Operation(
    name="index", family="arithmetic", operands=("x",),
    settle=_settle_index,
    forward=lambda x, items: np.asarray(x[_selector(items)]),
    vjp=(_index_back,),
    definition=Gather(),
    formula="x[i, j]", derivative="1 at the entries taken, else 0", latex=lambda x, **_: f"{x}_{{i}}",
    examples=(
        Example(((3,),), {"items": (1,)}), Example(((2, 3),), {"items": (slice(None), -1)}),
        Example(((2, 3),), {"items": (1, 2)}),
        Example(((4, 3),), {"items": (slice(None, None, -1), slice(0, 2))}),
        Example(((2, 3),), {"items": (0,)}),
    ),
    about="Entries by position, counted from 0; a negative position counts from the end, a:b stops before b.",
)  # fmt: skip


def _settle_take(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    table, indices = shapes
    if table == ():
        raise OperationError("E211", "take picks rows of an array, not of a scalar", operand=0)
    return (*indices, *table[1:]), {"ranks": (len(table), len(indices))}


def _take(W: Array, indices: Array, ranks: tuple[int, int]) -> Array:
    rows = W.shape[-ranks[0]]
    return np.take(W, whole_numbers(indices, rows), axis=-ranks[0])


def _take_back(g: Array, _y: Array, W: Array, indices: Array, ranks: tuple[int, int]) -> Array:
    lead = len(W.shape) - ranks[0]
    table = np.zeros(W.shape, dtype=g.dtype)
    picked = np.moveaxis(g, range(lead, lead + ranks[1]), range(ranks[1]))
    np.add.at(np.moveaxis(table, lead, 0), whole_numbers(indices, W.shape[lead]), picked)
    return table


take = Operation(
    name="take", family=SHAPES, operands=("W", "indices"),
    settle=_settle_take, forward=_take, vjp=(_take_back, None),
    definition=Gather((0,)),
    formula="W[indices]: row indices[i] of W for each i",
    derivative="1 at the rows taken, added up where taken twice",
    latex=named("take"),
    domain=(
        Domain(
            1, lambda W, indices, ranks: are_whole_numbers(indices, W.shape[-ranks[0]]),
            "it must hold row numbers of the table, counted from 0",
        ),
    ),
    examples=(
        Example(((4, 3), (3,)), values={1: [2, 0, 2]}), Example(((4,), ()), values={1: 3}),
        Example(((4, 2), (2, 2)), values={1: [[1, 1], [0, 3]]}),
    ),
    about="Rows of an array by number, as an embedding looks words up.",
)  # fmt: skip


def _settle_pick(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    table, classes = shapes
    if table == ():
        raise OperationError("E215", "pick takes an entry from each row, but P is a scalar", operand=0)
    if classes != table[:-1]:
        raise OperationError(
            "E215",
            f"pick from shape {table} needs one class number a row, shape {shown(table[:-1])}, "
            f"but y has shape {shown(classes)}",
            operand=1,
        )
    return classes, {"ranks": (len(table), len(classes))}


def _places(P: Array, y: Array, ranks: tuple[int, int]) -> Array:
    numbers = whole_numbers(y, P.shape[-1])
    return numbers.reshape((1,) * (len(P.shape) - ranks[0]) + numbers.shape + (1,))


def _pick(P: Array, y: Array, ranks: tuple[int, int]) -> Array:
    return np.asarray(np.take_along_axis(P, _places(P, y, ranks), axis=-1)[..., 0])


def _pick_back(g: Array, _y: Array, P: Array, y: Array, ranks: tuple[int, int]) -> Array:
    chosen = _places(P, y, ranks) == np.arange(P.shape[-1])
    return np.where(chosen, g[..., None], 0.0)


pick = Operation(
    name="pick", family=SHAPES, operands=("P", "y"),
    settle=_settle_pick, forward=_pick, vjp=(_pick_back, None),
    definition=Gather((0,)),
    formula="P[i, y[i]] of each sample i", derivative="1 at the entries picked, else 0", latex=named("pick"),
    domain=(
        Domain(
            1, lambda P, y, **_: are_whole_numbers(y, P.shape[-1]),
            "it must hold class numbers, counted from 0, below the number of classes",
        ),
    ),
    examples=(
        Example(((2, 3), (2,)), values={1: [0, 2]}), Example(((3,), ()), values={1: 1}),
        Example(((2, 2, 3), (2, 2)), values={1: [[0, 2], [1, 1]]}),
    ),
    about="The entry of each row that a class number names.",
)  # fmt: skip


def _settle_onehot(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    if settings["n"] < 1:
        raise OperationError(
            "E305", f"onehot needs a number of classes of at least 1, not {settings['n']}", setting="n"
        )
    return (*shapes[0], settings["n"]), {"n": settings["n"]}


onehot = Operation(
    name="onehot", family=SHAPES, operands=("y",),
    settle=_settle_onehot,
    forward=lambda y, n: truth(whole_numbers(y, n)[..., None] == np.arange(n), y),
    vjp=(None,),
    definition=Declared(),
    formula="1 at position y[i] of row i, else 0", derivative="0", latex=named("onehot"),
    settings=(Setting("n", REQUIRED, "integer", "the number of classes"),),
    domain=(Domain(0, are_whole_numbers, "it must hold class numbers, counted from 0, below n"),),
    examples=(Example(((3,),), {"n": 3}, values={0: [2, 0, 1]}), Example(((),), {"n": 2}, values={0: 1})),
    about="A row with a single 1 for each class number.",
)  # fmt: skip

CHOICES: tuple[Operation, ...] = (maximum, minimum, where)
LOOKUPS: tuple[Operation, ...] = (take, onehot, pick)
