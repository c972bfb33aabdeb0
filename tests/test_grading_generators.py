"""The generators of answers: what they call right is right, what they call wrong is wrong, by mpmath and by hand."""

from __future__ import annotations

import ast
from fractions import Fraction
from pathlib import Path
from random import Random

import mpmath
import pytest

from tests import grading_generators as generators
from tests.grading_generators import FAMILIES, FORMULAS, Formula, hostile, hostile_answers, right_answers, right_numbers
from tests.grading_rewriting import RULES, RewritingError, broken, equal_at, nodes, number_texts, points, rewritten
from tests.grading_text import Call, Minus, Name, Number, Operation, Tree, UnreadableError, numbers, read, value, write

SOURCES = ("grading_text", "grading_rewriting", "grading_hostile", "grading_generators", "grading_network",
           "grading_class_claims", "grading_class_files", "grading_student_code")  # fmt: skip

# by hand, at a = 2, b = 3, z = 0
READ = {
    "a + b*2": 8, "a*b + 2": 8, "(a + b)*2": 10, "a - b - 1": -2, "a - (b - 1)": 0, "a/b/2": Fraction(1, 3),
    "a/(b/2)": Fraction(4, 3), "2^3^2": 512, "(2^3)^2": 64, "-a^2": -4, "(-a)^2": 4, "2^-a": Fraction(1, 4),
    "2a": 4, "2a^2": 8, "a b": 6, "a(b - 1)": 4, "a*-b": -6, "50%": Fraction(1, 2), "2,5": Fraction(5, 2),
    "|a - b|": 1, "e^z": 1, "exp(z)": 1, "σ(z)": Fraction(1, 2), "sigmoid'(z)": Fraction(1, 4), "a²": 4,
    "1e-2*a": Fraction(1, 50), ".5": Fraction(1, 2), "\u22121/3": Fraction(-1, 3), "tanh(z) + ln(1)": 0,
}  # fmt: skip


@pytest.mark.parametrize(("text", "right"), READ.items())
def test_the_reader_of_the_tests_reads_as_by_hand(text: str, right: Fraction | int) -> None:
    found = value(read(text), {"a": 2, "b": 3, "z": 0})
    exact = Fraction(right)
    with mpmath.workdps(50):
        assert mpmath.almosteq(found, mpmath.mpf(exact.numerator) / exact.denominator, abs_eps=1e-45)


@pytest.mark.parametrize("text", ["", "1 +", "(1", "1)", "a..b", "x.y", "1; 2", "'1'", "f()", "*2", "2 ** ", "[1]"])
def test_the_reader_of_the_tests_refuses_what_is_no_formula(text: str) -> None:
    with pytest.raises(UnreadableError):
        read(text)


def test_matrices_are_read_by_rows() -> None:
    assert numbers("[1 2; 3 4]") == [[1, 2], [3, 4]]
    assert numbers([["1/2", "-1"], ["50%", "2e1"]]) == [[0.5, -1], [0.5, 20]]


def random_tree(random: Random, depth: int) -> Tree:
    if depth == 0 or random.random() < 0.2:
        return random.choice((Name("a"), Name("b"), Number("2"), Number("0.5")))
    kind = random.random()
    if kind < 0.15:
        return Minus(random_tree(random, depth - 1))
    if kind < 0.3:
        return Call(random.choice(("exp", "tanh", "sigmoid'")), random_tree(random, depth - 1))
    return Operation(random.choice("+-*/^"), random_tree(random, depth - 1), random_tree(random, depth - 1))


@pytest.mark.parametrize("seed", range(300))
def test_a_written_tree_is_read_as_the_same_tree(seed: int) -> None:
    tree = random_tree(Random(seed), 5)
    assert read(write(tree)) == tree


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.text)
def test_a_rewriting_is_another_text_of_the_same_value(formula: Formula) -> None:
    found = list(right_answers(formula, seed=1, count=25))
    assert len(set(found)) >= 20
    assert sum(text != write(read(formula.text)) for text in found) >= 23
    for text in found:
        for point in points(formula.domains, 3, Random(text)):
            with mpmath.workdps(50):
                given, right = value(read(text), point), value(read(formula.text), point)
                assert mpmath.almosteq(given, right, rel_eps=1e-35, abs_eps=1e-35), text


def test_a_rule_that_changes_a_value_is_noticed() -> None:
    def slightly_off(tree: Tree, _: Random) -> Tree | None:
        return Operation("+", tree, Number("0.000000000001")) if isinstance(tree, Name) else None

    with pytest.raises(RewritingError, match="which differs at"):
        rewritten("exp(x)", {"x": (0, 1)}, Random(0), rules=[slightly_off])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_finds_something_to_rewrite(rule: generators.Formula) -> None:
    texts = [formula.text for formula in FORMULAS] + ["-(a + b) + c + sigmoid'(x)^-1", "2*3*x + e^x"]
    trees = [node for text in texts for _, node in nodes(read(text))]
    assert any(rule(tree, Random(k)) is not None for k, tree in enumerate(trees))  # type: ignore[operator]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.text)
def test_a_wrong_formula_differs_at_the_point_that_comes_with_it(formula: Formula) -> None:
    found = list(generators.wrong_answers(formula, seed=1, count=25))
    assert len({wrong.text for wrong in found}) >= 8
    for wrong in found:
        right, given = value(read(formula.text), wrong.point), value(read(wrong.text), wrong.point)
        assert right is not None
        assert equal_at(right, wrong.right)
        assert given is None or abs(given - right) > 1e-6 * (1 + abs(right))


def test_edits_of_every_kind_occur() -> None:
    edits = {wrong.edit for formula in FORMULAS for wrong in generators.wrong_answers(formula, seed=2, count=40)}
    assert edits >= {"operator", "left part lost", "right part lost", "sides exchanged", "sign lost", "function",
                     "function lost", "sign", "number", "name"}  # fmt: skip


def test_an_edit_that_changes_nothing_is_not_taken() -> None:
    for seed in range(60):
        assert write(read(broken("x*x + 0*y", {"x": (1, 2), "y": (1, 2)}, Random(seed)).text)) != "x * x - 0 * y"


def test_ways_to_write_a_number_by_hand() -> None:
    found = number_texts("-0.0329598", Random(0), digits=3)
    assert found["rounded"] == "-0.0330"
    assert found["truncated"] == "-0.0329"
    assert found["scientific"] == "-3.30e-02"
    assert found["fraction"] == "-164799/5000000"
    assert found["percent"] == "-3.29598%"
    assert number_texts("1234.5", Random(0), digits=2)["rounded"] == "1234"


def test_a_number_is_written_within_one_unit_of_its_last_digit_or_exactly() -> None:
    kinds = set()
    for number, kind, text in right_numbers(seed=1, count=400):
        kinds.add(kind)
        given, right = value(read(text)), mpmath.mpf(number)
        if kind in ("rounded", "truncated", "scientific"):
            assert abs(given - right) <= abs(right) * mpmath.mpf("1.0001e-3"), (number, text)
        else:
            with mpmath.workdps(50):
                assert abs(given - mpmath.mpf(number)) <= abs(given) * mpmath.mpf(10) ** -40, (number, text)
    assert len(kinds) == 8


def test_there_are_many_families_and_each_says_what_it_is() -> None:
    assert len(FAMILIES) >= 20
    assert len({family.what for family in FAMILIES.values()}) == len(FAMILIES)
    for family in FAMILIES.values():
        assert len(family.what) > 10
        assert family.verdicts
        assert not family.verdicts & {"correct", "partial", "follow_through"}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_hostile_text_has_what_its_family_is_known_by(name: str) -> None:
    texts = [hostile(name, seed) for seed in range(40)]
    assert all(FAMILIES[name].holds(text) for text in texts)
    assert len(set(texts)) >= 3
    assert max(map(len, texts)) <= 200_000


def test_the_same_seed_gives_the_same_answers() -> None:
    assert list(hostile_answers(5, 2)) == list(hostile_answers(5, 2))
    assert list(right_answers(FORMULAS[0], 5, 5)) == list(right_answers(FORMULAS[0], 5, 5))
    assert list(right_answers(FORMULAS[0], 5, 5)) != list(right_answers(FORMULAS[0], 6, 5))
    assert list(right_numbers(5, 9)) == list(right_numbers(5, 9))


def test_no_generator_reads_dlcli() -> None:
    for name in SOURCES:
        tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(module.split(".")[0] == "dlcli" for module in names), name
