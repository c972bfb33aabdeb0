"""`dlcli schema`: the JSON Schema of the homework file."""

from __future__ import annotations

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED


@click.command("schema", short_help="Print the JSON Schema of the homework file.")
@options.output
@options.debug
def command(output: str | None, debug: bool) -> int:
    """Print the JSON Schema of the homework file.

    \b
    Example:
      dlcli schema -o homework.schema.json

    Editors complete and check a homework file that starts with
    `# yaml-language-server: $schema=homework.schema.json`.
    """
    del debug
    import json

    from dlcli.cli.streams import deliver
    from dlcli.spec.schema import json_schema

    deliver(json.dumps(json_schema(), indent=2) + "\n", output, PASSED)
    return PASSED
