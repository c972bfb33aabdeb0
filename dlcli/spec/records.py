"""The homework file as frozen records: what it says, with places, before shapes of the network are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from dlcli.errors import Diagnostic, Place, Source
from dlcli.language.tree import Span, Tree
from dlcli.ops.operation import Array, Shape


@dataclass(frozen=True)
class Written:
    """A text of the file and where it stands.

    `exact` tells that each character of the value is a character of the file (a plain or quoted scalar on one
    line without escapes), so that a place inside it can be shown; else places inside it are the whole scalar.
    """

    text: str
    place: Place
    exact: bool = True

    def part(self, span: Span) -> Place:
        """The place of the characters [start, end) of the text."""
        if not self.exact:
            return self.place
        start = self.place.start + span[0]
        return Place(self.place.source, start, max(start + span[1] - span[0], start + 1))


@dataclass(frozen=True)
class Formula:
    """A parsed expression of the file."""

    tree: Tree
    written: Written

    def place(self, tree: Tree) -> Place:
        return self.written.part(tree.span)


@dataclass(frozen=True)
class Value:
    """Numbers given in the file: float64, and exactly where the file writes them.

    exact: a Fraction or a Tree of constants for a scalar, nested tuples of them for an array, or None when the
    numbers come from a file of floats or from a random draw (their float64 values are exact then).
    array: float64, not writeable. origin: "written", "file" or "drawn".
    """

    array: Array
    exact: Any
    place: Place
    origin: Literal["written", "file", "drawn"] = "written"


@dataclass(frozen=True)
class Description:
    """A layer's weights given as `{shape: …, init: …, seed: …}`; `shape` None is left to the layer.

    constant/scale settings of the initialiser are in `settings` (`value` for constant, `std` for normal,
    `low`, `high` for uniform).
    """

    shape: Shape | None
    init: str | None
    seed: int | None
    settings: Mapping[str, float]
    place: Place


@dataclass(frozen=True)
class Reference:
    """The name of an entry of `weights` or `constants`, used in a layer."""

    name: str
    place: Place


@dataclass(frozen=True)
class Declaration:
    """An entry of inputs, weights, targets or constants. `value` None: declared without numbers; then `shape`."""

    name: str
    section: Literal["inputs", "weights", "targets", "constants"]
    place: Place  # of the name
    value: Value | None
    shape: Shape


@dataclass(frozen=True)
class EquationItem:
    """`q = x + y`, or several names before the sign."""

    names: tuple[str, ...]
    name_places: tuple[Place, ...]
    formula: Formula  # of the right side; spans count from the start of the whole scalar
    place: Place


WeightSource = Value | Description | Reference | Literal["none"]


@dataclass(frozen=True)
class LayerItem:
    """A layer, its keys checked against the table in `layers`.

    kind: "dense", another layer of the table, or the name of an operation. keys: what the file gives, by key:
    WeightSource for weights and bias; Formula for activation (a Name or a Call whose first argument is left
    out) and for settings of operations; str for name, input, init; int for units, seed; tuple of str for a list
    of quantities. places: of each key's value.
    """

    kind: str
    keys: Mapping[str, Any]
    places: Mapping[str, Place]
    place: Place
    kind_place: Place


@dataclass(frozen=True)
class Optimizer:
    """The rule of one training step: `sgd` with `settings["learning_rate"]`.

    batch_size: samples a step; None for all. state: what the rule has kept from earlier steps, a value for
    all weights or one by weight; taken: how many steps those were. places: of each key's value.
    """

    name: str
    settings: Mapping[str, float]
    exact: Mapping[str, Fraction | Tree]
    place: Place
    batch_size: int | None = None
    state: Mapping[str, Value | Mapping[str, Value]] = field(default_factory=dict)
    taken: int = 0
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Spec:
    """A homework file that has been read without errors. `advice` holds its W9xx diagnostics.

    problem: its id in an exam, and `exam` the file of that.
    """

    source: Source
    title: str | None
    origin: str | None  # the key `source`
    notes: str | None
    declarations: Mapping[str, Declaration]  # all four sections, in file order
    network: tuple[EquationItem | LayerItem, ...]
    loss: Formula | None
    wrt: tuple[Reference, ...] | None
    convention: Literal["column", "row"] = "column"
    samples: Literal["rows", "columns"] = "rows"
    index_base: Literal[0, 1] = 0
    optimizer: Optimizer | None = None
    expect: str | None = None
    expect_place: Place | None = None
    advice: tuple[Diagnostic, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    section_places: Mapping[str, Place] = field(default_factory=dict)  # of each top-level key
    symbols: tuple[str, ...] = ()  # names that the file declares without numbers and that were given some
    problem: str | None = None
    exam: str | None = None

    @property
    def name(self) -> str:
        """What people call it: the path of the file, of an exam's problem `exam.yaml::P1`."""
        return self.source.name if self.problem is None else f"{self.exam}::{self.problem}"


@dataclass(frozen=True)
class Exam:
    """The homeworks of one file: one, or the problems of an exam, whose own `grading` holds for all of them."""

    source: Source
    title: str | None
    specs: tuple[Spec, ...]
    grading: Any = None  # the node of an exam's own key
