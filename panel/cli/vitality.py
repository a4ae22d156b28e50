"""How alive a run is, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from panel.cli import output, state

if TYPE_CHECKING:
    from panel.lifecycle.vitality import Vitality
    from panel.store.tables import Run


def vitality_note(run: Run) -> str:
    """A word beside a run's state in a list; nothing where all is well."""
    found = _of(run)
    return "" if found is None or found.is_well else f" ({found.state})"


def vitality_lines(run: Run) -> Iterator[str]:
    """How alive a run is, in lines; none for one that has ended."""
    found = _of(run)
    if found is not None:
        last = f" Last sign of life: {output.iso(found.last_sign)}." if found.last_sign else ""
        yield f"  {found.state}: {found.text}{last}"


def vitality_document(run: Run) -> dict[str, Any] | None:
    """How alive a run is as the JSON contract promises it; None for one that has ended."""
    found = _of(run)
    return {**asdict(found), "last_sign": output.iso(found.last_sign)} if found is not None else None


def _of(run: Run) -> Vitality | None:
    from panel.lifecycle.vitality import vitality_of

    panel = state.get_panel()
    return vitality_of(run, panel.stores, panel.settings)
