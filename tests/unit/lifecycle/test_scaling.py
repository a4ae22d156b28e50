"""Sleeping and waking: what a plan that nobody reviews may touch, and what becomes of the tasks."""

from types import SimpleNamespace
from typing import Any

import pytest

from panel.engine.plan import parse_plan
from panel.errors import RefusedError
from panel.lifecycle.scaling import after_apply, before_apply, refuse_more_than_sizes
from panel.store.stores import Stores


def plan(*changes: tuple[str, list[str], dict[str, Any], dict[str, Any]]) -> Any:
    """A plan as Terraform shows it: type, actions, before, after."""
    return parse_plan(
        {
            "format_version": "1.2",
            "terraform_version": "1.13.0",
            "resource_changes": [
                {
                    "address": f"module.environment.{kind}.this",
                    "module_address": "module.environment",
                    "mode": "managed",
                    "type": kind,
                    "name": "this",
                    "provider_name": "aws",
                    "change": {
                        "actions": actions,
                        "before": before,
                        "after": after,
                        "after_unknown": {"capacity": True} if kind == "aws_autoscaling_group" else {},
                    },
                }
                for kind, actions, before, after in changes
            ],
        }
    )


GROUP = ("aws_autoscaling_group", ["update"], {"min_size": 2, "max_size": 2, "desired_capacity": 2, "name": "g", "capacity": [{"preference": "default"}]},
         {"min_size": 0, "max_size": 0, "desired_capacity": 0, "name": "g"})  # fmt: skip
TARGET = (
    "aws_appautoscaling_target",
    ["update"],
    {"min_capacity": 2, "max_capacity": 6},
    {"min_capacity": 0, "max_capacity": 0},
)
SERVICE = (
    "aws_ecs_service",
    ["update"],
    {"desired_count": 2, "block": []},
    {"desired_count": 0, "block": [{"preference": ""}]},
)
UNTOUCHED = ("aws_vpc", ["no-op"], {"id": "v"}, {"id": "v"})


def test_sizes_may_change() -> None:
    refuse_more_than_sizes("staging", plan(GROUP, TARGET, SERVICE, UNTOUCHED))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("aws_lb", ["update"], {"idle_timeout": 60}, {"idle_timeout": 30}), r"aws_lb.this \(idle_timeout\)"),
        (("aws_autoscaling_group", ["update"], {"min_size": 2, "name": "g"}, {"min_size": 0, "name": "h"}), r"\(name\)"),
        (("aws_ecs_service", ["delete"], {"desired_count": 2}, None), r"\(delete\)"),
        (("aws_autoscaling_group", ["delete", "create"], {"min_size": 2}, {"min_size": 0}), r"\(replace\)"),
        (("aws_s3_bucket", ["create"], None, {"bucket": "b"}), r"aws_s3_bucket.this \(create\)"),
        (("aws_instance", ["update"], {"min_size": 2}, {"min_size": 0}), r"aws_instance.this \(min_size\)"),
    ],
)  # fmt: skip
def test_whatever_else_would_change_blocks(change: Any, named: str) -> None:
    with pytest.raises(RefusedError, match=named) as error:
        refuse_more_than_sizes("staging", plan(GROUP, change))
    assert "autoscaling_group.this (min_size)" not in error.value.message.replace("instance", "")
    assert "Update staging" in error.value.hint


def test_of_many_changes_some_are_named() -> None:
    changes = [("aws_vpc", ["create"], None, {"n": n}) for n in range(9)]
    with pytest.raises(RefusedError, match="and 4 more"):
        refuse_more_than_sizes("staging", plan(*changes))


class Ecs:
    """ECS: services by name with their desired counts, and what was asked of them."""

    def __init__(self) -> None:
        self.desired = {"todo-backend": 2, "todo-new": 0}
        self.asked: list[tuple[str, int, str]] = []

    def client(self, _name: str) -> "Ecs":
        return self

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        (name,) = services
        found = {
            "serviceName": name, "serviceArn": name, "clusterArn": cluster, "status": "ACTIVE",
            "taskDefinition": "backend:7", "desiredCount": self.desired[name],
        }  # fmt: skip
        return {"services": [found]}

    def update_service(
        self,
        *,
        cluster: str,
        service: str,
        taskDefinition: str,
        desiredCount: int,
        forceNewDeployment: bool = False,
    ) -> dict[str, Any]:
        self.asked.append((service, desiredCount, taskDefinition))
        self.desired[service] = desiredCount
        return {"service": self.describe_services(cluster=cluster, services=[service])["services"][0]}


@pytest.fixture
def ecs() -> Ecs:
    return Ecs()


@pytest.fixture
def context(stores: Stores, ecs: Ecs) -> Any:
    stores.environments.save(
        "staging", exists=True, ready=False, drift=[{"address": "aws_vpc.a"}],
        outputs={
            "cluster_name": "todo-staging",
            "services": {
                name: {"service_name": f"todo-{name}", "desired_count": 3} for name in ("backend", "new")
            },
        },
    )  # fmt: skip
    run = stores.runs.create("staging", "create", "ana", ["plan"])
    stores.runs.finish(run.id or 0, "errored", "worker")
    release = stores.releases.start("staging", "backend", "container", "v1", run_id=run.id or 0)
    stores.releases.finish(release.id or 0, "live")
    return SimpleNamespace(stores=stores, aws=lambda: ecs)


def applied(context: Any, kind: str, asleep: bool) -> Any:
    context.stores.environments.save("staging", asleep=asleep)
    run = SimpleNamespace(kind=kind, environment="staging")
    before_apply(context, run)  # type: ignore[arg-type]  # all that is read of a run
    after_apply(context, run)  # type: ignore[arg-type]  # as above
    return context.stores.environments.get("staging")


def test_asleep_nothing_runs_and_that_is_in_order(context: Any, ecs: Ecs) -> None:
    record = applied(context, "sleep", asleep=False)
    assert ecs.asked == [("todo-backend", 0, "backend:7")]
    assert (record.asleep, record.ready, record.drift) == (True, True, [])


def test_awake_the_same_version_runs_again_and_what_was_never_deployed_does_not(
    context: Any, ecs: Ecs
) -> None:
    ecs.desired["todo-backend"] = 0
    record = applied(context, "wake", asleep=True)
    assert ecs.asked == [("todo-backend", 3, "backend:7")]
    assert (record.asleep, record.ready) == (False, False)  # the checks say whether it is


@pytest.mark.parametrize(("kind", "asleep"), [("update", False), ("create", False), ("refresh", True)])
def test_other_runs_leave_the_tasks_to_the_deployment(
    kind: str, asleep: bool, context: Any, ecs: Ecs
) -> None:
    assert applied(context, kind, asleep=True).asleep is asleep
    assert ecs.asked == []
