"""How often environments were looked at: who asks whether anybody uses one has to leave the panel's own visits out."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.health import WHOLE
from panel.store.health_tables import HealthPoint

# The coarsest first: where there are such points, finer ones of the same time are not counted again.
_STEPS = (3600, 300, 0)


def looks_since(database: Database, since: datetime) -> dict[str, int]:
    """How often each environment was looked at from ``since`` on; those that never were are left out."""
    counted: Counter[str] = Counter()
    begin = since
    for step in _STEPS:
        query = (
            select(HealthPoint.environment, func.sum(HealthPoint.looks), func.max(HealthPoint.at))
            .where(HealthPoint.service == WHOLE, HealthPoint.step == step, col(HealthPoint.at) >= begin)
            .group_by(col(HealthPoint.environment))
        )
        with database.read() as session:
            rows = [*session.exec(query)]
        counted.update({environment: int(looks) for environment, looks, _ in rows})
        last = max((at for _, _, at in rows), default=None)
        if last is not None:
            begin = max(begin, last + timedelta(seconds=step))
    return dict(counted)
