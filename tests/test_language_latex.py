"""Trees as LaTeX: what stands on the slides, with balanced braces and nothing beyond amsmath."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given

from dlcli.language import parse_expression, to_latex
from dlcli.language.symbols import name_latex, text_latex
from dlcli.language.tree import Binary, Call, Name, Number, Sequence, Tree
from dlcli.ops import OPERATIONS, find
from tests.test_language_trees import trees


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("w13", "w_{13}"),
        ("W1", "W_{1}"),
        ("z_h", "z_{h}"),
        ("W_h", "W_{h}"),
        ("lambda", r"\lambda"),
        ("λ", r"\lambda"),
        ("Sigma", r"\Sigma"),
        ("sigma2", r"\sigma_{2}"),
        ("delta_in3", r"\delta_{in3}"),
        ("yhat", r"\hat{y}"),
        ("yhat_1", r"\hat{y}_{1}"),
        ("yhat2", r"\hat{y}_{2}"),
        ("mubar", r"\bar{\mu}"),
        ("what_h", r"\hat{w}_{h}"),
        ("x_1_2", r"x_{1\_2}"),
        ("_x", r"\mathrm{\_x}"),
        ("x_", r"\mathrm{x\_}"),
        ("loss", r"\mathrm{loss}"),
        ("in3", r"\mathrm{in}_{3}"),
        ("a_alpha", r"a_{\alpha}"),
        ("omicron", r"\mathrm{omicron}"),
        ("été", r"\text{été}"),
        ("x_é", r"x_{\text{é}}"),
        ("inf", r"\infty"),
        ("e", "e"),
        ("hat", r"\mathrm{hat}"),
    ],
)
def test_names(name: str, latex: str) -> None:
    assert name_latex(name) == latex


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("w03 + w13*x1", r"w_{03} + w_{13} \, x_{1}"),
        ("x @ W1.T + b1", r"x {W_{1}}^{\top} + b_{1}"),
        ("(yhat - y)*a3", r"\left(\hat{y} - y\right) \, a_{3}"),
        ("(a - b)/2", r"\frac{a - b}{2}"),
        ("-x**2", "-x^{2}"),
        ("(-x)**2", r"\left(-x\right)^{2}"),
        ("a**b**c", "a^{b^{c}}"),
        ("(a**b)**c", r"\left(a^{b}\right)^{c}"),
        ("(a/b)**2", r"\left(\frac{a}{b}\right)^{2}"),
        ("w13**2", "{w_{13}}^{2}"),
        ("W.T**2", r"\left(W^{\top}\right)^{2}"),
        ("2*3*x", r"2 \cdot 3 \, x"),
        ("x*3", r"x \cdot 3"),
        ("2*(1/2)", r"2 \cdot \frac{1}{2}"),
        ("a*-b", r"a \, \left(-b\right)"),
        ("a - -b", r"a - \left(-b\right)"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("--x", r"-\left(-x\right)"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("1e-3*x", r"1 \cdot 10^{-3} \, x"),
        (".5 + 5.", "0.5 + 5"),
        ("x[0, 1]", "x_{0,1}"),
        ("x[:, 1]", "x_{:,1}"),
        ("x[1:3:2]", "x_{1:3:2}"),
        ("W1[0, 1]", "{W_{1}}_{0,1}"),
        ("(a + b)[0]", r"\left(a + b\right)_{0}"),
        ("[1, 2]", r"\begin{pmatrix} 1 & 2 \end{pmatrix}"),
        ("[[1, 2], [3, 4]]", r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"),
        ("[[1], 2]", r"\begin{pmatrix} \begin{pmatrix} 1 \end{pmatrix} & 2 \end{pmatrix}"),
        ("a <= b and c != d", r"a \le b \land c \ne d"),
        ("not (a == b or c > d)", r"\lnot \left(a = b \lor c > d\right)"),
        ("my_op(x, axis=-1)", r"\operatorname{my\_op}\left(x, \mathrm{axis} = -1\right)"),
        (
            'my_op("50% {a}")',
            r"\operatorname{my\_op}\left(\text{50\% \textbraceleft{}a\textbraceright{}}\right)",
        ),
        ("f(x)", r"f\left(x\right)"),
    ],
)
def test_formulas(text: str, latex: str) -> None:
    assert to_latex(parse_expression(text)) == latex


def test_rows_wider_than_a_pmatrix_are_arrays() -> None:
    wide = to_latex(parse_expression(f"[{', '.join('x' * 11)}]"))
    assert wide.startswith(r"\left(\begin{array}{*{11}{c}} x & x")


def test_names_can_be_given_their_own_latex() -> None:
    tree = parse_expression("q*in3**2")
    assert to_latex(tree, {"in3": "z_3", "q": "a + b"}) == r"\left(a + b\right) \, {z_3}^{2}"


def test_the_derivative_of_an_operation_keeps_its_prime() -> None:
    assert to_latex(Call("relu'", (Name("z1"),))) == r"\operatorname{relu}'\left(z_{1}\right)"


def test_an_operation_is_written_as_its_record_says() -> None:
    record = find("sigmoid")
    assert record is not None
    assert to_latex(parse_expression("sigmoid(z1)")) == record.latex("z_{1}")


def test_settings_reach_the_record_with_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    record = find("softmax")
    assert record is not None
    made = replace(record, latex=lambda x, *, axis, temperature: rf"s_{{{axis}}}\left({x}/{temperature}\right)")
    monkeypatch.setattr("dlcli.language.calls.find", lambda _name: made)
    assert to_latex(parse_expression("softmax(z, temperature=2)")) == r"s_{-1}\left(z/2\right)"
    assert to_latex(parse_expression("softmax(z, -2)")).startswith("s_{-2}")


def test_a_setting_that_the_record_does_not_show_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    record = find("softmax")
    assert record is not None
    made = replace(record, latex=lambda x, **_: rf"s\left({x}\right)")
    monkeypatch.setattr("dlcli.language.calls.find", lambda _name: made)
    assert to_latex(parse_expression("softmax(z, axis=-1)")) == r"s\left(z\right)"
    shown = to_latex(parse_expression("softmax(z, axis=0)"))
    assert shown == r"\operatorname{softmax}\left(z, \mathrm{axis} = 0\right)"


def test_a_call_without_a_setting_that_it_needs_is_a_named_operator() -> None:
    assert to_latex(parse_expression("reshape(x)")) == r"\operatorname{reshape}\left(x\right)"


@pytest.mark.parametrize(
    ("frame", "text", "latex"),
    [
        (r"\sigma\left({}\right)", "sigmoid(a + b)**2", r"\sigma\left(a + b\right)^{2}"),
        ("{{{}}}^{{2}}", "sigmoid(a + b)", r"{\left(a + b\right)}^{2}"),
        ("{{{}}}^{{2}}", "sigmoid(w1)", "{w_{1}}^{2}"),
        ("{{{}}}^{{2}}", "sigmoid(a**3)", r"{\left(a^{3}\right)}^{2}"),
        ("{}", "sigmoid(a + b)*c", r"\left(a + b\right) \, c"),
        ("{}", "sigmoid(a @ b)**2", r"\left(a b\right)^{2}"),
        (r"\sum {}", "sigmoid(a - b) + 1", r"\sum \left(a - b\right) + 1"),
        (r"\sum {}", "2*sigmoid(a)", r"2 \, \left(\sum a\right)"),
        (r"\frac{{1}}{{{}}}", "sigmoid(a + b)", r"\frac{1}{a + b}"),
        (r"\left|{}\right|", "sigmoid(a + b)", r"\left|a + b\right|"),
        (r"\|{}\|_{{2}}", "sigmoid(a + b)", r"\|a + b\|_{2}"),
        (r"e^{{{}}}", "sigmoid(-a)*b", r"e^{-a} \, b"),
        (
            r"\begin{{cases}} {} & 1 \\ 2 & {} \end{{cases}}",
            "sigmoid(-a)",
            r"\begin{cases} -a & 1 \\ 2 & -a \end{cases}",
        ),
        (r"1 + {}", "sigmoid(a)**2", r"\left(1 + a\right)^{2}"),
        (r"{{{}}} \ln 2", "sigmoid(a)**2", r"\left({a} \ln 2\right)^{2}"),
    ],
)
def test_operands_get_brackets_where_their_record_has_none(
    frame: str, text: str, latex: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = find("sigmoid")
    assert record is not None
    made = replace(record, latex=lambda x, **_: frame.format(x, x))
    monkeypatch.setattr("dlcli.language.calls.find", lambda _name: made)
    assert to_latex(parse_expression(text)) == latex


@pytest.mark.parametrize("text", ["softmax()", "softmax(z, size=2)", "softmax(z, axis=k)"])
def test_a_call_that_does_not_fit_its_record_is_a_named_operator(text: str) -> None:
    assert to_latex(parse_expression(text)).startswith(r"\operatorname{softmax}\left(")


@pytest.mark.parametrize("text", ["50%", "a_b", "{", "}", "a^b", "~", "\\", "$x$", "#1", "a & b"])
def test_special_characters_are_escaped(text: str) -> None:
    rest = re.sub(r"\\text[a-z]+\{\}|\\[$&#%_]", "", text_latex(text))
    assert not set(rest) & set("\\{}^~$&#%_")


def is_balanced(latex: str) -> bool:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", latex):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    openings, closings = (len(re.findall(rf"\\{side}(?![a-z])", latex)) for side in ("left", "right"))
    return depth == 0 and openings == closings and latex.count(r"\begin{") == latex.count(r"\end{")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_typesets_sums_and_negative_numbers(name: str) -> None:
    record = OPERATIONS[name]
    parts = tuple(parse_expression(text) for text in ("a_1 + b", "-x", "c**2", "u @ v", "p/q", "1.5", "s", "t"))
    operands = parts[: len(record.operands)]
    call = Call(name, (Sequence(parts[:3]),) if record.variadic else operands)
    latex = to_latex(Binary("**", call, Number(Fraction(2), "2")))
    assert is_balanced(latex)
    assert not re.search("[\U000f0000-\U000fffff]", latex)


@given(trees)
def test_braces_and_brackets_balance(tree: Tree) -> None:
    assert is_balanced(to_latex(tree))


@given(trees)
def test_no_base_carries_two_powers_or_two_indices(tree: Tree) -> None:
    latex = re.sub(r"\\text\{(?:[^{}]|\{\})*\}", "t", to_latex(tree))
    while True:  # groups from the inside out: what is left of a group is one letter
        shorter = re.sub(r"(?<![_^])\{[^{}]*\}", "g", latex)
        if shorter == latex:
            shorter = re.sub(r"([_^])\{[^{}]*\}", r"\1s", latex)
            if shorter == latex:
                break
        assert not re.search(r"\^s\^|_s_", shorter), to_latex(tree)
        latex = shorter
