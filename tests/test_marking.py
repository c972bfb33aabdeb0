"""Marks of single answers: digits, arrays, choices, formulas, follow-through and its guard, by hand."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import pytest

from dlcli.answers import Answer, Sheet, read_sheet
from dlcli.errors import Source
from dlcli.grading.homework import Homework, prepare_source
from dlcli.grading.marking import mark_sheet
from dlcli.grading.records import Mark
from tests.homeworks import CSE_471

UNIT = (
    CSE_471.replace("w05: 1,", "w05: -21.5,").replace("{y: 0}", "{y: 0.25}")
    + "optimizer: {sgd: {learning_rate: 0.1}}\n"
)
# in3 = a3 = 11, in4 = -8, a4 = 0, in5 = 0.5, yhat = 0.62245933, delta5 = yhat - y = 0.37245933
CHAIN = (
    UNIT
    + """\
questions:
  - {id: in3, ask: in3}
  - {id: a3, ask: a3}
  - {id: in5, ask: in5}
  - {id: yhat, ask: yhat}
  - {id: d5, ask: grad(in5), name: delta5}
  - {id: w35, ask: grad(w35), points: 2}
  - {id: next, ask: step(w35)}
  - {id: f, ask: grad(w35), form: expression}
"""
)
VECTORS = """\
inputs: {x: [1, 2]}
weights: {W: [[3, -1, 2], [0.5, 2, 1]]}
targets: {t: [1, 0, 2]}
network:
  - z = W.T @ x
loss: sum(square(z - t))
questions:
  - {id: W, ask: W, points: 6}
  - {id: z, ask: z, points: 3}
  - {id: s, ask: shape(W)}
"""


@cache
def homework(text: str) -> Homework:
    return prepare_source(Source("homework.yaml", text), None)


def marks(text: str, answers: str) -> dict[str, Mark]:
    prepared = homework(text)
    graded = mark_sheet(prepared, read_sheet(answers.encode(), "s.yaml", prepared.ids))
    assert graded.status == "graded", graded.message
    return {mark.id: mark for mark in graded.marks}


def one(question: str, answer: str) -> Mark:
    text = f"{UNIT}questions:\n  - {question}\n"
    prepared = homework(text)
    (mark,) = mark_sheet(prepared, Sheet("s", "s.yaml", {"a": Answer("a", answer)})).marks
    return mark


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("0.62245933120185456", "correct"),
        ("0.622459", "correct"),
        ("0.6225", "correct"),  # rounded
        ("0.6224", "correct"),  # truncated
        ("0.62", "correct"),  # one unit of the last digit, 0.4 % off
        ("0.6", "wrong"),  # 3.6 % off: more than digits excuse
        ("0.6221", "correct"),  # four units: intermediate results were rounded
        ("0.6216", "wrong"),  # eight units
        ("62.2459 %", "correct"),
        ("1/(1 + e^-0.5)", "correct"),
        ("sigmoid(1/2)", "correct"),
        ("0,6225", "correct"),
        ("1/(1 + e^-0.51)", "wrong"),  # a formula has no digits to excuse it
        ("nonsense", "invalid"),
        ("", "missing"),
    ],
)
def test_digits_that_were_written_decide(answer: str, verdict: str) -> None:
    assert one("{id: a, ask: yhat}", answer).verdict == verdict


@pytest.mark.parametrize(
    ("tolerance", "answer", "verdict"),
    [
        ("{relative: 1e-3}", "0.6230", "correct"),
        ("{relative: 1e-3}", "0.6232", "wrong"),
        ("{absolute: 0.01}", "0.632", "correct"),
        ("{absolute: 0.01}", "0.633", "wrong"),
        ("{decimals: 2}", "0.63", "correct"),
        ("{decimals: 2}", "0.633", "wrong"),
        ("{digits: 3}", "0.6234", "correct"),
        ("{digits: 3}", "0.6236", "wrong"),
        ("1e-2", "0.628", "correct"),
    ],
)
def test_a_tolerance_of_the_file_decides_instead(tolerance: str, answer: str, verdict: str) -> None:
    assert one(f"{{id: a, ask: yhat, tolerance: {tolerance}}}", answer).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"), [("0", "correct"), ("-0", "correct"), ("1e-12", "correct"), ("1e-6", "wrong")]
)
def test_zero_is_measured_by_the_largest_gradient(answer: str, verdict: str) -> None:
    assert one("{id: a, ask: grad(w14)}", answer).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"), [("9", "correct"), ("9.0", "correct"), ("9.0000001", "wrong"), ("18/2", "correct")]
)
def test_counts_are_compared_exactly(answer: str, verdict: str) -> None:
    assert one("{id: a, ask: count(parameters)}", answer).verdict == verdict


def test_points_of_an_array_are_shared_out() -> None:
    found = marks(VECTORS, "W: [[3, -1, 2], [0.5, 2, 9]]\nz: [4, 3]\ns: 2 x 3\n")
    assert (found["W"].verdict, found["W"].points) == ("partial", Fraction(5))
    assert found["W"].feedback.startswith("Wrong at [1,2].")
    assert (found["z"].verdict, found["z"].points) == ("wrong", 0)
    assert "shape (2,)" in found["z"].feedback
    assert found["s"].verdict == "correct"


def test_a_transposed_array_is_told_and_a_flat_one_read() -> None:
    transposed = marks(VECTORS, "W: [[3, 0.5], [-1, 2], [2, 1]]\n")["W"]
    assert transposed.points == 0
    assert "this is the transposed array" in transposed.feedback.lower()
    flat = marks(VECTORS, "W: [3, -1, 2, 0.5, 2, 1]\n")["W"]
    assert (flat.verdict, flat.points) == ("correct", 6)
    assert "row by row" in flat.feedback


def test_entries_given_one_by_one_earn_their_share() -> None:
    found = marks(VECTORS, "W[0,1]: -1\nW[1,2]: 1\nW[1,1]: 7\n")["W"]
    assert (found.verdict, found.points) == ("partial", Fraction(2))


def test_a_chain_of_five_wrong_steps_is_followed() -> None:
    # in3 = 10 (wrong); a3 = 10, in5 = -1.5, yhat = 0.182426, delta5 = -0.067574, dw35 = -0.67574, w35 = 2.067574
    answers = "in3: 10\na3: 10\nin5: -1.5\nyhat: 0.182426\nd5: -0.067574\nw35: -0.67574\nnext: 2.067574\n"
    found = marks(CHAIN, answers)
    assert found["in3"].verdict == "wrong"
    assert [found[q].verdict for q in ("a3", "in5", "yhat", "d5", "w35", "next")] == ["follow_through"] * 6
    assert found["w35"].points == 2
    assert found["a3"].feedback.startswith("Wrong, but it follows from your answer to in3.")


def test_each_step_may_be_wrong_by_itself_and_the_rest_follow() -> None:
    # each answer goes on rightly from the one before, but each second one has a slip of its own
    answers = "in3: 10\na3: 9\nin5: -3.5\nyhat: 0.5\nd5: 0.25\nw35: 2.25\nnext: 1.775\n"
    found = marks(CHAIN, answers)
    verdicts = {q: found[q].verdict for q in ("in3", "a3", "in5", "yhat", "d5", "w35", "next")}
    assert verdicts == {
        "in3": "wrong", "a3": "wrong", "in5": "follow_through", "yhat": "wrong",
        "d5": "follow_through", "w35": "follow_through", "next": "follow_through",
    }  # fmt: skip


def test_a_slip_that_erases_the_chain_earns_nothing() -> None:
    found = marks(CHAIN, "in3: -10\na3: 0\nin5: -21.5\nw35: 0\n")
    assert found["a3"].points == 0
    assert found["w35"].points == 0


def test_a_wrong_answer_written_again_is_no_step() -> None:
    found = marks(CHAIN, "in3: 10\nyhat: 10\n")
    assert found["yhat"].points == 0


def test_formulas_may_use_named_answers_and_say_where_they_hold() -> None:
    assert marks(CHAIN, "f: (yhat - y)*a3\n")["f"].verdict == "correct"
    assert marks(CHAIN, "f: delta5 a3\n")["f"].verdict == "correct"
    branch = marks(CHAIN, "f: (yhat - y)*in3\n")["f"]
    assert branch.verdict == "correct"
    assert "Holds while in3 > 0." in branch.feedback
    numbers = marks(CHAIN, "f: (yhat - y)*11\n")["f"]
    assert numbers.verdict == "wrong"
    assert "at the numbers of the file alone" in numbers.feedback


def test_a_missing_derivative_is_named_for_one_number() -> None:
    text = UNIT.replace("bce(yhat, y)", "square(yhat - y)/2") + "questions:\n  - {id: a, ask: grad(w05)}\n"
    # 0.37245933*0.62245933*0.37754067 = 0.08752853 is right; without the slope of the sigmoid 0.37245933
    found = marks(text, "a: 0.372459331\n")["a"]
    assert (found.verdict, found.points) == ("wrong", 0)
    assert "the derivative of sigmoid is left out" in found.feedback


def test_relu_that_was_passed_where_it_blocks_is_named() -> None:
    found = one("{id: a, ask: a4}", "-8")
    assert (found.verdict, found.diagnosis) == ("wrong", "relu-not-applied")


@pytest.mark.parametrize(
    ("answer", "verdict", "points"),
    [
        ("A, C", "correct", 2),
        ("[C, A]", "correct", 2),
        ("a", "partial", 1),
        ("A, B, C", "partial", 1),
        ("B", "wrong", 0),
        ("sigmoid, relu", "correct", 2),
        ("D", "invalid", 0),
    ],
)
def test_several_choices_share_the_points(answer: str, verdict: str, points: int) -> None:
    choices = "{A: sigmoid, B: tanh, C: relu}"
    found = one(f"{{id: a, choices: {choices}, answer: [A, C], points: 2}}", answer)
    assert (found.verdict, found.points) == (verdict, points)


@pytest.mark.parametrize(
    ("question", "answer", "verdict"),
    [
        ("{id: a, answer: 24, tolerance: {absolute: 0.5}}", "24.2", "correct"),
        ("{id: a, answer: 24, tolerance: {absolute: 0.5}}", "24.6", "wrong"),
        ("{id: a, answer: 1/3}", "0.333", "correct"),
        ("{id: a, answer: 1/3}", "33.3 %", "correct"),
        ("{id: a, answer: 2*pi}", "6.283", "correct"),
        ("{id: a, answer: 2*pi, accept: [-2*pi]}", "-6.283", "correct"),
        ("{id: a, answer: '[1, 2, 3]'}", "[1, 2, 4]", "partial"),
    ],
)
def test_a_model_answer_that_is_a_number_is_judged_as_one(question: str, answer: str, verdict: str) -> None:
    assert one(question, answer).verdict == verdict


@pytest.mark.parametrize("answer", ["6.225×10⁻¹", "6.225 * 10^-1", "6.225e-1", "6.225 x 10^-1"])
def test_a_power_of_ten_carries_the_digits_of_its_mantissa(answer: str) -> None:
    assert one("{id: a, ask: yhat}", answer).verdict == "correct"


def test_a_flat_list_may_follow_from_a_wrong_answer() -> None:
    text = """\
inputs: {x: [[0.5, 0.2, 0.3]]}
network:
  - s = 2*x
  - p = s + 1
loss: sum(p)
questions:
  - {id: s, ask: s}
  - {id: p, ask: p}
"""
    found = marks(text, "s: [[1, 0.5, 0.6]]\np: [2, 1.5, 1.6]\n")
    assert (found["p"].verdict, found["p"].points) == ("follow_through", 1)


def test_a_step_that_happens_to_repeat_a_wrong_number_is_followed() -> None:
    # w35 is wrong and 10, and the step from it is 2 - 0.1*10 = 1, the number that was wrongly answered for in5
    found = marks(CHAIN, "in5: 1\nw35: 10\nnext: 1\n")
    assert (found["in5"].verdict, found["next"].verdict) == ("wrong", "follow_through")


def test_what_follows_from_a_zero_is_followed() -> None:
    assert marks(CHAIN, "in5: 0\nyhat: 0.5\n")["yhat"].verdict == "follow_through"


@pytest.mark.parametrize("answer", ["C: relu", "C. relu", "option C", "(c)", "C)"])
def test_a_label_may_stand_with_its_text(answer: str) -> None:
    assert one("{id: a, choices: {A: sigmoid, B: tanh, C: relu}, answer: C}", answer).verdict == "correct"


@pytest.mark.parametrize("answer", ["AC", "A C", "A and C", "a; c", "A, C"])
def test_several_labels_may_be_separated_in_many_ways(answer: str) -> None:
    assert one("{id: a, choices: {A: sigmoid, B: tanh, C: relu}, answer: [A, C]}", answer).verdict == "correct"


def test_more_digits_are_asked_for_only_where_a_mistake_is_shortened_to_the_same() -> None:
    # grad(w35) = 11*0.37245933 = 4.0970526, and no mistake of the catalogue gives 4.1 or 4.097 after rounding
    assert one("{id: a, ask: grad(w35)}", "4.1").verdict == "correct"
    assert one("{id: a, ask: grad(w35)}", "4.097").verdict == "correct"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("1/(1 + exp(-0.500))", "correct"),
        ("1 - 0.3775", "correct"),  # 0.37754 rounded, so 0.6225
        ("1 - 0.377", "correct"),  # cut off
        ("2*0.3112", "correct"),
        ("1 - 0.37", "wrong"),  # two digits are no rounded number
        ("1 - 0.3875", "wrong"),
        ("exp(-0.4741)", "correct"),  # -ln yhat = 0.474077
        ("exp(-0.4841)", "wrong"),
        ("0.6225/1.000", "correct"),
        ("sqrt(0.3875)", "correct"),  # yhat^2 = 0.387456
        ("ln(-0.6337)", "invalid"),
    ],
)
def test_rounded_numbers_in_a_formula_carry_their_digits(answer: str, verdict: str) -> None:
    assert one("{id: a, ask: yhat}", answer).verdict == verdict


ARRAYS = """\
inputs: {x: [1, -2]}
weights: {W: [[1, 2], [3, -1]], v: [2, -1]}
network: [z = W @ x, h = relu(z), y = v @ h]
loss: y**2/2
questions:
  - {id: z, ask: z}
  - {id: W, ask: W, points: 4}
  - {id: d, ask: grad(z), form: expression}
"""


@pytest.mark.parametrize(
    "answer",
    ["[-3, 5]", "-[3, -5]", "[-6, 10]/2", "0.5*[-6, 10]", "2[-1.5, 2.5]", "[-3 5]^T", "[-3; 5]", "[1, 2] + [-4, 3]",
     "(1, 2) - (4, -3)", "-([3, -5])", "1/2*(-[6, -10])", "\\\\frac{1}{2}[-6, 10]"],
)  # fmt: skip
def test_arrays_may_be_worked_out_of_lists(answer: str) -> None:
    found = marks(ARRAYS, f'z: "{answer}"\n')["z"]
    assert (found.verdict, found.points) == ("correct", 1), found


def test_digits_of_entries_count_behind_a_sign() -> None:
    assert marks(ARRAYS, "z: -[3.0, -4.99]\n")["z"].verdict == "correct"
    assert marks(ARRAYS, "z: -[3.0, -4.5]\n")["z"].verdict == "partial"


@pytest.mark.parametrize("answer", ["[[1, 3], [2, -1]]^T", "2*[[0.5, 1], [1.5, -0.5]]", "[1 3; 2 -1]^T"])
def test_matrices_may_be_worked_out_of_lists(answer: str) -> None:
    assert marks(ARRAYS, f'W: "{answer}"\n')["W"].points == 4


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("[[1, 2], [3, -1]] @ [1, -2]", "signs, factors and sums only"),
        ("[1, 2]*[-3, 2.5]", "signs, factors and sums only"),
        ("2/[1, 2]", "signs, factors and sums only"),
        ("[1, 2] + [1, 2, 3]", "signs, factors and sums only"),
        ("exp([1, 2])", "signs, factors and sums only"),
        ("2*[[1, 2], [3]]", "the rows of this list have different lengths"),
        ("-[1, q]", "`q` stands in the answer"),
    ],
)
def test_what_lists_are_not_worked_out_of(answer: str, why: str) -> None:
    found = marks(ARRAYS, f'z: "{answer}"\n')["z"]
    assert found.verdict == "invalid"
    assert why.casefold() in found.feedback.casefold()


@pytest.mark.parametrize(
    "answer",
    ["y*v*1[z>0]", "y v 1(z > 0)", "1[z > 0]*y*v", "y*v*I(z>0)", "y*v*𝟙[z>0]", "y*v*𝟏{z > 0}", "y*v*1_{z>0}",
     "y*v*[z>0]", "y v \\\\mathbb{1}[z > 0]", "y v \\\\mathbf{1}_{z > 0}", "I(z > 0)*y*v", "y*1(z>0)*v",
     "y*(1[z>0])*v"],
)  # fmt: skip
def test_indicators_are_comparisons(answer: str) -> None:
    found = marks(ARRAYS, f'd: "{answer}"\n')["d"]
    assert found.verdict == "correct", found


def test_an_indicator_of_the_wrong_side_is_wrong() -> None:
    assert marks(ARRAYS, "d: y*v*1[z<0]\n")["d"].verdict == "wrong"
    assert marks(ARRAYS, "d: y*v*1(z)\n")["d"].verdict != "correct"


def test_the_fewest_wrong_answers_that_explain_one_are_named() -> None:
    # in3 and in5 are wrong; yhat = sigmoid(1) follows from in5 alone
    found = marks(CHAIN, "in3: 10\na3: 17\nin5: 1\nyhat: 0.731059\n")["yhat"]
    assert (found.verdict, found.feedback) == ("follow_through", "Wrong, but it follows from your answer to in5.")


EXACT = """\
inputs: {x: [2, 4, 0.5]}
weights: {w: [1.25, 0.125, 0.05], b: 0.02}
targets: {y: 1}
network: ["z = dot(w, x) + b", yhat = sigmoid(z)]
loss: square(yhat - y) + 0.01*sum(w**2)
optimizer: {sgd: {learning_rate: 0.125}}
questions: [{id: z, ask: z}, {id: yhat, ask: yhat}]
"""


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("1.25*2 + 0.125*4", "wrong"),  # a term is forgotten, and the weights are no rounded numbers: z = 3.045
        ("1.25*2 + 0.125*4 + 0.5*0.05", "wrong"),
        ("1.250*2 + 0.1250*4 + 0.5*0.05 + 0.02", "correct"),
        ("3.025 + 0.0200", "correct"),
        ("2.999 + 0.0459", "correct"),  # two rounded numbers, off by a unit of one
        ("2.999 + 0.0490", "wrong"),  # by three
    ],
)
def test_numbers_of_the_homework_are_not_rounded(answer: str, verdict: str) -> None:
    assert marks(EXACT, f"z: {answer}\n")["z"].verdict == verdict


SLOPES = """\
inputs: {x: 0.5}
weights: {w: 1}
network: [z = w*x, a = sigmoid(z), h = tanh(a), da = 1 - h**2, dz = 1 - tanh(a)**2]
loss: dz
questions:
  - {id: a, ask: a}
  - {id: s, ask: sigmoid(z)*(1 - sigmoid(z))}
  - {id: h, ask: h}
  - {id: d, ask: dz}
  - {id: k, ask: "2*x", name: twice}
  - {id: r, ask: h, with: {x: "twice*x"}}
"""


def test_slopes_follow_from_a_wrong_activation_by_its_argument() -> None:
    found = marks(SLOPES, "a: 0.6\ns: 0.24\nh: 0.5\nd: 0.75\n")
    assert {name: found[name].verdict for name in "ashd"} == {
        "a": "wrong", "s": "follow_through", "h": "wrong", "d": "follow_through",
    }  # fmt: skip


def test_a_value_with_replaced_quantities_follows_from_a_named_answer() -> None:
    # x = 5*0.5, so z = 2.5, a = 0.924142, h = 0.727851
    found = marks(SLOPES, "k: 5\nr: 0.7278509\n")["r"]
    assert (found.verdict, found.feedback) == ("follow_through", "Wrong, but it follows from your answer to k.")


SQUARE = """\
inputs: {x: [1, -2]}
weights: {W: [[1, 2], [3, -1]], V: [[2, 1], [0, 1]], d: [3, 1]}
network: [z = W @ x, h = relu(z), m = (z > 0)*(W @ x), "o = outer((z > 0)*d, x)", e = (V.T @ d)*(z > 0)]
loss: sum(h)
questions:
  - {id: m, ask: m, form: {expression: {in: [z, W, x]}}}
  - {id: o, ask: o, form: {expression: {in: [z, d, x]}}}
  - {id: e, ask: e, form: {expression: {in: [z, V, d]}}}
"""


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("m", "1[z>0] W x"), ("m", "1[z>0] * W x"), ("m", "(z>0) ⊙ W x"), ("m", "1[z>0] ⊙ (W x)"), ("m", "W x 1[z>0]"),
        ("o", "1[z>0] d x^T"), ("o", "d 1[z>0] x^T"), ("o", "(d ⊙ 1[z>0]) x^T"),
        ("e", "1_{z>0} ⊙ V^T d"), ("e", "V^T d 1[z>0]"), ("e", "I(z>0) V^T d"),
    ],
)  # fmt: skip
def test_an_indicator_multiplies_the_column_that_a_matrix_gives(question: str, answer: str) -> None:
    found = marks(SQUARE, f'{question}: "{answer}"\n')[question]
    assert found.verdict == "correct" or "may mean" in found.feedback, found
    assert found.verdict == "correct" or answer == "1[z>0] d x^T"
