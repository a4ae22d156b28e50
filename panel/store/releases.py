"""Releases: what was deployed where, by whom, from which revision, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, update
from sqlmodel import col, select

from panel.errors import NotFoundError
from panel.store.database import Database
from panel.store.tables import Release, ReleaseFiles, now

#: Of a release that did what it was to do, now or earlier: what one may go back to.
GOOD = frozenset({"live", "superseded"})
#: Of a release under way.
OPEN = frozenset({"started", "reverting"})


class Releases:
    """Releases of services to environments."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, release_id: int) -> Release:
        """One release.

        Raises:
            NotFoundError: there is none.
        """
        with self._db.read() as session:
            found = session.get(Release, release_id)
        if found is None:
            raise NotFoundError(f"There is no release {release_id}.")
        return found

    def find(self, environment: str, service: str, number: int) -> Release | None:
        """The release of a service that goes by this number in its environment."""
        query = select(Release).where(
            Release.environment == environment, Release.service == service, Release.number == number
        )
        with self._db.read() as session:
            return session.exec(query).first()

    def start(
        self, environment: str, service: str, kind: str, version: str, *, run_id: int, **fields: Any
    ) -> Release:
        """Begin a release; a run that is repeated after a cut finds the one it began.

        What was live is noted as the previous one at the first call only.
        """
        with self._db.write() as session:
            mine = select(Release).where(Release.run_id == run_id, Release.service == service)
            found = session.exec(mine).first()
            if found is None:
                of_service = (Release.environment == environment, Release.service == service)
                last = session.exec(select(func.max(Release.number)).where(*of_service)).one()
                live = session.exec(select(Release.id).where(*of_service, Release.status == "live")).first()
                found = Release(
                    environment=environment, service=service, kind=kind, version=version,
                    number=(last or 0) + 1, run_id=run_id, previous_id=live,
                )  # fmt: skip
            found.version = version
            for name, value in fields.items():
                setattr(found, name, value)
            session.add(found)
            return found

    def note(self, release_id: int, **fields: Any) -> Release:
        """Keep what is known of a release under way; ``durations`` are added to those that are kept.

        Raises:
            NotFoundError: there is no such release.
        """
        with self._db.write() as session:
            release = session.get(Release, release_id)
            if release is None:
                raise NotFoundError(f"There is no release {release_id}.")
            _set(release, fields)
            session.add(release)
            return release

    def finish(self, release_id: int, status: str, **fields: Any) -> Release:
        """Close a release; a ``live`` one supersedes the one before it. Doing so again changes nothing.

        Raises:
            NotFoundError: there is no such release.
        """
        with self._db.write() as session:
            release = session.get(Release, release_id)
            if release is None:
                raise NotFoundError(f"There is no release {release_id}.")
            if status == "live":
                session.exec(
                    update(Release)
                    .where(
                        col(Release.environment) == release.environment,
                        col(Release.service) == release.service,
                        col(Release.status) == "live",
                        col(Release.id) != release.id,
                    )
                    .values(status="superseded")
                )
            release.status, release.ended_at = status, release.ended_at or now()
            _set(release, fields)
            session.add(release)
            return release

    def live(self, environment: str) -> Mapping[str, Release]:
        """The release that runs now, by service."""
        query = select(Release).where(Release.environment == environment, Release.status == "live")
        with self._db.read() as session:
            return {release.service: release for release in session.exec(query.order_by(col(Release.id)))}

    def live_everywhere(self) -> Mapping[tuple[str, str], Release]:
        """The release that runs now, by environment and service."""
        query = select(Release).where(Release.status == "live").order_by(col(Release.id))
        with self._db.read() as session:
            return {(release.environment, release.service): release for release in session.exec(query)}

    def at_work(self) -> list[Release]:
        """Everything that runs now or is being rolled out, in all environments, the oldest first."""
        query = select(Release).where(col(Release.status).in_(sorted({"live", *OPEN})))
        with self._db.read() as session:
            return [*session.exec(query.order_by(col(Release.id)))]

    def several(self, release_ids: Iterable[int]) -> dict[int, Release]:
        """Those of these releases that there are, by id."""
        wanted = sorted(release_ids)
        if not wanted:
            return {}
        with self._db.read() as session:
            found = session.exec(select(Release).where(col(Release.id).in_(wanted)))
            return {release.id or 0: release for release in found}

    def of_run(self, run_id: int) -> list[Release]:
        """The releases that a run began, in order."""
        query = select(Release).where(Release.run_id == run_id).order_by(col(Release.id))
        with self._db.read() as session:
            return [*session.exec(query)]

    def of_digest(self, service: str, digest: str) -> Release | None:
        """The release that first said from which revision an image was built; None where none did."""
        query = (
            select(Release)
            .where(Release.service == service, Release.digest == digest, Release.revision != "")
            .order_by(col(Release.id))
            .limit(1)
        )
        with self._db.read() as session:
            return session.exec(query).first()

    def recent(
        self,
        environment: str | None = None,
        *,
        service: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Release]:
        """Releases, newest first; ``before``: only those older than the release with this id."""
        query = select(Release).order_by(col(Release.id).desc()).limit(limit)
        if environment is not None:
            query = query.where(Release.environment == environment)
        if service is not None:
            query = query.where(Release.service == service)
        if before is not None:
            query = query.where(col(Release.id) < before)
        with self._db.read() as session:
            return [*session.exec(query)]

    def good(self, environment: str, service: str, *, limit: int = 20) -> list[Release]:
        """Releases of a service that served, newest first: the live one and those that one may go back to."""
        query = (
            select(Release)
            .where(Release.environment == environment, Release.service == service)
            .where(col(Release.status).in_(sorted(GOOD)))
            .order_by(col(Release.id).desc())
            .limit(limit)
        )
        with self._db.read() as session:
            return [*session.exec(query)]

    def keep_files(self, release_id: int, manifest: Mapping[str, Any]) -> None:
        """Keep what a site's release is made of, over what was kept of it before."""
        with self._db.write() as session:
            session.merge(ReleaseFiles(release_id=release_id, manifest=dict(manifest)))

    def files(self, release_id: int) -> dict[str, Any] | None:
        """What a site's release is made of; None where that is not known (releases of older panels)."""
        with self._db.read() as session:
            found = session.get(ReleaseFiles, release_id)
            return dict(found.manifest) if found is not None else None

    def with_files(self, release_ids: Iterable[int]) -> frozenset[int]:
        """Those of these releases whose files are known."""
        wanted = sorted(release_ids)
        if not wanted:
            return frozenset()
        query = select(ReleaseFiles.release_id).where(col(ReleaseFiles.release_id).in_(wanted))
        with self._db.read() as session:
            return frozenset(session.exec(query))

    def forget_files(self, release_id: int) -> None:
        """Drop what a release was made of: it can no more be gone back to."""
        with self._db.write() as session:
            found = session.get(ReleaseFiles, release_id)
            if found is not None:
                session.delete(found)

    def retire(self, environment: str) -> None:
        """Mark everything that was live or under way as gone, with its environment; nobody can go back to it."""
        with self._db.write() as session:
            session.exec(
                update(Release)
                .where(
                    col(Release.environment) == environment,
                    col(Release.status).in_(["live", "superseded", "started", "reverting"]),
                )
                .values(status="gone", ended_at=func.coalesce(col(Release.ended_at), now()))
            )


def _set(release: Release, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(release, name, {**release.durations, **value} if name == "durations" else value)
