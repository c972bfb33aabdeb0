"""What a function returned, as a description in plain data and the raw bytes of float64 arrays.

No method of a returned object is called where NumPy or the built-in type has one of its own: a subclass that lies about
its shape is described by what its memory holds.
"""

from __future__ import annotations

from math import prod
from typing import Any

from numpy import array, asarray, ascontiguousarray, dtype, float64, generic, ndarray

DEEPEST, MOST_ENTRIES, LONGEST_NAME = 4, 10_000, 200
FLOAT64 = dtype("<f8")
Description = dict[str, Any]


class NotNumbersError(Exception):
    """A returned value that is no number, array, or dict or tuple of them; the text is a predicate."""


def described(value: object, longest: int) -> tuple[Description, bytes]:
    """The description of a returned value and the bytes of its arrays one after another, `longest` at most.

    Raises NotNumbersError.
    """
    if value is None:
        raise NotNumbersError("returned None, expected numbers (is a `return` missing?)")
    body = bytearray()
    description = _describe(value, "", 0, body, longest)
    return description, bytes(body)


def _describe(value: object, place: str, depth: int, body: bytearray, longest: int) -> Description:
    if value is None:
        return {"kind": "none"}
    if isinstance(value, dict | tuple) or (isinstance(value, list) and depth == 0 and _holds_arrays(value)):
        if depth == DEEPEST:
            raise NotNumbersError(f"returned something nested more than {DEEPEST} deep{_at(place)}")
        if len(value) > MOST_ENTRIES:
            raise NotNumbersError(f"returned {len(value)} entries{_at(place)}; {MOST_ENTRIES} are allowed")
        if isinstance(value, dict):
            return {"kind": "dict", "entries": _entries(value, place, depth, body, longest)}
        items = [_describe(item, f"{place}[{i}]", depth + 1, body, longest) for i, item in enumerate(value)]
        return {"kind": "tuple", "items": items}
    if isinstance(value, bool):
        return {"kind": "number", "value": float(value), "type": "bool"}
    if isinstance(value, int) and not isinstance(value, generic):
        try:
            return {"kind": "number", "value": int.__float__(value), "type": "int"}
        except OverflowError:
            raise NotNumbersError(f"returned an integer beyond the range of float64{_at(place)}") from None
    if isinstance(value, float) and not isinstance(value, generic):
        return {"kind": "number", "value": float.__float__(value), "type": "float64"}
    return _describe_array(_as_array(value, place), place, body, longest)


def _entries(value: dict[Any, Any], place: str, depth: int, body: bytearray, longest: int) -> list[list[Any]]:
    entries = []
    for name, item in dict.items(value):
        if not isinstance(name, str):
            raise NotNumbersError(f"returned a dict{_at(place)} with a key that is {_a(name)}, expected names")
        name = str.__str__(name)
        if len(name) > LONGEST_NAME:
            raise NotNumbersError(f"returned a dict{_at(place)} with a key of {len(name)} characters")
        entries.append([name, _describe(item, f"{place}.{name}" if place else name, depth + 1, body, longest)])
    return entries


def _holds_arrays(value: list[object]) -> bool:
    return any(item is None or isinstance(item, ndarray | dict | tuple) for item in value[:MOST_ENTRIES])


def _as_array(value: object, place: str) -> ndarray[Any, Any]:
    """A returned array, list of numbers, NumPy scalar or tensor of another library as an array."""
    if isinstance(value, ndarray | generic):
        return value if isinstance(value, ndarray) else asarray(value)
    if not isinstance(value, list) and not hasattr(type(value), "__array__"):
        raise NotNumbersError(f"returned {_a(value)}{_at(place)}, expected numbers")
    try:
        return asarray(value)
    except ValueError:
        if isinstance(value, list):
            raise NotNumbersError(
                f"returned a list whose rows differ in length{_at(place)}, expected numbers"
            ) from None
        raise NotNumbersError(f"returned {_a(value)} without readable numbers{_at(place)}") from None
    except Exception as error:
        raise NotNumbersError(f"returned {_a(value)}{_at(place)} that gives no numbers: {error}") from None


def _describe_array(value: ndarray[Any, Any], place: str, body: bytearray, longest: int) -> Description:
    kind, shape = ndarray.dtype.__get__(value), ndarray.shape.__get__(value)
    if kind.kind == "c":
        raise NotNumbersError(f"returned complex numbers{_at(place)}, expected real numbers")
    if kind.kind == "O":
        raise NotNumbersError(f"returned an array of Python objects{_at(place)}, expected numbers")
    if kind.kind not in "biuf":
        raise NotNumbersError(f"returned an array of {kind}{_at(place)}, expected numbers")
    size = prod(shape) * FLOAT64.itemsize
    if len(body) + size > longest:
        raise NotNumbersError(f"returned an array of shape {_shape(shape)}{_at(place)}, {_megabytes(size, longest)}")
    base = array(value, dtype=float64, order="C", subok=False)
    body += ascontiguousarray(base, dtype=FLOAT64).tobytes()
    return {"kind": "array", "shape": list(shape), "type": kind.name}


def _shape(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def _megabytes(size: int, longest: int) -> str:
    return f"{size / 1e6:,.0f} MB as float64; all of an answer may have {longest / 1e6:,.3g} MB"


def _at(place: str) -> str:
    return f" for `{place}`" if place else ""


def _a(value: object) -> str:
    """`a str`, `an Interval`: the name of the type, whatever the type says of itself."""
    name = str(type.__dict__["__name__"].__get__(type(value)))
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"
