"""Health as it is, was and was measured; log lines; prices, bills and what could be saved"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _health()
    _take_over_samples()
    _logs()
    _cost()


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), server_default=sa.text("'{}'"), nullable=False)


def _health() -> None:
    op.create_table(
        "health_state",
        sa.Column("environment", sa.String(), primary_key=True, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("checked_at", _TIME, nullable=False),
        _json("report"),
        sa.Column("told_verdict", sa.String(), nullable=False),
        sa.Column("told_at", _TIME, nullable=True),
    )
    op.create_table(
        "health_span",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
    )
    op.create_index("health_span_of", "health_span", ["environment", "service", "began_at"])
    op.create_table(
        "health_point",
        sa.Column("environment", sa.String(), primary_key=True, nullable=False),
        sa.Column("service", sa.String(), primary_key=True, nullable=False),
        sa.Column("step", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("at", _TIME, primary_key=True, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("latency_max_ms", sa.Float(), nullable=True),
        _json("measures"),
    )
    op.create_index("health_point_age", "health_point", ["step", "at"])
    op.create_table(
        "reading",
        sa.Column("name", sa.String(), primary_key=True, nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        _json("facts"),
    )


_COUNTS = ("looks", "healthy", "degraded", "down", "unknown")


def _take_over_samples() -> None:
    """The last sample of each environment is how it is; its verdict lasts since it began."""
    op.execute(
        "INSERT INTO health_state (environment, verdict, since, checked_at, report, told_verdict)"
        " SELECT environment, verdict, since, checked_at, report, verdict FROM health_sample"
        " WHERE id IN (SELECT MAX(id) FROM health_sample GROUP BY environment)"
    )
    op.execute(
        "INSERT INTO health_span (environment, service, verdict, cause, began_at)"
        " SELECT environment, '', verdict, '', since FROM health_sample"
        " WHERE id IN (SELECT MAX(id) FROM health_sample GROUP BY environment)"
    )
    op.drop_table("health_sample")


def _logs() -> None:
    op.create_table(
        "log_watch",
        sa.Column("environment", sa.String(), primary_key=True, nullable=False),
        sa.Column("service", sa.String(), primary_key=True, nullable=False),
        sa.Column("wanted_until", _TIME, nullable=False),
        sa.Column("cursor_ms", sa.BigInteger(), nullable=True),
        sa.Column("read_at", _TIME, nullable=True),
        sa.Column("error", sa.String(), nullable=False),
    )
    op.create_table(
        "log_line",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
    )
    op.create_index("log_line_event", "log_line", ["environment", "service", "event_id"], unique=True)
    op.create_index("log_line_of", "log_line", ["environment", "service", "at"])


def _cost() -> None:
    op.create_table(
        "live_price",
        sa.Column("resource_type", sa.String(), primary_key=True, nullable=False),
        sa.Column("component", sa.String(), primary_key=True, nullable=False),
        sa.Column("region", sa.String(), primary_key=True, nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("usd", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("as_of", sa.String(), nullable=False),
        sa.Column("fetched_at", _TIME, nullable=False),
    )
    op.create_table(
        "bill_day",
        sa.Column("environment", sa.String(), primary_key=True, nullable=False),
        sa.Column("day", sa.String(), primary_key=True, nullable=False),
        sa.Column("service", sa.String(), primary_key=True, nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("fetched_at", _TIME, nullable=False),
    )
    op.create_table(
        "bill_forecast",
        sa.Column("environment", sa.String(), primary_key=True, nullable=False),
        sa.Column("month", sa.String(), primary_key=True, nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("fetched_at", _TIME, nullable=False),
    )
    op.create_table(
        "waste_finding",
        sa.Column("key", sa.String(), primary_key=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("monthly_usd", sa.Float(), nullable=True),
        sa.Column("first_seen_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
    )
