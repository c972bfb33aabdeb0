"""What the YAML parser rejects, said in words that help: a diagnostic for each kind of broken syntax.

The two parsers of PyYAML word their problems differently; the rules look for what both have in common.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from dlcli.errors import Diagnostic, Label, Place, Source

_NO_SPACE = re.compile(r"^(\s*(?:- )?)([^\W\d]\w*):([^\s:=,][^:]*)$")
_QUOTE = "put the text in quotes if it is one"


def explain(error: yaml.YAMLError, source: Source) -> Diagnostic:
    """The diagnostic of a syntax error, at the place where the parser gave up."""
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    opened: Any = getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error)
    context = str(getattr(error, "context", None) or "")
    index = min(mark.index if mark is not None else 0, len(source.text))
    begin = min(opened.index, len(source.text)) if opened is not None else index
    return (
        _tab(source, index)
        or _missing_space(source, index)
        or _quoted(source, index, begin, problem, context)
        or _unfinished(source, index, begin, problem, context)
        or _one_line(source, index, begin, problem)
        or _bracket(source, index, begin, context)
        or _indentation(source, index, begin, problem, context)
        or _diagnostic(source, index, f"this is not valid YAML: {problem}", _QUOTE)
    )


def _diagnostic(
    source: Source,
    index: int,
    message: str,
    help: str,
    label: tuple[int, str] | None = None,
    code: str = "E008",
) -> Diagnostic:
    if index > 0 and not source.text[index:].strip():  # the end of the file: point at its last character
        index = max(len(source.text.rstrip()) - 1, 0)
    end = min(index + 1, len(source.text))
    labels = () if label is None else (Label(Place(source, label[0], label[0] + 1), label[1]),)
    return Diagnostic(code, message, Place(source, index, max(end, index)), labels, help)


def _line_at(source: Source, index: int) -> tuple[int, str]:
    number, column = source.position(index)
    return index - column + 1, source.line(number)


def _tab(source: Source, index: int) -> Diagnostic | None:
    start, line = _line_at(source, index)
    margin = line[: len(line) - len(line.lstrip())]
    if "\t" not in margin:
        return None
    help = "indent with spaces; most editors can convert tabs"
    return _diagnostic(
        source,
        start + margin.index("\t"),
        "a tab indents this line, and YAML allows spaces only",
        help,
        code="E018",
    )


def _missing_space(source: Source, index: int) -> Diagnostic | None:
    """`x1:-3` on this line or on the one before, which YAML then reads as the start of a longer text."""
    start = _line_at(source, index)[0]
    for begin in (start, source.text.rfind("\n", 0, max(start - 1, 0)) + 1):
        found = _NO_SPACE.match(_line_at(source, begin)[1])
        if found is not None:
            margin, name, rest = found.groups()
            rest = rest.split(" #")[0].rstrip()
            begin += len(margin)
            message = f"`{name}:{rest}` has no space after the colon, so YAML reads it as one word"
            place = Place(source, begin, begin + len(name) + 1 + len(rest))
            return Diagnostic("E016", message, place, help=f"write `{name}: {rest}`")
    return None


def _quoted(source: Source, index: int, begin: int, problem: str, context: str) -> Diagnostic | None:
    if "quoted scalar" not in context:
        return None
    if "end of stream" in problem or "document separator" in problem:
        return _diagnostic(source, begin, "this quote is never closed", "close it with the same kind of quote")
    if "escape" in problem or "hexdec" in problem:
        at = source.text.rfind("\\", begin, index + 1)
        escape = source.text[at : at + 2]
        help = "use single quotes ('...'), where a backslash is an ordinary character, or write \\\\"
        return _diagnostic(source, at, f"`{escape}` means nothing between double quotes", help)
    return None


def _unfinished(source: Source, index: int, begin: int, problem: str, context: str) -> Diagnostic | None:
    character = source.text[index : index + 1]
    if "cannot start any token" in problem:
        help = 'put the text in quotes: "…"'
        return _diagnostic(source, index, f"a value cannot start with the character {character}", help)
    for word, sign in (("alias", "*"), ("anchor", "&"), ("block scalar", source.text[begin : begin + 1])):
        if word in context:
            help = f'a text that starts with {sign} needs quotes: "…"'
            return _diagnostic(source, begin, f"`{sign}` has a meaning of its own at the start of a value", help)
    if "tag" in context or "tag" in problem:
        help = 'leave it out; a text that starts with ! needs quotes: "…"'
        return _diagnostic(
            source, begin, "a tag (`!…`) is not allowed: a homework file is data only", help, code="E010"
        )
    if "directive" in context or "incompatible" in problem or _line_at(source, begin)[1].startswith("%"):
        help = "delete the line that starts with %"
        return _diagnostic(source, begin, "this YAML directive is not understood", help)
    return None


def _one_line(source: Source, index: int, begin: int, problem: str) -> Diagnostic | None:
    if "mapping values are not allowed" in problem:
        line_start, line = _line_at(source, index)
        if ": " in source.text[line_start:index]:
            help = 'put a text that holds ": " in quotes'
            return _diagnostic(source, index, "a second colon in one entry: YAML takes it for another key", help)
        if line[:1].isspace():
            help = "start the line in the column of the other keys, or put a long text in quotes"
            key = line[: index - line_start].strip()
            message = f"the key `{key}` is indented deeper than the line above allows"
            return _diagnostic(source, line_start + len(line) - len(line.lstrip()), message, help)
        return _diagnostic(source, index, "a colon cannot stand here", 'put a text that holds ": " in quotes')
    if "sequence entries are not allowed" in problem:
        help = "write a negative number without a space (-6); start a list on a line of its own"
        return _diagnostic(source, index, "`- ` starts a list, and a list cannot start on this line", help)
    if "could not find expected ':'" in problem:
        help = "write `key: value`, or indent the line if it continues the one above"
        return _diagnostic(source, begin, "this line has no colon, so it is no `key: value`", help)
    return None


def _bracket(source: Source, index: int, begin: int, context: str) -> Diagnostic | None:
    """Inside [] or {}: not closed, closed by the other kind, or a text that needs quotes."""
    if "flow" not in context:
        return None
    sign = source.text[begin : begin + 1]
    other = {"[": "]", "{": "}"}.get(sign, "the closing bracket")
    label = (begin, f"`{sign}` opens here")
    found = source.text[index : index + 1]
    if not source.text[index:].strip():
        return _diagnostic(source, begin, f"this `{sign}` is never closed", f"add `{other}`")
    if found == "[" or found == "{":
        start = max(source.text.rfind(stop, begin, index) for stop in (", ", ": ", sign)) + 1
        end = source.text.find("]" if found == "[" else "}", index) + 1 or index + 1
        written = source.text[start:end].strip()
        help = f'inside {{}} and [] a text with brackets needs quotes: "{written}"'
        return _diagnostic(source, index, f"`{found}` cannot stand in the middle of a text here", help, label)
    if found in "]}":
        return _diagnostic(source, index, f"`{found}` closes what `{sign}` opened", f"write `{other}` here", label)
    if source.position(begin)[0] != source.position(index)[0]:
        help = f"close it with `{other}` before this line"
        return _diagnostic(source, index, f"a `{sign}` further up is still open here", help, label)
    help = "separate entries by commas, and quote texts that hold one of , : [ ] { }"
    return _diagnostic(source, index, f"a comma or `{other}` is missing before this", help, label)


def _indentation(source: Source, index: int, begin: int, problem: str, context: str) -> Diagnostic | None:
    if "block" not in context:
        return None
    before = source.text[_line_at(source, index)[0] : index]
    character = source.text[index : index + 1]
    if character in "]})":
        return _diagnostic(source, index, f"`{character}` closes nothing", "delete it, or add the bracket that opens")
    if before.strip(" -"):
        help = "quote the whole value; inside single quotes write a single quote twice"
        return _diagnostic(source, index, "the value ended before this", help)
    label = (begin, "the lines that start here")
    if "'-' indicator" in problem or "block collection" in context:
        message = "this line stands in a list, but does not start with `- `"
        return _diagnostic(source, index, message, "start it with `- `, or indent it under the entry above", label)
    if character == "-":
        message = "a list entry stands where a key belongs"
        return _diagnostic(source, index, message, "indent it like the other entries of its list", label)
    message = "this line is not indented like the lines it belongs to"
    return _diagnostic(source, index, message, "give all keys of one mapping the same number of spaces", label)
