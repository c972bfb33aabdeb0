"""The numbers of an answer: its texts read in the lenient dialect, evaluated exactly, put into an array."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from dlcli.answers.records import Answer, Nested
from dlcli.grading.answer_arrays import AnswerError, Rows, array_of, shape_of
from dlcli.grading.tolerances import Written
from dlcli.language import LanguageError
from dlcli.language.answer import last_digit, parse_answer
from dlcli.language.constants import evaluate_constant
from dlcli.language.traversal import fold, names_in, walk, with_children
from dlcli.language.tree import Binary, Call, Number, Sequence, Tree, Unary
from dlcli.ops.operation import Shape

MOST_ENTRIES = 100_000
ROUNDED, MOST_ROUNDED = 3, 16  # digits of a number that counts as rounded, and how many such in a formula
SHORT = 64  # characters of a text whose number is remembered
CONSTANTS = ("pi", "e")


@dataclass(frozen=True)
class Given:
    """An answer's numbers. entries: index -> number, those of a scalar under (); invalid: index -> why not.

    shape: as written, None where entries were given one by one; texts: index -> as written.
    """

    shape: Shape | None
    entries: Mapping[tuple[int, ...], Written]
    invalid: Mapping[tuple[int, ...], str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def reshaped(self, shape: Shape) -> Given:
        """The same numbers, in the same order, in another shape."""
        places = list(np.ndindex(shape))
        order = list(np.ndindex(self.shape or ()))
        to = dict(zip(order, places, strict=True))
        return Given(
            shape,
            {to[place]: number for place, number in self.entries.items()},
            {to[place]: why for place, why in self.invalid.items()},
            self.remarks,
        )

    def transposed(self) -> Given:
        """The numbers of the transposed array."""
        shape = None if self.shape is None else self.shape[::-1]
        return Given(
            shape,
            {place[::-1]: number for place, number in self.entries.items()},
            {place[::-1]: why for place, why in self.invalid.items()},
            self.remarks,
        )


Exact = frozenset[float]
NO_NUMBERS: Exact = frozenset()


def read_given(answer: Answer, shape: Shape, index_base: int, exact: Exact | None = NO_NUMBERS) -> Given:
    """The numbers of an answer. Raises AnswerError where nothing of it can be read.

    shape: of the expected value; entries that are given one by one must lie in it. exact: the numbers that the
    homework gives, which no one has rounded; None where they are too many: then none counts as rounded.
    """
    if answer.invalid is not None:
        raise AnswerError(answer.invalid)
    if answer.entries and not answer.text and answer.items is None:
        return _one_by_one(answer.entries, shape, index_base, exact)
    if answer.items is not None:
        return _nested(answer.items, exact)
    if not answer.text.strip():
        raise AnswerError("the answer is empty")
    if len(answer.text) <= SHORT:
        number, remarks = _short(answer.text, exact)
        if number is not None:
            return Given((), {(): number}, {}, remarks)
    tree, unit, remarks = _parsed(answer.text)
    if isinstance(tree, Sequence):
        return _of_sequence(tree, answer.text, remarks, exact)
    if any(isinstance(part, Sequence) for part in walk(tree)):
        _refuse_names(tree)
        return _of_array(array_of(tree), remarks, exact)
    return Given((), {(): _number(tree, unit, exact)}, {}, remarks)


@lru_cache(maxsize=4096)
def _short(text: str, exact: Exact | None) -> tuple[Written | None, tuple[str, ...]]:
    """The number that a short text is, None of lists, and what is remarked: a class gives the same ones again."""
    tree, unit, remarks = _parsed(text)
    lists = any(isinstance(part, Sequence) for part in walk(tree))
    return None if lists else _number(tree, unit, exact), remarks


def _parsed(text: str) -> tuple[Tree, float | None, tuple[str, ...]]:
    try:
        reading = parse_answer(text)
    except LanguageError as error:
        raise AnswerError(error.message + (f"; {error.help}" if error.help else "")) from None
    return reading.tree, reading.unit, reading.remarks


def _number(tree: Tree, unit: float | None, exact: Exact | None) -> Written:
    """The value of a tree of constants. Raises AnswerError."""
    _refuse_names(tree)
    try:
        value = _value(tree)
    except LanguageError as error:
        raise AnswerError(error.message + (f"; {error.help}" if error.help else "")) from None
    unit = _unit(tree) if unit is None else unit
    if unit is not None or exact is None:
        return Written(value, unit)
    return Written(value, _carried(tree, value, exact), carried=True)


def _refuse_names(tree: Tree) -> None:
    unknown = [name.name for name in names_in(tree) if name.name not in (*CONSTANTS, "inf")]
    if unknown:
        raise AnswerError(f"a number is asked for, but `{unknown[0]}` stands in the answer")


def _value(tree: Tree) -> float:
    return evaluate_constant(tree, lambda _: None, allow_infinite=True, activations=True).value


def _carried(tree: Tree, value: float, exact: Exact) -> float | None:
    """What one unit of the last digit of each rounded number in a formula changes it by: `-ln(0.6337)`.

    A number that the homework gives is exact, and so is a decimal number with fewer than ROUNDED digits.
    """
    rounded = [
        node
        for node in walk(tree)
        if isinstance(node, Number) and _digits(node.text) >= ROUNDED and float(node.value) not in exact
    ]
    if not rounded or len(rounded) > MOST_ROUNDED:
        return None
    total = 0.0
    for number in rounded:
        try:
            total += abs(_value(_moved(tree, number)) - value)
        except LanguageError:  # beyond the edge of a domain
            return None
    return total if math.isfinite(total) else None


def _digits(text: str) -> int:
    """The significant digits of a decimal number; 0 of a whole one."""
    mantissa = text.lower().partition("e")[0]
    return len(mantissa.replace(".", "").lstrip("0")) if "." in mantissa else 0


def _moved(tree: Tree, number: Number) -> Tree:
    """The tree with one number larger by a unit of its last digit."""
    unit = Fraction(last_digit(number.text) or 0.0)

    def rebuilt(node: Tree, parts: tuple[Tree, ...]) -> Tree:
        return replace(number, value=number.value + unit) if node is number else with_children(node, parts)

    return fold(tree, rebuilt)


def _unit(tree: Tree) -> float | None:
    """One unit of the last digit of a single decimal number, also within a sign or bars; None of other formulas."""
    while isinstance(tree, Unary) or (isinstance(tree, Call) and tree.name == "abs" and len(tree.arguments) == 1):
        tree = tree.operand if isinstance(tree, Unary) else tree.arguments[0]
    if isinstance(tree, Binary) and tree.operator == "*" and isinstance(tree.left, Number):
        power = _power_of_ten(tree.right)
        unit = last_digit(tree.left.text)
        return None if power is None or unit is None else unit * 10.0**power
    return last_digit(tree.text) if isinstance(tree, Number) else None


def _power_of_ten(tree: Tree) -> int | None:
    """k of `10**k`; None of anything else."""
    if (
        not isinstance(tree, Binary)
        or tree.operator != "**"
        or not isinstance(tree.left, Number)
        or tree.left.value != 10
    ):
        return None
    sign, exponent = 1, tree.right
    while isinstance(exponent, Unary):
        sign, exponent = (-sign if exponent.operator == "-" else sign), exponent.operand
    whole = isinstance(exponent, Number) and exponent.value.denominator == 1 and abs(exponent.value) <= 300
    return sign * int(exponent.value) if whole and isinstance(exponent, Number) else None


def _nested(items: tuple[Nested, ...], exact: Exact | None) -> Given:
    """Lists as YAML has read them, their entries as texts."""
    shape = _size_limited(shape_of(items))
    entries: dict[tuple[int, ...], Written] = {}
    invalid: dict[tuple[int, ...], str] = {}
    remarks: list[str] = []
    for place in np.ndindex(shape):
        text: Nested = items
        for i in place:
            text = text[i]
        try:
            if not isinstance(text, str) or not text.strip():
                raise AnswerError("this entry is empty")
            tree, unit, said = _parsed(text)
            remarks += [remark for remark in said if remark not in remarks]
            entries[place] = _number(tree, unit, exact)
        except AnswerError as error:
            invalid[place] = str(error)
    return Given(shape, entries, invalid, tuple(remarks))


def _size_limited(shape: Shape) -> Shape:
    """The shape itself. Raises AnswerError where it has too many entries."""
    if np.prod(shape) > MOST_ENTRIES:
        raise AnswerError(f"this list has more than {MOST_ENTRIES:,} numbers")
    return shape


def _of_sequence(tree: Sequence, text: str, remarks: tuple[str, ...], exact: Exact | None) -> Given:
    """A list that is written as one text: `[1 2; 3 4]`."""

    def nested(part: Tree) -> Nested:
        if isinstance(part, Sequence):
            return tuple(nested(item) for item in part.items)
        start, end = part.span
        return text[start:end]

    given = _nested(tuple(nested(item) for item in tree.items), exact)
    return Given(given.shape, given.entries, given.invalid, (*remarks, *given.remarks))


def _of_array(trees: Rows, remarks: tuple[str, ...], exact: Exact | None) -> Given:
    """An array that is worked out entry by entry: `2*[1, 2]`, `-[3, 4]`, `[[1, 2], [3, 4]]^T`."""
    shape = _size_limited(shape_of(trees))
    entries: dict[tuple[int, ...], Written] = {}
    invalid: dict[tuple[int, ...], str] = {}
    for place in np.ndindex(shape):
        tree: Rows = trees
        for i in place:
            assert isinstance(tree, tuple)
            tree = tree[i]
        assert not isinstance(tree, tuple)
        try:
            entries[place] = _number(tree, None, exact)
        except AnswerError as error:
            invalid[place] = str(error)
    return Given(shape, entries, invalid, remarks)


def _one_by_one(answers: Mapping[tuple[int, ...], Answer], shape: Shape, index_base: int, exact: Exact | None) -> Given:
    entries: dict[tuple[int, ...], Written] = {}
    invalid: dict[tuple[int, ...], str] = {}
    remarks: list[str] = []
    for written, answer in answers.items():
        place = tuple(i - index_base if i >= index_base else i + size for i, size in zip(written, shape, strict=False))
        if len(written) != len(shape) or not all(0 <= i < n for i, n in zip(place, shape, strict=True)):
            index = ", ".join(map(str, written))
            remarks.append(f"there is no entry [{index}] in an array of shape {shape}")
            continue
        try:
            found = read_given(answer, (), index_base, exact)
            entries[place] = found.entries[()]
            remarks += found.remarks
        except (AnswerError, KeyError) as error:
            invalid[place] = str(error)
    return Given(None, entries, invalid, tuple(remarks))
