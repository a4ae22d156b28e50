"""Images in the registry, as a worker last saw them: what pages and terminals pick from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import col, select

from panel.store.database import Database
from panel.store.tables import RegistryImage


class RegistryImages:
    """Images by service."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def replace(self, service: str, images: Sequence[RegistryImage]) -> None:
        """Keep these images of a service, and forget those that are not there any more."""
        with self._db.write() as session:
            kept = [image.digest for image in images]
            session.exec(
                delete(RegistryImage).where(
                    col(RegistryImage.service) == service, col(RegistryImage.digest).not_in(kept)
                )
            )
            for image in images:
                session.merge(image)

    def of(self, service: str, *, limit: int = 200) -> list[RegistryImage]:
        """The images of a service, the newest first."""
        query = (
            select(RegistryImage)
            .where(RegistryImage.service == service)
            .order_by(col(RegistryImage.pushed_at).desc(), col(RegistryImage.digest))
            .limit(limit)
        )
        with self._db.read() as session:
            return [*session.exec(query)]

    def get(self, service: str, digest: str) -> RegistryImage | None:
        """One image of a service."""
        with self._db.read() as session:
            return session.get(RegistryImage, (service, digest))

    def seen_at(self, service: str) -> datetime | None:
        """When a worker last looked; None when it never did, or found nothing."""
        with self._db.read() as session:
            return session.exec(
                select(func.max(RegistryImage.seen_at)).where(RegistryImage.service == service)
            ).first()
