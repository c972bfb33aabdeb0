"""The questions of the bundled problems: each file has some, and each can be asked of its network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dlcli.language import names_in, parse_expression, walk
from dlcli.language.tree import Call, Name
from dlcli.ops import find
from dlcli.solving import Checked, check
from tests.conftest import Run
from tests.test_problems import FILES, PROBLEMS, REFUSED

ASKED = {"grad", "jacobian", "hessian", "step", "shape", "size", "count"}
WORDS = {"parameters", "pi", "e", "True", "False"}
KINDS = ("ask", "choices", "answer", "give", "manual", "code")


@cache
def questions(file: str) -> tuple[dict[str, Any], ...]:
    """As YAML gives them."""
    return tuple(yaml.safe_load((PROBLEMS / file).read_text(encoding="utf-8")).get("questions", ()))


@cache
def network(file: str) -> Checked:
    return check(PROBLEMS / file)


def every_question() -> Iterator[tuple[str, dict[str, Any]]]:
    return ((file, question) for file in FILES for question in questions(file))


def calls(text: str) -> set[str]:
    return {part.name for part in walk(parse_expression(text)) if isinstance(part, Call)}


@pytest.mark.parametrize("file", FILES)
def test_problem_has_questions_with_points_and_a_prompt(file: str) -> None:
    assert questions(file)
    assert [question["id"] for question in questions(file)] == list("abcdefgh"[: len(questions(file))])
    for question in questions(file):
        assert question["points"] > 0
        assert question["prompt"].endswith((".", "?")) or "choices" in question
        assert sum(key in question for key in ("ask", "choices", "give", "manual", "code", "variables")) == 1


@pytest.mark.parametrize("file", [file for file in FILES if file not in REFUSED])
def test_what_is_asked_is_known(file: str) -> None:
    known = network(file).graph.names
    for question in questions(file):
        texts = [question[key] for key in ("ask", "check") if key in question]
        for text in texts:
            assert {name.name for name in names_in(parse_expression(text))} <= {*known, *WORDS}
            assert all(name in ASKED or find(name) is not None for name in calls(text))
        assert question.get("with", {}).keys() <= known.keys()
        assert set(question.get("give", ())) <= set(network(file).lowered.trained)
        if isinstance(question.get("form"), dict):
            assert set(question["form"]["expression"]["in"]) <= known.keys()


@pytest.mark.parametrize("file", [file for file in FILES if file not in REFUSED])
def test_gradients_are_asked_of_a_loss_and_steps_of_an_optimizer(file: str) -> None:
    checked = network(file)
    for question in questions(file):
        asked = calls(question["ask"]) if "ask" in question else set()
        assert "grad" not in asked or checked.graph.loss is not None
        assert "step" not in asked or checked.plan is not None
        for part in walk(parse_expression(question.get("ask", "0"))):
            if isinstance(part, Call) and part.name == "jacobian":
                assert all(isinstance(argument, Name) for argument in part.arguments)


def test_answers_are_choices_or_formulas_in_their_variables() -> None:
    for file, question in every_question():
        if "choices" in question:
            assert question["answer"] in question["choices"], file
            assert len(set(question["choices"].values())) == len(question["choices"]) >= 2, file
        elif "answer" in question:
            used = {name.name for name in names_in(parse_expression(question["answer"]))}
            assert used == set(question["variables"]), file


def test_bank_asks_in_every_way() -> None:
    found = [(question, calls(question["ask"]) if "ask" in question else set()) for _, question in every_question()]
    for kind in KINDS:
        assert any(kind in question for question, _ in found), kind
    for name in ASKED - {"hessian"}:
        assert any(name in asked for _, asked in found), name
    assert any(question.get("form") == "expression" for question, _ in found)
    assert any(
        "in" in question["form"]["expression"] for question, _ in found if isinstance(question.get("form"), dict)
    )
    assert any("with" in question for question, _ in found)
    assert {key for question, _ in found for key in question.get("tolerance", ())} >= {"decimals", "digits"}


def test_weights_asked_for_exist() -> None:
    """The best two units that `dlcli inspect` finds are off by 12/11 at most."""
    from dlcli.inspection import Skipped, inspect

    (question,) = (q for q in questions("feedforward/approximation-by-width.yaml") if "give" in q)
    found = inspect(network("feedforward/approximation-by-width.yaml")).approximation
    assert not isinstance(found, Skipped)
    assert question["check"] == "max(abs(a2 - y)) < 1.7"
    assert found.fits[1].largest < 1.7 < found.own.largest
    np.testing.assert_allclose(found.fits[1].largest, 12 / 11, rtol=1e-9)


def test_questions_are_checked_in_silence_where_they_are_right(run: Run) -> None:
    path = str(PROBLEMS / "feedforward/cse471.yaml")
    for command in ("solve", "gradcheck", "check"):
        assert run(command, path).stderr == ""


def test_a_wrong_question_is_an_error_of_check_and_gradcheck(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "homework.yaml"
    text = (PROBLEMS / "feedforward/cse471.yaml").read_text(encoding="utf-8")
    path.write_text(text + "  - {id: new, ask: grad(w99)}\n", encoding="utf-8")
    for command in ("gradcheck", "check"):
        result = run(command, str(path))
        assert result.exit_code == 2
        assert "error[E103]: unknown name `w99`" in result.stderr
