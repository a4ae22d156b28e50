"""``panel db``: the panel's own database, brought up to date, backed up, restored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import output, state
from panel.errors import BusyError, RefusedError

if TYPE_CHECKING:
    from panel.wiring import Panel

app = typer.Typer(no_args_is_help=True, help="The panel's database.")

_ALIVE = timedelta(seconds=60)
_WORD = "restore"


@app.callback()
def _db() -> None:
    """The panel's database."""


@app.command()
def upgrade() -> None:
    """Bring the database's schema up to date (opening the panel does the same)."""
    database = state.get_panel().stores.database
    database.upgrade()
    output.result(f"The schema of {database.place} is up to date.")


@app.command()
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to write it. Default: panel-backup-TIME.zip, here."),
    ] = None,
) -> None:
    """Write everything the panel knows into one file, while others go on working. It may hold secrets."""
    from panel.settings import child_environment
    from panel.store.backup import backup as make

    panel = state.get_panel()
    target = file or Path(f"panel-backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip")
    panel.trail.record(panel.identity.name, panel.identity.role, "backup", "")
    manifest = make(
        panel.stores.database, panel.settings.workflows_url, target.resolve(), child_environment()
    )
    output.result(f"Wrote {target} (schema {manifest.revision}). Only you can read it; keep it that way.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'panel db backup' wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Put it in the place of what is there, once you confirm.")
    ] = False,
    confirm: Annotated[
        str, typer.Option("--confirm", metavar="WORD", help=f"Confirm with '{_WORD}' without being asked.")
    ] = "",
) -> None:
    """Put a backup in the place of everything the panel knows. Runs that were under way become interrupted."""
    from panel.lifecycle.presence import Presence
    from panel.lifecycle.restored import close_restored_runs
    from panel.settings import child_environment
    from panel.store.backup import holds_data, read_manifest
    from panel.store.backup import restore as put_back

    panel = state.get_panel()
    stores, database = panel.stores, panel.stores.database
    manifest = read_manifest(file, database)
    _refuse_while_a_worker_lives(panel)
    if holds_data(database):
        _confirm(database.place, force=force, confirm=confirm)
    presence = Presence(panel.settings.data_path)
    presence.take("restore", alone=database.sqlite)  # so that no worker of this directory starts meanwhile
    try:
        put_back(database, panel.settings.workflows_url, file, child_environment())
        closed = close_restored_runs(stores, made_at=manifest.created_at)
    finally:
        presence.release()
    panel.trail.record(
        panel.identity.name,
        panel.identity.role,
        "restore",
        "",
        made_at=manifest.created_at,
        interrupted=closed,
    )
    output.result(
        f"Restored the backup of {manifest.created_at}; {closed} runs that were under way are interrupted."
    )
    output.say("Plan each environment: AWS may have moved on since the backup.")


def _refuse_while_a_worker_lives(panel: Panel) -> None:
    alive = panel.stores.workers.alive(within=_ALIVE)
    if panel.worker_process.alive() or alive:
        where = f"on {alive[0].host}, process {alive[0].pid}" if alive else "in this data directory"
        raise BusyError(
            f"A worker is alive ({where}): nothing was restored.",
            hint="Stop the panel and every worker ('panel down'), and wait a minute for one that was killed.",
        )


def _confirm(place: str, *, force: bool, confirm: str) -> None:
    if not force:
        raise RefusedError(
            f"{place} holds data, all of which a restore would replace: nothing was restored.",
            hint="Back it up first ('panel db backup'), then add --force.",
        )
    word = confirm or (
        output.ask(f"Type '{_WORD}' to replace everything in {place}:") if state.is_interactive() else ""
    )
    if word != _WORD:
        raise RefusedError("Nothing was restored.", hint=f"Confirm with --confirm {_WORD}.")
