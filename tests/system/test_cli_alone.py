"""Everything from a terminal: create, kill the worker twice on the way, look, deploy, stop and start, destroy.

Where CI does the same, its own lines are run: those of the jobs that a push to develop starts.
"""

from __future__ import annotations

import re
import signal
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.system.account import Account
from tests.system.installation import REPOSITORY, Application, Command, Installation, wait_for
from tests.workflows.steps import BASH, Done, Event, Job, Step, jobs, run_steps

pytestmark = [pytest.mark.system, pytest.mark.timeout(900), pytest.mark.usefixtures("story")]

ENVIRONMENT = {"name", "state", "url", "protected", "owner", "health", "services", "cost", "last_run"}
RUN = {"id", "environment", "kind", "state", "author", "created_at", "summary"}
PRICED = {
    "address", "resource_type", "component", "quantity", "unit", "unit_price_usd", "monthly_usd", "source", "as_of",
}  # fmt: skip
REFUSED = 3
NOT_CREATED = 7
CATALOGUE = "environments.yaml"


@pytest.fixture(scope="module")
def panel(
    install: Callable[..., Installation], terraform_ready: None, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """With a catalogue of its own, in which an environment can be retired."""
    catalogue = tmp_path_factory.mktemp("catalogue") / CATALOGUE
    catalogue.write_text((REPOSITORY / CATALOGUE).read_text(encoding="utf-8"), encoding="utf-8")
    return install(PANEL_CATALOGUE=str(catalogue))


def job_of(workflow: str, panel: Installation) -> Job:
    """The job that a push to develop starts, on a runner with this installation's data directory."""
    (job,) = jobs(workflow, Event(variables={"PANEL_DATA_DIR": str(panel.data_dir)}))
    return job


def run_job(
    workflow: str, panel: Installation, *, wanted: Callable[[Step], bool] = lambda step: True
) -> tuple[dict[str, Done], str]:
    """Run the lines of a job, which has to be green; gives what became of its steps, by name, and its summary."""
    folder = panel.folder / "job"
    folder.mkdir(exist_ok=True)
    done = run_steps(job_of(workflow, panel), panel.environment, folder, wanted=wanted)
    assert [step.text for step in done if step.outcome == "failure"] == []
    summary = folder / "summary.md"
    told = summary.read_text(encoding="utf-8")
    summary.unlink()
    return {one.step.name: one for one in done}, told


def stops(step: Step) -> bool:
    """Whether a step ends the panel, as the last of a job does."""
    return step.run.endswith("panel down")


def expect_environment(document: Mapping[str, Any]) -> None:
    """The fields that scripts rely on, and no others."""
    assert set(document) == ENVIRONMENT
    assert set(document["owner"]) == {"team", "contact"}
    assert set(document["health"]) == {"verdict", "causes"}
    assert set(document["services"]) == {"backend", "frontend"}
    for service in document["services"].values():
        assert set(service) == {"version", "digest", "desired", "running"}
    assert set(document["cost"]) == {"monthly_usd"}


def expect_estimate(document: Mapping[str, Any]) -> None:
    """What a price is made of adds up."""
    assert {"monthly_usd", "currency", "items", "unknown"} <= set(document)
    assert document["currency"] == "USD"
    assert document["items"]
    for item in document["items"]:
        assert set(item) == PRICED
        assert item["source"]
    assert document["monthly_usd"] == pytest.approx(
        sum(i["monthly_usd"] for i in document["items"]), abs=0.01
    )


def worker_of(panel: Installation) -> psutil.Process | None:
    """The worker, if one is alive."""
    found = [one for one in panel.processes() if one.cmdline()[-1:] == ["worker"]]
    assert len(found) <= 1
    return found[0] if found else None


def kill_worker(panel: Installation) -> int:
    """Kill it without any warning; tells which it was."""
    worker = wait_for("a worker is alive", lambda: worker_of(panel))
    assert worker is not None
    worker.send_signal(signal.SIGKILL)
    wait_for("it is gone", lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    return worker.pid


def await_output(command: Command, pattern: str) -> re.Match[str]:
    """Wait until a command that goes on has said something."""

    def look() -> re.Match[str] | None:
        found = re.search(pattern, command.err)
        assert found or command.process.poll() is None, command.answer().text
        return found

    found = wait_for(f"panel {command.words} says {pattern}", look)
    assert found is not None
    return found


def test_the_doctor_finds_nothing_that_fails(panel: Installation) -> None:
    findings = panel.json("doctor")
    assert {finding["name"] for finding in findings} >= {
        "python",
        "catalogue",
        "terraform",
        "providers",
        "node",
    }
    assert [finding for finding in findings if finding["status"] == "fail"] == []


def test_before_anything_was_done_nothing_is_created(panel: Installation) -> None:
    environments = panel.json("env", "list")
    assert [(one["name"], one["state"]) for one in environments] == [
        ("production", "not_created"),
        ("staging", "not_created"),
    ]
    for document in environments:
        expect_environment(document)
        assert document["url"] is document["last_run"] is None
        assert document["cost"]["monthly_usd"] > 0
    assert panel.run("health", "staging", "--json").code == NOT_CREATED
    assert panel.json("runs", "list") == []


def test_create_begins_and_a_second_one_is_told_about_it(panel: Installation, told: dict[str, Any]) -> None:
    job = job_of("environments.yml", panel)
    (sync,) = (step for step in job.steps if step.key == "sync")
    script = panel.folder / "sync.sh"
    script.write_text(sync.run, encoding="utf-8")
    create = panel.start_lines(script, BASH, **job.variables)
    run = await_output(create, r"Run (\d+): create staging").group(1)
    second = panel.run("env", "create", "staging", "--yes", "--wait", expect=REFUSED)
    assert re.search(rf"\b[Rr]un {run}\b", second.err), second.text
    assert [one["id"] for one in panel.json("runs", "list")] == [int(run)]
    told.update(create=create, run=run)


def test_a_worker_killed_in_the_middle_of_the_apply_is_replaced(
    panel: Installation, told: dict[str, Any]
) -> None:
    create: Command = told["create"]
    await_output(create, r"Apply, ([5-9]|\d\d+) of \d+")
    killed = kill_worker(panel)
    # Who waits for a run also looks after its worker.
    replaced = wait_for("another worker is alive", lambda: worker_of(panel))
    assert replaced is not None
    assert replaced.pid != killed


def test_a_worker_started_by_hand_goes_on_where_one_was_killed(
    panel: Installation, told: dict[str, Any]
) -> None:
    create: Command = told["create"]
    await_output(create, r"✓ Apply")
    kill_worker(panel)
    told["worker"] = panel.start("worker")


def test_create_succeeds_only_when_the_application_answers(panel: Installation, told: dict[str, Any]) -> None:
    answer = told["create"].answer()
    assert answer.code == 0, answer.text
    shown = panel.json("env", "show", "staging")
    expect_environment(shown)
    assert (shown["state"], shown["health"]) == ("ready", {"verdict": "healthy", "causes": []})
    assert shown["url"] in answer.out
    backend = shown["services"]["backend"]
    assert backend["digest"].startswith("sha256:")
    assert (backend["desired"], backend["running"]) == (2, 2)
    application = Application(shown["url"])
    page = application.get("/")
    assert page.status_code == 200
    assert "todoapp" in page.text or 'id="app"' in page.text
    assert application.get("/api/status").json()["version"] == backend["version"]
    application.save([{"id": 1, "title": "Call Ana", "completed": False}])
    told["application"] = application


def test_nothing_was_applied_twice(panel: Installation, account: Account, told: dict[str, Any]) -> None:
    run = panel.json("runs", "show", told["run"])
    stages = {stage["name"]: stage for stage in run["stages"]}
    assert {stage["state"] for stage in stages.values()} == {"done"}
    assert resources(account, "staging") == run["summary"]["add"]
    assert f"+{resources(account, 'shared')}" == stages["shared"]["detail"]
    there = account.inventory()
    assert there["load balancer"] == {"todo-staging"}
    for kind in (
        "distribution",
        "target group",
        "ECS service",
        "hosted zone",
        "repository",
        "launch template",
    ):
        assert len(there[kind]) == 1, (kind, there[kind])
    vpcs = account.client("ec2").describe_vpcs()["Vpcs"]
    assert len([vpc for vpc in vpcs if not vpc.get("IsDefault")]) == 1


def resources(account: Account, environment: str) -> int:
    """How many resources Terraform's state holds."""
    found: Iterable[Any] = account.terraform_state(environment)["resources"]
    return sum(len(one["instances"]) for one in found if one["mode"] == "managed")


def test_runs_are_listed_and_shown(panel: Installation, told: dict[str, Any]) -> None:
    (listed,) = panel.json("runs", "list")
    assert set(listed) == RUN
    assert set(listed["summary"]) == {"add", "change", "destroy"}
    assert (listed["kind"], listed["state"]) == ("create", "applied")
    shown = panel.json("runs", "show", told["run"])
    assert {key: shown[key] for key in RUN} == listed
    assert "Apply" in panel.run("runs", "show", told["run"], expect=0).out
    assert "aws_lb" in panel.run("runs", "logs", told["run"], expect=0).out


def test_health_has_a_verdict_causes_services_and_probes(panel: Installation) -> None:
    report = panel.json("health", "staging")
    assert {"verdict", "causes", "services", "probes"} <= set(report)
    assert (report["verdict"], report["causes"]) == ("healthy", [])
    assert set(report["services"]) == {"backend", "frontend"}
    assert {"site", "api", "cloudfront"} <= {probe["name"] for probe in report["probes"]}
    for probe in report["probes"]:
        assert {"name", "verdict", "detail", "checked_at"} <= set(probe)


def test_cost_is_estimated_for_an_environment_and_for_any_plan(
    panel: Installation, told: dict[str, Any]
) -> None:
    estimate = panel.json("cost", "estimate", "staging")
    expect_estimate(estimate)
    run = panel.json("runs", "show", told["run"])
    assert run["monthly_usd"] == pytest.approx(estimate["monthly_usd"], abs=0.01)
    plan = REPOSITORY / "tests" / "unit" / "cost" / "samples" / "environment-plan.json"
    expect_estimate(panel.json("cost", "estimate", "--plan-json", str(plan)))


def test_a_deployment_of_the_same_source_is_the_same_version(
    panel: Installation, told: dict[str, Any]
) -> None:
    before = panel.json("env", "show", "staging")["services"]["backend"]
    done, summary = run_job("backend.yml", panel, wanted=lambda step: not stops(step))
    assert before["version"] in done["Ship"].out
    assert "r2" in summary and before["version"] in summary
    after = panel.json("env", "show", "staging")["services"]["backend"]
    assert (after["version"], after["digest"]) == (before["version"], before["digest"])
    assert told["application"].get("/api/status").json()["version"] == before["version"]


def test_what_keeps_the_panel_going_is_told_to_scripts(panel: Installation, told: dict[str, Any]) -> None:
    compared = panel.run("env", "drift", "staging", "--wait", "--json", expect=0).json()
    assert (compared["kind"], compared["state"]) == ("drift", "no_changes")
    comment = panel.run("runs", "show", told["run"], "--format", "markdown", expect=0).out
    planned = panel.json("runs", "show", told["run"])["summary"]["add"]
    assert comment.startswith(f"### Plan of staging: +{planned} ~0 −0")
    assert "aws_lb" in comment
    # Those that were killed are told too, for a while.
    (worker,) = (one for one in panel.json("worker", "list")["workers"] if one["state"] == "working")
    assert worker["pid"] == told["worker"].process.pid
    backup = panel.folder / "panel.backup"
    panel.run("db", "backup", str(backup), expect=0)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    # What was seen of the comparison's own lock is told until a worker looks again.
    wait_for("no lock is seen", lambda: panel.json("locks") == [])


def test_stopped_and_started_again_everything_is_as_before(panel: Installation, told: dict[str, Any]) -> None:
    before = panel.json("env", "list")
    # A worker in the foreground is its terminal's to end; all others end with the panel.
    assert told["worker"].end().code == 0
    run_job("backend.yml", panel, wanted=stops)
    assert panel.processes() == []
    up = panel.up()
    assert up.out.splitlines() == [f"Panel: {panel.address}"]
    application: Application = told["application"]
    wait_for("the application answers again", lambda: application.get("/api/status").status_code == 200)
    assert [todo["title"] for todo in application.todos()] == ["Call Ana"]
    # Health is looked at again and again; the first look may be earlier than the first task.
    wait_for("environments are as before", lambda: panel.json("env", "list") == before)


def test_destroy_is_refused_without_the_name_and_where_protected(panel: Installation) -> None:
    unconfirmed = panel.run("env", "destroy", "staging", "--yes", "--wait", expect=REFUSED)
    assert "--confirm staging" in unconfirmed.err
    panel.run("env", "destroy", "staging", "--yes", "--confirm", "stagin", "--wait", expect=REFUSED)
    protected = panel.run("env", "destroy", "production", "--yes", "--confirm", "production", expect=REFUSED)
    assert "protected" in protected.err
    assert panel.environment_state("staging") == "ready"


def test_retired_by_the_catalogue_it_is_destroyed_and_nothing_is_left(
    panel: Installation, account: Account
) -> None:
    catalogue = Path(panel.environment["PANEL_CATALOGUE"])
    staging, switch = "  staging:\n", "    retired: true\n"
    text = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(text.replace(staging, staging + switch), encoding="utf-8")
    _, summary = run_job("environments.yml", panel, wanted=lambda step: not stops(step))
    assert summary.startswith("### Plan of staging: +0 ~0 −")
    assert panel.environment_state("staging") == "not_created"
    there = account.inventory()
    left = {kind: [name for name in names if "staging" in name] for kind, names in there.items()}
    assert {kind: names for kind, names in left.items() if names} == {}
    assert there["distribution"] == there["certificate"] == there["edge certificate"] == set()
    assert resources(account, "staging") == 0
    assert panel.run("health", "staging", "--json").code == NOT_CREATED
