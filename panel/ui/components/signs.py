"""A run's signs of life: when it was last heard of, what it waits for, how much of its time limit is used."""

from __future__ import annotations

from datetime import UTC, datetime

from panel.lifecycle.stages import TITLES
from panel.store.tables import Run, RunStage
from panel.ui import run_text as text
from panel.ui.components.markup import badge, esc, quiet, rows, when
from panel.ui.format import between, utc

#: States in which a worker is at work, and is heard of by its heartbeats.
_WORKED_ON = frozenset({"preparing", "planning", "approved", "applying", "deploying", "no_changes"})
_QUIET_S, _STUCK_S = 60, 300


def vitality(run: Run, now: datetime | None = None) -> str:
    """``alive``, ``quiet`` or ``stuck``; a run that waits for a person or has ended is none of the last two."""
    if not run.active or run.state not in _WORKED_ON:
        return "alive"
    silence = ((now or datetime.now(UTC)) - utc(run.heartbeat_at or run.created_at)).total_seconds()
    return "stuck" if silence > _STUCK_S else "quiet" if silence > _QUIET_S else "alive"


def signs(run: Run, stage: RunStage | None) -> str:
    """Markup of a banner where a run is stuck or was not heard of for a while; empty where all is well."""
    state = vitality(run)
    if state == "alive":
        return ""
    used = ""
    if stage is not None and stage.started_at is not None:
        used = esc(f"{TITLES.get(stage.name, stage.name)}: {between(stage.started_at, datetime.now(UTC))}")
    facts = rows(
        [
            (text.LAST_SIGN, when(run.heartbeat_at) or quiet(text.NO_SIGN)),
            (text.WAITS_FOR, esc(run.waiting_for)),
            (text.LIMIT, used),
        ]
    )
    title = badge("bad", text.STUCK_TITLE) if state == "stuck" else badge("warn", text.QUIET_TITLE)
    css = "p-error" if state == "stuck" else "p-note p-asks"
    return f'<div class="{css}" role="status"><h3>{title}</h3>{facts}<p>{quiet(text.STUCK_NEXT)}</p></div>'


def short(run: Run) -> str:
    """A word beside a run's state in lists; empty where all is well."""
    state = vitality(run)
    if state == "alive":
        return ""
    return " " + (badge("bad", text.STUCK_SHORT) if state == "stuck" else badge("warn", text.QUIET_SHORT))
