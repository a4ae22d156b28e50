"""A picture of how requests reach an environment: CloudFront, then the site's bucket or the load balancer with the tasks
of every zone, then the bucket that keeps what people saved.

It is drawn with boxes and rules of HTML, since Streamlit lets no inline SVG through; on a narrow screen it becomes an
indented list. Every box says its state in words beside the shape and the colour, and what its check found where that
is not all well; the whole is on hover.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from panel.lifecycle.health_overview import HealthNow
from panel.lifecycle.health_report import ProbeNow, ServiceNow, TaskNow, worst
from panel.lifecycle.overview import EnvironmentView
from panel.ui import health_text as text
from panel.ui import text as words
from panel.ui.components.markup import badge, esc, mono, quiet, when
from panel.ui.components.states import verdict_tone
from panel.ui.format import brief, exact

#: A zone's name, such as us-east-2a: people call it by its letter.
_ZONE = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d([a-z])")
_STARTING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING"})
_MOST_STOPPED = 6
_TASK_ID = 8
#: Checks that speak of each box.
_FRONT = ("cloudfront", "cloudfront_errors", "certificate", "dns")
_BALANCER = ("load_balancer",)
_STATE_BUCKET = ("state_bucket",)
#: Of an environment in these states no box can be well or broken.
_STILL = {"asleep": "asleep", "not_created": "not_created", "lost": "unknown"}


@dataclass(frozen=True)
class _Slot:
    """One place for a task: taken, or empty (``missing``)."""

    service: ServiceNow
    state: str
    zone: str
    task: TaskNow | None = None
    note: str = ""


def topology(view: EnvironmentView, health: HealthNow) -> str:
    """The picture as markup, and below it the tasks that stopped lately."""
    still = _still(view, health)
    static = [service for service in health.seen.services.values() if service.kind == "static"]
    running = [service for service in health.seen.services.values() if service.kind != "static"]
    front = _part(text.CLOUDFRONT, _probes(health, _FRONT), still)
    branches = [_site(view, service, health, still) for service in static]
    if running:
        branches.append(_behind_balancer(running, health, still))
    label = esc(text.PICTURE.format(name=view.name))
    past = " p-past" if health.stale and not still else ""
    ways = f"<ul>{''.join(f'<li>{branch}</li>' for branch in branches)}</ul>" if branches else ""
    tree = f'<div class="p-topo{past}" role="group" aria-label="{label}">{front}{ways}</div>'
    return tree + ("" if still else _stopped(running))


def zone_title(zone: str) -> str:
    """What people call a zone: ``us-east-2a`` is ``Zone a``; another name stays as it is."""
    found = _ZONE.fullmatch(zone)
    if found:
        return text.ZONE.format(letter=found[1])
    return zone or text.NO_ZONE


def _still(view: EnvironmentView, health: HealthNow) -> str:
    """The state of every box where nobody can be well or broken; empty where looks count."""
    if not health.exists:
        return "not_created"
    return _STILL.get(view.state, "")


def _site(view: EnvironmentView, service: ServiceNow, health: HealthNow, still: str) -> str:
    release = view.services[service.name].version if service.name in view.services else None
    version = service.version or release or ""
    fact = brief(version) if version else text.NO_RELEASE
    probes = [probe for probe in health.seen.probes if probe.service == service.name and probe.name == "site"]
    verdict = "" if still else service.verdict
    return _part(text.SITE_BUCKET, probes, still, verdict=verdict, fact=f"{service.name} · {fact}")


def _behind_balancer(services: Sequence[ServiceNow], health: HealthNow, still: str) -> str:
    balancer = _probes(health, _BALANCER)
    if not balancer:
        balancer = [probe for probe in health.seen.probes if probe.name == "targets"]
    box = _part(text.LOAD_BALANCER, balancer, still)
    groups = "".join(f"<li>{_zone(zone, slots)}</li>" for zone, slots in _by_zone(services, still))
    kept = _part(text.STATE_BUCKET, _probes(health, _STATE_BUCKET), still, fact=text.STATE_BUCKET_NOTE)
    return f'{box}<ul>{groups}</ul><div class="p-behind">{kept}</div>'


def _probes(health: HealthNow, names: Sequence[str]) -> list[ProbeNow]:
    return [probe for probe in health.seen.probes if probe.name in names]


def _part(name: str, probes: Sequence[ProbeNow], still: str, *, verdict: str = "", fact: str = "") -> str:
    """One box: what its checks say, the first of which decides unless a verdict is given."""
    if still:
        tone, word = text.TASK_STATES[still]
        return _box(tone, name, badge(tone, word), fact)
    # What measures traffic may be unknown where nothing counts it: that says nothing of the part itself.
    telling = [probe.verdict for probe in probes if probe.verdict != "unknown"]
    verdict = verdict or worst(telling)
    tone = verdict_tone(verdict)
    word = words.VERDICTS.get(verdict, words.VERDICTS["unknown"])
    # Several probes may meet the same trouble: it is said once.
    said = dict.fromkeys(probe.detail for probe in probes if probe.detail)
    troubled = [probe for probe in probes if probe.verdict not in {"healthy", "unknown"}]
    bad = dict.fromkeys(probe.detail for probe in troubled if probe.detail)
    return _box(tone, name, badge(tone, word), fact, said=" ".join(bad), title=" ".join(said))


def _box(
    tone: str, name: str, state: str, fact: str = "", *, said: str = "", title: str = "", css: str = ""
) -> str:
    colour = "none" if tone == "unknown" else tone
    hover = f' title="{esc(title)}"' if title else ""
    facts = f'<div class="p-fact">{esc(fact)}</div>' if fact else ""
    sentence = f'<div class="p-said">{esc(said)}</div>' if said else ""
    return f'<div class="p-box p-{colour}{css}"{hover}><div>{esc(name)}</div><div>{state}</div>{facts}{sentence}</div>'


def _by_zone(services: Sequence[ServiceNow], still: str) -> list[tuple[str, list[_Slot]]]:
    """Tasks by zone in the order of their names; what is missing has no zone, and comes last."""
    slots = [slot for service in services for slot in _slots(service, still)]
    if still:
        return [(text.TASKS, slots)]
    zones = sorted(
        {slot.zone for slot in slots if slot.state != "missing"}, key=lambda zone: (not zone, zone)
    )
    groups = [
        (zone_title(zone), [slot for slot in slots if slot.zone == zone and slot.state != "missing"])
        for zone in zones
    ]
    missing = [slot for slot in slots if slot.state == "missing"]
    return groups + ([(text.MISSING_GROUP, missing)] if missing else [])


def _slots(service: ServiceNow, still: str) -> list[_Slot]:
    if still:
        return [_Slot(service, still, "")]
    there = [task for task in service.tasks if not task.ended]
    slots = [_Slot(service, _task_state(task), task.zone, task) for task in there]
    if not there:
        slots = _counted(service)
    desired = service.desired
    lacking = 0 if desired is None else max(0, desired - len(slots))
    if lacking:
        note = text.MISSING.format(missing=lacking, desired=desired)
        slots.append(_Slot(service, "missing", "", note=note))
    return slots or [_Slot(service, "unknown" if service.running is None else "ended", "")]


def _counted(service: ServiceNow) -> list[_Slot]:
    """Tasks that were only counted: by zone, or as a number."""
    if service.zones:
        return [
            _Slot(service, "running", zone) for zone, count in service.zones.items() for _ in range(count)
        ]
    return [_Slot(service, "running", "") for _ in range(service.running or 0)]


def _task_state(task: TaskNow) -> str:
    if task.state.upper() in _STARTING:
        return "starting"
    if task.health == "unhealthy":
        return "unhealthy"
    return "running" if task.state.upper() == "RUNNING" else "unknown"


def _zone(title: str, slots: Iterable[_Slot]) -> str:
    found = [*slots]
    zone = found[0].zone
    hover = f' title="{esc(zone)}"' if zone else ""
    boxes = "".join(_task(slot) for slot in found)
    return f'<div class="p-zone"><p{hover}>{esc(title)}</p><div class="p-tasks">{boxes}</div></div>'


def _task(slot: _Slot) -> str:
    tone, word = text.TASK_STATES[slot.state]
    task = slot.task
    facts, title = esc(slot.note), ""
    if task is not None:
        parts = [mono(brief(task.version)) if task.version else "", when(task.started_at)]
        facts = " · ".join(part for part in parts if part)
        title = " · ".join(part for part in (task.id, task.zone, task.health, task.reason) if part)
    hover = f' title="{esc(title)}"' if title else ""
    colour = "none" if tone == "unknown" else tone
    css = " p-gone" if slot.state in {"missing", "ended"} else ""
    return (
        f'<div class="p-box p-{colour}{css}"{hover}><div>{esc(slot.service.name)}</div>'
        f'<div>{badge(tone, word)}</div><div class="p-fact">{facts}</div></div>'
    )


def _stopped(services: Iterable[ServiceNow]) -> str:
    """Tasks that ended lately with their reasons, the newest first."""
    ended = [task for service in services for task in service.tasks if task.ended]
    if not ended:
        return ""
    ended.sort(key=lambda task: task.stopped_at.timestamp() if task.stopped_at else 0.0, reverse=True)
    lines = "".join(f"<li>{_ended(task)}</li>" for task in ended[:_MOST_STOPPED])
    more = len(ended) - _MOST_STOPPED
    rest = f"<li>{quiet(esc(text.MORE_STOPPED.format(count=more)))}</li>" if more > 0 else ""
    return f'<h3>{text.STOPPED}</h3><ul class="p-gone-list">{lines}{rest}</ul>'


def _ended(task: TaskNow) -> str:
    name = text.STOPPED_LINE.format(service=task.service, task=task.id[:_TASK_ID])
    code = "" if task.exit_code is None else text.EXIT_CODE.format(code=task.exit_code)
    parts = [task.reason or text.NO_REASON, code, zone_title(task.zone) if task.zone else ""]
    reason = " · ".join(part for part in parts if part)
    tone = "bad" if task.exit_code else "none"
    return f'{badge(tone, name)} {quiet(when(task.stopped_at))} <span title="{esc(_exactly(task))}">{esc(reason)}</span>'


def _exactly(task: TaskNow) -> str:
    times = [f"{exact(at)}" for at in (task.started_at, task.stopped_at) if at is not None]
    return " – ".join([task.id, *times])
