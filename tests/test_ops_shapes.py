"""Shape rules and the errors of operands and settings that do not fit: each message names what was given."""

from __future__ import annotations

from typing import Any

import pytest

from dlcli.errors import OperationError
from dlcli.ops import OPERATIONS

Shapes = tuple[tuple[int, ...], ...]


def settle(name: str, shapes: Shapes, **settings: Any) -> tuple[tuple[int, ...], dict[str, Any]]:
    operation = OPERATIONS[name]
    return operation.settle(shapes, {s.name: s.default for s in operation.settings} | settings)


@pytest.mark.parametrize(
    ("name", "shapes", "settings", "result"),
    [
        ("add", ((2, 3), (3,)), {}, (2, 3)),
        ("where", ((3,), (2, 1), ()), {}, (2, 3)),
        ("matmul", ((2, 3), (3, 4)), {}, (2, 4)),
        ("matmul", ((3,), (3, 4)), {}, (4,)),
        ("matmul", ((2, 3), (3,)), {}, (2,)),
        ("matmul", ((3,), (3,)), {}, ()),
        ("matmul", ((5, 2, 3), (3, 4)), {}, (5, 2, 4)),
        ("outer", ((2,), (3,)), {}, (2, 3)),
        ("dot", ((3,), (3,)), {}, ()),
        ("transpose", ((2, 3, 4),), {}, (4, 3, 2)),
        ("transpose", ((2, 3, 4),), {"axes": (0, 2, 1)}, (2, 4, 3)),
        ("sum", ((2, 3),), {}, ()),
        ("sum", ((2, 3),), {"axis": 0}, (3,)),
        ("mean", ((2, 3),), {"axis": 1, "keepdims": True}, (2, 1)),
        ("max", ((2, 3, 4),), {"axis": (0, -1)}, (3,)),
        ("argmax", ((2, 3),), {"axis": -1}, (2,)),
        ("softmax", ((2, 3),), {}, (2, 3)),
        ("reshape", ((2, 6),), {"shape": (3, -1)}, (3, 4)),
        ("flatten", ((2, 3),), {}, (6,)),
        ("concat", ((2, 3), (4, 3)), {}, (6, 3)),
        ("concat", ((2, 3), (2, 1)), {"axis": -1}, (2, 4)),
        ("stack", ((), ()), {}, (2,)),
        ("stack", ((2, 3), (2, 3)), {"axis": -1}, (2, 3, 2)),
        ("diag", ((3,),), {}, (3, 3)),
        ("diag", ((2, 3),), {}, (2,)),
        ("take", ((5, 3), (2, 4)), {}, (2, 4, 3)),
        ("pick", ((2, 3), (2,)), {}, (2,)),
        ("onehot", ((2,),), {"n": 4}, (2, 4)),
        ("index", ((4, 3),), {"items": (slice(1, 3), -1)}, (2,)),
        ("squared_error", ((3,), (3,)), {}, ()),
        ("squared_error", ((2, 3, 4), (2, 3, 4)), {}, (2,)),
        ("mse", ((2, 3), (2, 3)), {}, (2, 3)),
        ("cross_entropy", ((2, 3), (2, 3)), {}, (2,)),
        ("cross_entropy", ((2, 3), (2,)), {}, (2,)),
        ("multiclass_hinge", ((3,), ()), {}, ()),
        ("l2", ((2, 3),), {}, ()),
        ("broadcast_to", ((3,),), {"shape": (2, 3)}, (2, 3)),
        ("diagonal", ((2, 3),), {}, (2,)),
    ],
)
def test_shape_of_the_result(name: str, shapes: Shapes, settings: dict[str, Any], result: tuple[int, ...]) -> None:
    assert settle(name, shapes, **settings)[0] == result


@pytest.mark.parametrize(
    ("name", "shapes", "settings", "code", "message", "operand"),
    [
        ("add", ((2, 3), (2,)), {}, "E201", "shapes (2, 3) and (2,) do not fit", 1),
        ("where", ((3,), (3,), (2,)), {}, "E201", "shapes (3,) and (2,) do not fit", 2),
        ("matmul", ((2, 3), (2, 4)), {}, "E202", "the inner sizes differ: (2, 3) @ (2, 4) needs 3 = 2", 1),
        ("matmul", ((2, 3), (2,)), {}, "E202", "the inner sizes differ: (2, 3) @ (2,) needs 3 = 2", 1),
        ("matmul", ((), (2,)), {}, "E211", "() (a scalar) @ (2,) has a scalar", 0),
        ("matmul", ((2, 1, 3), (4, 3, 1)), {}, "E201", "shapes (2,) and (4,) do not fit", 1),
        ("dot", ((2, 2, 3), (3,)), {}, "E211", "dot takes vectors and matrices, not shape (2, 2, 3)", 0),
        ("outer", ((2,), (3, 1)), {}, "E211", "outer takes two vectors, not shapes (2,) and (3, 1)", 1),
        ("sum", ((2, 3),), {"axis": 2}, "E210", "axis 2 does not exist in shape (2, 3)", None),
        ("sum", ((),), {"axis": 0}, "E210", "axis 0 does not exist: the operand is a scalar", None),
        ("sum", ((2, 3),), {"axis": (0, -2)}, "E210", "names an axis of (2, 3) twice", None),
        ("softmax", ((),), {}, "E210", "the operand is a scalar", None),
        ("transpose", ((2, 3),), {"axes": (0,)}, "E210", "must name each axis of shape (2, 3) once", None),
        (
            "reshape",
            ((2, 3),),
            {"shape": (4, 2)},
            "E212",
            "6 entries of shape (2, 3) do not fill shape (4, 2)",
            None,
        ),
        ("reshape", ((2, 3),), {"shape": (-1, 4)}, "E212", "do not fill shape (-1, 4)", None),
        ("reshape", ((),), {"shape": (-1, -1)}, "E212", "1 entry of shape () (a scalar)", None),
        ("broadcast_to", ((2,),), {"shape": (3,)}, "E201", "shape (2,) does not broadcast to (3,)", 0),
        (
            "index",
            ((3,),),
            {"items": (3,)},
            "E213",
            "index 3 is out of range: axis 0 of shape (3,) has size 3",
            0,
        ),
        ("index", ((3,),), {"items": (0, 0)}, "E213", "2 indices for shape (3,), which has 1 axis", 0),
        (
            "index",
            ((3,),),
            {"items": (slice(2, 1),)},
            "E213",
            "slice 2:1 of axis 0 of shape (3,) holds no entry",
            0,
        ),
        ("index", ((3,),), {"items": (slice(None, None, 0),)}, "E213", "step must not be 0", 0),
        ("concat", ((2, 3), (2, 4)), {}, "E214", "shapes (2, 3) and (2, 4) do not join along axis 0", 1),
        ("concat", ((), ()), {}, "E214", "concat joins vectors or arrays, not scalars", 0),
        ("stack", ((2,), (3,)), {}, "E214", "shapes (2,) and (3,) do not stack", 1),
        ("diag", ((2, 2, 2),), {}, "E211", "diag takes a vector or a matrix, not shape (2, 2, 2)", 0),
        ("diagonal", ((2,),), {}, "E211", "a diagonal is that of a matrix, not of shape (2,)", 0),
        ("take", ((), (2,)), {}, "E211", "take picks rows of an array, not of a scalar", 0),
        (
            "pick",
            ((2, 3), (3,)),
            {},
            "E215",
            "pick from shape (2, 3) needs one class number a row, shape (2,)",
            1,
        ),
        ("pick", ((), ()), {}, "E215", "but P is a scalar", 0),
        ("mse", ((2, 3), (3,)), {}, "E215", "p has shape (2, 3) and y has shape (3,)", 1),
        ("hinge", ((2,), (3,)), {}, "E215", "s has shape (2,) and y has shape (3,)", 1),
        ("squared_error", ((2,), (2, 2)), {}, "E215", "p has shape (2,) and y has shape (2, 2)", 1),
        (
            "cross_entropy",
            ((2, 3), (3,)),
            {},
            "E215",
            "needs targets of shape (2, 3) (a share for each class)",
            1,
        ),
        ("cross_entropy", ((), ()), {}, "E215", "cross_entropy takes a vector of classes", 0),
        ("softmax", ((3,),), {"temperature": 0.0}, "E305", "a temperature of 0", None),
        (
            "clip",
            ((3,),),
            {"lo": 2.0, "hi": 1.0},
            "E305",
            "clip needs lo <= hi, but lo is 2 and hi is 1",
            None,
        ),
        ("var", ((1,),), {"ddof": 1}, "E305", "divide by n - ddof, here 1 - 1 = 0", None),
        ("argmax", ((2, 3),), {"axis": (0, 1)}, "E305", "argmax takes one axis", None),
        ("onehot", ((3,),), {"n": 0}, "E305", "a number of classes of at least 1, not 0", None),
        ("huber", ((3,), (3,)), {"delta": 0.0}, "E305", "huber needs a delta above 0", None),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_given(
    name: str, shapes: Shapes, settings: dict[str, Any], code: str, message: str, operand: int | None
) -> None:
    with pytest.raises(OperationError) as caught:
        settle(name, shapes, **settings)
    assert (caught.value.code, caught.value.operand) == (code, operand)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("shapes", "help"),
    [
        (((2, 3), (4, 3)), "transpose the second: a @ b.T"),
        (((2, 3), (2, 4)), "transpose the first: a.T @ b"),
        (((2, 3), (4, 2)), "swap the two: b @ a"),
        (((2, 3), (5,)), "the last size of the first must be the first size of the second"),
    ],
)
def test_product_that_does_not_fit_says_what_would(shapes: Shapes, help: str) -> None:
    with pytest.raises(OperationError) as caught:
        settle("matmul", shapes)
    assert caught.value.help == help


@pytest.mark.parametrize(
    ("shapes", "help"),
    [
        (((2, 3), (3, 2)), "`.T`"),
        (((2, 3), (2,)), "reshape it to one column"),
        (((2, 3, 4), (5,)), "give both the same shape"),
    ],
)
def test_shapes_that_do_not_broadcast_come_with_advice(shapes: Shapes, help: str) -> None:
    with pytest.raises(OperationError) as caught:
        settle("multiply", shapes)
    assert caught.value.help is not None
    assert help in caught.value.help


def test_axes_are_settled_from_the_end_in_order() -> None:
    assert settle("sum", ((2, 3, 4),), axis=(2, 0))[1]["axes"] == (-3, -1)
    assert settle("sum", ((2, 3, 4),))[1]["axes"] == (-3, -2, -1)
    assert settle("softmax", ((2, 3),), axis=0)[1]["axes"] == (-2,)
    assert settle("concat", ((2, 3), (2, 3)), axis=1)[1]["axis"] == -1


def test_fused_losses_have_the_settled_settings_of_the_pairs_they_replace() -> None:
    for shapes in (((2, 3), (2, 3)), ((2, 3), (2,))):
        assert settle("softmax_cross_entropy", shapes) == settle("cross_entropy", shapes)
    assert settle("bce_with_logits", ((2,), (2,))) == settle("bce", ((2,), (2,)))
    softmax = settle("softmax", ((2, 3),))[1]
    assert softmax.pop("temperature") == 1.0
    assert softmax == settle("log_softmax", ((2, 3),))[1]
