"""The strip of a run's stages, and its progress bar."""

from __future__ import annotations

from datetime import datetime

from panel.lifecycle.stages import TITLES
from panel.store.tables import Run, RunStage
from panel.ui import text
from panel.ui.components.markup import esc, quiet, tone
from panel.ui.format import between

_SHAPES = {
    "pending": ("○", "none"), "active": ("◐", "busy"), "waiting": ("▲", "warn"),
    "done": ("✓", "ok"), "skipped": ("–", "none"), "failed": ("■", "bad"),
}  # fmt: skip


def strip(stages: list[RunStage], now: datetime) -> str:
    """All stages in a row: shape, title, what it is for those who cannot see the shape, and how long it took."""
    return f'<ol class="p-stages">{"".join(_stage(stage, now) for stage in stages)}</ol>'


def _stage(stage: RunStage, now: datetime) -> str:
    shape, name = _SHAPES.get(stage.state, ("?", "none"))
    title = TITLES.get(stage.name, stage.name)
    took = between(stage.started_at, stage.ended_at or now) if stage.started_at else ""
    words = text.STAGE_STATES.get(stage.state, stage.state)
    css = ' class="p-now" aria-current="step"' if stage.state in {"active", "waiting"} else ""
    hint = ": ".join(part for part in (words, stage.detail) if part)
    return (
        f'<li{css} title="{esc(hint)}" aria-label="{esc(title)}: {esc(words)}">'
        f"{tone(name, f'<span>{shape}</span> {esc(title)}')} {quiet(esc(took)) if took else ''}</li>"
    )


def progress(run: Run, stages: list[RunStage], now: datetime) -> str:
    """What happens now: a bar where there is something to count, elapsed time, what is waited for."""
    stage = next((item for item in stages if item.state in {"active", "waiting"}), None)
    total, done = run.progress_total, min(run.progress_done, run.progress_total)
    counted = bool(total) and (stage is None or stage.name in {"apply", "destroy", "shared"})
    parts = [text.PROGRESS.format(done=done, total=total)] if counted else []
    if stage is not None and stage.started_at is not None:
        title = TITLES.get(stage.name, stage.name)
        elapsed = between(stage.started_at, now)
        parts.append(elapsed if counted else text.STILL_IN_STAGE.format(stage=title, elapsed=elapsed))
    if stage is not None and stage.detail and stage.detail != run.waiting_for:
        parts.append(stage.detail)
    if run.waiting_for:
        parts.append(text.WAITING_FOR.format(what=run.waiting_for))
    bar = _bar(done / total, done, total) if counted else ""
    return f'{bar}<p role="status">{" · ".join(esc(part) for part in parts)}</p>'


def _bar(share: float, done: int, total: int) -> str:
    return (
        f'<div class="p-bar" role="progressbar" aria-valuemin="0" aria-valuemax="{total}" aria-valuenow="{done}">'
        f'<i style="width:{share * 100:.1f}%"></i></div>'
    )


def budget_bar(share: float) -> str:
    """A bar of the share of a budget that is used; red past the whole."""
    css = "p-over" if share > 1 else "p-fine"
    return (
        f'<div class="p-bar {css}" role="img" aria-label="{share * 100:.0f} %">'
        f'<i style="width:{min(share, 1) * 100:.1f}%"></i></div>'
    )
