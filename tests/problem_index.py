"""The index of the problem bank, problems/README.md. `python -m tests.problem_index` writes it."""

from __future__ import annotations

from itertools import groupby

from dlcli.problem_bank import Problem, bundled, folder

PATH = folder() / "README.md"
START = """\
# Problems

Worked problems whose gradients dlcli checks, most of them from five sets of lecture notes. `dlcli problems` lists them,
`dlcli solve` solves one, `dlcli problems copy NAME` gives you one to play with, `dlcli gradcheck problems` checks all.
The `notes` of each file tell where its numbers come from and which slips its source has.

"""
HEAD = "| problem | title | what it teaches | source |\n| --- | --- | --- | --- |\n"

LESSONS = {
    "activations/absolute-relu": "slopes -1 and 1",
    "activations/dying-relu": "a unit that is off for all samples cannot recover; leaky ReLU can",
    "activations/elu": "the negative branch keeps a slope, alpha e^z",
    "activations/gelu": "slope Phi(z) + z phi(z); the tanh form is close, not equal",
    "activations/leaky-relu": "the same as max{0.1 z, z}; a slip on the slide",
    "activations/new-ones": "SELU, SiLU, softsign, hard sigmoid, hard tanh, log-sigmoid, mish",
    "activations/parametric-relu": "the gradient by the learned slope",
    "activations/relu-at-zero": "a KINK, and the convention that decides it",
    "activations/relu-jacobian": "a diagonal Jacobian is a mask",
    "activations/sigmoid-slope": "sigmoid' = sigmoid (1 - sigmoid), at most 1/4",
    "activations/sine-chain": "small slopes multiply over layers: 1/32 after five",
    "activations/softplus": "its slope is the sigmoid",
    "activations/tanh-from-sigmoid": "an identity: equal values, equal slopes",
    "activations/tanh-slope": "tanh' = sech^2",
    "activations/vanishing-gradient": "four sigmoids leave at most 1/256 of the gradient",
    "classification/batch-step": "the batch update with eta/B; a slip of its index",
    "classification/cross-entropy-sum": "a sum over samples has no 1/n in its gradient",
    "classification/k-ary-batch": "the gradient (Y - T) X^T / B, samples in columns",
    "classification/logistic-regression": "the error (y hat - y)/n of each sample",
    "classification/multiclass-fruit": "exclusive classes: the gradient by the scores adds up to 0",
    "classification/multiclass-svm": "which classes break the margin, and what they push",
    "classification/multiclass-svm-margin": "another margin, and the mean over a batch",
    "classification/multilabel-image": "a sigmoid for each label, targets that do not add up to 1",
    "classification/scores-to-probabilities": "the gradient P - t by the scores",
    "classification/softmax-gradient": "dL/dw_kj = x_j (y_k - t_k)",
    "classification/softmax-rows": "softmax over one hidden layer; a slip of signs",
    "classification/softmax-scores": "probabilities from scores, and the predicted class",
    "classification/softmax-temperature": "a temperature divides the gradient too",
    "classification/softmax-with-minus": "minus signs turn the order of the classes around",
    "classification/squared-error-saturates": "why cross-entropy: its gradient is fifty times larger here",
    "convolution/pooling": "maximum routes the gradient, average spreads it",
    "convolution/shared-kernel": "the gradient of a shared weight is a sum over windows",
    "derivations/sigmoid-slope": "sigmoid' = sigmoid (1 - sigmoid), for every x",
    "derivations/softmax-gradient": "dL/dw_kj = x_j (y_k - t_k), for every x and W",
    "derivations/squared-loss-sigmoid": "the update rule with one factor more, the sigmoid's slope",
    "derivations/squared-loss-update": "the update rule is the step that sgd takes",
    "derivations/tanh-from-sigmoid": "an identity, and that its sides have one slope",
    "feedforward/approximation-by-width": "`dlcli inspect`: the error falls with the width of the layer",
    "feedforward/collapsed-layers": "W1 W2 and b1 W2 + b2 do the same in one layer",
    "feedforward/cse471": "forward and backward pass by unit; a dead unit",
    "feedforward/cse471-relu-output": "binary cross-entropy needs a probability: an expected error",
    "feedforward/deltas-with-softmax": "the delta recursion for three classes; a slip of its layer index",
    "feedforward/feature-learning": "the gradient by a linear model is error times features",
    "feedforward/functional-model": "the listing's layers by hand, a batch in rows",
    "feedforward/jacobian-chain": "the chain rule as a product of known numbers",
    "feedforward/row-vectors": "z = x W + b; the bias's gradient is a sum over the batch",
    "feedforward/single-unit-softmax": "a softmax of one score is 1: no gradient; a slip",
    "feedforward/two-hidden-layers": "delta formulas of two hidden layers",
    "feedforward/two-two-two": "a whole training step, number by number",
    "feedforward/unit-by-unit": "the perceived error Delta of each unit",
    "feedforward/universal-approximation": "each hidden ReLU unit adds a bend",
    "graphs/chain-of-functions": "two weights share the factors of the chain",
    "graphs/copied-quantity": "gradients of a quantity used twice add up",
    "graphs/logistic-graph": "logistic regression in modular blocks",
    "graphs/max-routing": "the larger operand gets everything",
    "graphs/max-tie": "a KINK, and the convention that decides it",
    "graphs/numerical-differentiation": "the forward quotient is off by 3 w d + d^2",
    "graphs/sum-times": "a sum hands on, a product swaps",
    "initialisation/equal-weights": "equal units get equal gradients, for ever",
    "initialisation/xavier-uniform": "the bound sqrt(6/(n_in + n_out))",
    "initialisation/xavier-variance": "Var[o] = n_in sigma^2 gamma^2, exactly",
    "normalisation/batch-normalisation": "gradients through mean and deviation; the bias before it is useless",
    "normalisation/batch-normalisation-prediction": "with population statistics each sample is alone",
    "recurrent/two-steps": "shared weights: gradients add up over the steps",
    "regression/multi-dimensional": "linear output units and the mean over all entries",
    "regression/squared-loss-sigmoid": "the sigmoid adds its slope to the update rule",
    "regression/squared-loss-update": "the update rule of linear regression, and a step",
    "regularisation/dropout-expectation": "why kept units are divided by 1 - p",
    "regularisation/dropout-mask": "the gradient takes the mask's way back",
    "regularisation/l1-regularised": "the penalty adds sign(W)",
    "regularisation/l2-regularised": "the penalty adds 2 lambda W",
    "topologies/ensemble": "each of three models gets a third of the gradient",
    "topologies/multi-input": "concat joins, the gradient is cut",
    "topologies/multi-label": "labels do not see each other",
    "topologies/residual": "the skip connection hands the gradient on as it is",
}


def index() -> str:
    """A table for each topic, in the order of `dlcli problems`. Raises KeyError for a problem without a lesson."""
    text = START
    for topic, problems in groupby(bundled(), key=lambda problem: problem.name.partition("/")[0]):
        text += (
            f"## {topic.capitalize()}\n\n| problem | title | what it teaches | source |\n| --- | --- | --- | --- |\n"
        )
        text += "".join(_row(problem) for problem in problems) + "\n"
    return text.rstrip("\n") + "\n"


def _row(problem: Problem) -> str:
    link = f"[{problem.name.partition('/')[2]}]({problem.name}.yaml)"
    return f"| {link} | {problem.title} | {LESSONS[problem.name]} | {problem.source} |\n"


if __name__ == "__main__":
    PATH.write_text(index(), encoding="utf-8")
