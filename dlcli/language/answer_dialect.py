"""The dialect of answers: how people spell operators and brackets, and the LaTeX commands that they paste.

The marks of this dialect beyond those of the grammar: `·` (a product that may be of matrices), `⊗`, bars `|` and
`‖`, `{` `}`, `;` between rows, `'` of a derivative, `%`, `√`, `\\frac`, `∂`, `≈`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dlcli.language.dialect import STRICT, Dialect

_SPELLINGS: Mapping[str, str] = {
    **{mark: mark for mark in "{};|'%√∂∇≈⊗"},
    "^": "**",
    **dict.fromkeys("−–‐‑－﹣", "-"),
    "＋": "+",
    **dict.fromkeys("×·⋅∙•∗＊✕✖", "·"),
    **dict.fromkeys("⊙∘⨀◦", "*"),
    **dict.fromkeys("÷∕⁄／", "/"),
    **dict.fromkeys("≤⩽", "<="),
    **dict.fromkeys("≥⩾", ">="),
    "≠": "!=",
    "＝": "=",
    **dict.fromkeys("≃≅", "≈"),
    **dict.fromkeys("（⟨", "("),
    **dict.fromkeys("）⟩", ")"),
    **dict.fromkeys("［【", "["),
    **dict.fromkeys("］】", "]"),
    "｛": "{",
    "｝": "}",
    "｜": "|",
    "∣": "|",
    "‖": "‖",
    "∥": "‖",
    "；": ";",
    "，": ",",
    "．": ".",
    **dict.fromkeys("′’ʹ＇", "'"),
    "％": "%",
}

ANSWER = Dialect(
    spellings={**STRICT.spellings, **_SPELLINGS},
    refused={
        **{mark: help for mark, help in STRICT.refused.items() if mark not in _SPELLINGS and mark not in ("||", "\\")},
        "!": "write a factorial out, and `!=` for unequal",
        "±": "give one number; two solutions are two answers",
        "∓": "give one number; two solutions are two answers",
        "°": "give angles in radians",
        "\\": "write the formula without this backslash",
    },
)

# fmt: off
SKIPPED_COMMANDS = frozenset((
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr",
    "Biggl", "Biggr", "displaystyle", "textstyle", "limits", "nolimits", "quad", "qquad", ",", ";",
    ":", "!", "(", ")", "[", "]", ">",
    " ",
))
# fmt: on
COMMAND_MARKS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("cdot", "times", "bullet", "ast"), "·"),
        **dict.fromkeys(("odot", "circ"), "*"),
        "otimes": "⊗",
        "div": "/",
        **dict.fromkeys(("le", "leq"), "<="),
        **dict.fromkeys(("ge", "geq"), ">="),
        **dict.fromkeys(("ne", "neq"), "!="),
        **dict.fromkeys(("lt",), "<"),
        **dict.fromkeys(("gt",), ">"),
        **dict.fromkeys(("lvert", "rvert", "vert", "mid"), "|"),
        **dict.fromkeys(("lVert", "rVert", "Vert", "|"), "‖"),
        **dict.fromkeys(("lbrace", "{"), "{"),
        **dict.fromkeys(("rbrace", "}"), "}"),
        **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), "\\frac"),
        "sqrt": "√",
        "prime": "'",
        "partial": "∂",
        "nabla": "∇",
        "%": "%",
        **dict.fromkeys(("approx", "simeq"), "≈"),
    }
)
COMMAND_NAMES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("top", "intercal"), "⊤"),
        "infty": "inf",
        "varepsilon": "epsilon",
        "vartheta": "theta",
        "varphi": "phi",
        "varrho": "rho",
        "varsigma": "sigma",
        "ell": "ell",
    }
)
ACCENT_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "hat": "hat",
        "widehat": "hat",
        "bar": "bar",
        "overline": "bar",
        "tilde": "tilde",
        "widetilde": "tilde",
        "dot": "dot",
    }
)
# fmt: off
FONT_COMMANDS = frozenset((
    "mathrm", "mathbf", "mathit", "mathsf", "mathcal", "boldsymbol", "bm", "pmb", "text", "textbf",
    "textrm", "textit", "operatorname", "vec", "mathbb",
))
DIGIT_FONTS = frozenset(("mathbb", "mathbf", "mathds", "mathbbm", "bm", "boldsymbol"))  # a 1 in them is an indicator
# fmt: on
MATRICES = frozenset(("matrix", "bmatrix", "pmatrix", "Bmatrix", "smallmatrix"))
