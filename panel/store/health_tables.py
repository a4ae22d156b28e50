"""The tables of health: how each environment is now, how it was, what was measured, and lines of its logs.

Times are UTC; values in JSON columns are masked before they come here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel

from panel.store.tables import json_column, now


class HealthState(SQLModel, table=True):
    """The last look at one environment: its verdict, since when, and the whole report."""

    __tablename__ = "health_state"

    environment: str = Field(primary_key=True)
    verdict: str
    since: datetime
    checked_at: datetime = Field(default_factory=now)
    report: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    # What people were told last, and when: a verdict that comes and goes is not told each time.
    told_verdict: str = ""
    told_at: datetime | None = None


class HealthSpan(SQLModel, table=True):
    """A time during which a verdict stayed the same: of a service, or of the whole environment (no service).

    ``ended_at`` is empty while it lasts. ``cause`` is the first cause in plain words, as it was when it began.
    """

    __tablename__ = "health_span"
    __table_args__ = (Index("health_span_of", "environment", "service", "began_at"),)

    id: int | None = Field(default=None, primary_key=True)
    environment: str
    service: str = ""
    verdict: str
    cause: str = ""
    began_at: datetime
    ended_at: datetime | None = None


class HealthPoint(SQLModel, table=True):
    """What was measured of a service, or of the whole environment (no service), in ``step`` seconds from ``at`` on.

    ``step`` 0 is a single look. ``looks`` counts them by verdict; ``measures`` are means over them, by name
    (``latency_ms``, ``requests``, ``errors_5xx``, ``cpu_percent``, ``memory_percent``, ``log_errors``, ``running``, ``desired``).
    """

    __tablename__ = "health_point"
    __table_args__ = (Index("health_point_age", "step", "at"),)

    environment: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    step: int = Field(primary_key=True)
    at: datetime = Field(primary_key=True)
    looks: int = 0
    healthy: int = 0
    degraded: int = 0
    down: int = 0
    unknown: int = 0
    latency_max_ms: float | None = None
    measures: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())


class LogWatch(SQLModel, table=True):
    """Somebody looks at the log of a service: until then a worker keeps reading it."""

    __tablename__ = "log_watch"

    environment: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    wanted_until: datetime
    # The newest line that was read, in milliseconds since 1970; and what reading it came to.
    cursor_ms: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    read_at: datetime | None = None
    error: str = ""


class LogLine(SQLModel, table=True):
    """A line of a service's log, read while somebody looked. ``event_id`` makes reading it twice harmless."""

    __tablename__ = "log_line"
    __table_args__ = (
        Index("log_line_event", "environment", "service", "event_id", unique=True),
        Index("log_line_of", "environment", "service", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    environment: str
    service: str
    event_id: str
    at: datetime
    stream: str = ""
    message: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))


class Reading(SQLModel, table=True):
    """How the last reading of something went that is read now and then: ``sweep``, ``bill``, ``prices``, ``waste``.

    ``facts`` are its figures, such as how many calls it took.
    """

    __tablename__ = "reading"

    name: str = Field(primary_key=True)
    ok: bool = True
    detail: str = ""
    at: datetime = Field(default_factory=now)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
