"""What a worker sends is checked as if the code had written it; what could not contain the code is said."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlcli.isolation import Call, Containment, Limits, Reply, conversation
from dlcli.isolation.output import Output
from dlcli.isolation.process import MECHANISMS, file_name
from dlcli.isolation.replies import ReplyError, plain, read_containment, read_reply
from dlcli.isolation.worker import seccomp
from dlcli.isolation.worker.frames import LENGTHS, MARK, FrameError, read_frame, write_frame

BODY = np.array([1.0, 2.0, 3.0]).tobytes()
ARRAY = {"kind": "array", "shape": [3], "type": "float64"}
NUMBER = {"kind": "number", "value": 1.0, "type": "float64"}


def read(value: Any, body: bytes = b"", **header: Any) -> Reply:
    told = {"nonce": "n", "status": "returned", "message": "", "line": None, "value": value} | header
    return read_reply(json.loads(json.dumps(told)), body, "n", "", 0.0)


def test_a_faithful_answer_is_read() -> None:
    reply = read({"kind": "dict", "entries": [["W", ARRAY], ["b", NUMBER]]}, BODY)
    assert isinstance(reply.values, dict)
    np.testing.assert_array_equal(reply.values["W"], [1.0, 2.0, 3.0])
    assert reply.values["b"] == 1.0


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = NUMBER
    for _ in range(depth):
        value = {"kind": "tuple", "items": [value]}
    return value


HOSTILE = {
    "no value": (None, b"", "a value is not described"),
    "an unknown kind": ({"kind": "pickle"}, b"", "a value is of no known kind"),
    "a text as a number": ({"kind": "number", "value": "1"}, b"", "a number is none"),
    "a bool as a number": ({"kind": "number", "value": True}, b"", "a number is none"),
    "a number without a type": ({"kind": "number", "value": 1.0}, b"", "a value has no type"),
    "a type with an escape": (NUMBER | {"type": "\x1b[2J"}, b"", "a value has no type"),
    "a long type": (NUMBER | {"type": "a" * 21}, b"", "a value has no type"),
    "bytes too few": (ARRAY, BODY[:-1], "an array is larger than its bytes"),
    "bytes too many": (ARRAY, BODY + b"x", "it holds more than it describes"),
    "a negative length": (ARRAY | {"shape": [-3]}, BODY, "an array has no shape"),
    "a fractional length": (ARRAY | {"shape": [3.0]}, BODY, "an array has no shape"),
    "a truth value as a length": (ARRAY | {"shape": [True, 3]}, BODY, "an array has no shape"),
    "a huge length": (ARRAY | {"shape": [2**62, 2**62, 4]}, BODY, "an array has no shape"),
    "a shape beyond memory": (ARRAY | {"shape": [2**40, 2**40]}, BODY, "an array is larger than its bytes"),
    "an empty shape beyond any": (ARRAY | {"shape": [0] + [2**47] * 3}, b"", "an array has no such shape"),
    "too many dimensions": (ARRAY | {"shape": [1] * 33}, BODY, "an array has no shape"),
    "an entry without a name": ({"kind": "dict", "entries": [[1, NUMBER]]}, b"", "an entry has no name"),
    "an entry of three": ({"kind": "dict", "entries": [["a", NUMBER, 1]]}, b"", "an entry has no name"),
    "one name twice": ({"kind": "dict", "entries": [["a", NUMBER]] * 2}, b"", "two entries have one name"),
    "no entries": ({"kind": "dict", "entries": None}, b"", "a value is of no known kind"),
    "too deep": (nested(9), b"", "a value is not described"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_forged_value_is_no_answer(case: str) -> None:
    value, body, message = HOSTILE[case]
    with pytest.raises(ReplyError, match=message):
        read(value, body)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"nonce": "m"}, "it answers no call"),
        ({"status": "stopped"}, "it has no known status"),
        ({"status": ["returned"]}, "it has no known status"),
        ({"message": 3}, "it has no known status"),
    ],
)
def test_a_forged_header_is_no_answer(header: dict[str, Any], message: str) -> None:
    with pytest.raises(ReplyError, match=message):
        read(NUMBER, **header)


def test_messages_and_lines_are_made_harmless() -> None:
    reply = read(None, status="raised", message="a\x1b[31m\n\u202e" + "b" * 5000, line=-3)
    assert reply.message == "a�[31m��" + "b" * 1192 + "…"
    assert reply.line is None
    assert plain("é 漢 ∂") == "é 漢 ∂"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["kind", "array"]),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.sampled_from(["kind", "shape", "type", "items", "entries", "value"]), below, max_size=5)
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(header=st.dictionaries(st.sampled_from(["nonce", "status", "message", "line", "value"]), JSON), body=st.binary())
def test_any_message_is_a_reply_or_none(header: dict[str, Any], body: bytes) -> None:
    try:
        reply = read_reply(header | {"nonce": "n", "status": "returned", "message": ""}, body, "n", "", 0.0)
    except ReplyError:
        return
    assert reply.status == "returned"


@pytest.mark.parametrize("facts", [None, {}, {"files": 1}, {"files": True, "network": "yes"}])
def test_a_worker_that_does_not_say_how_it_is_contained_is_not_trusted(facts: Any) -> None:
    with pytest.raises(ReplyError, match="did not say"):
        read_containment({"ready": facts})


def framed(data: bytes, longest: int = 1000) -> Any:
    reading, writing = os.pipe()
    try:
        os.write(writing, data)
        os.close(writing)
        return read_frame(reading, longest)
    finally:
        os.close(reading)


def test_a_message_is_read_as_it_was_written() -> None:
    reading, writing = os.pipe()
    write_frame(writing, {"a": [1.5, None]}, b"xyz")
    os.close(writing)
    assert read_frame(reading, 3) == ({"a": [1.5, None]}, b"xyz")
    assert read_frame(reading, 3) is None
    os.close(reading)


FRAMES = {
    "cut in the lengths": (MARK + b"\0", "cut short"),
    "another mark": (b"x" * 16, "no message"),
    "a long header": (LENGTHS.pack(MARK, 2**31, 0), "too long"),
    "a long body": (LENGTHS.pack(MARK, 2, 1001) + b"{}", "too long"),
    "cut in the header": (LENGTHS.pack(MARK, 9, 0) + b"{}", "cut short"),
    "cut in the body": (LENGTHS.pack(MARK, 2, 9) + b"{}x", "cut short"),
    "no JSON": (LENGTHS.pack(MARK, 2, 0) + b"{[", "no JSON"),
    "no text": (LENGTHS.pack(MARK, 2, 0) + b"\xff\xfe", "no JSON"),
    "no mapping": (LENGTHS.pack(MARK, 2, 0) + b"[]", "no mapping"),
    "brackets without end": (LENGTHS.pack(MARK, 50_000, 0) + b"[" * 50_000, "no JSON"),
    "a number without end": (LENGTHS.pack(MARK, 50_000, 0) + b"9" * 50_000, "no JSON"),
}


@pytest.mark.parametrize("case", FRAMES)
def test_other_bytes_are_no_message(case: str) -> None:
    data, message = FRAMES[case]
    with pytest.raises(FrameError, match=message):
        framed(data)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(st.binary(max_size=5)), after=st.binary(max_size=5), cut=st.integers(0, 12))
def test_output_ends_at_its_mark_however_it_is_cut(pieces: list[bytes], after: bytes, cut: int) -> None:
    mark, output = b"\0abcd\0", Output("/none", b"\0abcd\0", 10)
    before = b"".join(pieces).replace(b"\0", b"")
    data = before + mark + after
    start = max(len(before) - 3 + cut - 6, 0)
    for piece in (data[:start], data[start : start + 2], data[start + 2 :]):
        if not output.complete:
            output.add(piece)
    assert output.complete
    more = f"\n… ({len(before) - 10:,} more bytes)" if len(before) > 10 else ""
    assert output.text().removesuffix(more) == Output("/none", b"x", 99).text() + plain_text(before[:10])


def plain_text(data: bytes) -> str:
    output = Output("/none", mark=b"\0none\0", longest=99)
    output.add(data)
    return output.text()


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("hw/s1024.py", "s1024.py"),
        ("a-b_c.py", "a-b_c.py"),
        ("..py", "answer.py"),
        ("é.py", "answer.py"),
        ("x", "answer.py"),
    ],
)
def test_only_an_ordinary_name_of_a_file_is_kept(name: str, inside: str) -> None:
    assert file_name(name) == inside


def contained(*without: str) -> Containment:
    with conversation("def f(): return 1\n", "s.py", Limits(), (), set(MECHANISMS) - set(without)) as worker:
        assert worker.ask(Call("f")).values == 1.0
        return worker.containment


linux_only = pytest.mark.skipif(
    sys.platform != "linux" or not seccomp.is_known(), reason="a filter of system calls is needed"
)


@linux_only
def test_where_everything_is_in_force_nothing_is_missing() -> None:
    containment = contained()
    assert (containment.network, containment.processes, containment.user, containment.limits) == (True,) * 4
    assert containment.files == (containment.missing == ())


@linux_only
def test_a_missing_landlock_is_said() -> None:
    containment = contained("landlock")
    assert not containment.files
    assert any(line.startswith("This system offers no Landlock: the code can read") for line in containment.missing)


@linux_only
def test_a_missing_filter_is_said_and_the_network_closed_in_another_way_or_said_as_well() -> None:
    containment = contained("seccomp")
    assert not containment.processes
    assert containment.missing[-1 if containment.network else -2].startswith("This system refuses a filter")
    bare = contained("seccomp", "namespace", "landlock", "limits")
    assert (bare.files, bare.network, bare.processes, bare.limits) == (False,) * 4
    assert bare.missing[-1] == "The network could not be closed off."


@linux_only
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can change its user")
def test_code_that_runs_as_root_is_said() -> None:
    assert contained().user
    containment = contained("user")
    assert not containment.user
    assert "The code runs as root: the user could not be changed." in containment.missing
