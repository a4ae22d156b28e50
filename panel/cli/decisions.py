"""The decisions of ``panel runs``: approve, discard, override, cancel, and doing again what did not come to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, output, state
from panel.cli.documents import run_document
from panel.cli.follow import follow
from panel.errors import RefusedError

if TYPE_CHECKING:
    from panel.store.tables import Run

Comment = Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why; kept with the decision.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``panel runs``."""
    for command in (approve, discard, override, cancel, retry, replan):
        app.command()(command)


def approve(run_id: options.RunNumber, comment: Comment = "", json: options.Json = False) -> None:
    """Approve a plan: exactly what was reviewed is applied, once enough people have approved."""
    from panel.lifecycle.approvals import still_needed

    panel = state.get_panel()
    run = panel.operations.approve(panel.identity, run_id, comment=comment)
    given = [one.actor for one in panel.stores.runs.approvals(run_id)]
    _decided(run, json, "approved" if run.state == "approved" else "your approval counts")
    if run.state == "planned":
        output.say(f"  {still_needed(run, given)}")
    panel.ensure_running()


def discard(run_id: options.RunNumber, comment: Comment = "", json: options.Json = False) -> None:
    """Discard a plan, also a blocked one: nothing is applied."""
    panel = state.get_panel()
    _decided(panel.operations.discard(panel.identity, run_id, comment=comment), json, "discarded")


def override(
    run_id: options.RunNumber,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it is right this time, in a few words.")
    ],
    json: options.Json = False,
) -> None:
    """Let a plan through that a guardrail blocks; it still has to be approved. Takes an admin, and is audited."""
    panel = state.get_panel()
    run = panel.operations.override(panel.identity, run_id, reason=reason)
    _decided(run, json, "the block is overridden")
    output.say(f"  It waits for review now: panel runs approve {run.id}")


def cancel(
    run_id: options.RunNumber,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="End it now, after it was asked to stop: Terraform is killed.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Ask a run to stop at the next safe point; what Terraform has finished stays. One that waits ends at once."""
    from panel.lifecycle.decisions import FORCE_WARNING

    panel = state.get_panel()
    run = panel.stores.runs.get(run_id)
    if force and run.active and run.cancel_requested:
        output.say(f"▲ {FORCE_WARNING}")
        if state.is_interactive() and output.ask("Type 'yes' to end it by force").lower() not in {"y", "yes"}:
            raise RefusedError(f"Run {run_id} was not ended by force.", hint="It goes on stopping by itself.")
    run = panel.operations.cancel(panel.identity, run_id, force=force)
    told = "is ended by force" if force else "asked to stop at the next safe point"
    _decided(run, json, "canceled" if run.state == "canceled" else told)


def retry(
    run_id: options.RunNumber,
    *,
    confirm: Annotated[
        str,
        typer.Option("--confirm", metavar="NAME", help="Of a destruction: the environment's name once more."),
    ] = "",
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Order again what a run that has ended did not do. It is planned and reviewed anew."""
    panel = state.get_panel()
    run = panel.operations.retry(panel.identity, run_id, confirm=confirm)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


def replan(
    run_id: options.RunNumber,
    *,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Plan again, as a new run of the same kind; a plan that still waits is discarded with it."""
    panel = state.get_panel()
    run = panel.operations.replan(panel.identity, run_id)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


def _decided(run: Run, as_json: bool, what: str) -> None:
    if as_json:
        output.json_result(run_document(run))
    output.say(f"Run {run.id} of {run.environment}: {what}.")
