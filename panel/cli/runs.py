"""``panel runs``: what was done and is being done. The decisions on it are in :mod:`panel.cli.decisions`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from panel.cli import decisions, options, output, state
from panel.cli.changes import change_summary, release_lines
from panel.cli.documents import own_plan, run_details, run_documents
from panel.cli.plans import Format, plan_markdown, plan_text, run_lines, show_plan
from panel.cli.release_documents import release_document
from panel.cli.vitality import vitality_document, vitality_lines, vitality_note
from panel.cli.worker_watch import WorkerWatch

if TYPE_CHECKING:
    from panel.store.runs import Runs
    from panel.store.tables import Run
    from panel.wiring import Panel

app = typer.Typer(no_args_is_help=True, help="Runs: list, show, decide, do again, read the log.")

_LOOK_S = 0.5
_LINES = 500
decisions.register(app)


@app.command("list")
def list_runs(
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="Only this environment's.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many, newest first.")
    ] = 20,
    json: options.Json = False,
) -> None:
    """List runs, newest first."""
    panel = state.get_panel()
    if environment is not None and environment != "shared":
        panel.overview.environment(environment)  # refuses a name that is not in the catalogue
    runs = panel.stores.runs.recent(environment, limit=limit)
    documents = run_documents(runs)
    if json:
        output.json_result(documents)
        return
    rows = [
        [str(one["id"]), one["environment"], one["kind"], one["state"].replace("_", " ") + vitality_note(run),
         output.counts(one["summary"]) or change_summary(run), one["author"], one["created_at"] or ""]
        for run, one in zip(runs, documents, strict=True)
    ]  # fmt: skip
    output.table(
        ["ID", "ENVIRONMENT", "KIND", "STATE", "CHANGES", "AUTHOR", "CREATED"], rows, right=frozenset({0})
    )


@app.command()
def show(
    run_id: options.RunNumber,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also every resource of the plan, a line each.")
    ] = False,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="text: with the plan in Terraform's notation; markdown: the plan for a pull request's comment; "
            "json: the same as --json.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show one run: its stages, its decisions, what went wrong, and its plan."""
    if json and form not in {None, Format.JSON}:
        raise typer.BadParameter(f"--json and --format {form} contradict each other: give one of them.")
    panel = state.get_panel()
    stores = panel.stores
    run = stores.runs.get(run_id)
    if json or form is Format.JSON:
        releases = [release_document(view) for view in panel.releases.of_run(run_id)]
        output.json_result(
            {**run_details(run, stores), "releases": releases, "vitality": vitality_document(run)}
        )
    elif form is Format.MARKDOWN:
        output.result(plan_markdown(run, stores))
    else:
        _show_text(run, panel, plan=plan, whole=form is Format.TEXT)


def _show_text(run: Run, panel: Panel, *, plan: bool, whole: bool) -> None:
    stores = panel.stores
    for line in run_lines(run, stores):
        output.result(line)
    for line in vitality_lines(run):
        output.result(line)
    if run.error:
        output.result(f"  error: {run.error} {run.error_hint}")
        if run.error_detail:
            output.detail(run.error_detail)
    for line in () if run.active else release_lines(panel, run):
        output.result(f"  {line}")
    made = own_plan(run, stores)
    if plan and made is not None:
        show_plan(run, made, output.result)
    if whole and made is not None:
        output.result("")
        for line in plan_text(run, stores):
            output.result(line)


@app.command()
def logs(
    run_id: options.RunNumber,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    json: options.Json = False,
) -> None:
    """Print a run's log. With --json, one JSON list (not together with --follow)."""
    panel = state.get_panel()
    runs = panel.stores.runs
    run = runs.get(run_id)
    if json and follow:
        raise typer.BadParameter("--json prints a finished list; leave --follow out.")
    if json:
        _json_lines(runs, run_id)
        return
    after = _print_lines(runs, run_id, 0)
    worker = WorkerWatch(panel, started=False)
    while follow and run.active:
        time.sleep(_LOOK_S)
        worker.look(output.say)
        # The state first: lines written before the end are then surely there.
        run = runs.get(run_id)
        after = _print_lines(runs, run_id, after)
    if follow:
        output.say(f"Run {run.id} of {run.environment}: {run.state.replace('_', ' ')}.")


def _print_lines(runs: Runs, run_id: int, after: int) -> int:
    while rows := runs.lines(run_id, after=after, limit=_LINES):
        for row in rows:
            output.result(f"{output.iso(row.at)} {row.stage:<8} {row.text}")
            after = row.id or after
    output.flush()
    return after


def _json_lines(runs: Runs, run_id: int) -> None:
    after, documents = 0, []
    while rows := runs.lines(run_id, after=after, limit=_LINES):
        after = rows[-1].id or after
        documents += [
            {"at": output.iso(row.at), "stage": row.stage, "level": row.level, "text": row.text}
            for row in rows
        ]
    output.json_result(documents)
