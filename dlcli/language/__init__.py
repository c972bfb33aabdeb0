"""The expression language of homework files: text -> tree, and the tree back as text and LaTeX."""

from __future__ import annotations

from dlcli.language.error import LanguageError
from dlcli.language.latex import to_latex
from dlcli.language.parser import Equation, NewName, parse_equation, parse_expression
from dlcli.language.printing import to_text
from dlcli.language.traversal import names_in, substitute, walk

__all__ = [
    "Equation",
    "LanguageError",
    "NewName",
    "names_in",
    "parse_equation",
    "parse_expression",
    "substitute",
    "to_latex",
    "to_text",
    "walk",
]
