"""Blank forms for students: an answer file, the header of a class's CSV, a stub of code."""

from __future__ import annotations

import csv
import json
import keyword
import re
import unicodedata
from collections.abc import Mapping, Sequence
from fractions import Fraction
from io import StringIO

from dlcli.ops.operation import Shape
from dlcli.ops.shapes import shown
from dlcli.questions.records import Ask, Choice, Code, Give, Manual, Model, Question
from dlcli.questions.records import full_marks as sum_of
from dlcli.render.console import Medium
from dlcli.render.graded_words import points_text
from dlcli.render.text import visible

_PLAIN_KEY = re.compile(r"[^\W\d]\w*(\.\w+)*|\d+")
FILE = Medium()


def answer_sheet(title: str, problems: Sequence[tuple[str, Sequence[Question]]], full_marks: Fraction) -> str:
    """A blank answer file in YAML: what is asked as comments, nothing that is right.

    problems: of an exam, each with its title; of a homework one without.
    """
    lines = [*_comment(f"{title} ({_points(full_marks)})", ""), "student:", "answers:"]
    for heading, questions in problems:
        if heading:
            lines += ["", *_comment(f"{heading} ({_points(sum_of(questions))})", "  ")]
        lines += _asking(questions)
    return "\n".join(lines) + "\n"


def _asking(questions: Sequence[Question]) -> list[str]:
    """A blank entry for each question, below what it asks."""
    lines: list[str] = []
    told: tuple[str, ...] = ()
    for question in questions:
        around = _around(question, questions)
        for depth, prompt in enumerate(around):
            if told[: depth + 1] != around[: depth + 1]:
                lines += ["", *_comment(prompt, "  ")]
        told = around
        lines += ["", *_about(question, question.prompts[len(around) :]), f"  {_key(question.id)}:"]
        if isinstance(question.task, Give):
            lines += [f"    {_key(name)}:" for name in question.task.weights]
    return lines


def _around(question: Question, questions: Sequence[Question]) -> tuple[str, ...]:
    """The prompts that a question shares with the other parts of the same question."""
    parent, dot, _ = question.id.rpartition(".")
    parts = [other.prompts for other in questions if dot and other.id.startswith(parent + ".")]
    if len(parts) < 2:
        return question.prompts[:-1]
    common = 0
    while all(len(prompts) > common and prompts[common] == parts[0][common] for prompts in parts):
        common += 1
    return question.prompts[:common]


def class_header(questions: Sequence[Question]) -> str:
    """The header of a CSV with a row a student; without the questions whose answer is a file."""
    buffer = StringIO()
    ids = [question.id for question in questions if not isinstance(question.task, Code)]
    csv.writer(buffer, lineterminator="\n").writerow(["student", *ids])
    return buffer.getvalue()


def code_stub(
    title: str, functions: Sequence[str], arguments: Mapping[str, Shape], wrt: Sequence[str], loss: str
) -> str:
    """Python with the functions that are asked for. arguments: name -> shape; wrt: what `backward` goes by."""
    parts = [f'"""{_docstring(title)}"""\n\nimport numpy as np\n']
    for function in functions:
        parts.append(_function(function, arguments, wrt, loss))
    return "\n\n".join(parts)


def _function(function: str, arguments: Mapping[str, Shape], wrt: Sequence[str], loss: str) -> str:
    own = [name for name in arguments if _is_parameter(name)]
    others = [name for name in arguments if not _is_parameter(name)]
    parameters = ", ".join([*own, *(["**others"] if others else [])])
    lines = [f"    {name}: {_kind(shape)}" for name, shape in arguments.items() if name in own]
    lines += [f"    others[{name!r}]: {_kind(arguments[name])}" for name in others]
    if function == "backward":
        what = f"The gradient of {loss} by each of {', '.join(wrt)}."
        entries = ", ".join(f'"{name}": ...' for name in wrt)
        returned = f"Returns a dict, {{{entries}}}, of arrays with the shapes of these quantities."
    else:
        what = f"The value of {loss}, and of any quantity of the network."
        returned = 'Returns a dict, {"loss": ...}, with more quantities by their names.'
    body = "\n".join([f'    """{what}', "", *lines, "", f"    {returned}", '    """'])
    return f"def {function}({parameters}):\n{body}\n    raise NotImplementedError\n"


def _kind(shape: Shape) -> str:
    return f"array of shape {shown(shape)}" if shape else "float"


def _is_parameter(name: str) -> bool:
    """Whether Python takes the name as it is: it normalises names in ways that a homework does not."""
    return name.isidentifier() and not keyword.iskeyword(name) and unicodedata.normalize("NFKC", name) == name


def _about(question: Question, prompts: Sequence[str]) -> list[str]:
    """Comments: points and prompt, and how to answer where that is not a value."""
    extra = ", bonus" if question.bonus else ""
    own = prompts[-1] if prompts else ""
    lines = _comment(f"{question.id} ({_points(question.points)}{extra}): {own or _asked(question)}", "  ")
    match question.task:
        case Choice() as choice:
            lines += [line for label, text in choice.choices.items() for line in _comment(f"  {label}: {text}", "  ")]
            lines += _comment("(several labels: [A, B])", "  ") if choice.several else []
        case Ask(form=form) if form is not None:
            names = f" in {', '.join(form.within)}" if form.within is not None else ""
            lines += _comment(f"(a formula{names})", "  ")
        case Model() as model:
            names = f" in {', '.join(model.variables)}" if model.variables else ""
            lines += _comment(f"(a formula{names})", "  ")
        case Code() as code:
            lines += _comment(f"(a function `{code.function}` in a file beside this one: {{file: solution.py}})", "  ")
        case Manual():
            lines += _comment("(marked by hand)", "  ")
    return lines


def _asked(question: Question) -> str:
    match question.task:
        case Ask() as ask:
            return ask.formula.written.text
        case Give() as give:
            return f"values of {', '.join(give.weights)} with {give.check.written.text}"
        case Code() as code:
            return f"code of `{code.function}`"
    return ""


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}# {visible(line, FILE)}".rstrip() for line in text.strip("\n").split("\n")]


def _points(points: Fraction) -> str:
    return f"{points_text(points)} point{'' if points == 1 else 's'}"


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _docstring(text: str) -> str:
    return visible(text, FILE).replace("\\", "\\\\").replace('"', "'") + "."
