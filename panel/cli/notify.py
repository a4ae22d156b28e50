"""``panel notify``: whether people are told, and what they were told."""

from __future__ import annotations

from typing import Annotated

import typer

from panel.cli import options, output, state
from panel.cli.errors import FAILED
from panel.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Notifications: try the channels, list what was told.")


@app.command()
def test(
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="ADDRESS", help="Write to this address; default: PANEL_MAIL_TO."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Send a test message through every channel now, and say what became of it (exit code 1 if one failed)."""
    from panel.notify.messages import notification

    panel = state.get_panel()
    channels = panel.channels()
    if not channels:
        raise ConfigurationError(
            "No channel is set up: nobody is told anything.",
            hint="Set PANEL_WEBHOOK_URL, or PANEL_SMTP_URL with PANEL_MAIL_FROM and PANEL_MAIL_TO.",
        )
    facts = {"author": panel.identity.name, "project": panel.catalogue().project}
    message = notification("test", "test", facts, link=panel.settings.public_url)
    message.recipients = list(to or panel.mail_to)
    outcomes = {name: (channel.place, channel.send(message)) for name, channel in channels.items()}
    if json:
        output.json_result(
            [
                {"channel": name, "place": place, "delivered": outcome.delivered, "note": outcome.note}
                for name, (place, outcome) in outcomes.items()
            ]
        )
    else:
        for name, (place, outcome) in outcomes.items():
            said = "delivered to" if outcome.delivered else "NOT delivered to"
            output.result(f"{name}: {said} {place}{f': {outcome.note}' if outcome.note else ''}")
    if not all(outcome.delivered for _, outcome in outcomes.values()):
        raise typer.Exit(FAILED)


@app.command("list")
def list_messages(
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="Only this environment.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")] = 20,
    json: options.Json = False,
) -> None:
    """List what was told, newest first: when, what, through which channel, and why not where it failed."""
    rows = state.get_panel().stores.notifications.recent(environment, limit=limit)
    if json:
        output.json_result(
            [
                {
                    "id": row.id, "event": row.event, "environment": row.environment, "run": row.run_id,
                    "channel": row.channel, "state": row.state, "attempts": row.attempts, "error": row.error,
                    "subject": row.subject, "created_at": output.iso(row.created_at),
                    "sent_at": output.iso(row.sent_at) if row.sent_at else None,
                }
                for row in rows
            ]
        )  # fmt: skip
        return
    output.table(
        ["WRITTEN", "CHANNEL", "STATE", "SUBJECT", "ERROR"],
        [[str(output.iso(row.created_at)), row.channel, row.state, row.subject, row.error] for row in rows],
    )
