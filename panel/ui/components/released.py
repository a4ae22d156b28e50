"""What a run released, service by service: how it ended, what serves now, how long it took."""

from __future__ import annotations

from panel.store.tables import Release, Run
from panel.ui import deploy_text as words
from panel.ui import text
from panel.ui.components.facts import short_digest
from panel.ui.components.markup import esc, folded, mono, quiet, table
from panel.ui.components.releases import deployments_link
from panel.ui.components.states import release_badge
from panel.ui.format import between, brief
from panel.ui.state import Facade

_DETAIL = 300


def released(panel: Facade, run: Run) -> str:
    """Markup of the run's releases; empty before the first one was begun."""
    found = panel.stores.releases.of_run(run.id or 0)
    if not found:
        return ""
    live = panel.stores.releases.live(run.environment)
    head = (text.SERVICE, words.RELEASE, text.VERSION, text.DIGEST, text.STATE, words.TOOK)
    body = [_row(release, live.get(release.service)) for release in found]
    return f"<h2>{words.RELEASED}</h2>{table(head, body, right=(5,))}"


def _row(release: Release, live: Release | None) -> tuple[str, ...]:
    took = between(release.started_at, release.ended_at) if release.ended_at else ""
    link = deployments_link(release.environment, f"r{release.number}")
    state = release_badge(release.status) + _detail(release)
    if release.status in {"failed", "rolled_back", "stopped"}:
        serves = (
            words.SERVES_NOW.format(release=f"r{live.number} {brief(live.version)}")
            if live
            else words.NOTHING_SERVES
        )
        state += f"<br>{quiet(esc(serves))}"
    return (
        esc(release.service), link, mono(brief(release.version)), short_digest(release.digest), state, esc(took),
    )  # fmt: skip


def _detail(release: Release) -> str:
    if not release.detail:
        return ""
    if len(release.detail) <= _DETAIL:
        return f"<br>{esc(release.detail)}"
    return f"<br>{esc(release.detail[:_DETAIL])}…{folded(text.DETAILS, f'<pre>{esc(release.detail)}</pre>')}"
