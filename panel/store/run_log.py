"""The log of runs in the store: lines in order, each kept once however often its source is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from panel.store.database import Database
from panel.store.tables import RunLine


class Line(NamedTuple):
    """A log line to append; ``source`` and ``position`` identify it when the same output is read twice."""

    text: str
    level: str = "info"
    source: str = ""
    position: int | None = None


class RunLog:
    """Appending and reading log lines."""

    _db: Database

    def append(self, run_id: int, stage: str, lines: Iterable[Line]) -> None:
        """Append log lines; lines of a source that are there already are passed over."""
        with self._db.write() as session:
            known: dict[str, int] = {}
            for line in lines:
                if line.position is not None and line.position <= _last(session, run_id, line.source, known):
                    continue
                if line.position is not None:
                    known[line.source] = line.position
                session.add(
                    RunLine(
                        run_id=run_id,
                        stage=stage,
                        source=line.source,
                        position=line.position,
                        level=line.level,
                        text=line.text,
                    )
                )

    def lines(self, run_id: int, *, after: int = 0, limit: int = 500, newest: bool = False) -> list[RunLine]:
        """Log lines in order: those after line ``after``, or the ``newest`` ones."""
        query = select(RunLine).where(RunLine.run_id == run_id, col(RunLine.id) > after).limit(limit)
        order = col(RunLine.id).desc() if newest else col(RunLine.id)
        with self._db.read() as session:
            rows = [*session.exec(query.order_by(order))]
        return rows[::-1] if newest else rows


def _last(session: Session, run_id: int, source: str, known: dict[str, int]) -> int:
    """The highest position kept of a source, asked of the database once per batch."""
    if source not in known:
        found = session.exec(
            select(func.max(RunLine.position)).where(RunLine.run_id == run_id, RunLine.source == source)
        ).one()
        known[source] = -1 if found is None else int(found)
    return known[source]
