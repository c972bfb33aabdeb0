"""`dlcli grade --check`: what is ambiguous in a homework, on networks where that is known by hand."""

from __future__ import annotations

import json

from dlcli.grading.homework import prepare
from dlcli.grading.review import review
from tests.conftest import Homework, Run
from tests.homeworks import CSE_471

UNIT = CSE_471 + "questions:\n"


def remarks(homework: Homework, questions: str) -> dict[tuple[str, str], str]:
    return {(r.question, r.kind): r.text for r in review(prepare(homework(UNIT + questions)))}


def test_answers_of_zero_and_equal_answers_are_told(homework: Homework) -> None:
    found = remarks(homework, "  - {id: a, ask: in3}\n  - {id: b, ask: a3}\n  - {id: c, ask: grad(w14)}\n")
    assert found["b", "same"] == "question a has the same answer"
    assert found["c", "zero"].startswith("the right answer is 0")


def test_a_target_of_zero_hides_that_it_was_not_subtracted(homework: Homework) -> None:
    found = remarks(homework, "  - {id: a, ask: grad(w13)}\n")
    assert found["a", "mistake"] == "classic mistakes give the same answer: prediction-for-error"


def test_a_wide_tolerance_lets_mistakes_pass(homework: Homework) -> None:
    # the slope of the sigmoid of 23 and of softplus differ by 1e-10: only digits tell them apart
    found = remarks(homework, "  - {id: a, ask: grad(w13), tolerance: {relative: 0.9}}\n")
    assert "factor-two-missing" not in found["a", "mistake"]
    assert ("a", "mistake") in found


def test_nothing_to_say_is_said(run: Run, homework: Homework) -> None:
    text = UNIT.replace("y: 0", "y: 0.3").replace("w05: 1,", "w05: -21.5,")
    result = run("grade", "--check", str(homework(text + "  - {id: a, ask: grad(w35), points: 2}\n")))
    assert result.exit_code == 0
    assert result.stdout.endswith(
        ": 1 question, 2 points\n  no answer is ambiguous, and every derivative is confirmed by all witnesses\n"
    )


def test_json_has_a_record_a_question(run: Run, homework: Homework) -> None:
    path = homework(UNIT + "  - {id: a, ask: in3}\n  - {id: b, ask: a3}\n")
    document = json.loads(run("grade", "--check", str(path), "--format", "json").stdout)
    assert document["schema"] == "dlcli/review/v1"
    assert [q["remarks"] for q in document["questions"]] == [
        [],
        [{"kind": "same", "text": "question a has the same answer"}],
    ]


def test_answers_are_missing_or_too_many(run: Run, homework: Homework) -> None:
    path = str(homework(UNIT + "  - {id: a, ask: in3}\n"))
    assert "Missing argument 'ANSWERS...'" in run("grade", path).stderr
    result = run("grade", "--check", path, "answers.yaml")
    assert (result.exit_code, "leave the answers out" in result.stderr) == (2, True)
