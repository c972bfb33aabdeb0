"""The mapping of one homework -> Spec, with every error of it at once."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dlcli.errors import Diagnostic, Source
from dlcli.ops import find
from dlcli.spec import kinds
from dlcli.spec.context import Context, Reader, read_mapping
from dlcli.spec.exam import read_problems
from dlcli.spec.keys import HOMEWORK, PROBLEM, SECTIONS
from dlcli.spec.network import read_network
from dlcli.spec.nodes import Items, Pairs, Scalar
from dlcli.spec.questions import read_grading, read_questions
from dlcli.spec.records import Declaration, EquationItem, LayerItem, Spec
from dlcli.spec.report import Report
from dlcli.spec.training import read_optimizer, read_state
from dlcli.spec.values import read_bias, read_section, read_weights

READERS: Mapping[str, Reader] = {
    "activation": kinds.read_activation,
    "any": kinds.read_anything,
    "bias": read_bias,
    "choice": kinds.read_choice,
    "code": kinds.read_code,
    "formula": kinds.read_formula,
    "fraction": kinds.read_fraction,
    "grading": read_grading,
    "id": kinds.read_id,
    "init": kinds.read_init,
    "name": kinds.read_own_name,
    "natural": kinds.read_natural,
    "network": read_network,
    "number": kinds.read_constant,
    "optimizer": read_optimizer,
    "option": kinds.read_option,
    "positive": kinds.read_positive,
    "problems": read_problems,
    "quantities": kinds.read_quantities,
    "quantity": kinds.read_quantity,
    "questions": read_questions,
    "section": read_section,
    "seed": kinds.read_seed,
    "setting": kinds.read_setting,
    "shape": kinds.read_shape,
    "state": read_state,
    "text": kinds.read_text,
    "weights": read_weights,
}
_WORK = ("network", "loss", "questions")


def read_homework(root: Pairs, report: Report, folder: Path | None, *, in_exam: bool = False) -> Spec:
    """The homework in a mapping: a whole file, or a problem of the exam that the file is. Raises HomeworkError.

    folder: where `{file: …}` values are looked for; None (standard input) refuses them.
    """
    context = Context(report, folder, _section_names(root), READERS)
    convention = root.get("convention")
    if isinstance(convention, Scalar) and convention.text == "row":
        context = Context(report, folder, context.sections, READERS, "row")
    keys, what = (PROBLEM, "a problem") if in_exam else (HOMEWORK, "a homework file")
    given = read_mapping(root, keys, context, what) or {}
    if not any(root.get(key) is not None for key in _WORK):
        message = f"this {'problem' if in_exam else 'file'} has nothing to compute: neither `network` nor `loss`"
        report.error(
            "E125",
            message,
            root.pairs[0][0] if root.pairs else root,
            "add `network:` with a list of equations or layers",
        )
    declarations = _declarations(given, report)
    report.stop_if_wrong()
    return _spec(report.source, root, given, declarations, report)


def _section_names(root: Pairs) -> dict[str, str]:
    """Name -> section of all that is declared, also under a misspelt section."""
    names: dict[str, str] = {}
    keys = {key.name for key in HOMEWORK}
    for key, value in root.pairs:
        near = [key.text] if key.text in keys else get_close_matches(key.text.lower(), SECTIONS, n=1, cutoff=0.6)
        if not near or near[0] not in SECTIONS:
            continue
        entries = [name for name, _ in value.pairs] if isinstance(value, Pairs) else []
        entries += [item for item in value.items if isinstance(item, Scalar)] if isinstance(value, Items) else []
        for entry in entries:
            names.setdefault(entry.text, near[0])
    return names


def _declarations(given: Mapping[str, Any], report: Report) -> dict[str, Declaration]:
    """The declarations of all sections in file order, each name once."""
    listed = [declaration for section in SECTIONS for declaration in given.get(section, ())]
    declarations: dict[str, Declaration] = {}
    for declaration in sorted(listed, key=lambda d: d.place.start):
        first = declarations.setdefault(declaration.name, declaration)
        if first is not declaration:
            where = f"`{first.section}`" if first.section != declaration.section else "the same list"
            message = f"`{declaration.name}` is declared twice: it stands under {where} already"
            label = (first.place, "declared here first")
            report.error("E104", message, declaration.place, "give one of them another name", [label])
    return declarations


def _spec(
    source: Source,
    root: Pairs,
    given: Mapping[str, Any],
    declarations: Mapping[str, Declaration],
    report: Report,
) -> Spec:
    expect = root.get("expect")
    network = given.get("network", ())
    return Spec(
        source=source,
        title=given.get("title"),
        origin=given.get("source"),
        notes=given.get("notes"),
        declarations=declarations,
        network=network,
        loss=given.get("loss"),
        wrt=given.get("wrt"),
        convention=given.get("convention", "column"),
        samples=given.get("samples", "rows"),
        index_base=1 if given.get("index_base") == "1" else 0,
        optimizer=given.get("optimizer"),
        expect=given.get("expect"),
        expect_place=report.place(expect) if expect is not None else None,
        advice=_advice(declarations, network),
        extra={key: given[key] for key in ("questions", "grading") if key in given},
        section_places={key.text: report.place(key) for key, _ in root.pairs},
    )


def _advice(
    declarations: Mapping[str, Declaration], network: tuple[EquationItem | LayerItem, ...]
) -> tuple[Diagnostic, ...]:
    """Quantities that are called like an operation: allowed, and confusing."""
    named = [(d.name, d.place) for d in declarations.values()]
    for item in network:
        if isinstance(item, EquationItem):
            named += zip(item.names, item.name_places, strict=True)
    return tuple(
        Diagnostic(
            "W904",
            f"the quantity `{name}` has the name of an operation",
            place,
            help=f"`{name}` is the quantity and `{name}(…)` the operation; another name is easier to read",
        )
        for name, place in named
        if (record := find(name)) is not None and not record.hidden
    )
