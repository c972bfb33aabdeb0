"""Every error and advice code: its title and what it means, as `dlcli explain` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """What a code stands for, in a few words and in a few sentences."""

    title: str
    explanation: str


CODES: Mapping[str, Code] = {
    "E001": Code("no such file", "The path names nothing. Similar names in the same folder are suggested."),
    "E002": Code(
        "a folder",
        "A homework file is needed here. `dlcli gradcheck FOLDER` takes whole folders.",
    ),
    "E003": Code(
        "unreadable file",
        "The file exists, but the system does not let dlcli read it as an ordinary file.",
    ),
    "E004": Code("empty file", "The file holds no YAML: it is empty, or only blank lines and comments."),
    "E005": Code("binary file", "The file contains the byte 0, so it is not text."),
    "E006": Code(
        "wrong encoding",
        "Homework files are UTF-8 (or UTF-16 with a byte order mark). Save it as UTF-8.",
    ),
    "E007": Code(
        "file too large",
        "A homework file has at most 10 MB. Large arrays belong into .npy, .npz or .csv files.",
    ),
    "E008": Code(
        "not valid YAML",
        "The text breaks a rule of YAML at the place shown. Most often a text needs quotes because it"
        " holds one of : , [ ] { } or starts with one of @ ` % * & | > !, or a bracket or quote is "
        "not closed.",
    ),
    "E009": Code(
        "duplicate key",
        "A mapping gives the same key twice. YAML would silently keep one; dlcli asks which.",
    ),
    "E010": Code(
        "tag",
        "YAML tags such as !!python/object ask a reader to build objects. Homework files are data only.",
    ),
    "E011": Code(
        "several documents",
        "A line `---` starts another YAML document. A homework file holds one.",
    ),
    "E012": Code("nested too deep", "Lists and mappings may be nested 64 deep."),
    "E013": Code(
        "too many values",
        "A file may hold 1,000,000 values. An alias counts as all that it repeats.",
    ),
    "E014": Code(
        "alias",
        "`*name` repeats what an earlier `&name` marks. It cannot stand inside that value.",
    ),
    "E015": Code("merge key", "`<<` is no part of YAML 1.2. Anchors can repeat whole values."),
    "E016": Code(
        "missing space",
        "YAML needs a space after the colon: `x1: -3`. Without it, `x1:-3` is one word.",
    ),
    "E017": Code(
        "split text",
        "Inside {} and [] a comma ends an entry. A text that holds a comma needs quotes there.",
    ),
    "E018": Code("tab", "YAML allows only spaces before the first character of a line."),
    "E019": Code("no key", "A list or a mapping stands where a key belongs."),
    "E020": Code(
        "control character",
        "The text holds a character that no one can see, and that YAML does not allow.",
    ),
    "E101": Code("unknown key", "The key, setting or argument is not in the table of those allowed here."),
    "E102": Code(
        "unknown layer or operation",
        "No layer, operation, loss or optimizer has this name. `dlcli ops` lists the operations.",
    ),
    "E103": Code("unknown name", "The name is used, but nothing in the file declares or computes it."),
    "E104": Code(
        "defined twice",
        "Each quantity is declared or computed once; inputs, weights, targets, constants and network "
        "share their names.",
    ),
    "E105": Code("used before it is defined", "Items of the network are computed from top to bottom."),
    "E106": Code(
        "wrong arguments",
        "An operation is called with too few or too many quantities, or of the wrong kind.",
    ),
    "E107": Code("missing key", "A key or setting that has no default is not given."),
    "E108": Code(
        "not a constant",
        "Something that changes stands where a constant belongs, or the other way round.",
    ),
    "E109": Code(
        "unclear or missing operand",
        "It does not follow from the file which quantity is meant; name it.",
    ),
    "E110": Code(
        "no character of formulas",
        "A formula is made of names, numbers and the operators of NumPy.",
    ),
    "E111": Code("formula that cannot be read", "Something is missing or too much at the place shown."),
    "E112": Code("brackets do not match", "Each bracket needs its partner of the same kind."),
    "E113": Code(
        "formula too large",
        "A formula has a limit of length and of nesting; several equations have none.",
    ),
    "E114": Code("quote not closed", "A text in a formula ends with the quote that it starts with."),
    "E115": Code(
        "not an equation",
        "An equation names one new quantity, or several, and computes it: q = x + y.",
    ),
    "E116": Code("arguments out of order", "Quantities come first, then settings by name, each once."),
    "E120": Code(
        "not a name",
        "A name holds letters, digits and _, in any script, and does not start with a digit.",
    ),
    "E121": Code(
        "reserved name",
        "The names grad, jacobian, hessian, step, shape, size, count and parameters mean something in questions.",
    ),
    "E122": Code(
        "wrong kind of value",
        "A list, a mapping or a text stands where another of them belongs.",
    ),
    "E123": Code("unknown choice", "The key takes one of a few texts, and this is none of them."),
    "E124": Code(
        "keys that do not go together",
        "One of the two keys would have no effect beside the other.",
    ),
    "E125": Code("nothing to compute", "A homework needs `network`, `loss`, `questions` or `problems`."),
    "E126": Code("not an error code", "`expect` takes the code of one error, such as E204."),
    "E127": Code("too many items", "A network has at most 10,000 items, repeated ones counted."),
    "E128": Code(
        "equation as a mapping",
        "An equation is one text with `=`. A colon makes YAML read a key and a value.",
    ),
    "E129": Code("question id given twice", "Answers name questions by id, so each id is given once."),
    "E130": Code("expected error did not come", "The file says `expect`, but it has no error."),
    "E131": Code(
        "one problem of an exam",
        "`problems:` lists the homeworks of an exam; what works on one network wants it named: exam.yaml::P1.",
    ),
    "E201": Code("shapes do not fit", "The shapes of the operands cannot be combined by this operation."),
    "E202": Code("inner sizes differ", "In a @ b the last size of a must be the first size of b."),
    "E203": Code("not a shape", "A shape is a list of whole sizes, such as [2, 3]."),
    "E204": Code(
        "weights do not fit their layer",
        "With `convention: column` a layer computes z = W x + b and W has one row an output unit and "
        "one column an input; with `convention: row` it computes z = x W + b and W has one row an "
        "input. Sizes follow from what feeds the layer.",
    ),
    "E205": Code("ragged array", "All rows of an array have the same length and are nested equally deep."),
    "E206": Code("empty array", "An array holds at least one number."),
    "E207": Code(
        "wrong number of axes",
        "The operation or layer takes arrays with another number of axes.",
    ),
    "E208": Code(
        "layer without weights",
        "A layer needs weights of its own, an entry of `weights`, or `units`.",
    ),
    "E209": Code(
        "loss that is not a scalar",
        "Only a single number can be differentiated. Reduce it: sum or mean.",
    ),
    "E210": Code("no such axis", "Axes count from 0, or from the end as -1, and each is named once."),
    "E211": Code("wrong number of axes", "The operation takes operands with another number of axes."),
    "E212": Code("sizes do not match", "A reshape keeps the number of entries; one size may be -1."),
    "E213": Code("index out of range", "Indices count from 0, or from the end as -1, and stay inside the array."),
    "E214": Code(
        "arrays that cannot be joined", "Arrays are concatenated or stacked only when they agree in all other axes."
    ),
    "E215": Code(
        "prediction and target do not fit",
        "See the table of losses: p and y have one shape, or y holds class numbers.",
    ),
    "E216": Code(
        "not one entry",
        "An entry of an array is named by one index an axis, W1[0,1]; a single number by its name alone.",
    ),
    "E217": Code("too many numbers", "An expression of a question or an answer gives at most 1,000,000 numbers."),
    "E301": Code(
        "not a number",
        "Something else stands where a number or an expression of constants belongs.",
    ),
    "E302": Code(
        "decimal comma",
        "Numbers are written with a decimal point: 1.5. A comma separates entries of a list.",
    ),
    "E303": Code(
        "not finite or undefined",
        "A number must be finite and defined; only `constants` may hold inf, for masks.",
    ),
    "E304": Code(
        "number out of range",
        "A float64 reaches from 5e-324 to 1.8e308; its text may have 1,000 characters.",
    ),
    "E305": Code(
        "wrong kind of number",
        "The value must be whole, positive, in an interval, or of another kind.",
    ),
    "E307": Code("outside the domain", "A function of constants is not defined at this point."),
    "E308": Code("no value", "A quantity is declared without numbers, and something needs them."),
    "E310": Code(
        "outside the domain of an operation",
        "The loss or another operation is undefined at a value of the forward pass.",
    ),
    "E311": Code(
        "training diverged",
        "The loss or a weight is infinite or undefined after a training step, most often because the "
        "learning rate is too large. What was computed before that step is kept.",
    ),
    "E320": Code("no such value file", "`file:` names nothing beside the homework file."),
    "E321": Code(
        "value file out of reach",
        "`file:` stays in the homework's folder: no absolute path, no `..`, no link that leads out.",
    ),
    "E322": Code("unknown kind of value file", "Arrays come from .npy, .npz and .csv files."),
    "E323": Code(
        "pickled objects",
        "Loading pickled objects would run code from the file; dlcli never does.",
    ),
    "E324": Code("which array of the file", "An .npz file holds arrays by name; `key:` picks one of them."),
    "E325": Code("file without numbers", "The entries of a value file are real numbers."),
    "E326": Code(
        "damaged value file",
        "The file is cut short, or not of the format that its ending tells.",
    ),
    "E327": Code("value file too large", "An array has at most 50,000,000 numbers."),
    "E401": Code("a question that cannot be asked so", "A question asks one thing; a key without effect is named."),
    "E402": Code("unknown form", "`form: expression` asks for a formula; it may hold in, everywhere and general."),
    "E403": Code("choices that do not fit", "A choice has two labels or more, and its answer is among them."),
    "E404": Code("not a domain", "A symbol is real, positive, negative, nonzero, integer or lies in an interval."),
    "E405": Code("no such derivative", "Only a scalar has a gradient, and only by a named quantity."),
    "E406": Code("answer that is not finite", "The value that a question asks for must be a finite number."),
    "E407": Code("no questions", "A homework that is graded has `questions`."),
    "E410": Code("answer too long", "An answer has at most 10,000 characters."),
    "E411": Code(
        "answer with two readings",
        "People read the answer in two ways, as 1/2x or 1,500, and dlcli does not guess: brackets or a sign decide.",
    ),
    "E412": Code(
        "letter that only looks Latin",
        "A letter of another script, such as a Cyrillic a, is not the Latin letter that it looks like.",
    ),
    "E413": Code(
        "derivative in an answer",
        "An answer is a number or a formula. Of derivatives only those of activations are read: sigmoid'(z).",
    ),
    "E414": Code("answer that is no shape", "A shape is a list of sizes, (2, 3) or 2 x 3, and () for a single number."),
    "E415": Code(
        "function that cannot be used so",
        "A function is an operation of `dlcli ops` with brackets behind it; grad and the like are no answers.",
    ),
    "E416": Code(
        "LaTeX that is not read", "Answers may hold the common commands: fractions, roots, Greek letters, matrices."
    ),
    "E420": Code("no answers", "A folder of answers holds *.yaml or *.yml files, a CSV of a class a row a student."),
    "E421": Code("answers that cannot be used", "The path names nothing, or a file that cannot be read as answers."),
    "E422": Code("no such student", "`--students` names students as their answer files do: `student:`, or the file."),
    "E423": Code(
        "points by hand that cannot be used",
        "`--marks` takes a CSV: the first column is `student`, the others are ids of questions, and each cell holds"
        " points from 0 to those of the question, or nothing.",
    ),
    "E424": Code("report of one student", "A results.json of Gradescope holds the marks of one student."),
    "E425": Code(
        "journal that cannot be used",
        "What has been marked is kept in a file beside the result until the run is complete. It cannot be written, or"
        " another run is writing it.",
    ),
    "E426": Code(
        "cluster that cannot be used",
        "`--cluster` takes the address of a running Dask scheduler with workers that have the same versions of dlcli,"
        " NumPy and SymPy.",
    ),
    "E427": Code("value file that cannot be packed", "An autograder takes the value files of its homework with it."),
    "E450": Code(
        "no process for students' code",
        "Functions of students run in a process of their own. The system did not start it, or it failed before any of "
        "the code was loaded, so nothing was run or graded.",
    ),
    "E501": Code(
        "nothing to step along",
        "The point of `check_gradients` is a float, an array, or a list, tuple or dict of them, with real and finite "
        "numbers.",
    ),
    "E502": Code(
        "not a single number",
        "`check_gradients` differentiates functions that return one real number: reduce arrays by sum or mean.",
    ),
    "E503": Code(
        "gradient without the structure of x",
        "A gradient has the names, the order and the shapes of what it is taken by.",
    ),
    "E511": Code(
        "no function",
        "Code is named as file.py::backward or file.py::forward; the name after :: is a function of the file.",
    ),
    "E512": Code("unreadable file of code", "The file of code does not exist, is too large, or is no text in UTF-8."),
    "E513": Code(
        "nothing that code could compute",
        "A function of a student computes gradients; this homework has no loss, or nothing to differentiate by.",
    ),
    "W901": Code(
        "not used by this version",
        "The key is valid and its form was checked, but this version of dlcli computes nothing from it.",
    ),
    "W902": Code("never used", "The loss does not depend on this quantity, so its gradient is 0."),
    "W903": Code("target without a loss", "Without a loss only values are computed, no gradients."),
    "W904": Code(
        "named like an operation",
        "A quantity has the name of an operation. Operations are looked up only before a bracket, so "
        "this works, but is hard to read.",
    ),
    "W905": Code("not finite", "A value of the forward pass overflows, or lies on the edge of a domain."),
    "W906": Code(
        "shares that do not add up to 1",
        "A loss over classes takes as its target one share for each class; they are probabilities and add up to 1. "
        "Labels that do not exclude each other need a sigmoid each and bce.",
    ),
    "W907": Code(
        "prediction and target exchanged",
        "Losses such as bce and cross_entropy take the prediction first: bce(yhat, y). Exchanged, they compute another "
        "number, which is often infinite.",
    ),
    "W921": Code(
        "sheets and students that do not match",
        "Two sheets name the same student, or points by hand are given for a student without answers.",
    ),
    "W922": Code("class file with a remark", "The CSV of a class was read, but something in it is not as expected."),
}
