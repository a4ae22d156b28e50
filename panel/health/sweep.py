"""One look at everything of one environment: builds its probes, runs them, and hands back the verdict.

Belongs here: which probes an environment has and what they read. Storing the report is the caller's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from panel.aws import front_door as door
from panel.aws import observe
from panel.aws.observe import ServiceSeen, Target
from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue, ContainerService
from panel.errors import NotFoundError, PanelError
from panel.health import probes, runner
from panel.health.probes import Probe, ProbeResult
from panel.health.rules import Health
from panel.health.verdict import Verdict, judge, lost_verdict, not_created_verdict

#: What a sweep hands back.
Report = Verdict

DEFAULT_TIME_LIMIT_S = 20.0
_FRONT_DOOR_TIME_LIMIT_S = 10.0

#: Exit code of ``panel health`` by verdict. 2 to 4 are taken: usage, refused, timed out.
EXIT_CODES: Mapping[Health, int] = {"healthy": 0, "down": 1, "degraded": 5, "unknown": 6, "not_created": 7}

_Seen = TypeVar("_Seen")


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


def sweep(
    aws: Aws,
    catalogue: Catalogue,
    environment_name: str,
    outputs: Mapping[str, object],
    *,
    emulated_endpoint: str | None,
    lost_world: bool = False,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
) -> Report:
    """Run all probes of one environment and combine them.

    Args:
        outputs: plain values by name, of the environment's Terraform stack. What is missing in them reads
            as missing in the world.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.
        lost_world: the embedded AWS that held this environment is gone; nothing is asked then.
        time_limit_s: seconds for the whole sweep.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    _require(catalogue, environment_name)
    checked_at = runner.now()
    if lost_world:
        return lost_verdict(catalogue, environment_name, checked_at=checked_at)
    looks = probes_of(aws, catalogue, outputs, emulated_endpoint=emulated_endpoint)
    results = runner.run(looks, time_limit_s=time_limit_s)
    emulated = emulated_endpoint is not None
    return judge(catalogue, environment_name, results, emulated=emulated, checked_at=checked_at)


def not_created(catalogue: Catalogue, name: str) -> Report:
    """The report of an environment that is not created; nothing is asked.

    Raises:
        NotFoundError: the catalogue has no such environment.
    """
    _require(catalogue, name)
    return not_created_verdict(catalogue, name, checked_at=runner.now())


def exit_code(report: Report) -> int:
    """Exit code of a command that shows this report: 0 healthy, 1 down, 5 degraded, 6 unknown, 7 not created."""
    return EXIT_CODES[report.verdict]


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain values, for ``--json`` and the store. The names are a promise to scripts."""
    return {
        "environment": report.environment,
        "verdict": report.verdict,
        "checked_at": report.checked_at.isoformat(),
        "causes": [
            {
                "text": cause.text,
                "service": cause.service,
                "owner": {"team": cause.owner.team, "contact": cause.owner.contact},
                "evidence": cause.evidence,
            }
            for cause in report.causes
        ],
        "services": {
            name: {
                "verdict": service.verdict,
                "version": service.version,
                "digest": service.digest,
                "desired": service.desired,
                "running": service.running,
            }
            for name, service in report.services.items()
        },
        "probes": [_probe_to_dict(result) for result in report.probes],
    }


def probes_of(
    aws: Aws, catalogue: Catalogue, outputs: Mapping[str, object], *, emulated_endpoint: str | None
) -> list[Probe]:
    """The probes of an environment, front door first. Nothing is read before a probe is taken."""
    emulated = emulated_endpoint is not None
    limit = _FRONT_DOOR_TIME_LIMIT_S

    def entrance() -> door.FrontDoor:
        return door.front_door(outputs, emulated_endpoint=emulated_endpoint)

    looks: list[Probe] = []
    if catalogue.site is not None:
        looks.append(
            Probe("site", catalogue.site[0], lambda: probes.site(lambda: door.site_seen(entrance(), limit)))
        )
    created = _created(catalogue, outputs)
    for name, service in created.items():
        if service.version_path is not None:
            looks.append(_api_probe(name, service.version_path, entrance, limit))
    described = _Shared(lambda: _described(aws, catalogue, outputs))
    for name, service in created.items():
        looks += _container_probes(aws, name, service, outputs, described, emulated=emulated)
    looks += _shared_probes(aws, catalogue, outputs, emulated=emulated)
    return looks


def _api_probe(name: str, path: str, entrance: Callable[[], door.FrontDoor], limit: float) -> Probe:
    return Probe("api", name, lambda: probes.api(lambda: door.get(entrance(), path, limit)))


def _container_probes(
    aws: Aws,
    name: str,
    service: ContainerService,
    outputs: Mapping[str, object],
    described: Callable[[], Mapping[str, ServiceSeen]],
    *,
    emulated: bool,
) -> list[Probe]:
    def read_service() -> ServiceSeen | None:
        own_name = _service_output(outputs, name, "service_name")
        return described().get(own_name)

    def read_definition(arn: str) -> observe.TaskDefinition:
        return observe.task_definition(aws, arn, _service_output(outputs, name, "container_name"))

    read_targets: Callable[[], Sequence[Target]] = _Shared(
        lambda: observe.targets(aws, _service_output(outputs, name, "target_group_arn"))
    )
    return [
        Probe("services", name, lambda: probes.tasks(read_service, read_targets, read_definition)),
        Probe("targets", name, lambda: probes.targets(read_targets, emulated=emulated)),
    ]


def _shared_probes(
    aws: Aws, catalogue: Catalogue, outputs: Mapping[str, object], *, emulated: bool
) -> list[Probe]:
    site = catalogue.site[0] if catalogue.site else None
    looks = [
        Probe(
            "cloudfront",
            site,
            lambda: probes.cloudfront(
                lambda: observe.distribution(aws, _output(outputs, "cloudfront_distribution_id"))
            ),
        )
    ]
    if catalogue.containers:
        looks.append(
            Probe(
                "instances",
                None,
                lambda: probes.instances(
                    lambda: observe.machine_group(aws, _output(outputs, "autoscaling_group_name")),
                    emulated=emulated,
                ),
            )
        )
    return looks


def _described(aws: Aws, catalogue: Catalogue, outputs: Mapping[str, object]) -> Mapping[str, ServiceSeen]:
    """All ECS services of the environment in as few calls as ECS allows."""
    names = [_service_output(outputs, name, "service_name") for name in _created(catalogue, outputs)]
    return observe.ecs_services(aws, _output(outputs, "cluster_name"), names)


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


def _require(catalogue: Catalogue, environment: str) -> None:
    if environment not in catalogue.environments:
        raise NotFoundError(
            f"There is no environment {environment!r} in environments.yaml.",
            hint=f"Use one of: {', '.join(sorted(catalogue.environments))}.",
        )


def _probe_to_dict(result: ProbeResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "service": result.service,
        "verdict": result.verdict,
        "detail": result.detail,
        "evidence": result.evidence,
        "checked_at": result.checked_at.isoformat(),
        "elapsed_ms": result.elapsed_ms,
    }
