"""Which releases one may go back to, and why not to the others: by rows alone, so that pages and orders agree."""

from __future__ import annotations

from collections.abc import Sequence

from panel.store.releases import GOOD, OPEN
from panel.store.stores import Stores
from panel.store.tables import Release

_NOT_GOOD = {
    "failed": "it failed",
    "rolled_back": "it failed and was rolled back by itself",
    "stopped": "it was stopped midway",
    "gone": "it went with its environment",
}


class EarlierReleases:
    """What may be gone back to. Whether an image is still in the registry is seen when the run comes to it."""

    def __init__(self, stores: Stores) -> None:
        self._releases = stores.releases
        self._environments = stores.environments

    def why_not(self, release: Release, live: Release | None) -> str:
        """Why one cannot go back to a release, as half a sentence; empty where one can.

        Args:
            release: the release to go back to.
            live: what its service runs now in the same environment.
        """
        if live is not None and release.id == live.id:
            return "it is what is live"
        if release.status in OPEN:
            return "it is still under way"
        if release.status not in GOOD:
            return _NOT_GOOD.get(release.status, f"it is {release.status}")
        if release.kind == "static":
            kept = self._releases.files(release.id or 0) is not None
            return "" if kept else "its files are not kept any more"
        return "" if release.digest else "the panel does not know which image it was"

    def choices(self, environment: str, service: str) -> list[Release]:
        """What one may go back to, the newest first, without what is live."""
        live = self._releases.live(environment).get(service)
        return [
            release
            for release in self._releases.good(environment, service)
            if not self.why_not(release, live)
        ]

    def default(self, environment: str, service: str) -> Release | None:
        """The newest of them that came before what is live and is not the very same thing."""
        live = self._releases.live(environment).get(service)
        return newest_before(self.choices(environment, service), live)


def newest_before(choices: Sequence[Release], live: Release | None) -> Release | None:
    """Of releases, the newest that came before the live one and differs from it; None where there is none."""
    for release in choices:
        if live is None or (release.number < live.number and not same(release, live)):
            return release
    return None


def same(one: Release, other: Release) -> bool:
    """Whether two releases of a service in one environment are the same image or files, with the same settings."""
    return bool(one.digest) and (one.digest, one.task_definition) == (other.digest, other.task_definition)


def label(release: Release) -> str:
    """What a release goes by: ``r12``."""
    return f"r{release.number}"
