"""`dlcli gradcheck student.py::backward homework.yaml`: functions of students, against a homework or by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from dlcli.cli.main import PASSED
from dlcli.cli.solve import exit_code

if TYPE_CHECKING:
    from dlcli.cli.evidence import Wanted
    from dlcli.errors import Diagnostic
    from dlcli.render.documents import Document
    from dlcli.solving import Checked
    from dlcli.student_code import CodeCheck, Target


def check_codes(paths: Sequence[str], wrt: Sequence[str], strict: bool, debug: bool, wanted: Wanted) -> int:
    """The reports on all functions among the paths, each against the one homework among them, if there is one."""
    from dlcli import solving
    from dlcli.cli.batch import outcomes
    from dlcli.cli.streams import deliver, keep_inputs
    from dlcli.render.code_document import code_document
    from dlcli.render.code_text import code_line, code_text
    from dlcli.render.documents import as_json, error_document
    from dlcli.render.solution_text import Detail
    from dlcli.student_code import functions_of, is_code, parse_target

    homework = [path for path in paths if not is_code(path)]
    targets = {path: parse_target(path) for path in paths if is_code(path)}
    if len(homework) > 1:
        raise click.UsageError(f"code is checked against one homework, not {len(homework)}: {', '.join(homework)}")
    if homework:
        targets = {target.called: target for path in targets for target in functions_of(targets[path])}
    named = [path for path, target in targets.items() if target.function is not None]
    if named and not homework:
        called = f"dlcli gradcheck {named[0]} homework.yaml"
        raise click.UsageError(f"'{named[0]}' needs the homework that it belongs to: {called}")
    if wrt and not homework:
        raise click.UsageError("--wrt names quantities of a homework, but there is none")
    keep_inputs(wanted.output, [*homework, *(target.path for target in targets.values())])
    checked = solving.check(homework[0], wrt) if homework else None

    def work(path: str) -> CodeCheck:
        return _check(targets[path], checked)

    worst = PASSED
    texts: list[str] = []
    documents: list[Document] = []
    errors: list[Diagnostic] = []
    on = wanted.medium()
    for outcome in outcomes(list(targets), "checking", work, plain=wanted.plain, color=wanted.color, debug=debug):
        found = outcome.result
        if found is None:
            worst = max(worst, outcome.code)
            errors += outcome.errors
            documents.append(error_document(outcome.errors))
            continue
        worst = max(worst, exit_code(found.verdict, strict))
        documents.append(code_document(found))
        line = code_line(found, on) + "\n"
        texts.append(line if wanted.quiet else code_text(found, Detail(wanted.digits, wanted.every), on))
    if wanted.form == "json":
        verdicts = [document.get("verdict", "inconclusive") for document in documents]
        document = {"schema": "dlcli/gradcheck/v1", "verdict": _worst(verdicts), "results": documents}
        deliver(as_json(document), wanted.output, worst, lambda: as_json(error_document(errors)))
    else:
        text = ("" if wanted.quiet else "\n").join(texts)
        deliver(text, wanted.output, worst, lambda: text)
    return worst


def _check(target: Target, checked: Checked | None) -> CodeCheck:
    from dlcli.student_code import check_alone, check_code, read_code

    source = read_code(target.path)
    if checked is None:
        return check_alone(target, source)
    return check_code(target, source, checked, imports=_imports(checked))


def _worst(verdicts: Sequence[str]) -> str:
    from dlcli.comparison import VERDICTS

    return max(verdicts, key=VERDICTS.index, default="inconclusive")


def _imports(checked: Checked) -> tuple[str, ...]:
    """What `grading: {imports: […]}` allows beyond the standard library and numpy."""
    from dlcli.spec.nodes import Items, Pairs, Scalar

    grading = checked.spec.extra.get("grading")
    listed = grading.get("imports") if isinstance(grading, Pairs) else None
    items = listed.items if isinstance(listed, Items) else [listed]
    return tuple(item.text for item in items if isinstance(item, Scalar))
