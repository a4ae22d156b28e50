"""Indexes for a long history"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "run_open",
        "run",
        ["id"],
        sqlite_where=sa.text("active IS 1 OR awaiting IS 1"),
        postgresql_where=sa.text("active IS true OR awaiting IS true"),
    )
    op.create_index("run_of_environment", "run", ["environment", "id"])
    op.create_index("run_retry", "run", ["retry_of"])
    op.drop_index("ix_run_environment", "run")
    op.create_index("run_line_in_order", "run_line", ["run_id", "id"])
    op.drop_index("ix_run_line_run_id", "run_line")
    op.create_index(
        "run_execution_open",
        "run_execution",
        ["instance"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
