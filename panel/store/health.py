"""How environments are, were and what was measured of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from panel.store.database import Database
from panel.store.health_tables import HealthPoint, HealthSpan, HealthState
from panel.store.tables import now

#: Stands for the whole environment where a service is named.
WHOLE = ""

_VERDICTS = ("healthy", "degraded", "down", "unknown")


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
class Standing:
    """How an environment stands, and what people were told of it last (nothing: they were told nothing yet)."""

    environment: str
    verdict: str
    since: datetime
    checked_at: datetime
    told_verdict: str
    told_at: datetime | None


class HealthStore:
    """The last look at each environment, the spans of its verdicts, and what was measured over time."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(
        self, environment: str, verdict: str, report: Mapping[str, Any], *, at: datetime | None = None
    ) -> HealthState:
        """Keep one look; ``since`` goes on while the verdict stays the same."""
        return self.record_all([Look(environment, verdict, report, at)])[environment]

    def record_all(self, looks: Sequence[Look]) -> dict[str, HealthState]:
        """Keep many looks at once, one for each environment."""
        with self._db.write() as session:
            return {look.environment: _keep(session, look) for look in looks}

    def latest(self) -> dict[str, HealthState]:
        """The last look at every environment."""
        with self._db.read() as session:
            return {state.environment: state for state in session.exec(select(HealthState))}

    def get(self, environment: str) -> HealthState | None:
        """The last look at one environment; None where there was none."""
        with self._db.read() as session:
            return session.get(HealthState, environment)

    def standings(self) -> list[Standing]:
        """How every environment stands and what people were told of it, without the reports: cheap to ask often."""
        state = HealthState
        # Six columns are more than select() of SQLModel has types for.
        one = select(state.environment, state.verdict, state.since, state.checked_at)
        query = one.add_columns(col(state.told_verdict), col(state.told_at))
        with self._db.read() as session:
            return [Standing(*row) for row in session.connection().execute(query)]

    def told(self, environment: str, verdict: str, at: datetime | None) -> None:
        """Note what people know of an environment now, and since when; looks at it leave that alone."""
        change = update(HealthState).where(col(HealthState.environment) == environment)
        with self._db.write() as session:
            session.exec(change.values(told_verdict=verdict, told_at=at))

    def spans(self, environment: str, *, since: datetime, service: str | None = WHOLE) -> list[HealthSpan]:
        """Spans that reach past ``since``, the oldest first; of everything where ``service`` is None."""
        query = select(HealthSpan).where(
            HealthSpan.environment == environment,
            col(HealthSpan.ended_at).is_(None) | (col(HealthSpan.ended_at) > since),
        )
        if service is not None:
            query = query.where(HealthSpan.service == service)
        with self._db.read() as session:
            return [*session.exec(query.order_by(col(HealthSpan.began_at), col(HealthSpan.id)))]

    def spans_of_all(self, *, since: datetime) -> dict[str, list[HealthSpan]]:
        """Spans of whole environments that reach past ``since``, by environment: one query for all of them."""
        query = select(HealthSpan).where(
            HealthSpan.service == WHOLE,
            col(HealthSpan.ended_at).is_(None) | (col(HealthSpan.ended_at) > since),
        )
        found: dict[str, list[HealthSpan]] = {}
        with self._db.read() as session:
            for span in session.exec(query.order_by(col(HealthSpan.began_at), col(HealthSpan.id))):
                found.setdefault(span.environment, []).append(span)
        return found

    def looked(self) -> dict[str, datetime]:
        """When every environment was looked at last, without its report."""
        with self._db.read() as session:
            return dict(session.exec(select(HealthState.environment, HealthState.checked_at)).all())

    def lasting(self) -> dict[tuple[str, str], HealthSpan]:
        """The span that lasts of every service, and of every whole environment, by the names of both."""
        with self._db.read() as session:
            found = session.exec(select(HealthSpan).where(col(HealthSpan.ended_at).is_(None)))
            return {(span.environment, span.service): span for span in found}

    def points(
        self, environment: str, *, since: datetime, step: int = 0, service: str | None = WHOLE
    ) -> list[HealthPoint]:
        """Points of one step from ``since`` on, the oldest first; of everything where ``service`` is None."""
        query = select(HealthPoint).where(
            HealthPoint.environment == environment, HealthPoint.step == step, col(HealthPoint.at) >= since
        )
        if service is not None:
            query = query.where(HealthPoint.service == service)
        with self._db.read() as session:
            return [*session.exec(query.order_by(col(HealthPoint.at)))]


@dataclass(frozen=True)
class _Seen:
    """What a look says of one service, or of the whole."""

    environment: str
    service: str
    verdict: str
    cause: str
    measures: Mapping[str, float]
    at: datetime


def _keep(session: Session, look: Look) -> HealthState:
    at = look.at or now()
    state = session.get(HealthState, look.environment)
    if state is None:
        state = HealthState(environment=look.environment, verdict=look.verdict, since=at)
    if state.verdict != look.verdict:
        state.verdict, state.since = look.verdict, at
    state.checked_at, state.report = at, dict(look.report)
    session.add(state)
    for seen in _seen(look, at):
        _span(session, seen)
        _point(session, seen)
    return state


def _seen(look: Look, at: datetime) -> Iterator[_Seen]:
    """The whole first, then each service."""
    causes = look.report.get("causes") or ()
    yield _Seen(look.environment, WHOLE, look.verdict, _first_text(causes), _measures(look.report), at)
    for name, service in (look.report.get("services") or {}).items():
        own = [cause for cause in causes if cause.get("service") == name]
        verdict = str(service.get("verdict", "unknown"))
        yield _Seen(look.environment, name, verdict, _first_text(own), _measures(service), at)


def _span(session: Session, seen: _Seen) -> None:
    """The span that lasts goes on, or ends where another begins."""
    last = session.exec(
        select(HealthSpan).where(
            HealthSpan.environment == seen.environment,
            HealthSpan.service == seen.service,
            col(HealthSpan.ended_at).is_(None),
        )
    ).first()
    if last is not None and last.verdict == seen.verdict:
        return
    if last is not None:
        last.ended_at = seen.at
        session.add(last)
    session.add(
        HealthSpan(
            environment=seen.environment, service=seen.service, verdict=seen.verdict,
            cause=seen.cause, began_at=seen.at,
        )
    )  # fmt: skip


def _point(session: Session, seen: _Seen) -> None:
    counts = {name: int(name == seen.verdict) for name in _VERDICTS}
    session.merge(
        HealthPoint(
            environment=seen.environment, service=seen.service, step=0, at=seen.at, looks=1,
            latency_max_ms=seen.measures.get("latency_ms"), measures=dict(seen.measures), **counts,
        )
    )  # fmt: skip


def _measures(part: Mapping[str, Any]) -> dict[str, float]:
    found = part.get("measures") or {}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def _first_text(causes: Sequence[Mapping[str, Any]]) -> str:
    return str(causes[0].get("text", "")) if causes else ""
