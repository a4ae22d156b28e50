"""Old points of health are merged into fewer, older ones go: a look a minute for ninety days is more than anybody reads.

Belongs here: how points are merged, and the duty that does it in slices, so that nobody waits long for the database.
Merging moves points: what it is told twice, or was ended in the middle of, it does once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from panel.store import tables
from panel.store.database import Database
from panel.store.health_looks import VERDICTS
from panel.store.health_tables import HealthPoint, HealthSpan
from panel.store.upsert import upsert

# The number of PostgreSQL's advisory lock, so that two workers do not merge the same points.
_MERGING = 7261637
#: Steps by fineness, in seconds, each with how long its points are kept before they become the next one's.
KEPT = ((0, timedelta(hours=3)), (300, timedelta(days=3)), (3600, timedelta(days=90)))
_SPANS_KEPT = timedelta(days=90)
# Points of so many environments are merged in one transaction.
_AT_ONCE = 40
_COUNTS = ("looks", *VERDICTS)

_Row = dict[str, Any]


@dataclass(frozen=True)
class RolledUp:
    """What a round did: points merged into others, and points and spans whose time was over; ``more`` is left to do."""

    merged: int = 0
    dropped: int = 0
    more: bool = False


def bucket(at: datetime, step: int) -> datetime:
    """The beginning of the stretch of ``step`` seconds that an instant lies in."""
    return datetime.fromtimestamp(at.timestamp() // step * step, UTC)


def merged(points: Iterable[HealthPoint], step: int) -> list[HealthPoint]:
    """Points of any step, merged into such of ``step`` seconds, the oldest first: counts are summed, measures are means
    over the looks that have them."""
    groups: dict[tuple[datetime, str, str], list[HealthPoint]] = defaultdict(list)
    for point in points:
        groups[bucket(point.at, step), point.environment, point.service].append(point)
    return [_one(key, step, groups[key]) for key in sorted(groups)]


class HealthRollup:
    """The points and spans over time.

    Args:
        slices: how many transactions one round makes at most; the next round goes on.
    """

    def __init__(self, database: Database, *, slices: int = 400) -> None:
        self._db = database
        self._slices = slices

    def roll_up_now(self) -> None:
        """One round, as it is due at this moment."""
        self.roll_up(tables.now())

    def roll_up(self, now: datetime) -> RolledUp:
        """Merge the points that are old enough, and drop what is older than ninety days."""
        moved = dropped = 0
        left = self._slices
        for (step, kept), (coarser, _) in pairwise(KEPT):
            while left and (count := self._merge_oldest(step, coarser, bucket(now - kept, coarser))):
                moved, left = moved + count, left - 1
        oldest = now - KEPT[-1][1]
        while left and (count := self._drop_points(oldest)):
            dropped, left = dropped + count, left - 1
        return RolledUp(moved, dropped + self._drop_spans(now - _SPANS_KEPT), more=not left)

    def _merge_oldest(self, step: int, coarser: int, before: datetime) -> int:
        """Merge the oldest stretch of some environments; how many points that were."""
        point = HealthPoint
        with self._db.read() as session:
            # Asked outside of the transaction that writes: most of the time there is nothing to do.
            query = select(point.at).where(point.step == step, col(point.at) < before)
            oldest = session.exec(query.order_by(col(point.at)).limit(1)).first()
        if oldest is None:
            return 0
        begin = bucket(oldest, coarser)
        with self._db.write() as session:
            self._db.one_at_a_time(session, _MERGING)
            return _merge(session, step, coarser, begin)

    def _drop_points(self, before: datetime) -> int:
        """Points of the oldest day, of any step."""
        point = HealthPoint
        with self._db.read() as session:
            query = select(point.at).where(point.step == KEPT[-1][0], col(point.at) < before)
            oldest = session.exec(query.order_by(col(point.at)).limit(1)).first()
        if oldest is None:
            return 0
        until = min(before, oldest + timedelta(hours=6))
        with self._db.write() as session:
            done: Any = session.execute(
                delete(point).where(col(point.step) == KEPT[-1][0], col(point.at) < until)
            )
            return int(done.rowcount)

    def _drop_spans(self, before: datetime) -> int:
        with self._db.read() as session:
            over = select(HealthSpan.id).where(col(HealthSpan.ended_at) < before)
            numbers = [*session.exec(over.limit(10_000))]
        if not numbers:
            return 0
        with self._db.write() as session:
            session.execute(delete(HealthSpan).where(col(HealthSpan.id).in_(numbers)))
        return len(numbers)


def _merge(session: Session, step: int, coarser: int, begin: datetime) -> int:
    """Move the points of one stretch of time, of some environments, into coarser ones."""
    point = HealthPoint
    within = (
        col(point.step) == step,
        col(point.at) >= begin,
        col(point.at) < begin + timedelta(seconds=coarser),
    )
    named = select(point.environment).where(*within).distinct().order_by(point.environment)
    names = [*session.exec(named.limit(_AT_ONCE))]
    finer = session.exec(select(point).where(*within, col(point.environment).in_(names))).all()
    # A point that came late joins those that were merged before.
    there = session.exec(
        select(point).where(
            col(point.step) == coarser, col(point.at) == begin, col(point.environment).in_(names)
        )
    ).all()
    rows = [_row(one) for one in merged([*there, *finer], coarser)]
    session.expunge_all()
    upsert(session, point, rows, replaced=(*_COUNTS, "latency_max_ms", "measures"))
    session.execute(delete(point).where(*within, col(point.environment).in_(names)))
    return len(finer)


def _one(key: tuple[datetime, str, str], step: int, members: Sequence[HealthPoint]) -> HealthPoint:
    at, environment, service = key
    if len(members) == 1 and members[0].step == step:
        return members[0]
    maxima = [one.latency_max_ms for one in members if one.latency_max_ms is not None]
    sums = {name: sum(getattr(one, name) for one in members) for name in _COUNTS}
    names = dict.fromkeys(name for one in members for name in one.measures)
    return HealthPoint(
        environment=environment, service=service, step=step, at=at,
        latency_max_ms=max(maxima, default=None),
        measures={name: _mean(name, members) for name in names}, **sums,
    )  # fmt: skip


def _mean(name: str, members: Sequence[HealthPoint]) -> float:
    having = [(one.measures[name], max(one.looks, 1)) for one in members if name in one.measures]
    return round(float(sum(value * looks for value, looks in having) / sum(looks for _, looks in having)), 3)


def _row(point: HealthPoint) -> _Row:
    counts = {name: getattr(point, name) for name in _COUNTS}
    return {
        "environment": point.environment, "service": point.service, "step": point.step, "at": point.at,
        "latency_max_ms": point.latency_max_ms, "measures": point.measures, **counts,
    }  # fmt: skip
