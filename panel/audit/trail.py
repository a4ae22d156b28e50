"""Writing an intent before the act, and telling whether the chain is whole."""

from __future__ import annotations

from typing import Any

from panel.store.audit import AuditEntries, entry_hash
from panel.store.tables import AuditEntry


class Trail:
    """The audit record."""

    def __init__(self, entries: AuditEntries) -> None:
        self._entries = entries

    def record(self, actor: str, role: str, action: str, environment: str = "", **detail: Any) -> AuditEntry:
        """Write that ``actor`` is about to do ``action``. No secret may be in ``detail``.

        Raises:
            StorageError: the record cannot be written; the act must then not be done.
        """
        return self._entries.append(actor, role, action, environment, detail)

    def recent(self, environment: str | None = None, *, limit: int = 200) -> list[AuditEntry]:
        """The latest entries, newest first."""
        return self._entries.recent(environment, limit=limit)

    def first_broken(self) -> AuditEntry | None:
        """The first entry whose hash does not follow from its content and its predecessor; None when whole."""
        previous = ""
        for entry in self._entries.chain():
            if entry.previous_hash != previous or entry.hash != entry_hash(entry):
                return entry
            previous = entry.hash
        return None
