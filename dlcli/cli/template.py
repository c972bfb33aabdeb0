"""`dlcli template`: blank forms for students, and the homework without its key."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED


@click.command("template", short_help="Write a blank answer file, or the homework without its key.")
@click.argument("homework", metavar="HOMEWORK", type=click.Path(allow_dash=True))
@click.option("--csv", "header", is_flag=True, help="The header of a CSV for a class.")
@click.option("--code", is_flag=True, help="A stub of the code that is asked for.")
@click.option("--public", is_flag=True, help="The homework without answers, solutions and comments.")
@options.together(options.output, options.plain, options.debug)
def command(homework: str, header: bool, code: bool, public: bool, output: str | None, plain: bool, debug: bool) -> int:
    """Write a blank answer file, or the homework without its key.

    \b
    Example:
      dlcli template homework.yaml -o answers.yaml
      dlcli template homework.yaml --public -o public/homework.yaml

    HOMEWORK is a homework file with questions, or - for standard input. Without an option, an answer file in
    YAML with the questions as comments. Exit code: 0 written, 2 the file cannot be used.
    """
    del debug
    if header + code + public > 1:
        raise click.UsageError("--csv, --code and --public are three files; name one at a time")
    from dlcli.cli.streams import deliver, keep_inputs
    from dlcli.questions.reading import read_all
    from dlcli.render.answer_template import answer_sheet, class_header, code_stub
    from dlcli.render.console import file_medium, medium
    from dlcli.render.public_homework import public_homework
    from dlcli.spec import load, read_source

    keep_inputs(output, [homework])
    source = read_source(homework)
    spec = load(source, None if homework == "-" else Path(homework).resolve().parent)
    questions = read_all(spec)
    title = spec.title or source.name
    if public:
        text = public_homework(source)
    elif code:
        from dlcli.questions.records import Code
        from dlcli.solving import check_spec
        from dlcli.student_code.homework_check import ARGUMENTS

        graph = check_spec(spec).graph
        nodes = {name: graph.nodes[number] for name, number in graph.names.items()}
        arguments = {n: node.shape for n, node in nodes.items() if node.operation is None and node.role in ARGUMENTS}
        asked = [question.task.function for question in questions.questions if isinstance(question.task, Code)]
        text = code_stub(title, list(dict.fromkeys(asked)) or ["backward"], arguments, graph.wrt, graph.loss_name)
    else:
        _needs_questions(questions.questions, source.name)
        full = questions.full_marks
        text = class_header(questions.questions) if header else answer_sheet(title, questions.questions, full)
    on = medium(sys.stdout, plain=plain) if output is None else file_medium(plain)
    deliver(text.encode(on.encoding, "backslashreplace").decode(on.encoding), output, PASSED)
    return PASSED


def _needs_questions(questions: tuple[object, ...], name: str) -> None:
    if not questions:
        from dlcli.errors import Diagnostic, HomeworkError

        message = f"{name} asks no questions, so there is nothing to answer"
        raise HomeworkError(Diagnostic("E407", message, file=name, help="add `questions:`"))
