"""``panel local``: the embedded AWS of this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, output, state, stopping
from panel.errors import BusyError, ConfigurationError, RefusedError

if TYPE_CHECKING:
    from panel.localaws import LocalAws, LocalAwsStatus

app = typer.Typer(no_args_is_help=True, help="The embedded AWS on this machine: start, stop, look, empty.")


@app.command()
def start(json: options.Json = False) -> None:
    """Start the embedded AWS and its task agent, or find them alive."""
    local = _local()
    output.say("Starting the embedded AWS …")
    state.get_panel().ensure_endpoint()
    _show(local.status(), json)


@app.command()
def stop(json: options.Json = False) -> None:
    """Stop the task agent and the embedded AWS; its state is written and comes back with the next start."""
    local = _local()
    output.say("Stopping the embedded AWS; its state is kept. An apply under way is waited for …")
    state.get_panel().stop_endpoint()
    _show(local.status(), json)


@app.command()
def status(json: options.Json = False) -> None:
    """Tell whether the embedded AWS is alive, where it answers and how it runs tasks."""
    _show(_local().status(), json)


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False, json: options.Json = False
) -> None:
    """Empty the embedded AWS: every environment in it is gone afterwards."""
    local = _local()
    question = "This empties the embedded AWS: every environment in it is gone. Type 'reset' to go on"
    if not yes and not (state.is_interactive() and output.ask(question) == "reset"):
        raise RefusedError(
            "The embedded AWS was not emptied: nobody confirmed it.", hint="Give --yes to empty it unasked."
        )
    under_way = [run.id for run in state.get_panel().stores.runs.pending() if run.active]
    if under_way:
        raise BusyError(
            f"The embedded AWS was not emptied: run {under_way[0]} is under way in it.",
            hint=f"Wait until it has ended, or cancel it: panel runs cancel {under_way[0]}.",
        )
    output.say("Emptying the embedded AWS …")
    _show(local.reset(), json)


@app.command()
def agent() -> None:
    """Run the task agent in the foreground until SIGTERM or Ctrl-C (panel up starts it by itself)."""
    _local()
    stopping.log_to_stderr()
    stop = stopping.stop_event()
    state.get_panel().run_agent(stop)


def _local() -> LocalAws:
    local = state.get_panel().local
    if local is None:
        raise ConfigurationError(
            "There is no embedded AWS: environments.yaml says 'target: aws'.",
            hint="Set 'target: local' in environments.yaml to use the embedded AWS.",
        )
    return local


def _show(status: LocalAwsStatus, as_json: bool) -> None:
    if as_json:
        document = asdict(status)
        document["started_at"] = output.iso(status.started_at)
        output.json_result(document)
        return
    output.result(f"Embedded AWS: {status.state} on {status.endpoint}")
    if status.state == "running":
        output.result(
            f"  process {status.pid}, MiniStack {status.version}, since {output.iso(status.started_at)}"
        )
        agent_text = f"process {status.agent_pid}" if status.agent_pid else "not running"
        output.result(f"  task agent: {agent_text}" if status.runtime == "process" else "  tasks: containers")
    output.result(f"  {status.runtime_reason}")
    if status.note:
        output.result(f"  {status.note}")
