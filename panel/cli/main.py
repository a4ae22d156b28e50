"""The command ``panel``: its groups, its global options, and its entry point."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from panel.cli import (
    cost,
    db,
    deployments,
    doctor,
    env,
    health,
    keys,
    local,
    locks,
    logs,
    notify,
    page,
    records,
    releases,
    runs,
    source,
    state,
    status,
    worker,
)
from panel.cli.errors import PanelGroup

EXIT_CODES = (
    "Exit codes: 0 done · 1 failed · 2 usage (unknown names, bad catalogue) · 3 refused or blocked · "
    "4 timed out · 130 interrupted. panel health: 0 healthy, 1 down, 5 degraded, 6 unknown, 7 not created."
)

app = typer.Typer(
    name="panel",
    cls=PanelGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A control panel for AWS environments: create, update, deploy, watch and price them.",
    epilog=EXIT_CODES,
)
app.command("up")(page.up)
app.command("down")(page.down)
app.command("doctor")(doctor.doctor)
app.command("deploy")(deployments.deploy)
app.command("rollback")(deployments.rollback)
app.command("promote")(deployments.promote)
app.command("releases")(releases.releases)
app.command("images")(releases.images)
app.command("source")(source.source)
app.command("logs")(logs.logs)
app.command("health")(health.health)
app.command("locks")(locks.locks)
app.add_typer(status.app, name="status")
app.add_typer(worker.app, name="worker")
app.add_typer(env.app, name="env")
app.add_typer(runs.app, name="runs")
app.add_typer(cost.app, name="cost")
app.add_typer(keys.app, name="keys")
app.add_typer(local.app, name="local")
app.add_typer(notify.app, name="notify")
app.add_typer(records.audit, name="audit")
app.add_typer(db.app, name="db")


def _version(value: bool) -> None:
    if value:
        import panel

        typer.echo(panel.__version__)
        raise typer.Exit


@app.callback()
def root(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show technical detail with errors.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""
    del version  # its callback has ended the program already
    state.set_verbose(verbose)


# Objects made before Python looks for those that nobody needs; its own figure is 700.
_OBJECTS = 50_000


def main() -> None:
    """Entry point of the console script."""
    # Nearly all that a command makes is what it loads, which stays: looking through that took a fifth of its time.
    gc.set_threshold(_OBJECTS)
    app(prog_name="panel")


if __name__ == "__main__":
    main()
