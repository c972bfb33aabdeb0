"""The reports that were asked for, on standard output and in files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

from dlcli.cli.class_outputs import Output, joined, write_outputs
from dlcli.cli.streams import print_result
from dlcli.errors import Diagnostic, UsageError
from dlcli.grading.class_report import ClassReport
from dlcli.grading.records import Graded
from dlcli.questions.records import Question
from dlcli.render.console import Medium, file_medium, medium
from dlcli.render.graded_csv import class_csv
from dlcli.render.graded_feedback import feedback_html, file_names
from dlcli.render.graded_github import class_github
from dlcli.render.graded_gradescope import class_gradescope
from dlcli.render.graded_json import class_json, items_json
from dlcli.render.graded_junit import class_junit
from dlcli.render.graded_markdown import class_markdown, feedback_markdown, items_markdown
from dlcli.render.graded_table import class_line, class_table, items_report

Page = Callable[[Graded, ClassReport, Mapping[str, Question], bool], Iterator[str]]

RENDERERS = {
    "json": class_json,
    "csv": class_csv,
    "markdown": class_markdown,
    "junit": class_junit,
    "github": class_github,
    "gradescope": class_gradescope,
}
ITEMS = {"json": items_json, "markdown": items_markdown}
ENDINGS = {"markdown": "md", "html": "html"}


@dataclass(frozen=True)
class Wanted:
    """What is written, and where. reports: pairs of format and file, beside the result in `output`."""

    form: str
    output: str | None = None
    reports: tuple[tuple[str, str], ...] = ()
    items: bool = False
    feedback: str | None = None
    feedback_format: str = "markdown"
    every: bool = False
    plain: bool = False
    quiet: bool = False
    color: str = "auto"

    @property
    def forms(self) -> tuple[str, ...]:
        return (self.form, *(form for form, _ in self.reports))


def refuse_several(wanted: Wanted) -> None:
    """Raises UsageError (E424) where a report is of one student by its nature."""
    if "gradescope" in wanted.forms:
        message = "Gradescope's results.json is of one student, and these are several"
        help = "name one answer file; `dlcli gradescope` makes the autograder that does so"
        raise UsageError(Diagnostic("E424", message, help=help))


def write_reports(report: ClassReport, wanted: Wanted, reveal: bool, out: TextIO) -> None:
    """All files at once, then standard output. Raises UsageError (E424), click.ClickException."""
    if len(report.students) != 1:
        refuse_several(wanted)
    outputs = list(_feedback(report, wanted, reveal))
    for form, path in wanted.reports:
        outputs.append(Output(path, _pieces(report, form, False, wanted, file_medium(wanted.plain))))
    if wanted.output is not None:
        pieces = _pieces(report, wanted.form, wanted.items, wanted, file_medium(wanted.plain))
        outputs.append(Output(wanted.output, pieces))
    write_outputs(outputs)
    if wanted.output is None:
        on = medium(out, plain=wanted.plain, color=wanted.color)
        for piece in joined(_pieces(report, wanted.form, wanted.items, wanted, on)):
            print_result(piece.encode(on.encoding, "backslashreplace").decode(on.encoding))


def _pieces(report: ClassReport, form: str, items: bool, wanted: Wanted, on: Medium) -> Iterator[str]:
    if form == "table":
        if items:
            return items_report(report, on)
        return class_line(report, on) if wanted.quiet else class_table(report, on, wanted.every)
    return ITEMS[form](report) if items else RENDERERS[form](report)


def _feedback(report: ClassReport, wanted: Wanted, reveal: bool) -> Iterator[Output]:
    if wanted.feedback is None:
        return
    page = feedback_html if wanted.feedback_format == "html" else feedback_markdown
    questions = {question.id: question for question in report.questions}
    names = file_names((graded.student for graded in report.students), ENDINGS[wanted.feedback_format])
    for place, name in enumerate(names):
        path = os.path.join(wanted.feedback, name)
        yield Output(path, _page(page, report, place, questions, reveal))


def _page(page: Page, report: ClassReport, place: int, about: Mapping[str, Question], reveal: bool) -> Iterator[str]:
    """The text of one student, who is read from the journal only when it is written."""
    yield from page(report.students[place], report, about, reveal)
