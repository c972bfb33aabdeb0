"""What other gradient checkers say of the traps that dlcli.check_gradients is tested on, in the same run.

Each trap is a wrong gradient that a peer at its defaults lets pass, or a right one that it refuses; a peer that has
become better shows here first. Prints what each of them says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlcli import check_gradients
from tests.black_box_edges import notebook
from tests.black_box_networks import Array

Trap = tuple[Callable[[Any], Any], Callable[[Any], Any], Array]  # loss, gradient, point

TRAPS: dict[str, Trap] = {
    "sign flip, n = 1000": (lambda x: np.sin(x).sum(), lambda x: -np.cos(x), np.linspace(-2, 2, 1000)),
    "all zero, n = 1e5": (lambda x: np.sin(x).sum(), np.zeros_like, np.linspace(-2, 2, 100_000)),
    "sign flip, scale 1e-6": (lambda x: 1e-6 * np.sin(x).sum(), lambda x: -1e-6 * np.cos(x), np.linspace(-1, 1, 5)),
    "sign flip, output 1e-7": (lambda x: 1e-7 * np.sin(x).sum(), lambda x: -1e-7 * np.cos(x), np.linspace(-1, 1, 5)),
}


def plain_differences(loss: Callable[[Any], Any], gradient: Array, x: Array, h: float = 1e-7) -> float:
    """norm(a - d)/(norm(a) + norm(d)), the number that course notes compare with 1e-7."""
    found = np.array([(loss(x + h * e) - loss(x - h * e)) / (2 * h) for e in np.eye(x.size)])
    return float(np.linalg.norm(gradient - found) / (np.linalg.norm(gradient) + np.linalg.norm(found)))


def by_torch(loss: Callable[[Any], Any], gradient: Callable[[Any], Any], x: Array, fast: bool) -> bool:
    torch = pytest.importorskip("torch")

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, v: Any) -> Any:
            ctx.save_for_backward(v)
            return torch.as_tensor(loss(v.detach().numpy()), dtype=torch.float64)

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            (v,) = ctx.saved_tensors
            return cotangent * torch.as_tensor(gradient(v.detach().numpy()))

    point = torch.tensor(x, requires_grad=True)
    return bool(torch.autograd.gradcheck(Function.apply, (point,), fast_mode=fast, raise_exception=False))


def by_autograd(loss: Callable[[Any], Any], gradient: Callable[[Any], Any], x: Array) -> bool:
    extend, test_util = pytest.importorskip("autograd.extend"), pytest.importorskip("autograd.test_util")
    function = extend.primitive(lambda v: loss(v))
    extend.defvjp(function, lambda _, v: lambda cotangent: cotangent * gradient(v))
    try:
        test_util.check_grads(function, modes=["rev"], order=1)(x)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("name", TRAPS)
def test_wrong_gradient_fails_whatever_the_peers_say(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    loss, gradient, x = TRAPS[name]
    said = {
        "dlcli": check_gradients(loss, gradient, x).verdict,
        "autograd": _word(by_autograd(loss, gradient, x)),
    }
    if x.size <= 1000:  # torch takes minutes to describe a failure among more
        said["torch fast"] = _word(by_torch(loss, gradient, x, True))
        said["torch slow"] = _word(by_torch(loss, gradient, x, False))
        said["plain differences"] = _word(plain_differences(loss, gradient(x), x) < 1e-7)
    with capsys.disabled():
        print(f"\n{name}: " + ", ".join(f"{who} {verdict}" for who, verdict in said.items()))
    assert said["dlcli"] == "fail"


def test_torch_fast_mode_is_asked_about_the_element_wise_operation_too(capsys: pytest.CaptureFixture[str]) -> None:
    """A vjp of zeros for an operation of 1e5 entries, and of the wrong sign for one at the scale of 1e-6."""
    _, zeros, x = TRAPS["all zero, n = 1e5"]
    zero = _word(by_torch(np.sin, zeros, x, True))
    flipped = _word(by_torch(lambda v: 1e-6 * np.sin(v), lambda v: -1e-6 * np.cos(v), np.linspace(-1, 1, 5), False))
    with capsys.disabled():
        print(f"\nelement-wise: zero vjp, n = 1e5: torch fast {zero}; sign flip, scale 1e-6: torch slow {flipped}")
    assert check_gradients(lambda v: np.sin(v).sum(), zeros, x).verdict == "fail"


def _word(passed: bool) -> str:
    return "pass" if passed else "fail"


def test_right_gradient_of_the_notebook_passes_where_plain_differences_refuse_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = notebook(1)
    flat = np.concatenate([value.ravel() for value in network.point.values()])

    def parts(vector: Array) -> dict[str, Array]:
        ends = np.cumsum([value.size for value in network.point.values()])[:-1]
        pieces = zip(network.point.items(), np.split(vector, ends), strict=True)
        return {name: piece.reshape(value.shape) for (name, value), piece in pieces}

    def loss(vector: Array) -> float:
        return network.loss(parts(vector))

    def gradient(vector: Array) -> Array:
        found = network.gradient(parts(vector))
        return np.concatenate([found[name].ravel() for name in network.point])

    usual = plain_differences(loss, gradient(flat), flat)
    said = {
        "dlcli": check_gradients(loss, gradient, flat).verdict,
        "plain differences": f"{usual:.3g}",
        "torch slow": _word(by_torch(loss, gradient, flat, False)),
        "torch fast": _word(by_torch(loss, gradient, flat, True)),
        "autograd": _word(by_autograd(loss, gradient, flat)),
    }
    with capsys.disabled():
        print("\nnotebook, right: " + ", ".join(f"{who} {verdict}" for who, verdict in said.items()))
    assert usual > 1e-7
    assert check_gradients(loss, gradient, flat).verdict == "pass"


def test_calls_of_the_function_are_few_beside_the_ladder_in_full() -> None:
    """Nine rungs are 18 calls an entry; torch's slow mode and plain differences take 2, without an error bar."""
    loss, _, x = TRAPS["sign flip, n = 1000"]
    assert check_gradients(loss, np.cos, x).evaluations < 10 * x.size
