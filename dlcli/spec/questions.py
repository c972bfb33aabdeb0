"""The keys `questions` and `grading`: their structure is checked here, their contents elsewhere."""

from __future__ import annotations

from dlcli.errors import Diagnostic, Place
from dlcli.layers import Key
from dlcli.spec.context import Context, read_mapping
from dlcli.spec.keys import GRADING, QUESTION
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.records import Spec
from dlcli.spec.report import kind_of


def read_questions(node: Node, key: Key, context: Context) -> Node | None:
    """The list of questions as it stands; each is a mapping of known keys with an id of its own."""
    report = context.report
    if not isinstance(node, Items):
        message = f"`{key.name}` is a list of questions, but {kind_of(node)} stands here"
        report.error("E122", message, node, "start each question with `- id: …`")
        return None
    seen: dict[str, Node] = {}
    for item in node.items:
        if read_mapping(item, QUESTION, context, "a question") is None or not isinstance(item, Pairs):
            continue
        identity = item.get("id")
        if not isinstance(identity, Scalar):
            continue
        if identity.text in seen:
            label = (seen[identity.text], "first given here")
            message = f"two questions have the id `{identity.text}`"
            report.error("E129", message, identity, "give one of them another id", [label])
        seen.setdefault(identity.text, identity)
    return node


def read_grading(node: Node, key: Key, context: Context) -> Node | None:
    """The mapping as it stands; its keys are known."""
    return None if read_mapping(node, GRADING, context, f"`{key.name}`") is None else node


RESERVED = ("vary", "require", "seed")


def ungraded(spec: Spec) -> tuple[Diagnostic, ...]:
    """A word on each key of a question that is reserved, and that nothing is computed from."""
    node = spec.extra.get("questions")
    found: list[Diagnostic] = []
    for item in node.items if isinstance(node, Items) else ():
        for key, _ in item.pairs if isinstance(item, Pairs) else ():
            if key.text in RESERVED:
                message = f"`{key.text}` is reserved for numbers of each student's own; nothing is computed from it"
                found.append(Diagnostic("W901", message, Place(spec.source, key.start, key.end)))
    return tuple(found)
