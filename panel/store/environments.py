"""What the store knows of environments that exist, and their releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from panel.errors import NotFoundError
from panel.store.database import Database
from panel.store.tables import EnvironmentRecord, Release, now


class Environments:
    """Records of environments by name."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str) -> EnvironmentRecord:
        """The record of an environment; an empty one where nothing was ever created."""
        with self._db.read() as session:
            return session.get(EnvironmentRecord, name) or EnvironmentRecord(name=name)

    def all(self) -> dict[str, EnvironmentRecord]:
        """All records by name."""
        with self._db.read() as session:
            return {record.name: record for record in session.exec(select(EnvironmentRecord))}

    def save(self, name: str, **fields: Any) -> EnvironmentRecord:
        """Set columns of a record, making it when there is none."""
        try:
            return self._set(name, fields)
        except IntegrityError:
            # Another process made it in this very moment: the second look finds it.
            return self._set(name, fields)

    def _set(self, name: str, fields: Mapping[str, Any]) -> EnvironmentRecord:
        with self._db.write() as session:
            record = session.get(EnvironmentRecord, name) or EnvironmentRecord(name=name)
            for key, value in fields.items():
                setattr(record, key, value)
            record.updated_at = now()
            session.add(record)
            return record


class Releases:
    """Releases of services to environments."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def start(
        self, environment: str, service: str, kind: str, version: str, *, run_id: int, **fields: Any
    ) -> Release:
        """Begin a release; a run that is repeated after a cut finds the one it began."""
        with self._db.write() as session:
            mine = select(Release).where(Release.run_id == run_id, Release.service == service)
            found = session.exec(mine).first()
            if found is None:
                last = session.exec(
                    select(func.max(Release.number)).where(
                        Release.environment == environment, Release.service == service
                    )
                ).one()
                found = Release(
                    environment=environment,
                    service=service,
                    kind=kind,
                    version=version,
                    number=(last or 0) + 1,
                    run_id=run_id,
                )
            found.version = version
            for name, value in fields.items():
                setattr(found, name, value)
            session.add(found)
            return found

    def finish(self, release_id: int, status: str, **fields: Any) -> Release:
        """Close a release as ``live`` or ``failed``; a live one supersedes the one before it."""
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
            release.status, release.ended_at = status, now()
            for name, value in fields.items():
                setattr(release, name, value)
            session.add(release)
            return release

    def live(self, environment: str) -> Mapping[str, Release]:
        """The release that runs now, by service."""
        query = select(Release).where(Release.environment == environment, Release.status == "live")
        with self._db.read() as session:
            return {release.service: release for release in session.exec(query.order_by(col(Release.id)))}

    def recent(self, environment: str | None = None, *, limit: int = 50) -> list[Release]:
        """Releases, newest first."""
        query = select(Release).order_by(col(Release.id).desc()).limit(limit)
        if environment is not None:
            query = query.where(Release.environment == environment)
        with self._db.read() as session:
            return [*session.exec(query)]

    def retire(self, environment: str) -> None:
        """Mark everything that was live as gone, with its environment."""
        with self._db.write() as session:
            session.exec(
                update(Release)
                .where(col(Release.environment) == environment, col(Release.status).in_(["live", "started"]))
                .values(status="gone", ended_at=now())
            )
