"""Reading what ECS wants, from an ECS that lives in memory and pages as the real one does."""

from __future__ import annotations

from typing import Any

import pytest

from panel.localaws.clients import AgentClients
from panel.localaws.demand import DemandReader, HealthCheck


class MemoryEcs:
    """Clusters of services, one ARN per page."""

    def __init__(self, services: list[dict[str, Any]], definitions: dict[str, list[dict[str, Any]]]) -> None:
        self.services = services
        self.definitions = definitions
        self.described = 0

    def list_clusters(self, **request: Any) -> Any:
        return {"clusterArns": ["arn:cluster/main"]}

    def list_services(self, *, cluster: str, nextToken: str = "0", **request: Any) -> Any:
        number = int(nextToken)
        page: dict[str, Any] = {"serviceArns": [f"arn:service/main/{number}"] if self.services else []}
        if number + 1 < len(self.services):
            page["nextToken"] = str(number + 1)
        return page

    def describe_services(self, *, cluster: str, services: list[str]) -> Any:
        assert len(services) <= 10
        return {"services": [self.services[int(arn.rsplit("/", 1)[1])] for arn in services]}

    def describe_task_definition(self, *, taskDefinition: str) -> Any:
        self.described += 1
        return {"taskDefinition": {"containerDefinitions": self.definitions[taskDefinition]}}


class MemoryElb:
    """One target group with its health check."""

    def describe_target_groups(self, **request: Any) -> Any:
        check = {
            "HealthCheckPath": "/status",
            "HealthCheckIntervalSeconds": 15,
            "Matcher": {"HttpCode": "200,300-399"},
        }
        return {"TargetGroups": [check]}


def service(name: str, definition: str = "app:1", **more: Any) -> dict[str, Any]:
    return {
        "serviceName": name,
        "status": "ACTIVE",
        "desiredCount": 1,
        "taskDefinition": definition,
        "deployments": [{"id": "d2", "status": "PRIMARY"}, {"id": "d1", "status": "ACTIVE"}],
        **more,
    }


def reader(services: list[dict[str, Any]], **definitions: list[dict[str, Any]]) -> DemandReader:
    known = {name.replace("_", ":"): containers for name, containers in definitions.items()}
    clients: Any = AgentClients(MemoryEcs(services, known), MemoryElb(), None)  # type: ignore[arg-type]  # parts of AWS
    return DemandReader(clients)


APP = {"name": "app", "image": "r/app:1", "environment": [{"name": "A", "value": "1"}], "command": ["run"]}


def test_every_page_and_every_service_is_read() -> None:
    demand = reader([service(f"s{number}") for number in range(23)], app_1=[APP]).read()
    assert [item.key for item in demand.services] == [f"main/s{number}" for number in range(23)]


def test_a_service_is_read_with_its_container_and_health_check() -> None:
    balanced = service("web", loadBalancers=[{"targetGroupArn": "group", "containerName": "app"}])
    found = reader([balanced], app_1=[{"name": "sidecar", "image": "r/side:1"}, APP]).read().services[0]
    assert found.container.name == "app"
    assert found.container.environment == (("A", "1"),)
    assert found.container.command == ("run",)
    assert found.revision.key == "app:1#d2"
    assert found.target_group == "group"
    assert found.health == HealthCheck("/status", ((200, 200), (300, 399)), 15.0)
    assert [found.health.accepts(code) for code in (200, 204, 302, 500)] == [True, False, True, False]


def test_without_a_load_balancer_the_essential_container_is_the_one() -> None:
    side = {"name": "sidecar", "image": "r/side:1", "essential": False}
    assert reader([service("job")], app_1=[side, APP]).read().services[0].container.name == "app"


def test_where_its_lines_go_is_read_from_the_awslogs_options() -> None:
    logging = {"logDriver": "awslogs", "options": {"awslogs-group": "/app", "awslogs-stream-prefix": "web"}}
    container = (
        reader([service("web")], app_1=[{**APP, "logConfiguration": logging}]).read().services[0].container
    )
    assert (container.log_group, container.log_prefix) == ("/app", "web")
    other = {"logDriver": "json-file", "options": {"awslogs-group": "/app"}}
    assert (
        not reader([service("web")], app_1=[{**APP, "logConfiguration": other}]).container("app:1").log_group
    )


def test_a_service_on_its_way_out_is_not_wanted() -> None:
    assert reader([service("gone", status="INACTIVE")], app_1=[APP]).read().services == ()


def test_one_unreadable_service_does_not_hide_the_others() -> None:
    demand = reader([service("broken", "missing:9"), service("fine")], app_1=[APP]).read()
    assert [item.key for item in demand.services] == ["main/fine"]
    assert "missing:9" in demand.unreadable["main/broken"]


def test_a_task_definition_is_asked_for_once() -> None:
    ecs = MemoryEcs([service("web")], {"app:1": [APP]})
    clients: Any = AgentClients(ecs, MemoryElb(), None)  # type: ignore[arg-type]  # parts of AWS
    look = DemandReader(clients)
    look.read()
    look.read()
    assert ecs.described == 1


@pytest.mark.parametrize("secrets", [None, [{"name": "TOKEN", "valueFrom": "arn"}]])
def test_secrets_are_said_to_be_unsupported(secrets: Any) -> None:
    found = reader([service("web")], app_1=[{**APP, "secrets": secrets}]).container("app:1")
    assert bool(found.unsupported) == bool(secrets)
