"""The tables. Times are UTC; values in JSON columns are masked before they come here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, text
from sqlmodel import Field, SQLModel


def now() -> datetime:
    """The present time, as the tables keep it."""
    return datetime.now(UTC)


def json_column(*, default: str = "{}") -> Any:  # a column is typed by its field, not by its factory
    """A column of JSON that is never empty; ``default`` is what rows have that do not say."""
    return Column(JSON, nullable=False, server_default=text(f"'{default}'"))


class Run(SQLModel, table=True):
    """One run: a creation, update, destruction or plan of one environment, or a deployment to it."""

    __tablename__ = "run"
    __table_args__ = (
        # The store itself refuses a second run of the same environment while one is under way.
        Index(
            "one_active_run",
            "environment",
            unique=True,
            sqlite_where=text("active = 1"),
            postgresql_where=text("active"),
        ),
        # What a worker looks for several times a second: few runs of many, in the very words of the query.
        Index(
            "run_open",
            "id",
            sqlite_where=text("active IS 1 OR awaiting IS 1"),
            postgresql_where=text("active IS true OR awaiting IS true"),
        ),
        Index("run_of_environment", "environment", "id"),
        Index("run_retry", "retry_of"),
    )

    id: int | None = Field(default=None, primary_key=True)
    environment: str
    kind: str
    state: str = "queued"
    stage: str = ""
    active: bool = True
    author: str
    workflow_id: str = ""
    auto_approve: bool = False
    options: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    created_at: datetime = Field(default_factory=now, index=True)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None
    worker: str = ""
    add: int | None = None
    change: int | None = None
    destroy: int | None = None
    monthly_usd: float | None = None
    plan_digest: str = ""
    progress_done: int = 0
    progress_total: int = 0
    waiting_for: str = ""
    cancel_requested: bool = False
    force_cancel: bool = False
    # What a worker takes first when it cannot take all: what changes things, then plans, then drift checks.
    priority: int = 0
    # The data directory that works on it: what lies there can be followed from there alone.
    instance: str = ""
    approvals_needed: int = 1
    author_may_approve: bool = True
    overridden_by: str = ""
    override_reason: str = ""
    retry_of: int | None = None
    drifted: int | None = None
    # The workflow waits for a decision; a worker wakes it when the state says there is one.
    awaiting: bool = False
    # Only a worker of this data directory may take it: what is built is the checkout that lies beside it.
    pinned_instance: str = ""
    # What the stage under way is made of (layers, files, tasks), and how far each is: panel.deploys.Part.
    parts: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column(default="[]"))
    # What a deployment changes, by service: panel.deploys.comparison.ServiceChange.
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column(default="[]"))
    decided_by: str = ""
    comment: str = ""
    error: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    error_hint: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    error_detail: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))


class RunStage(SQLModel, table=True):
    """One stage of a run, as it went: pending, active, waiting, done, skipped, failed."""

    __tablename__ = "run_stage"

    run_id: int = Field(primary_key=True, foreign_key="run.id")
    name: str = Field(primary_key=True)
    position: int
    state: str = "pending"
    detail: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None


class RunTransition(SQLModel, table=True):
    """A change of a run's state: when, by whom, with what comment."""

    __tablename__ = "run_transition"

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    before: str
    after: str
    actor: str
    comment: str = ""
    at: datetime = Field(default_factory=now)


class RunLine(SQLModel, table=True):
    """A line of a run's log. ``source`` and ``position`` make reading the same output twice harmless."""

    __tablename__ = "run_line"
    __table_args__ = (
        Index("run_line_once", "run_id", "source", "position", unique=True),
        Index("run_line_in_order", "run_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    stage: str = ""
    source: str = ""
    position: int | None = None
    level: str = "info"
    text: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(default_factory=now)


class RunPlan(SQLModel, table=True):
    """The plan of one stack as reviewed in a run: changes, estimate and guardrails as data."""

    __tablename__ = "run_plan"

    run_id: int = Field(primary_key=True, foreign_key="run.id")
    stack: str = Field(primary_key=True)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column(default="[]"))
    estimate: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    guardrails: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column(default="[]"))
    outputs: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column(default="[]"))
    drift: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column(default="[]"))
    # What the plan was made from: state, sources and variables, to be compared before it is applied.
    mark: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    # Where the plan file and its JSON form are kept.
    artifact: str = ""
    created_at: datetime = Field(default_factory=now)


class RunApproval(SQLModel, table=True):
    """One person's yes to a run's plan; a person counts once."""

    __tablename__ = "run_approval"

    run_id: int = Field(primary_key=True, foreign_key="run.id")
    actor: str = Field(primary_key=True)
    comment: str = ""
    at: datetime = Field(default_factory=now)


class RunExecution(SQLModel, table=True):
    """One Terraform process of a run, noted before it is started: who has only the store knows that it was begun."""

    __tablename__ = "run_execution"
    __table_args__ = (
        Index(
            "run_execution_open",
            "instance",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    run_id: int = Field(primary_key=True, foreign_key="run.id")
    key: str = Field(primary_key=True)
    stack: str
    action: str
    instance: str
    host: str
    path: str
    started_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None
    status: str = ""


class StateLock(SQLModel, table=True):
    """A state lock as it was last seen: of which environment, who holds it, and whether the holder lives."""

    __tablename__ = "state_lock"

    subject: str = Field(primary_key=True)
    lock_id: str
    who: str
    operation: str = ""
    created_at: datetime | None = None
    holder: str = "unknown"
    evidence: str = ""
    run_id: int | None = None
    checked_at: datetime = Field(default_factory=now)


class EnvironmentRecord(SQLModel, table=True):
    """What is known of an environment that exists: the outputs of its stack, and the world it exists in."""

    __tablename__ = "environment"

    name: str = Field(primary_key=True)
    exists: bool = False
    ready: bool = False
    world: str = ""
    # Digest of the sources and variables that were applied last: unchanged, there is nothing to plan.
    fingerprint: str = ""
    url: str = ""
    outputs: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    estimate: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    monthly_usd: float | None = None
    created_at: datetime | None = None
    updated_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = None
    # What somebody asked for beyond ttl_hours: a changed ttl_hours does not take it back.
    extended_until: datetime | None = None
    expiry_warned_at: datetime | None = None
    drift: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column(default="[]"))
    drift_checked_at: datetime | None = None
    drift_due_at: datetime | None = None
    # Scaled down to nothing outside its working hours.
    asleep: bool = False


class Release(SQLModel, table=True):
    """One deployment of one service to one environment.

    ``status`` is one of: started, reverting (it failed, and the one before is being put back), live, superseded, failed,
    rolled_back (it failed, and the one before serves again), stopped (somebody stopped it midway), gone (with its
    environment).
    """

    __tablename__ = "release"
    __table_args__ = (
        Index("release_number", "environment", "service", "number", unique=True),
        Index("release_of_environment", "environment", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    environment: str
    service: str
    number: int
    kind: str
    version: str
    digest: str = ""
    reference: str = ""
    revision: str = ""
    status: str = "started"
    detail: str = ""
    world: str = ""
    author: str = ""
    run_id: int | None = Field(default=None, foreign_key="run.id", index=True)
    # Where it came from: build, tag, digest, rollback, promote.
    source: str = ""
    # The release that was live when this one began, and the one that it repeats (a roll-back's or a promotion's).
    previous_id: int | None = None
    origin_id: int | None = None
    # The revision it ran as; a roll-back takes its settings from there.
    task_definition: str = ""
    tag: str = ""
    size: int = 0
    # When its source was committed, and how many commits had touched that source by then.
    committed_at: datetime | None = None
    position: int | None = None
    # Seconds by what was done: build, push, roll_out, publish, verify.
    durations: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    started_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None


class ReleaseFiles(SQLModel, table=True):
    """What a site's release is made of: where each file's content is kept, so that it can be put back or promoted."""

    __tablename__ = "release_files"

    release_id: int = Field(primary_key=True, foreign_key="release.id")
    manifest: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())


class RegistryImage(SQLModel, table=True):
    """One image of a service in the registry, as a worker last saw it."""

    __tablename__ = "registry_image"

    service: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    repository: str
    tags: list[str] = Field(default_factory=list, sa_column=json_column(default="[]"))
    size: int = 0
    media_type: str = ""
    pushed_at: datetime | None = None
    # What a scan found: status, counts by severity, when. Empty where nothing was ever scanned.
    scan: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    seen_at: datetime = Field(default_factory=now)


class AuditEntry(SQLModel, table=True):
    """One act, written before it is done; each entry holds the hash of the one before it."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=now)
    actor: str
    role: str
    action: str
    environment: str = Field(default="", index=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    previous_hash: str = ""
    hash: str = Field(default="", unique=True)


class Notification(SQLModel, table=True):
    """A message to people, kept until it is delivered; ``key`` makes the same event be told once on a channel."""

    __tablename__ = "notification"
    __table_args__ = (Index("notification_due", "state", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    event: str
    channel: str
    environment: str = ""
    run_id: int | None = None
    subject: str
    body: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    link: str = ""
    recipients: list[str] = Field(default_factory=list, sa_column=json_column(default="[]"))
    state: str = "waiting"
    attempts: int = 0
    error: str = ""
    due_at: datetime = Field(default_factory=now)
    created_at: datetime = Field(default_factory=now)
    sent_at: datetime | None = None


class WorkerRecord(SQLModel, table=True):
    """A worker process and its last sign of life."""

    __tablename__ = "worker"

    id: str = Field(primary_key=True)
    host: str
    pid: int
    version: str = ""
    memory_mb: float = 0
    instance: str = ""
    state: str = "working"
    capacity: int = 0
    runs: list[int] = Field(default_factory=list, sa_column=json_column(default="[]"))
    started_at: datetime = Field(default_factory=now)
    heartbeat_at: datetime = Field(default_factory=now, index=True)
