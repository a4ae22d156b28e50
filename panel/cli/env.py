"""``panel env``: environments, and what can be done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import options, output, state, upkeep
from panel.cli.documents import environment_document
from panel.cli.follow import follow
from panel.errors import RefusedError

if TYPE_CHECKING:
    from panel.wiring import Panel

app = typer.Typer(no_args_is_help=True, help="Environments: list, show, create, update, plan, destroy.")

Confirm = Annotated[
    str | None, typer.Option("--confirm", metavar="NAME", help="The environment's name once more.")
]

Here = Annotated[
    bool,
    typer.Option(
        "--here", help="What lies here is meant: no worker of another data directory takes the run."
    ),
]


@app.command("list")
def list_environments(json: options.Json = False) -> None:
    """List the environments of environments.yaml."""
    documents = [environment_document(view) for view in state.get_panel().overview.environments()]
    if json:
        output.json_result(documents)
        return
    rows = []
    for document in documents:
        run = document["last_run"]
        rows.append(
            [
                document["name"],
                document["state"].replace("_", " "),
                document["health"]["verdict"].replace("_", " "),
                document["url"] or "",
                output.money(document["cost"]["monthly_usd"]),
                document["owner"]["team"],
                f"{run['id']} {run['kind']} {run['state']}" if run else "",
            ]
        )
    output.table(
        ["NAME", "STATE", "HEALTH", "ADDRESS", "COST", "OWNER", "LAST RUN"], rows, right=frozenset({4})
    )


@app.command()
def show(name: options.Environment, json: options.Json = False) -> None:
    """Show one environment: state, address, owner, health, versions, cost, last run."""
    panel = state.get_panel()
    view = panel.overview.environment(name)
    document = environment_document(view)
    if json:
        output.json_result(document)
        return
    protected = ", protected" if document["protected"] else ""
    retired = ", retired" if panel.catalogue().environments[name].retired else ""
    output.result(f"{name}: {document['state'].replace('_', ' ')} ({view.state_text}){protected}{retired}")
    output.result(f"  address: {document['url'] or 'none'}")
    output.result(f"  owner:   {document['owner']['team']} <{document['owner']['contact']}>")
    output.result(f"  size:    {view.size}")
    output.result(f"  cost:    {output.money(document['cost']['monthly_usd'])} of $ {view.budget_usd:.2f}")
    output.result(f"  health:  {document['health']['verdict'].replace('_', ' ')}")
    for cause in document["health"]["causes"]:
        output.result(f"    {cause['text']} Call: {cause['owner']['team']} <{cause['owner']['contact']}>")
    for service, facts in document["services"].items():
        tasks = f", {facts['running']} of {facts['desired']} tasks" if facts["desired"] else ""
        output.result(f"  {service}: {facts['version'] or 'no version'}{tasks}")
    run = document["last_run"]
    if run:
        output.result(f"  last run: {run['id']}, {run['kind']}, {run['state']}, by {run['author']}")


@app.command()
def create(
    name: options.Environment,
    *,
    yes: options.Yes = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Create an environment: shared network, plan, review, apply, image, site, checks.

    With --yes --wait the exit code is 0 only when the application answered at its own address. Without --yes the
    run stops at the review: you are asked on a terminal, and told how to approve elsewhere.
    """
    panel = state.get_panel()
    run = panel.operations.create(panel.identity, name, auto_approve=yes)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


@app.command()
def update(
    name: options.Environment,
    *,
    yes: options.Yes = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Bring an environment to what the catalogue and the source say: plan, review, apply, deploy, check."""
    panel = state.get_panel()
    run = panel.operations.update(panel.identity, name, auto_approve=yes)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


@app.command()
def apply(
    name: options.Environment,
    *,
    yes: options.Yes = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """The same as update, by Terraform's name. 'shared' is the network that all environments share."""
    update(name, yes=yes, wait=wait, timeout=timeout, json=json, verbose=verbose)


@app.command()
def plan(
    name: options.Environment,
    *,
    here: Here = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Plan an environment without applying anything."""
    panel = state.get_panel()
    run = panel.operations.plan(panel.identity, name, here=_instance(panel, here))
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


@app.command()
def destroy(
    name: options.Environment,
    *,
    confirm: Confirm = None,
    yes: options.Yes = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Destroy an environment. Its name must be typed, or given by --confirm; --yes only approves the plan.

    A protected environment refuses (exit code 3).
    """
    panel = state.get_panel()
    entry = panel.catalogue().environments.get(name)
    # Protected and unknown ones are refused by the operation itself, before anybody types anything.
    if confirm is None and entry is not None and not entry.protected:
        confirm = _confirmed(name)
    run = panel.operations.destroy(panel.identity, name, confirm=confirm or "", auto_approve=yes)
    follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)


def _instance(panel: Panel, here: bool) -> str:
    """This data directory on this machine, where no other is to take a run."""
    from panel.lifecycle.instance import instance_id

    return instance_id(panel.settings.data_path) if here else ""


def _confirmed(name: str) -> str:
    if not state.is_interactive():
        raise RefusedError(
            f"{name} was not destroyed: its name was not confirmed.", hint=f"Add --confirm {name}."
        )
    return output.ask(f"This destroys {name} and all its data. Type its name to go on")


@app.command()
def sync(
    name: options.Environment,
    *,
    confirm: Confirm = None,
    here: Here = False,
    yes: options.Yes = False,
    wait: options.Wait = False,
    timeout: options.Timeout = None,
    json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Bring an environment to what environments.yaml says: create it, update it, or destroy it where it is retired.

    A destruction takes its name, as 'panel env destroy' does. Where it is gone already there is nothing to do.
    """
    panel = state.get_panel()
    if confirm is None and panel.operations.would_destroy(name):
        confirm = _confirmed(name)
    run = panel.operations.sync(
        panel.identity, name, confirm=confirm or "", auto_approve=yes, here=_instance(panel, here)
    )
    if run is not None:
        follow(panel, run, wait=wait, timeout_s=timeout, as_json=json)
    if json:
        output.json_result(None)
        return
    output.result(f"{name} is retired and does not exist: there is nothing to do.")


@app.command()
def extend(
    name: options.Environment,
    hours: Annotated[
        int, typer.Option("--hours", min=1, metavar="N", help="By how many hours; 30 days from now at most.")
    ] = 24,
    json: options.Json = False,
) -> None:
    """Let an environment live longer: by so many hours from its end, or from now where its end is past."""
    panel = state.get_panel()
    record = panel.operations.extend(panel.identity, name, hours)
    end = output.iso(record.expires_at) if record.expires_at else None
    if json:
        output.json_result({"environment": name, "expires_at": end, "hours": hours})
        return
    output.result(f"{name} lives until {end}")


upkeep.register(app)
