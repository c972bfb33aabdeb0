"""Names and plain text in LaTeX: subscripts, Greek letters, accents, and what LaTeX would misread."""

from __future__ import annotations

import re
from collections.abc import Mapping

_GREEK = (
    *(
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
    ),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"),
)
_GREEK_LETTERS = dict(
    zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _GREEK, strict=True),
)
_WORDS: Mapping[str, str] = {"inf": r"\infty", "eps": r"\varepsilon", "ell": r"\ell"}
_ACCENTS: Mapping[str, str] = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde"}
_ESCAPES: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{character: f"\\{character}" for character in "$&#%_"},
}
_NUMBERED = re.compile(r"([^\W\d_]+)([0-9]+)")


def name_latex(name: str) -> str:
    """A quantity's name: w13 as w_{13}, z_h as z_{h}, delta_in3 as \\delta_{in3}, yhat as \\hat{y}."""
    head, underscore, subscript = name.partition("_")
    if head and subscript:
        return f"{_letters(head)}_{{{_subscript(subscript)}}}"
    numbered = None if underscore else _NUMBERED.fullmatch(name)
    if numbered is not None:
        return f"{_letters(numbered[1])}_{{{numbered[2]}}}"
    return _letters(name)


def text_latex(text: str) -> str:
    """Any text inside \\text{…} or \\operatorname{…}, its special characters escaped."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def _letters(word: str) -> str:
    symbol = _symbol(word)
    if symbol is not None:
        return symbol
    for accent, command in _ACCENTS.items():
        under = _symbol(word.removesuffix(accent)) if word.endswith(accent) else None
        if under is not None:
            return f"{command}{{{under}}}"
    return rf"\mathrm{{{text_latex(word)}}}" if word.isascii() else rf"\text{{{text_latex(word)}}}"


def _symbol(word: str) -> str | None:
    """A single letter of mathematics, or None for a word."""
    if len(word) == 1 and word.isascii() and word.isalpha():
        return word
    if word in _GREEK or word in _GREEK_LETTERS:
        return "\\" + _GREEK_LETTERS.get(word, word)
    return _WORDS.get(word)


def _subscript(text: str) -> str:
    symbol = _symbol(text)
    if symbol is not None:
        return symbol
    return text_latex(text) if text.isascii() else rf"\text{{{text_latex(text)}}}"
