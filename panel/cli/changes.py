"""What a deployment changes and what became of it, for the terminal: versions, commits, settings, releases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from panel.cli import output
from panel.cli.release_documents import release_document

if TYPE_CHECKING:
    from panel.deploys.comparison import ServiceChange, Side
    from panel.lifecycle.release_overview import ReleaseView
    from panel.store.tables import Run
    from panel.wiring import Panel

_COMMITS = 10
_ENDS = {
    "rolled_back": "failed and was rolled back",
    "failed": "failed",
    "stopped": "was stopped midway",
    "reverting": "failed, and the way back did not come to its end",
    "started": "did not come to its end",
    "gone": "went with its environment",
}


def changes_of(run: Run) -> list[ServiceChange]:
    """What a deployment changes, by service; empty where it is not known (yet), and for other runs."""
    from panel.deploys.comparison import ServiceChange

    return [ServiceChange.from_dict(stored) for stored in run.changes]


def change_lines(run: Run) -> Iterator[str]:
    """What a deployment changes for people, service by service: versions, commits, settings."""
    for change in changes_of(run):
        yield f"{change.service}: {_from_to(change, run.environment)}"
        sign, shown = "−" if change.direction == "back" else "+", change.commits[:_COMMITS]
        for commit in shown:
            yield f"  {sign} {commit.sha[:7]} {commit.subject} ({commit.author})"
        if shown and change.commits_total > len(shown):
            yield f"  {sign} {change.commits_total - len(shown)} more"
        for setting in change.settings:
            yield f"  {setting.name}: {setting.before or 'not set'} → {setting.after or 'not set'}"
        if change.note:
            yield f"  {change.note}"


def change_summary(run: Run) -> str:
    """What a deployment brings, in a few words: ``backend 4f2a91c, frontend 31c0d2e``."""
    return ", ".join(f"{change.service} {change.after.version}".strip() for change in changes_of(run))


def _from_to(change: ServiceChange, environment: str) -> str:
    after = _side(change.after, environment)
    if change.direction == "same":
        return f"{after}, which serves already"
    if change.before is None:
        return f"{after}, the first release here"
    text = f"{_side(change.before, environment)} → {after}"
    if not change.commits_known or not change.commits_total:
        return f"{text}, an older one" if change.direction == "back" else text
    count = f"{change.commits_total} commit{'s' if change.commits_total != 1 else ''}"
    return f"{text}, {count} {'back' if change.direction == 'back' else 'forward'}"


def _side(side: Side, environment: str) -> str:
    """``r12 4f2a91c``, or where it is taken from another environment ``staging r7 4f2a91c``."""
    place = side.environment if side.release and side.environment != environment else ""
    words = [place, side.release, side.version or output.digest(side.digest)]
    return " ".join(word for word in words if word) or "not known"


def release_lines(panel: Panel, run: Run) -> Iterator[str]:
    """What became of a run's releases, and what serves where one of them does not.

    ``backend r13 4f2a91c serves in staging after 42 s``.
    """
    views = panel.releases.of_run(run.id or 0)
    live = panel.releases.live(run.environment) if any(one.status != "live" for one in views) else {}
    for view in views:
        took = f" after {output.seconds(view.duration_s)}" if view.duration_s is not None else ""
        name = f"{view.service} {view.label} {view.version}"
        if view.status == "live":
            yield f"{name} serves in {view.environment}{took}"
        elif view.status == "superseded":
            yield f"{name} served in {view.environment}; a later release has replaced it"
        else:
            yield from _did_not(view, name, took, live.get(view.service), said=run.error)


def _did_not(
    view: ReleaseView, name: str, took: str, live: ReleaseView | None, *, said: str
) -> Iterator[str]:
    detail = f": {view.detail}" if view.detail and view.detail not in said else ""
    yield f"{name} {_ENDS.get(view.status, view.status)}{took}{detail}"
    if view.status == "gone":
        return
    if live is None:
        yield f"  no release of {view.service} is known to serve in {view.environment}"
    elif live.number > view.number:
        yield f"  by now {live.service} {live.label} {live.version} serves in {live.environment}"
    elif view.status == "rolled_back":
        yield f"  {live.service} {live.label} {live.version} serves in {live.environment} again"
    else:
        yield f"  {live.service} {live.label} {live.version} is the live release in {live.environment}"


def ended_document(panel: Panel, run: Run) -> dict[str, Any]:
    """What a deployment's ``--wait --json`` prints beside the run: changes, releases, and what serves now."""
    return {
        "changes": [*run.changes],
        "releases": [release_document(view) for view in panel.releases.of_run(run.id or 0)],
        "live": {
            name: release_document(view)
            for name, view in sorted(panel.releases.live(run.environment).items())
        },
    }
