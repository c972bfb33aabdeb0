"""Values and answers that lie, and modules that the code has broken, are found out and harm no one else."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.isolated import asked, nothing_left

__all__ = ["nothing_left"]
pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(sys.platform != "linux", reason="what contains the code is Linux's own"),
]

LIES = {
    "a harmful __reduce__": (
        "class Harmful:\n    def __reduce__(self): return exec, ('import harm',)\ndef f(): return {'W': Harmful()}",
        "returned a Harmful for `W`, expected numbers",
    ),
    "an object in an array": (
        "class Harmful:\n    def __reduce__(self): return os.abort, ()\ndef f(): return np.array([Harmful()])",
        "returned an array of Python objects, expected numbers",
    ),
    "a class that lies about its name": (
        "class M(type):\n    __name__ = property(lambda c: 1 / 0)\nclass A(metaclass=M): pass\ndef f(): return A()",
        "returned an A, expected numbers",
    ),
    "a shape without memory": (
        "def f(): return np.broadcast_to(1.0, (50000, 50000))",
        "returned an array of shape (50000, 50000), 20,000 MB as float64; all of an answer may have 67.1 MB",
    ),
    "many names of one array": (
        "def f():\n    x = np.ones(10**6)\n    return {str(i): x for i in range(1000)}",
        "returned an array of shape (1000000,) for `8`, 8 MB as float64; all of an answer may have 67.1 MB",
    ),
    "too many entries": (
        "def f(): return {str(i): 1.0 for i in range(10**5)}",
        "returned 100000 entries; 10000 are allowed",
    ),
    "a dict without end": ("def f():\n    d = {}; d['d'] = d; return d", "returned something nested more than 4 deep"),
}


@pytest.mark.parametrize("case", LIES)
def test_unreadable(case: str) -> None:
    source, message = LIES[case]
    reply = asked(f"import os\nimport numpy as np\n{source}\n")
    assert (reply.status, reply.values) == ("unreadable", None)
    assert reply.message.startswith(message)


def test_an_array_that_lies_is_taken_by_its_bytes() -> None:
    source = """
        import numpy as np
        class Liar(np.ndarray):
            shape = property(lambda self: (100,))
            dtype = property(lambda self: np.dtype(object))
            nbytes = 1
            def __array__(self, *a, **k): return np.full(9, 42.0)
            def __array_finalize__(self, other): pass
            def __float__(self): return 42.0
            def tobytes(self, *a): return b"x"
            def astype(self, *a, **k): return self
        class Number(float):
            def __float__(self): return 42.0
            def __repr__(self): return "43"
        def f():
            return {"W": np.array([[1.0, 2.0]]).view(Liar), "n": Number(1.5)}
    """
    reply = asked(source)
    assert isinstance(reply.values, dict)
    np.testing.assert_array_equal(reply.values["W"], [[1.0, 2.0]])
    assert type(reply.values["W"]) is np.ndarray
    assert reply.values["n"] == 1.5


BREAKS = {
    "NumPy": "np.array = np.asarray = np.ascontiguousarray = np.frombuffer = np.ndarray = None",
    "json": "import json; json.dumps = json.loads = json.JSONEncoder = None",
    "os": "os.write = os.read = os.getpid = None",
    "the streams": "import sys; sys.stdout = sys.stderr = None",
    "closed streams": "import sys; sys.stdout.close(); sys.stderr.close()",
    "the modules": "import sys; sys.modules.clear(); sys.meta_path.clear(); sys.path.clear()",
    "the collection of garbage": "import gc; gc.disable(); gc.set_threshold(1)",
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_module_broken_by_the_code_harms_no_one_else(case: str) -> None:
    reply = asked(f"import os\nimport numpy as np\ndef f():\n    {BREAKS[case]}\n    return 1.5\n")
    if case == "os":
        assert reply.message == "ended the process before it answered"
    else:
        assert (reply.status, reply.values) == ("returned", 1.5)
    assert np.array([1.0]).sum() == 1.0


def test_broken_built_ins_end_in_a_clear_result() -> None:
    source = "import builtins\ndef f():\n    builtins.isinstance = lambda *a: 1 / 0\n    return 1.5\n"
    reply = asked(source)
    assert (reply.status, reply.message) == ("stopped", "ended the process before it answered")


TO_EVERY_PIPE = """
import os, struct
def f():
    for descriptor in range(3, 32):
        try: os.write(descriptor, {bytes})
        except OSError: pass
    return 1
"""


def test_bytes_written_to_every_pipe_are_no_answer() -> None:
    reply = asked(TO_EVERY_PIPE.format(bytes="b'x' * 99"))
    assert (reply.status, reply.message) == ("unreadable", "sent bytes that are no answer")


def test_a_forged_answer_without_the_number_of_its_call_is_none() -> None:
    source = """
        import json, os, struct
        def f():
            header = json.dumps({"nonce": "0", "status": "returned", "message": "", "value": {"kind": "none"}}).encode()
            for descriptor in range(3, 32):
                try: os.write(descriptor, struct.pack("!4sIQ", b"dlc1", len(header), 0) + header)
                except OSError: pass
            return 1
    """
    reply = asked(source)
    assert (reply.status, reply.message) == ("unreadable", "sent an answer that cannot be read: it answers no call")


def test_an_answer_larger_than_its_limit_is_not_read() -> None:
    source = TO_EVERY_PIPE.format(bytes="struct.pack('!4sIQ', b'dlc1', 2, 2**50) + b'{{}}'")
    assert asked(source).message == "sent bytes that are no answer"
