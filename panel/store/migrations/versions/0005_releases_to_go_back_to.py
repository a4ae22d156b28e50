"""Releases that can be gone back to and promoted, images to pick from, parts of a stage"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extend_runs()
    _extend_releases()
    op.create_table(
        "release_files",
        sa.Column("release_id", sa.Integer(), sa.ForeignKey("release.id"), primary_key=True, nullable=False),
        sa.Column("manifest", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_table(
        "registry_image",
        sa.Column("service", sa.String(), primary_key=True, nullable=False),
        sa.Column("digest", sa.String(), primary_key=True, nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("tags", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scan", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )


def _extend_runs() -> None:
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pinned_instance", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("parts", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
        batch_op.add_column(sa.Column("changes", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))


def _extend_releases() -> None:
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("previous_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("origin_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("task_definition", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("tag", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("size", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("position", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("durations", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
        batch_op.drop_index("ix_release_environment")
        batch_op.create_index("release_of_environment", ["environment", "id"], unique=False)
