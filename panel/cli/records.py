"""``panel audit``: who did what."""

from __future__ import annotations

from typing import Annotated

import typer

from panel.cli import options, output, state
from panel.cli.errors import FAILED

audit = typer.Typer(no_args_is_help=True, help="The audit record: who did what.")


@audit.command("list")
def list_entries(
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="Only this environment's.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, newest first.")
    ] = 50,
    json: options.Json = False,
) -> None:
    """List the audit record, newest first."""
    entries = state.get_panel().trail.recent(environment, limit=limit)
    if json:
        output.json_result(
            [
                {
                    "id": entry.id,
                    "at": output.iso(entry.at),
                    "actor": entry.actor,
                    "role": entry.role,
                    "action": entry.action,
                    "environment": entry.environment,
                    "detail": entry.detail,
                }
                for entry in entries
            ]
        )
        return
    rows = [
        [
            str(entry.id),
            output.iso(entry.at) or "",
            f"{entry.actor} ({entry.role})",
            entry.action,
            entry.environment,
        ]
        for entry in entries
    ]
    output.table(["ID", "AT", "WHO", "DID", "ENVIRONMENT"], rows, right=frozenset({0}))


@audit.command()
def verify(json: options.Json = False) -> None:
    """Check that no entry of the audit record was changed or taken out of its middle. Exit code 1 if one was."""
    broken = state.get_panel().trail.first_broken()
    if json:
        output.json_result({"whole": broken is None, "first_broken": broken.id if broken else None})
    elif broken is None:
        output.result("The audit record is whole.")
    if broken is not None:
        output.say(
            f"Error: entry {broken.id} of the audit record ({output.iso(broken.at)}) was changed, or the one"
        )
        output.say("  before it was. Compare it with a backup, and find out who can write to the database.")
        raise typer.Exit(FAILED)
