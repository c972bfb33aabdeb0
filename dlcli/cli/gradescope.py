"""`dlcli gradescope`: a homework as an autograder that can be uploaded."""

from __future__ import annotations

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED


@click.command("gradescope", short_help="Make an autograder for Gradescope.")
@click.argument("homework", metavar="HOMEWORK", type=click.Path(allow_dash=True))
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(), default="autograder.zip", help="The zip (autograder.zip)."
)
@options.together(options.debug)
def command(homework: str, output: str, debug: bool) -> int:
    """Make an autograder for Gradescope.

    \b
    Example:
      dlcli gradescope homework.yaml -o autograder.zip

    The zip holds the homework with its key, dlcli itself and the scripts of the platform; students hand in
    one answer file (`dlcli template`) and the files of code that it names. The same homework gives the same
    bytes. Exit code: 0 written, 2 the file cannot be used.
    """
    del debug
    from dlcli.cli.streams import keep_inputs, write_bytes
    from dlcli.grading.gradescope import autograder
    from dlcli.grading.homework import prepare_source
    from dlcli.homework_files import folder_of, named_file
    from dlcli.spec import read_source

    file, problem = named_file(homework)
    if problem is not None:
        raise click.UsageError(f"an autograder is made of the whole exam; name {file}")
    source, folder = read_source(file), folder_of(file)
    keep_inputs(output, prepare_source(source, folder).files)
    write_bytes(output, autograder(source, folder))
    return PASSED
