"""`dlcli grade --check`: what an instructor should know of a homework before a class is marked."""

from __future__ import annotations

import sys

import click

from dlcli.cli.main import PASSED, WRONG


def review_homework(path: str, form: str, output: str | None, *, plain: bool, color: str) -> int:
    """The review of a homework as a table or JSON; 1 where a right answer is not confirmed by all witnesses."""
    from dlcli.cli.streams import deliver, keep_inputs, print_diagnostics
    from dlcli.grading.homework import prepare
    from dlcli.grading.review import review
    from dlcli.render.console import file_medium, medium
    from dlcli.render.documents import as_json
    from dlcli.render.homework_review import review_document, review_text

    if form not in ("table", "json"):
        raise click.UsageError("--check is printed as table or json")
    keep_inputs(output, [path])
    homework = prepare(path)
    print_diagnostics(homework.warnings, plain=plain, color=color)
    remarks = review(homework)
    code = WRONG if any(remark.kind == "witness" for remark in remarks) else PASSED
    on = medium(sys.stdout, plain=plain, color=color) if output is None else file_medium(plain)
    text = as_json(review_document(homework, remarks)) if form == "json" else review_text(homework, remarks, on)
    deliver(text, output, code)
    return code
