"""Audit entries: appended in a chain of hashes, never changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from panel.store.database import Database
from panel.store.discretion import MASKER
from panel.store.tables import AuditEntry, now

# Two writers that saw the same last entry would fork the chain.
_APPENDING = 7261637


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the entry's content and the hash of the one before it."""
    content = [
        entry.at.isoformat(), entry.actor, entry.role, entry.action, entry.environment,
        json.dumps(entry.detail, sort_keys=True), entry.previous_hash,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class AuditEntries:
    """The chain of entries."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def append(
        self, actor: str, role: str, action: str, environment: str, detail: Mapping[str, Any]
    ) -> AuditEntry:
        """Append one entry to the chain."""
        with self._db.write() as session:
            self._db.one_at_a_time(session, _APPENDING)
            last = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(1)).first()
            entry = AuditEntry(
                at=now(), actor=actor, role=role, action=action, environment=environment,
                # Masked before it is hashed: what is stored must be what the chain vouches for.
                detail=MASKER.value(dict(detail)), previous_hash=last.hash if last else "",
            )  # fmt: skip
            entry.hash = entry_hash(entry)
            session.add(entry)
            return entry

    def recent(self, environment: str | None = None, *, limit: int = 200) -> list[AuditEntry]:
        """Entries, newest first."""
        query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
        if environment is not None:
            query = query.where(AuditEntry.environment == environment)
        with self._db.read() as session:
            return [*session.exec(query)]

    def chain(self) -> list[AuditEntry]:
        """All entries, oldest first, for verification."""
        with self._db.read() as session:
            return [*session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]
