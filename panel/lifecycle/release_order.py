"""Which of several environments runs the newest release of a service, and how far the others are behind. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from panel.lifecycle.release_views import ReleaseView

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def behind(
    live: Mapping[str, ReleaseView], passing: Collection[str] = frozenset()
) -> dict[str, tuple[str, str]]:
    """How each environment's release compares with the newest, as words and the environment it is compared with.

    Args:
        live: the live release by environment, in the catalogue's order. What is not there has nothing to compare.
        passing: environments that end by themselves (previews): nobody is behind what is only tried there.

    Returns:
        By environment, for those that run something else than the newest.
    """
    if not live:
        return {}
    lasting = {name: release for name, release in live.items() if name not in passing}
    newest = max((lasting or live).values(), key=_age)
    # Of several that run the same, the one that had it first: the others have it from there.
    leader = min((one for one in live.values() if same_build(one, newest)), key=lambda one: one.started_at)
    return {
        name: (_words(release, leader), leader.environment)
        for name, release in live.items()
        if not same_build(release, newest)
        and (name in lasting or not lasting or _age(release) < _age(newest))
    }


def same_build(one: ReleaseView, other: ReleaseView) -> bool:
    """Whether two releases of a service are the same: what was built once, or built twice of the same source."""
    if one.digest and one.digest == other.digest:
        return True
    return bool(one.revision) and one.revision == other.revision and one.version == other.version


def _age(release: ReleaseView) -> tuple[datetime, int, datetime]:
    position = release.position if release.position is not None else -1
    return release.committed_at or _LONG_AGO, position, release.started_at


def _words(release: ReleaseView, leader: ReleaseView) -> str:
    if release.source == "rollback":
        return f"rolled back to {release.origin or 'an earlier release'}"
    if (release.committed_at is None) != (leader.committed_at is None):
        return f"differs from {leader.environment}"
    number = _commits(release, leader)
    if number:
        return f"{number} commit{'s' if number != 1 else ''} behind {leader.environment}"
    if release.revision and release.revision == leader.revision:
        # The same commit, with and without changes that nobody committed.
        return f"differs from {leader.environment}"
    return f"older than {leader.environment}"


def _commits(release: ReleaseView, leader: ReleaseView) -> int:
    """How many commits lie between; 0 where the two are not of one history, or nobody counted."""
    if release.position is None or leader.position is None:
        return 0
    # A branch of its own may have fewer commits although it is newer, or as many: then counting tells nothing.
    return max(0, leader.position - release.position)
