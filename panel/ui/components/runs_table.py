"""Runs as a table: on their own page and on an environment's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from panel.lifecycle.stages import KINDS
from panel.store.tables import Run
from panel.ui import readers, run_text, text
from panel.ui.components.markup import esc, page_link, quiet, table, when
from panel.ui.components.signs import short
from panel.ui.components.states import run_badge
from panel.ui.format import between, counts, plural
from panel.ui.state import Facade


def runs_table(panel: Facade, runs: Sequence[Run], *, with_environment: bool) -> str:
    """Markup of the table, newest first as given."""
    now = datetime.now(UTC)
    head = [text.RUN, text.KIND, text.STATE, text.PLANNED_CHANGES, text.AUTHOR, text.DURATION, text.WHEN]
    if with_environment:
        head.insert(1, text.ENVIRONMENT)
    took = head.index(text.DURATION)
    return table(
        head, [_row(panel, run, now, with_environment=with_environment) for run in runs], right=(took,)
    )


def _row(panel: Facade, run: Run, now: datetime, *, with_environment: bool) -> list[str]:
    took = between(run.started_at or run.created_at, run.ended_at or now)
    cells = [
        page_link("run", "run", run.id, f"{text.RUN} {run.id}"),
        esc(KINDS.get(run.kind, run.kind)) + _of(run),
        run_badge(run) + (short(readers.vitality(panel, run)) if run.active else ""),
        esc(_changes(run)),
        esc(run.author),
        took,
        when(run.created_at, now=now),
    ]
    if with_environment:
        cells.insert(1, page_link("environment", "environment", run.environment, run.environment))
    return cells


def _changes(run: Run) -> str:
    """Counts of a plan, or how much drifted."""
    if run.kind == "drift":
        return "" if run.drifted is None else plural(run.drifted, *run_text.DRIFTED)
    return counts(run.add, run.change, run.destroy)


def _of(run: Run) -> str:
    """Which run this one tries again, if one."""
    return f" {quiet(esc(run_text.RETRY_SHORT.format(id=run.retry_of)))}" if run.retry_of is not None else ""
