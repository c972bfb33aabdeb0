"""The dialect of answers: what people write is read as they mean it, or refused with the place and both readings."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.language import LanguageError, parse_expression, to_text
from dlcli.language.answer import parse_answer, parse_shape
from dlcli.language.constants import evaluate_constant
from dlcli.language.tree import Sequence, Tree

NAMES = ("a", "b", "x", "x1", "y", "z", "u", "w13", "w_h", "W", "W1", "a3", "delta", "lambda", "yhat")


def read(text: str) -> str:
    return to_text(parse_answer(text, NAMES).tree)


def value(text: str) -> float:
    tree = parse_answer(text).tree
    return evaluate_constant(tree, lambda _: None, allow_infinite=True, activations=True).value


def refusal(text: str, names: tuple[str, ...] = NAMES) -> LanguageError:
    with pytest.raises(LanguageError) as caught:
        parse_answer(text, names)
    return caught.value


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("2/3", "2/3"),
        (".5", ".5"),
        ("5e-3", "5e-3"),
        ("−5", "-5"),
        ("e^-z", "e**-z"),
        ("exp(-z)", "exp(-z)"),
        ("exp[-z]", "exp(-z)"),
        ("exp{-z}", "exp(-z)"),
        ("σ(z)", "sigmoid(z)"),
        ("ReLU(z)", "relu(z)"),
        ("LeakyReLU(z)", "leaky_relu(z)"),
        ("np.exp(z)", "exp(z)"),
        ("log_2(8)", "log(8)/log(2)"),
        ("2x", "2*x"),
        ("2π", "2*pi"),
        ("a b", "a*b"),
        ("a(1-a)", "a*(1 - a)"),
        ("(a)(b)", "a*b"),
        ("2|x|", "2*abs(x)"),
        ("δx", "delta*x"),
        ("2πx", "2*pi*x"),
        ("aw_{13}", "a*w13"),
        ("ab^2", "a*b**2"),
        ("sig(z)", "sigmoid(z)"),
        ("|x|", "abs(x)"),
        ("|a||b|", "abs(a)*abs(b)"),
        ("|a - |b||", "abs(a - abs(b))"),
        ("||x||", "norm(x)"),
        ("‖x‖", "norm(x)"),
        ("ln|x|", "ln(abs(x))"),
        ("ln 2", "ln(2)"),
        ("ln x + 1", "ln(x) + 1"),
        ("x²", "x**2"),
        ("x⁻¹", "x**-1"),
        ("x¹⁰", "x**10"),
        ("-x^2", "-x**2"),
        ("2^3^2", "2**3**2"),
        ("x^2y", "x**2*y"),
        ("e^2 x", "e**2*x"),
        ("tanh^2(z)", "tanh(z)**2"),
        ("tanh²(z)", "tanh(z)**2"),
        ("w_{13}", "w13"),
        ("w₁₃", "w13"),
        ("w_13", "w13"),
        ("w_{1,3}", "w13"),
        ("w_{h}", "w_h"),
        ("wh", "w_h"),
        ("W^{(1)} x", "W1*x"),
        ("λ", "lambda"),
        ("λ x", "lambda*x"),
        ("δ", "delta"),
        ("ŷ - y", "yhat - y"),
        ("𝑥 + 𝑦", "x + y"),
        ("sigmoid'(z)", "sigmoid(z)*(1 - sigmoid(z))"),
        ("σ'(z)", "sigmoid(z)*(1 - sigmoid(z))"),
        ("σ′(z)", "sigmoid(z)*(1 - sigmoid(z))"),
        ("tanh'(2x)", "1 - tanh(2*x)**2"),
        ("relu'(z)", "where(z > 0, 1, 0)"),
        ("a ⊙ b", "a*b"),
        ("a∘b", "a*b"),
        ("a × b · x ÷ 2", "a*b*x/2"),
        ("δ x^T", "outer(delta, x)"),
        ("δ xᵀ", "outer(delta, x)"),
        ("δ⊗x", "outer(delta, x)"),
        ("δ @ x.T", "outer(delta, x)"),
        ("x^T x", "x.T @ x"),
        ("W^T δ", "W.T @ delta"),
        ("W^Tδ", "W.T @ delta"),
        ("W^{\\top} δ", "W.T @ delta"),
        ("{a+b}*[a-b]", "(a + b)*(a - b)"),
        ("（a＋b）", "a + b"),
        ("[1 2; 3 4]", "[[1, 2], [3, 4]]"),
        ("[1, 2; 3, 4]", "[[1, 2], [3, 4]]"),
        ("(1 2; 3 4)", "[[1, 2], [3, 4]]"),
        ("[[1, 2], [3, 4]]", "[[1, 2], [3, 4]]"),
        ("[[1. 2.]\n [3. 4.]]", "[[1., 2.], [3., 4.]]"),
        ("array([[1, 2], [3, 4]])", "[[1, 2], [3, 4]]"),
        ("[1 -2 3]", "[1, -2, 3]"),
        ("[1; 2]", "[[1], [2]]"),
        ("[2,5]", "[2, 5]"),
        ("(2,5)", "[2, 5]"),
        ("[a b; x y]", "[[a, b], [x, y]]"),
        ("50%", "50/100"),
        ("√2", "sqrt(2)"),
        ("√(x+1)", "sqrt(x + 1)"),
        ("∞", "inf"),
        ("1.5 x 10^-3", "1.5*10**-3"),
        ("2x10^3", "2*10**3"),
        ("1.5×10⁻³", "1.5*10**-3"),
        ("W1[0,1]", "W1[0, 1]"),
        ("x[1 - a]", "x*(1 - a)"),
        (r"\frac{a}{b}", "a/b"),
        (r"\frac{1}{2}x", "1/2*x"),
        (r"\dfrac{\hat{y}-y}{\hat{y}(1-\hat{y})}", "(yhat - y)/(yhat*(1 - yhat))"),
        (r"\frac{\frac{a}{b}}{2}", "a/b/2"),
        (r"a \cdot b", "a*b"),
        (r"\sigma(z)", "sigmoid(z)"),
        (r"\sigma'(z)", "sigmoid(z)*(1 - sigmoid(z))"),
        (r"\sigma^{\prime}(z)", "sigmoid(z)*(1 - sigmoid(z))"),
        (r"1-\tanh^{2}\left(z\right)", "1 - tanh(z)**2"),
        ("$x^{2}$", "x**2"),
        (r"\(x^{2}\)", "x**2"),
        (r"\sqrt{2}", "sqrt(2)"),
        (r"\mathrm{ReLU}(z)", "relu(z)"),
        (r"w_{\text{h}}", "w_h"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "[[1, 2], [3, 4]]"),
        (r"\delta\, x^{\top}", "outer(delta, x)"),
        (r"e^{-z}/(1+e^{-z})^2", "e**-z/(1 + e**-z)**2"),
    ],
)
def test_what_people_write_is_read_as_they_mean_it(text: str, meaning: str) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning", "remark"),
    [
        ("2,5", "2.5", "`2,5` is read as 2.5: write a decimal point"),
        ("-2,5e3", "-2.5e3", "`2,5e3` is read as 2.5e3: write a decimal point"),
        ("0,125", "0.125", "`0,125` is read as 0.125: write a decimal point"),
        ("1, 2", "[1, 2]", "the answer is read as a list"),
        ("1,2,3", "[1, 2, 3]", "the answer is read as a list"),
        ("ab", "a*b", "`ab` is read as `a*b`"),
        ("xe^-x", "x*e**-x", "`xe` is read as `x*e`"),
        ("dw = 3", "3", "only what follows `=` is read"),
        ("≈ 0.3", "0.3", "only what follows `≈` is read"),
    ],
)
def test_what_is_taken_for_granted_is_remarked(text: str, meaning: str, remark: str) -> None:
    reading = parse_answer(text, NAMES)
    assert to_text(reading.tree) == meaning
    assert reading.remarks == (remark,)


def test_semicolons_separate_numbers_with_decimal_commas() -> None:
    assert read("2,5; 3,1") == "[2.5, 3.1]"


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("1/2x", "(1/2)*x", "1/(2*x)"),
        ("1/2 x", "(1/2)*x", "1/(2*x)"),
        ("a/b(x+1)", "(a/b)*(x+1)", "a/(b*(x+1))"),
        ("1/ab", "(1/a)*b", "1/(a*b)"),
        ("e^2x", "(e^2)*x", "e^(2*x)"),
        ("e^-2x", "(e^-2)*x", "e^(-2*x)"),
        ("e^x(1-x)", "(e^x)*(1-x)", "e^(x*(1-x))"),
        ("1/2|x|", "(1/2)*|x|", "1/(2*|x|)"),
        ("1,500", "1500", "1.500"),
        ("1,500,000", "1500000", "[1, 500, 000]"),
    ],
)
def test_two_readings_are_refused_and_both_shown(text: str, first: str, second: str) -> None:
    error = refusal(text)
    assert error.code == "E411"
    assert first in str(error)
    assert second in str(error)
    assert error.help == f"write `{first}` or `{second}`"


def test_both_advised_readings_can_be_read() -> None:
    assert (read("(1/2)*x"), read("1/(2*x)")) == ("1/2*x", "1/(2*x)")
    assert (read("(e^2)*x"), read("e^(2*x)")) == ("e**2*x", "e**(2*x)")


def test_a_word_that_falls_into_names_in_two_ways_is_refused() -> None:
    error = refusal("abc", ("a", "b", "c", "ab", "bc"))
    assert (error.code, str(error)) == ("E411", "`abc` may mean a*bc or ab*c")


@pytest.mark.parametrize(
    ("text", "code", "marked"),
    [
        ("", "E111", ""),
        ("   ", "E111", "   "),
        ("x +", "E111", "+"),
        ("2 3", "E111", "2 3"),
        ("1'500", "E111", "1'500"),
        ("1.500,25", "E302", "1.500,25"),
        ("(x", "E112", "("),
        ("x]", "E112", "]"),
        ("(x]", "E112", "]"),
        ("|x", "E112", "|"),
        ("(|x)", "E112", "|"),
        ("a ± b", "E110", "±"),
        ("5!", "E110", "!"),
        ("x\u200by", "E110", "\u200b"),
        ("x\0", "E110", "\0"),
        ("x\ufe0f", "E110", "\ufe0f"),
        ("\u0430 + 1", "E412", "\u0430"),
        ("2\u0445", "E412", "\u0445"),
        ("dL/dz", "E413", "dL/dz"),
        (r"\frac{dL}{dz}", "E413", "dL}{dz"),
        ("∂L/∂z", "E413", "∂"),
        ("x'", "E413", "x'"),
        ("sigmoid''(z)", "E413", "sigmoid''(z)"),
        ("grad(w13)", "E415", "grad"),
        ("sigmiod(z)", "E415", "sigmiod"),
        ("2 exp", "E415", "exp"),
        (r"\foo x", "E416", r"\foo"),
        (r"\frac12", "E416", r"\frac"),
        ("1 = 1", "E411", "1 ="),
        ("a = b = 2", "E411", "="),
        ("[a b]", "E411", "[a b"),
        ("sin 2x", "E411", "sin 2x"),
        ("1,5, 2,5", "E411", "1,5, 2,5"),
        ("[1;2", "E112", "["),
        ("1 2; 3", "E111", "1 2"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text: str, code: str, marked: str) -> None:
    error = refusal(text)
    assert error.code == code
    start, end = error.span
    assert marked in (text[start:end], text[start : end + 1])


def test_look_alike_letter_is_named_with_its_script() -> None:
    error = refusal("a*\u0430")
    assert "U+0430, cyrillic small letter a" in str(error)
    assert error.help == "write `a` with a Latin keyboard"


def test_a_letter_of_another_script_is_a_name_where_the_homework_has_it() -> None:
    assert to_text(parse_answer("2\u0430", ("\u0430",)).tree) == "2*\u0430"


def test_differentials_that_are_quantities_make_a_quotient() -> None:
    assert to_text(parse_answer("dz/dx", ("dz", "dx")).tree) == "dz/dx"


def test_a_declared_name_comes_before_a_function_and_a_constant() -> None:
    assert to_text(parse_answer("σ(x - μ)", ("sigma", "x", "mu")).tree) == "sigma*(x - mu)"
    assert to_text(parse_answer("mean x", ("mean", "x")).tree) == "mean*x"
    assert to_text(parse_answer("mean(x)", ("mean", "x")).tree) == "mean(x)"
    assert to_text(parse_answer("x^T", ("x", "T")).tree) == "x**T"


def test_two_names_of_one_spelling_are_refused() -> None:
    error = refusal("w_{13}", ("w1_3", "w_13"))
    assert (error.code, str(error)) == ("E411", "`w13` may mean w1_3 or w_13")
    assert to_text(parse_answer("w_13", ("w1_3", "w_13")).tree) == "w_13"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("W x + b", "W @ x + b"),
        ("W·x", "W @ x"),
        ("W*x", "W*x"),
        ("x W", "x @ W"),
        ("W W^T", "W @ W.T"),
        ("2 x", "2*x"),
        ("b x^T", "outer(b, x)"),
        ("x^T b", "x.T @ b"),
        ("W^T (b - 1)", "W.T @ (b - 1)"),
        ("σ(x) b^T", "outer(sigmoid(x), b)"),
    ],
)
def test_products_of_arrays_follow_their_axes(text: str, meaning: str) -> None:
    axes = {"W": 2, "x": 1, "b": 1}
    assert to_text(parse_answer(text, tuple(axes), axes).tree) == meaning


def test_two_vectors_side_by_side_have_two_readings() -> None:
    with pytest.raises(LanguageError, match="each pair of entries, or their sum") as caught:
        parse_answer("x b", ("x", "b"), {"x": 1, "b": 1})
    assert caught.value.code == "E411"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("3", 1.0),
        ("-0.50", 0.01),
        ("−0.5", 0.1),
        (".25", 0.01),
        ("5.", 1.0),
        ("5e3", 1000.0),
        ("1.50e-3", 1e-5),
        ("1.5×10^-3", 1e-4),
        ("1.5 x 10^{-3}", 1e-4),
        ("2,5", 0.1),
        ("12.5%", 0.001),
        ("2/3", None),
        ("x", None),
        ("sqrt(2)", None),
        ("[1, 2]", None),
    ],
)
def test_unit_of_the_last_digit(text: str, unit: float | None) -> None:
    found = parse_answer(text, NAMES).unit
    assert found == (None if unit is None else pytest.approx(unit, rel=1e-12))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-22/7", -22 / 7),
        ("ln(1+exp(23))", 23.000000000102619),
        ("σ(2)", 1 / (1 + math.exp(-2))),
        ("sigmoid(-200)", math.exp(-200)),
        ("sigmoid(2000)", 1.0),
        ("sigmoid'(0)", 0.25),
        ("softplus(-60)", math.exp(-60)),
        ("softplus(800)", 800.0),
        ("relu'(3)", 1.0),
        ("relu(-3)", 0.0),
        ("leaky_relu(-2)", -0.02),
        ("elu(-1e-30)", -1e-30),
        ("max(0, -3)", 0.0),
        ("max{1/3, 1/4}", 1 / 3),
        ("50%", 0.5),
        ("1.5 x 10^-3", 0.0015),
        ("√2", math.sqrt(2)),
        ("|-3|", 3.0),
        ("e^-2", math.exp(-2)),
        ("2π", 2 * math.pi),
    ],
)
def test_numbers_are_worth_what_they_say(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-15, abs=0)


def test_activations_are_no_constants_in_a_homework_file() -> None:
    with pytest.raises(LanguageError, match="is no constant"):
        evaluate_constant(parse_expression("sigmoid(2)"), lambda _: None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9" * 1_000_000, "E410"),
        ("(" * 10_001, "E410"),
        ("9" * 9_999, "E304"),
        ("1e99999", "E304"),
        ("(" * 9_999, "E113"),
        ("|" * 9_999, "E113"),
        ("-" * 9_999 + "1", "E113"),
        ("2^" * 4_999 + "2", "E113"),
        ("1;" * 4_999 + "1", "E113"),
        ("sigmoid'(" * 90 + "z" + ")" * 90, "E113"),
        (r"\frac{1}{2}" * 900, "E113"),
        ("√" * 9_999, "E416"),
    ],
)
def test_hostile_text_is_refused_by_its_size(text: str, code: str) -> None:
    assert refusal(text).code == code


def test_towers_are_read_and_never_worked_out() -> None:
    assert read("9**9**9") == "9**9**9"
    with pytest.raises(LanguageError, match="too large") as caught:
        value("9**9**9")
    assert caught.value.code == "E304"


def test_spans_of_entries_can_be_read_again() -> None:
    text = r"[50%, x², √2, \frac{1}{2}, tanh^2(x), ln 2, |x|, (1+2)/3]"
    tree = parse_answer(text, NAMES).tree
    assert isinstance(tree, Sequence)
    assert [parse_answer(text[slice(*item.span)], NAMES).tree for item in tree.items] == list(tree.items)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("[2, 2]", (2, 2)),
        ("(2, 2)", (2, 2)),
        ("2x2", (2, 2)),
        ("2 × 2", (2, 2)),
        ("2 X 3 x 4", (2, 3, 4)),
        ("2 by 3", (2, 3)),
        ("2*3", (2, 3)),
        ("2, 3", (2, 3)),
        ("(4,)", (4,)),
        ("[4]", (4,)),
        ("4", (4,)),
        ("()", ()),
        ("[]", ()),
        ("scalar", ()),
        ("Scalar", ()),
        (r"$2 \times 3$", (2, 3)),
        ("torch.Size([2, 3])", (2, 3)),
    ],
)
def test_shapes(text: str, shape: tuple[int, ...]) -> None:
    assert parse_shape(text) == shape


@pytest.mark.parametrize("text", ["", "a", "(n, 2)", "2.5 x 2", "-1", "2,,3", "(2", "1" * 20, "x", "2x" * 40 + "2"])
def test_what_is_no_shape_is_refused(text: str) -> None:
    with pytest.raises(LanguageError) as caught:
        parse_shape(text)
    assert caught.value.code == "E414"


def test_a_shape_of_a_megabyte_is_refused() -> None:
    with pytest.raises(LanguageError) as caught:
        parse_shape("2x" * 500_000)
    assert caught.value.code == "E410"


leaves = st.sampled_from(["a", "b", "x1", "w13", "2", "0.5", "1e-3", "pi"])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}**({t[1]})" if t[0][-1] not in ")" else f"({t[0]})**2"),
        inner.map(lambda t: f"exp(-{t})"),
        st.tuples(inner, inner).map(lambda t: f"maximum({t[0]}, {t[1]})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    ),
    max_leaves=12,
)


@given(formulas)
def test_homework_formulas_mean_the_same_in_answers(text: str) -> None:
    strict = parse_expression(text)
    assert parse_answer(text, NAMES).tree == strict
    assert parse_answer(to_text(strict), NAMES).tree == strict


MARKS = list("abxezT2.()[]{}|^*/+-,;'%_ =\"\\$#~&:!<>@₁²ᵀ≈√∂·⊗‖\n\0а\u200b\u0301")
WORDS = [
    "σ",
    "sigmoid",
    "ln",
    "1.5",
    "\\frac",
    "\\sqrt",
    "\\left",
    "_{",
    "dL",
    "\\begin{bmatrix}",
    "\\end{bmatrix}",
    "1,5",
]
PIECES = st.sampled_from(
    [*MARKS, *WORDS, "\\\\", "x10", "and", "grad", "log_2", "pow", "\\hat{y}", "np.", "array", "'(z)"]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join)), st.booleans(), st.booleans())
def test_any_text_is_read_or_refused(text: str, named: bool, shaped: bool) -> None:
    found = outcome(text, NAMES if named else (), {"W": 2, "x": 1, "a": 0, "b": 1} if shaped else None)
    start, end = found.span
    assert 0 <= start <= end <= len(text)
    if isinstance(found, LanguageError):
        assert str(found)
        return
    assert start < end
    assert parse_expression(to_text(found)) == parse_expression(to_text(parse_expression(to_text(found))))
    with suppress(LanguageError):
        number = evaluate_constant(found, lambda _: None, allow_infinite=True, activations=True).value
        assert not math.isnan(number)


def outcome(text: str, names: tuple[str, ...], axes: dict[str, int] | None) -> Tree | LanguageError:
    try:
        return parse_answer(text, names, axes).tree
    except LanguageError as error:
        return error


@given(st.text(max_size=40))
def test_any_text_is_a_shape_or_refused(text: str) -> None:
    found: tuple[int, ...] | str
    try:
        found = parse_shape(text)
    except LanguageError as error:
        found = error.code
    assert found in ("E410", "E414") or all(isinstance(size, int) and size >= 0 for size in found)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("diag(h) w", "diag(h) @ w"),
        ("y diag(1 - h^2) w", "y*diag(1 - h**2) @ w"),
        ("diag(h) (w x^T)", "diag(h) @ outer(w, x)"),
    ],
)
def test_diag_of_a_vector_is_a_matrix(text: str, tree: str) -> None:
    axes = {"h": 1, "w": 1, "x": 1, "y": 0}
    assert to_text(parse_answer(text, set(axes), axes).tree) == tree
