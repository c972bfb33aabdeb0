"""`dlcli problems`: the homework that comes with dlcli, listed, shown, copied."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from dlcli.cli import options
from dlcli.cli.main import PASSED


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    del ctx, parameter
    from dlcli import problem_bank

    return [CompletionItem(name) for name in problem_bank.names() if incomplete in name]


@click.group(
    "problems",
    invoke_without_command=True,
    short_help="List, show or copy the homework that comes with dlcli.",
)
@click.pass_context
def command(ctx: click.Context) -> int | None:
    """List, show or copy the homework that comes with dlcli.

    \b
    Example:
      dlcli problems copy cse471 homework.yaml
    """
    return ctx.invoke(list_) if ctx.invoked_subcommand is None else None


@command.command("list")
@options.plain
@options.debug
def list_(plain: bool = False, debug: bool = False) -> int:
    """List the problems with title and source.

    \b
    Example:
      dlcli problems list
    """
    del debug
    from dlcli import problem_bank
    from dlcli.cli.streams import print_result
    from dlcli.render.console import medium
    from dlcli.render.problem_list import problem_list

    print_result(problem_list(problem_bank.bundled(), medium(sys.stdout, plain=plain)))
    return PASSED


@command.command("show")
@click.argument("name", metavar="NAME", shell_complete=_complete)
@options.plain
@options.debug
def show(name: str, plain: bool, debug: bool) -> int:
    """Print a problem's homework file.

    \b
    Example:
      dlcli problems show cse471
    """
    del debug
    from dlcli import problem_bank
    from dlcli.cli.streams import print_result
    from dlcli.render.console import medium
    from dlcli.render.text import visible_lines

    text = problem_bank.find_problem(name).path.read_text(encoding="utf-8")
    print_result(visible_lines(text, medium(sys.stdout, plain=plain)) + "\n")
    return PASSED


@command.command("copy")
@click.argument("name", metavar="NAME", shell_complete=_complete)
@click.argument("file", metavar="[FILE]", required=False, type=click.Path())
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@options.debug
def copy(name: str, file: str | None, force: bool, debug: bool) -> int:
    """Copy a problem, with the files of numbers that it needs.

    \b
    Example:
      dlcli problems copy cse471 homework.yaml

    FILE is the new file or a folder; without it, the file keeps its name and comes here.
    """
    del debug
    from dlcli import problem_bank
    from dlcli.cli.streams import print_result, write_bytes

    problem = problem_bank.find_problem(name)
    target = Path(problem.path.name if file is None else file)
    if target.is_dir():
        target = target / problem.path.name
    pairs = [(problem.path, target)]
    folder = problem.path.parent.resolve()
    pairs += [(path, target.parent / path.relative_to(folder)) for path in problem_bank.companions(problem.path)]
    existing = [str(new) for _, new in pairs if new.exists()]
    if existing and not force:
        raise click.UsageError(f"'{existing[0]}' exists; --force overwrites it")
    for path, new in pairs:
        write_bytes(str(new), path.read_bytes())
        print_result(f"{new}\n")
    return PASSED
