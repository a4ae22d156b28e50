"""Logs of services while somebody looks: who looks, and the lines that were read meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from panel.store.database import Database
from panel.store.health_tables import LogLine, LogWatch
from panel.store.tables import now

#: So many lines of a service are kept, and for so long.
MOST_LINES = 2000
OLDEST_LINE = timedelta(days=1)
#: How long a service is read on after the last page that showed it was closed, in seconds.
WATCH_S = 30
# Line numbers of one question to the database: SQLite takes some thousand values at once.
_AT_ONCE = 500


@dataclass(frozen=True)
class Read:
    """A line as it was read. ``event_id`` is the same however often it is read; ``at`` is when it was written."""

    event_id: str
    at: datetime
    stream: str
    message: str


class Logs:
    """Which logs are wanted, and their last lines."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def watch(self, environment: str, service: str, seconds: float = WATCH_S) -> LogWatch:
        """Somebody looks at this log: it is to be read for so many seconds more, and is then forgotten.

        Writes only where less than half of that time is left: a page may call this whenever it draws itself.
        """
        moment = now()
        watch = self.get(environment, service)
        if watch is not None and watch.wanted_until > moment + timedelta(seconds=seconds / 2):
            return watch
        with self._db.write() as session:
            watch = session.get(LogWatch, (environment, service)) or LogWatch(
                environment=environment, service=service, wanted_until=moment
            )
            if watch.wanted_until <= moment:
                watch.read_at = None  # nobody looked for a while: what was found then says nothing of now
            watch.wanted_until = max(watch.wanted_until, moment + timedelta(seconds=seconds))
            session.add(watch)
            return watch

    def get(self, environment: str, service: str) -> LogWatch | None:
        """How reading a log goes; None where nobody ever looked at it."""
        with self._db.read() as session:
            return session.get(LogWatch, (environment, service))

    def watched(self) -> list[LogWatch]:
        """What somebody looks at now; what was read the longest ago comes first."""
        query = select(LogWatch).where(col(LogWatch.wanted_until) > now())
        with self._db.read() as session:
            watches = [*session.exec(query)]
        return sorted(watches, key=lambda watch: (watch.read_at is not None, watch.read_at))

    def keep(
        self, environment: str, service: str, lines: Sequence[Read], *, cursor_ms: int | None, error: str = ""
    ) -> int:
        """Keep what was read of a log, in order; lines that are there already are left out.

        Args:
            cursor_ms: the newest line that was read, in milliseconds since 1970.
            error: why it could not be read, in plain words; empty when it could.

        Returns:
            How many lines were new.
        """
        with self._db.write() as session:
            known = _known(session, environment, service, [line.event_id for line in lines])
            new = {line.event_id: line for line in lines if line.event_id not in known}
            session.add_all(
                LogLine(
                    environment=environment, service=service, event_id=line.event_id, at=line.at,
                    stream=line.stream, message=line.message,
                )
                for line in new.values()
            )  # fmt: skip
            watch = session.get(LogWatch, (environment, service))
            if watch is not None:
                watch.read_at, watch.error = now(), error
                watch.cursor_ms = cursor_ms if cursor_ms is not None else watch.cursor_ms
                session.add(watch)
            if new:
                session.flush()
                _drop_beyond(session, environment, service, MOST_LINES)
        return len(new)

    def lines(self, environment: str, service: str, *, contains: str = "", limit: int = 200) -> list[LogLine]:
        """The last lines of a log that hold a text, whatever its case; the oldest first."""
        query = select(LogLine).where(LogLine.environment == environment, LogLine.service == service)
        if contains:
            query = query.where(func.lower(LogLine.message).contains(contains.lower(), autoescape=True))
        query = query.order_by(col(LogLine.at).desc(), col(LogLine.id).desc()).limit(limit)
        with self._db.read() as session:
            return [*session.exec(query)][::-1]

    def prune(self, *, older_than: timedelta = OLDEST_LINE) -> None:
        """Forget old lines, and who looked at what once."""
        before = now() - older_than
        with self._db.write() as session:
            session.exec(delete(LogLine).where(col(LogLine.at) < before))
            session.exec(delete(LogWatch).where(col(LogWatch.wanted_until) < before))


def _known(session: Session, environment: str, service: str, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), _AT_ONCE):
        query = select(LogLine.event_id).where(
            LogLine.environment == environment,
            LogLine.service == service,
            col(LogLine.event_id).in_(ids[start : start + _AT_ONCE]),
        )
        found |= set(session.exec(query))
    return found


def _drop_beyond(session: Session, environment: str, service: str, most: int) -> None:
    """Drop all but the newest lines of a service."""
    own = (LogLine.environment == environment, LogLine.service == service)
    newest_first = (col(LogLine.at).desc(), col(LogLine.id).desc())
    over = select(LogLine.id).where(*own).order_by(*newest_first).offset(most)
    ids = [*session.exec(over)]
    for start in range(0, len(ids), _AT_ONCE):
        session.exec(delete(LogLine).where(col(LogLine.id).in_(ids[start : start + _AT_ONCE])))
