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
    from dlcli.render.gradcheck_text import CheckedFile
    from dlcli.solving import FileCheck


@click.command("gradcheck", short_help="Check the gradients of homework files, one line a file.")
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=click.Path(allow_dash=True))
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

    PATH is a homework file, a folder (searched for *.yaml and *.yml, also in its folders) or - for standard
    input. Without a path, the problems that come with dlcli are checked. Exit code: 0 all is right, 1 a
    gradient is wrong, 2 a file cannot be used.
    """
    from dlcli import solving
    from dlcli.cli.batch import outcomes
    from dlcli.cli.streams import deliver, keep_inputs, print_diagnostics
    from dlcli.render.console import file_medium, medium
    from dlcli.render.documents import as_json, error_document
    from dlcli.render.gradcheck_text import CheckedFile, gradcheck_lines, gradcheck_text
    from dlcli.render.solution_text import Detail

    def work(path: str) -> FileCheck:
        return solving.gradcheck(path, wrt=wrt)

    called = _called(paths)
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
                checked.append(CheckedFile(called[outcome.path], check.verdict, check.solution, remark))
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


def _called(paths: tuple[str, ...]) -> dict[str, str]:
    """File -> how the report calls it. Raises click.UsageError for a folder without homework."""
    from dlcli import problem_bank, solving

    if not paths:
        return {str(path): name for name, path in problem_bank.names().items()}
    called: dict[str, str] = {}
    for path in paths:
        found = solving.find_homework([path])
        if not found and Path(path).is_dir():
            raise click.UsageError(f"there is no homework (*.yaml, *.yml) in '{path}'")
        called |= {file: file for file in found}
    return called


def _document(check: FileCheck) -> dict[str, Any]:
    from dlcli.render.documents import solution_document

    if check.solution is not None:
        document = solution_document(check.solution, values=False)
        return {**document, "verdict": check.verdict}
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
