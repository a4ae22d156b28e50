"""What the environments of an account share: calls that tell of many of them, and answers that count for longer.

Belongs here: which reads share a call, and how each is made once. What one environment reads is in
:mod:`panel.health.reads`. Nothing is asked before a probe wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, TypeVar, cast

from panel.aws import front_door as door
from panel.aws import observe, observe_balancers, observe_metrics
from panel.aws.observe_alarms import Alarm, alarms
from panel.aws.session import Aws
from panel.errors import NotFoundError
from panel.health.outputs import Place, output, service_output
from panel.health.read_cache import Batched, Once, ReadCache

#: Of so few environments everything is read in each sweep, and distributions are asked one by one, which tells of
#: invalidations. Of more, lists have to do, and what hardly changes is read in turns.
FEW = 10
# Figures of CloudWatch cost a cent for a thousand.
METRICS_S = 300.0
_BALANCERS, _GROUPS, _ENVIRONMENTS_OF_METRICS = 20, 50, 40

_Seen = TypeVar("_Seen")


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
            lasts_s=METRICS_S,
        )
        return {name: {query: seen.get(query, ()) for query in own} for name, own in queries.items()}


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
