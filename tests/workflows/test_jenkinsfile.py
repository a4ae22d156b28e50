"""The Jenkinsfile runs the very lines that the workflows run, over the same paths and for the same environments."""

import re
import subprocess

import pytest

from tests.workflows.steps import REPOSITORY, read

JENKINSFILE = (REPOSITORY / "Jenkinsfile").read_text(encoding="utf-8")
#: Its own: the workflows' runner begins every job with an empty summary.
OWN = {'rm -f "$GITHUB_STEP_SUMMARY"'}


def blocks() -> dict[str, str]:
    """The programs that stand above the pipeline, by name."""
    return {
        name: text.strip()
        for name, text in re.findall(r"^def (\w+) = '''\n(.*?)'''$", JENKINSFILE, re.DOTALL | re.MULTILINE)
    }


def lines() -> set[str]:
    """Every shell program of the Jenkinsfile."""
    named = re.findall(r"\bsh (\w+)\b", JENKINSFILE)
    assert set(named) == set(blocks())
    return {*blocks().values(), *re.findall(r"\bsh '([^'\n]*)'", JENKINSFILE)}


def steps_of(workflow: str) -> set[str]:
    (job,) = read(workflow)["jobs"].values()
    return {step["run"].strip() for step in job["steps"] if "run" in step}


def test_its_lines_are_those_of_the_workflows() -> None:
    assert lines() - OWN == steps_of("deploy.yml") | steps_of("infrastructure.yml")


@pytest.mark.parametrize("program", sorted(lines()))
def test_its_lines_are_such_that_any_shell_takes_them(program: str) -> None:
    done = subprocess.run(["sh", "-n"], input=program, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("stage", "workflow"),
    [("Environment", "environments.yml"), ("Backend", "backend.yml"), ("Frontend", "frontend.yml")],
)
def test_its_stages_look_at_the_same_paths(stage: str, workflow: str) -> None:
    body = JENKINSFILE[JENKINSFILE.index(f"stage('{stage}')") :].partition("steps {")[0]
    paths = {path for path in read(workflow)["on"]["push"]["paths"] if not path.startswith(".github/")}

    assert set(re.findall(r"changeset '([^']*)'", body)) == paths


def test_its_variables_are_those_that_the_lines_ask_for() -> None:
    asked = {name for program in lines() for name in re.findall(r"\$\{?([A-Z_]+)", program)}
    given = set(re.findall(r"\b([A-Z_]+) = ", JENKINSFILE))

    assert asked <= given


def test_its_brackets_are_in_order() -> None:
    bare = re.sub(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*", "", JENKINSFILE, flags=re.DOTALL)
    for opening, closing in ("{}", "()"):
        assert bare.count(opening) == bare.count(closing)
