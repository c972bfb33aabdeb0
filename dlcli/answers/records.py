"""An answer sheet as frozen records: texts as written, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Nested = str | tuple["Nested", ...]


@dataclass(frozen=True)
class Answer:
    """What a student wrote for one question.

    text: as written; items: of a list, its entries as texts, nested; file: of `{file: …}`, the path as written, with
    `::function` where given; fields: of a mapping (`{W: [[1, 2]], b: [0]}`), by key; entries: of answers given entry
    by entry (`W[0,1]: 3`), index as written -> answer; invalid: why it could not be read; line, column: from 1, 0 where
    unknown.
    """

    id: str
    text: str
    items: tuple[Nested, ...] | None = None
    file: str | None = None
    fields: Mapping[str, Answer] = field(default_factory=dict)
    entries: Mapping[tuple[int, ...], Answer] = field(default_factory=dict)
    invalid: str | None = None
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Sheet:
    """One student's answers by question id. remarks: what was noticed of the sheet as a whole.

    error: why nothing of it could be read. extra: of a row of a class file, the columns that are no answers.
    """

    student: str
    file: str
    answers: Mapping[str, Answer] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    error: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
