"""What a student reads when a layer's numbers do not fit: the whole message, with its place and its help."""

# ruff: noqa: E501 (messages stand here as they are printed)

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import dlcli
from tests.conftest import Run

MESSAGES = {
    "kernel larger than the image": (
        """\
        inputs: {x: [[1, 2], [3, 4]]}
        weights: {k: [[1, 2, 0], [3, 4, 0], [1, 1, 1]]}
        loss: sum(conv2d(x, k))
        """,
        """\
        error[E201]: conv2d: a window of 3 rows does not fit into 2: (size + 2*padding - dilation*(kernel - 1) - 1)/stride + 1 = (2 + 2*0 - 1*(3 - 1) - 1)/1 + 1 is below 1
         --> bad.yaml:3:18
          |
        1 | inputs: {x: [[1, 2], [3, 4]]}
          |          - x has shape (2, 2)
        2 | weights: {k: [[1, 2, 0], [3, 4, 0], [1, 1, 1]]}
          |           - k has shape (3, 3)
        3 | loss: sum(conv2d(x, k))
          |                  ^
          = help: make the window smaller, or the input larger (padding)
        """,
    ),
    "kernel of a layer larger than the image": (
        """\
        inputs: {x: {shape: [1, 1, 4, 4], init: normal}}
        network:
          - conv2d: {units: 2, size: 5, stride: 2, padding: 0}
        """,
        """\
        error[E201]: conv2d: a window of 5 rows does not fit into 4: (size + 2*padding - dilation*(kernel - 1) - 1)/stride + 1 = (4 + 2*0 - 1*(5 - 1) - 1)/2 + 1 is below 1
         --> bad.yaml:3:5
          |
        1 | inputs: {x: {shape: [1, 1, 4, 4], init: normal}}
          |          - x has shape (1, 1, 4, 4)
        3 |   - conv2d: {units: 2, size: 5, stride: 2, padding: 0}
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          = help: make the window smaller, or the input larger (padding)
        """,
    ),
    "kernel of other channels": (
        """\
        inputs: {x: {shape: [1, 2, 4, 4], init: normal}}
        weights: {k: {shape: [3, 1, 2, 2], init: normal}}
        loss: sum(conv2d(x, k))
        """,
        """\
        error[E201]: conv2d: x of shape (1, 2, 4, 4) has 2 channels, so a kernel of shape (3, 1, 2, 2) needs 2 as its second size, not 1
         --> bad.yaml:3:21
          |
        1 | inputs: {x: {shape: [1, 2, 4, 4], init: normal}}
          |          - x has shape (1, 2, 4, 4)
        2 | weights: {k: {shape: [3, 1, 2, 2], init: normal}}
          |           - k has shape (3, 1, 2, 2)
        3 | loss: sum(conv2d(x, k))
          |                     ^
          = help: a kernel has the shape (kernels, channels of x, size …)
        """,
    ),
    "pooling window larger than the input": (
        """\
        inputs: {x: [[1, 2], [3, 4]]}
        loss: sum(maxpool2d(x, 3))
        """,
        """\
        error[E201]: maxpool2d: a window of 3 rows does not fit into 2: (size + 2*padding - dilation*(kernel - 1) - 1)/stride + 1 = (2 + 2*0 - 1*(3 - 1) - 1)/3 + 1 is below 1
         --> bad.yaml:2:21
          |
        1 | inputs: {x: [[1, 2], [3, 4]]}
          |          - x has shape (2, 2)
        2 | loss: sum(maxpool2d(x, 3))
          |                     ^
          = help: make the window smaller, or the input larger
        """,
    ),
    "pooling window of a layer larger than the input": (
        """\
        inputs: {x: [[1, 2], [3, 4]]}
        network: [avgpool2d: {size: 3}]
        """,
        """\
        error[E201]: avgpool2d: a window of 3 rows does not fit into 2: (size + 2*padding - dilation*(kernel - 1) - 1)/stride + 1 = (2 + 2*0 - 1*(3 - 1) - 1)/3 + 1 is below 1
         --> bad.yaml:2:11
          |
        1 | inputs: {x: [[1, 2], [3, 4]]}
          |          - x has shape (2, 2)
        2 | network: [avgpool2d: {size: 3}]
          |           ^^^^^^^^^^^^^^^^^^^^
          = help: make the window smaller, or the input larger
        """,
    ),
    "sequences of unequal length": (
        """\
        inputs: {x: [[[1, 2], [3, 4]], [[5, 6]]]}
        network: [rnn: {units: 2}]
        """,
        """\
        error[E205]: x is ragged: a list of 1 entry follows one of 2
         --> bad.yaml:1:32
          |
        1 | inputs: {x: [[[1, 2], [3, 4]], [[5, 6]]]}
          |                                ^^^^^^^^
          |              ---------------- 2 entries here
          = help: give all rows the same length
        """,
    ),
    "dropout mask of another shape": (
        """\
        inputs: {x: [1, 2, 3]}
        constants: {m: [1, 0]}
        loss: sum(dropout(x, 0.5, m))
        """,
        """\
        error[E201]: the mask has shape (2,), but x has shape (3,)
         --> bad.yaml:3:27
          |
        1 | inputs: {x: [1, 2, 3]}
          |          - x has shape (3,)
        2 | constants: {m: [1, 0]}
          |             - m has shape (2,)
        3 | loss: sum(dropout(x, 0.5, m))
          |                           ^
          = help: a mask holds one 0 or 1 for each value of x
        """,
    ),
    "dropout mask of other values": (
        """\
        inputs: {x: [1, 2, 3]}
        constants: {m: [1, 0, 2]}
        network: [dropout: {p: 0.5, mask: m}]
        """,
        """\
        error[E310]: dropout is undefined here: m[2] = 2, but a mask holds only 0 (dropped) and 1 (kept)
         --> bad.yaml:3:11
          |
        3 | network: [dropout: {p: 0.5, mask: m}]
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^
          = help: dropout divides by 1 - p itself: leave the factor out of the mask
        """,
    ),
    "attention mask of another shape": (
        """\
        inputs: {q: [[1, 2]], k: [[1, 2], [0, 1]], v: [[1], [2]]}
        constants: {m: [[1, 0, 1]]}
        loss: sum(attention(q, k, v, mask=m))
        """,
        """\
        error[E201]: the mask has shape (1, 3), but the scores have (1, 2)
         --> bad.yaml:3:35
          |
        1 | inputs: {q: [[1, 2]], k: [[1, 2], [0, 1]], v: [[1], [2]]}
          |          - q has shape (1, 2)
          |                       - k has shape (2, 2)
        3 | loss: sum(attention(q, k, v, mask=m))
          |                                   ^
          = help: one row a query and one column a key: 1 where the query may look, 0 where not
        """,
    ),
    "attention mask of other values": (
        """\
        inputs: {q: [[1, 2]], k: [[1, 2], [0, 1]], v: [[1], [2]]}
        constants: {m: [[1, 2]]}
        loss: sum(attention(q, k, v, m))
        """,
        """\
        error[E310]: attention is undefined here: m[0, 1] = 2, but a mask holds 1 (may look) and 0 (may not), or 0 and -inf
         --> bad.yaml:3:11
          |
        3 | loss: sum(attention(q, k, v, m))
          |           ^^^^^^^^^^^^^^^^^^^^^
          = help: zeros and ones, or what is added to the scores: 0 and -inf
        """,
    ),
    "temperature 0": (
        """\
        inputs: {z: [1, 2]}
        loss: softmax(z, temperature=0)[0]
        """,
        """\
        error[E305]: a temperature of 0 divides by it: it must be a finite number other than 0
         --> bad.yaml:2:30
          |
        2 | loss: softmax(z, temperature=0)[0]
          |                              ^
          = help: softmax(x) without it has temperature 1
        """,
    ),
    "temperature 0 by position": (
        """\
        inputs: {z: [1, 2]}
        loss: softmax(z, -1, 0)[0]
        """,
        """\
        error[E305]: a temperature of 0 divides by it: it must be a finite number other than 0
         --> bad.yaml:2:22
          |
        2 | loss: softmax(z, -1, 0)[0]
          |                      ^
          = help: softmax(x) without it has temperature 1
        """,
    ),
    "batch normalisation of one sample": (
        """\
        inputs: {x: [[1, 2]]}
        weights: {g: [1, 1], b: [0, 0]}
        loss: sum(batchnorm(x, g, b))
        """,
        """\
        error[E305]: batchnorm of a batch of one, shape (1, 2): each feature's variance is 0, and the result is beta whatever x is
         --> bad.yaml:3:21
          |
        3 | loss: sum(batchnorm(x, g, b))
          |                     ^
          = help: give at least two samples, or the statistics: batchnorm(x, gamma, beta, mean, var)
        """,
    ),
    "label out of range": (
        """\
        inputs: {z: [1, 2, 3]}
        targets: {y: 3}
        network: [p = softmax(z)]
        loss: cross_entropy(p, y)
        """,
        """\
        error[E310]: cross_entropy is undefined here: y = 3, but class numbers are whole, counted from 0, and below the number of classes
         --> bad.yaml:4:7
          |
        4 | loss: cross_entropy(p, y)
          |       ^^^^^^^^^^^^^^^^^^^
          = help: count classes from 0
        """,
    ),
    "negative label": (
        """\
        inputs: {z: [[1, 2, 3], [1, 2, 3]]}
        targets: {y: [0, -1]}
        loss: softmax_cross_entropy(z, y)
        """,
        """\
        error[E310]: softmax_cross_entropy is undefined here: y[1] = -1, but class numbers are whole, counted from 0, and below the number of classes
         --> bad.yaml:3:7
          |
        3 | loss: softmax_cross_entropy(z, y)
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          = help: count classes from 0
        """,
    ),
    "learning rate 0": (
        """\
        weights: {w: 2}
        loss: w**2
        optimizer: {sgd: {learning_rate: 0}}
        """,
        """\
        error[E305]: `learning_rate` must be positive, but it is 0
         --> bad.yaml:3:34
          |
        3 | optimizer: {sgd: {learning_rate: 0}}
          |                                  ^
          = help: give a number above 0, for example learning_rate: 0.1
        """,
    ),
    "negative learning rate": (
        """\
        weights: {w: 2}
        loss: w**2
        optimizer: {sgd: {learning_rate: -0.1}}
        """,
        """\
        error[E305]: `learning_rate` must be positive, but it is -0.1
         --> bad.yaml:3:34
          |
        3 | optimizer: {sgd: {learning_rate: -0.1}}
          |                                  ^^^^
          = help: give a number above 0, for example learning_rate: 0.1
        """,
    ),
}  # fmt: skip
SHARES = "inputs: {z: [[1, 2], [0, 1]]}\ntargets: {y: [[0.5, 0.5], [0.5, 0.4]]}\nloss: softmax_cross_entropy(z, y)\n"
# fmt: off
SHARES_MESSAGE = """\
warning[W906]: the shares of sample 1 in y add up to 0.9, not to 1
 --> bad.yaml:2:11
  |
2 | targets: {y: [[0.5, 0.5], [0.5, 0.4]]}
  |           ^
  = help: softmax_cross_entropy takes shares of classes that exclude each other; for other labels use bce
"""
# fmt: on


@pytest.mark.parametrize("case", MESSAGES)
def test_message_says_place_sum_and_help(case: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, expected = (dedent(part) for part in MESSAGES[case])
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(text, encoding="utf-8")
    result = run("solve", "bad.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == expected


def warnings_of(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text(text, encoding="utf-8")
    result = run("check", "bad.yaml")
    assert result.exit_code == 0
    return str(result.stderr)


def test_shares_that_do_not_add_up_to_1_are_warned_of(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert warnings_of(run, tmp_path, monkeypatch, SHARES) == SHARES_MESSAGE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[0.5, 0.4]", "[0.5, 0.5]"), ""),
        (("[0.5, 0.4]", "[1/3, 2/3]"), ""),
        (("targets:", "index_base: 1\ntargets:"), "the shares of sample 2 in y add up to 0.9, not to 1"),
        (("inputs:", "samples: columns\ninputs:"), "the shares of sample 1 in y add up to 0.9, not to 1"),
        (("[[0.5, 0.5], [0.5, 0.4]]", "[1, 0]"), ""),
        (("softmax_cross_entropy(z, y)", "bce_with_logits(z, y)"), ""),
        (("[[0.5, 0.5], [0.5, 0.4]]", "{shape: [2, 2]}"), ""),
    ],
)
def test_shares_are_those_of_one_sample(
    change: tuple[str, str], message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns of ((0.5, 0.5), (0.5, 0.4)) add up to 1 and 0.9 as its rows do; class numbers and symbols have none."""
    assert change[0] in SHARES
    printed = warnings_of(run, tmp_path, monkeypatch, SHARES.replace(*change))
    assert (message in printed) if message else printed == ""


def test_no_steps_are_refused_on_the_command_line_and_in_python(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text("weights: {w: 2}\nloss: w**2\noptimizer: {sgd: {learning_rate: 0.1}}\n", "utf-8")
    for steps in ("0", "-3"):
        result = run("train", "net.yaml", "--steps", steps)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"Invalid value for '--steps': {steps} is not in the range 1<=x<=10000000.\n" in result.stderr
    with pytest.raises(dlcli.UsageError) as caught:
        dlcli.train("net.yaml", 0)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.message, diagnostic.help) == ("E305", "0 steps train nothing", "take 1 or more")
