"""The bundled problems as a list: name and title, the source below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from dlcli.problem_bank import Problem
from dlcli.render.console import Medium, painted
from dlcli.render.text import visible

NARROW = 40  # columns that a title needs beside its name


def problem_list(problems: Sequence[Problem], on: Medium) -> str:
    """Two columns, names and what they are; below each other where a terminal has no room for two."""
    widest = max((len(problem.name) for problem in problems), default=0)
    beside = on.width is None or on.width - widest - 2 >= NARROW
    indent = " " * (widest + 2 if beside else 4)
    lines = []
    for problem in problems:
        first, *more = _wrapped(problem.title or problem.path.name, len(indent), on)
        name = painted(problem.name, "bold", on)
        if beside:
            lines.append(f"{name}{' ' * (widest + 2 - len(problem.name))}{first}")
        else:
            lines += [name, indent + first]
        lines += [indent + line for line in more]
        if problem.source:
            lines += [indent + painted(line, "dim", on) for line in _wrapped(problem.source, len(indent), on)]
    return "".join(line + "\n" for line in lines)


def _wrapped(text: str, indent: int, on: Medium) -> list[str]:
    shown = visible(text, on)
    return [shown] if on.width is None else textwrap.wrap(shown, max(on.width - indent, 20)) or [""]
