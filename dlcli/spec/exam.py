"""The key `problems`: an exam is a list of homeworks, each a mapping of its own or the name of a file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlcli.layers import Key
from dlcli.spec.context import Context, read_mapping
from dlcli.spec.keys import EXAM, HOMEWORK, PROBLEM_FILE
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.report import Report, kind_of

SEPARATOR = "::"
TAKEN = ("answers", "student")


@dataclass(frozen=True)
class Listed:
    """A problem of an exam. node: its mapping, read when it is its turn; file: where it is instead, beside the exam."""

    id: str
    node: Pairs
    file: Scalar | None = None


def read_problems(node: Node, key: Key, context: Context) -> tuple[Listed, ...] | None:
    """The problems of an exam, each id once; a mapping's own keys are left to whoever reads it as a homework."""
    report = context.report
    if not isinstance(node, Items) or not node.items:
        given = "an empty list" if isinstance(node, Items) else kind_of(node)
        message = f"`{key.name}` is a list of homeworks, but {given} stands here"
        report.error("E122", message, node, "start each with `- id: P1`")
        return None
    found: list[Listed] = []
    for number, item in enumerate(node.items, 1):
        if not isinstance(item, Pairs):
            message = f"a problem is a mapping of keys, but {kind_of(item)} stands here"
            report.error("E122", message, item, "write `- id: P1` with the keys of a homework below, or {id, file}")
            continue
        listed = _listed(item, number, context)
        if listed is not None:
            found.append(listed)
    _distinct(found, report)
    return tuple(found)


def _listed(item: Pairs, number: int, context: Context) -> Listed | None:
    name = item.get("id")
    identity = f"P{number}" if name is None else name.text.strip() if isinstance(name, Scalar) else ""
    wrong = _what_is_wrong(identity)
    if wrong is not None:
        context.report.error("E122", f"the `id` of a problem {wrong}", name or item, "write id: P1")
        return None
    if item.get("file") is None:
        return Listed(identity, item)
    given = read_mapping(item, PROBLEM_FILE, context, "a problem in a file of its own")
    file = item.get("file")
    if not given or "file" not in given or not isinstance(file, Scalar):
        return None
    return Listed(identity, item, file)


def _what_is_wrong(identity: str) -> str | None:
    if not identity or not identity.isprintable():
        return "is a short text on one line"
    if SEPARATOR in identity:
        return f"cannot hold `{SEPARATOR}`, which stands before it in exam.yaml{SEPARATOR}P1"
    if identity.casefold() in TAKEN:
        return f"cannot be `{identity}`, which means something else in answer files"
    return None


def _distinct(problems: Sequence[Listed], report: Report) -> None:
    """Ids differ in more than case, and none begins with another and a dot: their questions would have the same ids."""
    seen: dict[str, Listed] = {}
    for problem in problems:
        first = seen.setdefault(problem.id.casefold(), problem)
        if first is not problem:
            message = f"two problems have the id `{problem.id}`"
            if first.id != problem.id:
                message = f"the ids `{first.id}` and `{problem.id}` differ in case alone"
            label = [(_name(first), "the first one")]
            report.error("E129", message, _name(problem), "give one of them another id", label)
    for problem in problems:
        parts = problem.id.casefold().split(".")
        outer = next((seen[start] for end in range(1, len(parts)) if (start := ".".join(parts[:end])) in seen), None)
        if outer is not None:
            message = f"the id `{problem.id}` begins like questions of `{outer.id}`"
            label = [(_name(outer), "which stands here")]
            report.error("E129", message, _name(problem), "give it an id without that dot", label)


def _name(problem: Listed) -> Node:
    return problem.node.get("id") or problem.node.pairs[0][0]


def own_keys(root: Pairs, report: Report) -> Pairs:
    """The mapping of an exam without keys of a homework, which belong into its problems; each of them is reported."""
    elsewhere = {key.name for key in HOMEWORK} - {key.name for key in EXAM}
    for key, _ in root.pairs:
        if key.text in elsewhere:
            message = f"`{key.text}` stands beside `problems`: an exam has no network of its own"
            report.error("E124", message, key, "move it into one of the problems")
    return root._replace(pairs=[pair for pair in root.pairs if pair[0].text not in elsewhere])


def divided(path: str) -> tuple[str, str | None]:
    """The file and the problem that a path such as `exam.yaml::P1` names."""
    file, separator, problem = path.rpartition(SEPARATOR)
    return (file, problem) if separator and file and problem else (path, None)
