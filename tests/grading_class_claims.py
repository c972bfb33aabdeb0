"""What a hand mark claims of an answer, checked with the arithmetic of tests/grading_network.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np

from tests.grading_class_files import FOLDER, HandMark, answers, asked, lines_as_written
from tests.grading_network import B1, DECAY, RIGHT, W1, W2, Array, X, Y, answers_from, chain, forward, slips, truth
from tests.grading_student_code import called
from tests.grading_text import numbers, read, value

NUMERIC = tuple(name for name in truth() if not name.startswith("j."))
FORMULAS = {"l": "(p - Y)/3", "m": "exp(-z)/(1 + exp(-z))^2"}
POINTS = [{"p": x, "Y": y, "z": z} for x, y, z in zip(
    ("0.31", "0.72", "0.05", "0.99"), ("1", "0", "0.25", "1"), ("-2.3", "0.4", "1.7", "6"), strict=True
)]  # fmt: skip


class ClaimError(AssertionError):
    """The mark and the answer do not fit."""


def require(holds: bool, text: str) -> None:
    if not holds:
        raise ClaimError(text)


def answer_text(mark: HandMark) -> str:
    """The answer as one text; a list or mapping as it stands in the file."""
    given = answers(mark.student).get(mark.id, "")
    return given if isinstance(given, str) else lines_as_written(mark.student)[mark.id]


def given_numbers(mark: HandMark) -> tuple[Array, Array]:
    """The numbers of an answer and the value of one unit of the last digit of each, 0 for a formula."""
    written = answers(mark.student)[str(mark.facts.get("under", mark.id))]
    if isinstance(written, list) and len(written) == 1 and ";" in str(written[0]):
        written = f"[{written[0]}]"
    if isinstance(written, str) and written.startswith("[") and ";" not in written:
        written = [entry.strip() for entry in written[1:-1].split(",")]
    return np.array(_floats(numbers(written))), np.array(_units(written))


def _floats(entry: Any) -> Any:
    return [_floats(part) for part in entry] if isinstance(entry, list) else float(entry)


def _units(written: Any) -> Any:
    if isinstance(written, list):
        return [_units(part) for part in written]
    if written.startswith("["):
        return [[_units(part) for part in row.split()] for row in written[1:-1].split(";")]
    plain = written.replace("\u2212", "-").replace(",", ".").strip("|").strip()
    found = re.fullmatch(r"[-+]? ?\d*\.(\d+)(?:e([-+]?\d+))? ?(%?)", plain)
    return 10.0 ** (int(found[2] or 0) - len(found[1]) - 2 * len(found[3])) if found else 0.0


def near(given: Array, unit: Array, right: Array, question: str, *, exact: bool = False) -> Array:
    """Entry by entry, whether an answer is the right number within what the homework allows.

    exact: for a wrong number, within what its own digits allow and no more.
    """
    rule = asked()[question].keys.get("tolerance", {})
    size = np.abs(right)
    if exact or not rule:
        slack = np.maximum(1e-6 * size, np.minimum(unit * (1 + 1e-6), 0.02 * size))
        return np.asarray(np.abs(given - right) <= np.where(right == 0, 1e-10, slack))
    slack = np.full(right.shape, float(rule.get("absolute", 0))) + float(rule.get("relative", 0)) * size
    if "decimals" in rule:
        slack = slack + 10.0 ** -int(rule["decimals"])
    if "digits" in rule:
        slack = slack + 10.0 ** (np.floor(np.log10(size)) + 1 - int(rule["digits"]))
    return np.asarray(np.abs(given - right) <= slack)


def check(mark: HandMark) -> None:
    """Raises ClaimError where the answer is not what the mark says of it; a claim that nothing checks is an error."""
    if mark.verdict == "missing":
        require(answer_text(mark) in ("", "~"), "there is an answer")
    elif mark.id == "r":
        require(mark.verdict == "undecided" and mark.points == 0, "a question marked by hand")
    elif mark.verdict == "invalid" or "is" in mark.facts:
        _as_it_stands(mark)
    elif mark.id == "s":
        _code(mark)
    elif mark.id in FORMULAS:
        _formula(mark)
    elif mark.id in ("n", "q", "j.w", "j.s", "j.k"):
        _exact(mark)
    elif entries_given(mark):
        _entries(mark)
    elif "layout" in mark.facts:
        _layout(mark)
    elif mark.id in NUMERIC:
        _numeric(mark)
    else:
        raise ClaimError(f"nothing checks question {mark.id}")


def _as_it_stands(mark: HandMark) -> None:
    text, facts = answer_text(mark), mark.facts
    require(mark.points == 0, "points for what is not read")
    if "holds" in facts:
        line = lines_as_written(mark.student)[mark.id]
        require(facts["holds"] in text or (facts["holds"] == "\0" and "\\0" in line), "the text is another")
    elif "begins" in facts:
        require(text.startswith(facts["begins"]) and len(text) == int(facts["length"]), "the text is another")
    else:
        require(text == facts["is"], f"the text is {text!r}")
    if mark.verdict == "wrong":
        right = {"n": ("C", "c", "relu"), "j.w": ("[2, 3]",), "j.k": ("14",)}.get(mark.id, ())
        require(text not in right, "this is right")
        if mark.id == "q":
            require(not _sure([float(x) for x in numbers(answers(mark.student)["q"])]), "these biases do the job")


def _exact(mark: HandMark) -> None:
    given = answers(mark.student)[mark.id]
    require(mark.verdict == "correct", "only right answers are checked here")
    match mark.id:
        case "n":
            require(str(given).lower() in ("c", "relu"), "not the right label")
        case "q":
            values = given["b2"] if isinstance(given, dict) else given
            require(_sure([float(x) for x in numbers(values)]), "these biases do not do the job")
        case "j.w":
            found = [int(part) for part in re.findall(r"\d+", str(given))]
            require(found == truth()["j.w"].tolist(), "not the shape")
        case _:
            require(float(numbers(given)) == float(truth()[mark.id]), "not the count")


def _sure(b2: list[float]) -> bool:
    return bool(forward(b2=np.array(b2)).p[0, 0] > 0.9)


def _formula(mark: HandMark) -> None:
    text, right = answer_text(mark), FORMULAS[mark.id]
    if mark.facts.get("layout") == "numbers":
        given, unit = given_numbers(mark)
        require(bool(near(given, unit, RIGHT.delta2, "d", exact=True).all()), "not right at the homework's numbers")
        require(mark.verdict == "wrong", "numbers are no formula")
        return
    found = [(value(read(text), at), value(read(right), at)) for at in POINTS]
    equal = all(x is not None and mpmath.almosteq(x, y, rel_eps=1e-30, abs_eps=1e-30) for x, y in found)
    require(equal == (mark.verdict == "correct"), f"{text} is {'' if equal else 'not '}the right formula")
    if mark.verdict != "correct":
        require(text == mark.facts["formula"] or _same(text, mark.facts["formula"]), "not the formula that is stated")


def _same(text: str, other: str) -> bool:
    return all(mpmath.almosteq(value(read(text), at), value(read(other), at)) for at in POINTS)


def _code(mark: HandMark) -> None:
    written = lines_as_written(mark.student)["s"].strip("{}").removeprefix("file: ")
    path, _, function = written.partition("::")
    source = FOLDER / "answers" / path
    if mark.student in ("zeno", "yves"):
        text = source.read_text(encoding="utf-8")
        require("os._exit(0)" in text or "while True" in text, "nothing hostile in it")
        require(mark.points == 0, "points for hostile code")
        return
    here = called(source, function or "backward", X, W1, B1, W2, np.array([0.15, -0.35]), Y, DECAY)
    fresh = called(source, function or "backward", 2 * X, -W1, B1 + 1, W2 - 1, np.array([0.4, 0.1]), Y, 0.3)
    share = sum(h and f for h, f in zip(here, fresh, strict=True))
    require(mark.points == share, f"{share} of four gradients are right")
    if mark.student == "bose":
        require(all(here), "right at the homework's numbers")


def entries_given(mark: HandMark) -> dict[str, str]:
    """The answers of one entry each, as `d[0,1]`."""
    return {key: text for key, text in answers(mark.student).items() if re.fullmatch(rf"{mark.id}\[[\d,]+\]", key)}


def _entries(mark: HandMark) -> None:
    right, given = truth()[mark.id], entries_given(mark)
    require(mark.verdict == ("correct" if len(given) == right.size else "partial"), f"{len(given)} entries are given")
    for key, text in given.items():
        place = tuple(int(part) for part in re.findall(r"\d+", key.removeprefix(mark.id)))
        found = near(np.array(float(numbers(text))), np.array(_units(text)), right[place], mark.id)
        require(bool(found), f"{key} is not right")
    require(mark.points == asked()[mark.id].points * len(given) / right.size, "the points are not the share")


def _layout(mark: HandMark) -> None:
    given, unit = given_numbers(mark)
    right = truth()[mark.id]
    verdict = {"transposed": "wrong", "short": "wrong", "flattened": "correct", "row": "correct"}
    require(mark.verdict == verdict[mark.facts["layout"]], "another verdict than the other answers of this layout")
    arranged: Mapping[str, Callable[[Array], Array]] = {
        "transposed": lambda x: x.T,
        "flattened": lambda x: x.reshape(right.shape),
        "row": lambda x: x.reshape(right.shape),
        "short": lambda x: np.append(x, right.reshape(-1)[x.size :]).reshape(right.shape),
    }
    turn = arranged[mark.facts["layout"]]
    require(given.shape != right.shape, "this is the layout that is asked for")
    require(bool(near(turn(given), turn(unit), right, mark.id).all()), "the numbers are not right in any layout")


def _numeric(mark: HandMark) -> None:
    right, facts = truth()[mark.id], mark.facts
    if "slip_entries" in facts:
        given = np.array([float(numbers(text)) for text in facts["slip_entries"]]).reshape(right.shape)
        unit = np.array([_units(text.lstrip("+")) for text in facts["slip_entries"]]).reshape(right.shape)
    else:
        given, unit = given_numbers(mark)
    if given.size == right.size and given.ndim == 2 and right.ndim == 1:
        given, unit = given.reshape(right.shape), unit.reshape(right.shape)
    require(given.shape == right.shape, f"the shape is {given.shape}")
    hits = near(given, unit, right, mark.id)
    if "units" in facts:  # rounded intermediate results
        require(not hits.all(), "within one unit anyway")
        hits = near(given, unit * int(facts["units"]), right, mark.id)
    share = asked()[mark.id].points * int(hits.sum()) / right.size
    if mark.verdict in ("correct", "undecided"):
        require(bool(hits.all()), f"{given} is not right")
    elif mark.verdict in ("partial", "wrong"):
        require(mark.points == (share if mark.verdict == "partial" else 0), f"{hits.sum()} entries are right")
        require(not hits.all() and (mark.verdict == "partial" or not hits.any()), "entries are right by chance")
    stated = None
    require(mark.verdict != "undecided" or "slip" in facts, "undecided between the right number and what?")
    if "slip" in facts:
        stated = slips()[facts["slip"]]
    elif "follows" in facts:
        stated = answers_from(chain(facts["follows"]))[mark.id]
        require("trivial" in facts or mark.verdict in ("follow_through", "wrong", "partial"), "nothing follows")
    elif "far" not in facts and "slip_entries" not in facts:
        require(mark.verdict == "correct", "a wrong number without a reason")
    if stated is not None:
        require(bool(near(given, unit, stated, mark.id, exact=True).all()), f"{given} is not {stated}")
        if mark.verdict in ("wrong", "partial"):
            _explained_once(mark, given, unit)
    if mark.verdict == "follow_through":
        require(not hits.all(), "this is right anyway")


def _explained_once(mark: HandMark, given: Array, unit: Array) -> None:
    """No other slip of the table gives these numbers, unless the mark lists it."""
    named = {mark.facts.get("diagnosis", ""), *mark.facts.get("explained_by", ()), mark.facts.get("slip", "")[:-3]}
    for name, number in slips().items():
        slip, _, question = name.removesuffix(")").partition("(")
        if question == mark.id and slip not in named:
            same = bool(near(given, unit, number, mark.id, exact=True).all())
            require(not same, f"{slip} as well")
