"""What was released where, what is behind, and what one may go back to: read from the catalogue and the store alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from panel.catalogue.render import environment_of
from panel.catalogue.schema import Catalogue
from panel.errors import NotFoundError
from panel.lifecycle.release_order import behind
from panel.lifecycle.release_views import (
    Grid,
    GridCell,
    GridRow,
    ImageView,
    Kept,
    RegistryLook,
    ReleaseView,
    image_view,
    release_view,
)
from panel.store.releases import OPEN
from panel.store.stores import Stores
from panel.store.tables import EnvironmentRecord, Release

__all__ = ["Grid", "GridCell", "GridRow", "ImageView", "ReleaseOverview", "ReleaseView"]

#: So many images of a service, and so many releases that served, are looked at.
_IMAGES, _GOOD = 1000, 50


class ReleaseOverview:
    """Read models of releases and images. ``catalogue`` is read anew each time, so that an edit counts at once."""

    def __init__(self, catalogue: Callable[[], Catalogue], stores: Stores) -> None:
        self._catalogue = catalogue
        self._stores = stores

    def timeline(
        self, environment: str, *, service: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[ReleaseView]:
        """Releases of an environment, the newest first.

        Args:
            service: only of this service; it may be one that the catalogue has no more.
            before: only those older than the release with this id.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        environment_of(self._catalogue(), environment)
        releases = self._stores.releases.recent(environment, service=service, before=before, limit=limit)
        return self._views(releases)

    def of_run(self, run_id: int) -> list[ReleaseView]:
        """The releases that a run began, in order."""
        return self._views(self._stores.releases.of_run(run_id))

    def live(self, environment: str) -> dict[str, ReleaseView]:
        """What an environment runs now, by service."""
        return {
            view.service: view for view in self._views([*self._stores.releases.live(environment).values()])
        }

    def choices(self, environment: str, service: str) -> list[ReleaseView]:
        """What one may roll a service back to, the newest first: what served before, and is still kept.

        Raises:
            NotFoundError: the catalogue has no such environment.
        """
        environment_of(self._catalogue(), environment)
        good = self._stores.releases.good(environment, service, limit=_GOOD)
        return [view for view in self._views(good) if view.can_roll_back_to]

    def images(self, service: str) -> list[ImageView]:
        """The images of a service in the registry as a worker last saw them, the newest first.

        Raises:
            NotFoundError: the catalogue has no such container service.
        """
        containers = self._catalogue().containers
        if service not in containers:
            raise NotFoundError(
                f"There is no container service named {service!r}, so the registry has no images of it.",
                hint=f"environments.yaml has: {', '.join(containers) or 'none'}.",
            )
        running: dict[str, list[str]] = {}
        for (environment, name), release in self._stores.releases.live_everywhere().items():
            if name == service:
                running.setdefault(release.digest, []).append(environment)
        return [
            image_view(image, running.get(image.digest, ()))
            for image in self._stores.images.of(service, limit=_IMAGES)
        ]

    def grid(self) -> Grid:
        """What runs where and what is behind; a few queries, however many environments and services there are."""
        catalogue, records = self._catalogue(), self._stores.environments.all()
        names = tuple(catalogue.environments)
        releases = [
            one for one in self._stores.releases.at_work() if one.environment in catalogue.environments
        ]
        views = {release.id: view for release, view in self._paired(releases)}
        working = {run.id for run in self._stores.runs.pending() if run.active}
        live = {(one.environment, one.service): views[one.id] for one in releases if one.status == "live"}
        coming = {
            (one.environment, one.service): views[one.id]
            for one in releases
            # Where the run is over its release is not under way any more, whatever became of it.
            if one.status in OPEN and one.run_id in working
        }
        rows = [
            GridRow(
                service, definition.kind, definition.title, _cells(service, catalogue, records, live, coming)
            )
            for service, definition in catalogue.services.items()
        ]
        return Grid(names, tuple(rows))

    def _views(self, releases: Sequence[Release]) -> list[ReleaseView]:
        return [view for _, view in self._paired(releases)]

    def _paired(self, releases: Sequence[Release]) -> Iterable[tuple[Release, ReleaseView]]:
        kept = self._kept(releases)
        return [(release, release_view(release, kept)) for release in releases]

    def _kept(self, releases: Sequence[Release]) -> Kept:
        """What has to be known of other rows to show these releases."""
        known = {release.id: release for release in releases if release.id is not None}
        named = {one for release in releases for one in (release.previous_id, release.origin_id) if one}
        before = [release for release in releases if release.status == "superseded"]
        sites = [release.id for release in before if release.kind == "static" and release.id is not None]
        return Kept(
            related={**known, **self._stores.releases.several(named - known.keys())},
            with_files=self._stores.releases.with_files(sites),
            images=self._images({release.service for release in before if release.kind == "container"}),
        )

    def _images(self, services: Iterable[str]) -> dict[str, RegistryLook]:
        found = {service: self._stores.images.of(service, limit=_IMAGES) for service in services}
        return {
            service: RegistryLook(
                frozenset(image.digest for image in images), max(image.seen_at for image in images)
            )
            for service, images in found.items()
            if images
        }


def _cells(
    service: str,
    catalogue: Catalogue,
    records: Mapping[str, EnvironmentRecord],
    live: Mapping[tuple[str, str], ReleaseView],
    coming: Mapping[tuple[str, str], ReleaseView],
) -> dict[str, GridCell]:
    environments = catalogue.environments
    there = [name for name in environments if name in records and records[name].exists]
    serving = {name: live[name, service] for name in there if (name, service) in live}
    compared = behind(serving, {name for name, entry in environments.items() if entry.ttl_hours is not None})
    cells = {}
    for name in environments:
        words, leader = compared.get(name, ("", ""))
        state = _state(records.get(name), name in serving, (name, service) in coming)
        cells[name] = GridCell(serving.get(name), state, words, leader, coming.get((name, service)))
    return cells


def _state(record: EnvironmentRecord | None, served: bool, under_way: bool) -> str:
    if under_way:
        return "deploying"
    if record is None or not record.exists:
        return "not_created"
    if record.asleep:
        return "asleep"
    return "live" if served else "never_deployed"
