"""Looks at what an environment stands on: load balancer, machines, bucket, and the alarms that people have set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from panel.aws.observe import MachineGroup, Target
from panel.aws.observe_alarms import Alarm
from panel.aws.observe_balancers import Listener, LoadBalancer
from panel.aws.observe_buckets import Bucket
from panel.aws.observe_metrics import WINDOW_S, BalancerTraffic
from panel.catalogue.health import HealthRules
from panel.errors import PanelError
from panel.health.finding import DEFAULT_RULES, Finding, ProbeState, Reading, not_read
from panel.health.probes_tasks import target_zones

_LEAVING = frozenset({"draining", "unused"})
_ALARMS_SHOWN = 5
# Made by AWS to steer the number of tasks and machines: one of them rings whenever little is to be done.
_STEERING = "TargetTracking-"
_STATES: Mapping[str, tuple[ProbeState, str]] = {
    "provisioning": ("degraded", "The load balancer is still being made."),
    "active_impaired": ("degraded", "The load balancer works, but cannot grow with the traffic."),
    "failed": ("down", "The load balancer could not be made."),
}
_OUTPUTS = (
    "cluster_name", "autoscaling_group_name", "cloudfront_distribution_id", "site_bucket", "state_bucket",
)  # fmt: skip


def load_balancer(
    read: Callable[[], LoadBalancer | None],
    read_listeners: Callable[[], Sequence[Listener]],
    read_targets: Callable[[], Sequence[Target]],
    read_traffic: Callable[[], BalancerTraffic],
    *,
    rules: HealthRules = DEFAULT_RULES,
    emulated: bool,
) -> Finding:
    """Whether the load balancer takes requests, has somewhere to pass them on to, and what became of them.

    Args:
        read_targets: of all services of the environment together.
        read_traffic: its figures; not asked on the embedded AWS, which measures nothing.
    """
    try:
        seen = read()
        if seen is None:
            return Finding("down", "The load balancer does not exist.", "no such load balancer")
        listening = read_listeners()
        targets = [target for target in read_targets() if target.state not in _LEAVING]
    except PanelError as error:
        return not_read(error)
    evidence = _balancer_evidence(seen, listening, targets)
    reading = Reading(zones={} if emulated else target_zones(targets, ()))
    stands = _standing(seen, listening, targets)
    if stands is not None and (stands.verdict == "down" or (emulated and stands.verdict == "degraded")):
        return replace(stands, evidence=evidence, reading=reading)
    if emulated:
        detail = (
            "The load balancer exists; the embedded AWS neither checks its targets nor measures its answers."
        )
        return Finding("unknown", detail, evidence)
    try:
        busy, notice = _traffic(read_traffic(), rules), ""
    except PanelError as error:
        why = not_read(error)
        busy, notice = None, f"Errors and speed of the load balancer are not measured. {why.detail}"
        evidence += f"; figures not read: {why.evidence}"
    if busy is None:
        fine = stands or Finding("healthy", "The load balancer passes requests on.")
        return replace(fine, evidence=evidence, reading=reading, notice=notice)
    measured = replace(reading, measures=busy.reading.measures if busy.reading else {})
    told = busy if stands is None or (stands.verdict, busy.verdict) == ("unknown", "degraded") else stands
    return replace(told, evidence=f"{evidence}; {busy.evidence}", reading=measured)


def instances(read: Callable[[], MachineGroup], *, emulated: bool) -> Finding:
    """Whether as many machines are in service as are wanted. The embedded AWS has no machines to ask."""
    if emulated:
        return Finding("unknown", "The embedded AWS runs tasks without machines.", reached=False)
    try:
        group = read()
    except PanelError as error:
        return not_read(error)
    ready = [machine for machine in group.machines if machine.in_service]
    zones = dict(sorted(Counter(machine.zone for machine in ready if machine.zone).items()))
    reading = Reading(zones=zones)
    evidence = ", ".join(f"{m.id} {m.zone} {m.lifecycle} {m.health}" for m in group.machines) or "no instance"
    if len(ready) >= group.desired:
        notice = ""
        if len(ready) > 1 and len(zones) == 1:
            notice = f"All machines are in one zone ({next(iter(zones))})."
        detail = f"{len(ready)} of {group.desired} machines in service."
        return Finding("healthy", detail, evidence, reading, notice=notice)
    if ready:
        detail = (
            f"Only {len(ready)} of {group.desired} machines {'is' if len(ready) == 1 else 'are'} in service."
        )
        return Finding("degraded", detail, evidence, reading)
    return Finding("down", f"None of {group.desired} machines is in service.", evidence, reading)


def state_bucket(read: Callable[[], Bucket]) -> Finding:
    """Whether the bucket that the services keep their data in is there, and forgives mistakes."""
    try:
        seen = read()
    except PanelError as error:
        return not_read(error)
    evidence = f"{seen.name}, versioning {'on' if seen.versioned else 'off'}"
    notice = "" if seen.versioned else "What is deleted from the data by mistake cannot be got back."
    return Finding("healthy", "The place for the services' data is there.", evidence, notice=notice)


@dataclass(frozen=True)
class AlarmScope:
    """Which alarms are about an environment.

    Attributes:
        prefix: ``<project>-<environment>``, as names of its things begin.
        others: prefixes of the other environments, one of which may begin with this one's.
        things: names and ids that are of this environment alone, as they stand in dimensions of metrics.
    """

    prefix: str
    others: tuple[str, ...]
    things: frozenset[str]

    @classmethod
    def of(
        cls, project: str, environment: str, environments: Iterable[str], outputs: Mapping[str, object]
    ) -> AlarmScope:
        """The scope of one environment.

        Args:
            environments: names of all environments of the project.
            outputs: plain values by name, of the environment's Terraform stack.
        """
        things = {value for name in _OUTPUTS if isinstance(value := outputs.get(name), str) and value}
        balancer = outputs.get("load_balancer_arn")
        if isinstance(balancer, str) and ":loadbalancer/" in balancer:
            things.add(balancer.partition(":loadbalancer/")[2])
        others = (f"{project}-{name}" for name in environments if name != environment)
        return cls(f"{project}-{environment}", tuple(sorted(others)), frozenset(things))

    def covers(self, alarm: Alarm) -> bool:
        """Whether an alarm is about this environment: by what its metric is of, or else by its name."""
        if alarm.name.startswith(_STEERING):
            return False
        if self.things & set(alarm.dimensions.values()):
            return True
        mine = [prefix for prefix in (self.prefix, *self.others) if _begins(alarm.name, prefix)]
        return bool(mine) and max(mine, key=len) == self.prefix


def alarms(read: Callable[[], Sequence[Alarm]], scope: AlarmScope, *, emulated: bool = False) -> Finding:
    """Whether one of the alarms that people have set for this environment rings."""
    try:
        own = [alarm for alarm in read() if scope.covers(alarm)]
    except PanelError as error:
        return not_read(error)
    ringing = [alarm for alarm in own if alarm.state == "ALARM"]
    if ringing:
        words = ringing[0].description or ringing[0].reason
        detail = f"The alarm {ringing[0].name} rings: {words.rstrip('.')}."
        if len(ringing) > 1:
            detail = f"{len(ringing)} alarms ring, among them {ringing[0].name}: {words.rstrip('.')}."
        evidence = "; ".join(_alarm_evidence(alarm) for alarm in ringing[:_ALARMS_SHOWN])
        return Finding("degraded", detail, evidence)
    told = [alarm for alarm in own if alarm.state == "OK"]
    evidence = f"{len(told)} OK of {len(own)} alarms"
    if not own:
        return Finding("unknown", "No alarm is set for this environment.", "no alarm of CloudWatch")
    if not told or emulated:
        return Finding("unknown", "No alarm rings, and none has anything to go by.", evidence)
    return Finding("healthy", f"None of {len(own)} alarm{'' if len(own) == 1 else 's'} rings.", evidence)


def _standing(seen: LoadBalancer, listening: Sequence[Listener], targets: Sequence[Target]) -> Finding | None:
    """What is wrong with the load balancer as it stands; ``None`` if nothing is."""
    if seen.state in _STATES:
        return Finding(*_STATES[seen.state])
    if not listening:
        return Finding("down", "The load balancer listens on no port: nothing can reach the services.")
    # That is the tasks' fault, which their own looks call down: the owner of the service is to be called.
    if not targets:
        return Finding("degraded", "The load balancer has no task to pass requests on to.")
    if all(target.state == "unhealthy" for target in targets):
        return Finding("degraded", "No task answers the load balancer.")
    if seen.state != "active":
        return Finding("unknown", "The load balancer does not say whether it works.")
    return None


def _traffic(seen: BalancerTraffic, rules: HealthRules) -> Finding | None:
    """What the figures mean; ``None`` where nothing was measured, which is how a load balancer says "no requests"."""
    if seen.requests is None:
        return None
    errors = (seen.own_errors or 0) + (seen.target_errors or 0)
    # A request that no task was found for is an error and not among the requests.
    total = max(seen.requests, errors)
    percent = 100 * errors / total if total else 0.0
    measures = {"requests": total, "errors_5xx": errors, "error_percent": percent}
    evidence = (
        f"{total:.0f} requests in {WINDOW_S // 60} minutes, {seen.own_errors or 0:.0f} errors of its own, "
    )
    evidence += f"{seen.target_errors or 0:.0f} of tasks"
    if seen.latency_ms is not None:
        measures["latency_ms"] = seen.latency_ms
        evidence += f", {seen.latency_ms:.0f} ms on average"
    reading = Reading(measures=measures)
    if total >= rules.errors_from and percent >= rules.error_percent:
        return Finding("degraded", f"{percent:.1f} % of the requests ended in an error.", evidence, reading)
    if seen.latency_ms is not None and seen.latency_ms > rules.slow_ms:
        detail = f"The services answer slowly: {seen.latency_ms / 1000:.1f} s on average."
        return Finding("degraded", detail, evidence, reading)
    return Finding("healthy", "The load balancer passes requests on.", evidence, reading)


def _balancer_evidence(seen: LoadBalancer, listening: Sequence[Listener], targets: Sequence[Target]) -> str:
    ports = ", ".join(f"{item.protocol} {item.port}" for item in listening) or "no listener"
    states = ", ".join(
        f"{count} {state}" for state, count in sorted(Counter(target.state for target in targets).items())
    )
    words = f"{seen.name} {seen.state or 'state not told'}; {ports}; targets: {states or 'none'}"
    return f"{words}; {seen.reason}" if seen.reason else words


def _begins(name: str, prefix: str) -> bool:
    return name == prefix or (name.startswith(prefix) and not name[len(prefix)].isalnum())


def _alarm_evidence(alarm: Alarm) -> str:
    since = f" since {alarm.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if alarm.since else ""
    return f"{alarm.name} {alarm.state}{since}: {alarm.reason}"
