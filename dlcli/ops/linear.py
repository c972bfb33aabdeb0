"""Products of vectors and matrices: matmul, dot, outer, and transpose.

Stacked copies of vectors or of rows times one matrix are one product of matrices. Contractions go through
numpy.matmul: vecdot and vecmat would conjugate their first operand, which a complex step must not see.
"""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

import numpy as np

from dlcli.errors import OperationError
from dlcli.ops.analytic import product
from dlcli.ops.operation import Array, Einsum, Example, Operation, Setting, Settings, Shape
from dlcli.ops.shapes import Settled, axes_of, broadcast_shape, one_axis, shown

Ranks = tuple[int, int]


def _settle_matmul(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    a, b = shapes
    for position, shape in enumerate(shapes):
        if shape == ():
            raise OperationError(
                "E211", f"@ multiplies vectors and matrices: {shown(a)} @ {shown(b)} has a scalar",
                help="use * for a scalar", operand=position,
            )  # fmt: skip
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise OperationError(
            "E202", f"the inner sizes differ: {a} @ {b} needs {a[-1]} = {inner}", help=_help(a, b), operand=1
        )
    lead = broadcast_shape((a[:-2], b[:-2]))
    return (*lead, *a[-2:-1], *(b[-1:] if len(b) > 1 else ())), {"ranks": (len(a), len(b))}


def _help(a: Shape, b: Shape) -> str:
    if len(b) == 2 and a[-1] == b[-1]:
        return "transpose the second: a @ b.T"
    if len(a) == 2 and a[0] == (b[-2] if len(b) > 1 else b[0]):
        return "transpose the first: a.T @ b"
    if len(a) == len(b) == 2 and a[0] == b[1]:
        return "swap the two: b @ a"
    return "the last size of the first must be the first size of the second"


def _settle_dot(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    for position, shape in enumerate(shapes):
        if len(shape) > 2:
            raise OperationError(
                "E211", f"dot takes vectors and matrices, not shape {shape}", help="use @", operand=position
            )
    return _settle_matmul(shapes, settings)


def _settle_outer(shapes: tuple[Shape, ...], _settings: Settings) -> Settled:
    a, b = shapes
    for position, shape in enumerate(shapes):
        if len(shape) != 1:
            raise OperationError(
                "E211", f"outer takes two vectors, not shapes {shown(a)} and {shown(b)}",
                help="flatten it first", operand=position,
            )  # fmt: skip
    return (*a, *b), {}


def _matmul(a: Array, b: Array, ranks: Ranks) -> Array:
    if ranks == (1, 2) and len(b.shape) == 2:
        return product(a, b)
    if ranks == (2, 1) and len(a.shape) == 2:
        return product(b, a.T)
    if ranks == (2, 2) and len(a.shape) == 3 and len(b.shape) == 2:
        return product(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
    found = product(_as_rows(a, ranks), _as_columns(b, ranks))
    if ranks[1] == 1:
        found = found[..., 0]
    if ranks[0] == 1:
        found = found[..., 0] if ranks[1] == 1 else found[..., 0, :]
    return np.asarray(found)


def _as_rows(a: Array, ranks: Ranks) -> Array:
    """The first operand as matrices: a vector is one row, behind the other's leading axes."""
    return a if ranks[0] > 1 else a.reshape(*a.shape[:-1], *(1,) * max(ranks[1] - 2, 0), 1, a.shape[-1])


def _as_columns(b: Array, ranks: Ranks) -> Array:
    """The second operand as matrices: a vector is one column, behind the other's leading axes."""
    return b if ranks[1] > 1 else b.reshape(*b.shape[:-1], *(1,) * max(ranks[0] - 2, 0), b.shape[-1], 1)


def _cotangents(g: Array, ranks: Ranks) -> Array:
    """The result's cotangent as matrices."""
    if ranks[1] == 1:
        g = g[..., None]
    return g[..., None, :] if ranks[0] == 1 else g


def _by_first(g: Array, _y: Array, _a: Array, b: Array, ranks: Ranks) -> Array:
    """g b^T."""
    if ranks == (1, 2) and len(b.shape) == 2:
        return np.asarray(g @ b.T)
    if ranks[1] == 1 and ranks[0] <= 2:
        return (g[..., None] if ranks[0] == 1 else g[..., :, None]) * (b if ranks[0] == 1 else b[..., None, :])
    product = _cotangents(g, _matrix_ranks(ranks)) @ np.swapaxes(_as_columns(b, ranks), -1, -2)
    return product[..., 0, :] if ranks[0] == 1 else product


def _by_second(g: Array, _y: Array, a: Array, _b: Array, ranks: Ranks) -> Array:
    """a^T g."""
    if ranks == (2, 1) and len(a.shape) == 2:
        return np.asarray(g @ a)
    if ranks[0] == 1 and ranks[1] <= 2:
        return a * g[..., None] if ranks[1] == 1 else a[..., :, None] * g[..., None, :]
    product = np.swapaxes(_as_rows(a, ranks), -1, -2) @ _cotangents(g, _matrix_ranks(ranks))
    return product[..., 0] if ranks[1] == 1 else product


def _matrix_ranks(ranks: Ranks) -> Ranks:
    return (min(ranks[0], 2), min(ranks[1], 2))


def _matmul_subscripts(shapes: tuple[Shape, ...], _settings: Settings) -> str:
    """A leading axis of size 1 that is repeated has a letter of its own, which is summed over."""
    a, b = shapes
    lead_a, lead_b = a[:-2], b[:-2]
    count = max(len(lead_a), len(lead_b))
    common = ascii_uppercase[:count]

    def lead(shape: Shape, own: str) -> str:
        letters = ""
        for place, size in zip(range(count - len(shape), count), shape, strict=True):
            sizes = [s[place - count + len(s)] for s in (lead_a, lead_b) if place - count + len(s) >= 0]
            letters += common[place] if size == max(sizes) else own[place]
        return letters

    first = lead(lead_a, ascii_lowercase[:13]) + ("yz" if len(a) > 1 else "z")
    second = lead(lead_b, ascii_lowercase[13:]) + ("zx" if len(b) > 1 else "z")
    return f"{first},{second}->{common}{'y' if len(a) > 1 else ''}{'x' if len(b) > 1 else ''}"


def _settle_transpose(shapes: tuple[Shape, ...], settings: Settings) -> Settled:
    (shape,), axes = shapes, settings["axes"]
    if axes is None:
        settled = tuple(range(-1, -len(shape) - 1, -1))
    else:
        given = axes if isinstance(axes, tuple) else (axes,)
        if len(axes_of(given, shape)) != len(shape):
            raise OperationError(
                "E210", f"axes {given} must name each axis of shape {shown(shape)} once",
                help="for example " + str(tuple(range(len(shape)))[::-1]), setting="axes",
            )  # fmt: skip
        settled = tuple(one_axis(axis, shape) for axis in given)
    return tuple(shape[axis] for axis in settled), {"axes": settled}


def _transpose(x: Array, axes: tuple[int, ...]) -> Array:
    if axes == (-1, -2):
        return np.swapaxes(x, -1, -2)
    lead = len(x.shape) - len(axes)
    return np.transpose(x, (*range(lead), *(axis + len(x.shape) for axis in axes)))


def _transpose_back(g: Array, _y: Array, _x: Array, axes: tuple[int, ...]) -> Array:
    rank = len(axes)
    return _transpose(g, tuple(axes.index(axis - rank) - rank for axis in range(rank)))


def _transpose_subscripts(shapes: tuple[Shape, ...], settings: Settings) -> str:
    letters = ascii_lowercase[: len(shapes[0])]
    return f"{letters}->{''.join(letters[axis] for axis in settings['axes'])}"


MATRICES = (
    Example(((2, 3), (3, 4))), Example(((3,), (3, 2))), Example(((2, 3), (3,))), Example(((3,), (3,))),
)  # fmt: skip

matmul = Operation(
    name="matmul", family="arithmetic", operands=("a", "b"),
    settle=_settle_matmul, forward=_matmul, vjp=(_by_first, _by_second),
    definition=Einsum(_matmul_subscripts),
    formula="a @ b", derivative="g @ b.T by a, a.T @ g by b",
    latex=lambda a, b, **_: rf"{a} \, {b}",
    align="matmul",
    examples=(
        *MATRICES, Example(((2, 2, 3), (3, 2))), Example(((2, 3), (2, 3, 2))),
        Example(((2, 1, 2, 3), (3, 3, 2))), Example(((2, 2, 3), (3,))), Example(((3,), (2, 3, 2))),
    ),
    about="The product of matrices; a vector is a row on the left and a column on the right.",
)  # fmt: skip

transpose = Operation(
    name="transpose", family="shapes", operands=("x",),
    settle=_settle_transpose, forward=_transpose, vjp=(_transpose_back,),
    definition=Einsum(_transpose_subscripts),
    formula="x.T", derivative="1", latex=lambda x, **_: rf"{x}^{{\top}}",
    settings=(Setting("axes", None, "axis", "the order of the axes; None: reversed"),),
    examples=(
        Example(((2, 3),)), Example(((3,),)), Example(((),)), Example(((2, 3, 4),), {"axes": (1, 2, 0)}),
        Example(((2, 3, 4),)),
    ),
    about="The axes in another order; of a matrix, rows and columns swapped.",
)  # fmt: skip

dot = Operation(
    name="dot", family="shapes", operands=("a", "b"),
    settle=_settle_dot, forward=_matmul, vjp=(_by_first, _by_second),
    definition=Einsum(_matmul_subscripts),
    formula="sum(a*b)", derivative="b by a, a by b",
    latex=lambda a, b, **_: rf"{a} \cdot {b}",
    align="matmul", examples=MATRICES,
    about="The inner product of two vectors; with a matrix the same as a @ b.",
)  # fmt: skip

outer = Operation(
    name="outer", family="shapes", operands=("a", "b"),
    settle=_settle_outer,
    forward=lambda a, b: a[..., :, None] * b[..., None, :],
    vjp=(
        lambda g, _y, _a, b: (g @ b[..., :, None])[..., 0],
        lambda g, _y, a, _b: (a[..., None, :] @ g)[..., 0, :],
    ),
    definition=Einsum(lambda _shapes, _settings: "i,j->ij"),
    formula="a[i]*b[j]", derivative="g @ b by a, a @ g by b",
    latex=lambda a, b, **_: rf"{a} \, {b}^{{\top}}",
    align="matmul", examples=(Example(((3,), (2,))), Example(((1,), (4,)))),
    about="The outer product of two vectors, a matrix.",
)  # fmt: skip

RECORDS: tuple[Operation, ...] = (matmul, transpose, outer, dot)
