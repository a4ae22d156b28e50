"""The workflows as files: valid by GitHub's schema and actionlint, with pinned actions, few permissions and only what is
understood here.
"""

import re
import shutil
import subprocess
import sys

import pytest

from panel.settings import child_environment
from tests.workflows.expressions import fill, holds
from tests.workflows.steps import REPOSITORY, WORKFLOWS, Event, jobs, names, read

CALLERS = ["backend.yml", "environments.yml", "frontend.yml"]
CALLED = ["deploy.yml", "infrastructure.yml"]
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
#: Newer than the actionlint that many have.
_LATER_THAN_ACTIONLINT = 'unexpected key "queue" for "concurrency" section'


def test_every_workflow_calls_or_is_called() -> None:
    assert names() == sorted([*CALLERS, *CALLED])


def test_the_workflows_are_what_the_schema_of_github_asks_for() -> None:
    # A process of its own: it configures logging. Its schemas are part of the package, so nothing is fetched.
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run(
        [*program, *map(str, sorted(WORKFLOWS.iterdir()))],
        env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint is not on the PATH")
    done = subprocess.run(
        [program, "-no-color", "-ignore", re.escape(_LATER_THAN_ACTIONLINT)],
        cwd=REPOSITORY, env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("workflow", [*CALLERS, *CALLED])
def test_actions_of_others_are_pinned_to_a_commit(workflow: str) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (\S+)(.*)$", (WORKFLOWS / workflow).read_text(), re.MULTILINE)

    assert used
    for action, comment in used:
        if action.startswith("./"):
            assert (REPOSITORY / action).is_file()
        else:
            assert _PINNED.fullmatch(action), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


@pytest.mark.parametrize("workflow", [*CALLERS, *CALLED])
def test_no_job_may_more_than_read_and_ask_for_its_identity(workflow: str) -> None:
    document = read(workflow)

    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert job["permissions"] == {"contents": "read", "id-token": "write"}


@pytest.mark.parametrize("workflow", CALLED)
def test_jobs_of_an_environment_wait_for_each_other_and_none_is_cut(workflow: str) -> None:
    (job,) = read(workflow)["jobs"].values()

    assert job["concurrency"] == {
        "group": "panel-${{ inputs.environment }}", "cancel-in-progress": False, "queue": "max"
    }  # fmt: skip
    assert job["environment"]


@pytest.mark.parametrize("workflow", CALLED)
def test_nobody_leaves_a_credential_in_the_checkout_and_versions_have_their_history(workflow: str) -> None:
    (job,) = read(workflow)["jobs"].values()

    assert job["steps"][0]["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert not re.search(r"access[-_]key", (WORKFLOWS / workflow).read_text(), re.IGNORECASE)


@pytest.mark.parametrize("workflow", CALLERS)
@pytest.mark.parametrize("name", ["push", "pull_request", "workflow_dispatch"])
@pytest.mark.parametrize("branch", ["develop", "main"])
def test_every_expression_is_understood(workflow: str, name: str, branch: str) -> None:
    """Also those of steps that the tests do not run."""
    event = Event(name, branch, variables={"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/panel"})
    for job in jobs(workflow, event):
        (written,) = read(job.workflow)["jobs"].values()
        fill(written["runs-on"], job.contexts)
        outcomes = {step["id"]: {"outcome": "success"} for step in written["steps"] if "id" in step}
        for step in written["steps"]:
            contexts = {**job.contexts, "steps": outcomes}
            holds(step.get("if", True), contexts)
            for text in [step.get("run", ""), *map(str, step.get("with", {}).values())]:
                assert "${{" not in fill(text, contexts)


def test_no_line_has_an_expression_in_it() -> None:
    """A text from outside must come as a variable: an expression would become part of the program."""
    for workflow in CALLED:
        (job,) = read(workflow)["jobs"].values()
        assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []
