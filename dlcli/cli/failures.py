"""What a command that cannot go on says, and the exit code it ends with."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from dlcli.cli.main import OWN_FAULT, UNUSABLE
from dlcli.errors import Diagnostic, DlcliError


def wants_json(args: Sequence[str]) -> bool:
    """Whether the command line asks for a JSON document."""
    pairs = zip(args, [*args[1:], ""], strict=True)
    return any(a == "--format=json" or (a == "--format" and b == "json") for a, b in pairs)


def report_usage(error: click.ClickException, args: Sequence[str]) -> int:
    """A command line that cannot be used: usage and reason, and in JSON mode the document as well."""
    error.show(sys.stderr)
    if wants_json(args):
        _print_error_document([Diagnostic("usage", error.format_message())])
    return UNUSABLE


def report_exception(error: Exception, args: Sequence[str]) -> int:
    """Errors of files that no command caught, and faults of dlcli's own."""
    if isinstance(error, DlcliError):
        report_errors(error, args)
        if wants_json(args):
            _print_error_document(error.diagnostics)
        return UNUSABLE
    diagnostic = report_fault(error, "--debug" in args)
    if wants_json(args):
        _print_error_document([diagnostic])
    return OWN_FAULT


def report_errors(error: DlcliError, args: Sequence[str] = ()) -> None:
    """The diagnostics of an error on standard error."""
    from dlcli.cli.streams import print_diagnostics

    print_diagnostics(error.diagnostics, plain="--ascii" in args)


def report_fault(error: Exception, debug: bool, file: str | None = None) -> Diagnostic:
    """A fault of dlcli's own on standard error: short, the traceback only when asked for."""
    about = f" while it worked on {file}" if file is not None else ""
    kind = type(error).__name__
    summary = f"{kind}: {error}" if str(error) else kind
    message = f"dlcli has made a mistake of its own{about} ({_one_line(summary)})"
    if debug:
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))
    hint = "" if debug else "; `--debug` shows where"
    text = f"{message}.\nYour file is not to blame. Please report it{hint}.\n"
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
    return Diagnostic("internal", message, file=file)


def _one_line(text: str, longest: int = 200) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable if len(printable) <= longest else printable[:longest] + "..."


def _print_error_document(diagnostics: Sequence[Diagnostic]) -> None:
    import json

    from dlcli.render.diagnostics import diagnostic_record

    document = {"schema": "dlcli/error/v1", "errors": [diagnostic_record(d) for d in diagnostics]}
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()
