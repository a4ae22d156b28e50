"""What a change starts: path and branch triggers, held against the files of this project, and the jobs they come to."""

import subprocess

import pytest

from tests.workflows.steps import REPOSITORY, Event, Job, is_started, jobs

CALLERS = ["backend.yml", "environments.yml", "frontend.yml"]


def started(event: Event, *changed: str) -> set[str]:
    return {workflow for workflow in CALLERS if is_started(workflow, event, changed)}


def job(workflow: str, event: Event) -> Job:
    (found,) = jobs(workflow, event)
    return found


@pytest.mark.parametrize("branch", ["develop", "main"])
@pytest.mark.parametrize(
    ("path", "workflows"),
    [
        ("backend/api.py", {"backend.yml"}),
        ("backend/storage/deeper/file.py", {"backend.yml"}),
        ("requirements/backend.txt", {"backend.yml"}),
        ("requirements/dev.txt", set()),
        ("frontend/index.html", {"frontend.yml"}),
        ("frontend/src/app.js", {"frontend.yml"}),
        ("terraform/stacks/environment/main.tf", {"environments.yml"}),
        ("environments.yaml", {"environments.yml"}),
        ("panel/settings.py", set()),
        ("docs/backend/index.md", set()),
        ("README.md", set()),
        (".github/workflows/deploy.yml", {"backend.yml", "frontend.yml"}),
        (".github/workflows/infrastructure.yml", {"environments.yml"}),
    ],
)
def test_a_push_starts_what_it_changed(branch: str, path: str, workflows: set[str]) -> None:
    assert started(Event("push", branch), path) == workflows


def test_all_files_of_a_service_and_of_the_infrastructure_start_their_workflow() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this copy of the project is no git checkout")
    for folder, workflow in {
        "backend": "backend.yml",
        "frontend": "frontend.yml",
        "terraform": "environments.yml",
    }.items():
        files = [name for name in listed.stdout.split("\0") if name.startswith(f"{folder}/")]
        assert files
        assert [name for name in files if started(Event(), name) != {workflow}] == []


def test_a_change_of_several_things_starts_each_of_them() -> None:
    assert started(Event(), "backend/api.py", "terraform/stacks/environment/main.tf", "README.md") == {
        "backend.yml", "environments.yml",
    }  # fmt: skip


@pytest.mark.parametrize("branch", ["feature/x", "release"])
def test_other_branches_start_nothing(branch: str) -> None:
    assert started(Event("push", branch), "backend/api.py", "environments.yaml") == set()
    # Started by hand there, no job is due.
    assert [list(jobs(workflow, Event("workflow_dispatch", branch))) for workflow in CALLERS] == [[], [], []]


def test_a_pull_request_only_plans() -> None:
    event = Event("pull_request", "main")
    assert started(event, "backend/api.py", "terraform/stacks/shared/main.tf") == {"environments.yml"}
    planned = job("environments.yml", event)
    assert (planned.name, planned.environment) == ("plan / plan production", "plan")
    assert (planned.variables["ENVIRONMENT"], planned.variables["APPROVE"]) == ("production", "")
    assert job("environments.yml", Event("pull_request", "develop")).variables["ENVIRONMENT"] == "staging"


def test_a_fork_gets_no_role_and_no_secret() -> None:
    assert list(jobs("environments.yml", Event("pull_request", "main", fork=True))) == []


@pytest.mark.parametrize("name", ["push", "workflow_dispatch"])
@pytest.mark.parametrize(
    ("workflow", "branch", "environment", "variables"),
    [
        ("backend.yml", "develop", "staging", {"SERVICE": "backend", "PROMOTE_FROM": "", "APPROVE": "yes"}),
        (
            "backend.yml",
            "main",
            "production",
            {"SERVICE": "backend", "PROMOTE_FROM": "staging", "APPROVE": ""},
        ),
        ("frontend.yml", "develop", "staging", {"SERVICE": "frontend", "PROMOTE_FROM": "", "APPROVE": "yes"}),
        (
            "frontend.yml",
            "main",
            "production",
            {"SERVICE": "frontend", "PROMOTE_FROM": "staging", "APPROVE": ""},
        ),
        ("environments.yml", "develop", "staging", {"APPROVE": "yes"}),
        ("environments.yml", "main", "production", {"APPROVE": ""}),
    ],
)
def test_develop_is_staging_and_main_is_production_which_nobody_approves_beforehand(
    name: str, workflow: str, branch: str, environment: str, variables: dict[str, str]
) -> None:
    found = job(workflow, Event(name, branch, secrets={"PANEL_DATABASE_URL": "postgresql://db/panel"}))

    assert found.environment == found.variables["ENVIRONMENT"] == environment
    assert found.concurrency["group"] == f"panel-{environment}"
    assert found.permissions == {"contents": "read", "id-token": "write"}
    assert {key: found.variables[key] for key in variables} == variables
    assert found.variables["PANEL_DATABASE_URL"] == "postgresql://db/panel"


@pytest.mark.parametrize(("actor", "user"), [("ana", "ana"), ("dependabot[bot]", "github-actions")])
def test_who_pushed_is_the_author_of_the_run(actor: str, user: str) -> None:
    assert job("backend.yml", Event(actor=actor)).variables["PANEL_USER"] == user


def test_what_nobody_has_set_is_empty_or_has_its_default() -> None:
    variables = job("backend.yml", Event()).variables
    assert (variables["PANEL_DATABASE_URL"], variables["PANEL_DATA_DIR"], variables["WAIT_S"]) == (
        "",
        "",
        "3300",
    )
    assert job("backend.yml", Event(variables={"PANEL_WAIT_S": "60"})).variables["WAIT_S"] == "60"
