"""Which question, or which entry of one, a key of an answer file or a column of a class file means."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dlcli.answers.records import Answer
from dlcli.errors import did_you_mean

LONGEST_KEY = 200

_ENTRY = re.compile(r"(.*?)\s*((?:\[\s*-?[0-9]{1,9}\s*(?:,\s*-?[0-9]{1,9}\s*)*\])+)")
_NUMBERS = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A question, and the index where one entry of its array is meant, numbers as written."""

    id: str
    index: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Places:
    """The ids of all questions. folded: ids without case -> those that differ only in it.

    groups: what ids with dots start with (`P1` of `P1.a`), without case -> those that differ only in it; within: the
    group whose ids may be written without their start.
    """

    ids: frozenset[str]
    folded: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    within: str = ""

    def inside(self, group: str) -> Places:
        """The same where keys stand below a group, `a` for `P1.a`."""
        return self if group == self.within else replace(self, within=group)

    def group(self, key: str) -> str | None:
        """The group that a key names; None for a question, and for what is no group."""
        if len(key) > LONGEST_KEY or self.find(key) is not None:
            return None
        return (self._group(f"{self.within}.{key}") if self.within else None) or self._group(key)

    def _group(self, key: str) -> str | None:
        alike = self.groups.get(key.casefold(), ())
        return key if key in alike else alike[0] if len(alike) == 1 else None

    def find(self, key: str) -> Place | None:
        """The place that a key names, however it is capitalised; None for no question of the homework."""
        if len(key) > LONGEST_KEY:
            return None
        whole = self._id(key)
        if whole is not None:
            return Place(whole)
        found = _ENTRY.fullmatch(key)
        question = self._id(found.group(1)) if found is not None else None
        if found is None or question is None:
            return None
        return Place(question, tuple(int(number) for number in _NUMBERS.findall(found.group(2))))

    def nearest(self, key: str) -> str:
        """`; did you mean 'b'?`, or nothing."""
        near = did_you_mean(key[:100], sorted(self.ids))
        return f"; {near}" if near else ""

    def _id(self, key: str) -> str | None:
        own = self._whole(f"{self.within}.{key}") if self.within else None
        return own or self._whole(key)

    def _whole(self, key: str) -> str | None:
        if key in self.ids:
            return key
        bare = key.strip().strip("().").strip()
        for candidate in (key.casefold(), bare.casefold()):
            alike = self.folded.get(candidate, ())
            if len(alike) == 1:
                return alike[0]
        return bare if bare in self.ids else None


def places_of(ids: Collection[str]) -> Places:
    """The places of a homework's questions."""
    folded: dict[str, tuple[str, ...]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    for question in ids:
        folded[question.casefold()] = (*folded.get(question.casefold(), ()), question)
        for end in (at for at, character in enumerate(question) if character == "."):
            start = question[:end]
            known = groups.get(start.casefold(), ())
            groups[start.casefold()] = known if start in known else (*known, start)
    return Places(frozenset(ids), folded, groups)


def collected(given: Sequence[tuple[Place, Answer]]) -> dict[str, Answer]:
    """The answers by question. What is given twice with different texts is invalid, and both are shown."""
    answers: dict[str, Answer] = {}
    entries: dict[str, dict[tuple[int, ...], Answer]] = {}
    for place, answer in given:
        if place.index is None:
            before = answers.get(place.id)
            answers[place.id] = answer if before is None else _twice(before, answer)
        else:
            of_array = entries.setdefault(place.id, {})
            earlier = of_array.get(place.index)
            of_array[place.index] = answer if earlier is None else _twice(earlier, answer)
    for question, of_array in entries.items():
        whole = answers.get(question)
        if whole is None or is_blank(whole):
            first = next(iter(of_array.values()))
            answers[question] = Answer(question, "", entries=of_array, line=first.line, column=first.column)
        elif any(not is_blank(answer) for answer in of_array.values()):
            why = "the answer is given as a whole and entry by entry, so it is not clear which counts"
            answers[question] = replace(whole, invalid=why)
    return answers


def is_blank(answer: Answer) -> bool:
    """Whether nothing stands where the answer belongs."""
    empty = not answer.text.strip() and answer.items is None and answer.file is None
    return empty and not answer.fields and not answer.entries and answer.invalid is None


def _twice(first: Answer, second: Answer) -> Answer:
    if is_blank(second) or (first.text, first.items, first.file) == (second.text, second.items, second.file):
        return first
    if is_blank(first):
        return second
    if first.invalid is not None and second.invalid is None and not first.text:
        return second
    shown = " and ".join(f"`{_clipped(answer.text)}`{_where(answer)}" for answer in (first, second))
    return replace(first, invalid=f"the answer is given twice: {shown}")


def _where(answer: Answer) -> str:
    return f" (line {answer.line})" if answer.line else ""


def _clipped(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
