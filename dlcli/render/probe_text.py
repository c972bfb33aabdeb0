"""The probe of a homework in words: which classic mistakes its numbers cannot show, and why."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.mistakes import Blind
from dlcli.probing import Probe
from dlcli.render.console import Medium, painted
from dlcli.render.documents import Document
from dlcli.render.text import counted, own, visible
from dlcli.render.verdicts import COLORS, coverage, verdict_mark

NO_OTHER_NUMBERS = "no other numbers lie in the domain of every operation"


def probe_text(name: str, found: Probe, on: Medium) -> str:
    """The lines on one file."""
    verdict = _verdict(found)
    lines = [painted(visible(f"{name}: probe", on), "bold", on)]
    mark = painted(verdict_mark(verdict, on), COLORS[verdict], on)
    said = NO_OTHER_NUMBERS if found.generic is None else coverage(found.generic)
    lines.append(f"  at generic numbers of the same shapes: {mark}; {visible(said, on)}")
    seen = found.applicable - len(found.hidden)
    total = counted(found.applicable, "classic mistake")
    if not found.hidden:
        lines.append(f"  of {total} that can be made here, the file's own numbers would show every one")
        return "\n".join(lines) + "\n"
    lines.append(f"  of {total} that can be made here, the file's own numbers would show {seen:,}; they cannot show:")
    lines += _listed(found.hidden, on)
    still = {item.mistake.id for item in found.still_hidden}
    if found.generic is None:
        return "\n".join(lines) + "\n"
    both = [item for item in found.hidden if item.mistake.id in still]
    if both:
        names = ", ".join(item.mistake.id for item in both)
        lines.append(f"  nor can generic numbers show: {visible(names, on)}")
    else:
        lines.append("  generic numbers would show all of them")
    lines.append("  `dlcli explain NAME` tells what a mistake is")
    return "\n".join(lines) + "\n"


def _verdict(found: Probe) -> str:
    """Of the check at generic numbers; "inconclusive" where there are none."""
    return "inconclusive" if found.generic is None else found.generic.verdict


def _listed(hidden: Sequence[Blind], on: Medium) -> list[str]:
    """One line a reason, with the mistakes that it hides."""
    by_reason: dict[str, list[str]] = {}
    for item in hidden:
        by_reason.setdefault(item.reason or "these numbers happen to hide them", []).append(item.mistake.id)
    return [own(f"    {reason}: ", on) + visible(", ".join(names), on) for reason, names in by_reason.items()]


def probe_document(found: Probe) -> Document:
    """The same as data."""
    return {
        "verdict": _verdict(found),
        "applicable": found.applicable,
        "hidden": [{"id": item.mistake.id, "reason": item.reason or None} for item in found.hidden],
        "still_hidden": [item.mistake.id for item in found.still_hidden],
    }
