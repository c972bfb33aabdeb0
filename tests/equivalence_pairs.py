"""Pairs of formulas marked by hand: school algebra and neural networks. Data only; test_equivalence_pairs reads it.

Each group has the domains of its symbols ("" for real ones), and lines `given | expected`; marked "equal" or
"different" as functions on that domain.
"""

from __future__ import annotations

from typing import NamedTuple


class Marked(NamedTuple):
    """A pair, the domains of its symbols as the file writes them ("x positive, n integer"), and its mark."""

    given: str
    expected: str
    domains: str
    mark: str


_EQUAL: dict[str, str] = {
    "": """
        a + b | b + a
        2*(x + 3) | 2*x + 6
        (x + 1)**2 | x**2 + 2*x + 1
        (x + y)*(x - y) | x**2 - y**2
        (x + y)**3 | x**3 + 3*x**2*y + 3*x*y**2 + y**3
        (x**2 - 1)/(x - 1) | x + 1
        x/x | 1
        (x**3 - 8)/(x - 2) | x**2 + 2*x + 4
        1/x + 1/y | (x + y)/(x*y)
        1/(1 + 1/x) | x/(x + 1)
        x/2 + x/3 | 5*x/6
        0.5*x | x/2
        0.25*(a - b)**2 | (b - a)**2/4
        -(a - b) | b - a
        -x**2 | -(x*x)
        (-x)**2 | x**2
        (-x)**3 | -x**3
        x**-1 | 1/x
        x**0 | 1
        a/(b/c) | a*c/b
        (a/b)/c | a/(b*c)
        sqrt(x**2) | abs(x)
        abs(x*y) | abs(x)*abs(y)
        abs(-x) | abs(x)
        abs(x)**2 | x**2
        sin(x)**2 + cos(x)**2 | 1
        sin(2*x) | 2*sin(x)*cos(x)
        cos(2*x) | 1 - 2*sin(x)**2
        cos(x + y) | cos(x)*cos(y) - sin(x)*sin(y)
        sin(-x) | -sin(x)
        cos(x + 2*pi) | cos(x)
        sin(x + pi/2) | cos(x)
        1 - cos(x) | 2*sin(x/2)**2
        exp(x)*exp(y) | exp(x + y)
        exp(x)**2 | exp(2*x)
        exp(-x) | 1/exp(x)
        e**x | exp(x)
        e**(2*x) | (e**x)**2
        log(exp(x)) | x
        log(e) | 1
        exp(log(2)*x) | 2**x
        2**(x + 1) | 2*2**x
        4**x | 2**(2*x)
        log(x**2) | 2*log(abs(x))
        sqrt(2)*sqrt(3) | sqrt(6)
        sqrt(8) | 2*sqrt(2)
        1/sqrt(2) | sqrt(2)/2
        (1 + sqrt(5))/2 | 2/(sqrt(5) - 1)
        8**(1/3) | 2
        log(8) | 3*log(2)
        sin(pi/6) | 1/2
        (exp(2*x) - 1)/(exp(2*x) + 1) | tanh(x)
        (exp(x) - exp(-x))/(exp(x) + exp(-x)) | tanh(x)
        2*sigmoid(2*x) - 1 | tanh(x)
        1/(1 + exp(-x)) | sigmoid(x)
        exp(x)/(1 + exp(x)) | sigmoid(x)
        1/(1 + e**(-x)) | sigmoid(x)
        sigmoid(-x) | 1 - sigmoid(x)
        (1 + tanh(x/2))/2 | sigmoid(x)
        sigmoid(x)*(1 - sigmoid(x)) | exp(-x)/(1 + exp(-x))**2
        sigmoid(x)*(1 - sigmoid(x)) | sigmoid(x) - sigmoid(x)**2
        sigmoid(x)*sigmoid(-x) | sigmoid(x)*(1 - sigmoid(x))
        sigmoid(x)*(1 - sigmoid(x)) | (1 - tanh(x/2)**2)/4
        1 - tanh(x)**2 | 4/(exp(x) + exp(-x))**2
        (1 - tanh(x))*(1 + tanh(x)) | 1 - tanh(x)**2
        log(1 + exp(x)) | softplus(x)
        x + log(1 + exp(-x)) | softplus(x)
        softplus(x) - softplus(-x) | x
        -softplus(-x) | log(sigmoid(x))
        log_sigmoid(x) | -log(1 + exp(-x))
        relu(x) | max(0, x)
        relu(x) | max(x, 0)
        relu(x) | where(x > 0, x, 0)
        relu(x) | where(x >= 0, x, 0)
        relu(x) | (x + abs(x))/2
        relu(x) - relu(-x) | x
        relu(x) + relu(-x) | abs(x)
        x*heaviside(x) | relu(x)
        max(x, y) | (x + y + abs(x - y))/2
        min(x, y) | -max(-x, -y)
        max(x, y) + min(x, y) | x + y
        max(x, max(y, z)) | max([x, y, z])
        leaky_relu(x) | where(x > 0, x, 0.01*x)
        leaky_relu(x, slope=1/3) | max(x, x/3)
        clip(x, -1, 1) | max(-1, min(1, x))
        hard_tanh(x) | clip(x, -1, 1)
        hard_sigmoid(x) | max(0, min(1, x/6 + 0.5))
        elu(x) | where(x > 0, x, exp(x) - 1)
        abs(x)/x | sign(x)
        x*sign(x) | abs(x)
        silu(x) | x/(1 + exp(-x))
        softsign(x) | x/(1 + abs(x))
        gelu(x) | x/2*(1 + erf(x/sqrt(2)))
        mish(x) | x*tanh(log(1 + exp(x)))
        softmax([a, b])[0] | 1/(1 + exp(b - a))
        softmax([a, b])[0] | sigmoid(a - b)
        softmax([a, b, c])[1] | exp(b)/(exp(a) + exp(b) + exp(c))
        softmax([a + t, b + t])[0] | softmax([a, b])[0]
        -log(softmax([a, b])[1]) | log(exp(a) + exp(b)) - b
        logsumexp([a, b]) | a + log(1 + exp(b - a))
        sum([a, b, c])/3 | mean([a, b, c])
        var([a, b]) | (a - b)**2/4
        norm([a, b]) | sqrt(a**2 + b**2)
        dot([a, b], [c, d]) | a*c + b*d
        [a, b] @ [c, d] | c*a + d*b
        [[a, b], [c, d]] @ [x, y] | [a*x + b*y, c*x + d*y]
        (w*x + b - y)**2/2 | half_squared_error(w*x + b, y)
        mse([a, b], [c, d]) | ((a - c)**2 + (b - d)**2)/2
        (w*x - y)*x | w*x**2 - x*y
        2*(w*x + b - y)*x | 2*x*(b + w*x) - 2*x*y
        x + 0*z | x
        (x + z) - z | x
        3*x/3 | x
        where(x < y, y, x) | max(x, y)
        not (x > 0) | x <= 0
        (x > 0) and (x < 1) | where(x > 0, where(x < 1, 1, 0), 0)
        exp(-x**2/2) | e**(-0.5*x*x)
        9**9**9 | 9**(9**9)
    """,
    "x positive, y positive, a positive, b positive": """
        sqrt(x**2) | x
        log(x**2) | 2*log(x)
        log(x*y) | log(x) + log(y)
        log(x/y) | log(x) - log(y)
        -log(x) | log(1/x)
        sqrt(x)*sqrt(y) | sqrt(x*y)
        sqrt(x)**2 | x
        x**0.5*x**0.5 | x
        x/sqrt(x) | sqrt(x)
        1/sqrt(x) | sqrt(x)/x
        x**(1/2) | sqrt(x)
        x**a*x**b | x**(a + b)
        exp(y*log(x)) | x**y
        (x**y)**2 | x**(2*y)
        abs(x) | x
        relu(x) | x
        x**1.5 | x*sqrt(x)
        log(sqrt(x)) | log(x)/2
    """,
    "y (0, 1), p (0, 1)": """
        -y*log(p) - (1 - y)*log(1 - p) | bce(p, y)
        -log(p**y*(1 - p)**(1 - y)) | bce(p, y)
        (p - y)/(p*(1 - p)) | -y/p + (1 - y)/(1 - p)
        log(p/(1 - p)) | -log(1/p - 1)
        sqrt((1 - p)**2) | 1 - p
        abs(p - 1) | 1 - p
        sigmoid(log(p/(1 - p))) | p
    """,
    "n integer": """
        (-1)**n | cos(pi*n)
        (-1)**(2*n) | 1
        (-1)**(n + 1) | -(-1)**n
        sin(pi*n) | 0
        cos(2*pi*n) | 1
        n*(n + 1)/2 | (n**2 + n)/2
        2**n*2**n | 4**n
    """,
}

_DIFFERENT: dict[str, str] = {
    "": """
        a - b | b - a
        (x + 1)**2 | x**2 + 1
        (x + y)**2 | x**2 + y**2
        1/(x + y) | 1/x + 1/y
        -x**2 | (-x)**2
        sqrt(x**2) | x
        sqrt(x**2 + y**2) | x + y
        log(x**2) | 2*log(x)
        log(x + y) | log(x) + log(y)
        sin(x)**2 | sin(x**2)
        sin(x)**2 - cos(x)**2 | 1
        exp(x + y) | exp(x) + exp(y)
        exp(x)*exp(y) | exp(x*y)
        (e**x)**2 | e**(x**2)
        e**x | x**e
        2**(x + 1) | 2**x + 1
        x + 1e-12 | x
        x + 1e-60 | x
        0.333333 | 1/3
        0.333333*x | x/3
        3.14159*x**2 | pi*x**2
        2.71828**x | exp(x)
        pi | 3.14159265358979
        sqrt(2) | 1.41421356237309504880168872420969807856967187537694
        9**9**9 + 1 | 9**9**9
        x | x*y
        x | x + 0.001*y
        x + z | x
        a*b + c | a*(b + c)
        a/b*c | a/(b*c)
        sigmoid(x)*(1 - x) | sigmoid(x)*(1 - sigmoid(x))
        x*(1 - x) | sigmoid(x)*(1 - sigmoid(x))
        sigmoid(x)*(1 + sigmoid(x)) | sigmoid(x)*(1 - sigmoid(x))
        sigmoid(x) | sigmoid(x)*(1 - sigmoid(x))
        1/(1 + exp(x)) | sigmoid(x)
        1/(1 - exp(-x)) | sigmoid(x)
        1 + tanh(x)**2 | 1 - tanh(x)**2
        1 - tanh(x) | 1 - tanh(x)**2
        1 - x**2 | 1 - tanh(x)**2
        tanh(x/2) | sigmoid(x)
        (exp(2*x) + 1)/(exp(2*x) - 1) | tanh(x)
        log(1 + exp(-x)) | softplus(x)
        relu(x) | abs(x)
        relu(x) | x
        relu(x) | min(0, x)
        heaviside(x) | relu(x)
        where(x > 0, 1, 0.01) | where(x > 0, 1, 0)
        leaky_relu(x) | leaky_relu(x, slope=0.02)
        leaky_relu(x) | relu(x)
        max(x, y) | min(x, y)
        max(x, y) | x
        clip(x, -1, 1) | tanh(x)
        clip(x, 0, 1) | clip(x, -1, 1)
        relu(x - 100) | 0
        where(x > 1000, 1, 0) | 0
        gelu(x) | gelu(x, approximate="tanh")
        silu(x) | gelu(x)
        elu(x) | elu(x, alpha=0.5)
        softmax([a, b])[0] | softmax([a, b])[1]
        softmax([a, b])[0] | sigmoid(b - a)
        softmax([2*a, 2*b])[0] | softmax([a, b])[0]
        exp(b)/(exp(a) + exp(b)) | exp(b)/(exp(a) + exp(b) + exp(c))
        a/(a + b) | softmax([a, b])[0]
        mean([a, b, c]) | a + b + c
        var([a, b]) | (a - b)**2/2
        norm([a, b]) | a**2 + b**2
        [[a, b], [c, d]] @ [x, y] | [a*x + c*y, b*x + d*y]
        [a, b] | [b, a]
        [a, b] | a
        (w*x + b - y)**2 | half_squared_error(w*x + b, y)
        (w*x + b - y) | (w*x + b - y)*x
        (y - w*x)*x | (w*x - y)*x
        2*(w*x - y) | 2*(w*x - y)*x
        1/(x - x) | x
        log(-1 - x**2) | x
        sqrt(x) | sqrt(abs(x))
        sqrt(x)**2 | x
        exp(log(x)) | x
        x**(1/3) | sign(x)*abs(x)**(1/3)
        x**1000000000 | x
        sin(x) | x
        cos(x) | 1 - x**2/2
        x <= 0 | x > 0
    """,
    "x positive, y positive": """
        sqrt(x + y) | sqrt(x) + sqrt(y)
        log(x*y) | log(x)*log(y)
        log(x)/log(y) | log(x/y)
        x**y | y**x
        x**(y + 1) | x**y + x
        1/sqrt(x) | -sqrt(x)
        log(x) | log(x)/log(10)
        -relu(x) | x
    """,
    "y (0, 1), p (0, 1)": """
        y*log(p) + (1 - y)*log(1 - p) | bce(p, y)
        -y*log(p) | bce(p, y)
        -p*log(y) - (1 - p)*log(1 - y) | bce(p, y)
        p - y | (p - y)/(p*(1 - p))
        (y - p)/(p*(1 - p)) | (p - y)/(p*(1 - p))
        -y/p - (1 - y)/(1 - p) | -y/p + (1 - y)/(1 - p)
    """,
    "n integer": """
        (-1)**n | 1
        (-1)**n | -cos(pi*n)
        cos(pi*n) | 1
        sin(pi*n/2) | 0
        n*(n - 1)/2 | n*(n + 1)/2
        2**n | n**2
    """,
}


def _marked(groups: dict[str, str], mark: str) -> list[Marked]:
    return [
        Marked(*(part.strip() for part in line.split(" | ")), domains, mark)
        for domains, lines in groups.items()
        for line in lines.strip().splitlines()
    ]


PAIRS: tuple[Marked, ...] = (*_marked(_EQUAL, "equal"), *_marked(_DIFFERENT, "different"))
