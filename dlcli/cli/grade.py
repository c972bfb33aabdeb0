"""`dlcli grade`: answers marked, for one student or a class."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from dlcli.cli import options

if TYPE_CHECKING:
    from dlcli.grading.class_report import Threshold

FORMATS = ("table", "json", "csv", "markdown", "junit", "github", "gradescope")
BY_ENDING = {".csv": "csv", ".json": "json", ".md": "markdown", ".xml": "junit"}
_NUMBER = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})\s*(%?)\s*")


def _names(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    del ctx, parameter
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _reports(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """`junit=out.xml` as ("junit", "out.xml")."""
    found = []
    for text in given:
        form, equals, path = text.partition("=")
        if not equals or not path or form not in FORMATS:
            message = f"'{text}' is not FORMAT=FILE with one of {', '.join(FORMATS)}, such as junit=report.xml"
            raise click.BadParameter(message, ctx, parameter)
        found.append((form, path))
    return tuple(found)


def _threshold(ctx: click.Context, parameter: click.Parameter, given: str | None) -> Threshold | None:
    """`60%` of the full marks, or `12.5` points."""
    if given is None:
        return None
    from dlcli.grading.class_report import Threshold

    found = _NUMBER.fullmatch(given)
    number = Fraction(found.group(1)) if found else Fraction(-1)
    if not found or (found.group(2) and number > 100):
        raise click.BadParameter(f"'{given}' is neither a share such as 60% nor points such as 12.5", ctx, parameter)
    return Threshold(share=number / 100) if found.group(2) else Threshold(points=number)


@click.command("grade", short_help="Mark answers: one student's, or a class's.")
@click.argument("homework", metavar="HOMEWORK", type=click.Path(allow_dash=True))
@click.argument("answers", metavar="ANSWERS...", nargs=-1, type=click.Path(allow_dash=True))
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", metavar="FORMAT", help=f"{', '.join(FORMATS)}."
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write to FILE; its ending tells how.")
@click.option(
    "--report",
    "reports",
    metavar="FORMAT=FILE",
    multiple=True,
    callback=_reports,
    help="One more report; again for more.",
)
@click.option("--check", "checking", is_flag=True, help="Say what is ambiguous in HOMEWORK; mark nothing.")
@click.option("--items", is_flag=True, help="How often each question and each mistake occurred, instead of marks.")
@click.option("--feedback", metavar="DIR", type=click.Path(), help="Write a file for each student into DIR.")
@click.option("--feedback-format", type=click.Choice(["markdown", "html"]), default="markdown", help="Its format.")
@click.option("--marks", metavar="FILE", type=click.Path(), help="A CSV of points given by hand.")
@click.option("--students", metavar="NAME", multiple=True, callback=_names, help="Only these; again, or a,b.")
@click.option("--reveal", is_flag=True, help="Show expected values and solutions.")
@click.option("--fail-under", metavar="MARKS", callback=_threshold, help="Exit with 1 below 60% or 12 points (100%).")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever the marks.")
@click.option("--jobs", metavar="N", type=click.IntRange(1, 256), help="Processes; by default what the class needs.")
@click.option("--cluster", metavar="ADDRESS", help="Mark on the Dask cluster with this scheduler.")
@click.option("--resume", is_flag=True, help="Go on with a run that was ended; needs -o.")
@options.together(options.every, options.plain, options.quiet, options.color, options.strict, options.debug)
@click.pass_context
def command(
    ctx: click.Context,
    homework: str,
    answers: tuple[str, ...],
    form: str,
    output: str | None,
    reports: tuple[tuple[str, str], ...],
    checking: bool,
    items: bool,
    feedback: str | None,
    feedback_format: str,
    marks: str | None,
    students: tuple[str, ...],
    reveal: bool,
    fail_under: Threshold | None,
    exit_zero: bool,
    jobs: int | None,
    cluster: str | None,
    resume: bool,
    every: bool,
    plain: bool,
    quiet: bool,
    color: str,
    strict: bool,
    debug: bool,
) -> int:
    """Mark answers: one student's, or a class's.

    \b
    Example:
      dlcli grade homework.yaml answers/s1024.yaml
      dlcli grade homework.yaml answers/ -o grades.csv --feedback feedback/
      dlcli grade homework.yaml class.csv --format markdown --fail-under 60%

    ANSWERS are answer files, folders of them (*.yaml, *.yml), a CSV of a class, or - for standard input.
    Before a class is marked, `dlcli grade --check homework.yaml` checks every question's own answer by all
    witnesses, and says which answers are 0, the same as another's, or what a classic mistake gives as well.
    With -o, what has been marked is kept beside FILE until the run is complete, so that --resume can go on.
    Exit code: 0 all marks reach --fail-under, 1 some do not, 2 a file cannot be used, 70 a fault of dlcli's
    own, 130 interrupted.
    """
    if output is not None and ctx.get_parameter_source("form") is ParameterSource.DEFAULT:
        form = next((known for ending, known in BY_ENDING.items() if output.lower().endswith(ending)), form)
    if checking:
        if answers:
            raise click.UsageError("--check looks at the homework alone; leave the answers out")
        from dlcli.cli.homework_review import review_homework

        return review_homework(homework, form, output, plain=plain, color=color)
    if not answers:
        raise click.UsageError("Missing argument 'ANSWERS...': name answer files, a folder or a CSV, or use --check")
    if resume and output is None:
        raise click.UsageError("--resume goes on with the journal beside a result; name the result with -o")
    if homework == "-" and "-" in answers:
        raise click.UsageError("homework and answers cannot both come from standard input")
    if items and form not in ("table", "json", "markdown"):
        raise click.UsageError("--items is printed as table, json or markdown")
    if cluster is not None and jobs is not None:
        raise click.UsageError("--jobs is for this machine, --cluster for others; name one of them")
    from dlcli.cli.class_grading import Exit, Task, grade_class
    from dlcli.cli.class_reports import Wanted

    task = Task(homework, answers, students, marks, jobs, cluster, resume, reveal, debug)
    wanted = Wanted(form, output, reports, items, feedback, feedback_format, every, plain, quiet, color)
    return grade_class(task, wanted, Exit(fail_under, exit_zero, strict), sys.stdout)
