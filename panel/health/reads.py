"""All reads of one sweep over an account: each made once, for as many environments at a time as AWS allows.

Belongs here: finding what to read through Terraform's outputs, which reads share a call, and how long each counts.
A missing output reads as a missing thing. Nothing is asked before a probe wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, TypeVar, cast

from panel.aws import front_door as door
from panel.aws import observe, observe_balancers, observe_metrics
from panel.aws.dns import NameSeen, name_seen
from panel.aws.observe_alarms import Alarm, alarms
from panel.aws.observe_buckets import Bucket, bucket
from panel.aws.observe_certificates import Certificate, ServedCertificate, certificate, served_certificate
from panel.aws.observe_logs import WINDOW_S as LOG_WINDOW_S
from panel.aws.observe_logs import LogErrors, log_errors
from panel.aws.observe_tasks import Task, tasks
from panel.aws.session import Aws
from panel.catalogue.schema import Catalogue, ContainerService
from panel.errors import NotFoundError, PanelError
from panel.health.outputs import output, service_output
from panel.health.read_cache import FOREVER_S, Batched, NotItsTurnError, Once, ReadCache

#: Of so few environments everything is read in each sweep, and distributions are asked one by one, which tells of
#: invalidations. Of more, lists have to do, and what hardly changes is read in turns.
FEW = 10
# Figures of CloudWatch cost a cent for a thousand; certificates, buckets and listeners hardly ever change.
_METRICS_S, _LOGS_S, _SELDOM_S = 300.0, float(LOG_WINDOW_S), 1800.0
# Tasks are read again at once when their service changes; this is for what it does not tell.
_TASKS_S, _TASKS_OF_MANY_S, _TARGETS_OF_MANY_S = 60.0, 600.0, 90.0
_NAMES_S = 60.0
_TASKS_CALLS, _BUCKET_CALLS = 3, 2
#: The turns of targets: their service takes far fewer calls than the others.
TARGETS_LANE = "targets"
_BALANCERS, _GROUPS, _ENVIRONMENTS_OF_METRICS = 20, 50, 40

_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Place:
    """Where an environment's things are: Terraform's outputs, and the container services that were created."""

    name: str
    outputs: Mapping[str, object]
    services: Mapping[str, ContainerService]


def place_of(catalogue: Catalogue, name: str, outputs: Mapping[str, object]) -> Place:
    """The place of one environment.

    A service that was added to the catalogue since the last run is not broken, it is not there yet: it is left out.
    Outputs without any services mean a half-made environment: there everything is looked for, and found missing.

    Args:
        outputs: plain values by name, of the environment's Terraform stack.
    """
    known = outputs.get("services")
    if not isinstance(known, Mapping) or not known:
        return Place(name, outputs, catalogue.containers)
    there = {service: found for service, found in catalogue.containers.items() if service in known}
    return Place(name, outputs, there)


class AccountReads:
    """The reads of one sweep.

    Args:
        places: all environments that are looked at.
        now: the moment of the sweep, with time zone.
        cache: answers of earlier sweeps that still count; nothing is kept without one.
        emulated_endpoint: address of the embedded AWS, ``None`` on AWS itself.
    """

    def __init__(
        self,
        aws: Aws,
        places: Sequence[Place],
        *,
        now: datetime,
        cache: ReadCache | None = None,
        emulated_endpoint: str | None = None,
    ) -> None:
        self.aws, self.now, self.places = aws, now, places
        self.cache = cache or ReadCache()
        self.few = len(places) <= FEW
        self._once: dict[Hashable, Once[Any]] = {}
        self._lock = Lock()
        # boto3 tries again and again for many seconds; an embedded AWS that is stopped is known at once.
        self._awake = Once(lambda: door.require_listening(emulated_endpoint) if emulated_endpoint else None)
        self._distributions = Once(self._all_distributions)
        self.balancers = Batched(
            self._named("load_balancer_arn"), _BALANCERS, self._awake_first(observe_balancers.load_balancers)
        )
        self.machine_groups = Batched(
            self._named("autoscaling_group_name"), _GROUPS, self._awake_first(observe.machine_groups)
        )
        self._metrics = Batched(
            [place.name for place in places], _ENVIRONMENTS_OF_METRICS, self._some_metrics
        )
        self._edge_metrics = Batched(
            self._named("cloudfront_distribution_id"),
            2 * _ENVIRONMENTS_OF_METRICS,
            self._some_edge_metrics,
        )

    def of(self, place: Place) -> EnvironmentReads:
        """The reads of one environment among them."""
        return EnvironmentReads(self, place)

    def once(self, key: Hashable, read: Callable[[], _Seen]) -> _Seen:
        """A read that nothing else shares a call with; made once in this sweep."""
        with self._lock:
            once = self._once.setdefault(key, Once(lambda: (self._awake(), read())[1]))
        return cast("_Seen", once())

    def kept(
        self, key: Hashable, lasts_s: float, read: Callable[[], _Seen], *, calls: int = 0, lane: str = ""
    ) -> _Seen:
        """A read whose answer counts for some seconds, across sweeps; in turns, where it says how many it takes."""
        return self.once(
            ("kept", key), lambda: self.cache.get(key, read, lasts_s=lasts_s, calls=calls, lane=lane)
        )

    def distribution(self, distribution_id: str) -> observe.Distribution:
        """A CloudFront distribution, of the list of all where there are many."""
        if self.few:
            return self.once(
                ("distribution", distribution_id), lambda: observe.distribution(self.aws, distribution_id)
            )
        found = self._distributions().get(distribution_id)
        if found is None:
            raise observe.gone(f"the CloudFront distribution {distribution_id}")
        return found

    def alarms(self) -> tuple[Alarm, ...]:
        """All alarms of the account, those of CloudFront's region too."""
        regions = dict.fromkeys([self.aws.account.region, observe_metrics.EDGE_REGION])
        if self.aws.account.emulated:
            regions = dict.fromkeys([self.aws.account.region])
        return tuple(
            alarm
            for region in regions
            for alarm in self.once(("alarms", region), partial(alarms, self.aws, region=region))
        )

    def metrics(self, place: Place) -> observe_metrics.Metrics:
        """Figures of an environment's load balancer and services."""
        return self._metrics.get(place.name) or {}

    def edge_metrics(self, distribution_id: str) -> observe_metrics.Metrics:
        """Figures of a CloudFront distribution."""
        return self._edge_metrics.get(distribution_id) or {}

    def _named(self, name: str) -> list[str]:
        found = (place.outputs.get(name) for place in self.places)
        return [value for value in found if isinstance(value, str) and value]

    def _awake_first(
        self, read: Callable[[Aws, Sequence[str]], Mapping[str, _Seen]]
    ) -> Callable[[Sequence[str]], Mapping[str, _Seen]]:
        def awake(keys: Sequence[str]) -> Mapping[str, _Seen]:
            self._awake()
            return read(self.aws, keys)

        return awake

    def _all_distributions(self) -> dict[str, observe.Distribution]:
        self._awake()
        return observe.distributions(self.aws)

    def _some_metrics(self, names: Sequence[str]) -> dict[str, observe_metrics.Metrics]:
        of = {place.name: place for place in self.places}
        queries = {name: _queries(of[name]) for name in names}
        begin = self.now - timedelta(seconds=observe_metrics.WINDOW_S)
        return self._figures(queries, begin, None)

    def _some_edge_metrics(self, ids: Sequence[str]) -> dict[str, observe_metrics.Metrics]:
        begin = self.now - timedelta(seconds=observe_metrics.EDGE_WINDOW_S)
        queries = {key: [*observe_metrics.edge_queries(key)] for key in ids}
        return self._figures(queries, begin, observe_metrics.EDGE_REGION)

    def _figures(
        self, queries: Mapping[str, list[observe_metrics.MetricQuery]], begin: datetime, region: str | None
    ) -> dict[str, observe_metrics.Metrics]:
        """Figures by whatever they are of, kept for some minutes: each that is asked for costs."""
        wanted = [query for own in queries.values() for query in own]
        self._awake()
        seen = self.cache.get(
            ("metrics", region, tuple(queries)),
            lambda: observe_metrics.metrics(self.aws, wanted, begin=begin, end=self.now, region=region),
            lasts_s=_METRICS_S,
        )
        return {name: {query: seen.get(query, ()) for query in own} for name, own in queries.items()}


class EnvironmentReads:
    """The reads of one environment. All raise NotFoundError where something was not created, or AWS does not know it,
    and EndpointError or AwsError where it could not be read."""

    def __init__(self, account: AccountReads, place: Place) -> None:
        self._account, self._place = account, place
        self._aws = account.aws

    @property
    def now(self) -> datetime:
        """The moment of the sweep."""
        return self._account.now

    def service(self, name: str) -> observe.ServiceSeen | None:
        """An ECS service; None where ECS does not know it."""
        return self._services().get(self._of(name, "service_name"))

    def targets(self, name: str) -> Sequence[observe.Target]:
        """The registered targets of a service. Among many environments those that are well are read every few sweeps,
        unless their service changed."""
        group = self._of(name, "target_group_arn")
        if self._account.few:
            return self._account.once(("targets", group), lambda: observe.targets(self._aws, group))
        before: tuple[Hashable, Sequence[observe.Target]] | None = self._account.cache.peek(
            ("targets", group)
        )
        try:
            standing, well = self._standing()
        except PanelError:
            standing, well = None, False
        well = well and before is not None and all(target.state == "healthy" for target in before[1])
        now = not well or before is None or before[0] != standing
        return self._account.kept(
            ("targets", group), 0 if now else _TARGETS_OF_MANY_S,
            lambda: (standing, observe.targets(self._aws, group)), calls=0 if now else 1, lane=TARGETS_LANE,
        )[1]  # fmt: skip

    def task_definition(self, name: str, arn: str) -> observe.TaskDefinition:
        """What a revision runs. A revision never changes, and who was not read yet has no version yet."""
        container = self._of(name, "container_name")
        try:
            return self._account.kept(
                ("definition", arn, container), FOREVER_S,
                lambda: observe.task_definition(self._aws, arn, container), calls=1,
            )  # fmt: skip
        except NotItsTurnError:
            return observe.TaskDefinition(arn, "", None, None)

    def tasks(self) -> Sequence[Task]:
        """All tasks of the cluster. Read anew when a service changed or is not well, and every few minutes."""
        standing, well = self._standing()
        cluster = self._output("cluster_name")
        before: tuple[Hashable, Sequence[Task]] | None = self._account.cache.peek(("tasks", cluster))
        now = not well or (before is not None and before[0] != standing)
        lasts_s = _TASKS_S if self._account.few else _TASKS_OF_MANY_S
        return self._account.kept(
            ("tasks", cluster), 0 if now else lasts_s, lambda: (standing, tasks(self._aws, cluster)),
            calls=0 if now else _TASKS_CALLS,
        )[1]  # fmt: skip

    def distribution(self) -> observe.Distribution:
        """The CloudFront distribution."""
        return self._account.distribution(self._output("cloudfront_distribution_id"))

    def edge_traffic(self) -> observe_metrics.EdgeTraffic:
        """What CloudFront answered of late."""
        own = self._output("cloudfront_distribution_id")
        return observe_metrics.edge_traffic(self._account.edge_metrics(own), own)

    def load_balancer(self) -> observe_balancers.LoadBalancer:
        """The load balancer."""
        arn = self._output("load_balancer_arn")
        found = self._account.balancers.get(arn)
        if found is None:
            raise observe.gone(f"the load balancer {arn}")
        return found

    def listeners(self) -> Sequence[observe_balancers.Listener]:
        """What the load balancer listens on."""
        arn = self._output("load_balancer_arn")
        return self._account.kept(
            ("listeners", arn), _SELDOM_S, lambda: observe_balancers.listeners(self._aws, arn), calls=1
        )

    def balancer_traffic(self) -> observe_metrics.BalancerTraffic:
        """What the load balancer answered of late."""
        arn = self._output("load_balancer_arn")
        return observe_metrics.balancer_traffic(self._account.metrics(self._place), arn)

    def machine_group(self) -> observe.MachineGroup:
        """The autoscaling group."""
        name = self._output("autoscaling_group_name")
        found = self._account.machine_groups.get(name)
        if found is None:
            raise observe.gone(f"the autoscaling group {name}")
        return found

    def utilisation(self, name: str) -> observe_metrics.Utilisation:
        """What a service uses of what its tasks have set aside."""
        service = self._of(name, "service_name")
        seen = self._account.metrics(self._place)
        return observe_metrics.utilisation(seen, self._output("cluster_name"), service)

    def certificates(self) -> Sequence[Certificate]:
        """The certificates as AWS Certificate Manager has them."""
        arns = self._place.outputs.get("certificate_arns")
        if not isinstance(arns, Mapping):
            self._output("certificate_arns")
        named = [arn for arn in cast("Mapping[str, object]", arns).values() if isinstance(arn, str) and arn]
        return [
            self._account.kept(("certificate", arn), _SELDOM_S, partial(certificate, self._aws, arn), calls=1)
            for arn in named
        ]

    def name(self) -> NameSeen:
        """Where the domain leads. Nothing of AWS is asked for it."""
        domain, edge = self._output("domain_name"), self._output("cloudfront_domain_name")
        return self._account.cache.get(
            ("name", domain, edge), lambda: name_seen(domain, edge), lasts_s=_NAMES_S
        )

    def served_certificate(self) -> ServedCertificate:
        """The certificate that people's browsers are shown. Nothing of AWS is asked for it."""
        host = self._output("domain_name")
        return self._account.cache.get(("served", host), lambda: served_certificate(host), lasts_s=_METRICS_S)

    def bucket(self, name: str) -> Bucket:
        """A bucket; ``name`` is that of its output, such as ``state_bucket``."""
        own = self._output(name)
        return self._account.kept(
            ("bucket", own), _SELDOM_S, lambda: bucket(self._aws, own), calls=_BUCKET_CALLS
        )

    def alarms(self) -> Sequence[Alarm]:
        """All alarms of the account; nobody is asked of an environment that has nothing an alarm could be about."""
        if not self._place.outputs.get("cluster_name"):
            self._output("cloudfront_distribution_id")
        return self._account.alarms()

    def log_errors(self, name: str) -> LogErrors:
        """Lines of a service's log that looked like errors of late."""
        group = self._of(name, "log_group")
        begin = self.now - timedelta(seconds=LOG_WINDOW_S)
        return self._account.kept(
            ("log errors", group), _LOGS_S,
            lambda: log_errors(self._aws, group, begin=begin, end=self.now), calls=1,
        )  # fmt: skip

    def _services(self) -> Mapping[str, observe.ServiceSeen]:
        """All ECS services of the environment in as few calls as ECS allows."""
        names = [self._of(name, "service_name") for name in self._place.services]
        cluster = self._output("cluster_name")
        return self._account.once(
            ("services", cluster), lambda: observe.ecs_services(self._aws, cluster, names)
        )

    def _standing(self) -> tuple[Hashable, bool]:
        """What changes when a task of the environment starts or ends; and whether as many run as are wanted."""
        services = [*self._services().values()]
        well = all(service.running == service.desired and not service.pending for service in services)
        return tuple(_standing(service) for service in services), well

    def _output(self, name: str) -> str:
        return output(self._place.outputs, name)

    def _of(self, service: str, key: str) -> str:
        return service_output(self._place.outputs, service, key)


def _standing(service: observe.ServiceSeen) -> tuple[Hashable, ...]:
    """What changes when a task of the service starts or ends."""
    newest = service.events[0].at if service.events else None
    return (
        service.name, service.desired, service.running, service.pending, newest,
        tuple((one.id, one.running, one.failed) for one in service.deployments),
    )  # fmt: skip


def _queries(place: Place) -> list[observe_metrics.MetricQuery]:
    """The figures of an environment's load balancer and services; of what was not created there are none."""
    found: list[observe_metrics.MetricQuery] = []
    try:
        found += observe_metrics.balancer_queries(output(place.outputs, "load_balancer_arn"))
        cluster = output(place.outputs, "cluster_name")
        for name in place.services:
            service = service_output(place.outputs, name, "service_name")
            found += observe_metrics.service_queries(cluster, service)
    except NotFoundError:
        pass  # whoever wants a figure of it finds the output missing too, and says so
    return found
