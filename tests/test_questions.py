"""Questions of a homework: what their keys may say, and the values that they expect, against numbers by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from dlcli.errors import HomeworkError
from dlcli.questions.key import Key, answer_key
from dlcli.questions.records import Choice, Code, Domain, ExpressionForm, Give, Manual, Model, Tolerance, full_marks
from dlcli.solving import check
from tests.conftest import Homework
from tests.homeworks import CSE_471

UNIT = CSE_471 + "optimizer: {sgd: {learning_rate: 0.5}}\nquestions:\n"
S = 1 / (1 + math.exp(-23))  # in5 = 1 + 2*11
VECTORS = """\
inputs: {x: [1, 2]}
weights: {W: [[3, -1], [0.5, 2]], b: [0.5, -1]}
targets: {t: [1, 0]}
network:
  - z = W @ x + b
  - h = z*z
loss: sum(square(z - t))
optimizer: {momentum: {learning_rate: 0.1, mu: 0.5}}
questions:
"""


def key(homework: Homework, questions: str, network: str = UNIT) -> Key:
    checked = check(homework(network + questions))
    return answer_key(checked.lowered, checked.graph)


def asked(homework: Homework, expression: str, network: str = UNIT) -> np.ndarray:
    return key(homework, f"  - {{id: a, ask: '{expression}'}}\n", network).expected["a"].value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("in3", 11),
        ("in4", -8),
        ("yhat", S),
        ("loss", math.log1p(math.exp(23))),
        ("grad(w05)", S),
        ("grad(w35)", 11 * S),
        ("grad(w13)", -6 * S),
        ("grad(a3)", 2 * S),
        ("grad(yhat)", 1 / (1 - S)),
        ("grad(yhat, in5)", S * (1 - S)),
        ("jacobian(in5, a3)", 2),
        ("hessian(loss, w35)", 121 * S * (1 - S)),
        ("grad(square(grad(loss, w05)), w05)", 2 * S * S * (1 - S)),
        ("2*grad(w05) + in3", 2 * S + 11),
        ("step(w13)", 2 + 3 * S),
        ("step(in3)", 11 - 0.5 * 2 * S - 0.5 * 18 * S - 0.5 * 50 * S),
        ("size(w13)", 1),
        ("count(parameters)", 9),
    ],
)
def test_values_of_the_unit_by_hand(expression: str, value: float, homework: Homework) -> None:
    # 1 - S has no more than 7 digits, so it is worked out as exp(-23)/(1 + exp(-23))
    small = math.exp(-23) / (1 + math.exp(-23))
    exact = {"grad(yhat)": 1 / small, "grad(yhat, in5)": S * small, "hessian(loss, w35)": 121 * S * small}
    exact["grad(square(grad(loss, w05)), w05)"] = 2 * S * S * small
    lost = 1e-7 if expression == "grad(yhat)" else 1e-9  # 1/(1 - yhat) at a float64 yhat knows no more
    np.testing.assert_allclose(asked(homework, expression), exact.get(expression, value), rtol=lost)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("z", [1.5, 3.5]),
        ("grad(z)", [1, 7]),
        ("grad(W)", [[1, 2], [7, 14]]),
        ("grad(W)[1, 0]", 7),
        ("grad(x)", [3 * 1 + 0.5 * 7, -1 * 1 + 2 * 7]),
        ("jacobian(z, x)", [[3, -1], [0.5, 2]]),
        ("jacobian(h, z)", [[3, 0], [0, 7]]),
        ("jacobian(z, b)", [[1, 0], [0, 1]]),
        ("hessian(loss, b)", [[2, 0], [0, 2]]),
        ("shape(W)", [2, 2]),
        ("size(W)", 4),
        ("count(parameters)", 6),
        ("step(b)", [0.5 - 0.1, -1 - 0.7]),
        ("grad(sum(h), x)", [2 * (1.5 * 3 + 3.5 * 0.5), 2 * (-1.5 + 3.5 * 2)]),
        ("grad(W) @ x", [5, 35]),
    ],
)
def test_values_of_vectors_by_hand(expression: str, value: object, homework: Homework) -> None:
    np.testing.assert_allclose(asked(homework, expression, VECTORS), value, rtol=1e-12, atol=1e-12)


def test_two_steps_keep_the_velocity(homework: Homework) -> None:
    # b1: g = 1, v = 1, b = 0.4; W1 becomes [2.9, -1.2]; z1 = 0.9, so g = -0.2, v = 0.3, b = 0.37
    assert asked(homework, "step(b, 2)[0]", VECTORS) == pytest.approx(0.37, rel=1e-12)


def test_shape_of_a_number_is_empty(homework: Homework) -> None:
    found = key(homework, "  - {id: a, ask: shape(x1)}\n").expected["a"]
    assert (found.kind, found.value.shape) == ("shape", (0,))


def test_replaced_quantities_take_the_old_values(homework: Homework) -> None:
    found = key(homework, '  - {id: a, ask: in3, with: {x1: "x1 + x2", w03: "2*w03"}}\n').expected["a"]
    assert found.value == 4 + 2 * 2 + 15


def test_zero_is_measured_by_the_largest_gradient(homework: Homework) -> None:
    found = key(homework, "  - {id: a, ask: grad(w14)}\n").expected["a"]
    assert bool(found.zero)
    assert float(found.scale) == pytest.approx(11 * S)


def test_names_are_known_to_later_questions(homework: Homework) -> None:
    text = "  - {id: a, ask: grad(in5), name: delta}\n  - {id: b, ask: delta*w35}\n"
    assert key(homework, text).expected["b"].value == pytest.approx(2 * S)


def test_parts_are_unfolded_and_carry_the_prompts(homework: Homework) -> None:
    parts = "      - {id: i, ask: in3, prompt: First.}\n      - {id: ii, ask: a3}\n"
    first, second = key(homework, f"  - id: p\n    prompt: All of it.\n    parts:\n{parts}").questions.questions
    assert (first.id, first.prompts) == ("p.i", ("All of it.", "First."))
    assert (second.id, second.prompts) == ("p.ii", ("All of it.",))


def test_each_kind_of_question_is_read(homework: Homework) -> None:
    text = """\
  - {id: a, ask: grad(w35), form: {expression: {in: [yhat, y, a3], everywhere: true}}, points: 3/2}
  - {id: b, answer: "2*u", accept: ["u + u"], variables: {u: positive, v: "(0, 1)"}}
  - {id: c, choices: {A: one, B: two}, answer: [a, B]}
  - {id: d, give: [w35], check: "loss < 1"}
  - {id: e, manual: true, points: 3}
  - {id: f, code: backward, bonus: true}
grading: {tolerance: {digits: 3}, follow_through: 50%, diagnosed: 1/4, choice: all, pass_mark: 60%, imports: [scipy]}
"""
    questions = key(homework, text).questions
    a, b, c, d, e, f = questions.questions
    assert a.task.form == ExpressionForm(("yhat", "y", "a3"), everywhere=True)  # type: ignore[union-attr]
    assert a.points == Fraction(3, 2)
    assert isinstance(b.task, Model)
    assert len(b.task.accepted) == 2
    assert b.task.variables == {"u": Domain(low=0.0), "v": Domain(0.0, 1.0)}
    assert c.task == Choice({"A": "one", "B": "two"}, ("A", "B"), several=True)
    assert isinstance(d.task, Give)
    assert e.task == Manual()
    assert f.task == Code("backward")
    assert full_marks(questions.questions) == Fraction(3, 2) + 1 + 1 + 1 + 3
    grading = questions.grading
    assert grading.tolerance == Tolerance(digits=3)
    assert (grading.follow_through, grading.diagnosed, grading.pass_mark) == (
        Fraction(1, 2),
        Fraction(1, 4),
        Fraction(3, 5),
    )
    assert (grading.choice, grading.imports) == ("all", ("scipy",))


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("{id: a}", "E401", "this question asks nothing"),
        ("{id: a, ask: in3, manual: true}", "E401", "`ask` and `manual` are two questions"),
        ("{id: a, manual: true, form: expression}", "E401", "`form` has no effect without `ask`"),
        ("{id: a, ask: in3, form: formula}", "E402", "the only form of an answer is `expression`"),
        ("{id: a, choices: {A: one}, answer: A}", "E403", "a choice needs two labels or more"),
        ("{id: a, choices: {A: one, B: two}, answer: C}", "E403", "`C` is not one of the choices"),
        ("{id: a, answer: u, variables: {u: reel}}", "E404", "`reel` is no domain"),
        ('{id: a, answer: u, variables: {u: "(2, 1)"}}', "E404", "there is no number between 2 and 1"),
        ("{id: a, ask: grad(in9)}", "E103", "unknown name `in9`"),
        ("{id: a, ask: 'grad(in3 + 1)'}", "E405", "only a named quantity can be differentiated by"),
        ("{id: a, ask: grad(w13), points: -1}", "E305", "`points` must lie between 0 and 10,000, but it is -1"),
        ("{id: a, ask: in3, tolerance: 2}", "E305", "a relative tolerance of 2 makes every number near 0 right"),
        ("{id: a, ask: in3, tolerance: {digitz: 2}}", "E101", "unknown key `digitz` in a tolerance"),
        ("{id: a, ask: in3, with: {q: 1}}", "E103", "`with` replaces `q`, which is no quantity"),
        (
            "{id: a, give: [w99], check: loss < 1}",
            "E103",
            "question a names `w99`, which is no quantity that it could mean",
        ),
        ("{id: a, give: [w35]}", "E107", "question a needs the key `check`"),
        ("{id: a, code: backwards}", "E123", "`code` cannot be `backwards`; it is `backward` or `forward`"),
        ("{id: a, ask: in3, bonus: 3}", "E123", "true or false belongs here, not `3`"),
        ("{id: a, ask: log(in4)}", "E406", "question a asks for a value that is not finite"),
    ],
)
def test_what_a_question_cannot_say(text: str, code: str, message: str, homework: Homework) -> None:
    with pytest.raises(HomeworkError) as caught:
        key(homework, f"  - {text}\n")
    found = {d.code: d.message for d in caught.value.diagnostics}
    assert found.get(code) == message
    assert all(d.place is not None for d in caught.value.diagnostics)


def test_all_errors_of_all_questions_are_told(homework: Homework) -> None:
    with pytest.raises(HomeworkError) as caught:
        key(homework, "  - {id: a, ask: grad(q)}\n  - {id: b, ask: in9}\n")
    assert [d.place.line for d in caught.value.diagnostics if d.place] == [15, 16]


def test_joined_ids_are_given_once(homework: Homework) -> None:
    text = "  - {id: p.i, ask: in3}\n  - {id: p, parts: [{id: i, ask: in4}]}\n"
    with pytest.raises(HomeworkError) as caught:
        key(homework, text)
    assert [d.code for d in caught.value.diagnostics] == ["E129"]
