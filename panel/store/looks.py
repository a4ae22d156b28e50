"""How often environments were looked at: who asks whether anybody uses one has to leave the panel's own visits out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.health import WHOLE
from panel.store.health_tables import HealthPoint


def looks_since(database: Database, since: datetime) -> dict[str, int]:
    """How often each environment was looked at from ``since`` on; those that never were are left out.

    Points of every step are counted: where points are merged into coarser ones they are moved, so none counts twice.
    """
    query = (
        select(HealthPoint.environment, func.sum(HealthPoint.looks))
        .where(HealthPoint.service == WHOLE, col(HealthPoint.at) >= since)
        .group_by(col(HealthPoint.environment))
    )
    with database.read() as session:
        return {environment: int(looks) for environment, looks in session.exec(query)}
