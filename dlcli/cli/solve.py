"""`dlcli solve`: every value and gradient of homework files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED, WRONG

if TYPE_CHECKING:
    from dlcli.errors import Diagnostic
    from dlcli.solution import Solution


@click.command("solve", short_help="Compute every value and gradient of a homework, and compare them.")
@options.files
@click.option("--equations", is_flag=True, help="Print the equations that layers stand for.")
@options.wrt
@options.digits
@click.option("--expand", is_flag=True, help="Gradients also as formulas in inputs and weights alone.")
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
    files: tuple[str, ...],
    equations: bool,
    wrt: tuple[str, ...],
    digits: int,
    expand: bool,
    every: bool,
    form: str,
    output: str | None,
    plain: bool,
    quiet: bool,
    color: str,
    strict: bool,
    debug: bool,
) -> int:
    """Compute every value and gradient of a homework, and compare them.

    \b
    Example:
      dlcli problems copy cse471 homework.yaml
      dlcli solve homework.yaml

    FILE is a homework file, or - for standard input. The gradients come from a NumPy backward pass, from
    SymPy, by complex step and by finite differences. Exit code: 0 all agree, 1 something is wrong, 2 a file
    cannot be used.
    """
    from dlcli import solving
    from dlcli.cli.batch import outcomes
    from dlcli.cli.streams import deliver, print_diagnostics, print_result
    from dlcli.render.console import file_medium, medium
    from dlcli.render.documents import as_json, error_document, solution_document, solve_list
    from dlcli.render.solution_text import Detail, quiet_line, solution_text

    def work(path: str) -> Solution:
        return solving.solve(path, wrt=wrt, expand=expand)

    on = medium(sys.stdout, plain=plain, color=color) if output is None else file_medium(plain)
    detail = Detail(digits, every, equations)
    documents: list[dict[str, Any]] = []
    errors: list[Diagnostic] = []
    texts: list[str] = []
    worst = PASSED
    for outcome in outcomes(files, "solving", work, plain=plain, color=color, debug=debug):
        solution = outcome.result
        worst = max(worst, outcome.code)
        if solution is None:
            documents.append(error_document(outcome.errors))
            errors += outcome.errors
            continue
        worst = max(worst, exit_code(solution.verdict, strict))
        if not quiet:
            print_diagnostics(solution.warnings, plain=plain, color=color)
        if form == "json":
            documents.append(solution_document(solution, equations=equations))
            continue
        text = quiet_line(solution, on) if quiet else solution_text(solution, detail, on)
        texts.append(text if quiet or not texts else "\n" + text)
        if output is None:
            print_result(texts[-1])
    if form == "json":
        result = documents[0] if len(files) == 1 else solve_list(documents)
        deliver(as_json(result), output, worst, lambda: as_json(error_document(errors)))
    elif output is not None:
        deliver("".join(texts), output, worst)
    return worst


def exit_code(verdict: str | None, strict: bool) -> int:
    """0 for pass, kink and values without a loss; 1 for fail, and for inconclusive when strict."""
    return WRONG if verdict == "fail" or (strict and verdict == "inconclusive") else PASSED
