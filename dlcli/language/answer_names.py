"""Names in answers: which known quantity a way of writing means (`w₁₃`, `w_{13}`: w13; `λ`: lambda; `ŷ`: yhat)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

# fmt: off
GREEK: Mapping[str, str] = MappingProxyType({
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi",
    "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma",
    "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ϵ": "epsilon", "ϑ": "theta", "ϱ": "rho",
    "ς": "sigma", "ϕ": "phi", "µ": "mu",
})
# fmt: on
_ACCENTS: Mapping[str, str] = MappingProxyType(
    {"\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0303": "tilde", "\u0307": "dot"}
)
_SHORT: Mapping[str, str] = MappingProxyType({"epsilon": "eps"})
LOOK_ALIKES: Mapping[str, str] = MappingProxyType(
    dict(
        zip(
            "авеклмнорстухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅԌοΟΑΒΕΖΗΙΚΜΝΡΤΥΧօոսհıɡɑ",
            "abeklmhopctyxijshdqwABEKMHOPCTYXIJSGoOABEZHIKMNPTYXonuhiga",
            strict=True,
        )
    )
)
LONGEST_PRODUCT = 40  # letters of a word that may be several quantities side by side


@dataclass(frozen=True)
class Names:
    """The quantities that a homework knows. by_key: names of one key, which all ways of writing a name share."""

    exact: frozenset[str]
    by_key: Mapping[str, tuple[str, ...]]

    def meant_by(self, written: str) -> tuple[str, ...]:
        """The known names that a written one may stand for: none, one, or several."""
        if written in self.exact:
            return (written,)
        key = name_key(written)
        found = self.by_key.get(key, ())
        return found or self.by_key.get(_SHORT.get(key, ""), ())

    def products(self, word: str, before_power: bool) -> tuple[tuple[str, ...], ...]:
        """The ways, two at most, to read a word as known names side by side: `ab` as a, b; parts as written.

        Greek letters and `pi` may be among them, and `e` at the end where a power follows.
        """
        if len(word) > LONGEST_PRODUCT or not self.exact:
            return ()
        ways: list[list[tuple[str, ...]]] = [[()]]
        for end in range(1, len(word) + 1):
            here: list[tuple[str, ...]] = []
            for start in range(end):
                part = word[start:end]
                constant = part in ("pi", "π") or (part == "e" and before_power and end == len(word))
                letter = len(part) == 1 and not part.isascii() and len(self.meant_by(part)) == 1
                if part in self.exact or constant or letter:
                    here += [(*way, part) for way in ways[start]]
            ways.append(here[:2])
        return tuple(way for way in ways[-1] if len(way) > 1)


def known_names(names: Collection[str]) -> Names:
    """The names of a homework, ready to be looked up."""
    return _known(frozenset(names))


@lru_cache(maxsize=64)
def _known(names: frozenset[str]) -> Names:
    by_key: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        key = name_key(name)
        by_key[key] = (*by_key.get(key, ()), name)
    return Names(names, MappingProxyType(by_key))


def name_key(name: str) -> str:
    """What all ways to write a name have in common: letters spelt out, no underscores."""
    return spelt_out(name).replace("_", "")


def spelt_out(name: str) -> str:
    """Greek letters as words, accents as endings, subscripts as digits: λ as lambda, ŷ as yhat, w₁₃ as w13."""
    if name.isascii():
        return name
    written = []
    for character in unicodedata.normalize("NFD", name):
        spelt = GREEK.get(character) or _ACCENTS.get(character)
        written.append(spelt or unicodedata.normalize("NFKC", character))
    return unicodedata.normalize("NFC", "".join(written))


def look_alike(written: str) -> int | None:
    """The place of the first letter of another script that looks like a Latin one."""
    return next((place for place, character in enumerate(written) if character in LOOK_ALIKES), None)
