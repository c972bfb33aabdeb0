"""`dlcli gradcheck --self`: every operation, every law, every convention; and that each of them can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dlcli import self_check as module
from dlcli.laws import LAWS
from dlcli.ops import OPERATIONS
from dlcli.ops.operation import Operation
from dlcli.render.console import Medium
from dlcli.render.self_check_text import self_check_document, self_check_line, self_check_text, worst_operations
from dlcli.self_check import CONVENTIONS, SelfCheck, self_check
from tests.conftest import Run

TANH, RELU = OPERATIONS["tanh"], OPERATIONS["relu"]


def failed(operation: Operation) -> set[str]:
    """The laws that fail on one operation."""
    (found,) = self_check([operation]).operations
    assert found.passed == all(law.passed for law in found.laws)
    return {law.law for law in found.laws if not law.passed}


@pytest.fixture(scope="module")
def whole() -> SelfCheck:
    return self_check()


def test_every_operation_keeps_every_law(whole: SelfCheck) -> None:
    assert whole.passed
    assert [operation.name for operation in whole.operations] == list(OPERATIONS)
    for found, operation in zip(whole.operations, OPERATIONS.values(), strict=True):
        assert found.examples == len(operation.examples) > 0
        assert found.conventions == len(operation.kinks)
        expected = [*LAWS, CONVENTIONS] if operation.kinks else [*LAWS]
        assert [law.law for law in found.laws] == expected


MISTAKES: dict[str, tuple[Operation, set[str]]] = {
    "vjp off by 0.05 %": (
        replace(TANH, vjp=(lambda g, y, x: 1.0005 * TANH.vjp[0](g, y, x),)),  # type: ignore[misc]
        {"slope", "complex step", "difference"},
    ),
    "vjp of the wrong sign": (
        replace(TANH, vjp=(lambda g, y, x: -TANH.vjp[0](g, y, x),)),  # type: ignore[misc]
        {"slope", "complex step", "difference"},
    ),
    "vjp of nan": (
        replace(TANH, vjp=(lambda g, y, x: np.full(np.shape(x), np.nan),)),
        {"slope", "complex step", "difference"},
    ),
    "forward": (replace(TANH, forward=lambda x: np.tanh(x) + 0.0005 * x), {"value", "complex step", "difference"}),
    "no complex form": (
        replace(TANH, forward=lambda x: np.tanh(np.real(x))),
        {"complex step"},
    ),
    "shape rule": (
        replace(TANH, settle=lambda shapes, settings: ((*shapes[0][:-1], 7), {})),
        set(LAWS),
    ),
    "other side of a kink": (replace(RELU, vjp=(lambda g, y, x: np.where(x.real >= 0, g, 0.0),)), {CONVENTIONS}),
    "declared unsafe but safe": (replace(TANH, complex_safe=False), {"complex step"}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_planted_mistake_fails_the_laws_that_speak_of_it(mistake: str) -> None:
    operation, laws = MISTAKES[mistake]
    assert failed(operation) == laws


def test_operation_that_raises_fails_and_says_what_it_raised() -> None:
    def forward(*_: object) -> None:
        raise ZeroDivisionError("by hand")

    check = self_check([replace(TANH, forward=forward), RELU])
    assert [operation.passed for operation in check.operations] == [False, True]
    assert all(law.error == np.inf for law in check.operations[0].laws)
    assert "tanh: value: ZeroDivisionError: by hand\n" in self_check_text(check, False, Medium())


def test_shape_rule_that_raises_fails() -> None:
    def settle(*_: object) -> None:
        raise ZeroDivisionError

    (found,) = self_check([replace(TANH, settle=settle)]).operations  # type: ignore[arg-type]
    assert (found.passed, found.laws[0].problem) == (False, "its examples cannot be built: ZeroDivisionError")


def test_nothing_checked_is_no_pass() -> None:
    assert not self_check([]).passed
    check = self_check([replace(TANH, examples=())])
    assert not check.passed
    assert "tanh: no example, so nothing was checked\n" in self_check_text(check, True, Medium())


def test_report_prints_failures_and_the_worst_only(whole: SelfCheck) -> None:
    text = self_check_text(whole, False, Medium())
    hidden = len(OPERATIONS) - 5
    assert f"The 5 nearest to their limits; --all prints the other {hidden} as well.\n" in text
    assert text.endswith(self_check_line(whole, Medium()))
    assert self_check_line(whole, Medium()).startswith(f"✓ PASS: {len(OPERATIONS)} operations, ")
    every = self_check_text(whole, True, Medium(letters=False, encoding="ascii"))
    assert every.isascii()
    listed = {line.split()[0] for line in every.splitlines() if line.endswith("PASS")}
    assert listed == set(OPERATIONS)


def test_failed_operations_are_always_shown(whole: SelfCheck) -> None:
    wrong = self_check([MISTAKES["vjp off by 0.05 %"][0]]).operations[0]
    check = replace(whole, operations=tuple(wrong if o.name == "tanh" else o for o in whole.operations))
    assert "tanh" in [operation.name for operation in worst_operations(check)]
    text = self_check_text(check, False, Medium())
    assert "tanh: slope: error 5.0e-4, allowed 1.0e-12\n" in text
    assert f"✗ FAIL: 1 of {len(OPERATIONS)} operations, " in text


def test_document_has_every_error_and_its_limit(whole: SelfCheck) -> None:
    document = self_check_document(whole)
    json.dumps(document, allow_nan=False)
    assert (document["schema"], document["verdict"]) == ("dlcli/self-check/v1", "pass")
    assert list(document["operations"]) == list(OPERATIONS)
    slope = document["operations"]["tanh"]["laws"]["slope"]
    assert 0 <= slope["error"] <= slope["tolerance"] == 1e-12
    assert slope["passed"] is True


def test_versions_are_those_in_use(whole: SelfCheck) -> None:
    import sympy

    import dlcli

    assert self_check_text(whole, False, Medium()).startswith(f"dlcli {dlcli.__version__}, Python ")
    assert self_check_document(whole)["versions"]["dlcli"] == dlcli.__version__
    assert whole.versions["NumPy"] == np.__version__
    assert whole.versions["SymPy"] == sympy.__version__


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Operation], None]:
    """planted(operation): the table holds it and relu alone."""

    def plant(operation: Operation) -> None:
        monkeypatch.setattr(module, "OPERATIONS", {operation.name: operation, "relu": RELU})

    return plant


def test_command_exits_0_when_the_laws_hold(run: Run, planted: Callable[[Operation], None]) -> None:
    planted(TANH)
    result = run("gradcheck", "--self")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "✓ PASS: 2 operations, " in result.stdout
    assert run("gradcheck", "--self", "--quiet").stdout.count("\n") == 1


def test_command_exits_1_on_a_planted_wrong_vjp(run: Run, planted: Callable[[Operation], None]) -> None:
    planted(MISTAKES["vjp off by 0.05 %"][0])
    result = run("gradcheck", "--self")
    assert result.exit_code == 1
    assert "tanh: slope: error 5.0e-4, allowed 1.0e-12\n" in result.stdout
    assert "✗ FAIL: 1 of 2 operations, " in result.stdout
    document = json.loads(run("gradcheck", "--self", "--format", "json").stdout)
    assert (document["verdict"], document["operations"]["tanh"]["verdict"]) == ("fail", "fail")
    assert document["operations"]["relu"]["verdict"] == "pass"


@pytest.mark.parametrize("more", [("a.yaml",), ("--explain", "w"), ("--plot", "w"), ("--wrt", "w"), ("--full",)])
def test_self_check_takes_no_file_and_no_entry(run: Run, more: tuple[str, ...]) -> None:
    result = run("gradcheck", "--self", *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--self checks dlcli itself" in result.stderr
