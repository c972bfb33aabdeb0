"""`dlcli gradcheck --explain`, `--plot`, `--full`: reports, documents, pictures, messages, exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result

from dlcli import file_check, solving
from dlcli.file_check import FileCheck
from tests.conftest import Homework, Run
from tests.handmade import solution, tensor

NETWORK = """\
title: a kink, a dead unit
index_base: 1
inputs: {x: [1, 2]}
weights: {W1: [[0.5, -0.25], [0.3, 0.4], [1, -1]], W2: [[1, -1, 2]]}
targets: {t: [0.3]}
network: [z = W1 @ x, a = relu(z), y = W2 @ a]
loss: mse(y, t)
"""


@pytest.fixture
def gradcheck(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """gradcheck(*options) of network.yaml, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.yaml").write_text(NETWORK, encoding="utf-8")

    def invoke(*options: str) -> Result:
        return run("gradcheck", "network.yaml", *options)

    return invoke


def test_explain_shows_all_that_the_verdict_rests_on(gradcheck: Run) -> None:
    result = gradcheck("--explain", "W1[1,2]", "--explain", "W2[1,2]")
    assert (result.exit_code, result.stderr) == (0, "")
    blocks = result.stdout.split("\n\n")
    assert blocks[0].startswith("~ KINK  network.yaml  9 entries  5 exercised  worst ")
    assert [block.split("\n")[0] for block in blocks[1:]] == [
        "W1[1,2]: ~ KINK", "Point", "Slopes", "Ladder: (L(W1[1,2] + h) - L(W1[1,2] - h))/(2h)", "Left and right",
        "Tolerances", "Decision",
        "W2[1,2]: ✓ PASS", "Point", "Slopes", "Ladder: (L(W2[1,2] + h) - L(W2[1,2] - h))/(2h)", "Left and right",
        "Tolerances", "Decision",
    ]  # fmt: skip
    assert blocks[2] == "Point\n  W1[1,2] = -0.25\n  loss    =  1.96"
    assert "\n  0.1 " in blocks[4]
    assert blocks[4].count("dropped: relu at a[1] changes side") == 17
    assert blocks[5].endswith("\n  a kink lies at the point itself: relu at a[1] changes side")
    assert blocks[7] == (
        "Decision\n  KINK: a kink lies at the point itself, where relu at a[1] changes side: the slope is 0 on the "
        "left and -5.6 on the right; backprop a = 0 is what the convention gives (symbolic m = 0), which is accepted."
    )
    assert "PASS: backprop a = -3.08" in blocks[-1]


def test_explain_in_plain_letters_is_ascii(gradcheck: Run) -> None:
    assert gradcheck("--explain", "W1[1,2]", "--plot", "W2[1,2]", "--ascii").stdout.isascii()


def test_explain_as_json_carries_the_evidence(gradcheck: Run) -> None:
    result = gradcheck("--explain", "W1[1,2]", "--explain", "W2[1,2]", "--format", "json")
    document = json.loads(result.stdout)
    assert (document["schema"], document["verdict"]) == ("dlcli/gradcheck/v1", "kink")
    kink, smooth = document["results"][0]["evidence"]
    assert (kink["name"], kink["entry"], kink["verdict"], kink["point"]) == ("W1", [1, 2], "kink", -0.25)
    assert kink["nearest_kink"] == {
        "distance": 0.0, "direction": "right", "at_the_point": True, "flips": [{"at": "relu at a", "entry": [1]}],
    }  # fmt: skip
    assert (kink["finite_difference"], kink["extrapolation"]) == (None, None)
    assert kink["decision"].startswith("KINK: a kink lies at the point itself")
    assert smooth["backprop"] == pytest.approx(-2.8 * 1.1)
    assert (
        sum(rung["chosen"] for rung in smooth["rungs"])
        == smooth["extrapolation"]["rungs"][1] + 1 - (smooth["extrapolation"]["rungs"][0])
    )
    assert smooth["tolerances"]["tau"] == pytest.approx(3.08e-7, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--explain", "W3[1,1]"), "error[E103]: unknown name `W3`"),
     (("--explain", "W1[0,1]"), "index 0 of axis 0 in `W1[0,1]` is out of range: W1 has shape (3, 2)"),
     (("--plot", "W1"), "error[E216]: `W1` gives no indices"),
     (("--plot", "z[1]"), "= help: add `--wrt z`"),
     (("--plot", "W1[1,1]", "-o", "v.txt"), "'v.txt' does not end in one of them"),
     (("--explain", "W1[1,1]", "--probe"), "leave out --explain and --plot")],
)  # fmt: skip
def test_entry_that_is_none_exits_2(gradcheck: Run, arguments: tuple[str, ...], said: str) -> None:
    result = gradcheck(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.mark.parametrize(
    ("paths", "option"), [(("folder",), "--explain"), (("a.yaml", "b.yaml"), "--plot"), ((), "--explain")]
)
def test_explain_and_plot_tell_about_one_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: tuple[str, ...], option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("a.yaml", "b.yaml", "folder/a.yaml", "folder/b.yaml"):
        (tmp_path / name).write_text(NETWORK, encoding="utf-8")
    result = run("gradcheck", *paths, option, "x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{option} tells about an entry of one file; name one FILE" in result.stderr


def test_file_without_a_loss_has_no_gradient_to_explain(run: Run, homework: Homework) -> None:
    result = run("gradcheck", str(homework("inputs: {x: 2}\nnetwork:\n  - y = x*x\n")), "--explain", "x")
    assert result.exit_code == 2
    assert "names no loss, so there is no gradient to explain" in result.stderr


def test_file_that_cannot_be_used_is_told_as_ever(run: Run, homework: Homework) -> None:
    result = run(
        "gradcheck",
        str(homework("inputs: {x: 2}\nnetwork:\n  - y = q*x\nloss: y\n")),
        "--explain",
        "x",
        "--format",
        "json",
    )
    assert result.exit_code == 2
    assert "error[E103]" in result.stderr
    assert json.loads(result.stdout)["schema"] == "dlcli/error/v1"


def test_plot_draws_in_the_terminal(gradcheck: Run) -> None:
    lines = gradcheck("--plot", "W2[1,2]").stdout.splitlines()
    assert lines[0].startswith("~ KINK  network.yaml  9 entries  5 exercised  worst ")
    assert lines[2] == "Error of a central difference of W2[1,2] against its step"
    assert sum("|" in line for line in lines[3:21]) == 18


def test_plot_writes_an_svg_and_prints_the_line(gradcheck: Run) -> None:
    result = gradcheck("--plot", "W2[1,2]", "-o", "v.svg")
    assert result.exit_code == 0
    assert result.stdout.startswith("~ KINK  network.yaml  9 entries  5 exercised  worst ")
    assert result.stdout.count("\n") == 1
    texts = [text.text for text in ElementTree.parse("v.svg").getroot().iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "W2[1,2] of a kink, a dead unit"


@pytest.mark.filterwarnings("default")
def test_plot_writes_a_png_and_explains_beside_it(gradcheck: Run) -> None:
    pytest.importorskip("matplotlib")
    result = gradcheck("--plot", "W2[1,2]", "-o", "v.png", "--explain", "W2[1,2]")
    assert Path("v.png").read_bytes().startswith(b"\x89PNG")
    assert "\nW2[1,2]: ✓ PASS\n" in result.stdout


def test_plot_as_json_carries_the_curve(gradcheck: Run) -> None:
    result = json.loads(gradcheck("--plot", "W2[1,2]", "--format", "json").stdout)["results"][0]
    assert len(result["curve"]["steps"]) == len(result["curve"]["errors"]) > 100
    assert result["curve"]["entry"] == [1, 2]
    assert "evidence" not in result


def test_picture_does_not_take_the_place_of_the_homework(gradcheck: Run) -> None:
    Path("network.svg").symlink_to("network.yaml")
    result = gradcheck("--plot", "W2[1,2]", "-o", "network.svg")
    assert result.exit_code == 2
    assert "would overwrite the homework file" in result.stderr
    assert Path("network.yaml").read_text(encoding="utf-8") == NETWORK


def test_entry_of_a_homework_with_symbols_is_explained_at_a_random_point(run: Run, homework: Homework) -> None:
    path = homework("inputs: [x]\nweights: {w: }\nnetwork: ['f = tanh(w*x)']\nloss: f\n")
    result = run("gradcheck", str(path), "--explain", "w")
    assert result.exit_code == 0
    assert "The numbers below are those at random point 1 of 3.\n" in result.stdout


def test_full_is_passed_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def check(path: str, **settings: Any) -> FileCheck:
        seen.append(settings)
        return FileCheck(path, "pass", solution(tensor("w", 1.0)))

    monkeypatch.setattr(file_check, "gradcheck", check)
    run("gradcheck", "a.yaml", "--full")
    run("gradcheck", "a.yaml")
    assert [settings["full"] for settings in seen] == [True, False]


def test_full_climbs_a_ladder_at_every_entry(run: Run, homework: Homework, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.engines import finite_difference

    monkeypatch.setattr(finite_difference, "EVERY_ENTRY", 0)
    monkeypatch.setattr(finite_difference, "SAMPLED", 0)
    numbers = [0.1 * k - 0.55 for k in range(12)]
    path = homework(f"inputs: {{x: {numbers}}}\nweights: {{w: {numbers}}}\nnetwork: [f = tanh(w @ x)]\nloss: f\n")
    for options, every in (((), False), (("--full",), True)):
        document = json.loads(run("gradcheck", str(path), "--format", "json", *options).stdout)
        slopes = document["results"][0]["gradients"]["w"]["finite_difference"]
        assert (None not in slopes) == every


def test_entry_without_a_slope_cannot_be_drawn(run: Run, homework: Homework) -> None:
    result = run("gradcheck", str(homework("weights: {w: 1}\nloss: exp(1000*w)\n")), "--plot", "w")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is nothing to draw for w: no step gives a finite difference" in result.stderr


def test_homework_from_standard_input_is_explained(run: Run) -> None:
    result = run("gradcheck", "-", "--explain", "w", input="weights: {w: 1}\nloss: w*w\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\nw: ✓ PASS\n" in result.stdout


def test_wrong_gradient_exits_1_with_its_evidence(
    run: Run, homework: Homework, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = solving.check

    def wrong(path: str, wrt: Any = ()) -> solving.Checked:
        checked = right(path, wrt)
        nodes = tuple(
            replace(n, operation=replace(n.operation, vjp=(lambda g, y, x: 1.01 * g * (1 - y * y),)))
            if n.operation and n.operation.name == "tanh"
            else n
            for n in checked.graph.nodes
        )
        return replace(checked, graph=replace(checked.graph, nodes=nodes))

    monkeypatch.setattr(solving, "check", wrong)
    path = homework("weights: {w: 1}\nnetwork: [f = tanh(w)]\nloss: f\n")
    result = run("gradcheck", str(path), "--explain", "w")
    assert result.exit_code == 1
    assert "\nw: ✗ FAIL\n" in result.stdout
    assert "FAIL: backprop a = 0.424174 and symbolic m = 0.419974 differ by 4.2e-3, more than tau = " in result.stdout
