"""The report of several checks: one line a file, details of what is not PASS, a total."""

from __future__ import annotations

from textwrap import dedent

from dlcli.render.console import Medium
from dlcli.render.gradcheck_text import CheckedFile, gradcheck_lines, gradcheck_text, total_line
from dlcli.render.solution_text import Detail
from tests.handmade import graph, solution, tensor

PIPE = Medium()
REASON = "a kink lies at the point (slope -1 on the left, 2 on the right)"


def files() -> list[CheckedFile]:
    right = solution(tensor("w", [1.0, 0, 2], relative_error=tensor("w", [1e-16, 0, 3e-13]).backprop))
    kink = solution(tensor("w", 0.5, "kink", reasons={(): REASON}), tensor("b", 1.0))
    wrong = solution(tensor("W", [[1.0, 2], [3, 4]], [["pass", "fail"], ["pass", "pass"]], reasons={(0, 1): "odd"}))
    return [
        CheckedFile("a.yaml", "pass", right),
        CheckedFile("a longer name.yaml", "kink", kink),
        CheckedFile("木.yaml", "fail", wrong),
        CheckedFile("broken.yaml", "error", None, "E204, E101"),
        CheckedFile("counter-example.yaml", "pass", None, "expected E301"),
        CheckedFile("values.yaml", "inconclusive", solution(loss=None, graph=graph(None))),
    ]


def test_whole_report() -> None:
    line = "on a kink, where the convention decides, all others pass; all exercised."
    assert gradcheck_text(files(), Detail(), PIPE) == dedent(
        """
        ✓ PASS          a.yaml                3 entries  2 exercised  worst 3.0e-13
        ~ KINK          a longer name.yaml    2 entries  2 exercised  worst 0
        ✗ FAIL          木.yaml               4 entries  4 exercised  worst 0
        ✗ ERROR         broken.yaml           E204, E101
        ✓ PASS          counter-example.yaml  expected E301
        ? INCONCLUSIVE  values.yaml           no loss, so nothing to differentiate

        a longer name.yaml: ~ KINK: 1 of 2 entries (w) lies LINE
          quantity   symbolic   backprop   complex step   finite difference ±   rel. error   verdict
          ──────────────────────────────────────────────────────────────────────────────────────────
          w          0.5        0.5        0.5            0.5 ± 2.5e-13         0            ~ KINK
          w: a kink lies at the point (slope -1 on the left, 2 on the right)

        木.yaml: ✗ FAIL: backprop is wrong at 1 of 4 entries (W[0,1]); all exercised.
          quantity   symbolic   backprop   complex step   finite difference ±   rel. error   verdict
          ──────────────────────────────────────────────────────────────────────────────────────────
          W[0,1]     2          2          2              2 ± 2.5e-13           0            ✗ FAIL
          W[0,1]: odd

        6 files: 2 PASS, 1 KINK, 1 INCONCLUSIVE, 1 FAIL, 1 ERROR; 9 entries, 8 exercised
        """
    ).removeprefix("\n").replace("LINE", line)


def test_lines_alone() -> None:
    assert gradcheck_lines(files()[:2], PIPE) == (
        "✓ PASS  a.yaml              3 entries  2 exercised  worst 3.0e-13\n"
        "~ KINK  a longer name.yaml  2 entries  2 exercised  worst 0\n"
    )


def test_lines_in_ascii_have_words_alone() -> None:
    assert gradcheck_lines(files()[2:4], Medium(encoding="ascii", letters=False)) == (
        "FAIL   \\u6728.yaml  4 entries  4 exercised  worst 0\nERROR  broken.yaml  E204, E101\n"
    )


def test_all_prints_every_entry_that_is_not_pass() -> None:
    many = CheckedFile("m", "fail", solution(tensor("w", [1.0] * 40, "fail")))
    assert gradcheck_text([many], Detail(), PIPE).count("✗ FAIL\n") == 10
    assert "and 40 more entries that are not PASS" in gradcheck_text([many], Detail(), PIPE)
    assert gradcheck_text([many], Detail(every=True), PIPE).count("✗ FAIL\n") == 40


def test_nothing_checked_says_so() -> None:
    assert total_line([], PIPE) == "0 files: nothing checked; 0 entries, 0 exercised\n"


def test_homework_without_weights_has_no_worst_error() -> None:
    assert "0 entries  0 exercised  worst unknown" in gradcheck_lines(
        [CheckedFile("a", "inconclusive", solution())], PIPE
    )
