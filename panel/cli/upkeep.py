"""The upkeep of ``panel env``: comparing with what is real, refreshing the state, taking care of a lock."""

from __future__ import annotations

from typing import Annotated

import typer

from panel.cli import options, state
from panel.cli.follow import follow


def register(app: typer.Typer) -> None:
    """Add the commands to ``panel env``."""
    for command in (drift, refresh, unlock):
        app.command()(command)


def drift(
    name: options.Environment,
    *,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Compare an environment with what is real. Nothing is changed; with --wait, what drifted is printed."""
    panel = state.get_panel()
    run = panel.operations.drift(panel.identity, name)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


def refresh(
    name: options.Environment,
    *,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Let the state learn what is real, after a review. Nothing else is changed."""
    panel = state.get_panel()
    run = panel.operations.refresh(panel.identity, name)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


def unlock(
    name: options.Environment,
    *,
    lock_id: Annotated[
        str,
        typer.Option(
            "--lock-id",
            metavar="ID",
            help="This very lock, also where nobody can tell whether its holder lives.",
        ),
    ] = "",
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Remove a state lock whose holder is gone ('panel locks' shows them). One that is alive is refused."""
    panel = state.get_panel()
    run = panel.operations.unlock(panel.identity, name, lock_id=lock_id)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)
