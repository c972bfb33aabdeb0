"""What `dlcli gradcheck` shows besides verdicts: the evidence for entries, a picture, the engines' self-check."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from dlcli.cli.main import PASSED, WRONG
from dlcli.cli.solve import exit_code

if TYPE_CHECKING:
    from dlcli.evidence import EntryEvidence
    from dlcli.render.console import Medium
    from dlcli.solution import Solution
    from dlcli.step_errors import StepErrors

PICTURES = (".svg", ".png")


@dataclass(frozen=True)
class Wanted:
    """How a result is printed and where it goes, as the options say."""

    form: str
    output: str | None
    digits: int
    every: bool
    plain: bool
    quiet: bool
    color: str

    def medium(self) -> Medium:
        """What the text is printed on: standard output, or the file `output`."""
        from dlcli.render.console import file_medium, medium

        if self.output is not None:
            return file_medium(self.plain)
        return medium(sys.stdout, plain=self.plain, color=self.color)


def check_self(wanted: Wanted) -> int:
    """The report of the self-check; 1 where a law fails."""
    from dlcli.cli.streams import deliver
    from dlcli.render.documents import as_json
    from dlcli.render.self_check_text import self_check_document, self_check_line, self_check_text
    from dlcli.self_check import self_check

    found = self_check()
    code = PASSED if found.passed else WRONG
    on = wanted.medium()
    if wanted.form == "json":
        text = as_json(self_check_document(found))
    else:
        text = self_check_line(found, on) if wanted.quiet else self_check_text(found, wanted.every, on)
    deliver(text, wanted.output, code)
    return code


def check_entries(
    path: str, explain: Sequence[str], plot: str | None, wrt: Sequence[str], full: bool, strict: bool, wanted: Wanted
) -> int:
    """The line of one file, the evidence for the entries to explain, and the picture of one.

    Names that do not fit are errors before anything is computed. The exit code is that of the verdict on the file.
    """
    from dlcli import solving
    from dlcli.cli.streams import keep_inputs, print_diagnostics
    from dlcli.entry_names import named_entry
    from dlcli.evidence import entry_evidence
    from dlcli.step_errors import step_errors

    picture = _picture(wanted.output) if plot is not None else None
    keep_inputs(wanted.output, [path])
    checked = solving.check(path, wrt)
    if checked.graph.loss is None:
        raise click.UsageError(f"'{path}' names no loss, so there is no gradient to explain")
    base = checked.spec.index_base
    entries = [named_entry(written, checked.graph, base) for written in explain]
    drawn = None if plot is None else named_entry(plot, checked.graph, base)
    if not wanted.quiet:
        print_diagnostics(checked.warnings, plain=wanted.plain, color=wanted.color)
    solution = solving.solve_checked(checked, full=full)
    found = {
        entry: entry_evidence(solution, *entry) for entry in dict.fromkeys([*entries, *([drawn] if drawn else [])])
    }
    curve = None
    if drawn is not None:
        curve = step_errors(solution, found[drawn])
        if curve is None:
            reason = "no step gives a finite difference, or there is no slope to hold it against"
            raise click.ClickException(f"there is nothing to draw for {plot}: {reason}")
    shown = [found[entry] for entry in dict.fromkeys(entries)]
    code = exit_code(solution.verdict, strict)
    _deliver(path, solution, shown, curve, picture, wanted, code)
    return code


def _picture(output: str | None) -> str | None:
    """The ending of the picture's file, None where it is drawn in characters."""
    if output is None:
        return None
    ending = os.path.splitext(output)[1].lower()
    if ending not in PICTURES:
        raise click.UsageError(f"--plot draws {' or '.join(PICTURES)}: '{output}' does not end in one of them")
    if ending == ".png":
        from importlib.util import find_spec

        if find_spec("matplotlib") is None:
            raise click.UsageError(
                "a .png needs matplotlib, which is not installed: pip install matplotlib, or write an .svg"
            )
    return ending


def _deliver(
    path: str,
    solution: Solution,
    shown: Sequence[EntryEvidence],
    curve: StepErrors | None,
    picture: str | None,
    wanted: Wanted,
    code: int,
) -> None:
    from dlcli.cli.streams import deliver, print_result, write_bytes
    from dlcli.render.difference_png import difference_png
    from dlcli.render.difference_svg import difference_svg

    if picture is not None and curve is not None and wanted.output is not None:
        title = _title(path, solution, curve)
        drawn = difference_png(curve, title) if picture == ".png" else difference_svg(curve, title).encode("utf-8")
        write_bytes(wanted.output, drawn)
        print_result(_report(path, solution, shown, None, wanted, curve))
    else:
        deliver(_report(path, solution, shown, curve, wanted, curve), wanted.output, code)


def _title(path: str, solution: Solution, curve: StepErrors) -> str:
    from dlcli.render.verdicts import entry_name

    return f"{entry_name(curve.name, curve.entry, curve.index_base)} of {solution.title or path}"


def _report(
    path: str,
    solution: Solution,
    shown: Sequence[EntryEvidence],
    drawn: StepErrors | None,
    wanted: Wanted,
    curve: StepErrors | None,
) -> str:
    """drawn: the curve to draw in characters; curve: whose numbers go into a document."""
    from dlcli.render.difference_text import curve_text
    from dlcli.render.documents import as_json
    from dlcli.render.evidence_text import evidence_text
    from dlcli.render.gradcheck_text import CheckedFile, gradcheck_lines

    if wanted.form == "json":
        return as_json(_document(solution, shown, curve))
    on = wanted.medium()
    line = gradcheck_lines([CheckedFile(path, solution.verdict or "inconclusive", solution)], on)
    if wanted.quiet:
        return line
    if solution.points and (shown or drawn is not None):
        line += f"The numbers below are those at random point 1 of {len(solution.points)}.\n"
    parts = [evidence_text(evidence, wanted.digits, on) for evidence in shown]
    return "\n".join([line, *parts, *([] if drawn is None else [curve_text(drawn, on)])])


def _document(solution: Solution, shown: Sequence[EntryEvidence], curve: StepErrors | None) -> dict[str, Any]:
    from dlcli.render.difference_curve import curve_document
    from dlcli.render.documents import solution_document
    from dlcli.render.evidence_text import evidence_document

    result = solution_document(solution, values=False)
    if shown:
        result["evidence"] = [evidence_document(evidence) for evidence in shown]
    if curve is not None:
        result["curve"] = curve_document(curve)
    return {"schema": "dlcli/gradcheck/v1", "verdict": solution.verdict, "results": [result]}
