"""What a warm process plans is what a cold run plans, attribute by attribute; and cold runs apply it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from panel.aws.session import Account, Aws
from panel.catalogue.render import environment_state_key
from panel.engine.events import EventKind
from panel.engine.execution import Execution
from panel.engine.operation import Operation
from panel.engine.outcome import Outcome
from panel.engine.plan import PlanSummary
from panel.runs.stack import StackJob, StackRunner, Timing
from panel.store.database import Database
from panel.store.stores import Stores
from tests.integration.engine.conftest import BUCKET, REGION, Cloud, wait_for
from tests.integration.engine.warm_project import WarmProject, end_left_over, make_project
from tests.terraform.worlds import environment_variables, shared_outputs, shared_variables

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(300)]

_WARM_EXECUTIONS = "executions/run-*-warm"
TERRAFORM = Path(__file__).resolve().parents[3] / "terraform"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, cloud: Cloud, provider: None) -> Iterator[WarmProject]:
    """Two resources of AWS, one in a module, and a secret; a warm process with the AWS provider."""
    folder = tmp_path_factory.mktemp("warm")
    made = make_project(folder, cloud, "pair", {"name": "demo", "password": "canary-Passw0rd"})
    made.warm_up()
    yield made
    end_left_over(folder / "data")


@pytest.fixture(scope="module")
def provider(request: pytest.FixtureRequest) -> None:
    """Skips where no local mirror holds the AWS provider."""
    from panel.engine.cli_config import discover_mirrors
    from panel.settings import load_settings

    mirrors = discover_mirrors(load_settings().provider_mirror)
    if not any(name.endswith("/hashicorp/aws") for mirror in mirrors for name in mirror.providers):
        pytest.skip("no local mirror holds the AWS provider")


def facts(outcome: Outcome) -> dict[str, Any]:
    """All that a reviewer is shown of a plan, and all that decides what is applied."""
    assert outcome.plan_json_path is not None
    document = json.loads(outcome.plan_json_path.read_text())
    moment = document.pop("timestamp")
    assert moment
    # Terraform lists these in no order of its own.
    for part in ("resource_drift", "relevant_attributes", "checks"):
        document[part] = sorted(document.get(part) or [], key=lambda item: json.dumps(item, sort_keys=True))
    for part in ("planned_values", "prior_state"):
        _sort_modules((document.get(part) or {}).get("values", document.get(part)) or {})
    summary: PlanSummary = outcome.plan_summary()
    return {
        "document": document,
        "changes": summary.changes,
        "counts": outcome.counts,
        "has changes": outcome.has_changes,
        "stages": [stage.name for stage in outcome.stages if stage.name != "init"],
        "said": [item for item in outcome.diagnostics if "lock file information" not in item.summary],
        "terraform": outcome.terraform_version,
    }


def _sort_modules(values: dict[str, Any]) -> None:
    """Sort the modules of a module, which Terraform lists in no order of its own."""
    module = values.get("root_module", values)
    module["child_modules"] = sorted(module.get("child_modules", []), key=lambda child: child["address"])
    for child in module["child_modules"]:
        _sort_modules(child)


def events(project: WarmProject, key: str) -> list[tuple[str, str, str]]:
    """What the log was told, in no order: resources are looked at side by side."""
    found = list(Execution(project.workspace.path / "executions" / key).events())
    # What comes before, `init`, is done once for both.
    begin = next(place for place, event in enumerate(found) if event.stage == "plan")
    # Lines without data tell of waiting, for the state lock say.
    kept = [event for event in found[begin:] if event.stage == "" and event.kind is not EventKind.LOG]
    return sorted((str(event.kind), event.address, event.action) for event in kept)


def assert_same(project: WarmProject, operation: Operation, name: str) -> Outcome:
    """Plan warm and cold, and compare."""
    project.warm(operation, f"{name}-warm")
    project.cold(operation, f"{name}-cold")
    return assert_planned_alike(project, name)


def assert_planned_alike(project: WarmProject, name: str) -> Outcome:
    """Compare what was planned warm and cold."""
    warm, cold = (
        project.follow(Execution(project.workspace.path / "executions" / f"{name}-{how}")).check()
        for how in ("warm", "cold")
    )
    assert facts(warm) == facts(cold)
    assert events(project, f"{name}-warm") == events(project, f"{name}-cold")
    return warm


def test_a_stack_is_created_reviewed_and_destroyed_by_warm_plans_and_cold_applies(pair):
    plan = assert_same(pair, Operation.plan(), "create")
    assert plan.counts.add == 2
    assert "canary" not in plan.plan_json_path.read_text()
    pair.cold(pair.apply_of(plan), "apply").check()
    assert pair.warm(Operation.output(), "output").outputs == {"user": "arn:aws:iam::000000000000:user/demo"}

    pair.cloud.client("ssm").add_tags_to_resource(
        ResourceType="Parameter", ResourceId="/demo/password", Tags=[{"Key": "by", "Value": "hand"}]
    )
    drifted = assert_same(pair, Operation.plan(refresh_only=True), "drift")
    tags = {
        item["address"]: item["change"]["after"]["tags_all"]
        for item in facts(drifted)["document"]["resource_drift"]
    }
    assert tags["aws_ssm_parameter.secret"] == {"by": "hand"}
    destroy = assert_same(pair, Operation.plan(destroy=True), "destroy")
    assert destroy.counts.destroy == 2
    pair.cold(pair.apply_of(destroy), "apply-destroy").check()


def test_modules_without_a_provider_are_planned_alike(tmp_path, cloud):
    words = {"first": "one", "second": "two"}
    made = make_project(tmp_path, cloud, "pieces", {"words": words, "key": "secret of the stack"})
    made.warm_up()
    try:
        plan = assert_same(made, Operation.plan(), "create")
        made.cold(made.apply_of(plan), "apply").check()
        again = made.with_stack(
            tmp_path / "terraform",
            "pieces",
            made.backend.key,
            {"words": {"first": "one more", "third": "three"}, "key": "secret of the stack"},
        )
        change = assert_same(again, Operation.plan(), "change")
        assert {item.action for item in change.plan_summary().changes} >= {"replace", "delete", "create"}
        assert_same(again, Operation.plan(destroy=True), "destroy")
    finally:
        end_left_over(made.data_dir)


def test_every_configuration_of_a_provider_has_its_own_region_again_and_again(pair, tmp_path):
    regions = pair.with_stack(pair.data_dir.parent / "terraform", "regions", "regions/terraform.tfstate", {})
    # Nothing was prepared here: the warm process has that done as a cold run does.
    for number in range(4):
        plan = regions.warm(Operation.plan(), f"plan-{number}").check()
        changes = facts(plan)["document"]["output_changes"]
        assert changes["regions"]["after"] == ["us-east-2", "us-east-1"]
    assert "hashicorp/aws" in (regions.workspace.stack_path / ".terraform.lock.hcl").read_text()


def test_the_shared_stack_and_an_environment_are_planned_alike(pair):
    shared = pair.with_stack(
        TERRAFORM, "shared", "shared-itself/terraform.tfstate", {**shared_variables(), "emulated": True}
    )
    outputs = {name: {"value": value, "type": _type_of(value)} for name, value in shared_outputs().items()}
    state = {
        "version": 4, "terraform_version": "1.15.5", "serial": 1, "lineage": "of-the-test",
        "outputs": outputs, "resources": [],
    }  # fmt: skip
    pair.cloud.client("s3").put_object(Bucket=BUCKET, Key="shared/terraform.tfstate", Body=json.dumps(state))
    variables = environment_variables("staging", 1, 2, emulated=True)
    variables["remote_state"] = {"bucket": BUCKET, "key": "shared/terraform.tfstate", "region": REGION}
    environment = pair.with_stack(TERRAFORM, "environment", "staging/terraform.tfstate", variables)
    # Their states are different ones: while one of them is planned warm, the other one is planned cold.
    for warm, cold in ((shared, environment), (environment, shared)):
        execution = cold.begin_cold(Operation.plan(), "plan-cold")
        warm.warm(Operation.plan(), "plan-warm")
        cold.follow(execution)
    assert assert_planned_alike(shared, "plan").counts.add > 20
    assert assert_planned_alike(environment, "plan").counts.add > 40


def _type_of(value: Any) -> Any:
    """Terraform's name of a value's type in a state."""
    if isinstance(value, dict):
        return ["object", {name: _type_of(item) for name, item in value.items()}]
    if isinstance(value, list):
        return ["tuple", [_type_of(item) for item in value]]
    return "string"


@pytest.fixture(scope="module")
def planned_by_run(pair: WarmProject) -> Iterator[Any]:
    """Plans the pair in a run of its own, and gives back its outcome and its log."""
    database = Database(f"sqlite:///{pair.data_dir / 'panel.db'}")
    database.upgrade()
    stores, numbers = Stores(database), count(1)
    stacks = pair.data_dir.parent / "terraform" / "stacks"
    # The panel's own names of stack and state: by them the lock of what is killed is known to be nobody's.
    shutil.copytree(stacks / "pair", stacks / "environment")

    def plan() -> tuple[Outcome, list[tuple[str, str]], list[str]]:
        name = f"staging-{next(numbers)}"
        run_id = stores.runs.create(name, "create", "tester", ("plan",)).id
        assert run_id is not None
        endpoint = pair.cloud.endpoint
        aws = Aws(Account(region=REGION, endpoint_url=endpoint, access_key="test", secret_key="test"))
        runner = StackRunner(
            pair.terraform,
            lambda: aws,
            stores,
            pair.data_dir.parent / "terraform",
            Timing(poll_s=0.05, limit_s=200),
            instance="here",
            warm=True,
        )
        job = StackJob(
            run_id=run_id, subject=name, stage="plan", stack="environment", workspace=pair.workspace.path,
            variables={"name": "demo", "password": "canary-Passw0rd"},
            backend=replace(pair.backend, key=environment_state_key(name)),
        )  # fmt: skip
        outcome = runner.plan(job)
        lines = [(line.level, line.text) for line in stores.runs.lines(run_id)]
        return outcome, lines, [one.key for one in stores.executions.of_run(run_id)]

    yield plan
    database.close()


def test_killed_in_the_middle_of_a_plan_the_plan_comes_out_right(pair, planned_by_run):
    if not pair.terraform.has_warm(pair.workspace):
        pair.terraform.warm_up(pair.workspace)
    for victim in ("the warm process", "its provider"):
        # The second one was started by the run that lost the first.
        wait_for("a warm process", lambda: pair.terraform.has_warm(pair.workspace))
        with _killing(pair, victim):
            outcome, lines, keys = planned_by_run()
        assert sorted(key.rpartition("plan")[2] for key in keys) == ["", "-warm"], victim
        assert outcome.counts.add == 2
        assert [item.address for item in outcome.plan_summary().changes] == [
            "aws_ssm_parameter.secret",
            "module.person.aws_iam_user.this",
        ]
        assert [text for _, text in lines if "once more" in text] == ["Planning once more, from the start."]
        # Beside what `init` says, nothing is louder than the lock of what was killed, where it had one already.
        loud = [text for level, text in lines if level != "info" and "lock file information" not in text]
        assert all(text.startswith("Removed the state lock of staging-") for text in loud), loud
    wait_for("another", lambda: pair.terraform.has_warm(pair.workspace))
    _, _, keys = planned_by_run()
    assert [key.rpartition("plan")[2] for key in keys] == ["-warm"]


@contextmanager
def _killing(pair: WarmProject, victim: str) -> Iterator[None]:
    """Kill it as soon as it plans."""
    before, ended = set(pair.workspace.path.glob(_WARM_EXECUTIONS)), threading.Event()
    killer = threading.Thread(
        target=_kill_when_planning, args=(pair.process(), pair.workspace.path, before, victim, ended)
    )
    killer.start()
    try:
        yield
    finally:
        ended.set()
        killer.join()


def _kill_when_planning(
    process: psutil.Process, workspace: Path, before: set[Path], victim: str, ended: threading.Event
) -> None:
    """Kill the process as soon as it plans, or every provider that it uses until it has given up."""
    while process.is_running() and not ended.wait(0.01):
        new = set(workspace.glob(_WARM_EXECUTIONS)) - before
        asked = [path for path in new if (path / "request.json").exists()]  # the folder is made before
        if not any(event.stage == "plan" for path in asked for event in Execution(path).events()):
            continue
        if victim == "the warm process":
            process.kill()
            return
        try:
            for child in process.children(recursive=True):
                if "terraform-provider-aws_" in child.name():
                    child.kill()
        except psutil.NoSuchProcess:
            pass
        if any((path / "result.json").exists() for path in new):
            return
