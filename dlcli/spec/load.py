"""The text of a homework file, or of an exam of several, -> Spec, with every error of the file at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from dlcli.codes import CODES
from dlcli.errors import Diagnostic, HomeworkError, Source, did_you_mean
from dlcli.spec.beside import FileError, located
from dlcli.spec.context import Context, read_mapping
from dlcli.spec.events import compose
from dlcli.spec.exam import Listed, own_keys
from dlcli.spec.homework import READERS, read_homework
from dlcli.spec.keys import EXAM
from dlcli.spec.nodes import Node, Pairs, Scalar
from dlcli.spec.reading import read_source
from dlcli.spec.records import Exam, Spec
from dlcli.spec.report import Report, kind_of
from dlcli.spec.slips import joined_pair

HOMEWORK_FILES = (".yaml", ".yml"), ("a homework file", "its name ends in .yaml or .yml")


def load(source: Source, folder: Path | None, problem: str | None = None) -> Spec:
    """The homework in a text. Raises HomeworkError with all errors, in file order.

    folder: where `{file: …}` values are looked for; None (standard input) refuses them. problem: which one of an
    exam. `extra` of the result holds the nodes of `questions` and `grading` as they stand.
    """
    root, report = _root(source)
    if problem is None and root.get("problems") is not None:
        _, listed = _listed(root, report)
        report.stop_if_wrong()
        raise HomeworkError(_not_named(source.name, listed))
    return _exam(root, report, folder, problem).specs[0]


def load_all(source: Source, folder: Path | None, problem: str | None = None) -> Exam:
    """The homework in a text; of an exam all problems, or the one that is named. Raises HomeworkError as `load`."""
    root, report = _root(source)
    return _exam(root, report, folder, problem)


def _exam(root: Pairs, report: Report, folder: Path | None, problem: str | None) -> Exam:
    source = report.source
    if root.get("problems") is None:
        if problem is not None:
            message = f"{source.name} is no exam, so it has no problem `{problem}`"
            raise HomeworkError(Diagnostic("E131", message, file=source.name, help=f"leave out `::{problem}`"))
        spec = read_homework(root, report, folder)
        return Exam(source, spec.title, (spec,))
    given, listed = _listed(root, report)
    chosen = [item for item in listed if problem in (None, item.id)]
    specs, errors = list[Spec](), list(report.diagnostics)
    for item in chosen:
        try:
            specs.append(_problem(item, Report(source), folder))
        except HomeworkError as error:
            errors += error.diagnostics
    if errors:
        raise HomeworkError(*errors)
    if not chosen:
        known = [item.id for item in listed]
        help = did_you_mean(str(problem), known) or f"its problems are {', '.join(known)}"
        message = f"the exam {source.name} has no problem `{problem}`"
        raise HomeworkError(Diagnostic("E131", message, file=source.name, help=help))
    return Exam(source, given.get("title"), tuple(specs), given.get("grading"))


def problem_ids(source: Source) -> tuple[str, ...]:
    """The ids of an exam's problems; none of a homework, nor of an exam whose list of problems is wrong."""
    if "problems" not in source.text:
        return ()
    root, found = _composed(source)
    report = Report(source, list(found))
    if not isinstance(root, Pairs) or root.get("problems") is None:
        return ()
    _, listed = _listed(root, report)
    return () if report.diagnostics else tuple(item.id for item in listed)


def _root(source: Source) -> tuple[Pairs, Report]:
    """The mapping of a whole file, and the report that its errors go to."""
    root, found = _composed(source)
    report = Report(source, list(found))
    if root is None and not report.diagnostics:
        start = Scalar("", True, 0, min(1, len(source.text)))
        report.error("E004", f"{source.name} holds nothing but comments", start, "write at least `network:`")
    if (
        root is not None
        and not isinstance(root, Pairs)
        and not (isinstance(root, Scalar) and joined_pair(root, report))
    ):
        message = f"a homework file is a mapping of keys, but {kind_of(root)} stands here"
        report.error("E122", message, root, "start with `inputs:`, `weights:` and `network:`")
    if not isinstance(root, Pairs):
        report.stop_if_wrong()
        raise AssertionError("a root that is no mapping has been reported")
    return root, report


@lru_cache(maxsize=1)
def _composed(source: Source) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The nodes of a text and what is wrong with it; an exam is asked for again for each of its problems."""
    report = Report(source)
    return compose(report), tuple(report.diagnostics)


def _listed(root: Pairs, report: Report) -> tuple[Mapping[str, Any], tuple[Listed, ...]]:
    """An exam's own keys, and its problems; errors go to the report."""
    given = read_mapping(own_keys(root, report), EXAM, Context(report, None, {}, READERS), "an exam") or {}
    return given, given.get("problems", ())


def _problem(listed: Listed, report: Report, folder: Path | None) -> Spec:
    """One problem of an exam. report: of the exam's file."""
    exam = report.source
    if listed.file is None:
        spec = read_homework(listed.node, report, folder, in_exam=True)
        return replace(spec, problem=listed.id, exam=exam.name)
    name = listed.file.text
    try:
        path = located(folder, name, *HOMEWORK_FILES)
    except FileError as error:
        report.error(error.code, error.message, listed.file, error.help)
        report.stop_if_wrong()
        raise AssertionError("an error has been reported") from None
    report.stop_if_wrong()
    source = replace(read_source(path), name=(PurePath(exam.name).parent / name).as_posix())
    root, own = _root(source)
    if root.get("problems") is not None:
        report.error("E131", f"{name} is an exam itself", listed.file, "list its problems here")
        report.stop_if_wrong()
    return replace(read_homework(root, own, path.parent), problem=listed.id, exam=exam.name)


def _not_named(name: str, listed: tuple[Listed, ...]) -> Diagnostic:
    message = f"{name} is an exam, and one of its problems is wanted here"
    path = "give the exam as a file: exam.yaml" if name == "<stdin>" else f"name it: {name}"
    return Diagnostic("E131", message, file=name, help=f"{path}::{listed[0].id}")


def expected_code(source: Source) -> str | None:
    """The error code under `expect` of a file that may have errors, as far as it can be found."""
    root = compose(Report(source))
    if root is None:
        found = re.search(r"^expect:[ \t]+(E[0-9]{3})[ \t\r]*$", source.text, re.MULTILINE)
        return found.group(1) if found else None
    written = root.get("expect") if isinstance(root, Pairs) else None
    return written.text if isinstance(written, Scalar) and written.text in CODES else None
