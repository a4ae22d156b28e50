"""Looking through much of the store a page at a time: ten thousand runs, a million log lines.

Only reading. Every query is bounded: windows begin at a row's number (never at a count of rows to pass over), and a
search looks at so many lines and says where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import (
    Run,
    RunLine,
)

#: Levels of log lines a person looks for when something is wrong.
ERRORS = ("error",)
TROUBLE = ("error", "warn", "warning")
#: States in which an active run waits for a person.
_ASKING = ("planned", "blocked")


class RunFilter(NamedTuple):
    """Which runs to list; empty fields do not narrow.

    ``state`` is a state of the store, or one of the words for several: ``under_way``, ``needs_you``, ``done``.
    """

    environment: str = ""
    kind: str = ""
    state: str = ""
    author: str = ""


class Found(NamedTuple):
    """Log lines in order. ``looked_from`` is the number of the first line that was looked at (None: none was)."""

    lines: list[RunLine]
    looked_from: int | None
    looked_to: int | None


class Browsing:
    """Windows on runs and log lines."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def runs(
        self, which: RunFilter, *, before: int | None = None, after: int | None = None, limit: int = 25
    ) -> list[Run]:
        """Runs, newest first: those older than run ``before``, or the nearest that are newer than ``after``."""
        query = select(Run).where(*_conditions(which)).limit(limit)
        if before is not None:
            query = query.where(col(Run.id) < before)
        if after is not None:
            query = query.where(col(Run.id) > after)
        order = col(Run.id).desc() if after is None else col(Run.id)
        with self._db.read() as session:
            found = [*session.exec(query.order_by(order))]
        return found if after is None else found[::-1]

    def count(self, which: RunFilter, *, most: int) -> int:
        """How many runs there are of these; counting stops at ``most``."""
        some = select(Run.id).where(*_conditions(which)).limit(most).subquery()
        with self._db.read() as session:
            return session.exec(select(func.count()).select_from(some)).one()

    def authors(self) -> list[str]:
        """Everybody who ever asked for a run, by name."""
        with self._db.read() as session:
            return [*session.exec(select(Run.author).distinct().order_by(col(Run.author)))]

    def retries(self, run_id: int) -> list[Run]:
        """Runs that were begun as another try of this one, oldest first."""
        with self._db.read() as session:
            query = select(Run).where(col(Run.retry_of) == run_id, col(Run.id) > run_id)
            return [*session.exec(query.order_by(col(Run.id)))]

    def lines(
        self, run_id: int, *, levels: Sequence[str] = (), words: Sequence[str] = (),
        before: int | None = None, after: int | None = None, limit: int = 400, look_at: int = 50_000,
    ) -> Found:  # fmt: skip
        """A window on a log.

        Args:
            levels: only lines of these levels; empty for all.
            words: only lines whose text or stage holds every one of them, in whatever case.
            before: lines that come before this one, the nearest; without it and ``after``, the newest.
            after: lines that come after this one, the nearest (0 for the first of all).
            limit: so many lines at most.
            look_at: a search looks at so many lines; what lies further on is another search.
        """
        query = select(RunLine).where(RunLine.run_id == run_id)
        if before is not None:
            query = query.where(col(RunLine.id) < before)
        if after is not None:
            query = query.where(col(RunLine.id) > after)
        order = col(RunLine.id).desc() if after is None else col(RunLine.id)
        if not levels and not words:
            with self._db.read() as session:
                rows = [*session.exec(query.order_by(order).limit(limit))]
            return _found(rows, rows, forward=after is not None)
        looked = query.order_by(order).limit(look_at).subquery()
        line = aliased(RunLine, looked)
        wanted: list[ColumnElement[bool]] = [col(line.level).in_(levels)] if levels else []
        wanted += [
            or_(*(field.icontains(word, autoescape=True) for field in (col(line.text), col(line.stage))))
            for word in words
        ]
        matching = select(line).where(and_(*wanted))
        matching = matching.order_by(col(line.id).desc() if after is None else col(line.id)).limit(limit)
        ends = select(func.min(looked.c.id), func.max(looked.c.id))
        with self._db.read() as session:
            rows = [*session.exec(matching)]
            first, last = session.exec(ends).one()
        if len(rows) == limit:  # beyond the last that is shown, nothing counts as looked at
            first, last = (first, rows[-1].id) if after is not None else (rows[-1].id, last)
        return Found(rows if after is not None else rows[::-1], first, last)


def _found(rows: list[RunLine], looked: list[RunLine], *, forward: bool) -> Found:
    shown = rows if forward else rows[::-1]
    numbers = [row.id for row in looked if row.id is not None]
    return Found(shown, min(numbers, default=None), max(numbers, default=None))


def _conditions(which: RunFilter) -> list[Any]:
    given: list[Any] = []
    if which.environment:
        given.append(col(Run.environment) == which.environment)
    if which.kind:
        given.append(col(Run.kind) == which.kind)
    if which.author:
        given.append(col(Run.author) == which.author)
    if which.state:
        given.append(_state(which.state))
    return given


def _state(state: str) -> ColumnElement[bool]:
    asking = and_(col(Run.active).is_(True), col(Run.state).in_(_ASKING))
    if state == "needs_you":
        return asking
    if state == "under_way":
        return and_(col(Run.active).is_(True), col(Run.state).not_in(_ASKING))
    done = or_(col(Run.state) == "applied", and_(col(Run.active).is_(False), col(Run.state) == "planned"))
    return done if state == "done" else and_(col(Run.active).is_(False), col(Run.state) == state)
