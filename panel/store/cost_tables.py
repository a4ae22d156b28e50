"""The tables of cost: prices that were read live, the bill by day and service, and what could be saved.

Times are UTC. Prices are kept as text, exactly as they were told.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from panel.store.tables import now


class LivePrice(SQLModel, table=True):
    """One list price as the AWS Price List API told it: dollars for one ``unit``, ``as_of`` the day it was published."""

    __tablename__ = "live_price"

    resource_type: str = Field(primary_key=True)
    component: str = Field(primary_key=True)
    region: str = Field(primary_key=True)
    unit: str
    usd: str
    source: str = ""
    as_of: str = ""
    fetched_at: datetime = Field(default_factory=now)


class BillDay(SQLModel, table=True):
    """What AWS charged an environment for one of its services on one day (ISO date), before it is final ``estimated``."""

    __tablename__ = "bill_day"

    environment: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    usd: float
    estimated: bool = True
    fetched_at: datetime = Field(default_factory=now)


class BillForecast(SQLModel, table=True):
    """What the rest of a month (``2026-11``) will bring an environment's bill to, by AWS' own forecast."""

    __tablename__ = "bill_forecast"

    environment: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    usd: float
    fetched_at: datetime = Field(default_factory=now)


class WasteFinding(SQLModel, table=True):
    """Something that costs and seems to serve nobody. ``monthly_usd`` is what its deletion saves, if that is known."""

    __tablename__ = "waste_finding"

    key: str = Field(primary_key=True)
    kind: str
    resource: str
    environment: str = ""
    detail: str = ""
    monthly_usd: float | None = None
    first_seen_at: datetime = Field(default_factory=now)
    seen_at: datetime = Field(default_factory=now)
