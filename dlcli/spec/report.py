"""What is collected while one file is read: its errors, and the places they point to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dlcli.errors import Diagnostic, HomeworkError, Label, Place, Source
from dlcli.spec.nodes import Items, Node, Pairs, Scalar, end_of
from dlcli.spec.records import Written


@dataclass(frozen=True)
class Report:
    """The errors of one file; reading goes on after each, so that all are told at once."""

    source: Source
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def place(self, node: Node) -> Place:
        """The characters of a node; of a block of lines from its first to its last entry."""
        return Place(self.source, node.start, max(end_of(node, self.source.text), node.start))

    def written(self, node: Scalar) -> Written:
        """A scalar's text with its place, exact where text and file agree character by character."""
        text, file = node.text, self.source.text
        if file[node.start : node.end] == text:
            return Written(text, Place(self.source, node.start, node.end))
        if file[node.start] in "'\"" and file[node.start + 1 : node.end - 1] == text:
            return Written(text, Place(self.source, node.start + 1, node.end - 1))
        return Written(text, self.place(node), exact=False)

    def error(
        self,
        code: str,
        message: str,
        where: Node | Place,
        help: str | None = None,
        labels: Sequence[tuple[Node | Place, str]] = (),
        notes: Sequence[str] = (),
    ) -> None:
        """One more error of the file."""
        marked = tuple(Label(self._at(at), text) for at, text in labels)
        self.diagnostics.append(Diagnostic(code, message, self._at(where), marked, help, tuple(notes)))

    def add(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics.extend(diagnostics)

    def stop_if_wrong(self) -> None:
        """Raises HomeworkError with all errors in file order, if there are any."""
        if not self.diagnostics:
            return
        ordered = sorted(self.diagnostics, key=lambda d: d.place.start if d.place else -1)
        raise HomeworkError(*ordered)

    def _at(self, where: Node | Place) -> Place:
        return where if isinstance(where, Place) else self.place(where)


def kind_of(node: Node) -> str:
    """What a node is, in words: "a list", "a mapping", "nothing", "text"."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Pairs):
        return "a mapping"
    return "nothing" if node.is_null else "text"
