"""`dlcli gradcheck`: the gradients of many homework files, one line each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dlcli.cli import options
from dlcli.cli.main import INTERRUPTED, PASSED, UNUSABLE
from dlcli.cli.solve import exit_code

if TYPE_CHECKING:
    from dlcli.errors import Diagnostic
    from dlcli.file_check import FileCheck
    from dlcli.render.gradcheck_text import CheckedFile


@click.command("gradcheck", short_help="Check the gradients of homework files, one line a file.")
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--explain", metavar="ENTRY", multiple=True, help="Show the evidence for w13 or W1[0,1]; again for more.")
@click.option("--plot", metavar="ENTRY", help="Draw its error against the step; -o FILE as .svg or .png.")
@click.option("--full", is_flag=True, help="Finite differences at every entry of large arrays.")
@click.option("--probe", "probing", is_flag=True, help="Check at generic numbers too; list what the file's own hide.")
@click.option("--self", "itself", is_flag=True, help="Check the engines themselves on this machine.")
@options.wrt
@options.digits
@options.together(
    options.every,
    options.format_,
    options.output,
    options.plain,
    options.quiet,
    options.color,
    options.strict,
)
@options.debug
def command(
    paths: tuple[str, ...],
    explain: tuple[str, ...],
    plot: str | None,
    full: bool,
    probing: bool,
    itself: bool,
    wrt: tuple[str, ...],
    digits: int,
    every: bool,
    form: str,
    output: str | None,
    plain: bool,
    quiet: bool,
    color: str,
    strict: bool,
    debug: bool,
) -> int:
    """Check the gradients of homework files, one line a file.

    \b
    Example:
      dlcli gradcheck homework/
      dlcli gradcheck homework.yaml --explain 'W1[0,1]'
      dlcli gradcheck student.py::backward homework.yaml

    PATH is a homework file, a folder (searched for *.yaml and *.yml, also in its folders) or - for standard
    input. Without a path, the problems that come with dlcli are checked. --explain and --plot take one file
    and tell about one entry: all that its verdict rests on, and the V-shaped error of its finite difference.
    student.py::backward (or ::forward) runs that function at the homework's numbers and at fresh ones, within
    limits and apart from dlcli; student.py alone checks backward() against loss() at what example() returns.
    --self takes no file: it holds every operation's forward, backward, definition and complex step against
    each other. Exit code: 0 all is right, 1 a gradient is wrong, 2 a file cannot be used.
    """
    from dlcli.cli.evidence import Wanted, check_entries, check_self

    wanted = Wanted(form, output, digits, every, plain, quiet, color)
    if itself:
        if paths or explain or plot or wrt or full or probing:
            raise click.UsageError("--self checks dlcli itself: it takes no file, no entry, no other option of a check")
        return check_self(wanted)
    if any("::" in path or path.lower().endswith(".py") for path in paths) and _names_code(paths):
        from dlcli.cli.code_check import check_codes

        if explain or plot or full or probing:
            raise click.UsageError("--explain, --plot, --full and --probe are for homework files, not for code")
        return check_codes(paths, wrt, strict, debug, wanted)
    called = _called(paths)
    if explain or plot is not None:
        if not paths or len(called) != 1:
            option = "--explain" if explain else "--plot"
            raise click.UsageError(f"{option} tells about an entry of one file; name one FILE")
        if probing:
            raise click.UsageError("--probe checks other numbers than the file's: leave out --explain and --plot")
        return check_entries(next(iter(called)), explain, plot, wrt, full, strict, wanted)
    from dlcli import file_check
    from dlcli.cli.batch import outcomes
    from dlcli.cli.streams import deliver, keep_inputs, print_diagnostics
    from dlcli.render.console import file_medium, medium
    from dlcli.render.documents import as_json, error_document
    from dlcli.render.gradcheck_text import CheckedFile, gradcheck_lines, gradcheck_text
    from dlcli.render.solution_text import Detail

    def work(path: str) -> FileCheck:
        return file_check.gradcheck(path, wrt=wrt, full=full, probe=probing)

    keep_inputs(output, called)
    documents: list[dict[str, Any]] = []
    errors: list[Diagnostic] = []
    checked: list[CheckedFile] = []
    worst = PASSED
    try:
        for outcome in outcomes(list(called), "checking", work, plain=plain, color=color, debug=debug):
            check, found = outcome.result, outcome.errors
            code = outcome.code
            if check is not None and check.error is not None and check.expected is None:
                found, code = check.error.diagnostics, UNUSABLE
                print_diagnostics(found, plain=plain, color=color)
            if check is None or code >= UNUSABLE:
                errors += found
                documents.append(error_document(found))
                codes = ", ".join(dict.fromkeys(diagnostic.code for diagnostic in found))
                checked.append(CheckedFile(called[outcome.path], "error", None, codes))
            else:
                code = exit_code(
                    check.verdict, strict and check.solution is not None and check.solution.loss is not None
                )
                documents.append(_document(check))
                remark = f"expected {check.expected}" if check.expected else ""
                checked.append(
                    CheckedFile(
                        called[outcome.path], check.verdict, check.solution, remark, check.probe, check.questions
                    )
                )
                if check.solution is not None and not quiet:
                    print_diagnostics(check.solution.warnings, plain=plain, color=color)
            worst = max(worst, code)
    except KeyboardInterrupt:
        sys.stderr.write(f"interrupted after {len(checked)} of {len(called)} files\n")
        worst = INTERRUPTED
    on = medium(sys.stdout, plain=plain, color=color) if output is None else file_medium(plain)
    if form == "json":
        document = {"schema": "dlcli/gradcheck/v1", "verdict": _overall(checked), "results": documents}
        deliver(as_json(document), output, worst, lambda: as_json(error_document(errors)))
    else:
        text = gradcheck_lines(checked, on) if quiet else gradcheck_text(checked, Detail(digits, every), on)
        deliver(text, output, worst, lambda: text)
    return worst


def _names_code(paths: tuple[str, ...]) -> bool:
    from dlcli.student_code.target import is_code

    return any(is_code(path) for path in paths)


def _called(paths: tuple[str, ...]) -> dict[str, str]:
    """File -> how the report calls it. Raises click.UsageError for a folder without homework."""
    from dlcli import problem_bank
    from dlcli.homework_files import each_problem, find_homework

    if not paths:
        return {str(path): name for name, path in problem_bank.names().items()}
    called: dict[str, str] = {}
    for path in paths:
        found = each_problem(find_homework([path]))
        if not found and Path(path).is_dir():
            raise click.UsageError(f"there is no homework (*.yaml, *.yml) in '{path}'")
        called |= {file: file for file in found}
    return called


def _document(check: FileCheck) -> dict[str, Any]:
    from dlcli.render.documents import solution_document

    if check.solution is not None:
        document = solution_document(check.solution, values=False)
        document["verdict"] = check.verdict
        if check.questions:
            document["questions"] = {
                question: [{"derivative": item.text, "verdict": item.verdict} for item in doubtful]
                for question, doubtful in check.questions.items()
            }
        if check.probe is not None:
            from dlcli.render.probe_text import probe_document

            document["probe"] = probe_document(check.probe)
        return document
    return {
        "schema": "dlcli/solve/v1",
        "file": check.file,
        "title": None,
        "verdict": check.verdict,
        "expected": check.expected,
        "loss": None,
        "gradients": {},
    }


def _overall(checked: list[CheckedFile]) -> str:
    """The worst verdict; a file that cannot be used leaves the check inconclusive at best."""
    from dlcli.comparison import VERDICTS

    verdicts = ["inconclusive" if file.verdict == "error" else file.verdict for file in checked]
    return max(verdicts, key=VERDICTS.index, default="inconclusive")
