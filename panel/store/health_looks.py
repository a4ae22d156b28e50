"""Keeping looks: many at once, in few statements, whatever their number.

Belongs here: what a look changes in the tables. Asking them is in :mod:`panel.store.health`; what becomes of old
points and spans is in :mod:`panel.store.health_rollup`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from panel.store.health_tables import HealthPoint, HealthSpan, HealthState
from panel.store.tables import now
from panel.store.upsert import upsert

#: Stands for the whole environment where a service is named.
WHOLE = ""
VERDICTS = ("healthy", "degraded", "down", "unknown")
#: Without a look for longer than this, nobody can tell how it was: the span ends at the last look.
LONGEST_GAP = timedelta(minutes=10)
_GONE = "not_created"
_COUNTED = ("running", "desired")


@dataclass(frozen=True)
class Look:
    """One look at one environment, to be kept: its verdict and its report (:func:`panel.health.sweep.to_dict`).

    ``at`` is when it was taken; now, where it is not said.
    """

    environment: str
    verdict: str
    report: Mapping[str, Any]
    at: datetime | None = None


@dataclass(frozen=True)
class _Seen:
    """What a look says of one service, or of the whole."""

    environment: str
    service: str
    verdict: str
    cause: str
    measures: Mapping[str, float]
    at: datetime


def keep_looks(
    session: Session, looks: Sequence[Look], *, longest_gap: timedelta = LONGEST_GAP
) -> dict[str, HealthState]:
    """Keep looks, one for each environment: how it is now, the span of its verdict, and what was measured.

    Where the report has a place for it (``since``), it is filled.
    """
    before = _states(session, [look.environment for look in looks])
    after = {look.environment: _state(look, before.get(look.environment)) for look in looks}
    upsert(
        session, HealthState, [state.model_dump() for state in after.values()],
        replaced=("verdict", "since", "checked_at", "report"),
    )  # fmt: skip
    seen = [one for look in looks for one in _seen(look, after[look.environment].checked_at)]
    _keep_spans(session, looks, seen, before, longest_gap)
    points = [_point(one) for one in seen if one.verdict != _GONE]
    upsert(session, HealthPoint, points, replaced=("latency_max_ms", "measures", *VERDICTS))
    return after


def end_spans(session: Session, environments: Sequence[str]) -> None:
    """End the spans that last of environments that nobody looks at for now, each at its last look."""
    states = _states(session, environments)
    lasting = [
        (span.id, states[span.environment].checked_at)
        for span in _lasting(session, [*states])
        if span.environment in states
    ]
    _end(session, lasting)


def _states(session: Session, environments: Sequence[str]) -> dict[str, HealthState]:
    """How environments were, without their reports: those are long, and are written anew."""
    state = HealthState
    one = select(state.environment, state.verdict, state.since, state.checked_at)
    query = one.add_columns(col(state.told_verdict), col(state.told_at))
    rows = session.execute(query.where(col(state.environment).in_(environments)))
    return {row.environment: HealthState(**row._mapping) for row in rows}


def _state(look: Look, before: HealthState | None) -> HealthState:
    at = look.at or now()
    state = HealthState(environment=look.environment, verdict=look.verdict, since=at, checked_at=at)
    if before is not None:
        state.told_verdict, state.told_at = before.told_verdict, before.told_at
        if before.verdict == look.verdict:
            state.since = before.since
    state.report = dict(look.report)
    if "since" in state.report:
        state.report["since"] = state.since.isoformat()
    return state


def _seen(look: Look, at: datetime) -> Iterator[_Seen]:
    """The whole first, then each service."""
    causes = look.report.get("causes") or ()
    services = look.report.get("services") or {}
    whole = _sums(services.values()) | _measures(look.report)
    yield _Seen(look.environment, WHOLE, look.verdict, _first_text(causes), whole, at)
    for name, service in services.items():
        own = [cause for cause in causes if cause.get("service") == name]
        verdict = str(service.get("verdict", "unknown"))
        yield _Seen(look.environment, name, verdict, _first_text(own), _measures(service), at)


def _keep_spans(
    session: Session,
    looks: Sequence[Look],
    seen: Sequence[_Seen],
    before: Mapping[str, HealthState],
    longest_gap: timedelta,
) -> None:
    """A span that lasts goes on, or ends where another begins; one of a service that is gone ends too."""
    lasting = {
        (span.environment, span.service): span
        for span in _lasting(session, [look.environment for look in looks])
    }
    # A report that says nothing of services says nothing of their end either.
    complete = {look.environment for look in looks if "services" in look.report}
    ending, beginning, named = list[tuple[int | None, datetime]](), [], set()
    at_of = {one.environment: one.at for one in seen}
    for one in seen:
        named.add((one.environment, one.service))
        last, state = lasting.get((one.environment, one.service)), before.get(one.environment)
        gap = state is not None and one.at - state.checked_at > longest_gap
        if last is not None and last.verdict == one.verdict and not gap:
            continue
        if last is not None:
            ending.append((last.id, state.checked_at if gap and state is not None else one.at))
        beginning.append(_begun(one))
    ending += [
        (span.id, at_of[span.environment])
        for key, span in lasting.items()
        if key not in named and span.environment in complete
    ]
    _end(session, ending)
    if beginning:
        session.execute(insert(HealthSpan), beginning)


def _lasting(session: Session, environments: Sequence[str]) -> list[Any]:
    span = HealthSpan
    query = select(span.id, span.environment, span.service, span.verdict).where(
        col(span.environment).in_(environments), col(span.ended_at).is_(None)
    )
    return [*session.execute(query)]


def _end(session: Session, ending: Sequence[tuple[int | None, datetime]]) -> None:
    if ending:
        session.execute(update(HealthSpan), [{"id": number, "ended_at": at} for number, at in ending])


def _begun(seen: _Seen) -> dict[str, Any]:
    return {
        "environment": seen.environment, "service": seen.service, "verdict": seen.verdict,
        "cause": seen.cause, "began_at": seen.at,
    }  # fmt: skip


def _point(seen: _Seen) -> dict[str, Any]:
    counts = {name: int(name == seen.verdict) for name in VERDICTS}
    return {
        "environment": seen.environment, "service": seen.service, "step": 0, "at": seen.at, "looks": 1,
        "latency_max_ms": seen.measures.get("latency_ms"), "measures": dict(seen.measures), **counts,
    }  # fmt: skip


def _measures(part: Mapping[str, Any]) -> dict[str, float]:
    counted = {name: part.get(name) for name in _COUNTED}
    found = counted | dict(part.get("measures") or {})
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def _sums(services: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The tasks of all services together, where they were counted."""
    counted = [_measures(service) for service in services]
    return {
        name: sum(one.get(name, 0) for one in counted)
        for name in _COUNTED
        if any(name in one for one in counted)
    }


def _first_text(causes: Sequence[Mapping[str, Any]]) -> str:
    return str(causes[0].get("text", "")) if causes else ""
