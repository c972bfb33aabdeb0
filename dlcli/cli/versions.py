"""The versions of the programs whose work a mark rests on."""

from __future__ import annotations


def versions() -> dict[str, str]:
    """Program -> version, of this process."""
    import numpy
    import sympy

    from dlcli import __version__

    return {"dlcli": __version__, "numpy": numpy.__version__, "sympy": sympy.__version__}
