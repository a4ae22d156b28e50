"""What an environment's tabs say about its activity."""

from __future__ import annotations

import json

from panel.store.tables import AuditEntry
from panel.ui import text
from panel.ui.components.markup import esc, quiet, table, when
from panel.ui.format import digest, shorten
from panel.ui.state import Facade

_ENTRIES = 50


def activity(panel: Facade, name: str) -> str:
    """Who did what here, newest first, from the audit record."""
    entries = panel.trail.recent(name, limit=_ENTRIES)
    if not entries:
        return quiet(text.NO_ACTIVITY)
    return table((text.WHEN, text.WHO, text.WHAT, text.DETAIL), [_entry(entry) for entry in entries])


def _shown(key: str, value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    return digest(shown) if key == "plan" else shown


def _entry(entry: AuditEntry) -> list[str]:
    detail = ", ".join(
        f"{key}: {_shown(key, value)}"
        for key, value in entry.detail.items()
        if value not in (None, "", [], False)
    )
    who = f"{esc(entry.actor)} {quiet(esc(entry.role))}"
    return [when(entry.at), who, esc(entry.action), esc(shorten(detail, 200))]
