"""The keys `questions` and `grading`: their structure is checked here, their contents elsewhere."""

from __future__ import annotations

from dlcli.errors import Diagnostic
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


def ungraded(spec: Spec) -> tuple[Diagnostic, ...]:
    """A word on each key of a homework that is well formed and that nothing is computed from."""
    return tuple(
        Diagnostic(
            "W901", f"`{key}` is well formed; this version of dlcli does not grade", spec.section_places.get(key)
        )
        for key in ("questions", "grading")
        if key in spec.extra
    )
