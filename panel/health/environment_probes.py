"""Which looks an environment has, and where each of them reads.

Belongs here: joining the catalogue and Terraform's outputs to probes. Nothing is asked before a probe is taken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar

from panel.aws import front_door as door
from panel.aws import observe
from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue, ContainerService
from panel.errors import NotFoundError, PanelError
from panel.health import probes
from panel.health.probes import Probe

_FRONT_DOOR_TIME_LIMIT_S = 10.0

_Seen = TypeVar("_Seen")


def probes_of(
    aws: Aws, catalogue: Catalogue, outputs: Mapping[str, object], *, emulated_endpoint: str | None
) -> list[Probe]:
    """The probes of an environment, front door first.

    Args:
        outputs: plain values by name, of the environment's Terraform stack.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.
    """
    created = _created(catalogue, outputs)
    looks = _front_door_probes(catalogue, created, outputs, emulated_endpoint)
    reads = _Reads(aws, created, outputs, emulated_endpoint)
    emulated = emulated_endpoint is not None
    for name in created:
        looks += _container_probes(name, reads, emulated=emulated)
    looks.append(
        Probe(
            "cloudfront",
            catalogue.site[0] if catalogue.site else None,
            lambda: probes.cloudfront(reads.distribution),
        )
    )
    if catalogue.containers:
        looks.append(
            Probe("instances", None, lambda: probes.instances(reads.machine_group, emulated=emulated))
        )
    return looks


class _Shared(Generic[_Seen]):
    """One read that several probes of a sweep need: made once, by whoever comes first."""

    def __init__(self, read: Callable[[], _Seen]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._seen: list[_Seen] = []
        self._error: PanelError | None = None

    def __call__(self) -> _Seen:
        with self._lock:
            if self._error is not None:
                raise self._error
            if not self._seen:
                try:
                    self._seen.append(self._read())
                except PanelError as error:
                    self._error = error
                    raise
            return self._seen[0]


class _Reads:
    """The reads of one sweep, found through Terraform's outputs; a missing output reads as a missing thing."""

    def __init__(
        self,
        aws: Aws,
        created: Mapping[str, ContainerService],
        outputs: Mapping[str, object],
        emulated_endpoint: str | None,
    ) -> None:
        self._aws = aws
        self._created = created
        self._outputs = outputs
        # boto3 tries again and again for many seconds; an embedded AWS that is stopped is known at once.
        self._awake = _Shared(
            lambda: door.require_listening(emulated_endpoint) if emulated_endpoint else None
        )
        self._described = _Shared(self._describe)
        self._targets = {name: _Shared(partial(self._read_targets, name)) for name in created}

    def service(self, name: str) -> observe.ServiceSeen | None:
        own_name = _service_output(self._outputs, name, "service_name")
        return self._described().get(own_name)

    def targets(self, name: str) -> Sequence[observe.Target]:
        return self._targets[name]()

    def task_definition(self, name: str, arn: str) -> observe.TaskDefinition:
        return observe.task_definition(self._aws, arn, _service_output(self._outputs, name, "container_name"))

    def distribution(self) -> observe.Distribution:
        distribution_id = _output(self._outputs, "cloudfront_distribution_id")
        self._awake()
        return observe.distribution(self._aws, distribution_id)

    def machine_group(self) -> observe.MachineGroup:
        return observe.machine_group(self._aws, _output(self._outputs, "autoscaling_group_name"))

    def _describe(self) -> Mapping[str, observe.ServiceSeen]:
        """All ECS services of the environment in as few calls as ECS allows."""
        names = [_service_output(self._outputs, name, "service_name") for name in self._created]
        cluster = _output(self._outputs, "cluster_name")
        self._awake()
        return observe.ecs_services(self._aws, cluster, names)

    def _read_targets(self, name: str) -> Sequence[observe.Target]:
        group = _service_output(self._outputs, name, "target_group_arn")
        self._awake()
        return observe.targets(self._aws, group)


def _front_door_probes(
    catalogue: Catalogue,
    created: Mapping[str, ContainerService],
    outputs: Mapping[str, object],
    emulated_endpoint: str | None,
) -> list[Probe]:
    limit = _FRONT_DOOR_TIME_LIMIT_S

    def entrance() -> door.FrontDoor:
        return door.front_door(outputs, emulated_endpoint=emulated_endpoint)

    def api(name: str, path: str) -> Probe:
        return Probe("api", name, lambda: probes.api(lambda: door.get(entrance(), path, limit)))

    looks = []
    if catalogue.site is not None:
        site = catalogue.site[0]
        looks.append(Probe("site", site, lambda: probes.site(lambda: door.site_seen(entrance(), limit))))
    looks += [api(name, item.version_path) for name, item in created.items() if item.version_path is not None]
    return looks


def _container_probes(name: str, reads: _Reads, *, emulated: bool) -> list[Probe]:
    def tasks() -> probes.Finding:
        return probes.tasks(
            lambda: reads.service(name),
            lambda: reads.targets(name),
            lambda arn: reads.task_definition(name, arn),
        )

    return [
        Probe("services", name, tasks),
        Probe("targets", name, lambda: probes.targets(lambda: reads.targets(name), emulated=emulated)),
    ]


def _created(catalogue: Catalogue, outputs: Mapping[str, object]) -> dict[str, ContainerService]:
    """The container services to look at: all, but for one that was added to the catalogue since the last run.

    Such a service is not broken, it is not there yet. Outputs without any services mean a half-made
    environment: there everything is looked for, and found missing.
    """
    known = outputs.get("services")
    if not isinstance(known, Mapping) or not known:
        return catalogue.containers
    return {name: service for name, service in catalogue.containers.items() if name in known}


def _output(outputs: Mapping[str, object], name: str) -> str:
    value = outputs.get(name)
    if not isinstance(value, str) or not value:
        raise _not_there(name)
    return value


def _service_output(outputs: Mapping[str, object], service: str, key: str) -> str:
    services = outputs.get("services")
    own = services.get(service) if isinstance(services, Mapping) else None
    if not isinstance(own, Mapping):
        raise _not_there(f"services.{service}")
    return _output(own, key)


def _not_there(name: str) -> NotFoundError:
    return NotFoundError(
        "This part of the environment is not created.",
        hint="Update the environment, then look again.",
        detail=f"Terraform's output {name!r} is missing",
    )
