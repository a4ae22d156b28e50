"""Which looks an environment has, and where each of them reads.

Belongs here: joining the catalogue and Terraform's outputs to probes. Nothing is asked before a probe is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from panel.aws import front_door as door
from panel.aws.observe import Target
from panel.aws.session import Aws
from panel.catalogue.health import HealthRules, health_for
from panel.catalogue.schema import Catalogue
from panel.health import probes, runner
from panel.health.account_reads import AccountReads
from panel.health.outputs import Place, place_of
from panel.health.probes import AlarmScope, Probe
from panel.health.reads import EnvironmentReads

_FRONT_DOOR_TIME_LIMIT_S = 10.0

#: Probes that ask the environment itself, at this very moment. What the others say may have been heard minutes ago, or
#: elsewhere: that they have an answer does not tell that anything answers now.
ASKING_NOW = frozenset({
    "site", "api", "services", "targets", "cloudfront", "load_balancer", "instances", "alarms",
})  # fmt: skip


def probes_of(
    aws: Aws,
    catalogue: Catalogue,
    outputs: Mapping[str, object],
    *,
    emulated_endpoint: str | None,
    environment: str = "",
) -> list[Probe]:
    """The probes of one environment that is looked at alone, front door first.

    Args:
        outputs: plain values by name, of the environment's Terraform stack.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.
        environment: its name in the catalogue, whose rules of health count; without it those of the project do.
    """
    place = place_of(catalogue, environment, outputs)
    account = AccountReads(aws, [place], now=runner.now(), emulated_endpoint=emulated_endpoint)
    return environment_probes(
        catalogue, place, EnvironmentReads(account, place), emulated_endpoint=emulated_endpoint
    )


def environment_probes(
    catalogue: Catalogue, place: Place, reads: EnvironmentReads, *, emulated_endpoint: str | None
) -> list[Probe]:
    """The probes of one environment, front door first.

    Args:
        reads: where they read, shared with the probes of other environments.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.
    """
    own = catalogue.environments.get(place.name)
    rules = health_for(catalogue.health, own.health if own is not None else None)
    emulated = emulated_endpoint is not None
    looks = _front_door_probes(catalogue, place, rules, emulated_endpoint)
    looks += _edge_probes(catalogue, reads, rules, emulated=emulated)
    for name in place.services:
        looks += _container_probes(name, reads, rules, emulated=emulated)
    if catalogue.containers:
        looks += _world_probes(place, reads, rules, emulated=emulated)
    scope = AlarmScope.of(catalogue.project, place.name, catalogue.environments, place.outputs)
    looks.append(Probe("alarms", None, lambda: probes.alarms(reads.alarms, scope, emulated=emulated)))
    return looks


def _front_door_probes(
    catalogue: Catalogue, place: Place, rules: HealthRules, emulated_endpoint: str | None
) -> list[Probe]:
    limit = _FRONT_DOOR_TIME_LIMIT_S

    def entrance() -> door.FrontDoor:
        return door.front_door(place.outputs, emulated_endpoint=emulated_endpoint)

    def api(name: str, path: str) -> Probe:
        return Probe("api", name, lambda: probes.api(lambda: door.get(entrance(), path, limit), rules=rules))

    looks = []
    if catalogue.site is not None:
        site = catalogue.site[0]
        looks.append(
            Probe("site", site, lambda: probes.site(lambda: door.site_seen(entrance(), limit), rules=rules))
        )
    looks += [
        api(name, item.version_path) for name, item in place.services.items() if item.version_path is not None
    ]
    return looks


def _edge_probes(
    catalogue: Catalogue, reads: EnvironmentReads, rules: HealthRules, *, emulated: bool
) -> list[Probe]:
    """The way to the front door."""
    site = catalogue.site[0] if catalogue.site else None

    def certificate() -> probes.Finding:
        return probes.certificate(
            reads.served_certificate, reads.certificates, now=reads.now, rules=rules, emulated=emulated
        )

    return [
        Probe("dns", None, lambda: probes.dns(reads.name, emulated=emulated)),
        Probe("certificate", None, certificate),
        Probe("cloudfront", site, lambda: probes.cloudfront(reads.distribution)),
        Probe(
            "cloudfront_errors", None,
            lambda: probes.cloudfront_errors(reads.edge_traffic, rules=rules, emulated=emulated),
        ),
    ]  # fmt: skip


def _container_probes(
    name: str, reads: EnvironmentReads, rules: HealthRules, *, emulated: bool
) -> list[Probe]:
    targets = partial(reads.targets, name)

    def tasks() -> probes.Finding:
        return probes.tasks(
            partial(reads.service, name), targets, partial(reads.task_definition, name), reads.tasks,
            now=reads.now, emulated=emulated,
        )  # fmt: skip

    return [
        Probe("services", name, tasks),
        Probe(
            "targets", name, lambda: probes.targets(targets, emulated=emulated, read_tasks=reads.tasks)
        ),
        Probe(
            "utilisation", name,
            lambda: probes.utilisation(partial(reads.utilisation, name), rules=rules, emulated=emulated),
        ),
        Probe("log_errors", name, lambda: probes.log_errors(partial(reads.log_errors, name), rules=rules)),
    ]  # fmt: skip


def _world_probes(
    place: Place, reads: EnvironmentReads, rules: HealthRules, *, emulated: bool
) -> list[Probe]:
    """What all services stand on."""

    def all_targets() -> Sequence[Target]:
        return [target for name in place.services for target in reads.targets(name)]

    def balancer() -> probes.Finding:
        return probes.load_balancer(
            reads.load_balancer, reads.listeners, all_targets, reads.balancer_traffic,
            rules=rules, emulated=emulated,
        )  # fmt: skip

    return [
        Probe("load_balancer", None, balancer),
        Probe("instances", None, lambda: probes.instances(reads.machine_group, emulated=emulated)),
        Probe("state_bucket", None, lambda: probes.state_bucket(partial(reads.bucket, "state_bucket"))),
    ]
