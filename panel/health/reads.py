"""What one environment reads in a sweep, over the reads of its whole account.

Belongs here: finding what to read through Terraform's outputs, and how long each answer counts. A missing output reads as
a missing thing. Nothing is asked before a probe wants it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from panel.aws import observe, observe_balancers, observe_metrics
from panel.aws.dns import NameSeen, name_seen
from panel.aws.observe_alarms import Alarm
from panel.aws.observe_buckets import Bucket, bucket
from panel.aws.observe_certificates import Certificate, ServedCertificate, certificate, served_certificate
from panel.aws.observe_logs import WINDOW_S as LOG_WINDOW_S
from panel.aws.observe_logs import LogErrors, log_errors
from panel.aws.observe_tasks import Task, tasks
from panel.errors import PanelError
from panel.health.account_reads import METRICS_S, AccountReads
from panel.health.outputs import Place, output, service_output
from panel.health.read_cache import FOREVER_S, NotItsTurnError

# Certificates, buckets and listeners hardly ever change.
_LOGS_S, _SELDOM_S = float(LOG_WINDOW_S), 1800.0
# Tasks are read again at once when their service changes; this is for what it does not tell.
_TASKS_S, _TASKS_OF_MANY_S, _TARGETS_OF_MANY_S = 60.0, 600.0, 90.0
_NAMES_S = 60.0
_TASKS_CALLS, _BUCKET_CALLS = 3, 2
#: The turns of targets: their service takes far fewer calls than the others.
TARGETS_LANE = "targets"


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
        return self._account.cache.get(("served", host), lambda: served_certificate(host), lasts_s=METRICS_S)

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
