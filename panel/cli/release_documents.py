"""What ``--json`` prints of releases, images and changes. The field names are a promise to scripts (docs/cli.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from panel.cli.output import iso

if TYPE_CHECKING:
    from panel.lifecycle.release_overview import GridCell, GridRow, ImageView, ReleaseView


def release_document(view: ReleaseView) -> dict[str, Any]:
    """One release."""
    return {
        "id": view.id,
        "environment": view.environment,
        "service": view.service,
        "kind": view.kind,
        "number": view.number,
        "label": view.label,
        "status": view.status,
        "version": view.version,
        "digest": view.digest,
        "tag": view.tag,
        "revision": view.revision,
        "committed_at": iso(view.committed_at),
        "position": view.position,
        "size": view.size,
        "source": view.source,
        "origin": view.origin,
        "previous": view.previous,
        "author": view.author,
        "run_id": view.run_id,
        "started_at": iso(view.started_at),
        "ended_at": iso(view.ended_at),
        "duration_s": view.duration_s,
        "durations": dict(view.durations),
        "detail": view.detail,
        "can_roll_back_to": view.can_roll_back_to,
        "why_not": view.why_not,
    }


def grid_document(environments: Iterable[str], rows: Iterable[GridRow]) -> dict[str, Any]:
    """What runs where."""
    return {
        "environments": [*environments],
        "services": [
            {
                "service": row.service,
                "kind": row.kind,
                "title": row.title,
                "environments": {name: _cell(cell) for name, cell in row.cells.items()},
            }
            for row in rows
        ],
    }


def _cell(cell: GridCell) -> dict[str, Any]:
    return {
        "state": cell.state,
        "release": release_document(cell.release) if cell.release is not None else None,
        "coming": release_document(cell.coming) if cell.coming is not None else None,
        "behind": cell.behind,
        "behind_of": cell.behind_of,
    }


def image_document(service: str, image: ImageView) -> dict[str, Any]:
    """One image in the registry."""
    return {
        "service": service,
        "digest": image.digest,
        "tags": [*image.tags],
        "size": image.size,
        "pushed_at": iso(image.pushed_at),
        "scan": {"text": image.scan_text, "severity": image.scan_severity},
        "running_in": [*image.running_in],
        "seen_at": iso(image.seen_at),
    }
