"""What of deployments is worth telling, and its words: what was released, what waits for review, what went back by itself."""

from __future__ import annotations

from collections.abc import Sequence

from panel.deploys.comparison import ServiceChange
from panel.lifecycle.earlier_releases import label
from panel.lifecycle.stages import SHIPPING
from panel.store.stores import Stores
from panel.store.tables import Release, Run

_DONE = {"deploy": "deployed", "rollback": "returned", "promote": "promoted"}
#: Events of other runs that are told in other words of a deployment.
_INSTEAD = {"review_needed": "release_review_needed", "review_expired": "release_review_expired"}


def event_of_shipping(event: str, run: Run, releases: Sequence[Release]) -> str:
    """The event that a step of a run is, where its releases say more than the step does.

    Args:
        event: what the step itself is; see :func:`panel.lifecycle.run_news.event_of`.
        releases: of the run.
    """
    if event in {"errored", "interrupted"} and any(one.status == "rolled_back" for one in releases):
        return "rolled_back"
    if run.kind not in SHIPPING:
        return event
    return _DONE[run.kind] if event == "applied" else _INSTEAD.get(event, event)


def facts_of_shipping(stores: Stores, run: Run, releases: Sequence[Release]) -> dict[str, str]:
    """What the words of these events name."""
    good = [one for one in releases if one.status in {"live", "superseded"}]
    back = [one for one in releases if one.status == "rolled_back"]
    return {
        "releases": ", ".join(f"{one.service} {one.version} ({label(one)})" for one in good) or "nothing",
        "source": str(run.options.get("from") or ""),
        "changes": "\n".join(_change(ServiceChange.from_dict(kept)) for kept in run.changes),
        "went_back": ", ".join(_returned(stores, one) for one in back),
        "services": ", ".join(one.service for one in back),
        "stays": f"What was released before that stays: {_names(good)}." if good else "",
    }


def _names(releases: Sequence[Release]) -> str:
    return ", ".join(f"{one.service} {one.version}" for one in releases)


def _returned(stores: Stores, release: Release) -> str:
    before = stores.releases.get(release.previous_id) if release.previous_id is not None else None
    serves = f"{before.version} ({label(before)})" if before is not None else "what was there before"
    return f"{release.service} {release.version} ({label(release)}) failed, {serves} serves again"


def _change(change: ServiceChange) -> str:
    before = change.before.version if change.before else "nothing"
    words = f"- {change.service}: {before} → {change.after.version}"
    if change.commits_known and change.commits_total:
        one = change.commits_total == 1
        away = " that go away" if change.direction == "back" and not one else ""
        away = " that goes away" if change.direction == "back" and one else away
        words += f", {change.commits_total} commit{'' if one else 's'}{away}"
    if change.settings:
        words += f", {len(change.settings)} setting{'' if len(change.settings) == 1 else 's'}"
    return words
