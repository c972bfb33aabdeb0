"""Families of hostile answers, each generated from a seed and documented: what it is, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

INVALID = frozenset({"invalid"})
REFUSED = frozenset({"invalid", "wrong"})
ANY = frozenset({"invalid", "wrong", "undecided"})


@dataclass(frozen=True)
class Family:
    """One kind of hostile text. what: in words; text: one of it; holds: what makes a text one of the family.

    verdicts: what an honest grader may say to it in a question whose right answer is 0.25; never `correct`.
    """

    what: str
    text: Callable[[Random], str]
    holds: Callable[[str], bool]
    verdicts: frozenset[str] = INVALID


def _tower(random: Random) -> str:
    return "**".join(str(random.randint(7, 99)) for _ in range(random.randint(3, 40)))


def _brackets(random: Random) -> str:
    depth = random.randint(5_000, 20_000)
    return "(" * depth + "1" + ")" * depth


def _mixed_brackets(random: Random) -> str:
    opened = [random.choice("([{") for _ in range(random.randint(200, 2_000))]
    return "".join(opened) + "1" + "".join(random.choice(")]}") for _ in opened)


def _lookalike(random: Random) -> str:
    return random.choice(("р", "а", "е", "о", "х", "ѕ", "ϲ", "ａ", "𝑎", "ⅰ")) + random.choice((" + 1", "*2", "^2"))


def _between(random: Random, marks: str) -> str:
    text = list(f"0.{random.randint(10, 99)}")
    text.insert(random.randint(1, len(text) - 1), random.choice(marks))
    return "".join(text)


def _attribute(random: Random) -> str:
    chain = ("__class__", "__mro__[1]", "__subclasses__()", "__init__", "__globals__", "__builtins__")
    return random.choice(("()", "''", "x", "loss")) + "." + ".".join(chain[: random.randint(1, len(chain))])


def _statement(random: Random) -> str:
    return random.choice(
        ("__import__('os').system('true')", "open('/etc/passwd').read()", "exec('1')", "eval('0.25')", "print(0.25)",
         "globals()", "exit()", "getattr(x, 'y')", "compile('1', '', 'eval')")
    )  # fmt: skip


def _nested_calls(random: Random) -> str:
    depth = random.randint(300, 3_000)
    name = random.choice(("exp", "sin", "sigmoid", "ln", "sqrt"))
    return f"{name}(" * depth + "1" + ")" * depth


def _long_sum(random: Random) -> str:
    return random.choice((" + ", " - ", "*")).join(
        str(random.randint(1, 9)) for _ in range(random.randint(20_000, 50_000))
    )


def _large_array(random: Random) -> str:
    size = 10 ** random.randint(9, 18)
    return random.choice(
        (f"onehot(0, {size})", f"[0]*{size}", f"ones(({size}, {size}))", f"range({size})", f"zeros({size})")
    )


def _yaml_bomb(random: Random) -> str:
    width = random.randint(8, 12)
    lines = ["a0: &a0 [1]"] + [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * width)}]" for k in range(1, 10)]
    return "{" + ", ".join(lines) + "}"


def _zalgo(random: Random) -> str:
    return "0.2" + "".join(chr(random.randint(0x300, 0x36F)) for _ in range(random.randint(50, 500))) + "5"


FAMILIES: Mapping[str, Family] = {
    "brackets": Family("thousands of brackets, balanced", _brackets, lambda t: t.count("(") >= 5_000),
    "brackets-open": Family(
        "brackets that are never closed", lambda r: "(" * r.randint(1, 9_000) + "1", lambda t: ")" not in t
    ),
    "brackets-mixed": Family(
        "brackets of three kinds that do not match", _mixed_brackets, lambda t: t.strip("([{")[0] == "1"
    ),
    "tower": Family("a tower of powers: 9**9**9", _tower, lambda t: t.count("**") >= 2, REFUSED),
    "exponent": Family(
        "a power whose exponent has many digits",
        lambda r: f"{r.randint(2, 9)}^{r.randint(10**9, 10**18)}",
        lambda t: len(t) >= 12,
        REFUSED,
    ),
    "factorial": Family(
        "factorials of factorials", lambda r: str(r.randint(5, 9)) + "!" * r.randint(3, 60), lambda t: t.endswith("!!!")
    ),
    "digits": Family(
        "a number of thousands of digits",
        lambda r: "".join(r.choice("123456789") for _ in range(r.randint(5_000, 50_000))),
        lambda t: t.isdigit() and len(t) >= 5_000,
        REFUSED,
    ),
    "decimal-exponent": Family(
        "a decimal exponent beyond every float",
        lambda r: f"1e{r.randint(10**6, 10**15)}",
        lambda t: len(t) > 8,
        REFUSED,
    ),
    "tiny-exponent": Family(
        "the same below every float", lambda r: f"1e-{r.randint(10**6, 10**15)}", lambda t: t.startswith("1e-"), REFUSED
    ),
    "nul": Family("a NUL byte in a number", lambda r: _between(r, "\0"), lambda t: "\0" in t),
    "control": Family(
        "control characters in a number", lambda r: _between(r, "\x01\x07\x08\x1b\x7f"), lambda t: not t.isprintable()
    ),
    "zero-width": Family(
        "characters of no width in a number",
        lambda r: _between(r, "\u200b\u200c\u200d\u2060\ufeff"),
        lambda t: len(t) == 5 and not t.isascii(),
    ),
    "direction": Family(
        "marks that turn the direction of writing",
        lambda r: _between(r, "\u202a\u202b\u202d\u202e\u2066\u2067"),
        lambda t: len(t) == 5 and not t.isascii(),
    ),
    "look-alike": Family("letters that look like others", _lookalike, lambda t: not t[0].isascii()),
    "digits-of-other-scripts": Family(
        "digits that `isdigit` knows and a homework does not mean",
        lambda r: "0." + "".join(chr(r.choice((0x660, 0x966, 0xFF10, 0x1D7CE)) + d) for d in (2, 5, r.randint(1, 9))),
        lambda t: not t.isascii() and t[2].isdigit(),
    ),
    "thousands": Family(
        "a comma before three digits", lambda r: f"{r.randint(1, 999)},{r.randint(100, 999)}", lambda t: t[-4] == ","
    ),
    "statement": Family("Python that acts", _statement, lambda t: "(" in t),
    "attribute": Family("attributes that lead to the interpreter", _attribute, lambda t: ".__" in t),
    "lambda": Family(
        "anonymous functions and comprehensions",
        lambda r: r.choice(("(lambda: 0.25)()", "[x for x in [0.25]][0]", "(y := 0.25)", "0.25 if 1 else 0")),
        lambda t: " " in t,
    ),
    "text-literal": Family(
        "texts inside a formula",
        lambda r: r.choice(("'0.2' + '5'", '"a" * {}', "f'{{1}}'*{}", "b'0'*{}")).format(10 ** r.randint(3, 9)),
        lambda t: "'" in t or '"' in t,
    ),
    "literal": Family(
        "number literals of Python that are none here",
        lambda r: r.choice(("0x{}", "0b1{}", "1_{}", "{}j", "0o1{}")).format(r.choice(("0", "1", "10"))),
        lambda t: not t.isdigit(),
        REFUSED,
    ),
    "yaml-tag": Family(
        "YAML that asks for Python objects",
        lambda r: f"!!python/object/apply:os.{r.choice(('system', 'getcwd', '_exit'))} []",
        lambda t: t.startswith("!!python"),
    ),
    "yaml-bomb": Family("YAML anchors that grow without end", _yaml_bomb, lambda t: t.count("*a") > 60),
    "nested-calls": Family("functions within functions", _nested_calls, lambda t: t.count("(") >= 300, REFUSED),
    "overflow": Family(
        "values beyond every float",
        lambda r: "exp(" * 4 + str(r.randint(40, 900)) + ")" * 4,
        lambda t: t.startswith("exp(exp("),
        REFUSED,
    ),
    "long-sum": Family("tens of thousands of terms", _long_sum, lambda t: len(t) >= 20_000, REFUSED),
    "signs": Family(
        "thousands of signs",
        lambda r: r.choice("-+") * r.randint(3_000, 30_000) + "1",
        lambda t: len(t) > 3_000,
        REFUSED,
    ),
    "zero-division": Family(
        "undefined values",
        lambda r: r.choice(("0/0", "1/0", "ln(0)", "0^-{}", "sqrt(-{})", "1/({} - {})")).replace(
            "{}", str(r.randint(1, 9))
        ),
        lambda t: "0" in t or "-" in t,
        REFUSED,
    ),
    "not-finite": Family(
        "words for what is no number",
        lambda r: r.choice(("nan", "NaN", "inf", "-inf", "Infinity", "oo", "NA", "None", "null?")),
        lambda t: not any(c.isdigit() for c in t),
        REFUSED,
    ),
    "two-readings": Family(
        "products and quotients that can be read twice",
        lambda r: f"1/{r.randint(2, 9)}{r.choice('xyzw')}",
        lambda t: t[-1].isalpha(),
    ),
    "spreadsheet": Family(
        "formulas of a spreadsheet",
        lambda r: r.choice(("=1+{}", "@SUM(A{})", '=HYPERLINK("x{}")', "+cmd|' /C calc'!A{}")).format(r.randint(1, 9)),
        lambda t: t[0] in "=@+",
        REFUSED,
    ),
    "shell": Family(
        "commands of a shell",
        lambda r: r.choice(("$(true {})", "`true {}`", "; true {}", "| true {}", "&& true {}")).format(r.randint(1, 9)),
        lambda t: "true" in t,
    ),
    "latex": Family(
        "LaTeX that defines itself",
        lambda r: "\\def\\a{\\a\\a}" * r.randint(1, 50) + "\\a",
        lambda t: t.startswith("\\def"),
    ),
    "zalgo": Family("hundreds of combining marks", _zalgo, lambda t: len(t) > 50),
    "beyond": Family(
        "private and unassigned characters",
        lambda r: "0.25" + chr(r.choice((0xE000, 0xFFFF, 0x10FFFF, 0x378, 0xF0000))),
        lambda t: len(t) == 5,
    ),
    "index": Family(
        "entries that no array has",
        lambda r: f"W1[{r.randint(10**6, 10**30)}, -{r.randint(10**6, 10**30)}]",
        lambda t: t.startswith("W1["),
    ),
    "large-array": Family("arrays that fill the memory", _large_array, lambda t: "000000000" in t, ANY - {"undecided"}),
    "comparison": Family(
        "chains of comparisons",
        lambda r: " < ".join(str(r.randint(0, 9)) for _ in range(r.randint(3, 300))),
        lambda t: t.count("<") >= 2,
    ),
    "percent": Family(
        "percent signs without end", lambda r: "25" + "%" * r.randint(2, 3_000), lambda t: t.endswith("%%"), REFUSED
    ),
    "bars": Family("bars that do not pair", lambda r: "|" * r.randrange(3, 999, 2), lambda t: set(t) == {"|"}),
}


def hostile(name: str, seed: int) -> str:
    """The text of a family for a seed; the same for the same seed."""
    return FAMILIES[name].text(Random(f"{name}/{seed}"))
