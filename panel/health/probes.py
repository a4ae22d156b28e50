"""The single looks at an environment. Each asks one thing, and says what it found in plain words.

Belongs here: what an answer of one source means by itself. How the probes combine is in
:mod:`panel.health.rules`; running them side by side is in :mod:`panel.health.runner`.

What a source cannot tell reads *unknown*, never *healthy*. What does not exist reads *down*.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from panel.aws.front_door import Answer, SiteSeen, version_in
from panel.aws.observe import Distribution, MachineGroup, ServiceSeen, Target, TaskDefinition
from panel.errors import EndpointError, NotFoundError, PanelError
from panel.health.finding import (
    EventSeen,
    Finding,
    Probe,
    ProbeResult,
    ProbeState,
    Reading,
    TaskSeen,
)

__all__ = [
    "EventSeen", "Finding", "Probe", "ProbeResult", "ProbeState", "Reading", "TaskSeen",
    "api", "cloudfront", "instances", "not_read", "site", "targets", "tasks",
]  # fmt: skip

_BODY_SHOWN = 120

# A draining target takes no new request: it does not count as registered.
_LEAVING = frozenset({"draining", "unused"})


def site(see: Callable[[], SiteSeen]) -> Finding:
    """Whether people get the site: an HTML page at the front door, with the release it says it is."""
    try:
        seen = see()
    except EndpointError as error:
        return Finding("down", error.message, error.detail, reached=False)
    except PanelError as error:
        return not_read(error)
    page, reading = seen.page, Reading(version=seen.release)
    evidence = _answer_evidence(page)
    if not seen.is_page:
        return Finding("down", _not_a_page(page), evidence)
    if page.by_fallback:
        detail = f"The usual address is not known yet; the site opens at {page.url} only."
        return Finding("degraded", detail, evidence, reading)
    if seen.release is None:
        detail = "The site opens, but its configuration is missing, so parts of it may not work."
        return Finding("degraded", detail, f"{evidence}; /config.js names no release", reading)
    return Finding("healthy", f"The site opens (release {seen.release}).", evidence, reading)


def api(see: Callable[[], Answer]) -> Finding:
    """Whether a service answers through the front door with the version it runs."""
    try:
        answer = see()
    except EndpointError as error:
        return Finding("down", error.message, error.detail, reached=False)
    except PanelError as error:
        return not_read(error)
    seen, evidence = version_in(answer), _answer_evidence(answer)
    if seen is None:
        if answer.status == 200:
            return Finding("down", "Something else than the service answers at its address.", evidence)
        return Finding("down", f"The service answers with an error ({answer.status}).", evidence)
    reading = Reading(version=seen.version, digest=seen.image)
    if seen.status not in ("", "ok"):
        detail = f"The service answers, but says about itself: {seen.status}."
        return Finding("degraded", detail, evidence, reading)
    return Finding("healthy", f"The service answers (version {seen.version}).", evidence, reading)


def tasks(
    read_service: Callable[[], ServiceSeen | None],
    read_targets: Callable[[], Sequence[Target]],
    read_definition: Callable[[str], TaskDefinition],
) -> Finding:
    """Whether as many tasks serve as are wanted.

    A task counts when ECS says that it runs *and* its address is registered in the target group: the
    embedded AWS says ``RUNNING`` for everything.
    """
    try:
        seen = read_service()
        if seen is None or seen.status != "ACTIVE":
            return Finding(
                "down", "The service does not exist.", f"ECS status {seen.status if seen else 'missing'}"
            )
        registered = len(_registered(read_targets()))
        definition = read_definition(seen.serving_task_definition)
    except PanelError as error:
        return not_read(error)
    running = min(seen.running, registered)
    reading = Reading(definition.version, definition.digest, seen.desired, running)
    evidence = f"ECS: desired {seen.desired}, running {seen.running}, pending {seen.pending}; "
    evidence += f"registered targets {registered}"
    newest = next((d for d in seen.deployments if d.status == "PRIMARY"), None)
    if newest is not None and newest.rollout == "FAILED":
        evidence += f"; last roll-out failed: {newest.rollout_reason or 'no reason given'}"
    if seen.desired == 0:
        return Finding("down", "The service is switched off: no task is wanted.", evidence, reading)
    if running == 0:
        return Finding("down", f"None of {_counted(seen.desired)} is running.", evidence, reading)
    if running < seen.desired:
        detail = f"Only {running} of {_counted(seen.desired)} {_is(running)} running."
        return Finding("degraded", detail, evidence, reading)
    if newest is not None and newest.rollout == "FAILED":
        return Finding(
            "degraded", "The last roll-out failed; the earlier version runs on.", evidence, reading
        )
    return Finding("healthy", f"{running} of {_counted(seen.desired)} running.", evidence, reading)


def targets(read_targets: Callable[[], Sequence[Target]], *, emulated: bool) -> Finding:
    """Whether the load balancer can reach the service's tasks.

    The embedded AWS calls every target healthy, so there the best answer is *unknown*.
    """
    try:
        registered = _registered(read_targets())
    except PanelError as error:
        return not_read(error)
    evidence = ", ".join(f"{t.address}:{t.port} {t.state} {t.reason}".strip() for t in registered)
    if not registered:
        return Finding("down", "No task is registered with the load balancer.", "no registered target")
    if emulated:
        detail = f"{len(registered)} registered; the embedded AWS does not check whether they answer."
        return Finding("unknown", detail, evidence)
    healthy = sum(target.state == "healthy" for target in registered)
    counted = f"{healthy} of {len(registered)}"
    if healthy == len(registered):
        return Finding("healthy", f"{counted} tasks answer the load balancer.", evidence)
    if healthy:
        return Finding("degraded", f"Only {counted} tasks answer the load balancer.", evidence)
    if any(target.state == "unhealthy" for target in registered):
        return Finding("down", "No task answers the load balancer.", evidence)
    return Finding("unknown", "The load balancer has not finished its first checks.", evidence)


def cloudfront(read: Callable[[], Distribution]) -> Finding:
    """Whether CloudFront is switched on, and done with spreading its last change."""
    try:
        seen = read()
    except PanelError as error:
        return not_read(error)
    evidence = f"{seen.id} {seen.status}, {'enabled' if seen.enabled else 'disabled'}"
    evidence += f", {seen.pending_invalidations} invalidations under way"
    if not seen.enabled:
        return Finding("down", "CloudFront is switched off.", evidence)
    if seen.status == "Deployed":
        return Finding("healthy", "CloudFront serves the latest settings.", evidence)
    if seen.status == "InProgress":
        detail = "CloudFront is still spreading a change; some people may see the earlier state."
        return Finding("degraded", detail, evidence)
    return Finding("unknown", "CloudFront does not say whether it is deployed.", evidence)


def instances(read: Callable[[], MachineGroup], *, emulated: bool) -> Finding:
    """Whether as many machines are in service as are wanted. The embedded AWS has no machines to ask."""
    if emulated:
        return Finding("unknown", "The embedded AWS runs tasks without machines.", reached=False)
    try:
        group = read()
    except PanelError as error:
        return not_read(error)
    ready = sum(machine.in_service for machine in group.machines)
    evidence = ", ".join(f"{m.id} {m.zone} {m.lifecycle} {m.health}" for m in group.machines) or "no instance"
    if ready >= group.desired:
        return Finding("healthy", f"{ready} of {group.desired} machines in service.", evidence)
    if ready:
        return Finding(
            "degraded", f"Only {ready} of {group.desired} machines {_is(ready)} in service.", evidence
        )
    return Finding("down", f"None of {group.desired} machines is in service.", evidence)


def not_read(error: PanelError) -> Finding:
    """What a failed read means: *down* if the thing does not exist, *unknown* otherwise."""
    evidence = error.detail or type(error).__name__
    if isinstance(error, NotFoundError):
        return Finding("down", error.message, evidence)
    return Finding("unknown", error.message, evidence, reached=not isinstance(error, EndpointError))


def _registered(seen: Sequence[Target]) -> list[Target]:
    return [target for target in seen if target.state not in _LEAVING]


def _counted(desired: int) -> str:
    return f"{desired} task{'' if desired == 1 else 's'}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _not_a_page(page: Answer) -> str:
    if page.status == 200:
        return "The address answers, but not with a page."
    if 300 <= page.status < 400:
        return "The address sends people on to another address."
    return f"The address answers with an error ({page.status})."


def _answer_evidence(answer: Answer) -> str:
    evidence = f"{answer.url} answered {answer.status} in {answer.elapsed_ms} ms"
    if answer.content_type:
        evidence += f", {answer.content_type}"
    if "location" in answer.headers:
        evidence += f", to {answer.headers['location'][:_BODY_SHOWN]}"
    if answer.status >= 400 and answer.body:
        evidence += ": " + " ".join(answer.body[:_BODY_SHOWN].decode("utf-8", "replace").split())
    return evidence
