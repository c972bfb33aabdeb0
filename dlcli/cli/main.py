"""The group of commands, each loaded when it is called; exceptions become exit codes here alone."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from dlcli import __version__

COMMANDS = {
    "solve": "Compute and compare every value and gradient of a homework.",
    "train": "Train the weights of a homework by its optimizer.",
    "gradcheck": "Check the gradients of homework files, one line a file.",
    "grade": "Mark answers: one student's, or a class's.",
    "template": "Write a blank answer file, or the homework without its key.",
    "gradescope": "Make an autograder for Gradescope.",
    "inspect": "Report on sizes, costs, gradients and redundancies of a network.",
    "check": "Validate homework files quickly, without derivatives.",
    "problems": "List, show or copy the homework that comes with dlcli.",
    "ops": "Print the formula sheet of all operations.",
    "schema": "Print the JSON Schema of the homework file.",
    "explain": "Explain an error code, or a classic mistake.",
}

PASSED, WRONG, UNUSABLE, OWN_FAULT, INTERRUPTED, READER_GONE = 0, 1, 2, 70, 130, 141


class Commands(click.Group):
    """A group that knows its commands by name and imports a command's file when it is called.

    click offers no other way to load a command late than a subclass.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(f"dlcli.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from dlcli.errors import did_you_mean

            near = did_you_mean(name, COMMANDS)
            raise click.UsageError(f"there is no command '{name}'" + (f"; {near}" if near else ""), ctx)
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> int:
        """Runs a command and ends the process with its exit code (returns the code unless standalone)."""
        given = list(sys.argv[1:] if args is None else args)
        extra.setdefault("terminal_width", _help_width())
        code = _run(super().main, given, prog_name or "dlcli", complete_var, extra)
        if standalone_mode:
            sys.exit(code)
        return code


def _run(call: Any, args: list[str], prog_name: str, complete_var: str | None, extra: dict[str, Any]) -> int:
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the rest of the process
    if sys.stdout is None:
        sys.stderr.write("Error: standard output is closed\n")
        return UNUSABLE
    try:
        code = call(args, prog_name, complete_var, standalone_mode=False, **extra)
        return code if isinstance(code, int) else PASSED
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except click.ClickException as error:
        from dlcli.cli.failures import report_usage

        return report_usage(error, args)
    except BrokenPipeError:
        return _reader_gone()
    except SystemExit as end:
        # click ends this way after shell completion (0), and when nobody reads its output any more (1)
        return _reader_gone() if end.code == 1 else end.code if isinstance(end.code, int) else PASSED
    except Exception as error:
        from dlcli.cli.failures import report_exception

        return report_exception(error, args)


def _help_width() -> int:
    """Columns of help texts, at most 80: click would load shutil and its compressors to find out."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns) > 0:
        return min(int(columns), 80) - 2
    try:
        return max(min(os.get_terminal_size(1).columns, 80) - 2, 50)
    except OSError:
        return 78


def _reader_gone() -> int:
    """`dlcli … | head`: ends quietly, as the signal SIGPIPE would."""
    discard_output()
    return READER_GONE


def discard_output() -> None:
    """What standard output still holds goes nowhere, so that the end of the process cannot fail on it."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: dlcli problems copy cse471 homework.yaml && dlcli solve homework.yaml",
)
@click.version_option(__version__, prog_name="dlcli", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Solve, check and grade neural-network homework.

    One YAML file describes a network; dlcli computes every output and gradient by independent ways and
    compares them.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """The console script."""
    cli.main()
