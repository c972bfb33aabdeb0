"""`dlcli ops`, `dlcli schema`, `dlcli explain`: what a user looks up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlcli.codes import CODES
from dlcli.ops import OPERATIONS
from tests.conftest import Run


def test_ops_lists_every_operation(run: Run) -> None:
    result = run("ops")
    assert result.exit_code == 0
    for name, operation in OPERATIONS.items():
        if not operation.hidden:
            assert f"\n  {name}(" in result.stdout


def test_ops_tells_about_one(run: Run) -> None:
    text = run("ops", "sigmoid").stdout
    assert text.startswith("sigmoid(x)  activations\n")
    assert "  formula       1/(1 + exp(-x))\n" in text
    assert r"\sigma" in text


def test_ops_finds_aliases(run: Run) -> None:
    assert run("ops", "ln").stdout == run("ops", "log").stdout


def test_ops_suggests(run: Run) -> None:
    result = run("ops", "sigmiod")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no operation 'sigmiod'; did you mean 'sigmoid'?" in result.stderr
    assert "there is no operation 'qqqq'; `dlcli ops` lists them" in run("ops", "qqqq").stderr


def test_schema_is_json_schema(run: Run, tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads(run("schema").stdout)
    Draft202012Validator.check_schema(schema)
    out = tmp_path / "schema.json"
    assert run("schema", "-o", str(out)).stdout == ""
    assert json.loads(out.read_text(encoding="utf-8")) == schema


@pytest.mark.parametrize("written", ["E204", "e204", "[E204]", "error[E204]", "E2O4"])
def test_explain_takes_the_code_as_it_is_seen(run: Run, written: str) -> None:
    result = run("explain", written)
    assert result.exit_code == 0
    title, blank, explanation = result.stdout.split("\n", 2)
    assert (title, blank) == (f"E204: {CODES['E204'].title}", "")
    assert " ".join(explanation.split()) == " ".join(CODES["E204"].explanation.split())


def test_explain_unknown_code(run: Run) -> None:
    result = run("explain", "E299")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "there is no code 'E299'; codes E2xx: E2" in " ".join(result.stderr.split())
    assert "there is no code 'Z'; codes run from E001 to W" in run("explain", "Z").stderr


@pytest.mark.parametrize(
    ("name", "operand", "whole"), [("conv2d_dw", "w", "conv2d"), ("batchnorm_dx", "x", "batchnorm")]
)
def test_names_of_closed_gradients_are_told(run: Run, name: str, operand: str, whole: str) -> None:
    result = run("ops", name)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{name} is the gradient by {operand}: ")
    assert result.stdout.partition("\n\n")[2] == run("ops", whole).stdout


@pytest.mark.parametrize("name", ["conv2d_dq", "nothing_dx", "_dx"])
def test_names_that_no_formula_has_are_refused(run: Run, name: str) -> None:
    assert run("ops", name).exit_code == 2
