"""`dlcli template`: blank forms for students, and the homework without its key."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from dlcli.cli import options
from dlcli.cli.main import PASSED

if TYPE_CHECKING:
    from dlcli.spec.records import Spec


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
    from dlcli.homework_files import folder_of, named_file
    from dlcli.questions.reading import read_all
    from dlcli.questions.records import full_marks
    from dlcli.render.answer_template import answer_sheet, class_header
    from dlcli.render.console import file_medium, medium
    from dlcli.render.public_homework import public_homework
    from dlcli.spec import load, load_all, read_source

    file, problem = named_file(homework)
    source = read_source(file)
    exam = load_all(source, folder_of(file), problem)
    keep_inputs(output, [file, *(spec.source.name for spec in exam.specs)])
    asked = [(_heading(spec), read_all(spec).questions) for spec in exam.specs]
    questions = tuple(question for _, found in asked for question in found)
    if public:
        if problem is not None:
            raise click.UsageError(f"--public writes the whole file; name {file}")
        _tell_other_files(exam.specs, file)
        text = public_homework(source)
    elif code:
        text = _stub(load(source, folder_of(file), problem) if len(exam.specs) > 1 else exam.specs[0])
    else:
        _needs_questions(questions, source.name)
        title = exam.title or source.name
        text = class_header(questions) if header else answer_sheet(title, asked, full_marks(questions))
    on = medium(sys.stdout, plain=plain) if output is None else file_medium(plain)
    deliver(text.encode(on.encoding, "backslashreplace").decode(on.encoding), output, PASSED)
    return PASSED


def _heading(spec: Spec) -> str:
    """`P1: Two steps`; nothing for a homework that is no problem of an exam."""
    return "" if spec.problem is None else ": ".join([spec.problem, *([spec.title] if spec.title else [])])


def _stub(spec: Spec) -> str:
    """Python with the functions that a homework asks for."""
    from dlcli.questions.reading import read_all
    from dlcli.questions.records import Code
    from dlcli.render.answer_template import code_stub
    from dlcli.solving import check_spec
    from dlcli.student_code.homework_check import ARGUMENTS

    graph = check_spec(spec).graph
    nodes = {name: graph.nodes[number] for name, number in graph.names.items()}
    arguments = {n: node.shape for n, node in nodes.items() if node.operation is None and node.role in ARGUMENTS}
    asked = [question.task.function for question in read_all(spec).questions if isinstance(question.task, Code)]
    functions = list(dict.fromkeys(asked)) or ["backward"]
    return code_stub(spec.title or spec.name, functions, arguments, graph.wrt, graph.loss_name)


def _tell_other_files(specs: tuple[Spec, ...], exam: str) -> None:
    """Says which problems of an exam are files that are to be published by themselves."""
    from dlcli.cli.streams import print_message

    for spec in specs:
        if spec.problem is not None and spec.source.name != spec.exam:
            print_message(
                f"{exam} names {spec.source.name}, which has a key of its own: write that with --public too\n"
            )


def _needs_questions(questions: tuple[object, ...], name: str) -> None:
    if not questions:
        from dlcli.errors import Diagnostic, HomeworkError

        message = f"{name} asks no questions, so there is nothing to answer"
        raise HomeworkError(Diagnostic("E407", message, file=name, help="add `questions:`"))
