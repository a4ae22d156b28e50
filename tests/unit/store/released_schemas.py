"""Databases as released versions of the panel left them, and what every upgrade of one must come to."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from panel.store import tables
from panel.store.database import Database
from panel.store.stores import Stores

FOLDER = Path(__file__).with_name("schemas")
RELEASED = ("0001", "0004")


def dump(revision: str, kind: str) -> str:
    """SQL that makes a database of a released schema, with a little of everything in it."""
    return (FOLDER / f"{revision}.{kind}.sql").read_text(encoding="utf-8")


def check(database: Database) -> None:
    """The schema is exactly the tables, what was there is there, and it can be worked with."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, tables.Run.metadata) == []
    stores = Stores(database)
    done, waiting = stores.runs.get(1), stores.runs.get(2)
    assert (done.state, done.monthly_usd, done.comment) == ("applied", 71.4, "go — ok")
    assert (done.approvals_needed, done.author_may_approve, done.priority, done.instance) == (1, True, 0, "")
    assert (waiting.state, waiting.awaiting, waiting.options) == ("planned", True, {"services": ["backend"]})
    assert [run.id for run in stores.runs.pending()] == [2]
    assert [line.text for line in stores.runs.lines(1)] == [
        'aws_lb.it: Creation complete; it\'s "done" after 5s — ü'
    ]
    plan = stores.runs.plan(2, "environment")
    assert plan is not None
    assert (plan.changes[0]["action"], plan.drift, plan.mark, plan.artifact) == ("update", [], {}, "")
    environment = stores.environments.get("staging")
    assert (environment.outputs, environment.asleep, environment.drift) == (
        {"cluster_name": "todo-staging"}, False, [],
    )  # fmt: skip
    live = stores.releases.live("staging")["backend"]
    assert (live.digest, live.source, live.durations, live.position) == ("sha256:4f", "", {}, None)
    assert stores.releases.files(live.id or 0) is None
    assert [worker.state for worker in stores.workers.all()] == ["working"]
    assert [entry.actor for entry in stores.audit.chain()] == ["ana"]
    assert stores.runs.create("production", "plan", "bob", ["plan"]).active
