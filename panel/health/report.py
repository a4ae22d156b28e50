"""The report of one look as plain values, for ``--json``, the store and whoever reads it there.

The names are a promise to scripts: keys are added, never renamed or taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from panel.catalogue.schema import Owner
from panel.health.causes import Cause
from panel.health.probes import EventSeen, ProbeResult, TaskSeen
from panel.health.verdict import Notice, ServiceHealth, Verdict

#: Stopped tasks that are shown: so many, of the last hour.
_MOST_STOPPED = 5
_STOPPED_FOR = timedelta(hours=1)
_MOST_EVENTS = 20


def to_dict(report: Verdict, *, since: datetime | None = None) -> dict[str, Any]:
    """The report as plain values. The names are a promise to scripts.

    Args:
        since: when the verdict began to be so, where the report does not say it.
    """
    return {
        "environment": report.environment,
        "verdict": report.verdict,
        "since": _iso(report.since or since),
        "checked_at": report.checked_at.isoformat(),
        "rule": report.rule,
        "causes": [_cause(cause) for cause in report.causes],
        "notices": [_notice(notice) for notice in report.notices],
        "measures": dict(report.measures),
        "services": {name: _service(one, report.checked_at) for name, one in report.services.items()},
        "probes": [_probe(result) for result in report.probes],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "text": cause.text,
        "service": cause.service,
        "owner": _owner(cause.owner),
        "evidence": cause.evidence,
        "rule": cause.rule,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {"text": notice.text, "service": notice.service, "owner": _owner(notice.owner)}


def _owner(owner: Owner) -> dict[str, str]:
    return {"team": owner.team, "contact": owner.contact}


def _service(service: ServiceHealth, at: datetime) -> dict[str, Any]:
    return {
        "verdict": service.verdict,
        "rule": service.rule,
        "notice": service.notice,
        "version": service.version,
        "digest": service.digest,
        "desired": service.desired,
        "running": service.running,
        "pending": service.pending,
        "measures": dict(service.measures),
        "zones": dict(service.zones),
        "tasks": [_task(task) for task in _shown(service.tasks, at)],
        "events": [_event(event) for event in service.events[:_MOST_EVENTS]],
    }


def _shown(tasks: Sequence[TaskSeen], at: datetime) -> list[TaskSeen]:
    """Those that are not stopped, running ones first, then what stopped lately, the latest first."""
    alive = sorted(
        (task for task in tasks if task.state != "STOPPED"), key=lambda task: task.state != "RUNNING"
    )
    stopped = [
        task for task in tasks if task.state == "STOPPED" and at - (task.stopped_at or at) <= _STOPPED_FOR
    ]
    stopped.sort(key=lambda task: task.stopped_at or at, reverse=True)
    return [*alive, *stopped[:_MOST_STOPPED]]


def _task(task: TaskSeen) -> dict[str, Any]:
    return {
        "id": task.id,
        "zone": task.zone,
        "state": task.state,
        "health": task.health,
        "started_at": _iso(task.started_at),
        "stopped_at": _iso(task.stopped_at),
        "reason": task.reason,
        "exit_code": task.exit_code,
        "version": task.version,
    }


def _event(event: EventSeen) -> dict[str, Any]:
    return {"at": _iso(event.at), "text": event.text}


def _probe(result: ProbeResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "service": result.service,
        "verdict": result.verdict,
        "detail": result.detail,
        "evidence": result.evidence,
        "notice": result.notice,
        "checked_at": result.checked_at.isoformat(),
        "elapsed_ms": result.elapsed_ms,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
