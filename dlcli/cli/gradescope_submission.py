"""What Gradescope runs for a submission: `python -m dlcli.cli.gradescope_submission /autograder`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ENDINGS = (".yaml", ".yml")
USUAL = ("answers.yaml", "answers.yml")


def main(root: Path) -> int:
    """Marks the submission and writes results/results.json; 0 unless dlcli itself failed.

    What a student did wrong (no answer file, or several) is a result with no points, never a failure.
    """
    results = root / "results" / "results.json"
    found = answer_files(root / "submission")
    if len(found) != 1:
        results.parent.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps(refusal(found), indent=1) + "\n", encoding="utf-8")
        return 0
    from dlcli.cli.main import cli

    name = (root / "source" / "homework.txt").read_text(encoding="utf-8")
    homework = root / "source" / "homework" / name
    wanted = ["--format", "gradescope", "-o", str(results), "--exit-zero", "--quiet"]
    return cli.main(["grade", str(homework), str(found[0]), *wanted], standalone_mode=False)


def answer_files(submission: Path) -> list[Path]:
    """The files that may be meant: one called answers.yaml, else every *.yaml and *.yml, but hidden ones and links."""
    found = []
    for parent, folders, names in os.walk(submission):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        visible = [Path(parent, name) for name in sorted(names) if name[0] != "."]
        found += [path for path in visible if path.suffix.lower() in ENDINGS and not path.is_symlink()]
    usual = [path for path in found if path.name.lower() in USUAL]
    return usual if len(usual) == 1 else found


def refusal(found: list[Path]) -> dict[str, object]:
    """The result of a submission without one answer file."""
    names = ", ".join(path.name for path in found[:10])
    what = f"There are {len(found)} of them: {names}." if found else "There is none."
    return {
        "score": 0.0,
        "output": f"Hand in one answer file, `answers.yaml`. {what}",
        "output_format": "md",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
