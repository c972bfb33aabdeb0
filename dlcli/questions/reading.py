"""The nodes of `questions` and `grading` -> records, with every error of both at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from dlcli.errors import did_you_mean
from dlcli.layers import Key
from dlcli.questions.domains import read_domain
from dlcli.questions.measures import read_flag, read_grading, read_points, read_tolerance, read_words
from dlcli.questions.records import (
    Ask,
    Choice,
    Code,
    Domain,
    ExpressionForm,
    Give,
    Grading,
    Manual,
    Model,
    Question,
    Questions,
    Task,
)
from dlcli.spec.context import Context
from dlcli.spec.homework import READERS
from dlcli.spec.kinds import read_formula, read_own_name, read_quantities
from dlcli.spec.nodes import Items, Node, Pairs, Scalar
from dlcli.spec.records import Exam, Formula, Optimizer, Reference, Spec
from dlcli.spec.report import Report, kind_of
from dlcli.spec.training import read_optimizer

FUNCTIONS = ("backward", "forward")
TASKS = ("ask", "answer", "choices", "give", "manual", "code", "parts")
ONLY_WITH: Mapping[str, tuple[str, ...]] = {
    "form": ("ask",),
    "with": ("ask",),
    "optimizer": ("ask",),
    "variables": ("answer",),
    "accept": ("answer",),
    "check": ("give",),
}


def read_all(spec: Spec) -> Questions:
    """The questions of a homework; none where the file asks nothing. Raises HomeworkError (E1xx, E3xx, E40x)."""
    report = Report(spec.source)
    sections = {d.name: d.section for d in spec.declarations.values()}
    context = Context(report, None, sections, READERS, spec.convention)
    grading = read_grading(spec.extra["grading"], context) if "grading" in spec.extra else Grading()
    if spec.exam == spec.source.name and grading.pass_mark is not None:
        message = "`pass_mark` has no effect in a problem: an exam is passed as a whole"
        report.error("E401", message, spec.extra["grading"], "give it to the exam's own `grading`")
    found: list[Question] = []
    node = spec.extra.get("questions")
    if isinstance(node, Items):
        for item in node.items:
            if isinstance(item, Pairs):
                found += _questions(item, (), "" if spec.problem is None else spec.problem + ".", context)
    _distinct(found, report)
    report.stop_if_wrong()
    return Questions(tuple(found), grading)


def read_exam_grading(exam: Exam) -> Grading | None:
    """What `grading` beside the problems of an exam says; its default where it says nothing, None for a homework."""
    if exam.specs[0].problem is None:
        return None
    if exam.grading is None:
        return Grading()
    report = Report(exam.source)
    grading = read_grading(exam.grading, Context(report, None, {}, READERS))
    report.stop_if_wrong()
    return grading


def _distinct(questions: list[Question], report: Report) -> None:
    """Ids and names are given once. Ids of parts are joined, so that `a.b` can arise twice."""
    ids: dict[str, Question] = {}
    names: dict[str, Question] = {}
    for question in questions:
        first = ids.setdefault(question.id, question)
        if first is not question:
            label = [(first.place, "first given here")]
            report.error(
                "E129",
                f"two questions have the id `{question.id}`",
                question.place,
                "give one of them another id",
                label,
            )
        if question.name is not None and names.setdefault(question.name, question) is not question:
            message = f"two questions have the name `{question.name}`"
            report.error("E104", message, question.place, "give one of them another name")


def _questions(node: Pairs, prompts: tuple[str, ...], prefix: str, context: Context) -> list[Question]:
    """The question of a mapping, or those of its parts."""
    report = context.report
    id_node = node.get("id")
    if not isinstance(id_node, Scalar):
        return []  # reported when the file was read
    identity = prefix + id_node.text.strip()
    prompt = node.get("prompt")
    if isinstance(prompt, Scalar) and not prompt.is_null:
        prompts = (*prompts, prompt.text)
    parts = node.get("parts")
    _keys_that_fit(node, report)
    if isinstance(parts, Items):
        for key in ("points", "tolerance", "name", "bonus"):
            if node.get(key) is not None:
                message = f"`{key}` of question {identity} has no effect beside its parts"
                report.error("E401", message, node.get(key) or node, f"give `{key}` to each part")
        return [
            q for part in parts.items if isinstance(part, Pairs)
            for q in _questions(part, prompts, identity + ".", context)
        ]  # fmt: skip
    task = _task(node, identity, context)
    if task is None:
        return []
    points = _optional(node, "points", read_points, context)
    return [
        Question(
            id=identity,
            task=task,
            place=report.place(id_node),
            points=Fraction(1) if points is None else points,
            prompts=prompts,
            tolerance=_optional(node, "tolerance", read_tolerance, context),
            name=_optional(node, "name", _name, context),
            bonus=bool(_optional(node, "bonus", read_flag, context)),
            hint=read_words(node.get("hint")),
            solution=read_words(node.get("solution")),
        )
    ]


def _keys_that_fit(node: Pairs, report: Report) -> None:
    """Says which keys have no effect, and which are missing."""
    given = {key.text for key, _ in node.pairs}
    tasks = [task for task in TASKS if task in given]
    if "choices" in tasks and "answer" in tasks:
        tasks.remove("answer")  # the right label
    if not tasks:
        message = "this question asks nothing"
        help = "give it one of `ask`, `answer`, `choices`, `give`, `manual: true`, `code` and `parts`"
        report.error("E401", message, node, help)
    if len(tasks) > 1:
        message = f"`{tasks[0]}` and `{tasks[1]}` are two questions"
        report.error("E401", message, node.get(tasks[1]) or node, "give each an id of its own")
    for key, owners in ONLY_WITH.items():
        if key in given and not any(owner in given for owner in owners):
            message = f"`{key}` has no effect without `{owners[0]}`"
            report.error("E401", message, node.get(key) or node, "leave it out")


def _task(node: Pairs, identity: str, context: Context) -> Task | None:
    given = {key.text: value for key, value in node.pairs}
    if "choices" in given:
        return _choice(given, node, context)
    if "ask" in given:
        return _ask(given, context)
    if "answer" in given:
        return _model(given, context)
    if "give" in given:
        return _give(given, node, identity, context)
    if "code" in given:
        return _code(given["code"], context)
    if "manual" in given:
        return Manual() if read_flag(given["manual"], context) else None
    return None


def _ask(given: Mapping[str, Node], context: Context) -> Ask | None:
    formula = read_formula(given["ask"], Key("ask", "formula", "", examples=("grad(w13)",)), context)
    form = _form(given["form"], context) if "form" in given else None
    replaced: dict[str, Formula] = {}
    node = given.get("with")
    if node is not None and not isinstance(node, Pairs):
        message = f"`with` is a mapping of quantities to formulas, but {kind_of(node)} stands here"
        context.report.error("E122", message, node, 'write with: {x: "x + 1"}')
    for name, value in node.pairs if isinstance(node, Pairs) else ():
        right = read_formula(value, Key(name.text, "formula", ""), context)
        if right is not None:
            replaced[name.text] = right
    optimizer: Optimizer | None = None
    if "optimizer" in given:
        optimizer = read_optimizer(given["optimizer"], Key("optimizer", "optimizer", ""), context)
    return None if formula is None else Ask(formula, form, replaced, optimizer)


def _form(node: Node, context: Context) -> ExpressionForm | None:
    report = context.report
    help = "write `form: expression`, or form: {expression: {in: [x1, w13]}}"
    if isinstance(node, Scalar) and node.text == "expression":
        return ExpressionForm()
    inner = node.get("expression") if isinstance(node, Pairs) and len(node.pairs) == 1 else None
    if not isinstance(inner, Pairs):
        report.error("E402", "the only form of an answer is `expression`", node, help)
        return None
    settings: dict[str, Any] = {}
    for key, value in inner.pairs:
        if key.text == "in":
            names = read_quantities(value, Key("in", "quantities", ""), context)
            settings["within"] = tuple(r.name for r in names or ())
        elif key.text in ("everywhere", "general"):
            settings[key.text] = bool(read_flag(value, context))
        else:
            near = did_you_mean(key.text, ("in", "everywhere", "general"))
            report.error(
                "E101", f"unknown key `{key.text}` in a form", key, near or "known are in, everywhere, general"
            )
    return ExpressionForm(**settings)


def _model(given: Mapping[str, Node], context: Context) -> Model | None:
    nodes = [given["answer"]]
    accept = given.get("accept")
    if accept is not None:
        nodes += accept.items if isinstance(accept, Items) else [accept]
    formulas = [read_formula(n, Key("answer", "formula", "", examples=("2*x",)), context) for n in nodes]
    variables: dict[str, Domain] = {}
    node = given.get("variables")
    if node is not None and not isinstance(node, Pairs):
        message = f"`variables` is a mapping of names to domains, but {kind_of(node)} stands here"
        context.report.error("E122", message, node, "write variables: {u: real}")
    for name, value in node.pairs if isinstance(node, Pairs) else ():
        domain = read_domain(value, name.text, context.report)
        if domain is not None:
            variables[name.text] = domain
    accepted = tuple(formula for formula in formulas if formula is not None)
    return Model(accepted, variables) if len(accepted) == len(nodes) else None


def _choice(given: Mapping[str, Node], node: Pairs, context: Context) -> Choice | None:
    report, choices = context.report, given["choices"]
    if isinstance(choices, Items):
        labels = {chr(ord("A") + k): read_words(item) or "" for k, item in enumerate(choices.items[:26])}
    elif isinstance(choices, Pairs):
        labels = {key.text: read_words(value) or "" for key, value in choices.pairs}
    else:
        message = f"`choices` is a mapping of labels to texts, but {kind_of(choices)} stands here"
        report.error("E122", message, choices, 'write choices: {A: "sigmoid", B: "relu"}')
        return None
    if len(labels) < 2:
        report.error("E403", "a choice needs two labels or more", choices, "add the wrong answers too")
        return None
    answer = given.get("answer")
    if answer is None:
        report.error("E107", "a choice needs the key `answer`", node, "add `answer:` with the right label")
        return None
    right = answer.items if isinstance(answer, Items) else [answer]
    found: list[str] = []
    for item in right:
        text = item.text if isinstance(item, Scalar) else ""
        label = next((known for known in labels if known == text), None)
        label = label or next((known for known in labels if known.lower() == text.lower()), None)
        if label is None:
            help = f"the labels are {', '.join(labels)}"
            report.error("E403", f"`{text}` is not one of the choices", item, help)
        elif label not in found:
            found.append(label)
    return Choice(labels, tuple(found), isinstance(answer, Items)) if found or not right else None


def _give(given: Mapping[str, Node], node: Pairs, identity: str, context: Context) -> Give | None:
    names: tuple[Reference, ...] | None
    names = read_quantities(given["give"], Key("give", "quantities", ""), context)
    if "check" not in given:
        message = f"question {identity} needs the key `check`"
        help = 'add `check: "loss < 0.1"`: what must hold with the weights that are given'
        context.report.error("E107", message, node, help)
        return None
    check = read_formula(given["check"], Key("check", "formula", "", examples=("loss < 0.1",)), context)
    return None if names is None or check is None else Give(tuple(r.name for r in names), check)


def _code(node: Node, context: Context) -> Code | None:
    text = node.text if isinstance(node, Scalar) else ""
    if text in FUNCTIONS:
        return Code(text)
    help = did_you_mean(text, FUNCTIONS) or "write `code: backward` or `code: forward`"
    context.report.error("E123", f"`code` cannot be `{text}`; it is `backward` or `forward`", node, help)
    return None


def _optional(node: Pairs, key: str, read: Callable[[Node, Context], Any], context: Context) -> Any:
    value = node.get(key)
    return None if value is None else read(value, context)


def _name(node: Node, context: Context) -> str | None:
    return read_own_name(node, Key("name", "name", ""), context)
