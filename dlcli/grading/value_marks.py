"""How an answer with numbers is judged: entry by entry, points shared out, wrong entries named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dlcli.grading.numbers_given import Given
from dlcli.grading.tolerances import Nearness, Written, nearness
from dlcli.ops.operation import Shape
from dlcli.ops.shapes import shown
from dlcli.questions.expected import Expected
from dlcli.questions.records import Tolerance

MOST_NAMED = 8  # wrong entries that feedback names

Index = tuple[int, ...]


@dataclass(frozen=True)
class Judged:
    """The entries of an answer sorted by how they came out. right and wrong are disjoint; undecided lie near enough
    for their digits, but so does what a classic mistake gives; missing were not answered, invalid not readable."""

    right: tuple[Index, ...] = ()
    wrong: tuple[Index, ...] = ()
    undecided: tuple[Index, ...] = ()
    missing: tuple[Index, ...] = ()
    invalid: Mapping[Index, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return len(self.right) + len(self.wrong) + len(self.undecided) + len(self.missing) + len(self.invalid)


Ambiguous = Callable[[Index, Written], bool]


def judge_numbers(given: Given, expected: Expected, tolerance: Tolerance, ambiguous: Ambiguous) -> Judged:
    """Every entry of the expected array judged.

    ambiguous(index, number): whether a classic mistake explains a number that only its digits make right.
    """
    shape = expected.value.shape
    fitted, remarks = _fitted(given, expected, tolerance)
    remarks = (*given.remarks, *remarks)
    if fitted is None:
        return Judged(wrong=tuple(np.ndindex(shape)), remarks=remarks)
    right, wrong, undecided, missing = [], [], [], []
    for place in np.ndindex(shape):
        number = fitted.entries.get(place)
        if number is None:
            if place not in fitted.invalid:
                missing.append(place)
            continue
        near = nearness(number, float(expected.value[place]), float(expected.scale[place]), tolerance)
        if near in (Nearness.ROUNDED, Nearness.COARSE) and ambiguous(place, number):
            undecided.append(place)
        elif near is Nearness.FAR:
            wrong.append(place)
        else:
            right.append(place)
            if near is Nearness.COARSE:
                remarks = _with(remarks, "right but for rounding: keep more digits in between")
    square = len(shape) == 2 and shape[0] == shape[1]
    if square and wrong and _all_right(fitted.transposed(), expected, tolerance):
        remarks = _with(remarks, "this is the transposed array: rows and columns are exchanged")
    return Judged(tuple(right), tuple(wrong), tuple(undecided), tuple(missing), fitted.invalid, remarks)


def judge_count(given: Given, expected: Expected) -> Judged:
    """Numbers that are counted, not measured: only equal is right."""
    if given.shape != expected.value.shape:
        return Judged(wrong=tuple(np.ndindex(expected.value.shape)), remarks=given.remarks)
    right = [
        p
        for p in np.ndindex(expected.value.shape)
        if p in given.entries and given.entries[p].value == expected.value[p]
    ]
    wrong = [p for p in np.ndindex(expected.value.shape) if p in given.entries and p not in right]
    return Judged(tuple(right), tuple(wrong), invalid=given.invalid, remarks=given.remarks)


def same_shape(given: Shape, expected: Shape, convention: str) -> bool:
    """Whether a shape that was answered is the right one: a vector (n,) also as n x 1, of rows as 1 x n."""
    if given == expected:
        return True
    if len(expected) == 1:
        return given == ((1, *expected) if convention == "row" else (*expected, 1))
    return False


def _fitted(given: Given, expected: Expected, tolerance: Tolerance) -> tuple[Given | None, tuple[str, ...]]:
    """The numbers in the expected shape, and what is remarked on the shape; None where it cannot be that array."""
    shape = expected.value.shape
    if given.shape is None or given.shape == shape:
        return given, ()
    size = int(np.prod(given.shape, dtype=np.int64))
    here, wanted = shown(given.shape), shown(shape)
    if size != expected.value.size:
        return None, (f"the answer has shape {here}, but {wanted} is asked for",)
    if [n for n in given.shape if n != 1] == [n for n in shape if n != 1]:
        return given.reshaped(shape), ()
    if given.shape == shape[::-1] and len(shape) == 2:
        if _all_right(given.transposed(), expected, tolerance):
            return None, (f"this is the transposed array: it has shape {here}, but {wanted} is asked for",)
        return None, (f"the answer has shape {here}, but {wanted} is asked for: is it transposed?",)
    if len(given.shape) == 1:
        return given.reshaped(shape), (f"the answer is a flat list; it was read row by row into shape {wanted}",)
    return None, (f"the answer has shape {here}, but {wanted} is asked for",)


def _all_right(given: Given, expected: Expected, tolerance: Tolerance) -> bool:
    return all(
        place in given.entries
        and nearness(given.entries[place], float(expected.value[place]), float(expected.scale[place]), tolerance)
        is not Nearness.FAR
        for place in np.ndindex(expected.value.shape)
    )


def entry_names(places: tuple[Index, ...], index_base: int) -> str:
    """`[0,1], [1,1] and 3 more`."""
    names = ["[" + ",".join(str(i + index_base) for i in place) + "]" for place in places[:MOST_NAMED]]
    left = len(places) - len(names)
    return ", ".join(names) + (f" and {left} more" if left else "")


def _with(remarks: tuple[str, ...], remark: str) -> tuple[str, ...]:
    return remarks if remark in remarks else (*remarks, remark)
