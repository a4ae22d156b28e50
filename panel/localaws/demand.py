"""What ECS wants to run: services with their current revision, read by public calls and made plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from panel.localaws.clients import AgentClients

_PAGE = 10  # DescribeServices takes ten services at once.


@dataclass(frozen=True)
class Container:
    """The part of a task definition that one process comes from.

    ``environment``, ``command`` and ``entry_point`` override the image's own; None means: the image's.
    """

    name: str
    image: str
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] | None = None
    entry_point: tuple[str, ...] | None = None
    working_directory: str = ""
    log_group: str = ""
    log_prefix: str = ""
    unsupported: str = ""


@dataclass(frozen=True)
class HealthCheck:
    """How the load balancer asks a task whether it is well. ``interval_s`` in seconds."""

    path: str = "/"
    codes: tuple[tuple[int, int], ...] = ((200, 200),)
    interval_s: float = 30.0

    def accepts(self, status: int) -> bool:
        """Whether an HTTP status counts as healthy."""
        return any(low <= status <= high for low, high in self.codes)

    @classmethod
    def of(cls, group: Mapping[str, Any]) -> HealthCheck:
        """The health check of a target group as the load balancer describes it."""
        return cls(
            path=group.get("HealthCheckPath") or "/",
            codes=_codes(group.get("Matcher", {}).get("HttpCode") or "200"),
            interval_s=float(group.get("HealthCheckIntervalSeconds") or 30),
        )


@dataclass(frozen=True)
class Revision:
    """One deployment of one task definition: what a roll-out goes from and to."""

    task_definition: str
    deployment: str = ""

    @property
    def key(self) -> str:
        """The revision as one string, stable over restarts."""
        return f"{self.task_definition}#{self.deployment}"

    @property
    def label(self) -> str:
        """``family:7``."""
        return self.task_definition.rsplit("/", 1)[-1]

    @classmethod
    def of(cls, key: str) -> Revision:
        """The revision a key was made from."""
        task_definition, _, deployment = key.partition("#")
        return cls(task_definition, deployment)


@dataclass(frozen=True)
class WantedService:
    """One service as ECS wants it now."""

    key: str  # "<cluster>/<service>"
    desired: int
    revision: Revision
    container: Container
    target_group: str = ""
    health: HealthCheck = field(default_factory=HealthCheck)


@dataclass(frozen=True)
class Demand:
    """Every service, and those that could not be read (key: why): what runs of these is left alone."""

    services: tuple[WantedService, ...]
    unreadable: dict[str, str]


class DemandReader:
    """Reads the demand; remembers task definitions, which never change."""

    def __init__(self, clients: AgentClients) -> None:
        self._clients = clients
        self._definitions: dict[str, dict[str, Any]] = {}

    def read(self) -> Demand:
        """Read every cluster and service.

        Raises:
            Exception: whatever the client raises when AWS does not answer at all.
        """
        services: list[WantedService] = []
        unreadable: dict[str, str] = {}
        groups: dict[str, HealthCheck] = {}
        for cluster in _pages(self._clients.ecs.list_clusters, "clusterArns"):
            arns = list(_pages(self._clients.ecs.list_services, "serviceArns", cluster=cluster))
            for start in range(0, len(arns), _PAGE):
                answer = self._clients.ecs.describe_services(
                    cluster=cluster, services=arns[start : start + _PAGE]
                )
                for service in answer["services"]:
                    if service.get("status") != "ACTIVE":
                        continue
                    key = f"{cluster.rsplit('/', 1)[-1]}/{service['serviceName']}"
                    try:
                        services.append(self._wanted(key, service, groups))
                    except Exception as error:  # One unreadable service must not stop the others.
                        unreadable[key] = f"{type(error).__name__}: {error}"
        return Demand(tuple(services), unreadable)

    def container(self, task_definition: str, name: str = "") -> Container:
        """The container of a task definition that the load balancer talks to, else its first essential one."""
        if task_definition not in self._definitions:
            answer = self._clients.ecs.describe_task_definition(taskDefinition=task_definition)
            self._definitions[task_definition] = answer["taskDefinition"]
        definitions = self._definitions[task_definition]["containerDefinitions"]
        chosen = next((item for item in definitions if item["name"] == name), None)
        if chosen is None:
            chosen = next((item for item in definitions if item.get("essential", True)), definitions[0])
        return _container(chosen)

    def _wanted(self, key: str, service: dict[str, Any], groups: dict[str, HealthCheck]) -> WantedService:
        balancer: dict[str, Any] = next(
            (item for item in service.get("loadBalancers", []) if item.get("targetGroupArn")), {}
        )
        group = balancer.get("targetGroupArn", "")
        if group and group not in groups:
            groups[group] = self._health(group)
        primary: dict[str, Any] = next(
            (item for item in service.get("deployments", []) if item["status"] == "PRIMARY"), {}
        )
        return WantedService(
            key=key,
            desired=int(service["desiredCount"]),
            revision=Revision(service["taskDefinition"], primary.get("id", "")),
            container=self.container(service["taskDefinition"], balancer.get("containerName", "")),
            target_group=group,
            health=groups.get(group, HealthCheck()),
        )

    def _health(self, group: str) -> HealthCheck:
        answer = self._clients.elbv2.describe_target_groups(TargetGroupArns=[group])
        return HealthCheck.of(answer["TargetGroups"][0])


def _container(definition: dict[str, Any]) -> Container:
    logs = definition.get("logConfiguration") or {}
    options = logs.get("options", {}) if logs.get("logDriver") == "awslogs" else {}
    secrets = definition.get("secrets")
    return Container(
        name=definition["name"],
        image=definition["image"],
        environment=tuple((item["name"], item["value"]) for item in definition.get("environment") or ()),
        command=tuple(definition["command"]) if definition.get("command") else None,
        entry_point=tuple(definition["entryPoint"]) if definition.get("entryPoint") else None,
        working_directory=definition.get("workingDirectory") or "",
        log_group=options.get("awslogs-group", ""),
        log_prefix=options.get("awslogs-stream-prefix", ""),
        unsupported="It asks for secrets, which only containers get here." if secrets else "",
    )


def _codes(matcher: str) -> tuple[tuple[int, int], ...]:
    ranges = []
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        ranges.append((int(low), int(high or low)))
    return tuple(ranges)


def _pages(call: Callable[..., Any], name: str, **request: Any) -> Iterator[str]:
    token = None
    while True:
        answer = call(**request, **({"nextToken": token} if token else {}))
        yield from answer[name]
        token = answer.get("nextToken")
        if not token:
            return
