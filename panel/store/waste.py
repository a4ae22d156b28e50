"""What costs and seems to serve nobody, as a worker last saw it, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select

from panel.store.cost_tables import WasteFinding
from panel.store.database import Database


class Waste:
    """Findings of waste."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def replace(self, kinds: Iterable[str], findings: Sequence[WasteFinding], *, at: datetime) -> None:
        """Keep these findings of these kinds, and forget those that are not found any more.

        A finding that was there before keeps the time when it was first seen. Other kinds stay as they are: they
        could not be looked at.

        Args:
            kinds: what was looked at.
            findings: what was found, all of these kinds.
            at: when.
        """
        looked_at = sorted(kinds)
        kept = [finding.key for finding in findings]
        with self._db.write() as session:
            session.exec(
                delete(WasteFinding).where(
                    col(WasteFinding.kind).in_(looked_at), col(WasteFinding.key).not_in(kept)
                )
            )
            for finding in findings:
                before = session.get(WasteFinding, finding.key)
                finding.first_seen_at = before.first_seen_at if before is not None else at
                finding.seen_at = at
                session.merge(finding)

    def all(self) -> list[WasteFinding]:
        """Every finding: what saves most first, what saves nobody knows how much last."""
        order = (col(WasteFinding.monthly_usd).desc().nulls_last(), col(WasteFinding.key))
        with self._db.read() as session:
            return [*session.exec(select(WasteFinding).order_by(*order))]
