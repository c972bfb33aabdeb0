"""The sentence that tells why an entry has its verdict, word for word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dlcli.entry_ladder import Flip
from dlcli.evidence import EntryEvidence, Slope, Tolerances, entry_evidence
from dlcli.render.decision import change_text, decision
from dlcli.solving import solve
from tests.conftest import Homework

SENTENCES = {
    "exp(1000*w)": "INCONCLUSIVE: the loss is inf at the point, so there is no slope.",
    "sqrt(w - 1)": "INCONCLUSIVE: the slope is infinite here, as declared.",
    "abs(w - 1)": (
        "KINK: a kink lies at the point itself, where abs at loss changes side: the slope is -1 on the left and 1 on "
        "the right; backprop a = 0 is what the convention gives (symbolic m = 0), which is accepted."
    ),
    "sign(w - 1)": "INCONCLUSIVE: the loss jumps here: differences grow as 1/h, where sign at loss changes side.",
    "1e-310*w": (
        "PASS: backprop a = 1e-310 and symbolic m = 1e-310 differ by 0, no more than tau = 8.9e-308. Coarse: the "
        "slope is known only to tau = 8.9e-308, so a relative mistake of 1.0e-5 in this entry would not be seen."
    ),
    "w*0": (
        "PASS: backprop a = 0 and symbolic m = 0 differ by 0, no more than tau = 8.9e-308. Vacuous: a and the "
        "reference are 0 to within R + E = 0, so nothing was exercised here (a dead unit, or an input of 0)."
    ),
}


def evidence(homework: Homework, loss: str) -> EntryEvidence:
    return entry_evidence(solve(homework(f'weights: {{w: 1}}\nloss: "{loss}"\n')), "w", ())


@pytest.mark.parametrize("loss", SENTENCES)
def test_decision_is_a_sentence_with_the_numbers_put_in(loss: str, homework: Homework) -> None:
    assert decision(evidence(homework, loss), 6) == SENTENCES[loss]


# slope, reference, error, tau, cap, verdict, reason, sentence; of a check by differences alone
BY_DIFFERENCES = [
    (2.0, 2.0, 1e-9, 2e-7, 1e-4, "pass", "",
     "PASS: backprop a = 2 and finite difference d = 2 differ by 0, no more than tau + E = 2.0e-7. "
     "The error bar E = 1.0e-9 is no wider than cap = 1.0e-4, so it decides."),
    (2.0, 2.5, 0.125, 2e-7, 1e-4, "fail", "backprop is the odd one out: the other witnesses agree",
     "FAIL: backprop a = 2 and finite difference d = 2.5 differ by 0.5, more than tau + 3 E = 0.38. "
     "backprop is the odd one out: the other witnesses agree."),
    (2.0, 2.25, 0.125, 2e-7, 1e-4, "inconclusive", "the gap is as large as the error of the reference",
     "INCONCLUSIVE: backprop a = 2 and finite difference d = 2.25 differ by 0.25, more than tau + E = 0.13 and no "
     "more than tau + 3 E = 0.38: the gap is as large as the error of the reference."),
    (2.0, 2.0, 0.125, 2e-7, 1e-4, "inconclusive", "the difference resolves this entry too coarsely",
     "INCONCLUSIVE: backprop a = 2 and finite difference d = 2 differ by 0, no more than tau + E = 0.13, but the "
     "error bar E = 0.12 is wider than cap = 1.0e-4: the difference resolves this entry too coarsely."),
]  # fmt: skip


@pytest.mark.parametrize(("a", "r", "error", "tau", "cap", "verdict", "reason", "said"), BY_DIFFERENCES)
def test_difference_alone_is_told_with_its_error_bar(
    homework: Homework, a: float, r: float, error: float, tau: float, cap: float, verdict: str, reason: str, said: str
) -> None:
    tolerances = Tolerances(2.0, 0.0, 3e-14, tau, cap, abs(a - r), "finite difference", r, error)
    found = replace(
        evidence(homework, "w*w"), backprop=a, symbolic=None, complex_step=None, difference=Slope(r, error),
        tolerances=tolerances, verdict=verdict, reason=reason, vacuous=False, coarse=False,
    )  # fmt: skip
    assert decision(found, 6) == said


def test_slopes_that_are_not_finite_are_told(homework: Homework) -> None:
    found = replace(evidence(homework, "w*w"), backprop=float("nan"), verdict="fail", reason="not finite")
    assert decision(found, 6) == "FAIL: backprop a = nan is not finite, but the loss is."


def test_sentence_never_states_an_inequality_that_does_not_hold(homework: Homework) -> None:
    found = replace(evidence(homework, "w*w"), verdict="fail", reason="another rule decided")
    assert decision(found, 6) == "FAIL: another rule decided."


def test_entry_that_nobody_looked_at_alone_is_told(homework: Homework) -> None:
    nothing = replace(evidence(homework, "w*w").tolerances, reference=None)
    found = replace(evidence(homework, "w*w"), tolerances=nothing, coarse=False, vacuous=False)
    assert decision(found, 6) == (
        "PASS: no witness looked at this entry alone; the slope of the loss along one direction through all entries "
        "of w is that of backprop."
    )


def test_sides_are_counted_from_the_files_base() -> None:
    flips = tuple(Flip(4, "relu at a", (k, 0)) for k in range(5))
    assert change_text(flips[:1], 1) == "relu at a[1,1] changes side"
    assert change_text(flips[:2], 0) == "relu at a[0,0] and relu at a[1,0] change sides"
    assert change_text(flips, 0) == "relu at a[0,0], relu at a[1,0], relu at a[2,0] and 2 more change sides"
    assert change_text((Flip(4, "max", (2,)),), 0) == "max (entry [2]) changes side"
    assert change_text((Flip(4, "abs at f", ()),), 0) == "abs at f changes side"
    assert change_text((), 0) == "a branch changes side"
