"""Looks at one service of containers: its tasks, its targets, what it uses, what it logs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from panel.aws.observe import Deployment, ServiceSeen, Target, TaskDefinition
from panel.aws.observe_logs import WINDOW_S, LogErrors
from panel.aws.observe_metrics import Utilisation
from panel.aws.observe_tasks import Task
from panel.catalogue.health import HealthRules
from panel.errors import NotFoundError, PanelError
from panel.health import probes_tasks as facts
from panel.health.finding import DEFAULT_RULES, EventSeen, Finding, Reading, not_read
from panel.masking import Masker

#: So many tasks that ended by themselves within ten minutes: a service that starts again and again.
CRASHES = 3
_EVENTS_SHOWN = 10
_DEFINITIONS_READ = 3
_MASKER = Masker()

# A draining target takes no new request: it does not count as registered.
_LEAVING = frozenset({"draining", "unused"})


def tasks(
    read_service: Callable[[], ServiceSeen | None],
    read_targets: Callable[[], Sequence[Target]],
    read_definition: Callable[[str], TaskDefinition],
    read_tasks: Callable[[], Sequence[Task]] | None = None,
    *,
    now: datetime | None = None,
    emulated: bool = False,
) -> Finding:
    """Whether as many tasks serve as are wanted, and stay.

    A task counts when ECS says that it runs *and* its address is registered in the target group: the
    embedded AWS says ``RUNNING`` for everything.

    Args:
        read_tasks: tasks of the cluster, those of other services too; without it single tasks are not looked at.
        now: with time zone; the present moment where it is not given.
    """
    try:
        seen = read_service()
        if seen is None or seen.status != "ACTIVE":
            return Finding(
                "down", "The service does not exist.", f"ECS status {seen.status if seen else 'missing'}"
            )
        registered = _registered(read_targets())
        definition = read_definition(seen.serving_task_definition)
    except PanelError as error:
        return not_read(error)
    single, unread = _single_tasks(read_tasks, seen.name)
    moment = now or datetime.now(UTC)
    crashed = facts.ended_by_themselves(_wanted(single, seen), moment)
    reading = Reading(
        definition.version,
        definition.digest,
        seen.desired,
        min(seen.running, len(registered)),
        seen.pending,
        tasks=facts.shown_tasks(
            single, registered, _versions(single, definition, read_definition), moment, emulated=emulated
        ),
        events=tuple(
            EventSeen(event.at, _MASKER.text(event.message)) for event in seen.events[:_EVENTS_SHOWN]
        ),
        zones=facts.serving_zones(single),
    )
    found = _judged(seen, min(seen.running, len(registered)), crashed)
    evidence = _counts(seen, len(registered)) + _crash_evidence(crashed) + unread
    notice = "" if found.verdict == "down" else _one_zone(single, emulated=emulated)
    return replace(found, evidence=evidence, reading=reading, notice=notice)


def targets(
    read_targets: Callable[[], Sequence[Target]],
    *,
    emulated: bool,
    read_tasks: Callable[[], Sequence[Task]] | None = None,
) -> Finding:
    """Whether the load balancer can reach the service's tasks, and in which zones.

    The embedded AWS calls every target healthy, so there the best answer is *unknown*.

    Args:
        read_tasks: tells the zone of a target that the load balancer names none of.
    """
    try:
        registered = _registered(read_targets())
    except PanelError as error:
        return not_read(error)
    evidence = ", ".join(
        " ".join(part for part in (f"{t.address}:{t.port}", t.zone, t.state, t.reason) if part)
        for t in registered
    )
    if not registered:
        return Finding("down", "No task is registered with the load balancer.", "no registered target")
    if emulated:
        detail = f"{len(registered)} registered; the embedded AWS does not check whether they answer."
        return Finding("unknown", detail, evidence)
    single: Sequence[Task] = ()
    if any(not target.zone for target in registered):
        single, _ = _single_tasks(read_tasks, None)
    reading = Reading(zones=facts.target_zones(registered, single))
    healthy = sum(target.state == "healthy" for target in registered)
    counted = f"{healthy} of {len(registered)}"
    if healthy == len(registered):
        return Finding("healthy", f"{counted} tasks answer the load balancer.", evidence, reading)
    if healthy:
        return Finding("degraded", f"Only {counted} tasks answer the load balancer.", evidence, reading)
    if any(target.state == "unhealthy" for target in registered):
        return Finding("down", "No task answers the load balancer.", evidence, reading)
    return Finding("unknown", "The load balancer has not finished its first checks.", evidence, reading)


def utilisation(
    read: Callable[[], Utilisation], *, rules: HealthRules = DEFAULT_RULES, emulated: bool
) -> Finding:
    """How much a service uses of what its tasks have set aside."""
    if emulated:
        return Finding("unknown", "The embedded AWS measures nothing.", reached=False)
    try:
        seen = read()
    except PanelError as error:
        return not_read(error)
    figures = (
        ("processor", "cpu_percent", seen.cpu_percent, rules.cpu_percent),
        ("memory", "memory_percent", seen.memory_percent, rules.memory_percent),
    )
    measures = {key: value for _, key, value, _ in figures if value is not None}
    if not measures:
        return Finding("unknown", "Nothing was measured in the last minutes.", "no figures of CloudWatch")
    evidence = ", ".join(
        f"{key} {value:.0f} (limit {limit:g})" for _, key, value, limit in figures if value is not None
    )
    reading = Reading(measures=measures)
    close = [word for word, _, value, limit in figures if value is not None and value >= limit]
    used = ", ".join(f"{word} {value:.0f} %" for word, _, value, _ in figures if value is not None)
    if close:
        detail = f"The service is close to its limit of {' and '.join(close)}: {used}."
        return Finding("degraded", detail, evidence, reading)
    return Finding("healthy", f"The service has enough in reserve: {used} used.", evidence, reading)


def log_errors(
    read: Callable[[], LogErrors],
    *,
    rules: HealthRules = DEFAULT_RULES,
    mask: Callable[[str], str] = _MASKER.text,
) -> Finding:
    """How many lines of a service's log looked like errors lately.

    Args:
        mask: takes what is secret out of a line before it is shown.
    """
    minutes = WINDOW_S // 60
    try:
        seen = read()
    except NotFoundError as error:
        # Not a fault: a service that never ran has no log.
        return Finding("unknown", "There is no log of this service yet.", error.message)
    except PanelError as error:
        return not_read(error)
    least = "" if seen.complete else "at least "
    counted = (
        f"{least}{seen.count} line{'' if seen.count == 1 else 's'} that look{'s' if seen.count == 1 else ''}"
    )
    evidence = f"{counted} like errors in {minutes} minutes"
    if seen.newest:
        evidence += f"; the newest: {mask(seen.newest)}"
    reading = Reading(measures={"log_errors": float(seen.count)})
    if seen.count >= rules.log_errors:
        detail = f"The log has {counted} like errors in {minutes} minutes."
        return Finding("degraded", detail, evidence, reading)
    if not seen.complete:
        return Finding("unknown", "The log has more lines than could be looked at.", evidence, reading)
    detail = f"The log has {seen.count or 'no'} error{'' if seen.count == 1 else 's'} in {minutes} minutes."
    return Finding("healthy", detail, evidence, reading)


def _wanted(tasks: Sequence[Task], seen: ServiceSeen) -> list[Task]:
    """Tasks that speak of what is wanted now: none of a revision that was taken back, none that ended before the present
    deployment began."""
    wanted = {deployment.task_definition for deployment in seen.deployments} | {seen.task_definition}
    began = next((d.created_at for d in seen.deployments if d.status == "PRIMARY"), None)
    return [
        task
        for task in tasks
        if (not task.task_definition or task.task_definition in wanted)
        and (began is None or task.stopped_at is None or task.stopped_at >= began)
    ]


def _judged(seen: ServiceSeen, running: int, crashed: Sequence[Task]) -> Finding:
    """Verdict and words for what runs; the evidence is the caller's."""
    again = ""
    if len(crashed) >= CRASHES:
        again = (
            f" {len(crashed)} of its tasks ended by themselves in the last ten minutes{_code(crashed[0])}."
        )
    if seen.desired == 0:
        return Finding("down", "The service is switched off: no task is wanted.")
    if running == 0:
        return Finding("down", f"None of {_counted(seen.desired)} is running.{again}")
    if running < seen.desired:
        detail = f"Only {running} of {_counted(seen.desired)} {'is' if running == 1 else 'are'} running."
        return Finding("degraded", detail + again)
    if again:
        return Finding("degraded", f"The service starts again and again.{again}")
    if (newest := _newest(seen)) is not None and newest.rollout == "FAILED":
        return Finding("degraded", "The last roll-out failed; the earlier version runs on.")
    return Finding("healthy", f"{running} of {_counted(seen.desired)} running.")


def _counts(seen: ServiceSeen, registered: int) -> str:
    evidence = f"ECS: desired {seen.desired}, running {seen.running}, pending {seen.pending}; "
    evidence += f"registered targets {registered}"
    if len(seen.deployments) > 1:
        rolling = (f"{d.status} {d.running}/{d.desired} {d.rollout}".strip() for d in seen.deployments)
        evidence += f"; deployments: {', '.join(rolling)}"
    newest = _newest(seen)
    if newest is not None and newest.rollout == "FAILED":
        evidence += f"; last roll-out failed: {newest.rollout_reason or 'no reason given'}"
    return evidence


def _crash_evidence(crashed: Sequence[Task]) -> str:
    if not crashed:
        return ""
    last = crashed[0]
    words = f"; {len(crashed)} ended by themselves in ten minutes, the last: {last.stop_code}{_code(last)}"
    return f"{words}: {_MASKER.text(last.reason)}" if last.reason else words


def _code(task: Task) -> str:
    return "" if task.exit_code is None else f" (exit code {task.exit_code})"


def _newest(seen: ServiceSeen) -> Deployment | None:
    return next((deployment for deployment in seen.deployments if deployment.status == "PRIMARY"), None)


def _single_tasks(
    read: Callable[[], Sequence[Task]] | None, service: str | None
) -> tuple[Sequence[Task], str]:
    """The single tasks of a service (``None``: of all), and why there are none if they could not be read.

    They add to what ECS says of the service, so the look goes on without them.
    """
    if read is None:
        return (), ""
    try:
        found = read()
    except PanelError as error:
        return (), f"; single tasks not read: {not_read(error).detail}"
    return [task for task in found if service is None or task.service == service], ""


def _versions(
    single: Sequence[Task], serving: TaskDefinition, read_definition: Callable[[str], TaskDefinition]
) -> dict[str, str]:
    """Versions by task definition. In a roll-out there are two; more than three are not worth their calls."""
    versions = {serving.arn: serving.version or ""}
    others = [arn for arn in dict.fromkeys(task.task_definition for task in single) if arn not in versions]
    for arn in others[:_DEFINITIONS_READ]:
        try:
            versions[arn] = read_definition(arn).version or ""
        except PanelError:
            versions[arn] = ""  # a stopped task's definition may be deleted; its version is then not known
    return versions


def _one_zone(single: Sequence[Task], *, emulated: bool) -> str:
    running = [task for task in single if task.state == "RUNNING"]
    zones = {task.zone for task in running}
    if len(running) < 2 or len(zones) != 1 or "" in zones:
        return ""
    if emulated and not all(task.subnet for task in running):
        return ""  # it says the same zone of every task; only a subnet tells
    return f"All tasks run in one zone ({next(iter(zones))}): a failure of that zone stops the service."


def _registered(seen: Sequence[Target]) -> list[Target]:
    return [target for target in seen if target.state not in _LEAVING]


def _counted(desired: int) -> str:
    return f"{desired} task{'' if desired == 1 else 's'}"
