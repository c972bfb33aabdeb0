"""Mistakes with one number, which need no backward pass of their own: what each id in a report means."""

from __future__ import annotations

from collections.abc import Mapping

from dlcli.mistakes.catalogue import MISTAKES

SIMPLE: Mapping[str, str] = {
    "activation-not-applied": "the value before the activation is given for the value after it",
    "another-entry": "the value, or the gradient, of another entry of the same array is given",
    "another-quantity": "the gradient by another quantity of the same shape is given",
    "factor-two-extra": "the result is twice the right one",
    "factor-two-missing": "the result is half of the right one",
    "learning-rate-missing": "the weight after the step is computed without the learning rate",
    "logarithm-base": "the logarithm to base 2 or 10 is taken instead of the natural one",
    "relu-not-applied": "a negative value is passed on where relu gives 0",
    "sign-error": "the result is right but for its sign",
    "step-alone": "the change of the weight is given, not the weight after the step",
    "step-forgotten": "the weight before the step is given",
    "step-uphill": "the gradient is added in the step, not subtracted",
    "updated-weight": "the weight after the step is given for its gradient",
    "value-for-gradient": "the value of the quantity is given for the gradient by it",
}


def explained(mistake: str) -> tuple[str, ...] | None:
    """What goes wrong, and how it shows; None for no mistake that reports name."""
    row = MISTAKES.get(mistake)
    if row is not None:
        return row.does, row.looks
    return (SIMPLE[mistake],) if mistake in SIMPLE else None


def known_mistakes() -> tuple[str, ...]:
    """The ids of all mistakes that reports name."""
    return tuple(sorted({*MISTAKES, *SIMPLE}))
