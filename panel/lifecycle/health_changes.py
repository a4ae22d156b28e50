"""What changed in an environment and what happened to it: runs and releases as marks on charts, and everything as events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from panel.catalogue.schema import SHARED
from panel.lifecycle.health_report import Seen
from panel.lifecycle.stages import KINDS
from panel.store.health_tables import HealthSpan
from panel.store.releases import OPEN
from panel.store.tables import Release, Run

#: Kinds of runs that leave an environment as it is.
_CHANGE_NOTHING = frozenset({"plan", "drift", "unlock", "refresh"})
#: States of a run in which it changes the environment, or has changed it.
_CHANGED = frozenset({"applying", "deploying", "applied"})
#: States in which it ended midway: it changed something if it had come as far as that.
_BROKE_OFF = frozenset({"errored", "interrupted", "canceled"})


@dataclass(frozen=True)
class Marker:
    """One change: when it took effect (or began, while it goes on), what it was, and the run that made it.

    ``kind`` is ``run`` or ``release``; ``label`` is short enough for a chart; ``detail`` says how it went.
    """

    at: datetime
    kind: str
    label: str
    run_id: int | None
    who: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Event:
    """One thing that happened. ``kind`` is one of: verdict, task, ecs, run, release.

    ``state`` is the new verdict, or how a run or a release stands; ``text`` is the cause, or the words of others.
    """

    at: datetime
    kind: str
    service: str = ""
    state: str = ""
    label: str = ""
    text: str = ""
    who: str = ""
    run_id: int | None = None


def markers_of(runs: Iterable[Run], releases: Sequence[Release], since: datetime) -> list[Marker]:
    """What changed from ``since`` on, the oldest first: a run that released something is marked by its releases."""
    released = {release.run_id for release in releases}
    marks = [_of_run(run) for run in runs if _changed(run, released) and run.id not in released]
    marks += [_of_release(release) for release in releases]
    return sorted((mark for mark in marks if mark.at >= since), key=lambda mark: mark.at)


def events_of(
    runs: Iterable[Run], releases: Iterable[Release], spans: Sequence[HealthSpan], seen: Seen, since: datetime
) -> list[Event]:
    """Everything that happened from ``since`` on, the newest first."""
    found = [_run_event(run) for run in runs]
    found += [_release_event(release) for release in releases]
    found += _verdict_events(spans)
    found += _said_and_stopped(seen)
    return sorted((event for event in found if event.at >= since), key=lambda event: event.at, reverse=True)


def _changed(run: Run, released: set[int | None]) -> bool:
    if run.kind in _CHANGE_NOTHING:
        return False
    if run.state in _BROKE_OFF:
        return run.progress_done > 0 or run.id in released
    if run.state not in _CHANGED:
        return False
    counted = (run.add, run.change, run.destroy)
    return run.state != "applied" or any(counted) or counted == (None, None, None)


def _of_run(run: Run) -> Marker:
    kind = KINDS.get(run.kind, run.kind)
    name = f"Shared network: {kind.lower()}" if run.environment == SHARED else kind
    return Marker(
        run.ended_at or run.started_at or run.created_at, "run", name, run.id, run.author, run.state
    )


def _of_release(release: Release) -> Marker:
    label = f"{release.service} r{release.number}"
    at = release.ended_at if release.status not in OPEN and release.ended_at else release.started_at
    return Marker(at, "release", label, release.run_id, release.author, release.status)


def _run_event(run: Run) -> Event:
    kind = KINDS.get(run.kind, run.kind)
    label = f"Shared network: {kind.lower()}" if run.environment == SHARED else kind
    at = run.ended_at or run.started_at or run.created_at
    return Event(at, "run", state=run.state, label=label, text=run.error, who=run.author, run_id=run.id)


def _release_event(release: Release) -> Event:
    return Event(
        release.ended_at or release.started_at, "release", service=release.service, state=release.status,
        label=f"r{release.number} {release.version}", text=release.detail, who=release.author, run_id=release.run_id,
    )  # fmt: skip


def _verdict_events(spans: Sequence[HealthSpan]) -> list[Event]:
    """Changes of verdict; of the whole environment only where no service says the same at the same moment."""
    of_services = {(span.began_at, span.verdict) for span in spans if span.service}
    return [
        Event(span.began_at, "verdict", service=span.service, state=span.verdict, text=span.cause)
        for span in spans
        if span.service or (span.began_at, span.verdict) not in of_services
    ]


def _said_and_stopped(seen: Seen) -> list[Event]:
    said = [
        Event(event.at, "ecs", service=event.service, text=event.text)
        for service in seen.services.values()
        for event in service.events
        if event.at is not None
    ]
    stopped = [
        Event(task.stopped_at, "task", service=task.service, state=task.state, label=task.id, text=_why(task.reason, task.exit_code))
        for service in seen.services.values()
        for task in service.tasks
        if task.stopped_at is not None
    ]  # fmt: skip
    return said + stopped


def _why(reason: str, exit_code: int | None) -> str:
    code = "" if exit_code is None else f"exit code {exit_code}"
    return " · ".join(part for part in (reason, code) if part)
