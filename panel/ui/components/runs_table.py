"""Runs as a table: on their own page and on an environment's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from panel.lifecycle.stages import KINDS
from panel.store.tables import Run
from panel.ui import text
from panel.ui.components.markup import esc, page_link, table, when
from panel.ui.components.states import run_badge
from panel.ui.format import between, counts


def runs_table(runs: Sequence[Run], *, with_environment: bool) -> str:
    """Markup of the table, newest first as given."""
    now = datetime.now(UTC)
    head = [text.RUN, text.KIND, text.STATE, text.PLANNED_CHANGES, text.AUTHOR, text.DURATION, text.WHEN]
    if with_environment:
        head.insert(1, text.ENVIRONMENT)
    return table(head, [_row(run, now, with_environment=with_environment) for run in runs])


def _row(run: Run, now: datetime, *, with_environment: bool) -> list[str]:
    took = between(run.started_at or run.created_at, run.ended_at or now)
    cells = [
        page_link("run", "run", run.id, f"{text.RUN} {run.id}"),
        esc(KINDS.get(run.kind, run.kind)),
        run_badge(run),
        esc(counts(run.add, run.change, run.destroy)),
        esc(run.author),
        took,
        when(run.created_at, now=now),
    ]
    if with_environment:
        cells.insert(1, page_link("environment", "environment", run.environment, run.environment))
    return cells
