"""The formula sheet: operations by family, and one page an operation."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from dlcli.ops import OPERATIONS
from dlcli.ops.operation import REQUIRED, Declared, Domain, Example, Kink, Operation, Setting
from dlcli.render.console import Medium
from dlcli.render.formula_sheet import formula_sheet, latex_of, operation_page, signature
from dlcli.render.text import display_width

PIPE = Medium()


def operation(name: str, **fields: Any) -> Operation:
    known: dict[str, Any] = {
        "name": name,
        "family": "activations",
        "operands": ("x",),
        "settle": lambda shapes, settings: (shapes[0], dict(settings)),
        "forward": np.positive,
        "vjp": (None,),
        "definition": Declared(),
        "formula": "x where x > 0, else slope*x",
        "derivative": "1 where x > 0, else slope",
        "latex": lambda x, **_settings: rf"\operatorname{{{name}}}\left({x}\right)",
    }
    return Operation(**(known | fields))


LEAKY = operation(
    "leaky",
    settings=(Setting("slope", 0.01, "number", "the slope left of 0"), Setting("axis", REQUIRED, "axis")),
    kinks=(Kink((0.0,), (0.01,), "leaky at 0: slope `slope`"),),
    domain=(Domain(0, np.isfinite, "x must be finite"),),
    aliases=("lrelu",),
    about="relu with a small slope for negative x.",
    source="Maas et al., 2013",
    infinite_slope_at=(0.0,),
    complex_safe=False,
    examples=(Example(((3,),), {"slope": 0.2, "axis": 0}),),
)


def test_page_tells_everything() -> None:
    assert operation_page(LEAKY, PIPE) == dedent(
        r"""
        leaky(x, slope=0.01, axis)  activations

        relu with a small slope for negative x.

          formula            x where x > 0, else slope*x
          derivative         1 where x > 0, else slope
          domain             x must be finite
          at a kink          leaky at 0: slope `slope`
          infinite slope at  0
          setting            slope: the slope left of 0 (number, default 0.01)
                             axis (axis, required)
          complex step       not defined on complex numbers
          also called        lrelu
          LaTeX              \operatorname{leaky}\left(x\right)
          source             Maas et al., 2013
        """
    ).removeprefix("\n")


def test_sheet_lists_families_in_order() -> None:
    sheet = formula_sheet(
        [
            LEAKY,
            operation("plus", family="arithmetic", formula="a + b", derivative=""),
            operation("x", hidden=True),
        ],
        PIPE,
    )
    assert sheet == dedent(
        """
        Each operation with its formula and, after ', its derivative. `dlcli ops NAME` tells more.

        activations
          leaky(x, slope=0.01, axis)    x where x > 0, else slope*x
                                        ' 1 where x > 0, else slope

        arithmetic
          plus(x)                       a + b
        """
    ).removeprefix("\n")


def test_long_calls_stand_on_a_line_of_their_own() -> None:
    long = operation("a_very_long_name_of_an_operation", formula="x", derivative="")
    assert "\n  a_very_long_name_of_an_operation(x)\n" + " " * 32 + "x\n" in formula_sheet([long], PIPE)


@pytest.mark.parametrize(
    ("fields", "call"),
    [
        ({"operands": ("a", "b"), "optional": 1}, "f(a, [b])"),
        (
            {"operands": ("x",), "variadic": True, "settings": (Setting("axis", 0, "axis"),)},
            "f([x1, x2, ...], axis=0)",
        ),
        ({"settings": (Setting("form", "mean", "choice", choices=("mean", "sum")),)}, 'f(x, form="mean")'),
        (
            {"settings": (Setting("alpha", 1.0, "number"), Setting("keep", False, "flag"))},
            "f(x, alpha=1, keep=False)",
        ),
    ],
)
def test_call_is_written_as_in_a_homework(fields: dict[str, Any], call: str) -> None:
    assert signature(operation("f", **fields)) == call


def test_choices_are_listed() -> None:
    form = operation("f", settings=(Setting("form", "mean", "choice", "the form", ("mean", "sum")),))
    assert 'form: the form (choice, default "mean"; one of "mean", "sum")' in operation_page(form, PIPE)


@pytest.mark.parametrize("name", [name for name, found in OPERATIONS.items() if not found.hidden])
def test_every_operation_has_a_page_on_80_columns(name: str) -> None:
    page = operation_page(OPERATIONS[name], Medium(width=80, encoding="ascii", letters=False))
    assert page.startswith(name + "(")
    assert "  LaTeX" in page
    assert latex_of(OPERATIONS[name])
    assert page.isascii()


def test_sheet_fits_80_columns() -> None:
    sheet = formula_sheet(OPERATIONS.values(), Medium(width=80))
    words_too_long = [line for line in sheet.split("\n") if display_width(line) > 80 and " " in line.strip()]
    assert words_too_long == []
    assert all(f"  {name}(" in sheet for name, found in OPERATIONS.items() if not found.hidden)
