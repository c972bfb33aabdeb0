"""`dlcli solve`: every value and gradient of homework files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED, WRONG

if TYPE_CHECKING:
    from dlcli.cli.batch import Outcome
    from dlcli.errors import Diagnostic
    from dlcli.render.console import Medium
    from dlcli.render.solution_text import Detail
    from dlcli.solution import Solution


@click.command("solve", short_help="Compute and compare every value and gradient of a homework.")
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
    """Compute and compare every value and gradient of a homework.

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
    from dlcli.cli.streams import keep_inputs, print_diagnostics
    from dlcli.homework_files import each_problem
    from dlcli.render.console import file_medium, medium
    from dlcli.render.solution_text import Detail

    keep_inputs(output, files)
    paths = each_problem(files)

    def work(path: str) -> Solution:
        return solving.solve(path, wrt=wrt, expand=expand, answers=form == "json")

    def found() -> Iterator[Outcome[Solution]]:
        for outcome in outcomes(paths, "solving", work, plain=plain, color=color, debug=debug):
            if outcome.result is not None and not quiet:
                print_diagnostics(outcome.result.warnings, plain=plain, color=color)
            yield outcome

    if form == "json":
        return _as_json(found(), len(paths) > 1, equations, output, strict)
    on = medium(sys.stdout, plain=plain, color=color) if output is None else file_medium(plain)
    detail = None if quiet else Detail(digits, every, equations)
    return _as_tables(found(), detail, on, output, strict)


def _as_tables(
    found: Iterable[Outcome[Solution]], detail: Detail | None, on: Medium, output: str | None, strict: bool
) -> int:
    """Each report as soon as it is there, or all of them in a file; without detail one line a file."""
    from dlcli.cli.streams import deliver, print_result
    from dlcli.render.solution_text import quiet_line, solution_text

    texts: list[str] = []
    worst = PASSED
    for outcome in found:
        solution = outcome.result
        worst = max(worst, outcome.code)
        if solution is None:
            continue
        worst = max(worst, exit_code(solution.verdict, strict))
        text = quiet_line(solution, on) if detail is None else solution_text(solution, detail, on)
        texts.append(text if detail is None or not texts else "\n" + text)
        if output is None:
            print_result(texts[-1])
    if output is not None:
        deliver("".join(texts), output, worst)
    return worst


def _as_json(
    found: Iterable[Outcome[Solution]], several: bool, equations: bool, output: str | None, strict: bool
) -> int:
    """One document; of several files a list."""
    from dlcli.cli.streams import deliver
    from dlcli.render.documents import as_json, error_document, solution_document, solve_list

    documents: list[dict[str, Any]] = []
    errors: list[Diagnostic] = []
    worst = PASSED
    for outcome in found:
        worst = max(worst, outcome.code)
        if outcome.result is None:
            documents.append(error_document(outcome.errors))
            errors += outcome.errors
        else:
            documents.append(solution_document(outcome.result, equations=equations))
            worst = max(worst, exit_code(outcome.result.verdict, strict))
    result = solve_list(documents) if several else documents[0]
    deliver(as_json(result), output, worst, lambda: as_json(error_document(errors)))
    return worst


def exit_code(verdict: str | None, strict: bool) -> int:
    """0 for pass, kink and values without a loss; 1 for fail, and for inconclusive when strict."""
    return WRONG if verdict == "fail" or (strict and verdict == "inconclusive") else PASSED
