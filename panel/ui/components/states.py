"""States as word, shape and colour: of environments, runs, stages, health, releases."""

from __future__ import annotations

from panel.catalogue.schema import SHARED
from panel.lifecycle.stages import KINDS
from panel.store.tables import Run
from panel.ui import releases_text, text
from panel.ui.components.markup import badge

_ENVIRONMENT = {
    "ready": "ok", "working": "busy", "needs_you": "warn", "degraded": "warn", "down": "bad",
    "failed": "bad", "lost": "bad", "not_created": "none", "asleep": "none", "unknown": "unknown",
}  # fmt: skip
_RUN = {
    "queued": "busy", "preparing": "busy", "planning": "busy", "planned": "warn", "approved": "busy",
    "applying": "busy", "deploying": "busy", "applied": "ok", "no_changes": "ok", "errored": "bad",
    "interrupted": "bad", "blocked": "bad", "canceled": "none", "discarded": "none", "stale": "warn",
}  # fmt: skip
_VERDICT = {"healthy": "ok", "degraded": "warn", "down": "bad", "not_created": "none"}


def environment_tone(state: str) -> str:
    """The tone of an environment's state."""
    return _ENVIRONMENT.get(state, "unknown")


def environment_badge(state: str) -> str:
    """An environment's state."""
    return badge(environment_tone(state), text.STATES.get(state, text.STATES["unknown"]))


def run_tone(run: Run) -> str:
    """The tone of a run's state: where a person is asked, where a plan was all there was to do, as it is."""
    if not run.active and run.state == "planned":
        return "warn" if run.drifted else "ok"
    if run.active and run.state == "blocked":
        return "warn"
    return "busy" if run.active and run.state == "no_changes" else _RUN.get(run.state, "unknown")


def passed_tone(state: str) -> str:
    """The tone of a state that a run has left behind: done, unless it was no success."""
    name = _RUN.get(state, "unknown")
    return "ok" if name in {"busy", "warn"} else name


def run_word(run: Run) -> str:
    """The word of a run's state; a plan that was all there was to do is done."""
    if not run.active and run.state == "planned":
        return text.DRIFTED if run.drifted else text.RUN_STATES["applied"]
    if run.active and run.state == "blocked":
        return text.RUN_STATES["planned"]
    return text.RUN_STATES.get(run.state, run.state)


def run_badge(run: Run) -> str:
    """A run's state."""
    return badge(run_tone(run), run_word(run))


def run_title(run: Run) -> str:
    """What a run is: ``Run 12 · Create staging``."""
    name = text.SHARED_TITLE if run.environment == SHARED else run.environment
    if run.kind == "promote":
        name = text.FROM_TO.format(source=(run.options or {}).get("from", ""), target=name).strip()
    return text.RUN_TITLE.format(id=run.id, kind=KINDS.get(run.kind, run.kind), name=name)


def verdict_tone(verdict: str) -> str:
    """The tone of a health verdict."""
    return _VERDICT.get(verdict, "unknown")


def verdict_badge(verdict: str) -> str:
    """A health verdict."""
    return badge(verdict_tone(verdict), text.VERDICTS.get(verdict, text.VERDICTS["unknown"]))


def release_badge(status: str) -> str:
    """A release's state."""
    return badge(*releases_text.STATES.get(status, ("unknown", status)))
