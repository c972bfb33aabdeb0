"""What a function returns arrives as float64 numbers in the same form, or is named in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from dlcli.isolation import Call, Limits, Reply, arguments_from, conversation, run
from tests.isolated import asked, nothing_left

__all__ = ["nothing_left"]
pytestmark = pytest.mark.usefixtures("nothing_left")

RETURNED = {
    "a dict": ("{'W': x * 2, 'b': 1.5, 'none': None}", {"W": [2.0, 4.0], "b": 1.5, "none": None}, {}),
    "an array": ("x + 1", [2.0, 3.0], {}),
    "a number": ("float(x[0])", 1.0, {}),
    "an int": ("3", 3.0, {"": "int"}),
    "a bool": ("True", 1.0, {"": "bool"}),
    "a tuple": ("(1.0, x, {'g': x})", (1.0, [1.0, 2.0], {"g": [1.0, 2.0]}), {}),
    "an array without dimensions": ("np.array(2.5)", 2.5, {}),
    "a NumPy number": ("np.float32(0.1)", float(np.float32(0.1)), {"": "float32"}),
    "float32": ("{'W': np.float32(x)}", {"W": [1.0, 2.0]}, {"W": "float32"}),
    "ints": ("(np.arange(2), 1.0)", ([0.0, 1.0], 1.0), {"0": "int64"}),
    "big-endian": ("x.astype('>f8')", [1.0, 2.0], {}),
    "not contiguous": ("np.array([[1., 2.], [3., 4.]]).T", [[1.0, 3.0], [2.0, 4.0]], {}),
    "a list": ("[[1, 2], [3, 4.5]]", [[1.0, 2.0], [3.0, 4.5]], {}),
    "a list of arrays": ("[x, np.ones((1, 1))]", ([1.0, 2.0], [[1.0]]), {}),
    "an empty array": ("np.zeros((0, 3))", np.zeros((0, 3)), {}),
    "NaN and infinity": (
        "{'a': float('nan'), 'b': np.array([np.inf, -np.inf])}",
        {"a": np.nan, "b": [np.inf, -np.inf]},
        {},
    ),
    "another type of array": (
        "type('Tensor', (), {'__array__': lambda self, dtype=None, copy=None: x * 3})()",
        [3.0, 6.0],
        {},
    ),
}


@pytest.fixture(scope="module")
def replies() -> dict[str, Reply]:
    """For each row of RETURNED and UNREADABLE, what came of a function that returns its expression."""
    rows = [(f"f{number}", case, row[0]) for number, (case, row) in enumerate((RETURNED | UNREADABLE).items())]
    lines = [f"def {name}(x):\n    f = {name}\n    return {expression}\n" for name, _, expression in rows]
    x = np.array([1.0, 2.0])
    result = run("import numpy as np\n" + "".join(lines), "s.py", [Call(name, {"x": x}) for name, _, _ in rows])
    return {case: reply for (_, case, _), reply in zip(rows, result.replies, strict=True)}


@pytest.mark.parametrize("case", RETURNED)
def test_returned(case: str, replies: dict[str, Reply]) -> None:
    _, expected, dtypes = RETURNED[case]
    reply = replies[case]
    assert (reply.status, reply.message) == ("returned", "")
    assert reply.dtypes == dtypes
    assert_same(reply.values, expected)


def assert_same(found: object, expected: object) -> None:
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        assert list(found) == list(expected)
        for name, value in expected.items():
            assert_same(found[name], value)
    elif isinstance(expected, tuple):
        assert isinstance(found, tuple)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, list | np.ndarray):
        assert type(found) is np.ndarray
        assert found.dtype == np.float64
        assert found.flags.writeable
        np.testing.assert_array_equal(found, np.array(expected))
    elif expected is None:
        assert found is None
    else:
        assert type(found) is float
        np.testing.assert_equal(found, expected)


UNREADABLE = {
    "nothing": ("None", "returned None, expected numbers (is a `return` missing?)"),
    "a str": ("{'W1': 'x'}", "returned a str for `W1`, expected numbers"),
    "a str inside": ("{'a': {'b': (1.0, 'x')}}", "returned a str for `a.b[1]`, expected numbers"),
    "a generator": ("(i for i in x)", "returned a generator, expected numbers"),
    "a set": ("{1.0, 2.0}", "returned a set, expected numbers"),
    "complex numbers": ("{'W': x + 1j}", "returned complex numbers for `W`, expected real numbers"),
    "one complex number": ("1j", "returned a complex, expected numbers"),
    "objects": ("np.array([x, None], dtype=object)", "returned an array of Python objects, expected numbers"),
    "texts": ("np.array(['a', 'bc'])", "returned an array of <U2, expected numbers"),
    "rows of two lengths": (
        "{'W': [[1], [2, 3]]}",
        "returned a list whose rows differ in length for `W`, expected numbers",
    ),
    "a key that is no name": ("{1: x}", "returned a dict with a key that is an int, expected names"),
    "an int beyond float64": ("{'n': 10**400}", "returned an integer beyond the range of float64 for `n`"),
    "too deep": ("((((((1.0,),),),),),)", "returned something nested more than 4 deep for `[0][0][0][0]`"),
    "the function itself": ("f", "returned a function, expected numbers"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable(case: str, replies: dict[str, Reply]) -> None:
    _, message = UNREADABLE[case]
    reply = replies[case]
    assert (reply.status, reply.message, reply.values) == ("unreadable", message, None)


def test_unreadable_value_of_a_coroutine_leaves_no_warning() -> None:
    reply = asked("async def f():\n    return 1.0\n")
    assert (reply.message, reply.printed) == ("returned a coroutine, expected numbers", "")


REFUSED = {
    "no Python": ("def f(:\n    pass\n", "is no Python: invalid syntax in line 1", 1),
    "bad indentation": ("def f():\n    x = 1\n  return x\n", "in line 3", 3),
    "a NUL": ("def f():\n    return '\0'\n", "null bytes", None),
    "brackets without end": ("def f(): return " + "(" * 5000, "is no Python: too many nested parentheses", 1),
    "no such function": (
        "def forward(x): return x\ndef F(x): return x\n",
        "has no function `f`; did you mean `F`?",
        None,
    ),
    "another function": ("def backward(x): return x\n", "has no function `f`; it defines `backward`", None),
    "no function": ("x = 1\n", "has no function `f`; it defines no function at all", None),
    "a number in its place": ("f = 3\n", "defines `f`, but not as a function", None),
    "a forbidden import": (
        "import math\n\ndef f():\n    from click import echo\n    return 1\n",
        "imports `click` in line 4, which is not allowed; allowed are the standard library and numpy",
        4,
    ),
    "a module beside it": ("from . import key\ndef f(): return 1\n", "imports `.` in line 1, which is not allowed", 1),
    "a dynamic import": (
        "def f():\n    return __import__('yaml').x\n",
        "imports `yaml` in line 2, which is not allowed",
        2,
    ),
    "importlib": ("import importlib\ndef f():\n    importlib.import_module('dlcli')\n", "imports `dlcli` in line 3", 3),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    source, message, line = REFUSED[case]
    reply = asked(source)
    assert reply.status == "refused"
    assert message in reply.message
    assert reply.line == line


def test_imports_under_the_main_guard_are_passed_over_and_do_not_run() -> None:
    source = "if __name__ == '__main__':\n    import matplotlib.pyplot as plt\n    plt.show()\ndef f(): return 1.0\n"
    assert asked(source).values == 1.0


def test_named_packages_may_be_imported_with_what_they_import_themselves() -> None:
    source = "def f():\n    import sympy\n    return float(sympy.Rational(1, 4))\n"
    assert asked(source).status == "refused"
    assert asked(source, imports=["sympy"]).values == 0.25


def test_standard_library_and_late_parts_of_numpy_can_be_imported() -> None:
    source = """
        def f():
            import decimal, fractions, statistics, unittest, sqlite3, ssl, ctypes, multiprocessing
            import numpy as np, numpy.polynomial, numpy.testing
            return float(np.fft.fft([1.0, 2.0]).real[0]) + float(fractions.Fraction(1, 2))
    """
    assert asked(source).values == 3.5


RAISED = {
    "an exception": (
        "def g():\n    raise ValueError('bad W')\ndef f():\n    g()\n",
        "raised ValueError in line 2: bad W",
        2,
    ),
    "inside NumPy": (
        "import numpy as np\ndef f():\n    return np.ones((2, 3)) @ np.ones(2)\n",
        "raised ValueError in line 3: ",
        3,
    ),
    "on loading": (
        "x = 1 / 0\ndef f(): pass\n",
        "raised ZeroDivisionError in line 1, as the file was loaded: division by zero",
        1,
    ),
    "exit on loading": (
        "exit_code = 0\nraise SystemExit(0)\n",
        "asked the process to exit in line 2, as the file was loaded",
        2,
    ),
    "exit": (
        "import sys\ndef f():\n    sys.exit(0)\n",
        "asked the process to exit in line 3, which graded code must not",
        3,
    ),
    "an interrupt": ("def f():\n    raise KeyboardInterrupt\n", "raised KeyboardInterrupt in line 2", 2),
    "input": ("def f():\n    input()\n", "raised EOFError in line 2: EOF when reading a line", 2),
    "recursion": ("def f():\n    return f()\n", "raised RecursionError in line 2: maximum recursion depth exceeded", 2),
    "a text of many lines": (
        "def f():\n    raise ValueError('a\\n\\x1b[31mb')\n",
        "raised ValueError in line 2: a �[31mb",
        2,
    ),
    "a text that raises": (
        "class E(Exception):\n    def __str__(self): raise self\ndef f(): raise E\n",
        "raised E in line 3",
        3,
    ),
    "other parameters": (
        "def f(x, W): return 1\n",
        "cannot be called with no arguments: missing a required argument: 'x'",
        None,
    ),
}


@pytest.mark.parametrize("case", RAISED)
def test_raised(case: str) -> None:
    source, message, line = RAISED[case]
    reply = asked(source)
    assert reply.status == "raised"
    assert reply.message.startswith(message)
    assert reply.line == line


def test_arguments_are_fresh_in_every_call_and_can_be_changed() -> None:
    source = "def f(x):\n    x += 1\n    return x\n"
    x = np.array([1.0, 2.0])
    result = run(source, "s.py", [Call("f", {"x": x}), Call("f", {"x": x})])
    assert [list(np.asarray(reply.values)) for reply in result.replies] == [[2.0, 3.0], [2.0, 3.0]]
    assert list(x) == [1.0, 2.0]


def test_arguments_that_are_no_numbers_are_an_error_of_the_caller() -> None:
    with pytest.raises(TypeError, match="the argument x is an array of <U1, not of real numbers"):
        run("def f(x): return x\n", "s.py", [Call("f", {"x": np.array(["a"])})])


def test_what_one_function_returns_can_be_the_arguments_of_others() -> None:
    source = """
import numpy as np
def example():
    return {"W": np.array([[1.0, 2.0]]), "label": np.array([1, 0]), "n": 2, "rate": 0.5}
def loss(W, label, n, rate):
    return W[0, label] * n * rate * isinstance(n, int)
"""
    with conversation(source, "s.py") as worker:
        arguments = arguments_from(worker.ask(Call("example")))
        assert_same(worker.ask(Call("loss", arguments)).values, [2.0, 1.0])


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("raised", message="raised ValueError in line 2"), "raised ValueError in line 2"),
        (Reply("returned", 1.0), "did not return a dict from names to arrays and numbers"),
        (Reply("returned", {"W": None}), "returned no array or number for `W`"),
    ],
)
def test_only_a_dict_of_numbers_serves_as_arguments(reply: Reply, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        arguments_from(reply)


def test_output_belongs_to_its_call_and_is_safe_to_print() -> None:
    source = """
import sys
print('load')
def f(text):
    print('out', text, '\\x1b[2J')
    print('é', file=sys.stderr)
    return 1
"""
    first, second = run(source, "s.py", [Call("f", {"text": 1}), Call("f", {"text": 2.5})]).replies
    assert (first.printed, second.printed) == ("load\nout 1 �[2J\né\n", "out 2.5 �[2J\né\n")


def test_the_same_code_prints_the_same_in_every_run() -> None:
    source = "def f():\n    import os\n    print(set('abcdefgh'), os.getcwd(), __name__, __file__)\n    return 1\n"
    first, second = asked(source), asked(source)
    assert first.printed == second.printed
    assert first.printed.endswith(" . answer student.py\n")


@pytest.mark.parametrize("name", ["../../etc/x.py", "a b", "", "ü.py", "x" * 300, "numpy.py", "C:\\me\\h.py"])
def test_no_name_of_a_file_is_a_hindrance(name: str) -> None:
    result = run("import numpy as np\ndef f(): return np.ones(1)\n", name, [Call("f")])
    assert result.replies[0].status == "returned"


@pytest.mark.parametrize("source", ["\ud800", "x = 1\n" * 200_000 + "def f(): return 1", "-" * 200_000 + "1"])
def test_a_source_that_is_no_program_is_refused(source: str) -> None:
    assert asked(source).status in ("refused", "stopped")


@pytest.mark.parametrize("limits", [{"cpu_seconds": 0}, {"wall_seconds": -1.0}, {"memory": -1}, {"reply": 2**62}])
def test_limits_are_positive(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is not a positive number"):
        Limits(**limits)  # type: ignore[arg-type]
