"""How environments are, were and what was measured of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, update
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from panel.store.database import Database
from panel.store.health_looks import LONGEST_GAP, WHOLE, Look, end_spans, keep_looks
from panel.store.health_rollup import bucket, merged
from panel.store.health_tables import HealthPoint, HealthSpan, HealthState

__all__ = ["LONGEST_GAP", "WHOLE", "HealthStore", "Look", "Standing"]


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

    def record_all(
        self, looks: Sequence[Look], *, longest_gap: timedelta = LONGEST_GAP
    ) -> dict[str, HealthState]:
        """Keep many looks at once, one for each environment, in one transaction.

        Args:
            longest_gap: without a look for longer than this, a span ends at the last look.
        """
        with self._db.write() as session:
            return keep_looks(session, looks, longest_gap=longest_gap)

    def pause(self, environments: Sequence[str]) -> None:
        """Nobody looks at these environments for now: what lasted ends at the last look at each."""
        with self._db.write() as session:
            end_spans(session, environments)

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

    def begun(self) -> dict[tuple[str, str], datetime]:
        """When the last verdict of every service, and of every whole environment, began, by the names of both.

        Times in which nobody looked do not begin it anew: it was so before them and after.
        """
        later = aliased(HealthSpan)
        another = exists().where(
            col(later.environment) == col(HealthSpan.environment),
            col(later.service) == col(HealthSpan.service),
            col(later.verdict) != col(HealthSpan.verdict),
            col(later.began_at) > col(HealthSpan.began_at),
        )
        query = (
            select(HealthSpan.environment, HealthSpan.service, func.min(HealthSpan.began_at))
            .where(~another)
            .group_by(HealthSpan.environment, HealthSpan.service)
        )
        with self._db.read() as session:
            return {(environment, service): at for environment, service, at in session.exec(query)}

    def points(
        self, environment: str, *, since: datetime, step: int = 0, service: str | None = WHOLE
    ) -> list[HealthPoint]:
        """What was measured from ``since`` on, the oldest first; of everything where ``service`` is None.

        Args:
            step: 0: single looks, which are kept for three hours. 300 or 3600: what was measured in so many seconds; of
                finer points that are not merged yet it is counted now.
        """
        begin = bucket(since, step) if step else since
        query = select(HealthPoint).where(
            HealthPoint.environment == environment,
            col(HealthPoint.step) <= step,
            col(HealthPoint.at) >= begin,
        )
        if service is not None:
            query = query.where(HealthPoint.service == service)
        with self._db.read() as session:
            found = [*session.exec(query.order_by(col(HealthPoint.at)))]
        return merged(found, step) if step else found
