"""`dlcli check`: is a homework file right? Without derivatives."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED

if TYPE_CHECKING:
    from dlcli.solving import Checked


@click.command("check", short_help="Validate homework files quickly, without derivatives.")
@options.files
@options.together(options.plain, options.quiet, options.color, options.debug)
def command(files: tuple[str, ...], plain: bool, quiet: bool, color: str, debug: bool) -> int:
    """Validate homework files quickly, without derivatives.

    \b
    Example:
      dlcli check homework.yaml

    FILE is a homework file, or - for standard input. Reads the file, settles every shape and runs the forward
    pass. Exit code: 0 the file is right, 2 it has errors.
    """
    from dlcli.cli.batch import outcomes
    from dlcli.cli.streams import print_diagnostics, print_result
    from dlcli.homework_files import each_problem
    from dlcli.render.console import medium
    from dlcli.render.text import visible
    from dlcli.spec.questions import ungraded

    on = medium(sys.stdout, plain=plain, color=color)
    worst = PASSED
    paths = each_problem(files)
    for outcome in outcomes(paths, "checking", _checked, plain=plain, color=color, debug=debug, forgiving=True):
        worst = max(worst, outcome.code)
        if outcome.expected is not None:
            print_result(visible(f"{outcome.path}: fine (expected {outcome.expected})", on) + "\n")
        if outcome.result is not None:
            if not quiet:
                found = outcome.result.warnings + ungraded(outcome.result.spec)
                print_diagnostics(found, plain=plain, color=color)
            print_result(visible(f"{outcome.result.spec.name}: fine ({_contents(outcome.result)})", on) + "\n")
    return worst


def _checked(path: str) -> Checked:
    """The homework, its questions checked too. Raises HomeworkError."""
    from dlcli import solving
    from dlcli.questions.key import answer_key
    from dlcli.questions.reading import read_all

    checked = solving.check(path)
    if "questions" in checked.spec.extra and checked.spec.symbols:
        read_all(checked.spec)
    elif "questions" in checked.spec.extra:
        answer_key(checked.lowered, checked.graph)
    return checked


def _contents(checked: Checked) -> str:
    """`2 layers, 3 equations, 9 weights`."""
    from math import prod

    from dlcli.render.text import counted
    from dlcli.spec.records import EquationItem

    network, graph = checked.spec.network, checked.graph
    equations = sum(isinstance(item, EquationItem) for item in network)
    weights = sum(prod(node.shape) for node in graph.nodes if node.role in ("weight", "bias"))
    parts = [(len(network) - equations, "layer"), (equations, "equation"), (weights, "weight")]
    return ", ".join(counted(count, noun) for count, noun in parts if count) or "values only"
