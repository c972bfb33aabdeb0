"""The one error of the language: what a text says that the language cannot mean."""

from __future__ import annotations

from dlcli.language.tree import Span


class LanguageError(Exception):
    """A formula cannot be read, or a constant has no value; whoever knows the file gives it a place.

    span: the characters [start, end) of the text that was parsed. The codes are

    E110 a character that the language does not have     E111 something is missing or out of place
    E112 brackets that do not match                      E113 too long, too deep or too many parts
    E114 a quote that is never closed                    E115 not an equation
    E116 arguments in the wrong order, or given twice

    of answers E410 (too long), E411 (two readings), E412 (a letter that only looks Latin), E413 (a derivative),
    E414 (no shape), E415 (a function used wrongly), E416 (LaTeX that is not read),

    and of numbers and constants E103 (unknown name), E301 (not a number), E302 (decimal comma), E303 (not
    finite), E304 (out of range), E307 (outside a function's domain).
    """

    def __init__(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.span, self.help = code, message, span, help
