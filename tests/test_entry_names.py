"""`w13`, `W1[0,1]`: which entry a text names, and what is said of one that names none."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.entry_names import named_entry
from dlcli.errors import UsageError
from dlcli.graph import Graph, Node

SHAPES: dict[str, tuple[int, ...]] = {"W1": (2, 3), "b": (2,), "w13": (), "gewicht_ß": (1,), "z": (2,)}


def graph() -> Graph:
    nodes = tuple(Node(None, (), shape, name=name) for name, shape in SHAPES.items())
    values = {number: np.zeros(shape) for number, shape in enumerate(SHAPES.values())}
    names = {name: number for number, name in enumerate(SHAPES)}
    return Graph(nodes, values, {}, names, (), ("W1", "b", "w13", "gewicht_ß"), None)


@pytest.mark.parametrize(
    ("written", "base", "entry"),
    [("W1[0,1]", 0, ("W1", (0, 1))), ("W1[1,3]", 1, ("W1", (0, 2))), (" W1 [ 1 , 2 ] ", 0, ("W1", (1, 2))),
     ("W1[-1,-3]", 0, ("W1", (1, 0))), ("b[-1]", 1, ("b", (1,))), ("w13", 0, ("w13", ())), ("w13[]", 1, ("w13", ())),
     ("gewicht_ß[0]", 0, ("gewicht_ß", (0,)))],
)  # fmt: skip
def test_entry_is_found(written: str, base: int, entry: tuple[str, tuple[int, ...]]) -> None:
    assert named_entry(written, graph(), base) == entry


@pytest.mark.parametrize(
    ("written", "base", "code", "message", "help"),
    [("W11[0,1]", 0, "E103", "unknown name `W11`", "did you mean 'W1'?"),
     ("qqqq", 0, "E103", "unknown name `qqqq`", "known: W1, b, w13, gewicht_ß"),
     ("z[0]", 0, "E103", "nothing is differentiated by `z` here", "add `--wrt z`"),
     ("W1[0,3]", 0, "E213", "index 3 of axis 1 in `W1[0,3]` is out of range: W1 has shape (2, 3)",
      "its entries are W1[0,0] to W1[1,2]"),
     ("W1[0,1]", 1, "E213", "index 0 of axis 0 in `W1[0,1]` is out of range: W1 has shape (2, 3)",
      "its entries are W1[1,1] to W1[2,3]"),
     ("b[-3]", 0, "E213", "index -3 in `b[-3]` is out of range: b has shape (2,)", "its entries are b[0] to b[1]"),
     ("W1", 0, "E216", "`W1` gives no indices, but W1 has shape (2, 3)", "its entries are W1[0,0] to W1[1,2]"),
     ("W1[1]", 0, "E216", "`W1[1]` gives 1 index, but W1 has shape (2, 3)", "its entries are W1[0,0] to W1[1,2]"),
     ("w13[0]", 0, "E216", "`w13[0]` gives 1 index, but w13 is a single number", "write `w13`"),
     ("W1[0,,1]", 0, "E216", "`W1[0,,1]` names no entry: its indices are not whole numbers",
      "its entries are W1[0,0] to W1[1,2]"),
     ("W1[0,1", 0, "E216", "`W1[0,1` names no entry", "write a name, or a name and indices: w13, W1[0,1]"),
     ("W1[a]", 0, "E216", "`W1[a]` names no entry", "write a name, or a name and indices: w13, W1[0,1]"),
     ("", 0, "E216", "`` names no entry", "write a name, or a name and indices: w13, W1[0,1]")],
)  # fmt: skip
def test_text_that_names_no_entry_is_told_why(written: str, base: int, code: str, message: str, help: str) -> None:
    with pytest.raises(UsageError) as caught:
        named_entry(written, graph(), base)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == (code, message, help)
