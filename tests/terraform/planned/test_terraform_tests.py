"""terraform/tests, run by `terraform test` with a mocked provider: one process, and a test here for every run."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.terraform.mocked import TERRAFORM, Finished

TESTS = TERRAFORM / "tests"
FOLDERS = sorted([*(TERRAFORM / "modules").iterdir(), *(TERRAFORM / "stacks").iterdir()])


@cache
def runs(path: Path) -> dict[str, dict[str, Any]]:
    """The runs of a test file by name."""
    read = hcl2.loads(path.read_text(encoding="utf-8"))
    return {name.strip('"'): body for run in read.get("run", []) for name, body in run.items()}


WRITTEN = [(path.name, name) for path in sorted(TESTS.glob("*.tftest.hcl")) for name in runs(path)]


@pytest.mark.terraform
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("file", "name"), WRITTEN, ids=[f"{file.split('.')[0]}: {name}" for file, name in WRITTEN]
)
def test_run(tested: Finished, file: str, name: str) -> None:
    found = [run for run in tested.runs if (run.file, run.name) == (f"tests/{file}", name)]
    assert found, f"Terraform did not run it, and said:\n{tested.said}"
    found[0].succeeded()
    # Nothing is deprecated either: a run that passes has nothing more to say.
    assert found[0].said == ()


@pytest.mark.terraform
@pytest.mark.timeout(600)
def test_terraform_has_nothing_else_to_say(tested: Finished) -> None:
    assert tested.said == ()
    assert len(tested.runs) == len(WRITTEN)


def rules(folder: Path) -> Counter[str]:
    """How many rules each variable of a module or stack has."""
    found: Counter[str] = Counter()
    for path in folder.glob("*.tf"):
        for variable in hcl2.loads(path.read_text(encoding="utf-8")).get("variable", []):
            for name, body in variable.items():
                found[name.strip('"')] += len(body.get("validation", []))
    return +found


def refusals(source: str) -> Counter[str]:
    """How many runs expect that a variable of the folder refuses its value."""
    found: Counter[str] = Counter()
    for path in TESTS.glob("*.tftest.hcl"):
        for body in runs(path).values():
            if body["module"][0]["source"].strip('"') == source:
                found.update(
                    str(name).removeprefix("${var.").strip("}") for name in body.get("expect_failures", [])
                )
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_every_rule_of_a_variable_has_a_run_that_breaks_it(folder: Path) -> None:
    tried = refusals(f"./{folder.relative_to(TERRAFORM).as_posix()}")
    if folder == TERRAFORM / "modules/environment":
        # The stack has the same variables, word for word (test_conventions.py), and is tried with wrong ones.
        tried |= refusals("./stacks/environment")
    if folder == TERRAFORM / "stacks/shared":
        # What the stack only passes on is refused by the network's own rules, tried there.
        tried |= refusals("./modules/network")
    untried = {name: count - tried[name] for name, count in rules(folder).items() if tried[name] < count}
    assert untried == {}, "rules without a run that expects them to fail"
